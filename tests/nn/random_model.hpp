// Model files with random weights, for tests of everything that needs a model but no trained one.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "nn/architecture.hpp"
#include "nn/crc32.hpp"

namespace pellucid::nn::test {

/// SplitMix64 (Steele et al. 2014): the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-52 - 1.0; }  ///< -1 … 1
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(bits() % n); }

 private:
  std::uint64_t state_;
};

/// A small network that every test can start from.
inline Architecture small_architecture(TimeMixer time = TimeMixer::kGru, FreqMixer freq = FreqMixer::kDense,
                                       Output output = Output::kComplexMask) {
  Architecture a;
  std::strcpy(a.name, "random");
  a.sample_rate_hz = 16000;
  a.window_samples = 512;
  a.hop_samples = 256;
  a.compression = 0.3;
  a.fold = 4;
  a.channels = 12;
  a.kernel = 3;
  a.encoder_layers = 1;
  a.bands = 16;
  a.width = 10;
  a.blocks = 2;
  a.hidden = 9;
  a.time_kernel = 3;
  a.time_layers = 2;
  a.context_frames = 5;
  a.freq_hidden = 6;
  a.heads = 3;
  a.time_mixer = time;
  a.freq_mixer = freq;
  a.output = output;
  return a;
}

/// small_architecture with every time mixer, every frequency mixer and every output.
inline std::vector<Architecture> every_combination() {
  std::vector<Architecture> all;
  for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv, TimeMixer::kAttention}) {
    for (const FreqMixer freq : {FreqMixer::kDense, FreqMixer::kConv, FreqMixer::kGru, FreqMixer::kAttention}) {
      for (const Output output : {Output::kComplexMask, Output::kBandGains}) {
        all.push_back(small_architecture(time, freq, output));
      }
    }
  }
  return all;
}

/// "attention_gru_band_gains" and the like.
inline std::string combination_name(const Architecture& a) {
  std::string text;
  for (std::uint32_t i = 0; const ChoiceField* choice = choice_field(i); ++i) {
    if (i > 0) text += '_';
    text += choice->name(a);
  }
  return text;
}

/// A random architecture of the mixers gru, conv and dense, with hops of half a window.
inline Architecture random_architecture(std::uint64_t seed) {
  Random random(seed);
  Architecture a = small_architecture(random.below(2) != 0 ? TimeMixer::kGru : TimeMixer::kConv,
                                      random.below(2) != 0 ? FreqMixer::kDense : FreqMixer::kConv);
  constexpr std::uint32_t kWindows[] = {64, 192, 320, 512};
  a.window_samples = kWindows[random.below(4)];
  a.hop_samples = a.window_samples / 2;
  a.fold = 1u << random.below(4);
  a.compression = 0.2 + 0.1 * random.below(4);
  a.channels = 1 + random.below(33);
  a.kernel = 1 + 2 * random.below(4);
  a.encoder_layers = random.below(4);
  a.bands = 1 + random.below(24);
  a.width = 1 + random.below(33);
  a.blocks = 1 + random.below(3);
  a.hidden = 1 + random.below(33);
  a.time_kernel = 1 + random.below(4);
  a.time_layers = 1 + random.below(3);
  return a;
}

/// A random architecture that the reader accepts, of all mixers, outputs and overlaps.
inline Architecture any_architecture(std::uint64_t seed) {
  Architecture a = random_architecture(seed);
  Random random(seed + 77);
  a.time_mixer = static_cast<TimeMixer>(random.below(3));
  a.freq_mixer = static_cast<FreqMixer>(random.below(4));
  a.output = static_cast<Output>(random.below(2));
  a.hop_samples = a.window_samples / (random.below(2) != 0 ? 2 : 4);
  a.heads = 1 + random.below(4);
  a.hidden = a.heads * (1 + random.below(20));
  a.freq_hidden = a.heads * (1 + random.below(20));
  a.context_frames = 1 + random.below(12);
  return a;
}

using Metadata = std::map<std::string, std::string>;

inline Metadata metadata_of(const Architecture& a) {
  char compression[32];
  std::snprintf(compression, sizeof compression, "%.9g", a.compression);
  Metadata all = {{"format", "pellucid-1"},
                  {"name", a.name},
                  {"compression", compression},
                  {"training", R"({\"command\": \"none\", \"note\": \"random\\n\"})"},
                  {"checksum", "crc32:00000000"}};
  for (std::uint32_t i = 0; const NumberField* number = number_field(i); ++i) {
    all[number->key] = std::to_string(a.*number->value);
  }
  for (std::uint32_t i = 0; const ChoiceField* choice = choice_field(i); ++i) all[choice->key] = choice->name(a);
  return all;
}

