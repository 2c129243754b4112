#include "training/architecture.hpp"

#include "support/error.hpp"

namespace pellucid::training {
namespace {

void check_range(const char* key, int value, int low, int high) {
  if (value < low || value > high)
    throw Error(ExitCode::kRecipe, "[model] {}: found {}, expected {} to {}", key, value, low, high);
}

}  // namespace

void Architecture::check() const {
  check_range("sample_rate_hz", sample_rate_hz, 8000, 48000);
  check_range("window_samples", window_samples, 64, 4096);
  if (hop_samples * 2 != window_samples)
    throw Error(ExitCode::kRecipe, "[model] hop_samples: found {}, expected half of window_samples ({})", hop_samples,
                window_samples / 2);
  if (!(compression >= 0.1 && compression <= 1.0))
    throw Error(ExitCode::kRecipe, "[model] compression: found {}, expected 0.1 to 1", compression);
  check_range("fold", fold, 1, 16);
  if (bins() % fold != 0)
    throw Error(ExitCode::kRecipe, "[model] fold: found {}, expected a divisor of the {} bins", fold, bins());
  check_range("kernel", kernel, 3, 15);
  if (kernel % 2 == 0) throw Error(ExitCode::kRecipe, "[model] kernel: found {}, expected an odd number", kernel);
  check_range("channels", channels, 1, 512);
  check_range("encoder_layers", encoder_layers, 0, 8);
  check_range("bands", bands, 1, positions());
  check_range("width", width, 1, 512);
  check_range("blocks", blocks, 1, 16);
  if (time_mixer != "gru" && time_mixer != "conv")
    throw Error(ExitCode::kRecipe, "[model] time_mixer: found '{}', expected 'gru' or 'conv'", time_mixer);
  if (freq_mixer != "dense" && freq_mixer != "conv")
    throw Error(ExitCode::kRecipe, "[model] freq_mixer: found '{}', expected 'dense' or 'conv'", freq_mixer);
  check_range("hidden", hidden, 1, 512);
  check_range("time_kernel", time_kernel, 2, 15);
  check_range("time_layers", time_layers, 1, 8);
}

std::vector<std::pair<std::string, std::string>> Architecture::metadata() const {
  const auto number = [](int v) { return std::to_string(v); };
  return {{"sample_rate_hz", number(sample_rate_hz)},
          {"window_samples", number(window_samples)},
          {"hop_samples", number(hop_samples)},
          {"compression", fmt::format("{}", compression)},
          {"fold", number(fold)},
          {"kernel", number(kernel)},
          {"channels", number(channels)},
          {"encoder_layers", number(encoder_layers)},
          {"bands", number(bands)},
          {"width", number(width)},
          {"blocks", number(blocks)},
          {"time_mixer", time_mixer},
          {"hidden", number(hidden)},
          {"time_kernel", number(time_kernel)},
          {"time_layers", number(time_layers)},
          {"freq_mixer", freq_mixer},
          {"output", "complex_mask"}};
}

}  // namespace pellucid::training
