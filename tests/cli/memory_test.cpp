// Long recordings in less memory than they take: each command gets a limit that it would break by holding one.
#include <gtest/gtest.h>

#include <cstdint>

#include "../support/temp_folder.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kRateHz = 16000;
// An hour is 115 MB in 16 bits and 230 MB as floats.
constexpr rlim_t kMostBytes = 80'000'000;

class Memory : public pellucid::test::FolderTest {
 protected:
  /// A folder with an hour of one speaker, which is its noise as well.
  std::string hour() {
    write(folder_ / "hour" / "a" / "hour.wav", 3600);
    return (folder_ / "hour").string();
  }

  /// Bursts of noise, half a second on and half a second nearly off.
  static void write(const fs::path& path, std::uint32_t seconds) {
    fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    const std::uint32_t bytes = seconds * kRateHz * 2;
    const auto put = [&](std::uint32_t value, int size) {
      for (int i = 0; i < size; ++i) file.put(static_cast<char>(value >> (8 * i) & 255));
    };
    file << "RIFF";
    put(36 + bytes, 4);
    file << "WAVEfmt ";
    put(16, 4);
    put(0x10001, 4);  // PCM, one channel
    put(kRateHz, 4);
    put(kRateHz * 2, 4);
    put(0x100002, 4);  // 2 bytes, 16 bits
    file << "data";
    put(bytes, 4);
    std::vector<std::int16_t> second(kRateHz);
    std::uint32_t state = 1;
    for (std::uint32_t s = 0; s < seconds; ++s) {
      for (std::uint32_t i = 0; i < kRateHz; ++i) {
        state = state * 1664525 + 1013904223;
        const auto noise = static_cast<std::int16_t>(static_cast<std::int32_t>(state) >> 18);  // -8192 … 8191
        second[i] = i < kRateHz / 2 ? noise : static_cast<std::int16_t>(noise / 1024);
      }
      file.write(reinterpret_cast<const char*>(second.data()), kRateHz * 2);
    }
  }

  static void expect_enough(const std::vector<std::string>& words) {
    const Ran run = run_program(words, {.data_bytes = kMostBytes});
    EXPECT_EQ(run.code, 0) << words[0] << ": " << run.error;
  }
};

TEST_F(Memory, SpectrogramOfAnHour) {
  expect_enough({"spectrogram", hour() + "/a/hour.wav", "-o", (folder_ / "out.png").string()});
}

TEST_F(Memory, PrepareOfAnHour) {
  const fs::path corpus = folder_ / "corpus";
  expect_enough({"prepare", "--speech", hour(), "--out", corpus.string(), "--valid", "0", "--test", "0",
                 "--piece-seconds", "30", "--jobs", "1"});
  std::map<std::string, fs::path> shards;
  for (const fs::directory_entry& entry : fs::directory_iterator(corpus)) {
    if (entry.path().extension() == ".pcm") shards[entry.path().filename().string()] = entry.path();
  }
  std::string samples;
  for (const auto& [name, path] : shards) samples += slurp(path);
  EXPECT_TRUE(samples == slurp(folder_ / "hour/a/hour.wav").substr(44)) << "other samples than the hour's";
}

TEST_F(Memory, MixFromAnHour) {
  const std::string folder = hour();
  expect_enough({"mix", "--speech", folder, "--noise", folder, "--count", "3", "--length-s", "2", "--out",
                 (folder_ / "mixed").string(), "--jobs", "1"});
}

TEST_F(Memory, EvalOfFiveMinutes) {
  write(folder_ / "five.wav", 300);  // 19 MB as floats, more in double precision at 10 kHz and as spectra
  const std::string path = (folder_ / "five.wav").string();
  expect_enough({"eval", "--clean", path, "--noisy", path, "--brief", "--jobs", "1"});
}

}  // namespace
}  // namespace pellucid::cli
