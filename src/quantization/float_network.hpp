// The float network, layer by layer in plain loops, for whoever wants to see what goes into every product.
//
//   FloatNetwork network(file);
//   network.process_frame(features, watcher);      // features [positions][3 fold], as docs/network.md step 2
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nn/integer_model.hpp"
#include "nn/model_file.hpp"

namespace pellucid::quantization {

/// A product of nn::product_spec in float. Its slopes are empty where it has no PReLU.
struct FloatProduct {
  nn::ProductSpec spec;
  std::vector<float> weight;  ///< [rows][columns]
  std::vector<float> bias;    ///< [rows]
  std::vector<float> slope;   ///< [rows] or empty
};

/// What numbers between the layers share a scale in the integer network.
enum class Stream : int { kSkips, kBands, kZ, kMixed, kExpanded, kMask, kCount };

class Watcher {
 public:
  virtual ~Watcher() = default;
  /// One vector that product `index` (its rows from `group` * bands on where it is dense) is applied to.
  virtual void input(std::size_t index, std::size_t group, const float* x) = 0;
  virtual void values(Stream stream, const std::vector<float>& values) = 0;
};

class FloatNetwork {
 public:
  explicit FloatNetwork(const nn::ModelFile& file);
  const nn::Architecture& architecture() const { return a_; }
  const std::vector<FloatProduct>& products() const { return products_; }
  const std::vector<float>& embedding() const { return embedding_; }
  void reset();
  void process_frame(const std::vector<float>& features, Watcher& watcher);

 private:
  using Values = std::vector<float>;
  /// The next product on every row of x [rows][channels].
  Values run(const Values& x, std::size_t channels, Watcher& watcher);
  Values mix(const Values& x, std::size_t width, Watcher& watcher);
  void time_gru(Values& z, Values& h, Watcher& watcher);
  void time_conv(Values& z, std::vector<std::vector<Values>>& past, Watcher& watcher);
  void mix_frequencies(Values& z, Watcher& watcher);

  nn::Architecture a_;
  std::vector<FloatProduct> products_;
  std::vector<float> embedding_;
  std::size_t next_ = 0;
  std::vector<Values> hidden_;                          // [block] of [bands][hidden]
  std::vector<std::vector<std::vector<Values>>> past_;  // [block][layer][frames ago] of [bands][width]
};

}  // namespace pellucid::quantization
