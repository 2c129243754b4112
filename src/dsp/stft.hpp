// Short-time Fourier transform of a stream, hop by hop, and back.
//
//   StftPlan plan;  plan.init(512, 256, arena);            // window and tables, shared by any number of streams
//   StftAnalysis analysis;  analysis.init(plan, arena);
//   StftSynthesis synthesis;  synthesis.init(plan, arena);
//   analysis.process(plan, hop_in, spectrum);              // 256 samples -> 257 bins
//   synthesis.process(plan, spectrum, hop_out);            // -> the oldest 256 samples of the window
//
// Framing as in docs/network.md: the window is the periodic square root of Hann for analysis; the window is R times the
// hop, so a sample lies in R windows whose squares sum to R / 2; synthesis has the same window times 2 / R, so that the
// products sum to one (for R = 2 Princen and Bradley's condition). Frame t ends with the t-th hop, what lies before the
// start is zero. The spectrum is not scaled.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/arena.hpp"
#include "dsp/fft.hpp"

namespace pellucid::dsp {

class StftPlan {
 public:
  /// `window_samples` must be a size RealFft supports, and a multiple (not once) of `hop_samples`. False when not, or
  /// when the arena has no memory.
  bool init(uint32_t window_samples, uint32_t hop_samples, Arena& arena);
  /// Hops of half a window.
  bool init(uint32_t window_samples, Arena& arena) { return init(window_samples, window_samples / 2, arena); }

  uint32_t window_samples() const { return fft_.size(); }
  uint32_t hop_samples() const { return hop_; }
  uint32_t bins() const { return fft_.bins(); }

 private:
  friend class StftAnalysis;
  friend class StftSynthesis;
  RealFft fft_;
  uint32_t hop_ = 0;
  float* window_ = nullptr;     // [window]
  float* synthesis_ = nullptr;  // [window]; the same memory where the windows are the same
  float* frame_ = nullptr;      // [window], scratch
};

class StftAnalysis {
 public:
  bool init(const StftPlan& plan, Arena& arena);
  void reset(const StftPlan& plan);
  /// Takes hop_samples() new samples, gives the frame's spectrum[2 * bins()], re and im in turn.
  void process(StftPlan& plan, const float* hop, float* spectrum);
  /// The last window_samples() samples, oldest first.
  const float* history() const { return history_; }

 private:
  float* history_ = nullptr;  // [window]
};

class StftSynthesis {
 public:
  bool init(const StftPlan& plan, Arena& arena);
  void reset(const StftPlan& plan);
  /// Takes a frame's spectrum, gives the hop_samples() samples it completes: the first hop of its window.
  void process(StftPlan& plan, const float* spectrum, float* hop);

 private:
  float* overlap_ = nullptr;  // [window - hop]
};

}  // namespace pellucid::dsp
