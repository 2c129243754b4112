// Sound files whose headers lie about what follows: one sentence, and no memory for what is not there.
#include <gtest/gtest.h>

#include "../support/temp_folder.hpp"
#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

std::string big(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

std::string wav(std::uint32_t channels, std::uint32_t rate, std::uint32_t bits, std::uint32_t data_bytes) {
  return "RIFF" + little(0xFFFFFFF0, 4) + "WAVEfmt " + little(16, 4) + little(1, 2) + little(channels, 2) +
         little(rate, 4) + little(rate * 2, 4) + little(2, 2) + little(bits, 2) + "data" + little(data_bytes, 4) +
         std::string(4000, '\1');
}

class HostileSound : public pellucid::test::FolderTest {
 protected:
  void expect_bounded(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    const std::string path = (folder_ / name).string();
    using Words = std::vector<std::string>;
    for (const Words& words : {Words{"denoise", path, "--force", "--quiet", "-o", (folder_ / "out.wav").string()},
                               Words{"spectrogram", path, "--force", "-o", (folder_ / "out.png").string()},
                               Words{"eval", "--clean", path, "--noisy", path, "--brief"}}) {
      const Ran run = run_program(words);
      EXPECT_TRUE(run.code == 0 || run.code == 4 || run.code == 10) << name << " " << words[0] << ": " << run.error;
      EXPECT_LT(run.peak_kib, 200 << 10) << name << " " << words[0];
    }
  }
};

TEST_F(HostileSound, WavHeadersThatPromiseTheWorld) {
  expect_bounded("long.wav", wav(1, 16000, 16, 0xFFFFFFF0));
  expect_bounded("wide.wav", wav(65535, 16000, 16, 0xFFFFFFF0));
  expect_bounded("fast.wav", wav(1, 0xFFFFFFFF, 16, 4000));
  expect_bounded("none.wav", wav(0, 0, 0, 4000));
  expect_bounded("chunk.wav", "RIFF" + little(0xFFFFFFF0, 4) + "WAVELIST" + little(0xFFFFFFF0, 4));
}

TEST_F(HostileSound, HeadersOfOtherFormats) {
  // STREAMINFO with 2^36 - 1 samples in 8 channels of 32 bits, and a picture of 16 MB behind it.
  const std::string info =
      big(4096, 2) + big(65535, 2) + std::string(6, '\0') +
      big(std::uint64_t{16000} << 44 | std::uint64_t{7} << 41 | std::uint64_t{31} << 36 | 0xFFFFFFFFFu, 8) +
      std::string(16, '\0');
  expect_bounded("long.flac", "fLaC" + big(0, 1) + big(34, 3) + info + big(0x86, 1) + big(0xFFFFFF, 3) + "x");
  expect_bounded("long.au", ".snd" + big(24, 4) + big(0xFFFFFFFE, 4) + big(3, 4) + big(16000, 4) + big(1024, 4));
  expect_bounded("long.aiff", "FORM" + big(0xFFFFFFF0, 4) + "AIFFCOMM" + big(18, 4) + big(32767, 2) +
                                  big(0xFFFFFFFF, 4) + big(16, 2) + "\x40\x0e\xfa" + std::string(7, '\0') + "SSND" +
                                  big(0xFFFFFFF0, 4) + std::string(100, '\0'));
  expect_bounded("long.caf", "caff" + big(1, 2) + big(0, 2) + "desc" + big(0x7FFFFFFFFFFFFFFF, 8) + "x");
  expect_bounded("tag.mp3", std::string("ID3\4\0\0\x7f\x7f\x7f\x7f", 10) + std::string(100, '\xff'));
}

}  // namespace
}  // namespace pellucid::cli
