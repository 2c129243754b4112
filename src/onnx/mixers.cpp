// The mixers of docs/network.md, step 5, as ONNX operators.
#include <cmath>

#include "onnx/network_builder.hpp"

namespace pellucid::onnx {

std::string NetworkBuilder::mix_time(const std::string& block, const std::string& z) {
  switch (a_.time_mixer) {
    case nn::TimeMixer::kGru:
      return time_gru(block, z);
    case nn::TimeMixer::kConv:
      return time_conv(block, z);
    case nn::TimeMixer::kAttention:
      break;
  }
  return time_attention(block, z);
}

std::string NetworkBuilder::mix_frequencies(const std::string& block, const std::string& z) {
  switch (a_.freq_mixer) {
    case nn::FreqMixer::kDense:
      return freq_dense(block, z);
    case nn::FreqMixer::kConv:
      return freq_conv(block, z);
    case nn::FreqMixer::kGru:
      return freq_gru(block, z);
    case nn::FreqMixer::kAttention:
      break;
  }
  return freq_attention(block, z);
}

// ONNX has the GRU's gates in the order z, r, n; the file has r, z, n. `linear_before_reset` is cuDNN's and PyTorch's
// GRU.
std::vector<float> NetworkBuilder::reset_first(const std::string& tensor, std::int64_t units,
                                               std::int64_t columns) const {
  const std::vector<float> from = values(tensor);
  std::vector<float> to = from;
  for (std::int64_t i = 0; i < units * columns; ++i) {
    to[i] = from[units * columns + i];
    to[units * columns + i] = from[i];
  }
  return to;
}

std::string NetworkBuilder::time_gru(const std::string& block, const std::string& z) {
  std::vector<float> biases = reset_first(block + ".bias_ih", H, 1);
  const std::vector<float> hidden_biases = reset_first(block + ".bias_hh", H, 1);
  biases.insert(biases.end(), hidden_biases.begin(), hidden_biases.end());
  const std::string input =
      graph_.constant(block + ".weight_ih", {1, 3 * H, D}, reset_first(block + ".weight_ih", H, D));
  const std::string hidden =
      graph_.constant(block + ".weight_hh", {1, 3 * H, H}, reset_first(block + ".weight_hh", H, H));
  const std::string bias = graph_.constant(block + ".bias", {1, 6 * H}, biases);
  const std::string state = "state." + block, new_state = "new_state." + block;
  graph_.input(state, {1, B, H}, "The GRU's units in every band after the frame before; zeros at the start");
  graph_.node_of("GRU", {z, input, hidden, bias, "", state}, {"", new_state},
                 {{"hidden_size", H}, {"linear_before_reset", 1}});
  graph_.output(new_state, {1, B, H}, "To be fed back as " + state);
  return graph_.node("Add", {z, linear(block + ".out", new_state, D, H, block + ".out")}, block);
}

// The bands are its steps: [bands, 1, channels]. Both directions in one node, the one upwards first.
std::string NetworkBuilder::freq_gru(const std::string& block, const std::string& z) {
  const auto both = [&](const char* tensor, std::int64_t columns) {
    std::vector<float> all = reset_first(block + ".up" + tensor, G, columns);
    const std::vector<float> down = reset_first(block + ".down" + tensor, G, columns);
    all.insert(all.end(), down.begin(), down.end());
    return all;
  };
  const std::vector<float> of_input = both(".bias_ih", 1), of_units = both(".bias_hh", 1);
  std::vector<float> biases;
  for (std::int64_t way = 0; way < 2; ++way) {
    for (const auto* each : {&of_input, &of_units}) {
      biases.insert(biases.end(), each->begin() + way * 3 * G, each->begin() + (way + 1) * 3 * G);
    }
  }
  const std::string input = graph_.constant(block + ".weight_ih", {2, 3 * G, D}, both(".weight_ih", D));
  const std::string hidden = graph_.constant(block + ".weight_hh", {2, 3 * G, G}, both(".weight_hh", G));
  const std::string bias = graph_.constant(block + ".bias", {2, 6 * G}, biases);
  const std::string steps = graph_.node("Transpose", {z}, block + ".steps", {{"perm", Shape{1, 0, 2}}});
  graph_.node_of("GRU", {steps, input, hidden, bias}, {block + ".units"},
                 {{"direction", std::string("bidirectional")}, {"hidden_size", G}, {"linear_before_reset", 1}});
  // [bands, 2, 1, G] to [1, bands, 2 G].
  graph_.node("Transpose", {block + ".units"}, block + ".by_band", {{"perm", Shape{2, 0, 1, 3}}});
  graph_.node("Reshape", {block + ".by_band", graph_.integers(block + ".shape", {1, B, 2 * G})}, block + ".both");
  return graph_.node("Add", {z, linear(block + ".out", block + ".both", D, 2 * G, block + ".out")}, block);
}

// [.., rows, hidden] as [rows, heads, width], then in another order.
std::string NetworkBuilder::heads_of(const std::string& x, std::int64_t rows, std::int64_t hidden, const Shape& order) {
  const std::int64_t heads = a_.heads;
  Shape shape{rows, B, heads, hidden / heads};
  graph_.node("Reshape", {x, graph_.integers(x + ".shape", shape)}, x + ".split");
  return graph_.node("Transpose", {x + ".split"}, x + ".heads", {{"perm", order}});
}

// softmax(query key / sqrt(width) + position) value for matrices query, key and value.
std::string NetworkBuilder::attention(const std::string& block, const std::string& query, const std::string& key,
                                      const std::string& value, const std::string& position, std::int64_t hidden) {
  const double width = static_cast<double>(hidden) / a_.heads;
  graph_.node("MatMul", {query, key}, block + ".products");
  graph_.node("Mul", {block + ".products", number(block + ".scale", 1 / std::sqrt(width))}, block + ".scaled");
  graph_.node("Add", {block + ".scaled", position}, block + ".scores");
  graph_.node("Softmax", {block + ".scores"}, block + ".shares", {{"axis", -1}});
  return graph_.node("MatMul", {block + ".shares", value}, block + ".means");
}

// Queries [bands, heads, 1, width]; keys and values of the last W frames, the oldest first.
std::string NetworkBuilder::time_attention(const std::string& block, const std::string& z) {
  linear(block + ".qkv", z, 3 * H, D, block + ".qkv");
  graph_.node_of("Split", {block + ".qkv", graph_.integers(block + ".parts", {H, 2 * H})},
                 {block + ".q", block + ".now"}, {{"axis", 2}});
  std::string all = block + ".now";
  if (W > 1) {
    const std::string state = "state." + block, new_state = "new_state." + block;
    graph_.input(state, {W - 1, B, 2 * H}, "Keys and values of the last frames, oldest first; zeros at the start");
    all = graph_.node("Concat", {state, all}, block + ".memory", {{"axis", 0}});
    graph_.node("Slice", {all, graph_.integers(block + ".second", {1}), graph_.integers(block + ".end", {W})},
                new_state);
    graph_.output(new_state, {W - 1, B, 2 * H}, "To be fed back as " + state);
  }
  graph_.node_of("Split", {all, graph_.integers(block + ".halves", {H, H})}, {block + ".k", block + ".v"},
                 {{"axis", 2}});
  const std::vector<float> by_lag = values(block + ".position");
  std::vector<float> oldest_first(by_lag.size());
  for (std::int64_t h = 0; h < a_.heads; ++h) {
    for (std::int64_t lag = 0; lag < W; ++lag) oldest_first[h * W + W - 1 - lag] = by_lag[h * W + lag];
  }
  const std::string position = graph_.constant(block + ".position", {a_.heads, 1, W}, oldest_first);
  attention(block, heads_of(block + ".q", 1, H, {1, 2, 0, 3}), heads_of(block + ".k", W, H, {1, 2, 3, 0}),
            heads_of(block + ".v", W, H, {1, 2, 0, 3}), position, H);
  graph_.node("Reshape", {block + ".means", graph_.integers(block + ".row", {1, B, H})}, block + ".seen");
  return graph_.node("Add", {z, linear(block + ".out", block + ".seen", D, H, block + ".out")}, block);
}

// All of them [1, heads, bands, width].
std::string NetworkBuilder::freq_attention(const std::string& block, const std::string& z) {
  linear(block + ".qkv", z, 3 * G, D, block + ".qkv");
  graph_.node_of("Split", {block + ".qkv", graph_.integers(block + ".parts", {G, G, G})},
                 {block + ".q", block + ".k", block + ".v"}, {{"axis", 2}});
  attention(block, heads_of(block + ".q", 1, G, {0, 2, 1, 3}), heads_of(block + ".k", 1, G, {0, 2, 3, 1}),
            heads_of(block + ".v", 1, G, {0, 2, 1, 3}), plain(block + ".position", {a_.heads, B, B}), G);
  graph_.node("Transpose", {block + ".means"}, block + ".by_band", {{"perm", Shape{0, 2, 1, 3}}});
  graph_.node("Reshape", {block + ".by_band", graph_.integers(block + ".row", {1, B, G})}, block + ".seen");
  return graph_.node("Add", {z, linear(block + ".out", block + ".seen", D, G, block + ".out")}, block);
}

// One causal, dilated convolution: z + act(W [z_(t - (K-1) dilation) … z_t] + b).
std::string NetworkBuilder::causal_layer(const std::string& layer, const std::string& z, std::int64_t dilation,
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

std::string NetworkBuilder::time_conv(const std::string& block, const std::string& z) {
  std::string y = z;
  for (std::uint32_t l = 0; l < a_.time_layers; ++l) {
    const std::string layer = block + "." + std::to_string(l);
    y = causal_layer(layer, y, std::int64_t{1} << l, l + 1 == a_.time_layers ? block : layer);
  }
  return y;
}

// m[b, d] = sum over b' of w[b, b', d] z[b', d]: a matrix a channel.
std::string NetworkBuilder::freq_dense(const std::string& block, const std::string& z) {
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

std::string NetworkBuilder::freq_conv(const std::string& block, const std::string& z) {
  graph_.node("Transpose", {z}, block + ".channels", {{"perm", Shape{0, 2, 1}}});
  residual(block + ".conv", block + ".channels", D, block + ".conv");
  return graph_.node("Transpose", {block + ".conv"}, block, {{"perm", Shape{0, 2, 1}}});
}

}  // namespace pellucid::onnx
