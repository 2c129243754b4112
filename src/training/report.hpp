// The training's curve: a CSV, and a page of plots in one self-contained file that refreshes while it trains.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pellucid::training {

struct CurvePoint {
  long step = 0;
  double hours_of_audio = 0, loss = 0, learning_rate = 0;
  bool validated = false;
  double valid_loss = 0, si_sdr_db = 0, stoi = 0, noise_alone_db = 0;
  /// Speed, the only columns that differ between runs; peak_share is of the machine's measured multiply-adds a second,
  /// 0 where that is not known.
  double audio_s_per_s = 0, waited_share = 0, peak_share = 0;
};

class Curve {
 public:
  /// Reads an earlier curve.csv up to and with `last_step`; later rows are dropped.
  Curve(std::filesystem::path folder, std::string name, long last_step);
  void add(const CurvePoint& point);
  /// Writes curve.csv and curve.html; the page reloads itself while `running`.
  void write(bool running) const;

 private:
  std::filesystem::path folder_;
  std::string name_;
  std::vector<CurvePoint> points_;
};

}  // namespace pellucid::training
