// Standard input and output, Ctrl-C.
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "denoise_fixture.hpp"

namespace pellucid::cli {
namespace {

class Pipes : public DenoiseTest {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // a program that refuses its input stops reading
    DenoiseTest::SetUp();
  }

  // Feeds bytes through a named pipe into standard input.
  Ran through_pipe(const std::string& sound, const std::vector<std::string>& arguments) const {
    const fs::path pipe = folder_ / ".pipe";
    fs::remove(pipe);
    EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::jthread feeder([&] { put(pipe, sound); });
    return denoise(arguments, pipe);
  }
};

TEST_F(Pipes, GiveWhatFilesGive) {
  const std::string wav = slurp(make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 22050, 2));
  ASSERT_EQ(denoise({"a.wav", "--model", "random"}).code, 0);
  const Ran run = through_pipe(wav, {"-", "--model", "random"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.output, bytes("a.denoised.wav"));
  const Ran from_file = denoise({"-", "--model", "random"}, folder_ / "a.wav");
  EXPECT_EQ(from_file.output, bytes("a.denoised.wav"));
  const Ran to_pipe = denoise({"a.wav", "-o", "-", "--model", "random"});
  EXPECT_EQ(to_pipe.output, bytes("a.denoised.wav"));
  ASSERT_EQ(through_pipe(wav, {"-", "-o", "b.wav", "--model", "random"}).code, 0);
  EXPECT_EQ(bytes("b.wav"), bytes("a.denoised.wav"));
}

TEST_F(Pipes, TakeOtherFormatsToo) {
  const std::string flac = slurp(make("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 1));
  const Ran run = through_pipe(flac, {"-", "--model", "random", "--strength", "0"});
  ASSERT_EQ(run.code, 0) << run.error;
  put(folder_ / "out.wav", run.output);
  EXPECT_EQ(read("out.wav"), read("a.flac"));
}

TEST_F(Pipes, KeepChannelsInTheirPlaces) {
  make("a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 6);
  audio::StreamFormat file, piped, back;
  const std::vector<double> expected = read("a.opus", &file);
  ASSERT_EQ(file.channel_map.size(), 6u);
  const std::vector<std::string> unchanged{"--model", "random", "--strength", "0"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), unchanged.begin(), unchanged.end());
    return arguments;
  };
  const Ran run = denoise(with({"a.opus", "-o", "-"}));
  ASSERT_EQ(run.code, 0) << run.error;
  put(folder_ / "out.wav", run.output);
  EXPECT_LT(distance(read("out.wav", &piped), expected), 0x1p-15);
  EXPECT_EQ(piped.channel_map, file.channel_map);
  ASSERT_EQ(through_pipe(run.output, with({"-", "-o", "back.opus"})).code, 0);
  const std::vector<double> again = read("back.opus", &back);
  EXPECT_EQ(back.channel_map, file.channel_map);
  double wrong = 0, power = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    wrong += (again[i] - expected[i]) * (again[i] - expected[i]);
    power += expected[i] * expected[i];
  }
  EXPECT_LT(wrong, 0.25 * power);
  // What says its places keeps saying them: a front of three is no 2.1.
  file.channels = 3;
  file.channel_map = {SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_RIGHT, SF_CHANNEL_MAP_CENTER};
  file.code = SF_FORMAT_WAVEX | SF_FORMAT_PCM_16;
  {
    audio::Writer writer(folder_ / "three.wav", file);
    writer.write(noise(20000, 3));
    writer.close();
  }
  ASSERT_EQ(through_pipe(bytes("three.wav"), with({"-", "-o", "copy.wav"})).code, 0);
  read("copy.wav", &back);
  EXPECT_EQ(back.channel_map, file.channel_map);
}

TEST_F(Pipes, TakeAStreamWithoutALength) {
  std::string wav = slurp(make("a.wav"));
  wav.replace(4, 4, "\xFF\xFF\xFF\xFF");
  wav.replace(40, 4, "\xFF\xFF\xFF\xFF");
  const Ran run = through_pipe(wav, {"-", "--model", "same", "--strength", "0"});
  ASSERT_EQ(run.code, 0) << run.error;
  // Standard output is a file here, so its header gets the length in the end.
  EXPECT_EQ(run.output, bytes("a.wav"));
}

TEST_F(Pipes, BadStreamsAreNamed) {
  const std::string wav = slurp(make("a.wav"));
  for (const std::string& bad : {std::string(), wav.substr(0, 20), wav.substr(0, 44), wav.substr(0, wav.size() / 2),
                                 std::string("Dear reader, this is no sound.")}) {
    const Ran run = through_pipe(bad, {"-", "-o", "b.wav", "--model", "same"});
    EXPECT_EQ(run.code, 4) << bad.size();
    expect_sentence(run, "standard input");
    EXPECT_FALSE(fs::exists(folder_ / "b.wav"));
  }
}

TEST_F(Pipes, AReaderThatGoesAwayIsAnError) {
  make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{500000});
  const std::string command =
      "cd " + folder_.string() + " && (" + std::string(PELLUCID_PROGRAM) +
      " denoise a.wav -o - --model .models/same.pellucid 2> said; echo $? > code) | head -c 100 > head";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(bytes("code"), "7\n") << bytes("said");
  EXPECT_EQ(bytes("head").size(), 100u);
}

