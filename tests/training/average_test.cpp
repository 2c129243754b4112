// `pellucid average` as a user meets it.
#include "training/average.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"
#include "training/export.hpp"
#include "training/recipe.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using cli::Ran;
using cli::run_program;

class AverageTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  /// A model of random weights with a history, by that name.
  std::string made(const std::string& name, unsigned seed, unsigned width = 8, const std::string& before = "") const {
    const Recipe recipe = Recipe::parse(
        "tiny", fmt::format("[model]\nwindow_samples = 128\nhop_samples = 64\nchannels = 8\nbands = 6\nwidth = {}\n"
                            "hidden = 8\nblocks = 2\n",
                            width));
    torch::manual_seed(seed);
    const Network network(recipe.model);
    const std::string history = fmt::format(R"({{"step":{},"hours_of_audio":1.5{}}})", seed, before);
    corpus::test::write_text(path(name + ".safetensors"), encode_model(network, name, history));
    return path(name + ".safetensors").string();
  }

  corpus::test::TempFolder folder_;
};

TEST_F(AverageTest, EveryWeightIsTheSumOfItsShares) {
  const std::string a = made("a", 1), b = made("b", 2), c = made("c", 3), out = path("mean.safetensors").string();
  const Ran run = run_program({"average", a, b, c, "--shares", "0.5,0.25,0.25", "-o", out});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.output.find("mean of 3 models"), std::string::npos) << run.output;
  const StoredModel of[] = {read_stored_model(a), read_stored_model(b), read_stored_model(c)};
  const StoredModel mean = read_stored_model(out);
  ASSERT_EQ(mean.tensors.size(), of[0].tensors.size());
  int different = 0;  // the others begin with the same biases and bands
  for (std::size_t t = 0; t < mean.tensors.size(); ++t) {
    const torch::Tensor expected =
        of[0].tensors[t].second * 0.5 + of[1].tensors[t].second * 0.25 + of[2].tensors[t].second * 0.25;
    EXPECT_TRUE(torch::allclose(mean.tensors[t].second, expected, 0, 1e-7)) << mean.tensors[t].first;
    different += torch::equal(of[0].tensors[t].second, of[1].tensors[t].second) ? 0 : 1;
  }
  EXPECT_GE(different, 10);
  EXPECT_EQ(mean.name, "mean");
  const auto history = nlohmann::json::parse(mean.provenance);
  EXPECT_EQ(history["step"], 3) << "that of the last";
  ASSERT_EQ(history["averaged"].size(), 3u);
  EXPECT_EQ(history["averaged"][0]["name"], "a");
  EXPECT_EQ(history["averaged"][0]["share"], 0.5);
  EXPECT_EQ(history["averaged"][1]["step"], 2);
}

TEST_F(AverageTest, SharesMayStandBeforeTheModels) {
  const std::string a = made("a", 1), b = made("b", 2), out = path("mean.safetensors").string();
  const Ran run = run_program({"average", "--shares", "0.3,0.7", a, b, "-o", out});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(nlohmann::json::parse(read_stored_model(out).provenance)["averaged"][1]["share"], 0.7);
}

TEST_F(AverageTest, NoRunIsForgottenInAnyOrder) {
  const std::string a = made("a", 8, 8, R"(,"start":{"name":"first","step":1,"hours_of_audio":10})"), b = made("b", 9);
  const auto runs_of = [](const std::string& file) {
    return nlohmann::json::parse(run_program({"info", file, "--json"}).output)["training_runs"];
  };
  const std::string one = path("one.safetensors").string(), other = path("other.safetensors").string();
  ASSERT_EQ(run_program({"average", a, b, "-o", one}).code, 0);
  ASSERT_EQ(run_program({"average", b, a, "-o", other}).code, 0);
  for (const std::string& mean : {one, other}) {
    EXPECT_EQ(runs_of(mean)["runs"], 3) << mean;
    EXPECT_EQ(runs_of(mean)["hours_of_audio"], 13) << mean;
  }
  const std::string again = path("again.safetensors").string();
  ASSERT_EQ(run_program({"average", one, made("c", 10), "-o", again}).code, 0);
  EXPECT_EQ(runs_of(again)["runs"], 4) << "also of a mean of means";
}

TEST_F(AverageTest, OfAModelWithItselfIsThatModel) {
  const std::string a = made("a", 4), out = path("same.safetensors").string();
  ASSERT_EQ(run_program({"average", a, a, "-o", out}).code, 0);
  const StoredModel before = read_stored_model(a), after = read_stored_model(out);
  for (std::size_t t = 0; t < before.tensors.size(); ++t)
    EXPECT_TRUE(torch::equal(before.tensors[t].second, after.tensors[t].second)) << before.tensors[t].first;
}

TEST_F(AverageTest, RefusesWhatHasNoMean) {
  const std::string a = made("a", 5), b = made("b", 6), wide = made("wide", 7, 16);
  const auto refused = [&](const std::vector<std::string>& arguments, int code, const std::string& words) {
    std::vector<std::string> all{"average", "-o", path("none.safetensors").string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Ran run = run_program(all);
    EXPECT_EQ(run.code, code) << run.error;
    EXPECT_NE(run.error.find(words), std::string::npos) << run.error;
    EXPECT_FALSE(fs::exists(path("none.safetensors")));
  };
  refused({a}, 2, "MODELS");
  refused({a, wide}, 5, "width = 16");
  refused({a, path("nowhere.safetensors").string()}, 5, "cannot be opened");
  refused({a, b, "--shares", "0.5"}, 2, "1 for 2 models");
  refused({a, b, "--shares", "0.5,0.6"}, 2, "expected 1");
  refused({a, b, "--shares", "1.5,-0.5"}, 2, "--shares");
  refused({a, b, "--shares", "nan,0.5"}, 2, "--shares");
  corpus::test::write_text(path("kept.safetensors"), "mine");
  const Ran run = run_program({"average", a, b, "-o", path("kept.safetensors").string()});
  EXPECT_EQ(run.code, 7) << run.error;
  EXPECT_EQ(fs::file_size(path("kept.safetensors")), 4u);
}

}  // namespace
}  // namespace pellucid::training
