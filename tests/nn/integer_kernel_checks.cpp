#include "integer_kernel_checks.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "guarded.hpp"
#include "owned_integer_network.hpp"
#include "random_integer_model.hpp"

namespace pellucid::nn::test {
namespace {

using std::size_t;

/// Numbers of 16 bits behind which lie kIntegerSlack bytes and a page that nobody may touch.
class Shorts {
 public:
  explicit Shorts(size_t count, Random& random, int limit = 32767)
      : floats_(new Guarded((count + 1) / 2)), count_(count) {
    static_assert(kIntegerSlack == kSlack * sizeof(float));
    for (size_t i = 0; i < count; ++i) data()[i] = number(random, limit);
  }
  static std::int16_t number(Random& random, int limit) {
    return static_cast<std::int16_t>(static_cast<int>(random.below(2 * static_cast<unsigned>(limit) + 1)) - limit);
  }
  /// As near to the end as an even count lets it.
  std::int16_t* data() { return reinterpret_cast<std::int16_t*>(floats_->data()); }
  size_t size() const { return count_; }
  bool equals(Shorts& other) { return std::memcmp(data(), other.data(), 2 * count_) == 0; }
  bool intact() const { return floats_->intact(); }

 private:
  std::unique_ptr<Guarded> floats_;
  size_t count_;
};

/// A product with random numbers whose sums cannot overflow, packed for two sets of kernels.
struct RandomProduct {
  RandomProduct(Random& random, size_t rows, size_t columns, ProductUse use, size_t bands,
                const IntegerKernels& kernels) {
    const int most = columns <= 500 ? 127 : 60;
    for (size_t i = 0; i < rows * columns; ++i) {
      weight.push_back(static_cast<std::int8_t>(random.below(8) == 0 ? most : Shorts::number(random, most)));
    }
    for (size_t r = 0; r < rows; ++r) {
      bias.push_back(static_cast<std::int32_t>(random.below(2000001)) - 1000000);
      scale.push_back(random_scale(random, static_cast<std::uint32_t>(columns)));
      if (random.below(4) == 0) scale.back().shift = static_cast<std::int16_t>(random.below(32));
    }
    plain = {
        weight.data(), bias.data(), scale.data(), static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(columns),
        nullptr};
    packed = plain;
    if (const size_t bytes = kernels.packed_bytes(plain, use, bands)) {
      memory = aligned_bytes(bytes);
      kernels.pack(plain, use, bands, memory.get());
      packed.weight = nullptr;
      packed.packed = memory.get();
    }
  }
  std::vector<std::int8_t> weight;
  std::vector<std::int32_t> bias;
  std::vector<RowScale> scale;
  OwnedBytes memory;
  IntegerProduct plain, packed;
};

/// A size up to `most` (at least 8), every other time one that fills registers or halves of them.
size_t size_up_to(Random& random, std::uint32_t most) {
  return random.below(2) == 0 ? size_t{8} * (1 + random.below(most / 8)) : 1 + random.below(most);
}

std::string problem(const char* what, std::uint64_t seed) {
  return std::string(what) + ", seed " + std::to_string(seed);
}

std::string check_affine(const IntegerKernels& kernels, std::uint64_t seed) {
  Random random(seed);
  const size_t rows = 1 + random.below(70), channels = 1 + random.below(40), taps = 1 + 2 * random.below(3);
  const size_t out = size_up_to(random, 100), in = channels * taps;
  const RandomProduct product(random, out, in, ProductUse::kAffine, 1, kernels);
  Shorts x((rows - 1) * channels + in, random), residual(rows * out, random), residual2(rows * out, random);
  Shorts expected(rows * out, random), result(rows * out, random);
  const bool one = random.below(2) == 0, two = random.below(3) == 0, in_place = one && random.below(2) == 0;
  if (in_place) {
    std::memcpy(expected.data(), residual.data(), 2 * rows * out);
    std::memcpy(result.data(), residual.data(), 2 * rows * out);
  }
  const auto run = [&](const IntegerKernels& set, const IntegerProduct& p, Shorts& y) {
    const std::int16_t* first = in_place ? y.data() : one ? residual.data() : nullptr;
    set.affine({&p, x.data(), rows, channels, first, two ? residual2.data() : nullptr, y.data()});
  };
  run(kScalarIntegerKernels, product.plain, expected);
  run(kernels, product.packed, result);
  return result.equals(expected) && result.intact() ? "" : problem("affine differs", seed);
}

std::string check_mix(const IntegerKernels& kernels, std::uint64_t seed) {
  Random random(seed);
  const size_t rows = size_up_to(random, 70), columns = 1 + random.below(70), width = size_up_to(random, 40);
  const RandomProduct product(random, rows, columns, ProductUse::kMix, 1, kernels);
  Shorts x(columns * width, random), residual(rows * width, random), column(columns, random);
  Shorts expected(rows * width, random), result(rows * width, random);
  const std::int16_t* added = random.below(2) == 0 ? residual.data() : nullptr;
  kScalarIntegerKernels.mix({&product.plain, x.data(), width, added, expected.data(), column.data()});
  kernels.mix({&product.packed, x.data(), width, added, result.data(), column.data()});
  return result.equals(expected) && result.intact() ? "" : problem("mix differs", seed);
}

std::string check_mix_bands(const IntegerKernels& kernels, std::uint64_t seed) {
  Random random(seed);
  const size_t bands = 1 + random.below(40), width = size_up_to(random, 40);
  const RandomProduct product(random, bands * width, bands, ProductUse::kDense, bands, kernels);
  Shorts z(bands * width, random), column(bands, random);
  Shorts expected(bands * width, random), result(bands * width, random);
  kScalarIntegerKernels.mix_bands(product.plain, z.data(), bands, width, expected.data(), column.data());
  kernels.mix_bands(product.packed, z.data(), bands, width, result.data(), column.data());
  return result.equals(expected) && result.intact() ? "" : problem("mix_bands differs", seed);
}

std::string check_gates(const IntegerKernels& kernels, std::uint64_t seed) {
  Random random(seed);
  const size_t rows = 1 + random.below(9), hidden = size_up_to(random, 40);
  const int limit = random.below(2) == 0 ? 32767 : 4000;
  Shorts gi(3 * rows * hidden, random, limit), gh(3 * rows * hidden, random, limit);
  Shorts expected(rows * hidden, random), result(rows * hidden, random);
  std::memcpy(result.data(), expected.data(), 2 * rows * hidden);
  kScalarIntegerKernels.gru_gates(gi.data(), gh.data(), expected.data(), rows, hidden);
  kernels.gru_gates(gi.data(), gh.data(), result.data(), rows, hidden);
  return result.equals(expected) && result.intact() ? "" : problem("gru_gates differs", seed);
}

/// Runs a check for many seeds, up to the first that fails.
std::string for_seeds(int count, std::string (*check)(const IntegerKernels&, std::uint64_t),
                      const IntegerKernels& kernels) {
  std::string result;
  for (int seed = 0; seed < count && result.empty(); ++seed) result = check(kernels, static_cast<std::uint64_t>(seed));
  return result;
}

IntegerCompression random_compression(Random& random) {
  IntegerModel model = {};
  model.architecture.window_samples = 64u << random.below(5);
  model.features_q = static_cast<std::int32_t>(random.below(16));
  model.mask_q = static_cast<std::int32_t>(random.below(16));
  model.compression_q16 = 6554 + random.below(58900);
  IntegerCompression c = integer_compression(model);
  if (random.below(2) == 0) set_least_gain(c, model.compression_q16, -static_cast<int>(random.below(10 * 65536)));
  return c;
}

std::string check_bins(const IntegerKernels& kernels, std::uint64_t seed) {
  Random random(seed);
  const IntegerCompression c = random_compression(random);
  const size_t bins = 1 + random.below(300);
  std::vector<std::int32_t> spectrum(2 * bins), expected(2 * bins), result(2 * bins);
  for (std::int32_t& x : spectrum) {
    const std::uint32_t size = random.below(31);
    x = random.below(10) == 0 ? 0 : static_cast<std::int32_t>(random.bits() >> 34) >> (29 - std::min(size, 29u));
    if (random.below(2) == 0) x = -x;
  }
  Shorts features(3 * bins, random), more(3 * bins, random), mask(2 * bins, random);
  kScalarIntegerKernels.compress(c, spectrum.data(), features.data(), bins);
  kernels.compress(c, spectrum.data(), more.data(), bins);
  if (!more.equals(features) || !more.intact()) return problem("compress differs", seed);
  if (random.below(2) == 0) features = Shorts(3 * bins, random);
  for (size_t i = 0; i < 2 * bins; ++i) mask.data()[i] = static_cast<std::int16_t>(mask.data()[i] >> random.below(16));
  kScalarIntegerKernels.decompress(c, mask.data(), features.data(), expected.data(), bins);
  kernels.decompress(c, mask.data(), features.data(), result.data(), bins);
  return result == expected ? "" : problem("decompress differs", seed);
}

std::string check_transform(const IntegerKernels& kernels, std::uint64_t seed) {
  Random random(seed);
  const std::uint32_t window = 64u << seed % 5, hop = window / 2;
  const dsp::FixedStft reference(window), stft(window, kernels.transform);
  const size_t values = dsp::FixedStft::work_values(window);
  std::vector<std::int32_t> work(2 * values), expected_work(2 * values), overlap(hop), expected_overlap(hop);
  Shorts last(hop, random), next(hop, random), out(hop, random), expected(hop, random);
  std::int32_t* spectrum = stft.analyse(last.data(), next.data(), work.data());
  std::int32_t* expected_spectrum = reference.analyse(last.data(), next.data(), expected_work.data());
  if (!std::equal(spectrum, spectrum + window + 2, expected_spectrum)) return problem("analysis differs", seed);
  for (std::uint32_t i = 0; i < window + 2 && seed % 2 == 0; ++i) {
    spectrum[i] = expected_spectrum[i] = static_cast<std::int32_t>(random.bits() >> 34) - (1 << 29);
  }
  stft.synthesise(spectrum, overlap.data(), work.data(), out.data());
  reference.synthesise(expected_spectrum, expected_overlap.data(), expected_work.data(), expected.data());
  return out.equals(expected) && overlap == expected_overlap ? "" : problem("synthesis differs", seed);
}

std::string check_network(const IntegerKernels& kernels, std::uint64_t seed) {
  Architecture a = random_architecture(seed);
  a.window_samples = 64u << seed % 4;
  a.hop_samples = a.window_samples / 2;
  const auto bytes = make_random_integer_model(a, seed);
  const OwnedIntegerModel reference(bytes), other(bytes, kernels);
  if (!reference.ok || !other.ok) return problem("model not loaded", seed);
  Random random(seed);
  std::vector<std::int32_t> results[2];
  for (int set = 0; set < 2; ++set) {
    const OwnedBytes scratch = aligned_bytes(integer_layout(a).bytes);
    std::vector<std::int16_t> memory(integer_state_values(a) + kIntegerSlack);
    IntegerNetwork network;
    network.init(set == 0 ? reference.model : other.model, set == 0 ? kScalarIntegerKernels : kernels, scratch.get());
    IntegerState state{memory.data(), 0};
    random = Random(seed);
    std::vector<std::int32_t> spectrum(a.window_samples + 2);
    for (int frame = 0; frame < 12; ++frame) {
      for (std::int32_t& x : spectrum) x = (static_cast<std::int32_t>(random.bits() >> 34) - (1 << 29)) >> frame;
      network.process_frame(state, spectrum.data(), network.compression(), spectrum.data());
      results[set].insert(results[set].end(), spectrum.begin(), spectrum.end());
    }
  }
  return results[0] == results[1] ? "" : problem("network differs", seed);
}

}  // namespace

std::string check_integer_products(const IntegerKernels& kernels) {
  for (auto* check : {check_affine, check_mix, check_mix_bands, check_gates}) {
    const std::string result = for_seeds(150, check, kernels);
    if (!result.empty()) return result;
  }
  return "";
}

std::string check_integer_bins(const IntegerKernels& kernels) { return for_seeds(300, check_bins, kernels); }

std::string check_integer_transform(const IntegerKernels& kernels) { return for_seeds(40, check_transform, kernels); }

std::string check_integer_networks(const IntegerKernels& kernels) { return for_seeds(40, check_network, kernels); }

}  // namespace pellucid::nn::test
