#include "support/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/elapsed.hpp"
#include "support/say.hpp"
#include "support/utf8.hpp"

namespace pellucid {
namespace {

constexpr std::chrono::milliseconds kBarInterval{100};
constexpr std::chrono::seconds kLineInterval{10};
constexpr std::chrono::seconds kJsonInterval{1};

ProgressStyle detect_style() {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::strcmp(terminal, "dumb") == 0;
  return ::isatty(STDERR_FILENO) && !dumb ? ProgressStyle::kBar : ProgressStyle::kLines;
}

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

std::string format_amount(double x) {
  return std::abs(x) < 10 && x != std::floor(x) ? fmt::format("{:.1f}", x) : fmt::format("{:.0f}", x);
}

}  // namespace

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return "?";
  const auto total = static_cast<long long>(std::llround(seconds));
  const long long hours = total / 3600, minutes = total / 60 % 60, rest = total % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest) : fmt::format("{}:{:02}", minutes, rest);
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : valid_utf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

Progress::Progress(ProgressOptions options) : options_(std::move(options)), done_(options_.already) {
  if (options_.style == ProgressStyle::kAuto) options_.style = detect_style();
}

Progress::~Progress() {
  // What an error ended before it had begun has nothing to show.
  if (std::uncaught_exceptions() > exceptions_ && done() == options_.already) cancel();
  finish();
}

void Progress::add(double amount) {
  const std::lock_guard lock(mutex_);
  done_ += amount;
  show(false);
}

void Progress::add(double amount, std::string_view status) {
  const std::lock_guard lock(mutex_);
  done_ += amount;
  status_ = status;
  show(false);
}

void Progress::set_total(double total) {
  const std::lock_guard lock(mutex_);
  options_.total = total;
}

double Progress::done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

double Progress::elapsed_s() const { return pellucid::elapsed_s(start_); }

void Progress::note(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (options_.style == ProgressStyle::kJson) {
    say("{{\"event\":\"note\",\"text\":{}}}\n", json_string(line));
    return;
  }
  erase_bar();
  say("{}\n", line);
  if (!finished_) show(false);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  finished_ = true;
  show(true);
}

void Progress::cancel() {
  const std::lock_guard lock(mutex_);
  erase_bar();
  finished_ = true;
}

void Progress::erase_bar() {
  if (!bar_shown_) return;
  say("\r\x1b[K");
  bar_shown_ = false;
  shown_ = {};
}

void Progress::show(bool last) {
  const auto now = Clock::now();
  const auto since = now < shown_ ? Clock::duration::max() : now - shown_;  // a clock that went back stops no display
  const double elapsed = elapsed_s();
  const double speed = elapsed > 0 ? (done_ - options_.already) / elapsed : 0;
  const double share = options_.total > 0 ? std::clamp(done_ / options_.total, 0.0, 1.0) : 0;
  const double left = speed > 0 && options_.total > 0 ? std::max(0.0, options_.total - done_) / speed : -1;
  const std::string unit = options_.unit.empty() ? "" : " " + options_.unit;
  const std::string amount = options_.total > 0
                                 ? fmt::format("{}/{}{}", format_amount(done_), format_amount(options_.total), unit)
                                 : fmt::format("{}{}", format_amount(done_), unit);
  const std::string time = last ? "in " + format_duration(elapsed) : left >= 0 ? format_duration(left) + " left" : "";
  const std::string status = status_.empty() ? "" : ", " + status_;
  switch (options_.style) {
    case ProgressStyle::kBar: {
      if (!last && since < kBarInterval) return;
      const std::string percent = options_.total > 0 ? fmt::format("{:3.0f}% ", 100 * share) : "";
      std::string figures =
          fmt::format("{}{}, {}{}, {}{}", percent, amount, format_amount(speed), options_.rate, time, status);
      const std::size_t columns = terminal_columns() - 1;
      const std::size_t used = options_.label.size() + figures.size() + 4;
      std::string bar;
      if (options_.total > 0 && used + 10 <= columns) {
        const std::size_t width = std::min<std::size_t>(30, columns - used);
        const auto full = static_cast<std::size_t>(share * static_cast<double>(width) + 0.5);
        bar = fmt::format("[{}{}] ", std::string(full, '#'), std::string(width - full, '.'));
      }
      std::string line = fmt::format("{} {}{}", options_.label, bar, figures);
      say("\r{}\x1b[K{}", line.substr(0, columns), last ? "\n" : "");
      std::fflush(stderr);
      bar_shown_ = !last;
      break;
    }
    case ProgressStyle::kLines:
      if (!last && (now - start_ < kLineInterval || since < kLineInterval)) return;
      say("{}: {}, {}{}, {}{}\n", options_.label, amount, format_amount(speed), options_.rate, time, status);
      break;
    case ProgressStyle::kJson:
      if (!last && since < kJsonInterval) return;
      say("{{\"event\":\"{}\",\"label\":{},\"done\":{:.3f},\"total\":{:.3f},\"per_second\":{:.3f},"
          "\"elapsed_s\":{:.2f},\"left_s\":{:.1f},\"status\":{}}}\n",
          last ? "finished" : "progress", json_string(options_.label), done_, options_.total, speed, elapsed,
          last ? 0.0 : std::max(left, 0.0), json_string(status_));
      break;
    case ProgressStyle::kAuto:
    case ProgressStyle::kNone:
      return;
  }
  shown_ = now;
}

}  // namespace pellucid
