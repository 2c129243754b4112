// Short-time Fourier transform of a stream, hop by hop, and back.
//
//   StftPlan plan;  plan.init(512, arena);                 // window and tables, shared by any number of streams
//   StftAnalysis analysis;  analysis.init(plan, arena);
//   StftSynthesis synthesis;  synthesis.init(plan, arena);
//   analysis.process(plan, hop_in, spectrum);              // 256 samples -> 257 bins
//   synthesis.process(plan, spectrum, hop_out);            // -> the 256 samples that came in one hop earlier
//
// Framing as in docs/network.md: the window is the periodic square root of Hann for both directions, hop = window / 2,
// so that the products sum to one (Princen and Bradley's condition); frame t ends with the t-th hop, what lies before
// the start is zero. The spectrum is not scaled.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/arena.hpp"
#include "dsp/fft.hpp"

namespace pellucid::dsp {

class StftPlan {
 public:
  /// `window_samples` must be a size RealFft supports. False when not, or when the arena has no memory.
  bool init(uint32_t window_samples, Arena& arena);

  uint32_t window_samples() const { return fft_.size(); }
  uint32_t hop_samples() const { return fft_.size() / 2; }
  uint32_t bins() const { return fft_.bins(); }

 private:
  friend class StftAnalysis;
  friend class StftSynthesis;
  RealFft fft_;
  float* window_ = nullptr;  // [window]
  float* frame_ = nullptr;   // [window], scratch
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
  /// Takes a frame's spectrum, gives the hop_samples() samples it completes: the first half of its window.
  void process(StftPlan& plan, const float* spectrum, float* hop);

 private:
  float* overlap_ = nullptr;  // [hop]
};

}  // namespace pellucid::dsp
