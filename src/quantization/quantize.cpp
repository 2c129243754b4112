#include "quantization/quantize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quantization/rounding.hpp"
#include "support/error.hpp"

namespace pellucid::quantization {
namespace {

constexpr double kFull = 32767;
constexpr float kLargest = 1e6f;  // that a trained network makes anywhere of any sound, and far beyond
constexpr double kHeadroom = 2;   // over the largest number that calibration saw

/// The largest n at which `largest` times 2^n is within 16 bits, below 16.
int bits_for(double largest) { return std::clamp(static_cast<int>(std::floor(std::log2(kFull / largest))), 0, 15); }

/// What 1 counts in the numbers that a product takes and gives.
struct Units {
  double in, out;
};

class Quantizer {
 public:
  Quantizer(const FloatNetwork& network, const Calibration& calibration)
      : network_(network), calibration_(calibration), a_(network.architecture()) {
    // The loudest spectrum there can be: an offset of full scale under the window, whose sum is 2 / pi of its length.
    features_q_ = bits_for(std::pow(a_.window_samples * 0.6367, a_.compression));
    mask_q_ = bits_for(std::max(1.0f, calibration.largest(Stream::kMask)) * 1.2);
  }

  QuantizedModel run() {
    QuantizedModel model;
    model.architecture = a_;
    model.metadata = {
        {"arithmetic", "int8"}, {"features_q", std::to_string(features_q_)}, {"mask_q", std::to_string(mask_q_)}};
    for (std::size_t i = 0; i < network_.products().size(); ++i) {
      model.products.push_back(product(i, units_of(network_.products()[i].spec.name)));
    }
    for (const float value : network_.embedding()) {
      const double scaled = std::clamp(value / unit(Stream::kZ), -kFull, kFull);
      model.embedding.push_back(static_cast<std::int16_t>(std::lround(scaled)));
    }
    return model;
  }

 private:
  double unit(Stream stream) const { return std::max(calibration_.largest(stream), 1e-6f) * kHeadroom / kFull; }

  Units units_of(const std::string& name) const {
    const auto is = [&](const char* end) { return name.size() >= std::string(end).size() && name.ends_with(end); };
    const double skips = unit(Stream::kSkips), z = unit(Stream::kZ), bands = unit(Stream::kBands);
    const double gates = std::ldexp(1.0, -nn::kGateQ), state = std::ldexp(1.0, -nn::kStateQ);
    if (name == "in") return {std::ldexp(1.0, -features_q_), skips};
    if (name == "out") return {skips, std::ldexp(1.0, -mask_q_)};
    if (name == "reduce") return {skips, bands};
    if (name == "reduce.proj") return {bands, z};
    if (name == "expand.proj") return {z, unit(Stream::kExpanded)};
    if (name == "expand") return {unit(Stream::kExpanded), skips};
    if (is(".time.ih")) return {z, gates};
    if (is(".time.hh")) return {state, gates};
    if (is(".time.out")) return {state, z};
    if (is(".freq.mix")) return {z, unit(Stream::kMixed)};
    if (is(".freq.out")) return {unit(Stream::kMixed), z};
    return name.starts_with("blocks.") ? Units{z, z} : Units{skips, skips};
  }

  QuantizedProduct product(std::size_t index, const Units& units) const {
    const FloatProduct& from = network_.products()[index];
    const std::size_t rows = from.spec.rows, columns = from.spec.columns;
    const std::size_t groups = from.spec.use == nn::ProductUse::kDense ? a_.width : 1;
    QuantizedProduct made;
    std::vector<double> weight(columns);
    for (std::size_t g = 0; g < groups; ++g) {
      const Moments& moments = calibration_.moments(index, g);
      const std::vector<double> mean = moments.mean();
      const Rounder rounder(moments.covariance());
      for (std::size_t r = g * (rows / groups); r < (g + 1) * (rows / groups); ++r) {
        for (std::size_t i = 0; i < columns; ++i) weight[i] = from.weight[r * columns + i] * units.in / units.out;
        RoundedRow row = rounder.round(weight, from.slope.empty() ? 1.0 : from.slope[r]);
        // What rounding took from the mean of the row's output goes into its bias.
        double bias = from.bias[r] / units.out;
        for (std::size_t i = 0; i < columns; ++i) {
          bias += (weight[i] - row.weight[i] * row.step) * mean[i] / units.in;
        }
        append(from.spec.name, row, bias, &made);
      }
    }
    return made;
  }

  static void append(const char* name, const RoundedRow& row, double bias, QuantizedProduct* to) {
    const double half = row.scale.shift > 0 ? std::ldexp(1.0, row.scale.shift - 1) : 0.0;
    const double start = std::floor(bias / row.step + half + 0.5);
    double most = std::abs(start);
    for (const int w : row.weight) most += std::abs(w) * kFull;
    if (!(most <= 2147483647.0)) {
      throw Error(ExitCode::kModel,
                  "A row of the layer '{}' does not fit sums of 32 bits: its inputs are too many or its bias is too "
                  "large for its weights.",
                  name);
    }
    for (const int w : row.weight) to->weight.push_back(static_cast<std::int8_t>(w));
    to->bias.push_back(static_cast<std::int32_t>(start));
    to->scale.push_back(row.scale);
  }

  const FloatNetwork& network_;
  const Calibration& calibration_;
  const nn::Architecture& a_;
  int features_q_ = 0, mask_q_ = 0;
};

}  // namespace

QuantizedModel quantize(const FloatNetwork& network, const Calibration& calibration) {
  for (int stream = 0; stream < static_cast<int>(Stream::kCount); ++stream) {
    if (const float largest = calibration.largest(static_cast<Stream>(stream)); !(largest < kLargest))
      throw Error(ExitCode::kModel,
                  "The model makes numbers of {:g} of this sound, and below {:g} are expected; its weights are damaged "
                  "or too large: train it again or take another model.",
                  largest, kLargest);
  }
  return Quantizer(network, calibration).run();
}

}  // namespace pellucid::quantization
