// A float model as an int8 one, by what calibration saw: docs/compression.md has the formulae.
//
//   FloatNetwork network(file);
//   Calibration calibration(network);  calibration.add(samples); …
//   const QuantizedModel model = quantize(network, calibration);
#pragma once

#include "quantization/calibration.hpp"
#include "quantization/float_network.hpp"
#include "quantization/integer_file.hpp"

namespace pellucid::quantization {

/// Everything but metadata other than the architecture's: `arithmetic`, `features_q` and `mask_q`.
/// Throws Error(kModel) when a row cannot be held by integers.
QuantizedModel quantize(const FloatNetwork& network, const Calibration& calibration);

}  // namespace pellucid::quantization
