// `pellucid quantize` on models and sounds that the test makes.
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "../nn/random_model.hpp"
#include "../support/temp_folder.hpp"
#include "audio/stream.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
constexpr int kWav16 = 0x010002;  // libsndfile's SF_FORMAT_WAV | SF_FORMAT_PCM_16

class Quantize : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    const auto bytes = nn::test::make_random_model(nn::test::small_architecture(), 1, 0.7);
    std::ofstream(folder_ / "float.safetensors", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    for (const char* name : {"noise", "silence", "empty"}) fs::create_directory(folder_ / name);
    write("noise", 0.2);
    write("silence", 0.0);
  }

  void write(const std::string& folder, double level) const {
    audio::StreamFormat format;
    format.rate_hz = 16000;
    format.channels = 1;
    format.code = kWav16;
    audio::Writer writer(folder_ / folder / "sound.wav", format);
    nn::test::Random random(1);
    std::vector<double> samples(48000);
    for (double& x : samples) x = level * random.uniform();
    writer.write(samples);
    writer.close();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Ran quantize(const std::string& model, const std::string& out, const std::string& sound) const {
    return run_program({"quantize", path(model), "-o", path(out), "--calibrate", path(sound)});
  }
  void expect_refused(const Ran& run, int code, const std::string& words, const std::string& out) const {
    EXPECT_EQ(run.code, code) << run.error;
    EXPECT_NE(run.error.find(words), std::string::npos) << run.error;
    EXPECT_FALSE(fs::exists(path(out)));
  }
};

TEST_F(Quantize, MakesAModelThatInfoAndDenoiseTake) {
  ASSERT_EQ(quantize("float.safetensors", "int8.safetensors", "noise").code, 0);
  const Ran info = run_program({"info", path("int8.safetensors"), "--json"});
  ASSERT_EQ(info.code, 0) << info.error;
  const auto json = nlohmann::json::parse(info.output);
  EXPECT_EQ(json["arithmetic"], "int8");
  EXPECT_EQ(json["name"], "random-int8");
  EXPECT_EQ(json["quantization"]["calibration_s"], 3);
  const Ran denoise =
      run_program({"denoise", path("noise/sound.wav"), "-o", path("out.wav"), "--model", path("int8.safetensors")});
  EXPECT_EQ(denoise.code, 0) << denoise.error;
  EXPECT_EQ(fs::file_size(path("out.wav")), fs::file_size(path("noise/sound.wav")));
  EXPECT_EQ(quantize("float.safetensors", "int8.safetensors", "noise").code, 7);  // is there already
}

TEST_F(Quantize, RefusesWhatMakesNoModel) {
  ASSERT_EQ(quantize("float.safetensors", "int8.safetensors", "noise").code, 0);
  expect_refused(quantize("int8.safetensors", "again", "noise"), 5, "quantised already", "again");
  expect_refused(quantize("float.safetensors", "a", "silence"), 4, "only silence", "a");
  expect_refused(quantize("float.safetensors", "b", "empty"), 3, "neither a prepared corpus nor a sound file", "b");
  expect_refused(quantize("float.safetensors", "c", "float.safetensors"), 3, "is no folder", "c");
}

TEST_F(Quantize, HalvesTheNumbers) {
  const auto to_float16 = [&](const std::string& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"quantize", path("float.safetensors"), "-o", path(out), "--to", "float16"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  };
  ASSERT_EQ(to_float16("half.safetensors").code, 0);
  EXPECT_LT(fs::file_size(path("half.safetensors")), fs::file_size(path("float.safetensors")) * 7 / 10);
  const auto info = nlohmann::json::parse(run_program({"info", path("half.safetensors"), "--json"}).output);
  EXPECT_EQ(info["arithmetic"], "float32");
  EXPECT_EQ(info["weights"], "float16");
  EXPECT_NE(run_program({"info", path("half.safetensors")}).output.find("float32, in the file float16"),
            std::string::npos);
  const Ran denoise =
      run_program({"denoise", path("noise/sound.wav"), "-o", path("out.wav"), "--model", path("half.safetensors")});
  EXPECT_EQ(denoise.code, 0) << denoise.error;
  EXPECT_EQ(quantize("half.safetensors", "int8.safetensors", "noise").code, 0);
  expect_refused(to_float16("a", {"--calibrate", path("noise")}), 2, "leave --calibrate out", "a");
  expect_refused(to_float16("b", {"--finetune", "3"}), 2, "leave --finetune out", "b");
  expect_refused(run_program({"quantize", path("float.safetensors"), "-o", path("c")}), 2, "--calibrate: is missing",
                 "c");
}

TEST_F(Quantize, ExportToOnnxWantsTheFloatModel) {
  ASSERT_EQ(quantize("float.safetensors", "int8.safetensors", "noise").code, 0);
  const Ran run = run_program({"export", path("int8.safetensors"), "--onnx", path("model.onnx")});
  expect_refused(run, 5, "is an int8 model", "model.onnx");
}

}  // namespace
}  // namespace pellucid::cli
