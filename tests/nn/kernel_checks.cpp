#include "kernel_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "guarded.hpp"
#include "nn/blocks.hpp"
#include "owned_network.hpp"
#include "random_model.hpp"

namespace pellucid::nn::test {
namespace {

using std::size_t;

template <typename... Values>
std::string text(const char* format, Values... values) {
  char line[200];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

int as_int(size_t n) { return static_cast<int>(n); }

void fill(Guarded& values, Random& random) {
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random.uniform());
}

/// A random case of the affine kernel, and its result in double precision.
std::string check_affine_case(const Kernels& kernels, std::uint64_t seed) {
  Random random(seed);
  const size_t rows = 1 + random.below(100), taps = 1 + 2 * random.below(3), channels = 1 + random.below(48);
  const size_t in = taps * channels, out = 1 + random.below(100);
  const bool mixing = random.below(4) == 0;  // the rows to be mixed are the weights
  const size_t w_row = mixing ? out : kernels.panel;
  const size_t w_panel = mixing ? kernels.panel : kernels.panel * in;
  const size_t y_stride = out + random.below(20), residual_stride = out + random.below(20);
  const size_t x_stride = mixing ? in : channels;
  Guarded x((rows - 1) * x_stride + in), w(mixing ? in * out : padded(out, kernels.panel) * in);
  Guarded bias(out), slope(out), second((rows - 1) * residual_stride + out);
  // One of the residuals may be the output itself.
  const bool in_place = random.below(2) == 0;
  Guarded first((rows - 1) * (in_place ? y_stride : residual_stride) + out), y((rows - 1) * y_stride + out);
  for (Guarded* each : {&x, &w, &bias, &slope, &second, &first, &y}) fill(*each, random);

  Affine a = {};
  a.rows = rows, a.in = in, a.out = out;
  a.x = x.data(), a.x_stride = x_stride;
  a.w = w.data(), a.w_panel = w_panel, a.w_row = w_row;
  if (random.below(2) == 0) a.bias = bias.data();
  if (random.below(2) == 0) a.slope = slope.data();
  Guarded& result = in_place ? first : y;
  a.residual_stride = in_place ? y_stride : residual_stride;
  if (random.below(3) > 0 || in_place) a.residual = first.data();
  if (random.below(3) == 0 && !in_place) a.residual2 = second.data();
  if (in_place && random.below(2) == 0) std::swap(a.residual, a.residual2);
  a.y = result.data(), a.y_stride = y_stride;

  std::vector<float> expected(result.data(), result.data() + result.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double sum = a.bias != nullptr ? a.bias[o] : 0.0f;
      for (size_t i = 0; i < in; ++i) {
        sum += double{x[r * x_stride + i]} * w[o / kernels.panel * w_panel + i * w_row + o % kernels.panel];
      }
      if (a.slope != nullptr && !(sum > 0)) sum *= a.slope[o];
      if (a.residual != nullptr) sum += a.residual[r * a.residual_stride + o];
      if (a.residual2 != nullptr) sum += a.residual2[r * a.residual_stride + o];
      expected[r * y_stride + o] = static_cast<float>(sum);
    }
  }
  kernels.affine(a);
  const std::string shape =
      text("seed %d, %d rows, %d in, %d out", as_int(seed), as_int(rows), as_int(in), as_int(out));
  for (size_t i = 0; i < expected.size(); ++i) {
    const bool between = i % y_stride >= out;  // rows: not to be touched
    const double bound = between ? 0.0 : 3e-6 * std::sqrt(static_cast<double>(in)) + 1e-6;
    const double error = std::abs(double{result[i]} - expected[i]);
    if (!(error <= bound)) return shape + text(": value %d is %g, not %g", as_int(i), result[i], expected[i]);
  }
  for (const Guarded* each : {&x, &w, &bias, &slope, &second, &first, &y}) {
    if (!each->intact()) return shape + ": wrote outside";
  }
  return {};
}

std::string check_affine(const Kernels& kernels) {
  for (std::uint64_t seed = 0; seed < 250; ++seed) {
    std::string wrong = check_affine_case(kernels, seed);
    if (!wrong.empty()) return wrong;
  }
  return {};
}

/// A sparse product against the dense one of the same weights with zeros: the same sums in the same order.
std::string check_sparse_affine(const Kernels& kernels) {
  if (kernels.sparse_percent == 0) return {};  // it has none, and no network asks it
  for (std::uint64_t seed = 0; seed < 250; ++seed) {
    Random random(seed);
    const size_t rows = 1 + random.below(60), panel = kernels.panel, across = 1 + random.below(24);
    const size_t in = across * kBlockInputs, out = kBlockOutputs * (1 + random.below(13));
    const size_t panels = padded(out, panel) / panel, block = kBlockInputs * panel;
    const size_t x_stride = 1 + random.below(static_cast<std::uint32_t>(in));
    std::vector<float> blocks;
    std::vector<std::uint32_t> end, step;
    Guarded w(panels * in * panel), x((rows - 1) * x_stride + in), bias(out), slope(out), dense(rows * out);
    for (Guarded* each : {&w, &x, &bias, &slope, &dense}) fill(*each, random);
    const std::uint32_t share = random.below(5);  // none to all
    for (size_t p = 0; p < panels; ++p) {
      for (size_t column = 0, last = 0; column < across; ++column) {
        float* at = w.data() + p * in * panel + column * block;
        if (random.below(4) < share) {
          blocks.insert(blocks.end(), at, at + block);
          step.push_back(static_cast<std::uint32_t>((column - last) * kBlockInputs));
          last = column;
        } else {
          for (size_t i = 0; i < block; ++i) at[i] = 0.0f;
        }
      }
      end.push_back(static_cast<std::uint32_t>(step.size()));
    }
    Guarded packed(blocks.size() + 1), sparse(rows * out);
    for (size_t i = 0; i < blocks.size(); ++i) packed[i] = blocks[i];
    for (size_t i = 0; i < sparse.size(); ++i) sparse[i] = dense[i];
    Affine a = {};
    a.rows = rows, a.in = in, a.out = out;
    a.x = x.data(), a.x_stride = x_stride;
    a.w = w.data(), a.w_panel = panel * in, a.w_row = panel;
    a.bias = bias.data(), a.slope = slope.data();
    a.y = dense.data(), a.y_stride = out;
    kernels.affine(a);
    a.w = packed.data(), a.w_panel = a.w_row = 0;
    a.block_end = end.data(), a.block_step = step.data();
    a.y = sparse.data();
    kernels.affine(a);
    for (size_t i = 0; i < sparse.size(); ++i) {
      if (!(sparse[i] == dense[i])) {
        return text("seed %d, %d rows, %d in, %d out: value %d is %g, not %g", as_int(seed), as_int(rows), as_int(in),
                    as_int(out), as_int(i), sparse[i], dense[i]);
      }
    }
    for (const Guarded* each : {&x, &bias, &slope, &packed, &sparse, &dense}) {
      if (!each->intact()) return "wrote outside";
    }
  }
  return {};
}

std::string check_mix_bands(const Kernels& kernels) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    const size_t bands = 1 + random.below(40), width = 1 + random.below(100);
    Guarded w(bands * bands * width), z(bands * width), m(bands * width);
    for (Guarded* each : {&w, &z, &m}) fill(*each, random);
    kernels.mix_bands(w.data(), z.data(), m.data(), bands, width);
    for (size_t b = 0; b < bands; ++b) {
      for (size_t d = 0; d < width; ++d) {
        double sum = 0;
        for (size_t i = 0; i < bands; ++i) sum += double{w[(b * bands + i) * width + d]} * z[i * width + d];
        if (!(std::abs(m[b * width + d] - sum) <= 1e-5)) {
          return text("%d bands, width %d: m[%d][%d] is %g, not %g", as_int(bands), as_int(width), as_int(b), as_int(d),
                      m[b * width + d], sum);
        }
      }
    }
    if (!w.intact() || !z.intact() || !m.intact()) return "wrote outside";
  }
  return {};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

