// `pellucid adapt` as a user meets it, on a tiny model that training left far from its noise.
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "../cli/program.hpp"
#include "../corpus/prepare_support.hpp"
#include "audio/sound.hpp"
#include "training/stored_model.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using cli::Ran;
using cli::run_program;
using corpus::test::write_text;

class AdaptTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new corpus::test::TempFolder;
    corpus::test::make_recordings(root());
    corpus::prepare(corpus::test::options_for(root(), root() / "corpus"), {});
    write_text(root() / "tiny.toml",
               "[model]\nwindow_samples = 128\nhop_samples = 64\nchannels = 4\nbands = 5\nwidth = 6\nhidden = 6\n"
               "blocks = 1\n[train]\nsteps = 20\nbatch = 2\nchunk_s = 0.25\nwarmup_steps = 5\nvalidate_every = 10\n"
               "checkpoint_every = 5\nvalid_pairs = 2\n");
    ASSERT_EQ(run_program({"train", (root() / "tiny.toml").string(), "--corpus", (root() / "corpus").string(), "--out",
                           (root() / "run").string()})
                  .code,
              0);
    ASSERT_EQ(run_program({"mix", "--speech", (root() / "speech").string(), "--noise", "fan", "--count", "1",
                           "--length-s", "40", "--snr", "-60", "-o", (root() / "mixed").string()})
                  .code,
              0);  // 60 dB of noise above the speech: a recording of the noise
    fs::create_directories(root() / "own");
    for (const auto& file : fs::directory_iterator(root() / "mixed" / "noisy"))
      fs::copy(file.path(), root() / "own" / "fan.wav");
  }
  static void TearDownTestSuite() { delete folder_; }
  static const fs::path& root() { return folder_->path(); }
  static std::vector<std::string> command(const fs::path& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"adapt",
                                 "--model",
                                 model().string(),
                                 "--noise",
                                 (root() / "own").string(),
                                 "--speech",
                                 (root() / "speech").string(),
                                 "-o",
                                 out.string(),
                                 "--set",
                                 "train.valid_pairs=4",
                                 "--minutes",
                                 "0.05"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static fs::path model() { return root() / "run" / "tiny.safetensors"; }
  static corpus::test::TempFolder* folder_;
};
corpus::test::TempFolder* AdaptTest::folder_ = nullptr;

TEST_F(AdaptTest, TunesAndTellsWhatItGained) {
  const fs::path out = root() / "fan.safetensors";
  const Ran run = run_program(command(out, {"--json", "--others", (root() / "noise").string()}));
  ASSERT_EQ(run.code, 0) << run.error;
  const auto result = nlohmann::json::parse(run.output);
  EXPECT_NEAR(result["noise_s"].get<double>(), 40, 0.1);
  EXPECT_GT(result["own"]["si_sdr_db"][1].get<double>(), result["own"]["si_sdr_db"][0].get<double>());
  EXPECT_TRUE(result["own"]["pesq"][1].is_number());
  EXPECT_GE(result["others"]["si_sdr_db"][1].get<double>(), result["others"]["si_sdr_db"][0].get<double>() - 0.1);
  const StoredModel tuned = read_stored_model(out), before = read_stored_model(model());
  EXPECT_EQ(tuned.name, "fan");
  EXPECT_NE(tuned.provenance.find("\"adapted\":{\"from\":\"tiny\""), std::string::npos) << tuned.provenance;
  EXPECT_EQ(tuned.provenance.find(root().string()), std::string::npos) << "tells a machine's paths";
  EXPECT_FALSE(torch::equal(tuned.tensors[0].second, before.tensors[0].second));
  EXPECT_FALSE(fs::exists(root() / "fan.safetensors.adapt")) << "work is left behind";
  const Ran again = run_program(command(out));
  EXPECT_EQ(again.code, 7) << again.error;
  EXPECT_NE(again.error.find("--force"), std::string::npos) << again.error;
}

TEST_F(AdaptTest, WeighsOtherNoiseWithoutTheChannel) {
  const auto weighed = [&](const std::string& name, const std::string& clipping) {
    const Ran run = run_program(command(root() / name, {"--set", "mix.clip_probability=" + clipping}));
    const std::size_t own = run.error.find("as it is: own noise"), others = run.error.find("; others", own);
    EXPECT_NE(others, std::string::npos) << run.error;
    return std::pair(run.error.substr(own, others - own),
                     run.error.substr(others, run.error.find('\n', others) - others));
  };
  const auto plain = weighed("plain.safetensors", "0"), cut = weighed("cut.safetensors", "1");
  EXPECT_NE(plain.first, cut.first);
  EXPECT_EQ(plain.second, cut.second);
}

