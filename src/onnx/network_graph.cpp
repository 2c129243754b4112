#include "onnx/network_graph.hpp"

#include <cstdio>

#include "onnx/network_builder.hpp"

namespace pellucid::onnx {

NetworkBuilder::NetworkBuilder(const nn::ModelFile& file)
    : file_(file), a_(file.architecture()), graph_(file.architecture().name) {
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::tensor_spec(a_, i, &spec); ++i) index_[spec.name] = i;
}

std::vector<float> NetworkBuilder::values(const std::string& tensor) const {
  const std::uint32_t index = index_.at(tensor);
  nn::TensorSpec spec;
  nn::tensor_spec(a_, index, &spec);
  std::vector<float> numbers(spec.count());
  file_.read(index, numbers.data());
  return numbers;
}

std::string NetworkBuilder::number(const std::string& name, double value) {
  return graph_.constant(name, {}, {static_cast<float>(value)});
}

// A tensor in its own order.
std::string NetworkBuilder::plain(const std::string& tensor, const Shape& shape) {
  return graph_.constant(tensor, shape, values(tensor));
}

// [rows, columns] of the file as [columns, rows].
std::string NetworkBuilder::transposed(const std::string& tensor, std::int64_t rows, std::int64_t columns) {
  const std::vector<float> from = values(tensor);
  std::vector<float> to(from.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
  return graph_.constant(tensor, {columns, rows}, to);
}

std::string NetworkBuilder::activation(const std::string& layer, const std::string& x, const Shape& slopes,
                                       const std::string& y) {
  return graph_.node("PRelu", {x, plain(layer + ".slope", slopes)}, y);
}

// Over the last axis of [1, in, positions]; the file has [out, tap, in].
std::string NetworkBuilder::convolution(const std::string& layer, const std::string& x, std::int64_t out,
                                        std::int64_t in, const std::string& y) {
  const std::vector<float> from = values(layer + ".weight");
  std::vector<float> to(from.size());
  for (std::int64_t o = 0; o < out; ++o) {
    for (std::int64_t tap = 0; tap < k; ++tap) {
      for (std::int64_t i = 0; i < in; ++i) to[(o * in + i) * k + tap] = from[(o * k + tap) * in + i];
    }
  }
  const std::string weight = graph_.constant(layer + ".weight", {out, in, k}, to);
  return graph_.node("Conv", {x, weight, plain(layer + ".bias", {out})}, y,
                     {{"kernel_shape", Shape{k}}, {"pads", Shape{k / 2, k / 2}}});
}

// Over the last axis of [1, rows, in].
std::string NetworkBuilder::linear(const std::string& layer, const std::string& x, std::int64_t out, std::int64_t in,
                                   const std::string& y) {
  const std::string product = graph_.node("MatMul", {x, transposed(layer + ".weight", out, in)}, y + ".product");
  return graph_.node("Add", {product, plain(layer + ".bias", {out})}, y);
}

// x + act(layer(x)).
std::string NetworkBuilder::residual(const std::string& layer, const std::string& x, std::int64_t channels,
                                     const std::string& y) {
  const std::string sum = convolution(layer, x, channels, channels, y + ".sum");
  return graph_.node("Add", {x, activation(layer, sum, {channels, 1}, y + ".active")}, y);
}

std::string NetworkBuilder::power(const std::string& x, double exponent, const std::string& y) {
  return graph_.node("Pow", {x, number(y + ".exponent", exponent)}, y);
}

// Steps 1 and 2, in two parts: `compressed` [1, F, 2], `features` [1, 3f, P].
std::string NetworkBuilder::features() {
  const double c = a_.compression;
  graph_.input("spectrum", {1, F + 1, 2},
               "A frame of the short-time Fourier transform, re and im of every bin; Nyquist last");
  graph_.node_of("Split", {"spectrum", graph_.integers("bins.sizes", {F, 1})}, {"bins", "nyquist"}, {{"axis", 1}});
  graph_.node("ReduceSumSquare", {"bins"}, "energy", {{"axes", Shape{2}}, {"keepdims", 1}});
  graph_.node("Add", {"energy", number("energy.floor", 1e-12)}, "power");
  graph_.node("Mul", {"bins", power("power", (c - 1) / 2, "compression")}, "compressed");
  graph_.node("Concat", {"compressed", power("power", c / 2, "magnitude")}, "features.bins", {{"axis", 2}});
  graph_.node("Reshape", {"features.bins", graph_.integers("features.shape", {1, P, 3 * f})}, "features.folded");
  return graph_.node("Transpose", {"features.folded"}, "features", {{"perm", Shape{0, 2, 1}}});
}

// Step 4.
std::string NetworkBuilder::reduce(const std::string& x) {
  graph_.node("MatMul", {x, transposed("reduce.weight", B, P)}, "reduce.bands");
  graph_.node("Transpose", {"reduce.bands"}, "reduce.rows", {{"perm", Shape{0, 2, 1}}});
  linear("reduce.proj", "reduce.rows", D, C, "reduce.proj");
  return graph_.node("Add", {"reduce.proj", plain("embedding", {B, D})}, "reduce");
}

// Step 6.
std::string NetworkBuilder::expand(const std::string& z, const std::string& skip) {
  linear("expand.proj", z, C, D, "expand.proj");
  graph_.node("Transpose", {"expand.proj"}, "expand.channels", {{"perm", Shape{0, 2, 1}}});
  graph_.node("MatMul", {"expand.channels", transposed("expand.weight", P, B)}, "expand.positions");
  return graph_.node("Add", {skip, "expand.positions"}, "expand");
}

// Step 9. Powers have the engine's floor of 1e-30, so that both give nothing for nothing.
void NetworkBuilder::apply_mask(const std::string& mask) {
  const double c = a_.compression;
  graph_.node_of("Split", {mask}, {"mask.re", "mask.im"}, {{"axis", 2}});
  graph_.node_of("Split", {"compressed"}, {"compressed.re", "compressed.im"}, {{"axis", 2}});
  graph_.node("Mul", {"mask.re", "compressed.re"}, "masked.re_re");
  graph_.node("Mul", {"mask.im", "compressed.im"}, "masked.im_im");
  graph_.node("Mul", {"mask.re", "compressed.im"}, "masked.re_im");
  graph_.node("Mul", {"mask.im", "compressed.re"}, "masked.im_re");
  graph_.node("Sub", {"masked.re_re", "masked.im_im"}, "masked.re");
  graph_.node("Add", {"masked.re_im", "masked.im_re"}, "masked.im");
  graph_.node("Concat", {"masked.re", "masked.im"}, "masked", {{"axis", 2}});
  const std::string floor = number("masked.floor", 1e-30);
  graph_.node("ReduceSumSquare", {"masked"}, "masked.energy", {{"axes", Shape{2}}, {"keepdims", 1}});
  graph_.node("Max", {"masked.energy", floor}, "masked.power");
  graph_.node("Mul", {"masked", power("masked.power", (1 / c - 1) / 2, "expansion")}, "cleaned.bins");

  graph_.node("Slice",
              {mask, graph_.integers("last.start", {F - 1}), graph_.integers("last.end", {F}),
               graph_.integers("last.axis", {1})},
              "last");
  graph_.node("ReduceSumSquare", {"last"}, "last.energy", {{"axes", Shape{2}}, {"keepdims", 1}});
  graph_.node("Max", {"last.energy", floor}, "last.power");
  graph_.node("Mul", {"nyquist", power("last.power", 0.5 / c, "nyquist.gain")}, "cleaned.nyquist");
  graph_.node("Concat", {"cleaned.bins", "cleaned.nyquist"}, "cleaned", {{"axis", 1}});
}

Graph NetworkBuilder::build() {
  graph_.output("cleaned", {1, F + 1, 2}, "The frame without the noise");
  std::vector<std::string> skips;
  const std::string first = convolution("in", features(), C, 3 * f, "in.sum");
  skips.push_back(activation("in", first, {C, 1}, "in"));
  for (std::uint32_t i = 1; i <= a_.encoder_layers; ++i) {
    const std::string layer = "encoder." + std::to_string(i);
    skips.push_back(residual(layer, skips.back(), C, layer));
  }
  std::string z = reduce(skips.back());
  for (std::uint32_t n = 0; n < a_.blocks; ++n) {
    const std::string block = "blocks." + std::to_string(n);
    z = mix_frequencies(block + ".freq", mix_time(block + ".time", z));
  }
  apply_mask(a_.output == nn::Output::kBandGains ? gains(z) : decode(z, skips));
  return graph_;
}

std::string NetworkBuilder::gains(const std::string& z) {
  linear("out", z, 1, D, "gains.open");
  graph_.node("Sigmoid", {"gains.open"}, "gains");
  const std::string real = graph_.node("MatMul", {plain("expand.weight", {F, B}), "gains"}, "mask.re_only");
  const std::string zeros = graph_.constant("mask.zeros", {1, F, 1}, std::vector<float>(static_cast<std::size_t>(F)));
  return graph_.node("Concat", {real, zeros}, "mask", {{"axis", 2}});
}

std::string NetworkBuilder::decode(const std::string& z, const std::vector<std::string>& skips) {
  std::string x = expand(z, skips.back());
  for (std::uint32_t i = a_.encoder_layers; i >= 1; --i) {
    const std::string layer = "decoder." + std::to_string(i);
    x = graph_.node("Add", {residual(layer, x, C, layer + ".residual"), skips[i - 1]}, layer);
  }
  convolution("out", x, 2 * f, C, "mask.channels");
  graph_.node("Transpose", {"mask.channels"}, "mask.folded", {{"perm", Shape{0, 2, 1}}});
  return graph_.node("Reshape", {"mask.folded", graph_.integers("mask.shape", {1, F, 2})}, "mask");
}

std::string network_to_onnx(const nn::ModelFile& file, const std::string& producer_version, const Metadata& metadata) {
  const Architecture& a = file.architecture();
  char compression[32];
  std::snprintf(compression, sizeof compression, "%.9g", a.compression);
  ModelDescription description;
  description.producer_version = producer_version;
  description.doc =
      "Removes noise from speech, one frame of the short-time Fourier transform a run (periodic square-root Hann "
      "window, not scaled). Start every state.X from zeros and feed new_state.X back as state.X.";
  description.metadata = metadata;
  description.metadata.insert(description.metadata.end(), {{"sample_rate_hz", std::to_string(a.sample_rate_hz)},
                                                           {"window_samples", std::to_string(a.window_samples)},
                                                           {"hop_samples", std::to_string(a.hop_samples)},
                                                           {"compression", compression}});
  return NetworkBuilder(file).build().model(description);
}

}  // namespace pellucid::onnx
