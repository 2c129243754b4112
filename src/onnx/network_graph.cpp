#include "onnx/network_graph.hpp"

#include <cstdio>
#include <map>

namespace pellucid::onnx {
namespace {

using nn::Architecture;

// Layouts: [1, channels, positions] in encoder and decoder, as ONNX's convolutions want it; [1, bands, channels] in the
// blocks, where the bands are the GRU's batch.
class NetworkGraph {
 public:
  explicit NetworkGraph(const nn::ModelFile& file)
      : file_(file), a_(file.architecture()), graph_(file.architecture().name) {
    nn::TensorSpec spec;
    for (std::uint32_t i = 0; nn::tensor_spec(a_, i, &spec); ++i) index_[spec.name] = i;
  }

  Graph build();

 private:
  std::vector<float> values(const std::string& tensor) const;
  std::string number(const std::string& name, double value);
  std::string plain(const std::string& tensor, const Shape& shape);
  std::string transposed(const std::string& tensor, std::int64_t rows, std::int64_t columns);
  std::string activation(const std::string& layer, const std::string& x, const Shape& slopes, const std::string& y);
  std::string convolution(const std::string& layer, const std::string& x, std::int64_t out, std::int64_t in,
                          const std::string& y);
  std::string linear(const std::string& layer, const std::string& x, std::int64_t out, std::int64_t in,
                     const std::string& y);
  std::string residual(const std::string& layer, const std::string& x, std::int64_t channels, const std::string& y);

  std::string features();
  std::string reduce(const std::string& x);
  std::string time_gru(const std::string& block, const std::string& z);
  std::string time_conv(const std::string& block, const std::string& z);
  std::string causal_layer(const std::string& layer, const std::string& z, std::int64_t dilation, const std::string& y);
  std::string freq_dense(const std::string& block, const std::string& z);
  std::string freq_conv(const std::string& block, const std::string& z);
  std::string expand(const std::string& z, const std::string& skip);
  void apply_mask(const std::string& mask);
  std::string power(const std::string& x, double exponent, const std::string& y);

