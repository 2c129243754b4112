// Builds the graph of network_graph.hpp: network_graph.cpp has the steps around the mixers, mixers.cpp the mixers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/model_file.hpp"
#include "onnx/graph.hpp"

namespace pellucid::onnx {

using nn::Architecture;

/// Layouts: [1, channels, positions] in encoder and decoder, as ONNX's convolutions want it; [1, bands, channels] in
/// the blocks, where the bands are a GRU's batch. Functions return the name of what they made.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(const nn::ModelFile& file);

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
  std::string mix_time(const std::string& block, const std::string& z);
  std::string mix_frequencies(const std::string& block, const std::string& z);
  std::string time_gru(const std::string& block, const std::string& z);
  std::string time_conv(const std::string& block, const std::string& z);
  std::string causal_layer(const std::string& layer, const std::string& z, std::int64_t dilation, const std::string& y);
  std::string time_attention(const std::string& block, const std::string& z);
  std::vector<float> reset_first(const std::string& tensor, std::int64_t units, std::int64_t columns) const;
  std::string heads_of(const std::string& x, std::int64_t rows, std::int64_t hidden, const Shape& order);
  std::string attention(const std::string& block, const std::string& query, const std::string& key,
                        const std::string& value, const std::string& position, std::int64_t hidden);
  std::string freq_gru(const std::string& block, const std::string& z);
  std::string freq_attention(const std::string& block, const std::string& z);
  std::string freq_dense(const std::string& block, const std::string& z);
  std::string freq_conv(const std::string& block, const std::string& z);
  std::string expand(const std::string& z, const std::string& skip);
  std::string gains(const std::string& z);
  std::string decode(const std::string& z, const std::vector<std::string>& skips);
  void apply_mask(const std::string& mask);
  std::string power(const std::string& x, double exponent, const std::string& y);

  const nn::ModelFile& file_;
  const Architecture& a_;
  Graph graph_;
  std::map<std::string, std::uint32_t> index_;
  const std::int64_t F = a_.bins(), f = a_.fold, P = a_.positions(), C = a_.channels, D = a_.width, B = a_.bands,
                     H = a_.hidden, G = a_.freq_hidden, W = a_.context_frames, k = a_.kernel;
};

}  // namespace pellucid::onnx
