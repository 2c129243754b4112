// `pellucid eval`: what is undefined and why, what the rate does not change, and results beside what they are made of.
#include "audio/sound.hpp"
#include "eval_fixture.hpp"

namespace pellucid::cli {
namespace {

class EvalNotes : public EvalTest {};

TEST_F(EvalNotes, TheCompositeMeasuresDoNotDependOnTheRateOfTheFiles) {
  const fs::path data = fs::path(PELLUCID_TEST_DATA) / "metrics";
  for (const char* side : {"clean", "noisy"}) {
    for (const auto& entry : fs::directory_iterator(data / side)) {
      const audio::Sound sound = audio::load(entry.path(), {.rate_hz = 48000});
      const fs::path file = fs::path(side) / entry.path().stem();
      make(file.string() + ".wav", kFloat, 48000, 1, {sound.samples.begin(), sound.samples.end()});
    }
  }
  const Ran wide = eval({"--json"});
  const Ran own = program({"eval", "--clean", data / "clean", "--noisy", data / "noisy", "--json"});
  ASSERT_EQ(wide.code, 0) << wide.error;
  ASSERT_EQ(own.code, 0) << own.error;
  const Json files = Json::parse(wide.output)["files"], expected = Json::parse(own.output)["files"];
  ASSERT_EQ(files.size(), expected.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (const char* key : {"pesq_wb", "csig", "cbak", "covl", "llr", "seg_snr_db"})
      EXPECT_NEAR(files[i]["noisy"][key], expected[i]["noisy"][key], 0.15) << files[i]["name"] << " " << key;
  }
}

TEST_F(EvalNotes, WhatIsUndefinedSaysWhyOnceAFile) {
  make_trio("good.wav", 5);
  make_trio("long.wav", 5, 16000 * 241);
  for (const char* side : {"clean", "noisy", "enhanced"}) {
    const std::string folder = std::string(side) + "/";
    make(folder + "telephone.wav", kFloat, 8000, 1, std::size_t{16000});
    make(folder + "word.wav", kFloat, 16000, 1, std::size_t{3500});
  }
  make("clean/muted.wav", kFloat, 16000, 1, noise(24000, 1));
  make("noisy/muted.wav", kFloat, 16000, 1, noise(24000, 1));
  make("enhanced/muted.wav", kFloat, 16000, 1, std::vector<double>(24000, 0.0));
  const Ran run = eval({"--enhanced", "enhanced", "--brief"});
  ASSERT_EQ(run.code, 0) << run.error;
  for (const char* note : {"noisy/long.wav: no PESQ, CSIG, CBAK, COVL, because it is longer than 240 s\n",
                           "noisy/telephone.wav: no PESQ, CSIG, CBAK, COVL, because it is sampled below 16 kHz\n",
                           "noisy/word.wav: no PESQ, CSIG, CBAK, COVL, because it is shorter than 0.25 s\n",
                           "noisy/word.wav: no STOI, ESTOI, because the clean one has less than 0.4 s of speech\n",
                           "enhanced/muted.wav: no PESQ, CSIG, CBAK, COVL, because it is silent\n"}) {
    EXPECT_NE(run.error.find(note), std::string::npos) << note << run.error;
  }
  std::size_t notes = 0;
  for (std::size_t at = 0; (at = run.error.find(": no ", at)) != std::string::npos; ++at) ++notes;
  EXPECT_EQ(notes, 5u) << run.error;
  const Ran comparison = eval({"--compare", "enhanced", "enhanced"});
  EXPECT_NE(comparison.error.find("enhanced/long.wav: no PESQ"), std::string::npos) << comparison.error;
}

TEST_F(EvalNotes, ResultsMayLieBesideWhatTheyAreMadeOf) {
  make_trio("a.wav", 5);
  make_trio("b.wav", 5);
  ASSERT_EQ(denoise({"noisy", "--model", "half"}).code, 0);
  ASSERT_EQ(denoise({"noisy", "--model", "half", "--residue"}).code, 0);
  fs::copy_file(folder_ / "noisy/a.denoised.wav", folder_ / "clean/a.denoised.wav");
  const Ran plain = eval({"--json"});
  ASSERT_EQ(plain.code, 0) << plain.error;
  const Json before = Json::parse(plain.output);
  EXPECT_EQ(before["files"].size(), 2u);
  EXPECT_TRUE(before["unmatched"].empty()) << before["unmatched"];
  const Ran beside = eval({"--enhanced", "noisy", "--json"});
  ASSERT_EQ(beside.code, 0) << beside.error;
  const Json both = Json::parse(beside.output);
  EXPECT_EQ(both["mean"]["noisy"]["seg_snr_db"], before["mean"]["noisy"]["seg_snr_db"]);
  EXPECT_GT(std::abs(both["mean"]["change"]["seg_snr_db"]["mean"].get<double>()), 0.05) << "half as loud";
  // Results of their own may be measured as they are.
  fs::create_directory(folder_ / "results");
  for (const char* name : {"a.denoised.wav", "b.denoised.wav"})
    fs::rename(folder_ / "noisy" / name, folder_ / "results" / name);
  EXPECT_EQ(program({"eval", "--clean", "clean", "--noisy", "results"}).code, 0);
  fs::copy_file(folder_ / "noisy/a.wav", folder_ / "noisy/a.w64");
  expect_refused(eval({}), 3, "'noisy/a.w64' and 'noisy/a.wav' have the same name");
}

}  // namespace
}  // namespace pellucid::cli
