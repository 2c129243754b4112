#include "quantization/float_network.hpp"

#include <cmath>
#include <map>

namespace pellucid::quantization {
namespace {

std::map<std::string, std::vector<float>> read_tensors(const nn::ModelFile& file) {
  std::map<std::string, std::vector<float>> tensors;
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::tensor_spec(file.architecture(), i, &spec); ++i) {
    std::vector<float>& values = tensors[spec.name];
    values.resize(spec.count());
    file.read(i, values.data());
  }
  return tensors;
}

/// "blocks.0.time.ih" -> "blocks.0.time.weight_ih" for kind "weight"; else the product's name and the kind.
std::string tensor_name(const std::string& product, const std::string& kind) {
  const std::string end = product.size() > 3 ? product.substr(product.size() - 3) : "";
  if (end == ".ih" || end == ".hh") return product.substr(0, product.size() - 2) + kind + "_" + end.substr(1);
  return product + "." + kind;
}

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

void add(const std::vector<float>& x, std::vector<float>& to) {
  for (std::size_t i = 0; i < x.size(); ++i) to[i] += x[i];
}

}  // namespace

FloatNetwork::FloatNetwork(const nn::ModelFile& file) : a_(file.architecture()) {
  const auto tensors = read_tensors(file);
  embedding_ = tensors.at("embedding");
  FloatProduct product;
  for (std::uint32_t i = 0; nn::product_spec(a_, i, &product.spec); ++i) {
    const std::string name = product.spec.name;
    const std::vector<float>& weight = tensors.at(tensor_name(name, "weight"));
    product.weight = weight;
    if (product.spec.use == nn::ProductUse::kDense) {  // [b][b'][d] -> [d][b][b']
      const std::size_t B = a_.bands, D = a_.width;
      for (std::size_t b = 0; b < B * B; ++b) {
        for (std::size_t d = 0; d < D; ++d) product.weight[d * B * B + b] = weight[b * D + d];
      }
    }
    const auto optional = [&](const char* kind) {
      const auto found = tensors.find(tensor_name(name, kind));
      return found == tensors.end() ? std::vector<float>() : found->second;
    };
    product.bias = optional("bias");
    product.bias.resize(product.spec.rows);
    product.slope = optional("slope");
    products_.push_back(product);
  }
  reset();
}

void FloatNetwork::reset() {
  hidden_.assign(a_.blocks, Values(std::size_t{a_.bands} * a_.hidden));
  past_.assign(a_.blocks, std::vector<std::vector<Values>>(a_.time_layers));
}

FloatNetwork::Values FloatNetwork::run(const Values& x, std::size_t channels, Watcher& watcher) {
  const std::size_t index = next_++;
  const FloatProduct& p = products_[index];
  const std::size_t rows = x.size() / channels, in = p.spec.columns, out = p.spec.rows, margin = in / channels / 2;
  Values padded((rows + 2 * margin) * channels), y(rows * out);
  std::copy(x.begin(), x.end(), padded.begin() + static_cast<std::ptrdiff_t>(margin * channels));
  for (std::size_t r = 0; r < rows; ++r) {
    const float* from = padded.data() + r * channels;
    watcher.input(index, 0, from);
    for (std::size_t o = 0; o < out; ++o) {
      float sum = p.bias[o];
      for (std::size_t i = 0; i < in; ++i) sum += p.weight[o * in + i] * from[i];
      y[r * out + o] = !p.slope.empty() && sum < 0 ? sum * p.slope[o] : sum;
    }
  }
  return y;
}

FloatNetwork::Values FloatNetwork::mix(const Values& x, std::size_t width, Watcher& watcher) {
  const std::size_t index = next_++;
  const FloatProduct& p = products_[index];
  Values y(p.spec.rows * width), column(p.spec.columns);
  for (std::size_t c = 0; c < width; ++c) {
    for (std::size_t i = 0; i < column.size(); ++i) column[i] = x[i * width + c];
    watcher.input(index, 0, column.data());
    for (std::size_t r = 0; r < p.spec.rows; ++r) {
      float sum = p.bias[r];
      for (std::size_t i = 0; i < column.size(); ++i) sum += p.weight[r * column.size() + i] * column[i];
      y[r * width + c] = sum;
    }
  }
  return y;
}