TEST_F(AdaptTest, DoesNotTrainWithSpeakersThatMeasure) {
  const fs::path speech = root() / "measuring";
  fs::create_directories(speech);
  for (const auto& speaker : fs::directory_iterator(root() / "speech"))
    fs::copy(speaker.path(), speech / ("unheard-" + speaker.path().filename().string()), fs::copy_options::recursive);
  std::vector<std::string> arguments = command(root() / "unheard.safetensors");
  arguments[6] = speech.string();
  const Ran run = run_program(arguments);
  EXPECT_EQ(run.code, 8) << run.error;
  EXPECT_NE(run.error.find("train split has no speech"), std::string::npos) << run.error;
}

TEST_F(AdaptTest, GoesOnAfterCtrlC) {
  const fs::path out = root() / "later.safetensors", checkpoint = root() / "later.safetensors.adapt/run/last.ckpt";
  std::vector<std::string> arguments = command(out, {"--set", "train.checkpoint_every=5"});
  arguments[12] = "0.3";
  cli::Started started(arguments, {});
  for (int i = 0; i < 6000 && !fs::exists(checkpoint); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(started.process(), SIGINT);
  const Ran stopped = started.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  EXPECT_NE(stopped.error.find("with the same command"), std::string::npos) << stopped.error;
  EXPECT_FALSE(fs::exists(out));
  ASSERT_TRUE(fs::exists(checkpoint));
  std::vector<std::string> others = arguments;
  others[12] = "0.4";
  const Ran other = run_program(others);
  EXPECT_EQ(other.code, 9) << other.error;
  EXPECT_NE(other.error.find("other options"), std::string::npos) << other.error;
  const Ran run = run_program(arguments);
  EXPECT_NE(run.error.find("Weighing"), std::string::npos) << run.error;
  if (run.code != 0) {  // how many steps there were hangs on the machine's speed, and whether they gained anything
    EXPECT_NE(run.error.find("nothing was gained"), std::string::npos) << run.error;
  }
  EXPECT_EQ(fs::exists(out), run.code == 0);
}

TEST_F(AdaptTest, QuietNoiseIsNoiseAndSilenceIsNone) {
  const auto with = [&](const std::string& name, double gain) {
    const audio::Sound sound = audio::load(root() / "own" / "fan.wav", {});
    std::vector<float> samples(sound.samples.begin(), sound.samples.end());
    for (float& x : samples) x *= static_cast<float>(gain);
    corpus::test::write_wav(root() / name / "noise.wav", samples);
    std::vector<std::string> arguments = command(root() / (name + ".safetensors"), {"--json"});
    arguments[4] = (root() / name).string();
    return run_program(arguments);
  };
  const Ran quiet = with("quiet", 3e-3);
  // Whether so little tuning gains something hangs on the machine's speed; that it came so far does not.
  EXPECT_NE(quiet.error.find("\"Weighing\""), std::string::npos) << quiet.error;
  const Ran silent = with("silent", 0);
  EXPECT_EQ(silent.code, 8) << silent.error;
  EXPECT_NE(silent.error.find("found 0.0 s of sound to tune with"), std::string::npos) << silent.error;
}

TEST_F(AdaptTest, SaysWhatIsWrong) {
  const fs::path out = root() / "never.safetensors";
  fs::create_directories(root() / "empty");
  std::vector<std::string> arguments = command(out);
  arguments[4] = (root() / "empty").string();
  const Ran empty = run_program(arguments);
  EXPECT_EQ(empty.code, 8) << empty.error;
  EXPECT_NE(empty.error.find("--noise"), std::string::npos) << empty.error;
  arguments[4] = (root() / "nowhere").string();
  EXPECT_EQ(run_program(arguments).code, 3);
  arguments = command(out);
  arguments[2] = std::string(PELLUCID_MODELS) + "/nano-int8.safetensors";
  const Ran int8 = run_program(arguments);
  EXPECT_EQ(int8.code, 5) << int8.error;
  EXPECT_EQ(run_program(command(out, {"--set", "mix.nonsense=1"})).code, 6);
  EXPECT_EQ(run_program(command(out, {"--set", "train.steps=5"})).code, 6);
  EXPECT_EQ(run_program({"adapt"}).code, 2);
  EXPECT_FALSE(fs::exists(out));
}

}  // namespace
}  // namespace pellucid::training
