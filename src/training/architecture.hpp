// The numbers that describe a network; docs/network.md says what each means. No LibTorch here.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pellucid::training {

struct Architecture {
  int sample_rate_hz = 16000;
  int window_samples = 512, hop_samples = 256;
  double compression = 0.3;
  int fold = 4, kernel = 3, channels = 16, encoder_layers = 1, bands = 20, width = 32, blocks = 2;
  std::string time_mixer = "gru";        // gru | conv
  int hidden = 32;                       // gru
  int time_kernel = 3, time_layers = 3;  // conv
  std::string freq_mixer = "dense";      // dense | conv

  int bins() const { return window_samples / 2; }
  int positions() const { return bins() / fold; }

  /// Throws Error(kRecipe) with the first value that is out of range or does not fit the others.
  void check() const;
  /// What the model file's metadata says of it, and back.
  std::vector<std::pair<std::string, std::string>> metadata() const;
  bool operator==(const Architecture&) const = default;
};

}  // namespace pellucid::training
