// `pellucid info` on models that the test makes.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../nn/random_model.hpp"
#include "../nn/sparse_model.hpp"
#include "../support/temp_folder.hpp"
#include "nn/architecture.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Info : public pellucid::test::FolderTest {
 protected:
  std::string write(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return (folder_ / name).string();
  }
};

TEST_F(Info, PrintsWhatTheModelSays) {
  const nn::Architecture a = nn::test::small_architecture();
  const std::string path = write("own.pellucid", nn::test::make_random_model(a, 1));
  const Ran run = run_program({"info", path, "--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  const json info = json::parse(run.output);
  EXPECT_EQ(info["file"], path);
  EXPECT_EQ(info["name"], "random");
  EXPECT_EQ(info["sample_rate_hz"], 16000);
  EXPECT_EQ(info["latency_samples"], 511);
  EXPECT_EQ(info["parameters"], nn::parameter_count(a));
  EXPECT_EQ(info["multiply_adds_per_frame"], nn::multiply_adds_per_frame(a));
  EXPECT_EQ(info["multiply_adds_per_s"], 62.5 * static_cast<double>(nn::multiply_adds_per_frame(a)));
  EXPECT_EQ(info["architecture"]["time_mixer"], "gru");
  EXPECT_EQ(info["architecture"]["hidden"], a.hidden);
  EXPECT_FALSE(info["architecture"].contains("time_layers"));
  EXPECT_EQ(info["training"]["note"], "random\n");
  EXPECT_GT(info["memory_bytes"].get<double>(), 4.0 * static_cast<double>(nn::parameter_count(a)));

  const Ran text = run_program({"info", "own"}, {.environment = {{"PELLUCID_MODELS", folder_.string()}}});
  ASSERT_EQ(text.code, 0) << text.error;
  for (const char* part : {"random", "16000 Hz", "gru", "training command", "crc32:"}) {
    EXPECT_NE(text.output.find(part), std::string::npos) << part << " is missing in:\n" << text.output;
  }
}

/// JSON as it stands in a string of the metadata.
std::string escaped(const json& value) {
  const std::string quoted = json(value.dump()).dump();
  return quoted.substr(1, quoted.size() - 2);
}

TEST_F(Info, AddsUpTheRunsThatAModelComesFromEachOnce) {
  const auto run = [](int seed, double hours) -> json {
    return {{"name", "own"}, {"seed", seed}, {"step", 100}, {"hours_of_audio", hours}, {"cpu_hours", hours / 100}};
  };
  json last = run(3, 10);
  last["recipe"] = "name = 'own'";
  last["valid_si_sdr_db"] = 9.5;
  last["start"] = run(2, 20);
  last["start"]["start"] = run(1, 100);
  last["averaged"] = {run(2, 20), run(3, 10), run(4, 40)};
  for (json& one : last["averaged"]) one["share"] = 0.25;
  const std::string path = write("own.pellucid", nn::test::make_random_model(nn::test::small_architecture(), 1, 1.0,
                                                                             {{"training", escaped(last)}}));
  const json info = json::parse(run_program({"info", path, "--json"}).output);
  EXPECT_EQ(info["training_runs"]["runs"], 4);
  EXPECT_DOUBLE_EQ(info["training_runs"]["hours_of_audio"], 170);
  EXPECT_DOUBLE_EQ(info["training_runs"]["cpu_hours"], 1.7);
  EXPECT_EQ(info["training"], last);
  const std::string text = run_program({"info", path}).output;
  for (const char* part : {"170.0 hours of mixtures in 4 runs, 1.7 hours", "0.25 of own (seed 4)", "SI-SDR 9.50 dB",
                           "Recipe of the last run:\n\nname = 'own'\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in:\n" << text;
}

TEST_F(Info, RunsThatFollowEachOtherCountWhateverTheirFigures) {
  const json run = {{"name", "own"}, {"seed", 1}, {"step", 100}, {"hours_of_audio", 10}, {"cpu_hours", 1}};
  json chain = run;
  chain["start"] = run;
  chain["start"]["start"] = run;
  const auto runs_of = [&](const json& training) -> json {
    const std::string path = write("own.pellucid", nn::test::make_random_model(nn::test::small_architecture(), 1, 1.0,
                                                                               {{"training", escaped(training)}}));
    return json::parse(run_program({"info", path, "--json"}).output)["training_runs"];
  };
  EXPECT_EQ(runs_of(chain), (json{{"runs", 3}, {"hours_of_audio", 30.0}, {"cpu_hours", 3.0}}));
  // A mean of the chain and of another run that began at the same two; then a run from that mean.
  json other = run;
  other["seed"] = 2;
  other["start"] = chain["start"];
  json mean = other;
  mean["averaged"] = {chain, other};
  EXPECT_EQ(runs_of(mean)["runs"], 4);
  json after = run;
  after["start"] = mean;
  EXPECT_EQ(runs_of(after), (json{{"runs", 5}, {"hours_of_audio", 50.0}, {"cpu_hours", 5.0}}));
}

TEST_F(Info, AStrangersHistoryMayBeDeepOrOfAnyKind) {
  constexpr int kDeep = 60000;
  std::string deep;
  for (int i = 0; i < kDeep; ++i) deep += R"({\"start\":)";
  deep += "1" + std::string(kDeep, '}');
  for (const std::string& training :
       {deep, escaped({{"step", 5}, {"seed", "x"}, {"start", {1, 2}}, {"averaged", 7}, {"recipe", {}}}),
        escaped({{"step", 5}, {"averaged", {1, "two", nullptr}}, {"valid_si_sdr_db", nullptr}})}) {
    const std::string path = write(
        "deep.pellucid", nn::test::make_random_model(nn::test::small_architecture(), 1, 1.0, {{"training", training}}));
    EXPECT_EQ(run_program({"info", path}).code, 0);
    const Ran run = run_program({"info", path, "--json"});
    EXPECT_EQ(run.code, 0);
    EXPECT_TRUE(json::accept(run.output)) << run.output.substr(0, 1000);
  }
}

TEST_F(Info, CountsWhatASparseModelKeeps) {
  nn::Architecture a = nn::test::small_architecture();
  a.channels = 16, a.width = 24, a.hidden = 24;
  const std::string whole = write("whole.pellucid", nn::test::make_random_model(a, 1)),
                    sparse = write("sparse.pellucid", nn::test::make_sparse_model(a, 1, 0.5));
  const json before = json::parse(run_program({"info", whole, "--json"}).output),
             after = json::parse(run_program({"info", sparse, "--json"}).output);
  EXPECT_FALSE(before.contains("sparsity"));
  const int kept = after["sparsity"]["kept"], all = after["sparsity"]["of"];
  EXPECT_NEAR(kept, 0.5 * all, 0.1 * all);
  EXPECT_EQ(before["parameters"].get<int>() - after["parameters"].get<int>(), 32 * (all - kept));
  EXPECT_LT(after["multiply_adds_per_frame"], before["multiply_adds_per_frame"]);
  EXPECT_LT(after["memory_bytes"], before["memory_bytes"]);
  EXPECT_LT(after["bytes"], before["bytes"]);
  const std::string text = run_program({"info", sparse}).output;
  EXPECT_NE(text.find("blocks of 8 outputs by 4 inputs"), std::string::npos) << text;
}

TEST_F(Info, CountsEveryKindOfModel) {
  for (nn::Architecture a : nn::test::every_combination()) {
    SCOPED_TRACE(nn::test::combination_name(a));
    a.window_samples = 320;  // 20 ms
    a.hop_samples = 80;
    const auto model = nn::test::make_random_model(a, 1);
    const Ran run = run_program({"info", write("one.pellucid", model), "--json"});
    ASSERT_EQ(run.code, 0) << run.error;
    const json info = json::parse(run.output);
    EXPECT_EQ(info["bytes"], model.size());
    EXPECT_EQ(info["hop_samples"], 80);
    EXPECT_EQ(info["latency_samples"], 319);
    EXPECT_EQ(info["parameters"], nn::parameter_count(a));
    EXPECT_EQ(info["multiply_adds_per_s"], 200.0 * static_cast<double>(nn::multiply_adds_per_frame(a)));
    EXPECT_EQ(info["state_bytes"], 4 * nn::state_floats(a));
    const json& shape = info["architecture"];
    for (std::uint32_t i = 0; const nn::ChoiceField* choice = nn::choice_field(i); ++i) {
      EXPECT_EQ(shape[choice->key], choice->name(a));
    }
    EXPECT_EQ(shape.contains("context_frames"), a.time_mixer == nn::TimeMixer::kAttention);
    EXPECT_EQ(shape.contains("time_layers"), a.time_mixer == nn::TimeMixer::kConv);
    const bool heads = a.time_mixer == nn::TimeMixer::kAttention || a.freq_mixer == nn::FreqMixer::kAttention;
    EXPECT_EQ(shape.contains("heads"), heads);
  }
}

TEST_F(Info, RefusesDamagedModelsInOneSentence) {
  const auto model = nn::test::make_random_model(nn::test::small_architecture(nn::TimeMixer::kConv), 1);
  auto flipped = model;
  flipped[flipped.size() / 2] ^= 1;
  const auto half =
      std::vector<std::uint8_t>(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(model.size() / 2));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {write("flipped.pellucid", flipped), "checksum"},
      {write("half.pellucid", half), "ends before"},
      {write("text.pellucid", std::vector<std::uint8_t>(50, 'x')), "safetensors"},
      {folder_.string(), "folder"},
      {(folder_ / "missing.pellucid").string(), "missing.pellucid"}};
  for (const auto& [path, word] : cases) {
    const Ran run = run_program({"info", path});
    EXPECT_EQ(run.code, 5) << path << ": " << run.error;
    EXPECT_EQ(run.output, "");
    EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
    EXPECT_NE(run.error.find(word), std::string::npos) << run.error;
  }
}

}  // namespace
}  // namespace pellucid::cli
