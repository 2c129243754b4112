#include "cli/eval_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/eval_tables.hpp"
#include "metrics/tick.hpp"
#include "support/html.hpp"

namespace pellucid::cli {
namespace {

constexpr double kWidth = 420, kHeight = 280, kLeft = 52, kRight = 18, kTop = 30, kBottom = 42;

/// One axis: values low..high, whole steps at both ends.
struct Axis {
  double low = 0, high = 1, step = 0.2;

  void cover(double smallest, double largest, int most) {
    if (!(largest - smallest > 1e-9)) {
      smallest -= 0.5;
      largest += 0.5;
    }
    step = metrics::nice_step(largest - smallest, most);
    low = std::floor(smallest / step + 1e-9) * step;
    high = std::ceil(largest / step - 1e-9) * step;
  }
  double part(double value) const { return (value - low) / (high - low); }
};

class Plot {
 public:
  Plot(std::string title, Axis x, Axis y) : x_(x), y_(y) {
    svg_ = fmt::format(
        "<svg viewBox=\"0 0 {0} {1}\" role=\"img\"><title>{2}</title><text x=\"{3}\" y=\"18\" class=\"t\">{2}</text>",
        kWidth, kHeight, escape_html(title), kLeft);
  }
  double px(double value) const { return kLeft + x_.part(value) * (kWidth - kLeft - kRight); }
  double py(double value) const { return kHeight - kBottom - y_.part(value) * (kHeight - kTop - kBottom); }

  void x_ticks() {
    for (double v = x_.low; v <= x_.high + x_.step * 1e-6; v += x_.step) x_tick(v, metrics::tick_text(v, x_.step));
  }
  void x_tick(double value, const std::string& text) {
    label(px(value), kHeight - kBottom + 16, text, "middle");
    line(px(value), kHeight - kBottom, px(value), kHeight - kBottom + 4, "a");
  }
  void y_ticks() {
    for (double v = y_.low; v <= y_.high + y_.step * 1e-6; v += y_.step) {
      line(kLeft, py(v), kWidth - kRight, py(v), "g");
      label(kLeft - 6, py(v) + 4, metrics::tick_text(v, y_.step), "end");
    }
  }
  void x_title(const std::string& text) { label(0.5 * (kLeft + kWidth - kRight), kHeight - 8, text, "middle"); }
  void y_title(const std::string& text) {
    const double middle = 0.5 * (kTop + kHeight - kBottom);
    svg_ += fmt::format("<text x=\"12\" y=\"{0}\" text-anchor=\"middle\" transform=\"rotate(-90 12 {0})\">{1}</text>",
                        middle, escape_html(text));
  }
  void line(double x0, double y0, double x1, double y1, const char* kind) {
    svg_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>", x0, y0, x1, y1,
                        kind);
  }
  void label(double x, double y, const std::string& text, const char* anchor) {
    svg_ +=
        fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y, anchor, escape_html(text));
  }
  void raw(const std::string& text) { svg_ += text; }
  std::string finish() const { return svg_ + "</svg>\n"; }

 private:
  Axis x_, y_;
  std::string svg_;
};

std::string with_unit(std::size_t measure) {
  const Measure& m = kMeasures[measure];
  return m.unit[0] == '\0' ? m.title : fmt::format("{} ({})", m.title, m.unit);
}

/// Low, mean and high of one column; a single file has no interval.
void curve(Plot& plot, const std::vector<EvalGroup>& groups, std::size_t measure, bool after) {
  const char* kind = after ? "after" : "before";
  std::string points;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const metrics::Summary& s = (after ? groups[i].after : groups[i].before)[measure];
    if (s.count == 0) continue;
    // Side by side, so that bars do not hide one another.
    const double x = plot.px(static_cast<double>(i)) + (after ? 3 : -3);
    points += fmt::format("{:.1f},{:.1f} ", x, plot.py(s.mean));
    if (s.count > 1) plot.line(x, plot.py(s.low), x, plot.py(s.high), kind);
    plot.raw(fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" class=\"{}\"/>", x, plot.py(s.mean), kind));
  }
  plot.raw(fmt::format("<polyline points=\"{}\" class=\"{}\"/>", points, kind));
}

void legend(Plot& plot) {
  const double y = 14;
  plot.raw(
      fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4\" class=\"before\"/><circle cx=\"{}\" cy=\"{}\" r=\"4\" "
                  "class=\"after\"/>",
                  kWidth - 150, y, kWidth - 80, y));
  plot.label(kWidth - 142, y + 4, "noisy", "start");
  plot.label(kWidth - 72, y + 4, "enhanced", "start");
}

}  // namespace