void FloatNetwork::time_gru(Values& z, Values& h, Watcher& watcher) {
  const std::size_t H = a_.hidden;
  const Values gi = run(z, a_.width, watcher), gh = run(h, H, watcher);
  for (std::size_t b = 0; b < a_.bands; ++b) {
    const float *in = gi.data() + b * 3 * H, *memory = gh.data() + b * 3 * H;
    for (std::size_t j = 0; j < H; ++j) {
      const float reset = sigmoid(in[j] + memory[j]), update = sigmoid(in[H + j] + memory[H + j]);
      const float fresh = std::tanh(in[2 * H + j] + reset * memory[2 * H + j]);
      h[b * H + j] = fresh + update * (h[b * H + j] - fresh);
    }
  }
  add(run(h, H, watcher), z);
}

void FloatNetwork::time_conv(Values& z, std::vector<std::vector<Values>>& past, Watcher& watcher) {
  const std::size_t K = a_.time_kernel, B = a_.bands, D = a_.width;
  for (std::size_t l = 0; l < a_.time_layers; ++l) {
    std::vector<Values>& frames = past[l];  // newest first
    frames.insert(frames.begin(), z);
    frames.resize(((K - 1) << l) + 1, Values(B * D));
    Values taps(B * K * D);
    for (std::size_t tap = 0; tap < K; ++tap) {
      const Values& from = frames[(K - 1 - tap) << l];
      for (std::size_t b = 0; b < B; ++b) {
        for (std::size_t d = 0; d < D; ++d) taps[(b * K + tap) * D + d] = from[b * D + d];
      }
    }
    add(run(taps, K * D, watcher), z);
  }
}

void FloatNetwork::mix_frequencies(Values& z, Watcher& watcher) {
  const std::size_t B = a_.bands, D = a_.width;
  if (a_.freq_mixer == nn::FreqMixer::kConv) {
    add(run(z, D, watcher), z);
    return;
  }
  const std::size_t index = next_++;
  const FloatProduct& p = products_[index];
  Values mixed(B * D), column(B);
  for (std::size_t d = 0; d < D; ++d) {
    for (std::size_t b = 0; b < B; ++b) column[b] = z[b * D + d];
    watcher.input(index, d, column.data());
    for (std::size_t b = 0; b < B; ++b) {
      const float* row = p.weight.data() + (d * B + b) * B;
      for (std::size_t i = 0; i < B; ++i) mixed[b * D + d] += row[i] * column[i];
    }
  }
  watcher.values(Stream::kMixed, mixed);
  add(run(mixed, D, watcher), z);
}

void FloatNetwork::process_frame(const std::vector<float>& features, Watcher& watcher) {
  next_ = 0;
  const std::size_t C = a_.channels;
  std::vector<Values> skips = {run(features, std::size_t{3} * a_.fold, watcher)};
  watcher.values(Stream::kSkips, skips[0]);
  for (std::uint32_t i = 1; i <= a_.encoder_layers; ++i) {
    Values x = run(skips.back(), C, watcher);
    add(skips.back(), x);
    skips.push_back(x);
    watcher.values(Stream::kSkips, x);
  }
  const Values bands = mix(skips.back(), C, watcher);
  watcher.values(Stream::kBands, bands);
  Values z = run(bands, C, watcher);
  add(embedding_, z);
  watcher.values(Stream::kZ, z);
  for (std::uint32_t n = 0; n < a_.blocks; ++n) {
    if (a_.time_mixer == nn::TimeMixer::kGru) {
      time_gru(z, hidden_[n], watcher);
    } else {
      time_conv(z, past_[n], watcher);
    }
    watcher.values(Stream::kZ, z);
    mix_frequencies(z, watcher);
    watcher.values(Stream::kZ, z);
  }
  const Values expanded = run(z, a_.width, watcher);
  watcher.values(Stream::kExpanded, expanded);
  Values x = mix(expanded, C, watcher);
  add(skips.back(), x);
  watcher.values(Stream::kSkips, x);
  for (std::uint32_t i = a_.encoder_layers; i >= 1; --i) {
    Values y = run(x, C, watcher);
    add(x, y);
    add(skips[i - 1], y);
    x = y;
    watcher.values(Stream::kSkips, x);
  }
  watcher.values(Stream::kMask, run(x, C, watcher));
}

}  // namespace pellucid::quantization
