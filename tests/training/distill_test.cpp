// A teacher's distances, their gradients through the trainer, and what a recipe may ask of it.
#include "training/distill.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"
#include "support/error.hpp"
#include "training/replica.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using torch::Tensor;

Architecture tiny(std::uint32_t width, std::uint32_t fold) {
  Architecture a = default_architecture();
  a.window_samples = 128;
  a.hop_samples = 64;
  a.channels = 4;
  a.bands = 9;
  a.width = width;
  a.hidden = 6;
  a.blocks = 2;
  a.fold = fold;
  return a;
}

StoredModel stored(const Architecture& a) { return {{}, "teacher", "", a, Network(a).folded()}; }

Recipe recipe_for(const Architecture& a) {
  Recipe recipe;
  recipe.model = a;
  recipe.distill.teacher = "teacher.safetensors";
  return recipe;
}

TEST(Teacher, IsAtNoDistanceFromItselfAndTellsOutputsFromFeatures) {
  torch::manual_seed(1);
  const Architecture a = tiny(8, 4);
  const StoredModel model = stored(a);
  const auto student = make_network(model);
  const int frames = 10;
  const Tensor features = torch::randn({2 * frames, a.positions(), 3 * a.fold}).abs();
  const auto distance = [&](double output, double feature, const std::shared_ptr<Network>& network,
                            const char* precision = "float32") {
    Recipe recipe = recipe_for(network->architecture());
    recipe.train.precision = precision;
    recipe.distill.output_weight = output;
    recipe.distill.feature_weight = feature;
    const Teacher teacher(model, recipe, torch::kCPU);
    Tensor hidden;
    const Tensor seen = features.view({2 * frames, long(network->architecture().positions()), -1});
    const Tensor mask = network->forward(seen, frames, teacher.listen(&hidden)).contiguous();
    return teacher.distance(seen, frames, mask, hidden).item<double>();
  };
  EXPECT_NEAR(distance(1, 0, student), 0, 1e-9);
  EXPECT_NEAR(distance(0, 1, student), 0, 1e-9);
  EXPECT_NEAR(distance(1, 0, student, "bfloat16"), 0, 1e-4);  // rounded or not, it is the function that it evaluates to
  // Another output layer changes what comes out, not the features.
  student->file_parameters().at("out.bias").data().add_(0.3);
  EXPECT_GT(distance(1, 0, student), 1e-3);
  EXPECT_NEAR(distance(0, 1, student), 0, 1e-9);
  // Other widths and folds can be compared.
  const auto other = make_network(stored(tiny(5, 2)));
  EXPECT_GT(distance(1, 0, other), 1e-3);
  EXPECT_GT(distance(0, 1, other), 1e-3);
}

TEST(Teacher, AloneIsWhatMovesTheStudent) {
  torch::manual_seed(2);
  const Architecture a = tiny(8, 4);
  const StoredModel model = stored(a);
  const Recipe recipe = recipe_for(a);
  const Teacher teacher(model, recipe, torch::kCPU);
  Replica replica(recipe, torch::kCPU, &teacher);
  const auto batch = [&] {
    corpus::Batch b;
    b.size = 2;
    b.samples = 16 * int(a.hop_samples);
    for (int i = 0; i < b.size * b.samples; ++i) {
      b.clean.push_back(0.1f * std::sin(0.05f * float(i)));
      b.noisy.push_back(b.clean.back() + 0.03f * float(i * 7919 % 101 - 50) / 50);
    }
    return b;
  };
  std::vector<std::vector<float>> gradients;
  std::vector<double> losses;
  for (const bool alone : {true, false}) {
    replica.start(batch(), alone);
    losses.push_back(replica.wait());
    gradients.push_back(replica.gradient());
  }
  EXPECT_GT(losses[0], 0);
  EXPECT_NE(gradients[0], gradients[1]);
  // A finite difference along the gradient of the teacher's part.
  const std::vector<float> start = flat_parameters(replica.network());
  double squares = 0;
  for (const float g : gradients[0]) squares += double(g) * g;
  ASSERT_GT(squares, 0);
  const double step = 1e-4 / squares * losses[0];
  std::vector<float> moved = start;
  for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= float(step * gradients[0][i]);
  set_parameters(replica.network(), moved);
  replica.start(batch(), true);
  EXPECT_NEAR((losses[0] - replica.wait()) / (step * squares), 1, 0.1);
}

