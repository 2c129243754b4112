// The network of docs/network.md as an ONNX graph of one frame; docs/onnx.md says how it is used.
//
// Inputs `spectrum` [1, bins + 1, 2] and a `state.X` for everything a frame leaves for later ones; outputs `cleaned`,
// of spectrum's shape, and a `new_state.X` for each. A stream starts from states of zeros and feeds every new_state.X
// back as state.X. X is `blocks.N.time`, [1, bands, hidden], for a GRU; `blocks.N.time.L`, [frames, bands, width] with
// the oldest frame first, for convolution L of a mixer `conv` (none where its kernel has one tap).
#pragma once

#include <string>

#include "nn/model_file.hpp"
#include "onnx/graph.hpp"

namespace pellucid::onnx {

/// The bytes of an ONNX file. `file` is parsed; its rate, window, hop and compression go into the metadata beside
/// `metadata`, whose keys are others.
std::string network_to_onnx(const nn::ModelFile& file, const std::string& producer_version, const Metadata& metadata);

}  // namespace pellucid::onnx