std::string check_gru_gates(const Kernels& kernels) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const size_t rows = 1 + random.below(40), hidden = 1 + random.below(100);
    Guarded gi(rows * 3 * hidden), gh(rows * 3 * hidden), h(rows * hidden);
    for (Guarded* each : {&gi, &gh, &h}) fill(*each, random);
    for (size_t i = 0; i < gi.size(); ++i) gi[i] *= 6;
    const std::vector<float> before(h.data(), h.data() + h.size());
    kernels.gru_gates(gi.data(), gh.data(), h.data(), rows, hidden);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t j = 0; j < hidden; ++j) {
        const float *i = gi.data() + 3 * r * hidden + j, *g = gh.data() + 3 * r * hidden + j;
        const double reset = sigmoid(double{i[0]} + g[0]), update = sigmoid(double{i[hidden]} + g[hidden]);
        const double fresh = std::tanh(i[2 * hidden] + reset * g[2 * hidden]);
        const double expected = fresh + update * (before[r * hidden + j] - fresh);
        if (!(std::abs(h[r * hidden + j] - expected) <= 2e-6)) {
          return text("%d rows, hidden %d: h[%d][%d] is %g, not %g", as_int(rows), as_int(hidden), as_int(r), as_int(j),
                      h[r * hidden + j], expected);
        }
      }
    }
    if (!gi.intact() || !gh.intact() || !h.intact()) return "wrote outside";
  }
  return {};
}

