// `pellucid export --target`: what it writes, and what it says to models and folders that it cannot take.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "../cli/program.hpp"
#include "../nn/random_model.hpp"
#include "../support/temp_folder.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

class Export : public pellucid::test::FolderTest {
 protected:
  std::string write(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return (folder_ / name).string();
  }
  /// An int8 model of a float one that the test makes.
  std::string quantized(const nn::Architecture& a) const {
    const std::string from = write("float.safetensors", nn::test::make_random_model(a, 1));
    const std::string to = (folder_ / "int8.safetensors").string();
    const Ran run =
        run_program({"quantize", from, "-o", to, "--calibrate", PELLUCID_TEST_DATA "/metrics/noisy", "--seconds", "2"});
    EXPECT_EQ(run.code, 0) << run.error;
    return to;
  }
  nn::Architecture architecture() const {
    nn::Architecture a = nn::test::small_architecture();
    a.sample_rate_hz = 16000;
    a.window_samples = 512;
    a.hop_samples = 256;
    a.fold = 4;
    a.bands = 16;
    a.channels = 16;
    a.width = 32;
    a.hidden = 32;
    return a;
  }
};

TEST_F(Export, WritesAComponentWhole) {
  const fs::path out = folder_ / "part";
  const Ran run = run_program({"export", PELLUCID_NANO_INT8, "--target", "esp32", "-o", out.string()});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.output.find("ESP32 (Xtensa LX6)"), std::string::npos) << run.output;
  for (const char* file : {"CMakeLists.txt", "LICENSE", "README.md", "Kconfig", "linker.lf.in", "idf_component.yml",
                           "library.properties", "zephyr/module.yml", "examples/headset/main/main.c",
                           "src/pellucid_chip.h", "src/pellucid_chip_model.cpp", "src/kernels/multiply_mac16.S"}) {
    EXPECT_TRUE(fs::exists(out / file)) << file;
  }
  EXPECT_FALSE(fs::exists(out / "Pellucid.pellucid_chip.pdsc"));  // Arm's form
  for (const auto& entry : fs::directory_iterator(folder_)) EXPECT_EQ(entry.path().filename(), "part");
}

TEST_F(Export, TellsOnlyOfFilesThatAreThere) {
  struct Claim {
    const char *words, *file;
  };
  constexpr Claim kClaims[] = {{"menuconfig", "Kconfig"},
                               {"examples/headset", "examples/headset/main/main.c"},
                               {"examples/Microphone", "examples/Microphone/Microphone.ino"},
                               {"Pellucid.pellucid_chip.pdsc", "Pellucid.pellucid_chip.pdsc"},
                               {"LDFRAGMENTS", "linker.lf.in"}};
  for (const char* target : {"generic", "esp32", "esp32s3", "cortex-m4"}) {
    const fs::path out = folder_ / target;
    ASSERT_EQ(run_program({"export", PELLUCID_NANO_INT8, "--target", target, "-o", out.string()}).code, 0);
    const std::string said = slurp(out / "README.md") + slurp(out / "CMakeLists.txt");
    for (const Claim& claim : kClaims) {
      EXPECT_EQ(said.find(claim.words) != std::string::npos, fs::exists(out / claim.file)) << target << claim.words;
    }
  }
}

TEST_F(Export, HasTheKernelsOfItsTargetAlone) {
  const std::map<std::string, std::set<std::string>> expected = {
      {"generic", {}},
      {"esp32", {"chip_kernels.hpp", "mac16_row.S", "mac16_row.hpp", "multiply_mac16.S", "products_mac16.cpp"}},
      {"cortex-m4", {"chip_kernels.hpp", "products_by_four.cpp"}},
      {"cortex-m55",
       {"chip_kernels.hpp", "helium.hpp", "helium_elementwise.cpp", "helium_pass.cpp", "products_helium.cpp"}}};
  for (const auto& [target, files] : expected) {
    const fs::path out = folder_ / target;
    ASSERT_EQ(run_program({"export", PELLUCID_NANO_INT8, "--target", target, "-o", out.string()}).code, 0);
    std::set<std::string> found;
    if (fs::exists(out / "src/kernels")) {
      for (const auto& file : fs::directory_iterator(out / "src/kernels")) found.insert(file.path().filename());
    }
    EXPECT_EQ(found, files) << target;
  }
}

TEST_F(Export, Esp32S3RunsTheCodeOfEsp32) {
  for (const char* target : {"esp32", "esp32s3"}) {
    const Ran run = run_program({"export", PELLUCID_NANO_INT8, "--target", target, "-o", (folder_ / target).string()});
    ASSERT_EQ(run.code, 0) << run.error;
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "esp32/src")) {
    if (!entry.is_regular_file() || entry.path().filename() == "pellucid_chip_model.h") continue;  // its target's name
    const fs::path other = folder_ / "esp32s3" / fs::relative(entry.path(), folder_ / "esp32");
    EXPECT_EQ(slurp(entry.path()), slurp(other)) << other;
  }
}

/// The bytes of the arrays in pellucid_chip_model.cpp.
double model_bytes(const fs::path& component) {
  struct Kind {
    const char* declared;
    int bytes;
    char mark;  ///< of a number, each has one
  };
  constexpr Kind kKinds[] = {
      {"int8_t k", 1, ','}, {"int16_t k", 2, ','}, {"int32_t k", 4, ','}, {"nn::RowScale k", 6, '{'}};
  std::ifstream in(component / "src/pellucid_chip_model.cpp");
  const Kind* kind = nullptr;
  std::ptrdiff_t bytes = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with("[] = {")) {
      kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                          [&](const Kind& k) { return line.find(k.declared) != std::string::npos; });
      if (kind == std::end(kKinds)) kind = nullptr;  // what points to the arrays
    } else if (kind != nullptr) {
      bytes += kind->bytes * std::count(line.begin(), line.end(), kind->mark);
    }
  }
  return static_cast<double>(bytes);
}

