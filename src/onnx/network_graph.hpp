// The network of docs/network.md as an ONNX graph of one frame; docs/onnx.md says how it is used.
//
// Inputs `spectrum` [1, bins + 1, 2] and a `state.X` for everything a frame leaves for later ones; outputs `cleaned`,
// of spectrum's shape, and a `new_state.X` for each. A stream starts from states of zeros and feeds every new_state.X
// back as state.X. X is `blocks.N.time`, [1, bands, hidden], for a GRU; the same name, [context - 1, bands, 2 hidden]
// with the oldest frame first, for attention; `blocks.N.time.L`, [frames, bands, width] likewise, for convolution L of
// a mixer `conv`. There is none where a mixer sees one frame.
#pragma once

#include <string>

#include "nn/model_file.hpp"
#include "onnx/graph.hpp"

namespace pellucid::onnx {

/// The bytes of an ONNX file. `file` is parsed; its rate, window, hop and compression go into the metadata beside
/// `metadata`, whose keys are others.
std::string network_to_onnx(const nn::ModelFile& file, const std::string& producer_version, const Metadata& metadata);

}  // namespace pellucid::onnx