/// sigmoid and tanh by themselves: gates that leave only one of them.
std::string check_gate_functions(const Kernels& kernels) {
  constexpr size_t kHidden = 4096;
  Guarded gi(3 * kHidden), gh(3 * kHidden), h(kHidden);
  for (const double range : {0.1, 2.0, 20.0, 100.0}) {
    double worst_sigmoid = 0, worst_tanh = 0;
    const auto at = [&](size_t j) { return static_cast<float>(range * (2.0 * static_cast<double>(j) / kHidden - 1)); };
    for (size_t i = 0; i < 3 * kHidden; ++i) gi[i] = gh[i] = 0.0f;
    for (size_t j = 0; j < kHidden; ++j) gi[kHidden + j] = at(j), h[j] = 1.0f;  // fresh 0: h' = sigmoid
    kernels.gru_gates(gi.data(), gh.data(), h.data(), 1, kHidden);
    for (size_t j = 0; j < kHidden; ++j) worst_sigmoid = std::max(worst_sigmoid, std::abs(h[j] - sigmoid(at(j))));
    for (size_t j = 0; j < kHidden; ++j) {  // update 0: h' = tanh
      gi[kHidden + j] = -100.0f, gi[2 * kHidden + j] = at(j), h[j] = 0.0f;
    }
    kernels.gru_gates(gi.data(), gh.data(), h.data(), 1, kHidden);
    for (size_t j = 0; j < kHidden; ++j) {
      worst_tanh = std::max(worst_tanh, std::abs(h[j] - std::tanh(double{at(j)})));
    }
    if (!(worst_sigmoid <= 2e-7)) return text("sigmoid errs by %g within %g", worst_sigmoid, range);
    if (!(worst_tanh <= 3e-7)) return text("tanh errs by %g within %g", worst_tanh, range);
  }
  return {};
}

