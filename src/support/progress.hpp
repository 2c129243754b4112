// Progress on stderr: a bar on a terminal, a line every ten seconds in a log, JSON lines for a program.
//
//   Progress progress({.label = "Denoising", .total = seconds, .unit = "s", .rate = "x real time"});
//   progress.add(0.5);           // from any thread
//   progress.note("a.wav: skipped: ...");
//   progress.finish();
#pragma once

#include <chrono>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>

namespace pellucid {

enum class ProgressStyle { kAuto, kBar, kLines, kJson, kNone };

struct ProgressOptions {
  std::string label = "";
  double total = 0;         ///< 0: not known
  double already = 0;       ///< done before this run: shown, but no part of the speed
  std::string unit = "";    ///< of total: "files", "s"
  std::string rate = "/s";  ///< written after amount per second, for example " files/s" or " x real time"
  ProgressStyle style = ProgressStyle::kAuto;
};

class Progress {
 public:
  explicit Progress(ProgressOptions options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(double amount = 1);
  /// The same with a word on what goes on, shown behind the figures ("loss 0.123").
  void add(double amount, std::string_view status);
  void set_total(double total);
  /// Prints a line of its own without disturbing the bar. {"event":"note"} for a program.
  void note(std::string_view line);
  /// The last state, then a new line. Also called by the destructor, but where an error ends what had not begun.
  void finish();
  /// Takes the bar away and shows nothing more: for work that failed.
  void cancel();
  double done() const;
  double elapsed_s() const;

 private:
  using Clock = std::chrono::steady_clock;
  void show(bool last);
  void erase_bar();

  ProgressOptions options_;
  double done_ = 0;
  std::string status_;
  int exceptions_ = std::uncaught_exceptions();
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_{};
  bool bar_shown_ = false;
  bool finished_ = false;
  mutable std::mutex mutex_;
};

/// "1:02:03", "4:05", "0:07".
std::string format_duration(double seconds);

/// `text` as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace pellucid
