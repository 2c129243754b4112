// denoise --raw: samples without a header, as they come.
#include <poll.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "denoise_fixture.hpp"

namespace pellucid::cli {
namespace {

class Raw : public DenoiseTest {
 protected:
  static std::string samples_of(const std::string& wav) { return wav.substr(44); }
};

TEST_F(Raw, GivesTheSamplesOfTheDenoisedFile) {
  const std::string wav = slurp(make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 22050, 2));
  put(folder_ / "a.raw", samples_of(wav));
  ASSERT_EQ(denoise({"a.wav", "--model", "random"}).code, 0);
  const Ran run = denoise({"--raw", "--rate", "22050", "--channels", "2", "-", "--model", "random"}, folder_ / "a.raw");
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.output, samples_of(bytes("a.denoised.wav")));
  EXPECT_EQ(run.error, "");
}

TEST_F(Raw, TakesEverySampleFormat) {
  for (const std::string format : {"s16", "s24", "s32", "f32"}) {
    const std::size_t size = format == "s16" ? 2 : format == "s24" ? 3 : 4;
    std::string sound(5000 * size, '\0');
    if (format == "f32") {
      for (std::size_t i = 0; i < 5000; ++i) {
        const float value = 0.3f * std::sin(static_cast<float>(i));
        std::memcpy(sound.data() + i * size, &value, size);
      }
    } else {
      for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<char>(i * i % 61);
    }
    put(folder_ / "a.raw", sound);
    const Ran run =
        denoise({"--raw", "--format", format, "--strength", "0", "-", "--model", "random"}, folder_ / "a.raw");
    ASSERT_EQ(run.code, 0) << run.error;
    EXPECT_EQ(run.output, sound) << format;
  }
  put(folder_ / "empty.raw", std::string());
  const Ran run = denoise({"--raw", "-", "--model", "random"}, folder_ / "empty.raw");
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.output, "");
}

// What was fed less the latency of 511 samples is there before more is fed, also in pieces that cut samples in two.
TEST_F(Raw, HoldsNothingBackButTheLatency) {
  const fs::path in = folder_ / ".in", out = folder_ / ".out";
  ASSERT_EQ(::mkfifo(in.c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(out.c_str(), 0600), 0);
  const std::string command = std::string(PELLUCID_PROGRAM) + " denoise --raw --rate 16000 - --model " +
                              (models_ / "random.pellucid").string() + " <" + in.string() + " >" + out.string() + " &";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const int feed = ::open(in.c_str(), O_WRONLY), take = ::open(out.c_str(), O_RDONLY);
  ASSERT_GE(feed, 0);
  ASSERT_GE(take, 0);
  const std::string sound = samples_of(slurp(make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1)));
  std::size_t fed = 0, taken = 0;
  const auto read_some = [&](int patience_ms) {
    pollfd wait{take, POLLIN, 0};
    char block[4096];
    if (::poll(&wait, 1, patience_ms) <= 0) return false;
    const ssize_t got = ::read(take, block, sizeof block);
    if (got > 0) taken += static_cast<std::size_t>(got);
    return got > 0;
  };
  for (const std::size_t bytes : {1021, 2, 321, 1, 320, 4096, 7}) {
    ASSERT_EQ(::write(feed, sound.data() + fed, bytes), static_cast<ssize_t>(bytes));
    fed += bytes;
    const std::size_t due = fed / 2 <= 511 ? 0 : 2 * (fed / 2 - 511);
    while (taken < due && read_some(20000)) continue;
    EXPECT_EQ(taken, due) << fed;
  }
  ::close(feed);
  while (read_some(20000)) continue;
  EXPECT_EQ(taken, fed);
  ::close(take);
}

TEST_F(Raw, BadInputIsNamed) {
  put(folder_ / "odd.raw", std::string(20001, 'x'));
  const Ran odd = denoise({"--raw", "-", "--model", "random"}, folder_ / "odd.raw");
  EXPECT_EQ(odd.code, 4);
  expect_sentence(odd, "1 bytes into a frame of 2");
  EXPECT_EQ(odd.output.size(), 20000u);
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{{"--raw", "a.wav"},
                                                                                     {"--raw", "-", "-o", "b.wav"},
                                                                                     {"--raw", "-", "--rate", "4000"},
                                                                                     {"--raw", "-", "--format", "mp3"},
                                                                                     {"-", "--rate", "16000"}}) {
    const Ran run = denoise(wrong);
    EXPECT_EQ(run.code, 2) << wrong.back();
    expect_sentence(run, wrong.size() == 4 && wrong[1] == "-" ? wrong[2].substr(0, 2) : "raw");
  }
}

TEST_F(Raw, CtrlCEndsAWaitingStream) {
  const fs::path pipe = folder_ / ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  Started program({"denoise", "--raw", "-", "--model", (models_ / "same.pellucid").string()}, {.input = pipe});
  const int feed = ::open(pipe.c_str(), O_WRONLY);
  const std::string sound(4000, 'a');
  ASSERT_EQ(::write(feed, sound.data(), sound.size()), 4000);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  ::kill(program.process(), SIGINT);
  const Ran run = program.wait();
  ::close(feed);
  EXPECT_EQ(run.code, 130) << run.error;
  expect_sentence(run, "Interrupted");
}

}  // namespace
}  // namespace pellucid::cli
