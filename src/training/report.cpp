#include "training/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>

#include "support/atomic_file.hpp"
#include "support/html.hpp"
#include "support/read_file.hpp"

namespace pellucid::training {
namespace {

constexpr char kHeader[] =
    "step,hours_of_audio,loss,learning_rate,valid_loss,valid_si_sdr_db,valid_stoi,valid_noise_alone_db,audio_s_per_s,"
    "waited_share,peak_share\n";

std::string row(const CurvePoint& p) {
  const std::string valid =
      p.validated ? fmt::format("{:.6f},{:.4f},{:.5f},{:.2f}", p.valid_loss, p.si_sdr_db, p.stoi, p.noise_alone_db)
                  : std::string(",,,");
  return fmt::format("{},{:.5f},{:.6f},{:.6g},{},{:.1f},{:.4f},{:.4f}\n", p.step, p.hours_of_audio, p.loss,
                     p.learning_rate, valid, p.audio_s_per_s, p.waited_share, p.peak_share);
}

bool parse(const std::string& line, CurvePoint& p) {
  std::vector<std::string> cells;
  std::stringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  if (cells.size() == 9) cells.emplace_back("0");  // from before there was a peak_share
  if (cells.size() == 10) cells.insert(cells.begin() + 7, cells[4].empty() ? "" : "nan");  // and noise alone
  if (cells.size() != 11) return false;
  const auto number = [&](std::size_t i) { return std::strtod(cells[i].c_str(), nullptr); };
  p = {long(number(0)), number(1), number(2), number(3), !cells[4].empty(), number(4),
       number(5),       number(6), number(7), number(8), number(9),         number(10)};
  return true;
}

using Value = std::function<double(const CurvePoint&)>;

std::string plot(const std::string& title, const std::vector<CurvePoint>& points, const Value& value, bool validated) {
  constexpr double kWidth = 560, kHeight = 240, kLeft = 64, kRight = 16, kTop = 34, kBottom = 34;
  std::vector<std::pair<double, double>> xy;
  for (const auto& p : points)
    if ((!validated || p.validated) && std::isfinite(value(p))) xy.emplace_back(p.hours_of_audio, value(p));
  if (xy.empty()) return {};
  double low = xy[0].second, high = xy[0].second;
  for (const auto& [x, y] : xy) low = std::min(low, y), high = std::max(high, y);
  if (high - low < 1e-9) high = low + 1;
  const double last = std::max(xy.back().first, 1e-9);
  const auto px = [&](double x) { return kLeft + x / last * (kWidth - kLeft - kRight); };
  const auto py = [&](double y) { return kHeight - kBottom - (y - low) / (high - low) * (kHeight - kTop - kBottom); };
  std::string svg =
      fmt::format("<svg viewBox='0 0 {} {}' role='img' aria-label='{}'><text x='{}' y='20' class='t'>{}</text>", kWidth,
                  kHeight, title, kLeft, title);
  for (int i = 0; i <= 4; ++i) {
    const double y = low + (high - low) * i / 4.0, x = last * i / 4.0;
    svg += fmt::format(
        "<line x1='{}' x2='{}' y1='{:.1f}' y2='{:.1f}' class='g'/><text x='{}' y='{:.1f}' class='a' "
        "text-anchor='end'>{:.4g}</text>",
        kLeft, kWidth - kRight, py(y), py(y), kLeft - 6, py(y) + 4, y);
    svg +=
        fmt::format("<text x='{:.1f}' y='{}' class='a' text-anchor='middle'>{:.3g} h</text>", px(x), kHeight - 12, x);
  }
  std::string line;
  const std::size_t stride = std::max<std::size_t>(1, xy.size() / 1000);
  for (std::size_t i = 0; i < xy.size(); i += stride)
    line += fmt::format("{:.1f},{:.1f} ", px(xy[i].first), py(xy[i].second));
  return svg + fmt::format(
                   "<polyline points='{}' class='l'/><text x='{}' y='20' class='a' text-anchor='end'>last "
                   "{:.4g}</text></svg>\n",
                   line, kWidth - kRight, xy.back().second);
}

}  // namespace

Curve::Curve(std::filesystem::path folder, std::string name, long last_step)
    : folder_(std::move(folder)), name_(std::move(name)) {
  std::istringstream in(read_file_if_there(folder_ / "curve.csv", ExitCode::kTraining).value_or(""));
  CurvePoint p;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && std::isdigit(static_cast<unsigned char>(line[0])) && parse(line, p) && p.step <= last_step)
      points_.push_back(p);
}

void Curve::add(const CurvePoint& point) { points_.push_back(point); }

void Curve::write(bool running) const {
  std::string csv = kHeader;
  for (const auto& p : points_) csv += row(p);
  write_file(folder_ / "curve.csv", csv);
  std::string html = "<!doctype html><html lang='en'><meta charset='utf-8'>";
  if (running) html += "<meta http-equiv='refresh' content='30'>";
  html += fmt::format(
      "<title>{0}: training</title><style>body{{font:15px system-ui,sans-serif;margin:2em;color:#222;background:#fff}}"
      "main{{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1em}}svg{{border:1px solid "
      "#ddd}}"
      ".t{{font-weight:600;font-size:14px}}.a{{font-size:11px;fill:#555}}.g{{stroke:#eee}}"
      ".l{{fill:none;stroke:#2266cc;stroke-width:1.5}}</style><h1>{0}</h1>",
      escape_html(name_));
  if (!points_.empty()) {
    const auto& p = points_.back();
    html += fmt::format(
        "<p>Step {}, {:.1f} hours of mixtures seen, {:.0f} s of audio a second, {:.1f} % of the time spent waiting for "
        "data, {:.0f} % of the cores' peak.{}</p><main>",
        p.step, p.hours_of_audio, p.audio_s_per_s, 100 * p.waited_share, 100 * p.peak_share,
        running ? " Running; the page reloads itself." : "");
    html += plot(
        "Training loss", points_, [](const CurvePoint& c) { return c.loss; }, false);
    html += plot(
        "Validation loss", points_, [](const CurvePoint& c) { return c.valid_loss; }, true);
    html += plot(
        "Validation SI-SDR, dB", points_, [](const CurvePoint& c) { return c.si_sdr_db; }, true);
    html += plot(
        "Validation STOI", points_, [](const CurvePoint& c) { return c.stoi; }, true);
    html += plot(
        "Validation: left of noise alone, dB", points_, [](const CurvePoint& c) { return c.noise_alone_db; }, true);
    html += plot(
        "Learning rate", points_, [](const CurvePoint& c) { return c.learning_rate; }, false);
    html += plot(
        "Speed, seconds of audio a second", points_, [](const CurvePoint& c) { return c.audio_s_per_s; }, false);
    html += "</main>";
  }
  write_file(folder_ / "curve.html", html + "</html>\n");
}

}  // namespace pellucid::training
