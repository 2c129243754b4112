// The perceptual model of ITU-T P.862: from two aligned signals to one figure.
#pragma once

#include <vector>

#include "metrics/pesq_alignment.hpp"
#include "metrics/pesq_signal.hpp"

namespace pellucid::metrics::pesq {

/// The raw score, -0.5..4.5. The signals have their level and their input filter; `utterances` is not empty.
double raw_score(const Signal& reference, const Signal& degraded, const std::vector<Utterance>& utterances);

}  // namespace pellucid::metrics::pesq
