// Levels over time and frequency, and a labelled picture of one or two of them.
//
//   const SpectrogramPanel panels[] = {{noisy, 16000, "Before", "STOI 0.72"}, {denoised, 16000, "After", "STOI 0.85"}};
//   std::vector<std::uint8_t> png = draw_spectrograms(panels).png();
#pragma once

#include <span>
#include <string>
#include <vector>

#include "metrics/image.hpp"

namespace pellucid::metrics {

/// Levels in dB, 0 = a full-scale sine, as `rows` (highest frequency first) of `columns`; 32 ms Hann windows around the
/// columns' centres, several averaged where a column is longer than that. `duration_s` is what all columns span:
/// columns beyond the end of `samples` are -infinity. Values that are not finite count as 0.
std::vector<float> spectrogram_db(std::span<const float> samples, int rate_hz, int columns, int rows, double top_hz,
                                  double duration_s);

struct SpectrogramPanel {
  std::span<const float> samples;  ///< mono, full scale 1
  int rate_hz = 16000;
  std::string title;  ///< above the panel, bold
  std::string note;   ///< at the right above the panel
};

struct PictureOptions {
  int width = 1200;        ///< pixels, at least 400
  int panel_height = 260;  ///< pixels of one spectrogram, at least 60
  double range_db = 80;    ///< from the lightest colour to the darkest
};

/// Panels under one another with one time axis and one colour scale; a frequency axis each (up to half its rate).
/// Throws Error(kInput) when there is no panel, or one is empty.
Image draw_spectrograms(std::span<const SpectrogramPanel> panels, const PictureOptions& options = {});

}  // namespace pellucid::metrics
