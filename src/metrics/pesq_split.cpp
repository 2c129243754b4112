#include <algorithm>
#include <cstdlib>
#include <optional>

#include "metrics/pesq_alignment.hpp"

namespace pellucid::metrics::pesq {
namespace {

constexpr int kShortestWindows = 200;  // shorter utterances stay whole
constexpr int kFrame = DelayHistogram::kFrame, kStep = DelayHistogram::kStep;

struct Part {
  int coarse_delay = 0, delay = 0;
  double confidence = -1;
};

/// A place to divide an utterance, and what the parts before and after it are delayed by.
struct Split {
  int at = 0;  ///< window
  Part before, after;
};

/// Up to 40 places, none near the ends.
std::vector<Split> candidates(int begin, int end) {
  constexpr int kMost = 40, kUnit = kFrame / (4 * kWindow), kLeastPad = 75;
  const int windows = end - begin;
  const int step = static_cast<int>((0.801 * windows + kMost * kUnit - 1) / (kMost * kUnit)) * kUnit;
  const int pad = std::max(kLeastPad, windows / 10);
  std::vector<Split> splits;
  int at = begin + pad;
  do {
    splits.push_back({at, {}, {}});
    at += step;
  } while (at <= end - pad && splits.size() < kMost);
  return splits;
}

/// Candidates whose parts share a coarse delay share a histogram that grows from one to the next.
void measure_before(Listening& listening, int begin, std::vector<Split>& splits) {
  for (std::size_t first = 0; first < splits.size(); ++first) {
    if (splits[first].before.confidence >= 0) continue;
    const int delay = splits[first].before.coarse_delay;
    DelayHistogram histogram(listening.correlator);
    int at = std::max(begin * kWindow, -delay);
    for (std::size_t s = first; s < splits.size(); ++s) {
      Part& part = splits[s].before;
      if (part.coarse_delay != delay || part.confidence >= 0) continue;
      while (at + delay + kFrame <= listening.degraded.length && at + kFrame <= splits[s].at * kWindow) {
        histogram.add(listening.reference, at, listening.degraded, at + delay);
        at += kStep;
      }
      part.delay = delay + histogram.delay();
      part.confidence = histogram.confidence();
    }
  }
}

/// The same from the end towards the beginning.
void measure_after(Listening& listening, int end, std::vector<Split>& splits) {
  for (std::size_t first = splits.size(); first-- > 0;) {
    if (splits[first].after.confidence >= 0) continue;
    const int delay = splits[first].after.coarse_delay;
    DelayHistogram histogram(listening.correlator);
    int at = std::min(end * kWindow, listening.degraded.length - delay) - kFrame;
    for (std::size_t s = first + 1; s-- > 0;) {
      Part& part = splits[s].after;
      if (part.coarse_delay != delay || part.confidence >= 0) continue;
      while (at + delay >= 0 && at >= splits[s].at * kWindow) {
        histogram.add(listening.reference, at, listening.degraded, at + delay);
        at -= kStep;
      }
      part.delay = delay + histogram.delay();
      part.confidence = histogram.confidence();
    }
  }
}

/// The place within the speech [speech_begin, speech_end) where both parts are surer of their delays than the whole
/// was, if there is one.
std::optional<Split> best_split(Listening& listening, const Utterance& whole, int speech_begin, int speech_end) {
  std::vector<Split> splits = candidates(speech_begin, speech_end);
  const int begin = std::max(0, whole.begin), end = std::min(whole.end, listening.reference.length / kWindow);
  for (Split& split : splits) {
    split.before.coarse_delay = coarse_delay(listening, begin, split.at, whole.coarse_delay);
    split.after.coarse_delay = coarse_delay(listening, split.at, end, whole.coarse_delay);
  }
  measure_before(listening, begin, splits);
  // What is not sure enough in front needs no look behind.
  for (Split& split : splits) {
    if (split.before.confidence <= whole.confidence) split.after.confidence = 0;
  }
  measure_after(listening, end, splits);
  std::optional<Split> best;
  double best_sum = 0;
  for (const Split& split : splits) {
    const double sum = split.before.confidence + split.after.confidence;
    if (std::abs(split.after.delay - split.before.delay) < kWindow || sum <= best_sum) continue;
    if (split.before.confidence <= whole.confidence || split.after.confidence <= whole.confidence) continue;
    best = split;
    best_sum = sum;
  }
  return best;
}

void take(Utterance& utterance, const Part& part) {
  utterance.coarse_delay = part.coarse_delay;
  utterance.delay = part.delay;
  utterance.confidence = part.confidence;
}

}  // namespace

void split_utterances(Listening& listening, std::vector<Utterance>& utterances) {
  const std::vector<float>& power = listening.reference_activity.power;
  const auto silent = [&](int window) { return power[static_cast<std::size_t>(window)] <= 0; };
  const int length = listening.degraded.length;
  for (std::size_t u = 0; u < utterances.size() && utterances.size() < kMostUtterances;) {
    const Utterance whole = utterances[u];
    int begin = std::max(0, whole.begin), end = std::min(whole.end, static_cast<int>(power.size()) - 1);
    while (begin < end && silent(begin)) ++begin;
    while (end > begin && silent(end)) --end;
    ++end;
    const std::optional<Split> split =
        end - begin >= kShortestWindows ? best_split(listening, whole, begin, end) : std::nullopt;
    if (!split) {
      ++u;
      continue;
    }
    utterances.insert(utterances.begin() + static_cast<std::ptrdiff_t>(u), whole);
    Utterance &before = utterances[u], &after = utterances[u + 1];
    take(before, split->before);
    take(after, split->after);
    // Where the delay grows, the samples between the two belong to neither.
    const int gap = std::max(0, (after.delay - before.delay) / (2 * kWindow));
    before.end = split->at + gap;
    after.begin = split->at - gap;
    if ((before.begin - kMarginWindows) * kWindow + before.delay < 0) {
      before.begin = kMarginWindows + (kWindow - 1 - before.delay) / kWindow;
    }
    if (after.end * kWindow + after.delay > length - kMargin) {
      after.end = (length - after.delay) / kWindow - kMarginWindows;
    }
  }
}

}  // namespace pellucid::metrics::pesq
