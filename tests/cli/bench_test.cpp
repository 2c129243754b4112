// `pellucid bench` on a model that the test makes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../nn/random_model.hpp"
#include "../support/temp_folder.hpp"
#include "nn/architecture.hpp"
#include "nn/kernels.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Bench : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    const auto bytes = nn::test::make_random_model(architecture_, 1);
    std::ofstream(folder_ / "tiny.safetensors", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  Ran bench(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "bench");
    return run_program(arguments, {.environment = {{"PELLUCID_MODELS", folder_.string()}}});
  }
  nn::Architecture architecture_ = nn::test::small_architecture();
};

void expect_sane(const json& model, const nn::Architecture& a) {
  const double factor = model["realtime_factor"], speed = model["multiply_adds_per_s"];
  const double peak = model["peak_multiply_adds_per_s"];
  EXPECT_GT(factor, 0.1);
  EXPECT_LT(factor, 1e6);
  EXPECT_NEAR(speed, factor * 62.5 * static_cast<double>(nn::multiply_adds_per_frame(a)), 1e-3 * speed);
  EXPECT_GT(peak, 1e8);  // a core that does less than a tenth of a multiply-add a nanosecond runs no test
  EXPECT_NEAR(model["peak_share"], speed / peak, 1e-6);
  EXPECT_GT(model["peak_share"], 0.0);
  EXPECT_LT(model["peak_share"], 1.0);
  EXPECT_GT(model["load_ms"], 0.0);
  EXPECT_LT(model["load_ms"], 1000.0);
  EXPECT_EQ(model["hop_ms"], 16.0);
  const json& frame = model["frame_us"];
  EXPECT_GT(frame["p50"], 0.0);
  EXPECT_LE(frame["p50"], frame["p99"]);
  EXPECT_LE(frame["p99"], frame["p999"]);
  EXPECT_LE(frame["p999"], frame["worst"]);
}

TEST_F(Bench, MeasuresModelsWithEveryKernels) {
  for (std::size_t i = 0; const nn::Kernels* kernels = nn::kernels_at(i); ++i) {
    const Ran run = bench(
        {"tiny", (folder_ / "tiny.safetensors").string(), "--json", "--seconds", "0.4", "--kernels", kernels->name});
    ASSERT_EQ(run.code, 0) << run.error;
    const json models = json::parse(run.output)["models"];
    ASSERT_EQ(models.size(), 2u);
    EXPECT_EQ(models[0]["model"], "tiny");
    for (const json& model : models) {
      EXPECT_EQ(model["kernels"], kernels->name);
      EXPECT_EQ(model["frames"], 25);  // 0.4 s in hops of 16 ms: the stream is paced
      expect_sane(model, architecture_);
    }
  }
}

TEST_F(Bench, TakesEveryShippedModelByItself) {
  const Ran run = bench({"--seconds", "0.1"});
  ASSERT_EQ(run.code, 0) << run.error;
  for (const char* part : {"tiny", "x real time", "of peak", nn::best_kernels().name}) {
    EXPECT_NE(run.output.find(part), std::string::npos) << part << " is missing in:\n" << run.output;
  }
}

TEST_F(Bench, RefusesWhatItDoesNotKnow) {
  const std::vector<std::tuple<std::vector<std::string>, int, std::string>> cases = {
      {{"--kernels", "avx3"}, 2, "portable"},
      {{"--seconds", "0"}, 2, "seconds"},
      {{"--seconds", "long"}, 2, "seconds"},
      {{"tinny"}, 5, "tiny"},
      {{(folder_ / "none.safetensors").string()}, 5, "none.safetensors"},
      {{folder_.string()}, 5, "folder"}};
  for (const auto& [arguments, code, word] : cases) {
    const Ran run = bench(arguments);
    EXPECT_EQ(run.code, code) << arguments[0] << ": " << run.error;
    EXPECT_EQ(run.output, "");
    EXPECT_NE(run.error.find(word), std::string::npos) << run.error;
  }
  std::ofstream(folder_ / "text.safetensors") << std::string(100, 'x');
  const Ran run = bench({"text"});
  EXPECT_EQ(run.code, 5) << run.error;
}

}  // namespace
}  // namespace pellucid::cli