/// The number behind `name` in a header of the component.
double defined(const fs::path& header, const std::string& name) {
  const std::string text = slurp(header), words = "#define " + name + " ";
  const std::size_t at = text.find(words);
  EXPECT_NE(at, std::string::npos) << name;
  return std::strtod(text.c_str() + text.find_first_of("0123456789", at + words.size()), nullptr);
}

TEST_F(Export, SaysWhatTheWrittenFilesTake) {
  const std::pair<const char*, const char*> cases[] = {{PELLUCID_NANO_INT8, "generic"},
                                                       {PELLUCID_NANO_INT8, "esp32"},
                                                       {PELLUCID_NANO_INT8, "cortex-m55"},
                                                       {PELLUCID_SMALL_INT8, "esp32p4"},
                                                       {PELLUCID_SMALL_INT8, "cortex-m55"}};
  for (const auto& [model, target] : cases) {
    const fs::path out = folder_ / "part";
    const Ran run = run_program({"export", model, "--target", target, "-o", out.string(), "--force"});
    ASSERT_EQ(run.code, 0) << run.error;
    const double pointers = defined(out / "src/pellucid_chip.h", "PELLUCID_CHIP_OBJECT_BYTES");  // of 4 bytes
    const double state = 4 * pointers + defined(out / "src/pellucid_chip_model.h", "PELLUCID_CHIP_MODEL_STATE_BYTES");
    const double scratch = defined(out / "src/pellucid_chip_model.h", "PELLUCID_CHIP_MODEL_SCRATCH_BYTES");
    char expected[100];
    std::snprintf(expected, sizeof expected, ", %.1f kB of model, %.1f kB of state, %.1f kB of scratch,",
                  model_bytes(out) / 1e3, state / 1e3, scratch / 1e3);
    EXPECT_NE(run.output.find(expected), std::string::npos) << run.output << expected;
  }
}

TEST_F(Export, ReplacesOnlyComponentsAndOnlyWithForce) {
  const std::string out = (folder_ / "part").string();
  const std::vector<std::string> plain = {"export", PELLUCID_NANO_INT8, "--target", "generic", "-o", out};
  std::vector<std::string> force = plain;
  force.push_back("--force");
  ASSERT_EQ(run_program(plain).code, 0);
  const Ran again = run_program(plain);
  EXPECT_EQ(again.code, 7);
  EXPECT_NE(again.error.find("--force"), std::string::npos) << again.error;
  std::ofstream(folder_ / "part/own.txt") << "mine";
  EXPECT_EQ(run_program(force).code, 0);
  EXPECT_FALSE(fs::exists(folder_ / "part/own.txt"));
  fs::remove_all(out);
  fs::create_directory(out);
  std::ofstream(folder_ / "part/own.txt") << "mine";
  EXPECT_EQ(run_program(force).code, 7);
  EXPECT_EQ(slurp(folder_ / "part/own.txt"), "mine");
}

TEST_F(Export, RefusesWhatNoChipTakes) {
  const std::string out = (folder_ / "part").string();
  const std::string floats = write("float.safetensors", nn::test::make_random_model(architecture(), 1));
  const Ran float_model = run_program({"export", floats, "--target", "esp32", "-o", out});
  EXPECT_EQ(float_model.code, 5);
  EXPECT_NE(float_model.error.find("pellucid quantize"), std::string::npos) << float_model.error;
  const Ran target = run_program({"export", PELLUCID_NANO_INT8, "--target", "z80", "-o", out});
  EXPECT_EQ(target.code, 2);
  EXPECT_NE(target.error.find("cortex-m55"), std::string::npos) << target.error;
  EXPECT_EQ(run_program({"export", PELLUCID_NANO_INT8, "--target", "esp32"}).code, 2);
  EXPECT_EQ(run_program({"export", PELLUCID_NANO_INT8}).code, 2);
  EXPECT_FALSE(fs::exists(out));
}

TEST_F(Export, SaysByHowMuchAModelIsTooLargeAndWhatFits) {
  nn::Architecture a = architecture();
  a.blocks = 4;
  a.bands = 32;
  const std::string model = quantized(a);
  fs::create_directory(folder_ / "models");
  fs::copy_file(PELLUCID_NANO_INT8, folder_ / "models/little-int8.safetensors");
  const std::string out = (folder_ / "part").string();
  const Ran run = run_program({"export", model, "--target", "esp32", "-o", out},
                              {.environment = {{"PELLUCID_MODELS", (folder_ / "models").string()}}});
  EXPECT_EQ(run.code, 5);
  EXPECT_NE(run.error.find("kB too much flash"), std::string::npos) << run.error;
  EXPECT_NE(run.error.find("'little-int8'"), std::string::npos) << run.error;
  EXPECT_FALSE(fs::exists(out));
}

TEST_F(Export, RefusesSizesThatTheKernelsDoNotTake) {
  nn::Architecture a = architecture();
  a.channels = 6;
  const std::string model = quantized(a), out = (folder_ / "part").string();
  const Ran run = run_program({"export", model, "--target", "cortex-m7", "-o", out});
  EXPECT_EQ(run.code, 5);
  EXPECT_NE(run.error.find("multiples of 4"), std::string::npos) << run.error;
  EXPECT_EQ(run_program({"export", model, "--target", "generic", "-o", out}).code, 0);
}

}  // namespace
}  // namespace pellucid::cli