std::string snr_chart(const EvalResult& result, std::size_t measure) {
  const std::vector<EvalGroup>& groups = result.snrs;
  if (groups.size() < 2) return {};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const EvalGroup& group : groups) {
    for (const metrics::Summary& s : {group.before[measure], group.after[measure]}) {
      for (double v : {s.mean, s.low, s.high}) {
        if (std::isnan(v)) continue;
        low = std::min(low, v);
        high = std::max(high, v);
      }
    }
  }
  if (!std::isfinite(low)) return {};
  Axis x{-0.5, static_cast<double>(groups.size()) - 0.5, 1}, y;
  y.cover(low, high, 6);
  Plot plot(fmt::format("{} by SNR", kMeasures[measure].title), x, y);
  plot.y_ticks();
  for (std::size_t i = 0; i < groups.size(); ++i) plot.x_tick(static_cast<double>(i), groups[i].label);
  plot.x_title("SNR of the noisy file (dB)");
  plot.y_title(with_unit(measure));
  curve(plot, groups, measure, false);
  if (result.has_after()) {
    curve(plot, groups, measure, true);
    legend(plot);
  }
  return plot.finish();
}

std::string scatter_chart(const EvalResult& result, std::size_t measure) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::string dots;
  std::vector<const EvalRow*> rows;
  for (const EvalRow& row : result.rows) {
    if (!row.after || std::isnan(row.before[measure]) || std::isnan((*row.after)[measure])) continue;
    rows.push_back(&row);
    low = std::min({low, row.before[measure], (*row.after)[measure]});
    high = std::max({high, row.before[measure], (*row.after)[measure]});
  }
  if (rows.empty()) return {};
  Axis axis;
  axis.cover(low, high, 6);
  Plot plot(fmt::format("{}, a dot a file", kMeasures[measure].title), axis, axis);
  plot.y_ticks();
  plot.x_ticks();
  plot.x_title("noisy: " + with_unit(measure));
  plot.y_title("enhanced: " + with_unit(measure));
  plot.line(plot.px(axis.low), plot.py(axis.low), plot.px(axis.high), plot.py(axis.high), "d");
  for (const EvalRow* row : rows) {
    plot.raw(
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"dot\"><title>{}: {} → {}</title></circle>",
                    plot.px(row->before[measure]), plot.py((*row->after)[measure]), escape_html(row->pair.name),
                    format_score(row->before[measure], measure), format_score((*row->after)[measure], measure)));
  }
  return plot.finish();
}

std::string histogram_chart(const EvalResult& result, std::size_t measure) {
  std::vector<double> values;
  for (const EvalRow& row : result.rows) {
    const double v = row.after ? (*row.after)[measure] - row.before[measure] : row.before[measure];
    if (!std::isnan(v)) values.push_back(v);
  }
  if (values.empty()) return {};
  Axis x, y;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  x.cover(*least, *most, 16);
  const auto bins = static_cast<std::size_t>(std::lround((x.high - x.low) / x.step));
  std::vector<int> counts(std::max<std::size_t>(1, bins));
  for (double v : values) {
    const auto bin = static_cast<std::size_t>(std::max(0.0, std::floor((v - x.low) / x.step)));
    ++counts[std::min(bin, counts.size() - 1)];
  }
  y.cover(0, *std::max_element(counts.begin(), counts.end()), 5);
  y.step = std::max(1.0, y.step);
  y.high = std::ceil(y.high / y.step) * y.step;
  Plot plot(result.has_after() ? fmt::format("Change of {}", kMeasures[measure].title) : kMeasures[measure].title, x,
            y);
  plot.y_ticks();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double left = x.low + static_cast<double>(i) * x.step;
    if (counts[i] == 0) continue;
    plot.raw(fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"bar\"/>",
                         plot.px(left) + 1, plot.py(counts[i]), plot.px(left + x.step) - plot.px(left) - 2,
                         plot.py(0) - plot.py(counts[i])));
  }
  const int every = counts.size() > 8 ? 2 : 1;
  for (std::size_t i = 0; i <= counts.size(); i += static_cast<std::size_t>(every)) {
    const double v = x.low + static_cast<double>(i) * x.step;
    plot.x_tick(v, metrics::tick_text(v, x.step));
  }
  plot.x_title(result.has_after() ? "enhanced less noisy: " + with_unit(measure) : with_unit(measure));
  plot.y_title("files");
  return plot.finish();
}

}  // namespace pellucid::cli