TEST_F(Pipes, CtrlCLeavesNothingHalfDone) {
  const std::string wav = slurp(make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{400000}));
  const fs::path pipe = folder_ / ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  Started program({"denoise", "-", "-o", "b.wav", "--model", "same"},
                  {.input = pipe, .folder = folder_, .environment = {{"PELLUCID_MODELS", models_}}});
  {
    std::ofstream feed(pipe, std::ios::binary);
    feed.write(wav.data(), static_cast<std::streamsize>(wav.size() / 2));
    feed.flush();
    // Its temporary file says that it is at work.
    for (int i = 0; i < 500 && files().size() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(files().size(), 2u);
    ::kill(program.process(), SIGINT);
    feed.write(wav.data() + wav.size() / 2, static_cast<std::streamsize>(wav.size() / 4));
  }
  const Ran run = program.wait();
  EXPECT_EQ(run.code, 130) << run.error;
  expect_sentence(run, "Interrupted");
  EXPECT_EQ(files(), std::set<std::string>{"a.wav"});
}

TEST_F(Pipes, AClosedTerminalLeavesNothingHalfDone) {
  const std::string wav = slurp(make("a.wav"));
  const fs::path pipe = folder_ / ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const bool nohup : {false, true}) {
    const auto before = std::signal(SIGHUP, nohup ? SIG_IGN : SIG_DFL);
    Started program({"denoise", "-", "-o", "b.wav", "--model", "same"},
                    {.input = pipe, .folder = folder_, .environment = {{"PELLUCID_MODELS", models_}}});
    std::signal(SIGHUP, before);
    std::ofstream feed(pipe, std::ios::binary);
    feed.write(wav.data(), 1000).flush();
    for (int i = 0; i < 500 && files().size() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(files().size(), 2u);
    for (int i = 0; i < 2; ++i) ::kill(program.process(), SIGHUP);  // of the system and of the shell
    if (nohup) feed.write(wav.data() + 1000, static_cast<std::streamsize>(wav.size() - 1000)).flush();
    if (nohup) feed.close();
    const Ran run = program.wait();
    EXPECT_EQ(run.code, nohup ? 0 : 130) << run.error;
    EXPECT_EQ(files(), nohup ? (std::set<std::string>{"a.wav", "b.wav"}) : std::set<std::string>{"a.wav"});
  }
}

TEST_F(Pipes, CtrlCIsHeardWhileNothingComes) {
  const std::string wav = slurp(make("a.wav"));
  const fs::path pipe = folder_ / ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const bool begun : {true, false}) {
    const RunOptions options{.input = begun ? pipe : fs::path("/dev/null"),
                             .folder = folder_,
                             .environment = {{"PELLUCID_MODELS", models_}}};
    Started program({"denoise", begun ? "-" : ".pipe", "-o", "b.wav", "--model", "same"}, options);
    std::ofstream feed;
    if (begun) {
      feed.open(pipe, std::ios::binary);
      feed.write(wav.data(), 1000).flush();
    }
    for (int i = 0; begun && i < 500 && files().size() < 2; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    ::kill(program.process(), SIGINT);
    const Ran run = program.wait();
    EXPECT_EQ(run.code, 130) << begun << run.error;
    expect_sentence(run, "Interrupted");
  }
  EXPECT_EQ(files(), std::set<std::string>{"a.wav"});
}

}  // namespace
}  // namespace pellucid::cli
