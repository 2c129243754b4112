// Every bad input gets one sentence, its exit code, and leaves nothing in place of a good output.
#include <limits>

#include "denoise_fixture.hpp"

namespace pellucid::cli {
namespace {

class BadInput : public DenoiseTest {
 protected:
  void expect_refused(const std::vector<std::string>& arguments, int code, const std::string& word) const {
    const std::set<std::string> before = files();
    const Ran run = denoise(arguments);
    EXPECT_EQ(run.code, code) << run.error;
    expect_sentence(run, word);
    EXPECT_TRUE(run.output.empty());
    EXPECT_EQ(files(), before);
  }
};

TEST_F(BadInput, MissingFile) { expect_refused({"none.wav", "--model", "same"}, 3, "none.wav"); }

TEST_F(BadInput, FolderWithoutSound) {
  fs::create_directory(folder_ / "folder");
  put(folder_ / "folder" / "letter.txt", std::string("Dear reader"));
  expect_refused({"folder", "--model", "same"}, 3, "folder");
}

TEST_F(BadInput, EmptyFile) {
  put(folder_ / "empty.wav", std::string());
  expect_refused({"empty.wav", "--model", "same"}, 4, "empty.wav");
}

TEST_F(BadInput, ZeroLengthSound) {
  make("zero.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{0});
  expect_refused({"zero.wav", "--model", "same"}, 4, "zero.wav");
}

TEST_F(BadInput, TruncatedFiles) {
  for (const auto& [name, code] :
       {std::pair{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16}, std::pair{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        std::pair{"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}, std::pair{"a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
        std::pair{"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III},
        std::pair{"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16}}) {
    const std::string whole = slurp(make(name, code));
    put(folder_ / name, whole.substr(0, whole.size() * 6 / 10));
    expect_refused({name, "--model", "same"}, 4, name);
  }
}

TEST_F(BadInput, WhatThereIsOfADamagedFileIsCleanedOnDemand) {
  for (const auto& [name, code] :
       {std::pair{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16}, std::pair{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        std::pair{"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}, std::pair{"a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
        std::pair{"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III},
        std::pair{"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16}}) {
    const std::string whole = slurp(make(name, code, 16000, 1, std::size_t{90000}));
    put(folder_ / name, whole.substr(0, whole.size() * 7 / 10));
    const Ran refused = denoise({name, "--model", "same"});
    EXPECT_EQ(refused.code, 4) << name;
    EXPECT_EQ(refused.error.rfind("pellucid: ", 0), 0u) << "a library's warning: " << refused.error;
    expect_sentence(refused, "or clean what is there with --damaged.");
    const Ran run = denoise({name, "--model", "same", "--damaged", "--json", "--quiet", "-o", "b.wav", "--force"});
    ASSERT_EQ(run.code, 0) << run.error;
    EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
    EXPECT_NE(run.error.find(std::string(name) + ": is cut short or damaged; what there is, its first "),
              std::string::npos)
        << run.error;
    EXPECT_NE(run.output.find("\"damaged\": true"), std::string::npos) << run.output;
    const std::size_t frames = read("b.wav").size();
    EXPECT_GT(frames, 30000u) << name;
    EXPECT_LT(frames, 90000u) << name;
    EXPECT_NE(run.error.find(std::to_string(frames)), std::string::npos) << run.error;
  }
  make("whole.wav");
  const Ran run = denoise({"whole.wav", "--model", "same", "--damaged", "--quiet"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.error, "");
}

TEST_F(BadInput, NotSound) {
  put(folder_ / "letter.wav", std::string("Dear reader, this is no sound.\n"));
  expect_refused({"letter.wav", "--model", "same"}, 4, "letter.wav");
  expect_refused({models_ / "same.pellucid", "--model", "same"}, 4, "same.pellucid");
}

TEST_F(BadInput, BeyondTheLimits) {
  make("wide.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 33, std::size_t{100});
  expect_refused({"wide.wav", "--model", "same"}, 4, "33 channels");
  make("fast.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 500000);
  expect_refused({"fast.wav", "--model", "same"}, 4, "500000 Hz");
  make("slow.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 4000);
  expect_refused({"slow.wav", "--model", "same"}, 4, "4000 Hz");
}

TEST_F(BadInput, NotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  std::vector<double> samples = noise(20000, 1);
  samples[5000] = nan;
  samples[5001] = infinity;
  samples[15000] = -infinity;
  make("nan.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples);
  const Ran run = denoise({"nan.wav", "--model", "random"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.error.find("nan.wav: 3 samples"), std::string::npos) << run.error;
  const std::vector<double> output = read("nan.denoised.wav");
  ASSERT_EQ(output.size(), samples.size());
  for (const double sample : output) ASSERT_TRUE(std::isfinite(sample));
  // What is not a number counts as silence, and nothing else changes.
  samples[5000] = samples[5001] = samples[15000] = 0;
  make("clean.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples);
  ASSERT_EQ(denoise({"clean.wav", "--model", "random"}).code, 0);
  EXPECT_EQ(bytes("clean.denoised.wav"), bytes("nan.denoised.wav"));
}

TEST_F(BadInput, OutputThatCannotBeWritten) {
  make("a.wav");
  expect_refused({"a.wav", "--model", "same", "-o", "none/b.wav"}, 7, "none/b.wav");
  expect_refused({"a.wav", "--model", "same", "-o", "/proc/b.wav"}, 7, "/proc/b.wav");
  expect_refused({"a.wav", "--model", "same", "-o", "/dev/full"}, 7, "/dev/full");
  expect_refused({"a.wav", "--model", "same", "-o", "a.wav"}, 7, "a.wav");
  expect_refused({"a.wav", "--model", "same", "-o", "a.wav", "--force"}, 7, "a.wav");
  expect_refused({"a.wav", "--model", "same", "-o", "b.opus", "--strength", "0.5", "--atten-limit-db"}, 2, "atten");
}

TEST_F(BadInput, ExistingOutputIsKept) {
  make("a.wav");
  put(folder_ / "a.denoised.wav", std::string("precious"));
  expect_refused({"a.wav", "--model", "same"}, 7, "a.denoised.wav");
  EXPECT_EQ(bytes("a.denoised.wav"), "precious");
  EXPECT_EQ(denoise({"a.wav", "--model", "same", "--force"}).code, 0);
  EXPECT_EQ(read("a.denoised.wav").size(), 20011u);
}

TEST_F(BadInput, AForcedRunThatFailsKeepsTheOldOutput) {
  const std::string whole = slurp(make("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16));
  put(folder_ / "a.flac", whole.substr(0, whole.size() / 2));
  put(folder_ / "a.denoised.flac", std::string("precious"));
  expect_refused({"a.flac", "--model", "same", "--force"}, 4, "a.flac");
  EXPECT_EQ(bytes("a.denoised.flac"), "precious");
}

TEST_F(BadInput, DamagedModels) {
  make("a.wav");
  const std::vector<std::uint8_t> model = gain_model(1);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, model.size() / 2, model.size() - 1}) {
    put(folder_ / "cut.pellucid",
        std::vector<std::uint8_t>(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(size)));
    expect_refused({"a.wav", "--model", "./cut.pellucid"}, 5, "cut.pellucid");
  }
  for (const std::size_t at : {std::size_t{0}, std::size_t{9}, std::size_t{200}, model.size() / 2, model.size() - 2}) {
    std::vector<std::uint8_t> flipped = model;
    flipped[at] ^= 4;
    put(folder_ / "flipped.pellucid", flipped);
    expect_refused({"a.wav", "--model", "./flipped.pellucid"}, 5, "flipped.pellucid");
  }
}

TEST_F(BadInput, UnknownModels) {
  make("a.wav");
  expect_refused({"a.wav", "--model", "hal"}, 5, "did you mean 'half'?");
  expect_refused({"a.wav", "--model", "qqqqqqqqqqqqqq"}, 5, "half");
  expect_refused({"a.wav", "--model", "./none.pellucid"}, 5, "none.pellucid");
  expect_refused({"a.wav", "--model", "./"}, 5, "folder");
  expect_refused({"a.wav", "--model", "a.wav"}, 5, "a.wav");
}

}  // namespace
}  // namespace pellucid::cli
