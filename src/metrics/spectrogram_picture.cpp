#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "metrics/spectrogram.hpp"
#include "metrics/tick.hpp"
#include "support/error.hpp"

namespace pellucid::metrics {
namespace {

constexpr int kLeft = 72, kRight = 92, kTop = 10, kBottom = 50, kTitle = 26, kGap = 16;
constexpr int kTick = 5, kBarGap = 18, kBarWidth = 16;
constexpr double kInk = 0.85;

/// Seconds below two minutes, then whole seconds, minutes or hours as a clock has them.
double time_step(double duration_s, int most) {
  if (duration_s < 120) return nice_step(duration_s, most);
  for (const double step : {10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600}) {
    if (duration_s / step <= most) return step;
  }
  return 3600 * nice_step(duration_s / 3600, most);
}

std::string time_label(double seconds, double step, double duration_s) {
  if (duration_s < 120) return tick_text(seconds, step);
  const auto whole = static_cast<long>(std::lround(seconds));
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

struct Scale {
  double low_db, high_db;
  std::uint8_t color(double db) const {
    const double part = std::clamp((db - low_db) / (high_db - low_db), 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(part * (kHeatColors - 1)));
  }
};

void draw_panel(Image& image, const StreamedPanel& panel, const std::vector<float>& levels, const Scale& scale, int y,
                int width, int height) {
  const int note_width = text_width(panel.note, Font::kRegular);
  image.text(kLeft, y, text_fit(panel.title, Font::kBold, width - note_width - 20), Font::kBold, Align::kLeft);
  image.text(kLeft + width, y + 1, panel.note, Font::kRegular, Align::kRight, kInk);
  y += kTitle;
  for (int r = 0; r < height; ++r) {
    for (int c = 0; c < width; ++c) {
      const float db =
          levels[static_cast<std::size_t>(r) * static_cast<std::size_t>(width) + static_cast<std::size_t>(c)];
      image.set(kLeft + c, y + r, std::isinf(db) ? grey(0.08) : scale.color(db));
    }
  }
  image.frame(kLeft - 1, y - 1, width + 2, height + 2, grey(kInk));

  const double top_khz = panel.rate_hz / 2000.0, step = nice_step(top_khz, std::max(2, height / 40));
  for (int i = 0; i * step <= top_khz * (1 + 1e-9); ++i) {
    const int at = y + height - 1 - static_cast<int>(std::lround(i * step / top_khz * (height - 1)));
    image.fill(kLeft - 1 - kTick, at, kTick, 1, grey(kInk));
    image.text(kLeft - kTick - 5, at - text_height(Font::kRegular) / 2, tick_text(i * step, step), Font::kRegular,
               Align::kRight, kInk);
  }
  image.text_upwards(8, y + height / 2, "Frequency (kHz)", Font::kRegular, kInk);
}

void draw_time_axis(Image& image, int y, int width, double duration_s) {
  const double step = time_step(duration_s, std::max(2, width / 90));
  for (int i = 0; i * step <= duration_s * (1 + 1e-9); ++i) {
    const int at = kLeft + static_cast<int>(std::lround(i * step / duration_s * (width - 1)));
    image.fill(at, y, 1, kTick, grey(kInk));
    image.text(at, y + kTick + 1, time_label(i * step, step, duration_s), Font::kRegular, Align::kCenter, kInk);
  }
  image.text(kLeft + width / 2, y + kTick + 20, duration_s < 120 ? "Time (s)" : "Time", Font::kRegular, Align::kCenter,
             kInk);
}

void draw_color_bar(Image& image, int y, int height, int panels_width, const Scale& scale) {
  const int x = kLeft + panels_width + kBarGap;
  for (int r = 0; r < height; ++r) {
    const double part = 1.0 - (r + 0.5) / height;
    image.fill(x, y + r, kBarWidth, 1, scale.color(scale.low_db + part * (scale.high_db - scale.low_db)));
  }
  image.frame(x - 1, y - 1, kBarWidth + 2, height + 2, grey(kInk));
  const double span = scale.high_db - scale.low_db, step = nice_step(span, std::max(2, height / 36));
  for (double db = std::ceil(scale.low_db / step) * step; db <= scale.high_db + 1e-6; db += step) {
    const int at = y + height - 1 - static_cast<int>(std::lround((db - scale.low_db) / span * (height - 1)));
    image.fill(x + kBarWidth + 1, at, kTick, 1, grey(kInk));
    image.text(x + kBarWidth + kTick + 4, at - text_height(Font::kRegular) / 2, tick_text(db, step), Font::kRegular,
               Align::kLeft, kInk);
  }
  image.text(x, y - kTitle + 1, "dBFS", Font::kRegular, Align::kLeft, kInk);
}

}  // namespace

Image draw_spectrograms(std::span<const SpectrogramPanel> panels, const PictureOptions& options) {
  std::vector<StreamedPanel> streamed;
  for (const SpectrogramPanel& panel : panels) {
    const auto next = [rest = panel.samples]() mutable { return std::exchange(rest, {}); };
    streamed.push_back({panel.samples.size(), next, panel.rate_hz, panel.title, panel.note});
  }
  return draw_streamed(streamed, options);
}

Image draw_streamed(std::span<const StreamedPanel> panels, const PictureOptions& options) {
  if (panels.empty()) throw Error(ExitCode::kInput, "there is nothing to draw; give one or two sounds");
  const int width = std::max(400, options.width) - kLeft - kRight, height = std::max(60, options.panel_height);
  double duration_s = 0;
  for (const StreamedPanel& panel : panels) {
    if (panel.frames == 0 || panel.rate_hz <= 0) {
      throw Error(ExitCode::kInput, "'{}' has no sound to draw; give at least one sample", panel.title);
    }
    duration_s = std::max(duration_s, static_cast<double>(panel.frames) / panel.rate_hz);
  }
  std::vector<std::vector<float>> levels;
  double loudest_db = -std::numeric_limits<double>::infinity();
  for (const StreamedPanel& panel : panels) {
    SpectrogramLevels measured({panel.rate_hz, width, height, panel.rate_hz / 2.0, duration_s});
    for (std::span<const float> block = panel.next(); !block.empty(); block = panel.next()) measured.add(block);
    levels.push_back(measured.finish());
    loudest_db = std::max<double>(loudest_db, *std::max_element(levels.back().begin(), levels.back().end()));
  }
  // Silence is drawn dark, not stretched over the whole scale.
  const double high_db = std::max(-60.0, std::ceil(loudest_db / 10.0) * 10.0);
  const Scale scale{high_db - options.range_db, high_db};

  const int count = static_cast<int>(panels.size()), all = count * (kTitle + height) + (count - 1) * kGap;
  Image image(width + kLeft + kRight, kTop + all + kBottom);
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    draw_panel(image, panels[at], levels[at], scale, kTop + i * (kTitle + height + kGap), width, height);
  }
  draw_time_axis(image, kTop + all + 1, width, duration_s);
  draw_color_bar(image, kTop + kTitle, all - kTitle, width, scale);
  return image;
}

}  // namespace pellucid::metrics
