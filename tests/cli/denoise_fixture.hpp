// A folder with models whose effect is known, and sound to denoise.
#pragma once

#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "../nn/random_model.hpp"
#include "../support/temp_folder.hpp"
#include "audio/stream.hpp"
#include "program.hpp"
#include "support/random.hpp"

namespace pellucid::cli {

namespace fs = std::filesystem;

/// A model whose mask is `gain` to the power of the compression in every bin: its output is the input times `gain`.
inline std::vector<std::uint8_t> gain_model(double gain) {
  const nn::Architecture a = nn::test::small_architecture();
  std::vector<std::uint8_t> file = nn::test::make_random_model(a, 1, 0.0);
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), 8);
  nn::TensorSpec spec;
  std::size_t at = 8 + header_bytes;
  for (std::uint32_t i = 0; nn::tensor_spec(a, i, &spec); ++i) {
    if (std::string(spec.name) == "out.bias") {
      for (std::size_t j = 0; j < spec.count(); j += 2) {
        const auto value = static_cast<float>(std::pow(gain, a.compression));
        std::memcpy(file.data() + at + 4 * j, &value, 4);
      }
    }
    at += 4 * spec.count();
  }
  std::string text(file.begin(), file.end());
  const std::size_t digits = text.find("crc32:") + 6;
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(digits), 8, std::uint8_t{'0'});
  char checksum[9];
  std::snprintf(checksum, sizeof checksum, "%08x", nn::crc32(0, file.data(), file.size()));
  std::copy_n(checksum, 8, file.begin() + static_cast<std::ptrdiff_t>(digits));
  return file;
}

class DenoiseTest : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    models_ = folder_ / ".models";
    fs::create_directory(models_);
    put(models_ / "same.pellucid", gain_model(1));
    put(models_ / "half.pellucid", gain_model(0.5));
    put(models_ / "random.pellucid", nn::test::make_random_model(nn::test::small_architecture(), 5, 0.5));
  }

  template <typename Bytes>
  static void put(const fs::path& path, const Bytes& bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  /// Runs `pellucid denoise` in the test's folder, with its models.
  Ran denoise(std::vector<std::string> arguments, const fs::path& input = "/dev/null") const {
    arguments.insert(arguments.begin(), "denoise");
    return run_program(arguments, {.input = input, .folder = folder_, .environment = {{"PELLUCID_MODELS", models_}}});
  }

  /// The test's files, below its folder, hidden ones too.
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      const std::string name = entry.path().lexically_relative(folder_).string();
      if (name.rfind(".models", 0) != 0 && entry.is_regular_file()) names.insert(name);
    }
    return names;
  }

  /// Low-passed noise with a swell, different in every channel, |x| < 0.5.
  static std::vector<double> noise(std::size_t frames, int channels) {
    std::vector<double> samples(frames * static_cast<std::size_t>(channels));
    for (int c = 0; c < channels; ++c) {
      Random random(11, c);
      double low = 0;
      for (std::size_t i = 0; i < frames; ++i) {
        low += 0.4 * (random.uniform(-1, 1) - low);
        const double swell = 0.6 + 0.4 * std::sin(static_cast<double>(i) * 0.002);
        samples[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)] = 0.49 * low * swell;
      }
    }
    return samples;
  }

  fs::path make(const std::string& name, int code = SF_FORMAT_WAV | SF_FORMAT_PCM_16, int rate_hz = 16000,
                int channels = 1, std::size_t frames = 20011) const {
    return make(name, code, rate_hz, channels, noise(frames, channels));
  }

  fs::path make(const std::string& name, int code, int rate_hz, int channels,
                const std::vector<double>& samples) const {
    audio::StreamFormat format;
    format.rate_hz = rate_hz;
    format.channels = channels;
    format.code = code;
    audio::Writer writer(folder_ / name, format, AtomicFile::Existing::kReplace);
    writer.write(samples);
    writer.close();
    return folder_ / name;
  }

  std::vector<double> read(const fs::path& name, audio::StreamFormat* format = nullptr) const {
    audio::Reader reader(folder_ / name);
    if (format != nullptr) *format = reader.format();
    const auto channels = static_cast<std::size_t>(reader.format().channels);
    std::vector<double> all, block(8192 * channels);
    while (const std::size_t frames = reader.read(std::span<double>(block))) {
      all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(frames * channels));
    }
    return all;
  }

  std::string bytes(const fs::path& name) const { return slurp(folder_ / name); }

  fs::path models_;
};

/// One line "pellucid: ..." that has `word` in it.
inline void expect_sentence(const Ran& run, const std::string& word) {
  const std::size_t newline = run.error.rfind("\npellucid: ");
  const std::string sentence = newline == std::string::npos ? run.error : run.error.substr(newline + 1);
  EXPECT_EQ(sentence.rfind("pellucid: ", 0), 0u) << run.error;
  EXPECT_EQ(std::count(sentence.begin(), sentence.end(), '\n'), 1) << sentence;
  EXPECT_NE(sentence.find(word), std::string::npos) << sentence;
}

/// The greatest difference of two sounds of equal length.
inline double distance(const std::vector<double>& a, const std::vector<double>& b, double gain = 1) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) worst = std::max(worst, std::abs(gain * a[i] - b[i]));
  return worst;
}

}  // namespace pellucid::cli