TEST(Teacher, MustHearWhatTheStudentHears) {
  Architecture other = tiny(8, 4);
  other.window_samples = 256;
  other.hop_samples = 128;
  try {
    const Teacher teacher(stored(other), recipe_for(tiny(8, 4)), torch::kCPU);
    FAIL() << "another framing was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kRecipe);
    EXPECT_NE(std::string(error.what()).find("window_samples = 256"), std::string::npos) << error.what();
  }
}

TEST(Distill, TrainsAStudentAndSaysWhatIsWrong) {
  const corpus::test::TempFolder folder;
  const auto path = [&](const char* name) { return (folder.path() / name).string(); };
  corpus::test::make_recordings(folder.path());
  corpus::prepare(corpus::test::options_for(folder.path(), folder.path() / "corpus"), {});
  const std::string framing = "[model]\nwindow_samples = 128\nhop_samples = 64\nblocks = 1\nbands = 5\n";
  const std::string train =
      "[train]\nsteps = 6\nbatch = 2\nchunk_s = 0.25\nvalidate_every = 6\nvalid_pairs = 2\nwarmup_steps = 2\n";
  corpus::test::write_text(path("large.toml"), framing + "channels = 6\nwidth = 8\nhidden = 8\n" + train);
  corpus::test::write_text(path("little.toml"), framing + "channels = 4\nwidth = 5\nhidden = 5\n" + train);
  ASSERT_EQ(cli::run_program({"train", path("large.toml"), "--corpus", path("corpus"), "--out", path("l")}).code, 0);
  const std::string teacher = path("l/large.safetensors");
  const auto distill = [&](const std::string& with, const char* out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"distill",  "--teacher",    with,    "--student", path("little.toml"),
                                 "--corpus", path("corpus"), "--out", path(out),   "--json"};
    all.insert(all.end(), more.begin(), more.end());
    return cli::run_program(all);
  };
  const cli::Ran run = distill(teacher, "s", {"--set", "distill.alone=0.5"});
  ASSERT_EQ(run.code, 0) << run.error;
  const cli::Ran info = cli::run_program({"info", path("s/little.safetensors"), "--json"});
  const std::string recipe = nlohmann::json::parse(info.output)["training"]["recipe"];
  EXPECT_NE(recipe.find("teacher = 'large.safetensors'"), std::string::npos) << recipe;
  EXPECT_EQ(recipe.find(folder.path().string()), std::string::npos) << "the model tells a machine's paths";
  // It is another network than the one without a teacher.
  ASSERT_EQ(cli::run_program({"train", path("little.toml"), "--corpus", path("corpus"), "--out", path("p")}).code, 0);
  const StoredModel plain = read_stored_model(path("p/little.safetensors")),
                    taught = read_stored_model(path("s/little.safetensors"));
  EXPECT_FALSE(torch::equal(plain.tensors[0].second, taught.tensors[0].second));

  EXPECT_EQ(distill(path("nowhere.safetensors"), "x").code, 5);
  const cli::Ran weights =
      distill(teacher, "x", {"--set", "distill.output_weight=0", "--set", "distill.feature_weight=0"});
  EXPECT_EQ(weights.code, 6);
  EXPECT_NE(weights.error.find("needs one above 0"), std::string::npos) << weights.error;
  EXPECT_FALSE(fs::exists(path("x")));
}

}  // namespace
}  // namespace pellucid::training