/// A file from its header's JSON and its data, with the right length and, where the header has a place for it,
/// checksum.
inline std::vector<std::uint8_t> assemble_bytes(std::string header, const std::vector<std::uint8_t>& data) {
  while (header.size() % 8 != 0) header += ' ';
  std::vector<std::uint8_t> file(8 + header.size() + data.size());
  for (int i = 0; i < 8; ++i) file[i] = static_cast<std::uint8_t>(std::uint64_t{header.size()} >> (8 * i));
  std::memcpy(file.data() + 8, header.data(), header.size());
  if (!data.empty()) std::memcpy(file.data() + 8 + header.size(), data.data(), data.size());
  const std::size_t at = header.find("crc32:00000000");
  if (at != std::string::npos) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", crc32(0, file.data(), file.size()));
    std::memcpy(file.data() + 8 + at + 6, digits, 8);
  }
  return file;
}

inline std::vector<std::uint8_t> assemble(const std::string& header, const std::vector<float>& data) {
  std::vector<std::uint8_t> bytes(4 * data.size());
  if (!data.empty()) std::memcpy(bytes.data(), data.data(), bytes.size());
  return assemble_bytes(header, bytes);
}

inline std::string metadata_json(const Metadata& metadata) {
  std::ostringstream json;
  json << "\"__metadata__\":{";
  const char* comma = "";
  for (const auto& [key, value] : metadata) {
    json << comma << '"' << key << "\":\"" << value << '"';
    comma = ",";
  }
  json << '}';
  return json.str();
}

inline std::string tensor_json(const TensorSpec& spec, std::size_t begin, std::size_t end) {
  std::ostringstream json;
  static constexpr const char* kTypes[] = {"F32", "I32", "I16", "I8"};
  json << '"' << spec.name << "\":{\"dtype\":\"" << kTypes[static_cast<int>(spec.type)] << "\",\"shape\":[";
  for (std::uint32_t i = 0; i < spec.rank; ++i) json << (i > 0 ? "," : "") << spec.shape[i];
  json << "],\"data_offsets\":[" << begin << ',' << end << "]}";
  return json.str();
}

/// Changes a tensor after it was filled.
using Edit = std::function<void(const std::string& name, float* values, std::size_t count)>;

/// A mask that is `mask` (real) in every bin, whatever comes in.
inline Edit constant_mask(float mask) {
  return [mask](const std::string& name, float* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (name == "out.weight") values[i] = 0.0f;
      if (name == "out.bias") values[i] = i % 2 == 0 ? mask : 0.0f;  // of output complex_mask
    }
  };
}

/// Weights of a size that keeps every layer's output near 1; `gain` scales them all.
inline std::vector<std::uint8_t> make_random_model(const Architecture& a, std::uint64_t seed, double gain = 1.0,
                                                   const Metadata& metadata = {}, const Edit& edit = {}) {
  Random random(seed);
  Metadata all = metadata_of(a);
  for (const auto& [key, value] : metadata) all[key] = value;
  std::string header = "{";
  header += metadata_json(all);
  std::vector<float> data;
  TensorSpec spec;
  for (std::uint32_t i = 0; tensor_spec(a, i, &spec); ++i) {
    const std::size_t count = spec.count(), begin = 4 * data.size();
    header += ',';
    header += tensor_json(spec, begin, begin + 4 * count);
    const std::string name = spec.name;
    double fan_in = 1.0;  // inputs that one output sums over
    if (spec.rank == 2) fan_in = spec.shape[1];
    if (spec.rank == 3) fan_in = name.find("mix") != std::string::npos ? a.bands : spec.shape[1] * spec.shape[2];
    const double scale = gain * (spec.rank == 1 || name == "embedding" ? 0.3 : 1.2 / std::sqrt(fan_in));
    for (std::size_t j = 0; j < count; ++j) data.push_back(static_cast<float>(scale * random.uniform()));
    if (edit) edit(name, data.data() + data.size() - count, count);
  }
  header += '}';
  return assemble(header, data);
}

}  // namespace pellucid::nn::test
