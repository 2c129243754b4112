// docs/network.md in double precision, written as it reads there, with none of the engine's layouts.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "nn/model_file.hpp"

namespace pellucid::nn::test {

using Matrix = std::vector<std::vector<double>>;  // [rows][columns]

class ReferenceNetwork {
 public:
  explicit ReferenceNetwork(const ModelFile& file) : a_(file.architecture()) {
    TensorSpec spec;
    for (std::uint32_t i = 0; tensor_spec(a_, i, &spec); ++i) {
      std::vector<float> values(spec.count());
      file.read(i, values.data());
      tensors_[spec.name].assign(values.begin(), values.end());
    }
  }

  /// Intermediate results of the last frame by the names of network.hpp.
  std::map<std::string, Matrix> seen;

  std::vector<double> process_frame(const std::vector<double>& spectrum) {
    const std::size_t P = a_.positions(), f = a_.fold, bins = a_.bins(), B = a_.bands, C = a_.channels;
    const double c = a_.compression;
    Matrix features(P, std::vector<double>(3 * f));
    for (std::size_t k = 0; k < bins; ++k) {
      const double re = spectrum[2 * k], im = spectrum[2 * k + 1], p = re * re + im * im + 1e-12;
      double* feature = features[k / f].data() + 3 * (k % f);
      feature[0] = re * std::pow(p, (c - 1) / 2);
      feature[1] = im * std::pow(p, (c - 1) / 2);
      feature[2] = std::pow(p, c / 2);
    }
    seen["features"] = features;
    Matrix x = activate("in", convolve("in", features, a_.kernel, C));
    std::vector<Matrix> e = {x};
    seen["in"] = x;
    for (std::uint32_t i = 1; i <= a_.encoder_layers; ++i) {
      const std::string name = "encoder." + std::to_string(i);
      x = add(x, activate(name, convolve(name, x, a_.kernel, C)));
      e.push_back(x);
      seen[name] = x;
    }
    Matrix z = linear("reduce.proj", multiply(tensors_.at("reduce.weight"), B, x), a_.width);
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t d = 0; d < a_.width; ++d) z[b][d] += tensors_.at("embedding")[b * a_.width + d];
    }
    seen["reduce"] = z;
    for (std::uint32_t n = 0; n < a_.blocks; ++n) {
      const std::string block = "blocks." + std::to_string(n);
      z = mix_time(block + ".time", z);
      seen[block + ".time"] = z;
      z = mix_frequencies(block + ".freq", z);
      seen[block + ".freq"] = z;
    }
    const Matrix mask = a_.output == Output::kBandGains ? gains(z) : decode(z, e);
    seen["mask"] = mask;
    std::vector<double> cleaned(2 * bins + 2);
    for (std::size_t k = 0; k < bins; ++k) {
      const double *m = mask[k / f].data() + 2 * (k % f), *feature = features[k / f].data() + 3 * (k % f);
      const double re = m[0] * feature[0] - m[1] * feature[1], im = m[0] * feature[1] + m[1] * feature[0];
      const double gain = std::pow(re * re + im * im, (1 / c - 1) / 2);
      cleaned[2 * k] = re * gain;
      cleaned[2 * k + 1] = im * gain;
    }
    const double last = std::hypot(mask[P - 1][2 * f - 2], mask[P - 1][2 * f - 1]);
    cleaned[2 * bins] = spectrum[2 * bins] * std::pow(last, 1 / c);
    cleaned[2 * bins + 1] = spectrum[2 * bins + 1] * std::pow(last, 1 / c);
    return cleaned;
  }

 private:
  Matrix decode(const Matrix& z, const std::vector<Matrix>& e) {
    const std::size_t C = a_.channels;
    Matrix x = add(e.back(), multiply(tensors_.at("expand.weight"), a_.positions(), linear("expand.proj", z, C)));
    seen["expand"] = x;
    for (std::uint32_t i = a_.encoder_layers; i >= 1; --i) {
      const std::string name = "decoder." + std::to_string(i);
      x = add(add(x, activate(name, convolve(name, x, a_.kernel, C))), e[i - 1]);
      seen[name] = x;
    }
    return convolve("out", x, a_.kernel, 2 * a_.fold);
  }
  Matrix gains(const Matrix& z) {
    Matrix gain = linear("out", z, 1);
    for (auto& row : gain) row[0] = 1 / (1 + std::exp(-row[0]));
    seen["gains"] = gain;
    const Matrix bins = multiply(tensors_.at("expand.weight"), a_.bins(), gain);
    Matrix mask(a_.positions(), std::vector<double>(2 * a_.fold));
    for (std::size_t k = 0; k < bins.size(); ++k) mask[k / a_.fold][2 * (k % a_.fold)] = bins[k][0];
    return mask;
  }
  Matrix mix_time(const std::string& name, const Matrix& z) {
    if (a_.time_mixer == TimeMixer::kGru) return gru(name, z);
    return a_.time_mixer == TimeMixer::kConv ? time_conv(name, z) : time_attention(name, z);
  }
  Matrix mix_frequencies(const std::string& name, const Matrix& z) {
    if (a_.freq_mixer == FreqMixer::kDense) return dense(name, z);
    if (a_.freq_mixer == FreqMixer::kConv) return freq_conv(name + ".conv", z);
    return a_.freq_mixer == FreqMixer::kGru ? freq_gru(name, z) : freq_attention(name, z);
  }
  static Matrix add(Matrix a, const Matrix& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < a[i].size(); ++j) a[i][j] += b[i][j];
    }
    return a;
  }
  /// w [rows][x.size()] times x.
  static Matrix multiply(const std::vector<double>& w, std::size_t rows, const Matrix& x) {
    Matrix y(rows, std::vector<double>(x[0].size()));
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t j = 0; j < x[0].size(); ++j) y[r][j] += w[r * x.size() + i] * x[i][j];
      }
    }
    return y;
  }
  Matrix activate(const std::string& name, Matrix x) const {
    const auto& slope = tensors_.at(name + ".slope");
    for (auto& row : x) {
      for (std::size_t j = 0; j < row.size(); ++j) row[j] = row[j] >= 0 ? row[j] : row[j] * slope[j];
    }
    return x;
  }
  /// weight [out][tap][in]: tap j reads position p + j - (taps-1)/2.
  Matrix convolve(const std::string& name, const Matrix& x, std::size_t taps, std::size_t out) const {
    const auto &w = tensors_.at(name + ".weight"), &bias = tensors_.at(name + ".bias");
    const std::size_t in = x[0].size();
    Matrix y(x.size(), bias);
    for (std::size_t p = 0; p < x.size(); ++p) {
      for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t j = 0; j < taps; ++j) {
          const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(p + j) - static_cast<std::ptrdiff_t>((taps - 1) / 2);
          if (from < 0 || from >= static_cast<std::ptrdiff_t>(x.size())) continue;
          for (std::size_t i = 0; i < in; ++i)
            y[p][o] += w[(o * taps + j) * in + i] * x[static_cast<std::size_t>(from)][i];
        }
      }
    }
    return y;
  }
  Matrix linear(const std::string& name, const Matrix& x, std::size_t out) const { return convolve(name, x, 1, out); }

  /// One step of a GRU of H units: from x and the units before to those after.
  std::vector<double> gru_step(const std::string& name, std::size_t H, const std::vector<double>& x,
                               const std::vector<double>& before) const {
    const auto product = [&](const char* which, const std::vector<double>& v, std::size_t row) {
      const auto& w = tensors_.at(name + ".weight_" + which);
      double sum = tensors_.at(name + ".bias_" + which)[row];
      for (std::size_t i = 0; i < v.size(); ++i) sum += w[row * v.size() + i] * v[i];
      return sum;
    };
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    std::vector<double> after(H);
    for (std::size_t j = 0; j < H; ++j) {
      const double r = sigmoid(product("ih", x, j) + product("hh", before, j));
      const double u = sigmoid(product("ih", x, H + j) + product("hh", before, H + j));
      const double n = std::tanh(product("ih", x, 2 * H + j) + r * product("hh", before, 2 * H + j));
      after[j] = (1 - u) * n + u * before[j];
    }
    return after;
  }
  Matrix gru(const std::string& name, const Matrix& z) {
    Matrix& h = hidden_[name];
    if (h.empty()) h.assign(z.size(), std::vector<double>(a_.hidden));
    for (std::size_t b = 0; b < z.size(); ++b) h[b] = gru_step(name, a_.hidden, z[b], h[b]);
    return add(z, linear(name + ".out", h, a_.width));
  }
  Matrix freq_gru(const std::string& name, const Matrix& z) const {
    const std::size_t B = z.size(), G = a_.freq_hidden;
    Matrix both(B, std::vector<double>(2 * G));
    for (const bool up : {true, false}) {
      std::vector<double> h(G);
      for (std::size_t step = 0; step < B; ++step) {
        const std::size_t b = up ? step : B - 1 - step;
        h = gru_step(name + (up ? ".up" : ".down"), G, z[b], h);
        for (std::size_t j = 0; j < G; ++j) both[b][(up ? 0 : G) + j] = h[j];
      }
    }
    return add(z, linear(name + ".out", both, a_.width));
  }
  /// The mean of values, columns H … 3H of `entries`, weighted by the softmax of query times key.
  std::vector<double> attend(const std::vector<double>& qkv, const std::vector<std::vector<double>>& entries,
                             std::size_t H, const std::function<double(std::size_t, std::size_t)>& position) const {
    const std::size_t A = H / a_.heads;
    std::vector<double> y(H);
    for (std::size_t h = 0; h < a_.heads; ++h) {
      std::vector<double> weight;
      double sum = 0;
      for (std::size_t j = 0; j < entries.size(); ++j) {
        double s = 0;
        for (std::size_t i = h * A; i < (h + 1) * A; ++i) s += qkv[i] * entries[j][H + i];
        weight.push_back(std::exp(s / std::sqrt(static_cast<double>(A)) + position(h, j)));
        sum += weight.back();
      }
      for (std::size_t j = 0; j < entries.size(); ++j) {
        for (std::size_t i = h * A; i < (h + 1) * A; ++i) y[i] += weight[j] / sum * entries[j][2 * H + i];
      }
    }
    return y;
  }
  Matrix time_attention(const std::string& name, const Matrix& z) {
    const std::size_t H = a_.hidden, W = a_.context_frames;
    const Matrix qkv = linear(name + ".qkv", z, 3 * H);
    std::vector<Matrix>& past = past_[name];
    past.push_back(qkv);
    const auto& position = tensors_.at(name + ".position");
    Matrix y;
    for (std::size_t b = 0; b < z.size(); ++b) {
      Matrix entries;
      for (std::size_t lag = 0; lag < W; ++lag) {
        entries.push_back(lag < past.size() ? past[past.size() - 1 - lag][b] : std::vector<double>(3 * H));
      }
      y.push_back(attend(qkv[b], entries, H, [&](std::size_t h, std::size_t lag) { return position[h * W + lag]; }));
    }
    return add(z, linear(name + ".out", y, a_.width));
  }
  Matrix freq_attention(const std::string& name, const Matrix& z) const {
    const std::size_t G = a_.freq_hidden, B = z.size();
    const Matrix qkv = linear(name + ".qkv", z, 3 * G);
    const auto& position = tensors_.at(name + ".position");
    Matrix y;
    for (std::size_t b = 0; b < B; ++b) {
      y.push_back(attend(qkv[b], qkv, G, [&](std::size_t h, std::size_t j) { return position[(h * B + b) * B + j]; }));
    }
    return add(z, linear(name + ".out", y, a_.width));
  }
  Matrix time_conv(const std::string& name, Matrix z) {
    const std::size_t K = a_.time_kernel, D = a_.width;
    for (std::uint32_t l = 0; l < a_.time_layers; ++l) {
      const std::string layer = name + "." + std::to_string(l);
      std::vector<Matrix>& past = past_[layer];  // all inputs so far
      past.push_back(z);
      const auto &w = tensors_.at(layer + ".weight"), &bias = tensors_.at(layer + ".bias");
      Matrix y(z.size(), bias);
      for (std::size_t k = 0; k < K; ++k) {
        const std::size_t delay = (K - 1 - k) << l;
        if (delay >= past.size()) continue;
        const Matrix& from = past[past.size() - 1 - delay];
        for (std::size_t b = 0; b < z.size(); ++b) {
          for (std::size_t o = 0; o < D; ++o) {
            for (std::size_t i = 0; i < D; ++i) y[b][o] += w[(o * K + k) * D + i] * from[b][i];
          }
        }
      }
      z = add(z, activate(layer, y));
    }
    return z;
  }
  Matrix dense(const std::string& name, const Matrix& z) const {
    const auto& w = tensors_.at(name + ".mix.weight");
    const std::size_t B = a_.bands, D = a_.width;
    Matrix m(B, std::vector<double>(D));
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t i = 0; i < B; ++i) {
        for (std::size_t d = 0; d < D; ++d) m[b][d] += w[(b * B + i) * D + d] * z[i][d];
      }
    }
    return add(z, activate(name + ".out", linear(name + ".out", m, D)));
  }
  Matrix freq_conv(const std::string& name, const Matrix& z) const {
    return add(z, activate(name, convolve(name, z, a_.kernel, a_.width)));
  }

  Architecture a_;
  std::map<std::string, std::vector<double>> tensors_;
  std::map<std::string, Matrix> hidden_;
  std::map<std::string, std::vector<Matrix>> past_;
};

}  // namespace pellucid::nn::test