  const nn::ModelFile& file_;
  const Architecture& a_;
  Graph graph_;
  std::map<std::string, std::uint32_t> index_;
  const std::int64_t F = a_.bins(), f = a_.fold, P = a_.positions(), C = a_.channels, D = a_.width, B = a_.bands,
                     H = a_.hidden, k = a_.kernel;
};

std::vector<float> NetworkGraph::values(const std::string& tensor) const {
  const std::uint32_t index = index_.at(tensor);
  nn::TensorSpec spec;
  nn::tensor_spec(a_, index, &spec);
  std::vector<float> numbers(spec.count());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = nn::read_float(file_.tensor(index) + 4 * i);
  return numbers;
}

std::string NetworkGraph::number(const std::string& name, double value) {
  return graph_.constant(name, {}, {static_cast<float>(value)});
}

// A tensor in its own order.
std::string NetworkGraph::plain(const std::string& tensor, const Shape& shape) {
  return graph_.constant(tensor, shape, values(tensor));
}

// [rows, columns] of the file as [columns, rows].
std::string NetworkGraph::transposed(const std::string& tensor, std::int64_t rows, std::int64_t columns) {
  const std::vector<float> from = values(tensor);
  std::vector<float> to(from.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
  return graph_.constant(tensor, {columns, rows}, to);
}

std::string NetworkGraph::activation(const std::string& layer, const std::string& x, const Shape& slopes,
                                     const std::string& y) {
  return graph_.node("PRelu", {x, plain(layer + ".slope", slopes)}, y);
}

// Over the last axis of [1, in, positions]; the file has [out, tap, in].
std::string NetworkGraph::convolution(const std::string& layer, const std::string& x, std::int64_t out, std::int64_t in,
                                      const std::string& y) {
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
std::string NetworkGraph::linear(const std::string& layer, const std::string& x, std::int64_t out, std::int64_t in,
                                 const std::string& y) {
  const std::string product = graph_.node("MatMul", {x, transposed(layer + ".weight", out, in)}, y + ".product");
  return graph_.node("Add", {product, plain(layer + ".bias", {out})}, y);
}

// x + act(layer(x)).
std::string NetworkGraph::residual(const std::string& layer, const std::string& x, std::int64_t channels,
                                   const std::string& y) {
  const std::string sum = convolution(layer, x, channels, channels, y + ".sum");
  return graph_.node("Add", {x, activation(layer, sum, {channels, 1}, y + ".active")}, y);
}

std::string NetworkGraph::power(const std::string& x, double exponent, const std::string& y) {
  return graph_.node("Pow", {x, number(y + ".exponent", exponent)}, y);
}

// Steps 1 and 2, in two parts: `compressed` [1, F, 2], `features` [1, 3f, P].
std::string NetworkGraph::features() {
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
std::string NetworkGraph::reduce(const std::string& x) {
  graph_.node("MatMul", {x, transposed("reduce.weight", B, P)}, "reduce.bands");
  graph_.node("Transpose", {"reduce.bands"}, "reduce.rows", {{"perm", Shape{0, 2, 1}}});
  linear("reduce.proj", "reduce.rows", D, C, "reduce.proj");
  return graph_.node("Add", {"reduce.proj", plain("embedding", {B, D})}, "reduce");
}

// ONNX has the GRU's gates in the order z, r, n; the file has r, z, n. `linear_before_reset` is cuDNN's and PyTorch's
// GRU.
std::string NetworkGraph::time_gru(const std::string& block, const std::string& z) {
  const auto swapped = [&](const std::string& tensor, std::int64_t columns) {
    const std::vector<float> from = values(tensor);
    std::vector<float> to = from;
    for (std::int64_t i = 0; i < H * columns; ++i) {
      to[i] = from[H * columns + i];
      to[H * columns + i] = from[i];
    }
    return to;
  };
  std::vector<float> biases = swapped(block + ".bias_ih", 1);
  const std::vector<float> hidden_biases = swapped(block + ".bias_hh", 1);
  biases.insert(biases.end(), hidden_biases.begin(), hidden_biases.end());
  const std::string input = graph_.constant(block + ".weight_ih", {1, 3 * H, D}, swapped(block + ".weight_ih", D));
  const std::string hidden = graph_.constant(block + ".weight_hh", {1, 3 * H, H}, swapped(block + ".weight_hh", H));
  const std::string bias = graph_.constant(block + ".bias", {1, 6 * H}, biases);
  const std::string state = "state." + block, new_state = "new_state." + block;
  graph_.input(state, {1, B, H}, "The GRU's units in every band after the frame before; zeros at the start");
  graph_.node_of("GRU", {z, input, hidden, bias, "", state}, {"", new_state},
                 {{"hidden_size", H}, {"linear_before_reset", 1}});
  graph_.output(new_state, {1, B, H}, "To be fed back as " + state);
  return graph_.node("Add", {z, linear(block + ".out", new_state, D, H, block + ".out")}, block);
}

// One causal, dilated convolution: z + act(W [z_(t - (K-1) dilation) … z_t] + b).
std::string NetworkGraph::causal_layer(const std::string& layer, const std::string& z, std::int64_t dilation,
                                       const std::string& y) {
  const std::int64_t K = a_.time_kernel, past = (K - 1) * dilation;
  std::string taps = z;
  if (past > 0) {
    const std::string state = "state." + layer, new_state = "new_state." + layer;
    graph_.input(state, {past, B, D}, "The layer's last inputs, oldest first; zeros at the start");
    const std::string all = graph_.node("Concat", {state, z}, layer + ".inputs", {{"axis", 0}});
    graph_.node("Slice", {all, graph_.integers(layer + ".second", {1}), graph_.integers(layer + ".end", {past + 1})},
                new_state);
    graph_.output(new_state, {past, B, D}, "To be fed back as " + state);
    Shape delays;
    for (std::int64_t tap = 0; tap < K; ++tap) delays.push_back(tap * dilation);
    const std::string rows =
        graph_.node("Gather", {all, graph_.integers(layer + ".delays", delays)}, layer + ".taps", {{"axis", 0}});
    graph_.node("Transpose", {rows}, layer + ".by_band", {{"perm", Shape{1, 0, 2}}});
    taps =
        graph_.node("Reshape", {layer + ".by_band", graph_.integers(layer + ".shape", {1, B, K * D})}, layer + ".row");
  }
  const std::string sum = linear(layer, taps, D, K * D, layer + ".sum");
  return graph_.node("Add", {z, activation(layer, sum, {D}, layer + ".active")}, y);
}

std::string NetworkGraph::time_conv(const std::string& block, const std::string& z) {
  std::string y = z;
  for (std::uint32_t l = 0; l < a_.time_layers; ++l) {
    const std::string layer = block + "." + std::to_string(l);
    y = causal_layer(layer, y, std::int64_t{1} << l, l + 1 == a_.time_layers ? block : layer);
  }
  return y;
}

// m[b, d] = sum over b' of w[b, b', d] z[b', d]: a matrix a channel.
std::string NetworkGraph::freq_dense(const std::string& block, const std::string& z) {
  const std::vector<float> from = values(block + ".mix.weight");
  std::vector<float> to(from.size());
  for (std::int64_t i = 0; i < B * B; ++i) {
    for (std::int64_t d = 0; d < D; ++d) to[d * B * B + i] = from[i * D + d];
  }
  const std::string weight = graph_.constant(block + ".mix.weight", {D, B, B}, to);
  graph_.node("Transpose", {z}, block + ".columns", {{"perm", Shape{2, 1, 0}}});
  graph_.node("MatMul", {weight, block + ".columns"}, block + ".mixed");
  graph_.node("Transpose", {block + ".mixed"}, block + ".mix", {{"perm", Shape{2, 1, 0}}});
  const std::string sum = linear(block + ".out", block + ".mix", D, D, block + ".out");
  return graph_.node("Add", {z, activation(block + ".out", sum, {D}, block + ".active")}, block);
}

std::string NetworkGraph::freq_conv(const std::string& block, const std::string& z) {
  graph_.node("Transpose", {z}, block + ".channels", {{"perm", Shape{0, 2, 1}}});
  residual(block + ".conv", block + ".channels", D, block + ".conv");
  return graph_.node("Transpose", {block + ".conv"}, block, {{"perm", Shape{0, 2, 1}}});
}

// Step 6.
std::string NetworkGraph::expand(const std::string& z, const std::string& skip) {
  linear("expand.proj", z, C, D, "expand.proj");
  graph_.node("Transpose", {"expand.proj"}, "expand.channels", {{"perm", Shape{0, 2, 1}}});
  graph_.node("MatMul", {"expand.channels", transposed("expand.weight", P, B)}, "expand.positions");
  return graph_.node("Add", {skip, "expand.positions"}, "expand");
}

// Step 9. Powers have the engine's floor of 1e-30, so that both give nothing for nothing.
void NetworkGraph::apply_mask(const std::string& mask) {
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

Graph NetworkGraph::build() {
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
    z = a_.time_mixer == nn::TimeMixer::kGru ? time_gru(block + ".time", z) : time_conv(block + ".time", z);
    z = a_.freq_mixer == nn::FreqMixer::kDense ? freq_dense(block + ".freq", z) : freq_conv(block + ".freq", z);
  }
  std::string x = expand(z, skips.back());
  for (std::uint32_t i = a_.encoder_layers; i >= 1; --i) {
    const std::string layer = "decoder." + std::to_string(i);
    x = graph_.node("Add", {residual(layer, x, C, layer + ".residual"), skips[i - 1]}, layer);
  }
  convolution("out", x, 2 * f, C, "mask.channels");
  graph_.node("Transpose", {"mask.channels"}, "mask.folded", {{"perm", Shape{0, 2, 1}}});
  apply_mask(graph_.node("Reshape", {"mask.folded", graph_.integers("mask.shape", {1, F, 2})}, "mask"));
  return graph_;
}

}  // namespace

std::string network_to_onnx(const nn::ModelFile& file, const std::string& producer_version, const Metadata& metadata) {
  const Architecture& a = file.architecture();
  char compression[32];
  std::snprintf(compression, sizeof compression, "%.9g", a.compression);
  ModelDescription description;
  description.producer_version = producer_version;
  description.doc =
      "Removes noise from speech, one frame of the short-time Fourier transform a run (periodic square-root Hann "
      "window, "
      "not scaled). Start every state.X from zeros and feed new_state.X back as state.X.";
  description.metadata = metadata;
  description.metadata.insert(description.metadata.end(), {{"sample_rate_hz", std::to_string(a.sample_rate_hz)},
                                                           {"window_samples", std::to_string(a.window_samples)},
                                                           {"hop_samples", std::to_string(a.hop_samples)},
                                                           {"compression", compression}});
  return NetworkGraph(file).build().model(description);
}

}  // namespace pellucid::onnx
