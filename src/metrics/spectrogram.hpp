// Levels over time and frequency, and a labelled picture of one or two of them.
//
//   const SpectrogramPanel panels[] = {{noisy, 16000, "Before", "STOI 0.72"}, {denoised, 16000, "After", "STOI 0.85"}};
//   std::vector<std::uint8_t> png = draw_spectrograms(panels).png();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "metrics/image.hpp"

namespace pellucid::metrics {

struct SpectrogramShape {
  int rate_hz = 16000;
  int columns = 0, rows = 0;
  double top_hz = 8000;
  double duration_s = 0;  ///< what all columns span
};

/// Levels in dB, 0 = a full-scale sine, as rows (highest frequency first) of columns; 32 ms Hann windows around the
/// columns' centres, several averaged where a column is longer than that. Columns beyond the end of the samples are
/// -infinity. Values that are not finite count as 0. Holds a window of what is added, however much that is.
class SpectrogramLevels {
 public:
  explicit SpectrogramLevels(const SpectrogramShape& shape);
  ~SpectrogramLevels();
  SpectrogramLevels(SpectrogramLevels&&) noexcept;

  void add(std::span<const float> samples);
  /// After the last sample, once.
  std::vector<float> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same of samples that are all there.
std::vector<float> spectrogram_db(std::span<const float> samples, int rate_hz, int columns, int rows, double top_hz,
                                  double duration_s);

struct SpectrogramPanel {
  std::span<const float> samples;  ///< mono, full scale 1
  int rate_hz = 16000;
  std::string title;  ///< above the panel, bold
  std::string note;   ///< at the right above the panel
};

/// A panel whose sound is read while it is drawn.
struct StreamedPanel {
  std::uint64_t frames = 0;                      ///< as many as there will be
  std::function<std::span<const float>()> next;  ///< the next samples; empty at the end
  int rate_hz = 16000;
  std::string title, note;
};

struct PictureOptions {
  int width = 1200;        ///< pixels, at least 400
  int panel_height = 260;  ///< pixels of one spectrogram, at least 60
  double range_db = 80;    ///< from the lightest colour to the darkest
};

/// Panels under one another with one time axis and one colour scale; a frequency axis each (up to half its rate).
/// Throws Error(kInput) when there is no panel, or one is empty.
Image draw_spectrograms(std::span<const SpectrogramPanel> panels, const PictureOptions& options = {});
Image draw_streamed(std::span<const StreamedPanel> panels, const PictureOptions& options = {});

}  // namespace pellucid::metrics
