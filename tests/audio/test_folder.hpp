// Sound to put into the folder of a test.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../support/temp_folder.hpp"
#include "audio/stream.hpp"
#include "support/error.hpp"
#include "support/random.hpp"

namespace pellucid::audio {

using pellucid::test::FolderTest;

/// Noise below 4 kHz or so (of any coder's liking) with a slow swell, all channels different; interleaved, |x| < 0.5.
inline std::vector<double> noise(std::size_t frames, int channels, int rate_hz) {
  std::vector<double> samples(frames * static_cast<std::size_t>(channels));
  const double keep = std::exp(-2 * 3.14159265358979 * 2000 / rate_hz);
  for (int c = 0; c < channels; ++c) {
    Random random(17, c);
    double low = 0;
    for (std::size_t i = 0; i < frames; ++i) {
      low = keep * low + (1 - keep) * random.uniform(-1, 1);
      const double swell = 0.6 + 0.4 * std::sin(static_cast<double>(i) * 40 / rate_hz);
      samples[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)] = 0.49 * low * swell;
    }
  }
  return samples;
}

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void put_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline void write_sound(const std::filesystem::path& path, const StreamFormat& format,
                        const std::vector<double>& samples) {
  Writer writer(path, format, AtomicFile::Existing::kReplace);
  writer.write(samples);
  writer.close();
}

/// Everything, in blocks of an odd size.
inline std::vector<double> read_all(Reader& reader) {
  const auto channels = static_cast<std::size_t>(reader.format().channels);
  std::vector<double> all, block(977 * channels);
  while (const std::size_t frames = reader.read(std::span<double>(block))) {
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(frames * channels));
  }
  return all;
}

template <typename Work>
ExitCode code_of(Work work, std::string* sentence = nullptr) {
  try {
    work();
  } catch (const Error& error) {
    if (sentence != nullptr) *sentence = error.what();
    return error.code();
  }
  return ExitCode::kOk;
}

}  // namespace pellucid::audio
