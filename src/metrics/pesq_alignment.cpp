#include "metrics/pesq_alignment.hpp"

#include <algorithm>
#include <utility>

namespace pellucid::metrics::pesq {
namespace {

constexpr int kShortestWindows = 50;

/// Runs of speech that both signals hold, once all is shifted by `delay`.
std::vector<Utterance> find_utterances(const Listening& listening, int delay) {
  const std::vector<float>& power = listening.reference_activity.power;
  const int windows = static_cast<int>(power.size());
  const int first = kShortestWindows - delay / kWindow;
  const int last = (listening.degraded.length - delay) / kWindow - kShortestWindows;
  std::vector<Utterance> utterances;
  int begin = -1;
  for (int i = 0; i < windows; ++i) {
    const bool speech = power[static_cast<std::size_t>(i)] > 0;
    if (speech && begin < 0) begin = i;
    if (begin < 0 || (speech && i < windows - 1)) continue;
    if (i - begin >= kShortestWindows && begin < last && i > first) {
      Utterance utterance;
      utterance.search_begin = std::max(0, begin - kMarginWindows);
      utterance.search_end = std::min(windows - 1, i + kMarginWindows);
      utterance.begin = begin;
      utterance.end = i;
      utterances.push_back(utterance);
    }
    begin = -1;
  }
  return utterances;
}

void find_delay(Listening& listening, Utterance& utterance) {
  DelayHistogram histogram(listening.correlator);
  const int delay = utterance.coarse_delay;
  int at = std::max(utterance.search_begin * kWindow, -delay);
  while (at + delay + DelayHistogram::kFrame <= listening.degraded.length &&
         at + DelayHistogram::kFrame <= utterance.search_end * kWindow) {
    histogram.add(listening.reference, at, listening.degraded, at + delay);
    at += DelayHistogram::kStep;
  }
  utterance.delay = delay + histogram.delay();
  utterance.confidence = histogram.confidence();
}

/// Utterances meet in the middle of the pauses, cover the whole signal, and nothing is heard twice.
void close_gaps(const Listening& listening, std::vector<Utterance>& utterances) {
  const int windows = static_cast<int>(listening.reference_activity.power.size());
  const int length = listening.degraded.length;
  utterances.front().begin = kMarginWindows;
  utterances.back().end = windows - kMarginWindows;
  for (std::size_t u = 1; u < utterances.size(); ++u) {
    utterances[u].begin = utterances[u - 1].end = (utterances[u].begin + utterances[u - 1].end) / 2;
  }
  Utterance &first = utterances.front(), &last = utterances.back();
  if (first.begin * kWindow + first.delay < kMargin)
    first.begin = kMarginWindows + (kWindow - 1 - first.delay) / kWindow;
  if (last.end * kWindow + last.delay > length - kMargin) last.end = (length - last.delay) / kWindow - kMarginWindows;
  for (std::size_t u = 1; u < utterances.size(); ++u) {
    Utterance &before = utterances[u - 1], &after = utterances[u];
    const int begin = after.begin * kWindow + after.delay, end = before.end * kWindow + before.delay;
    if (begin >= end) continue;
    const int middle = (begin + end) / 2;
    after.begin = (kWindow - 1 + middle - after.delay) / kWindow;
    before.end = (middle - before.delay) / kWindow;
  }
}

}  // namespace

Listening::Listening(Signal ref, Signal deg)
    : reference(std::move(ref)),
      degraded(std::move(deg)),
      reference_activity(find_activity(reference)),
      degraded_activity(find_activity(degraded)) {}

int coarse_delay(Listening& listening, int begin, int end, int delay) {
  const std::vector<float>&reference = listening.reference_activity.log_power,
        &degraded = listening.degraded_activity.log_power;
  int from = begin + delay / kWindow;
  if (from < 0) {
    begin = -delay / kWindow;
    from = 0;
  }
  const int count = end - begin, degraded_count = std::min(count, static_cast<int>(degraded.size()) - from);
  if (count < 1 || degraded_count < 1) return delay;
  const auto part = [](const std::vector<float>& x, int at, int n) {
    return std::span(x).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(n));
  };
  return delay +
         kWindow * listening.correlator.best_lag(part(reference, begin, count), part(degraded, from, degraded_count));
}

std::vector<Utterance> align(Listening& listening) {
  const int whole = coarse_delay(listening, 0, static_cast<int>(listening.reference_activity.power.size()), 0);
  std::vector<Utterance> utterances = find_utterances(listening, whole);
  if (utterances.empty()) return utterances;
  for (Utterance& utterance : utterances) {
    utterance.coarse_delay = coarse_delay(listening, utterance.search_begin, utterance.search_end, whole);
    find_delay(listening, utterance);
  }
  close_gaps(listening, utterances);
  split_utterances(listening, utterances);
  return utterances;
}

}  // namespace pellucid::metrics::pesq
