#include "cli/eval_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <span>

#include "audio/pcm_stream.hpp"
#include "cli/eval_charts.hpp"
#include "cli/eval_tables.hpp"
#include "metrics/spectrogram.hpp"
#include "support/html.hpp"

namespace pellucid::cli {
namespace {

constexpr double kLongestPlayerSeconds = 20;  // of a long file the page holds its start

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Pellucid evaluation</title>
<style>
:root{--paper:#fff;--ink:#1c1b22;--soft:#6b6876;--line:#e3e1e8;--band:#f6f5f9;--before:#9a94a8;--after:#b5367a;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--paper:#17151c;--ink:#eceaf2;--soft:#a29eb0;--line:#35323f;--band:#201d27;--before:#8c869b;--after:#fb8761}}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.3rem 0;max-width:60rem}.soft{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:.25rem .8rem;text-align:right;border-bottom:1px solid var(--line)}th:first-child,td:first-child{text-align:left;padding-left:.4rem}
thead th{background:var(--band);font-weight:600}th[data-sort]{cursor:pointer}td.good{color:#2a8f5b}td.bad{color:#cf3f3f}small{color:var(--soft)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem}
svg{width:100%;height:auto;background:var(--band);border-radius:6px}svg text{fill:var(--soft);font:11px system-ui,sans-serif}svg .t{fill:var(--ink);font-weight:600;font-size:13px}
svg .g{stroke:var(--line)}svg .a,svg .d{stroke:var(--soft)}svg .d{stroke-dasharray:4 4}
svg circle.before{fill:var(--before)}svg circle.after{fill:var(--after)}svg line.before,svg polyline.before{stroke:var(--before)}svg line.after,svg polyline.after{stroke:var(--after)}
svg polyline{fill:none;stroke-width:1.6}svg line{stroke-width:1.2}svg .dot{fill:var(--after);fill-opacity:.65}svg .bar{fill:var(--after);fill-opacity:.8}
.players{display:flex;flex-wrap:wrap;gap:1rem;margin:.4rem 0}.players label{display:block;color:var(--soft)}audio{height:2.2rem;width:19rem;max-width:100%}
img{width:100%;max-width:1200px;height:auto;background:#fff;border-radius:6px}
</style></head><body>
)";

constexpr const char* kScript = R"(<script>
for (const th of document.querySelectorAll("th[data-sort]")) th.onclick = () => {
  const body = th.closest("table").tBodies[0], i = th.cellIndex, up = th.dataset.sort !== "up";
  const key = row => row.cells[i].dataset.v ?? row.cells[i].textContent;
  const order = (a, b) => { const x = parseFloat(key(a)), y = parseFloat(key(b));
    return isNaN(x) || isNaN(y) ? key(a).localeCompare(key(b)) : x - y; };
  body.append(...[...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)));
  for (const other of th.parentNode.cells) if ("sort" in other.dataset) other.dataset.sort = "";
  th.dataset.sort = up ? "up" : "down";
};
</script>
)";

std::string base64(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = (group << 8) | (k < count ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? kDigits[(group >> (18 - 6 * k)) & 63U] : '=';
  }
  return out;
}

std::string player(const char* name, std::span<const float> samples, int rate_hz) {
  const auto most = static_cast<std::size_t>(kLongestPlayerSeconds * rate_hz);
  const std::vector<double> part(samples.begin(),
                                 samples.begin() + static_cast<std::ptrdiff_t>(std::min(most, samples.size())));
  const audio::WavHeader header{audio::Pcm::kS16, rate_hz, 1, part.size() * 2};
  const std::string head = audio::make_wav_header(header);
  std::vector<std::uint8_t> wav(head.begin(), head.end());
  wav.resize(head.size() + part.size() * 2);
  audio::encode_pcm(audio::Pcm::kS16, part, wav.data() + head.size());
  return fmt::format(
      "<label>{}<br><audio controls preload=\"none\" src=\"data:audio/wav;base64,{}\"></audio></label>\n", name,
      base64(wav));
}

std::string note(const Scores& scores) {
  return fmt::format("PESQ {}, STOI {}, SI-SDR {} dB", format_score(scores[kPesq], kPesq),
                     format_score(scores[kStoi], kStoi), format_score(scores[kSiSdr], kSiSdr));
}

std::string example(const char* what, const EvalRow& row, const EvalSounds& sounds) {
  std::vector<metrics::SpectrogramPanel> panels = {{sounds.noisy.values(), sounds.rate_hz, "Noisy", note(row.before)}};
  if (row.after) panels.push_back({sounds.enhanced.values(), sounds.rate_hz, "Enhanced", note(*row.after)});
  panels.push_back({sounds.clean.values(), sounds.rate_hz, "Clean", ""});
  const std::vector<std::uint8_t> png = metrics::draw_spectrograms(panels, {.width = 1200, .panel_height = 200}).png();
  const EvalCondition& condition = row.pair.condition;
  std::string text = fmt::format("<h3>{}: {}</h3>\n<p class=\"soft\">", what, escape_html(row.pair.name));
  if (condition.snr_db) text += fmt::format("SNR {:g} dB. ", *condition.snr_db);
  if (!condition.noise.empty()) text += fmt::format("Noise: {}. ", escape_html(condition.noise));
  if (row.seconds > kLongestPlayerSeconds)
    text += fmt::format("The players hold the first {} s.", kLongestPlayerSeconds);
  text += "</p>\n<div class=\"players\">" + player("noisy", sounds.noisy.values(), sounds.rate_hz);
  if (row.after) text += player("enhanced", sounds.enhanced.values(), sounds.rate_hz);
  text += player("clean", sounds.clean.values(), sounds.rate_hz) + "</div>\n";
  text += fmt::format("<img alt=\"Spectrograms of {}\" src=\"data:image/png;base64,{}\">\n", escape_html(row.pair.name),
                      base64(png));
  return text;
}

std::string header_cells(const EvalResult& result, bool sortable) {
  std::string text;
  for (std::size_t index : result.shown) {
    const Measure& m = kMeasures[index];
    text += fmt::format("<th{}>{} <small>{}{}</small></th>", sortable ? " data-sort=\"\"" : "", m.title, m.unit,
                        m.higher_is_better ? "" : " ↓");
  }
  return text;
}

std::string summary_cell(const metrics::Summary& s, std::size_t m, bool as_change) {
  if (s.count == 0) return "<td>-</td>";
  const int digits = kMeasures[m].digits;
  const bool sure = s.count > 1 && (s.low > 0 || s.high < 0);
  const bool good = (s.mean > 0) == kMeasures[m].higher_is_better;
  std::string text = fmt::format("<td{}>", as_change && sure ? (good ? " class=\"good\"" : " class=\"bad\"") : "");
  text += as_change ? fmt::format("{:+.{}f}", s.mean, digits) : fmt::format("{:.{}f}", s.mean, digits);
  if (s.count > 1) text += fmt::format(" <small>{:.{}f}…{:.{}f}</small>", s.low, digits, s.high, digits);
  return text + "</td>";
}

std::string means_table(const EvalResult& result) {
  std::string text =
      "<div class=\"wide\"><table><thead><tr><th></th>" + header_cells(result, false) + "</tr></thead><tbody>\n";
  const auto row = [&](const char* name, const Summaries& summaries, bool as_change) {
    text += fmt::format("<tr><td>{}</td>", name);
    for (std::size_t m : result.shown) text += summary_cell(summaries[m], m, as_change);
    text += "</tr>\n";
  };
  row("noisy", result.all.before, false);
  if (result.has_after()) {
    row("enhanced", result.all.after, false);
    row("change", result.all.change, true);
  }
  return text + "</tbody></table></div>\n";
}

std::string scores_cell(double before, double after, bool has_after, std::size_t m) {
  if (!has_after) return fmt::format("<td>{}</td>", format_score(before, m));
  const double gain = (after - before) * (kMeasures[m].higher_is_better ? 1 : -1);
  return fmt::format("<td data-v=\"{:.6g}\">{} → <span>{}</span></td>", std::isnan(gain) ? -1e9 : gain,
                     format_score(before, m), format_score(after, m));
}

std::string groups_table(const EvalResult& result, const std::vector<EvalGroup>& groups, const char* head) {
  if (groups.empty()) return {};
  std::string text = fmt::format(
      "<h2>By {}</h2>\n<div class=\"wide\"><table><thead><tr><th>{}</th><th>files</th>{}</tr>"
      "</thead><tbody>\n",
      head, head, header_cells(result, false));
  for (const EvalGroup& group : groups) {
    text += fmt::format("<tr><td>{}</td><td>{}</td>", escape_html(group.label), group.files);
    for (std::size_t m : result.shown) {
      text += scores_cell(group.before[m].mean, group.after[m].mean, result.has_after(), m);
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string files_table(const EvalResult& result) {
  std::string text = fmt::format(
      "<h2>Files</h2>\n<p class=\"soft\">A click on a head sorts{}.</p>\n<div class=\"wide\"><table><thead><tr>"
      "<th data-sort=\"\">file</th><th data-sort=\"\">SNR <small>dB</small></th><th data-sort=\"\">noise</th>"
      "<th data-sort=\"\">length <small>s</small></th>{}</tr></thead><tbody>\n",
      result.has_after() ? ", measures by their gain" : "", header_cells(result, true));
  for (const EvalRow& row : result.rows) {
    const EvalCondition& condition = row.pair.condition;
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.1f}</td>", escape_html(row.pair.name),
                        condition.snr_db ? fmt::format("{:g}", *condition.snr_db) : "-",
                        condition.noise.empty() ? "-" : escape_html(condition.noise), row.seconds);
    for (std::size_t m : result.shown) {
      text += scores_cell(row.before[m], row.after ? (*row.after)[m] : NAN, result.has_after(), m);
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string left_out(const EvalResult& result) {
  if (result.unmatched.empty() && result.problems.empty()) return {};
  std::string text = "<h2>Left out</h2>\n<ul>\n";
  for (const EvalProblem& problem : result.problems) text += "<li>" + escape_html(problem.sentence) + "</li>\n";
  for (const std::string& sentence : result.unmatched) text += "<li>" + escape_html(sentence) + "</li>\n";
  return text + "</ul>\n";
}

/// Rows from the one that gained most (without an after: is best) to the one that gained least, by SI-SDR.
std::vector<const EvalRow*> ranked(const EvalResult& result) {
  const auto gain = [](const EvalRow& row) {
    const double value = row.after ? (*row.after)[kSiSdr] - row.before[kSiSdr] : row.before[kSiSdr];
    return std::isnan(value) ? -1e9 : value;
  };
  std::vector<const EvalRow*> rows;
  for (const EvalRow& row : result.rows) rows.push_back(&row);
  std::stable_sort(rows.begin(), rows.end(), [&](const EvalRow* a, const EvalRow* b) { return gain(*a) > gain(*b); });
  return rows;
}

}  // namespace

std::string to_html(const EvalResult& result, const std::function<EvalSounds(const EvalPair&)>& load) {
  std::string html = kHead;
  html +=
      fmt::format("<h1>Pellucid evaluation</h1>\n<p class=\"soft\">{} files, {:.1f} minutes. Clean: {}. Noisy: {}.{}",
                  result.rows.size(), result.seconds() / 60, escape_html(result.clean), escape_html(result.noisy),
                  result.has_after() ? " Enhanced: " + escape_html(result.after) + "." : "");
  if (result.denoise_seconds() > 0) {
    html += fmt::format(" Denoised at {:.0f} × real time a thread.", result.seconds() / result.denoise_seconds());
  }
  html += "</p>\n<h2>Means</h2>\n" + means_table(result);
  html +=
      "<p class=\"soft\">Small figures: 95 % interval of the mean (percentile bootstrap over files, 10 000 resamples). "
      "Higher is better but where ↓ stands. SI-SDR: scale-invariant signal-to-distortion ratio; STOI, ESTOI: "
      "short-time "
      "objective intelligibility, plain and extended; PESQ: ITU-T P.862.2, wide band; CSIG, CBAK, COVL: composite "
      "opinion scores of speech, background and whole; segSNR: segmental SNR; LLR: log-likelihood ratio; WSS: weighted "
      "spectral slope; LSD: log-spectral distance.</p>\n";
  html += "<h2>Plots</h2>\n<div class=\"plots\">\n";
  for (std::size_t m : {kSiSdr, kStoi}) html += snr_chart(result, m);
  for (std::size_t m : {kSiSdr, kStoi}) html += scatter_chart(result, m);
  for (std::size_t m : {kSiSdr, kStoi}) html += histogram_chart(result, m);
  html += "</div>\n" + groups_table(result, result.snrs, "SNR") + groups_table(result, result.noises, "noise");

  const std::vector<const EvalRow*> rows = ranked(result);
  html += fmt::format("<h2>Best, median and worst</h2>\n<p class=\"soft\">By {}.</p>\n",
                      result.has_after() ? "the change of SI-SDR" : "SI-SDR");
  html += example("Best", *rows.front(), load(rows.front()->pair));
  if (rows.size() > 2) html += example("Median", *rows[rows.size() / 2], load(rows[rows.size() / 2]->pair));
  if (rows.size() > 1) html += example("Worst", *rows.back(), load(rows.back()->pair));
  return html + files_table(result) + left_out(result) + kScript + "</body></html>\n";
}

}  // namespace pellucid::cli