std::string check_attend(const Kernels& kernels) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    Random random(seed);
    const size_t rows = 1 + random.below(20), entries = 1 + random.below(40), heads = 1 + random.below(5);
    const size_t width = 1 + random.below(40), all = heads * width;
    const bool shared = random.below(2) == 0;  // every row sees the same entries, and has positions of its own
    Guarded q(rows * all), memory(entries * rows * 2 * all), position(heads * rows * entries);
    Guarded scores(entries), y(rows * all);
    for (Guarded* each : {&q, &memory, &position, &y}) fill(*each, random);
    std::vector<const float*> entry(entries);
    for (size_t j = 0; j < entries; ++j) entry[j] = memory.data() + j * rows * 2 * all;
    Attention a = {};
    a.rows = rows, a.entries = entries, a.heads = heads, a.head_width = width;
    a.q = q.data(), a.q_stride = all;
    a.entry = entry.data(), a.entry_stride = shared ? 0 : 2 * all, a.value_offset = all;
    a.position = position.data(), a.position_head = rows * entries, a.position_row = shared ? entries : 0;
    a.scale = 0.7f, a.scores = scores.data();
    a.y = y.data(), a.y_stride = all;
    kernels.attend(a);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t h = 0; h < heads; ++h) {
        std::vector<double> weight(entries), expected(width);
        double sum = 0;
        for (size_t j = 0; j < entries; ++j) {
          double s = 0;
          const float* key = entry[j] + r * a.entry_stride + h * width;
          for (size_t i = 0; i < width; ++i) s += double{q[r * all + h * width + i]} * key[i];
          weight[j] = std::exp(double{a.scale} * s + position[h * a.position_head + r * a.position_row + j]);
          sum += weight[j];
          for (size_t i = 0; i < width; ++i) expected[i] += weight[j] * key[all + i];
        }
        for (size_t i = 0; i < width; ++i) {
          const float found = y[r * all + h * width + i];
          if (!(std::abs(found - expected[i] / sum) <= 5e-6)) {
            return text("seed %d, %d entries, width %d: %g, not %g", as_int(seed), as_int(entries), as_int(width),
                        found, expected[i] / sum);
          }
        }
      }
    }
    for (const Guarded* each : {&q, &memory, &position, &scores, &y}) {
      if (!each->intact()) return "wrote outside";
    }
  }
  return {};
}

/// Compression and its undoing over what a spectrum can hold, for several exponents.
std::string check_compression(const Kernels& kernels) {
  for (const double c : {0.3, 0.2, 0.5, 0.7, 1.0}) {
    const Compression powers = {dsp::make_power((c - 1) / 2), dsp::make_power(c / 2), dsp::make_power((1 / c - 1) / 2)};
    for (const size_t bins : {size_t{1}, size_t{7}, size_t{33}, size_t{256}, size_t{2048}}) {
      Random random(bins);
      Guarded spectrum(2 * bins), features(3 * bins), scratch(2 * bins + kSlack), mask(2 * bins), out(2 * bins);
      fill(mask, random);
      for (size_t k = 0; k < bins; ++k) {
        const double level = std::pow(10.0, 7.0 * random.uniform() - 1.0);  // 1e-8 … 1e6
        spectrum[2 * k] = static_cast<float>(level * random.uniform());
        spectrum[2 * k + 1] = static_cast<float>(level * random.uniform());
      }
      kernels.compress(powers, spectrum.data(), features.data(), scratch.data(), bins);
      for (size_t k = 0; k < bins; ++k) {
        const double re = spectrum[2 * k], im = spectrum[2 * k + 1], power = re * re + im * im + 1e-12;
        const double gain = std::pow(power, (c - 1) / 2);
        const double expected[] = {re * gain, im * gain, std::pow(power, c / 2)};
        for (size_t i = 0; i < 3; ++i) {
          // The power itself has an error of 3 half units before the function begins.
          if (!(std::abs(features[3 * k + i] - expected[i]) <= 6e-7 * expected[2])) {
            return text("exponent %g: feature %d of bin %d is %.9g, not %.9g", c, as_int(i), as_int(k),
                        features[3 * k + i], expected[i]);
          }
        }
      }
      kernels.decompress(powers, mask.data(), features.data(), out.data(), scratch.data(), bins);
      for (size_t k = 0; k < bins; ++k) {
        const double mr = mask[2 * k], mi = mask[2 * k + 1], xr = features[3 * k], xi = features[3 * k + 1];
        const double re = mr * xr - mi * xi, im = mr * xi + mi * xr, size = std::hypot(re, im);
        if (size < 1e-14) continue;
        const double gain = std::pow(size, 1 / c - 1), scale = std::hypot(mr, mi) * std::hypot(xr, xi);
        const double bound = 6e-7 * gain * scale / c;
        if (!(std::abs(out[2 * k] - re * gain) <= bound && std::abs(out[2 * k + 1] - im * gain) <= bound)) {
          return text("exponent %g: bin %d comes back as %.9g, not %.9g", c, as_int(k), out[2 * k], re * gain);
        }
      }
      for (const Guarded* each : {&spectrum, &features, &scratch, &mask, &out}) {
        if (!each->intact()) return "wrote outside";
      }
    }
  }
  return {};
}

