// What is no sound, or no longer whole, is refused with a sentence that names it.
#include <sndfile.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "audio/sound.hpp"
#include "test_folder.hpp"

namespace pellucid::audio {
namespace {

class Damage : public FolderTest {
 protected:
  std::filesystem::path make(const std::string& name, int code, int rate_hz = 16000, int channels = 1) {
    StreamFormat format;
    format.rate_hz = rate_hz;
    format.channels = channels;
    format.code = code;
    write_sound(folder_ / name, format, noise(30011, channels, rate_hz));
    return folder_ / name;
  }

  void expect_refused(const std::filesystem::path& path, ExitCode code) {
    std::string sentence;
    EXPECT_EQ(code_of([&] { load(path); }, &sentence), code) << path << ": " << sentence;
    EXPECT_NE(sentence.find(path.filename().string()), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
  }
};

TEST_F(Damage, MissingFilesAndFoldersAreNamed) {
  expect_refused(folder_ / "none.wav", ExitCode::kInput);
  expect_refused(folder_, ExitCode::kInput);
}

TEST_F(Damage, EmptyAndForeignFilesAreNoSound) {
  put_bytes(folder_ / "empty.wav", "");
  expect_refused(folder_ / "empty.wav", ExitCode::kAudio);
  put_bytes(folder_ / "text.wav", "This is a letter, not a recording.\n");
  expect_refused(folder_ / "text.wav", ExitCode::kAudio);
  std::string random_bytes(10000, '\0');
  Random random(3);
  for (char& c : random_bytes) c = static_cast<char>(random.integer(256));
  put_bytes(folder_ / "random.mp3", random_bytes);
  expect_refused(folder_ / "random.mp3", ExitCode::kAudio);
}

TEST_F(Damage, AFileWithoutASampleIsRefused) {
  StreamFormat format;
  format.rate_hz = 16000;
  format.channels = 1;
  for (const auto& [name, code] : {std::pair{"zero.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                   std::pair{"zero.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16}}) {
    format.code = code;
    write_sound(folder_ / name, format, {});
    expect_refused(folder_ / name, ExitCode::kAudio);
  }
}

TEST_F(Damage, FilesCutShortAreRefusedInEveryFormat) {
  const std::vector<std::filesystem::path> whole{make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16),
                                                 make("f.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT),
                                                 make("a.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16),
                                                 make("a.rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16),
                                                 make("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16),
                                                 make("a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16),
                                                 make("a.au", SF_FORMAT_AU | SF_FORMAT_PCM_16),
                                                 make("a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS),
                                                 make("a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS),
                                                 make("a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100)};
  for (const auto& path : whole) {
    EXPECT_EQ(load(path).frames(), 30011u) << path;
    const std::string bytes = bytes_of(path);
    for (const double share : {0.002, 0.1, 0.6, 0.95}) {
      const auto size = std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(bytes.size()) * share));
      put_bytes(folder_ / ("cut-" + path.filename().string()), bytes.substr(0, size));
      expect_refused(folder_ / ("cut-" + path.filename().string()), ExitCode::kAudio);
    }
  }
}

TEST_F(Damage, WhatThereIsOfThemIsReadWhereThatIsWanted) {
  struct Case {
    const char* name;
    int code;
    bool states, exact;
  };
  for (const Case& c : {Case{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, true, true},
                        Case{"f.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, true, true},
                        Case{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, true, true},
                        Case{"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, false, true},
                        Case{"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, false, false},
                        Case{"a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, false, false},
                        Case{"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, true, false}}) {
    const auto path = make(c.name, c.code);
    Reader undamaged(path, audio::Damage::kTakeTheRest);
    const std::vector<double> all = read_all(undamaged);
    EXPECT_FALSE(undamaged.shortfall()) << c.name;
    const std::string bytes = bytes_of(path);
    put_bytes(path, bytes.substr(0, bytes.size() * 7 / 10));
    EXPECT_THROW(load(path), CutShort) << c.name;
    Reader reader(path, audio::Damage::kTakeTheRest);
    const std::vector<double> some = read_all(reader);
    EXPECT_GT(some.size(), all.size() / 3) << c.name;
    EXPECT_LT(some.size(), all.size()) << c.name;
    if (c.exact) {
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << c.name;
    }
    ASSERT_TRUE(reader.shortfall()) << c.name;
    EXPECT_EQ(reader.shortfall()->stated_frames, c.states ? 30011 : -1) << c.name;
    std::vector<double> more(10);
    EXPECT_EQ(reader.read(std::span<double>(more)), 0u) << c.name;
  }
  // Two bytes short, as a recorder leaves it whose size counts a sample that it did not write.
  const std::string whole = bytes_of(make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16));
  put_bytes(folder_ / "two.wav", whole.substr(0, whole.size() - 2));
  Reader two(folder_ / "two.wav", audio::Damage::kTakeTheRest);
  EXPECT_EQ(read_all(two).size(), 30010u);
  EXPECT_EQ(two.shortfall().value().stated_frames, 30011);
  // Nothing is no sound, damaged or not.
  put_bytes(folder_ / "none.wav", whole.substr(0, 44));
  EXPECT_EQ(code_of([&] {
              Reader none(folder_ / "none.wav", audio::Damage::kTakeTheRest);
              read_all(none);
            }),
            ExitCode::kAudio);
}

TEST_F(Damage, AFlippedBitOfAFlacFileIsFound) {
  const auto path = make("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  std::string bytes = bytes_of(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  put_bytes(folder_ / "flipped.flac", bytes);
  expect_refused(folder_ / "flipped.flac", ExitCode::kAudio);
}

TEST_F(Damage, ARecorderThatCouldNotCloseItsWavIsForgiven) {
  // A size of 0xFFFFFFFF in RIFF and data is what a writer to a pipe leaves.
  std::string bytes = bytes_of(make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16));
  bytes.replace(4, 4, "\xFF\xFF\xFF\xFF");
  bytes.replace(40, 4, "\xFF\xFF\xFF\xFF");
  put_bytes(folder_ / "open.wav", bytes);
  EXPECT_EQ(load(folder_ / "open.wav").frames(), 30011u);
}

TEST_F(Damage, ARecorderThatDiedLeftItsSamples) {
  const std::string whole = bytes_of(make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16));
  std::string bytes = whole;
  bytes.replace(40, 4, std::string(4, '\0'));
  for (const std::string& riff_bytes :
       {std::string(4, '\0'), std::string("\x24\0\0\0", 4), std::string("\x64\0\0\0", 4)}) {
    put_bytes(folder_ / "died.wav", bytes.replace(4, 4, riff_bytes) + "\1");
    Reader died(folder_ / "died.wav"), closed(folder_ / "a.wav");
    EXPECT_EQ(died.format().frames, 30011);
    EXPECT_EQ(died.format().code, closed.format().code);
    EXPECT_EQ(read_all(died), read_all(closed));
    EXPECT_EQ(load(folder_ / "died.wav", {.offset_s = 1}).samples, load(folder_ / "a.wav", {.offset_s = 1}).samples);
  }
  // Empty, and behind it a chunk.
  std::string empty = whole.substr(0, 44) + std::string("LIST\4\0\0\0INFO", 12);
  empty.replace(4, 4, std::string("\x30\0\0\0", 4)).replace(40, 4, std::string(4, '\0'));
  put_bytes(folder_ / "empty.wav", empty);
  expect_refused(folder_ / "empty.wav", ExitCode::kAudio);
}

TEST_F(Damage, NotNumbersBecomeSilenceAndAreCounted) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  StreamFormat format;
  format.rate_hz = 16000;
  format.channels = 1;
  format.code = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  write_sound(folder_ / "nan.wav", format, {0.5, nan, -0.5, infinity, -infinity, 0.25});
  const Sound sound = load(folder_ / "nan.wav");
  EXPECT_EQ(sound.samples, (std::vector<float>{0.5f, 0, -0.5f, 0, 0, 0.25f}));
  EXPECT_EQ(sound.repaired_samples, 3u);
}

TEST_F(Damage, WhateverIsFlippedThereIsAnAnswer) {
  int refused = 0, taken = 0;
  for (const auto& [name, code] :
       {std::pair{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16}, std::pair{"wide.wav", SF_FORMAT_WAVEX | SF_FORMAT_FLOAT},
        std::pair{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16}, std::pair{"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16},
        std::pair{"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}, std::pair{"a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
        std::pair{"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}}) {
    const std::string whole = bytes_of(make(name, code));
    Random random(10, code);
    for (int mutant = 0; mutant < 40; ++mutant) {
      std::string bytes = whole;
      for (int flips = 0; flips < 4; ++flips) {
        const std::size_t reach = flips < 3 ? std::min<std::size_t>(bytes.size(), 200) : bytes.size();
        bytes[random.integer(reach)] = static_cast<char>(random.integer(256));
      }
      put_bytes(folder_ / name, bytes);
      const ExitCode answer = code_of([&] { load(folder_ / name, {.rate_hz = 16000}); });
      EXPECT_TRUE(answer == ExitCode::kOk || answer == ExitCode::kAudio) << name << ", mutant " << mutant;
      ++(answer == ExitCode::kOk ? taken : refused);
      const ExitCode rest = code_of([&] {
        Reader reader(folder_ / name, audio::Damage::kTakeTheRest);
        EXPECT_LT(read_all(reader).size(), 5000000u);
      });
      EXPECT_TRUE(rest == ExitCode::kOk || rest == answer) << name << ", mutant " << mutant;
    }
  }
  EXPECT_GT(refused, 20);
  EXPECT_GT(taken, 20);
}

TEST_F(Damage, LimitsAreStated) {
  EXPECT_EQ(load(make("wide.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 32), {.mono = false}).channels, 32);
  EXPECT_EQ(load(make("fast.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 384000)).rate_hz, 384000);
  expect_refused(make("wider.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 33), ExitCode::kAudio);
  expect_refused(make("faster.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 384001), ExitCode::kAudio);
  expect_refused(make("slow.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 999), ExitCode::kAudio);
}

TEST_F(Damage, ThreadsThatOpenOtherFilesDoNotChangeTheReason) {
  const auto fine = make("fine.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16), broken = folder_ / "broken.wav";
  put_bytes(broken, "RIFF....WAVE");
  std::string alone;
  EXPECT_EQ(code_of([&] { load(broken); }, &alone), ExitCode::kAudio);
  std::atomic<bool> done = false;
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      while (!done) Reader reader(fine);
    });
  }
  for (int i = 0; i < 2000; ++i) {
    std::string beside;
    EXPECT_EQ(code_of([&] { load(broken); }, &beside), ExitCode::kAudio);
    EXPECT_EQ(beside, alone);
  }
  done = true;
  for (std::thread& other : others) other.join();
}

}  // namespace
}  // namespace pellucid::audio
