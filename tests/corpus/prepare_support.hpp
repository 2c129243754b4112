// Recordings and folders for the tests of `prepare`.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "../support/temp_folder.hpp"
#include "corpus/prepare.hpp"
#include "support/crc32.hpp"
#include "support/random.hpp"

namespace pellucid::corpus::test {

using pellucid::test::TempFolder;

inline std::vector<float> white_noise(std::size_t samples, float rms, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> x(samples);
  for (float& sample : x) sample = rms * static_cast<float>(random.normal());
  return x;
}

/// Bursts of 250 ms with pauses of 250 ms, the pauses `dynamic_db` lower: what speech looks like to the measures.
inline std::vector<float> bursts(double seconds, float rms, double dynamic_db, std::uint64_t seed,
                                 int rate_hz = 16000) {
  std::vector<float> x = white_noise(static_cast<std::size_t>(seconds * rate_hz), rms, seed);
  const auto pause = static_cast<float>(std::pow(10.0, -dynamic_db / 20));
  for (std::size_t i = 0; i < x.size(); ++i) {
    if ((i * 4 / static_cast<std::size_t>(rate_hz)) % 2 == 1) x[i] *= pause;
  }
  return x;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// 16-bit mono WAV, written by hand: audio::Writer syncs every file, which makes hundreds of small ones slow.
inline void write_wav(const std::filesystem::path& path, const std::vector<float>& samples, int rate_hz = 16000) {
  std::string data;
  const auto put = [&data](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) data += static_cast<char>((value >> (8 * i)) & 255);
  };
  const auto bytes = static_cast<std::uint32_t>(2 * samples.size()), rate = static_cast<std::uint32_t>(rate_hz);
  data += "RIFF";
  put(36 + bytes, 4);
  data += "WAVEfmt ";
  put(16, 4), put(1, 2), put(1, 2), put(rate, 4), put(2 * rate, 4), put(2, 2), put(16, 2);
  data += "data";
  put(bytes, 4);
  for (const float x : samples)
    put(static_cast<std::uint32_t>(std::lround(std::clamp(x, -1.0f, 0.9999f) * 32768.0f)), 2);
  write_text(path, data);
}

/// speech/SPEAKER0../*.wav and noise/CLASS0../*.wav; small, so that tests are quick.
inline void make_recordings(const std::filesystem::path& root, int speakers = 6, int sources = 4, int files_each = 3) {
  for (int s = 0; s < speakers; ++s) {
    for (int f = 0; f < files_each; ++f) {
      write_wav(root / "speech" / fmt::format("speaker{}", s) / fmt::format("{}.wav", f),
                bursts(1.2 + 0.1 * f, 0.1f, 50, static_cast<std::uint64_t>(100 * s + f)));
    }
  }
  for (int s = 0; s < sources; ++s) {
    for (int f = 0; f < files_each; ++f) {
      write_wav(root / "noise" / fmt::format("class{}", s) / fmt::format("{}.wav", f),
                white_noise(static_cast<std::size_t>(8000 + 1000 * f), 0.05f,
                            static_cast<std::uint64_t>(9000 + 100 * s + f)));
    }
  }
}

/// Options for make_recordings(root), with shards so small that there are several.
inline PrepareOptions options_for(const std::filesystem::path& root, const std::filesystem::path& out) {
  PrepareOptions options;
  options.folders = {{Kind::kSpeech, root / "speech"}, {Kind::kNoise, root / "noise"}};
  options.out = out;
  options.jobs = 2;
  options.shard_bytes = 200'000;
  options.piece_s = 4;
  options.shares.valid = 0.2;
  return options;
}

/// What a reader of the corpus sees: length and checksum of index, report and shards, by name.
inline std::map<std::string, std::string> corpus_bytes(const std::filesystem::path& out) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name == ".lock" || name == "files.jsonl") continue;
    const std::string bytes = read_text(entry.path());
    files[name] = fmt::format("{} bytes, {:08x}", bytes.size(), crc32(0, bytes.data(), bytes.size()));
  }
  return files;
}

}  // namespace pellucid::corpus::test