/// Whole networks against those of the portable kernels.
std::string check_network(const Kernels& kernels) {
  const Kernels& portable = *kernels_at(0);
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    const Architecture a = seed == 0 ? small_architecture() : any_architecture(seed);
    OwnedNetwork one(make_random_model(a, seed), kernels), other(make_random_model(a, seed), portable);
    if (!one.ok || !other.ok) return text("seed %d: no network", as_int(seed));
    Random random(seed);
    std::vector<float> spectrum(2 * a.bins() + 2), x(spectrum.size()), y(spectrum.size());
    for (int frame = 0; frame < 30; ++frame) {
      const double level = std::pow(10.0, 2.0 * random.uniform());
      for (float& v : spectrum) v = static_cast<float>(level * random.uniform());
      one.network.process_frame(one.state, spectrum.data(), x.data());
      other.network.process_frame(other.state, spectrum.data(), y.data());
      float largest = 0;
      for (const float v : y) largest = std::max(largest, std::abs(v));
      for (size_t i = 0; i < x.size(); ++i) {
        if (!(std::abs(x[i] - y[i]) <= 1e-5f * largest)) {
          return text("seed %d, frame %d: value %d is %.9g, portable %.9g, the largest %.3g", as_int(seed), frame,
                      as_int(i), x[i], y[i], largest);
        }
      }
    }
  }
  return {};
}

/// Without fused multiply-adds the order of sums alone decides: the same bits as the portable kernels.
std::string check_bits(const Kernels& kernels) {
  if (std::string(kernels.name) != "simd128") return {};
  for (const Architecture& a : every_combination()) {
    OwnedNetwork one(make_random_model(a, 1), kernels), other(make_random_model(a, 1), *kernels_at(0));
    Random random(1);
    std::vector<float> x(2 * a.bins() + 2), y(x.size());
    for (int frame = 0; frame < 12; ++frame) {
      for (float& v : x) v = static_cast<float>(random.uniform());
      other.network.process_frame(other.state, x.data(), y.data());
      one.network.process_frame(one.state, x.data(), x.data());
      if (x != y)
        return text("%s, frame %d: other bits than with the portable kernels", combination_name(a).c_str(), frame);
    }
  }
  return {};
}

}  // namespace

const KernelCheck kKernelChecks[] = {
    {"Affine", check_affine},           {"SparseAffine", check_sparse_affine},
    {"MixBands", check_mix_bands},      {"GruGates", check_gru_gates},
    {"Attend", check_attend},           {"GateFunctions", check_gate_functions},
    {"Compression", check_compression}, {"WholeNetwork", check_network},
    {"SameBitsWithoutFma", check_bits},
};
const int kKernelCheckCount = sizeof kKernelChecks / sizeof kKernelChecks[0];

}  // namespace pellucid::nn::test
