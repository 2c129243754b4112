// What has to hold on the chip itself, kernel by kernel: its multiply_rows against plain loops at many sizes, its set
// of kernels against the scalar one, and what the component says to memory that is no good.
//
//   kernels.elf       prints what it found; codes: 0 all hold, 1 not, 99 a fault (start-up code)
//   kernels.elf trap  faults on purpose: a runner that does not notice is broken; `hang` does not end
#include "firmware/print.hpp"
#include "nn/integer_kernels.hpp"
#include "pellucid_chip.h"
#include "pellucid_chip_blocks.h"
#include "pellucid_chip_model.hpp"

namespace {

using namespace pellucid::chip;
namespace nn = pellucid::nn;
namespace dsp = pellucid::dsp;

uint32_t checks = 0, failures = 0;

void expect(bool holds, const char* what, uint32_t number) {
  ++checks;
  if (holds) return;
  ++failures;
  if (failures <= 20) report(what, number);
}

/// Numerical Recipes' generator: the high bits are good enough here.
struct Random {
  uint32_t state = 1;
  uint32_t next() { return state = state * 1664525u + 1013904223u; }
  int32_t within(int32_t least, int32_t most) {
    return least + static_cast<int32_t>((next() >> 8) % static_cast<uint32_t>(most - least + 1));
  }
};

constexpr uint32_t kMostRows = 32, kMostColumns = 96, kMostPositions = 3;
Random random_numbers;

constexpr uint32_t kPadding = 0xffffffff;

/// Bytes of a row in the order of this chip's weights.
uint32_t row_bytes(uint32_t columns) {
#if defined(__ARM_FEATURE_MVE)
  return (columns + 7) / 8 * 8;
#else
  return columns;
#endif
}

/// The place in [rows][columns] that place `i` in that order is filled from.
uint32_t place_in_rows(uint32_t i, uint32_t columns) {
#if defined(__xtensa__)
  static const uint32_t order[4] = {2, 0, 3, 1};
  (void)columns;
  return i / 4 * 4 + order[i % 4];
#elif defined(__riscv)
  const uint32_t group = i / (4 * columns), rest = i % (4 * columns);
  return (4 * group + rest % 4) * columns + rest / 4;
#elif defined(__ARM_FEATURE_MVE)
  const uint32_t group = i / (4 * row_bytes(columns)), rest = i % (4 * row_bytes(columns));
  const uint32_t column = rest / 32 * 8 + rest % 8;
  return column < columns ? (4 * group + rest / 8 % 4) * columns + column : kPadding;
#elif defined(__ARM_FEATURE_DSP)
  static const uint32_t order[4] = {0, 2, 1, 3};
  const uint32_t group = i / (4 * columns), rest = i % (4 * columns);
  return (4 * group + rest / 4 % 4) * columns + rest / 16 * 4 + order[rest % 4];
#else
  (void)columns;
  return i;
#endif
}

/// A product of random weights and scales, those that residuals, signs and limits differ by; its weights twice.
struct Sample {
  alignas(16) int8_t plain[kMostRows * kMostColumns], ordered[kMostRows * kMostColumns];
  int32_t bias[kMostRows];
  nn::RowScale scale[kMostRows];
  nn::IntegerProduct product;
};
Sample sample;
alignas(16) int16_t x[kMostPositions * kMostColumns + nn::kIntegerSlack / 2], more[2][kMostPositions * kMostRows],
    y[kMostPositions * kMostRows + 1], column[kMostColumns + nn::kIntegerSlack / 2];

void fill_sample(uint32_t rows, uint32_t columns) {
  for (uint32_t i = 0; i < rows * columns; ++i) sample.plain[i] = static_cast<int8_t>(random_numbers.within(-127, 127));
  for (uint32_t i = 0; i < rows * row_bytes(columns); ++i) {
    const uint32_t from = place_in_rows(i, columns);
    sample.ordered[i] = from == kPadding ? int8_t{0} : sample.plain[from];
  }
  const int32_t most_shift = random_numbers.within(0, 1) == 0 ? 31 : 16;  // some chips have another path for large ones
  for (uint32_t r = 0; r < rows; ++r) {
    sample.bias[r] = random_numbers.within(-100000000, 100000000);
    sample.scale[r].shift = static_cast<int16_t>(random_numbers.within(0, most_shift));
    sample.scale[r].multiplier = static_cast<int16_t>(random_numbers.within(-16383, 16383));
    sample.scale[r].negative = static_cast<int16_t>(random_numbers.within(-16383, 16383));
  }
  sample.product = {sample.ordered, sample.bias, sample.scale, rows, columns, nullptr};
}

void fill(int16_t* values, uint32_t count, int32_t largest) {
  for (uint32_t i = 0; i < count; ++i) values[i] = static_cast<int16_t>(random_numbers.within(-largest, largest));
}

/// What integer_model.hpp defines, in the plainest way; the sum of two residuals at most is added.
int16_t expected(uint32_t row, const int16_t* values, uint32_t step, int32_t added) {
  const uint32_t columns = sample.product.columns;
  int32_t sum = sample.bias[row];
  for (uint32_t i = 0; i < columns; ++i) sum += sample.plain[row * columns + i] * values[i * step];
  int32_t v = sum >> sample.scale[row].shift;
  v = v > 131071 ? 131071 : v < -131072 ? -131072 : v;
  v = ((v * (v < 0 ? sample.scale[row].negative : sample.scale[row].multiplier) + 8192) >> 14) + added;
  return static_cast<int16_t>(v > 32767 ? 32767 : v < -32767 ? -32767 : v);
}

/// The largest x is such that no sum overflows, which a model that is accepted sees to.
int32_t largest_for(uint32_t columns, bool loud) { return loud && columns <= 64 ? 32767 : 2000; }

void check_affine(const nn::IntegerKernels& kernels, uint32_t rows, uint32_t columns, uint32_t residuals) {
  constexpr uint32_t kPositions = 3;
  const uint32_t step = columns >= 12 ? columns / 3 / 4 * 4 : columns;  // a convolution's rows overlap
  fill_sample(rows, columns);
  fill(x, kPositions * step + columns, largest_for(columns, residuals != 1));
  for (int16_t* residual : more) fill(residual, kPositions * rows, 32767);
  y[kPositions * rows] = 12345;
  kernels.affine(
      {&sample.product, x, kPositions, step, residuals > 0 ? more[0] : nullptr, residuals > 1 ? more[1] : nullptr, y});
  bool same = true;
  for (uint32_t p = 0; p < kPositions; ++p) {
    for (uint32_t r = 0; r < rows; ++r) {
      const uint32_t at = p * rows + r;
      const int32_t added = (residuals > 0 ? more[0][at] : 0) + (residuals > 1 ? more[1][at] : 0);
      same = same && y[at] == expected(r, x + p * step, 1, added);
    }
  }
  expect(same, "affine differs, columns", columns);
  expect(y[kPositions * rows] == 12345, "affine writes beyond its rows, columns", columns);
}

void check_mix(const nn::IntegerKernels& kernels, uint32_t rows, uint32_t columns, uint32_t width, bool residual) {
  fill_sample(rows, columns);
  fill(x, width * columns, largest_for(columns, residual));
  fill(more[0], width * rows, 32767);
  kernels.mix({&sample.product, x, width, residual ? more[0] : nullptr, y, column});
  bool same = true;
  for (uint32_t r = 0; r < rows; ++r) {
    for (uint32_t c = 0; c < width; ++c) {
      const uint32_t at = r * width + c;
      same = same && y[at] == expected(r, x + c, width, residual ? more[0][at] : 0);
    }
  }
  expect(same, "mix differs, columns", columns);
}

void check_mix_bands(const nn::IntegerKernels& kernels, uint32_t bands) {
  const uint32_t width = kMostRows / bands;
  fill_sample(width * bands, bands);
  fill(x, width * bands, largest_for(bands, true));
  kernels.mix_bands(sample.product, x, bands, width, y, column);
  bool same = true;
  for (uint32_t d = 0; d < width; ++d) {
    for (uint32_t b = 0; b < bands; ++b) {
      same = same && y[b * width + d] == expected(d * bands + b, x + d, width, 0);
    }
  }
  expect(same, "mix_bands differs, bands", bands);
}

void check_products(const nn::IntegerKernels& kernels) {
  for (uint32_t rows = 4; rows <= kMostRows; rows += 4) {
    for (uint32_t columns = 4; columns <= kMostColumns; columns += 4) {
      for (uint32_t residuals = 0; residuals <= 2; ++residuals) check_affine(kernels, rows, columns, residuals);
      check_mix(kernels, rows, columns, 3, rows % 8 == 0);
    }
  }
  for (uint32_t bands = 4; bands <= kMostRows; bands *= 2) check_mix_bands(kernels, bands);
}

/// The set's other kernels against the scalar set's, which are the definition: nothing to see where they are the same.
void check_gates(const nn::IntegerKernels& kernels) {
  constexpr uint32_t kRows = 3, kHidden = 16;
  static int16_t gates[2][kRows * 3 * kHidden], h[2][kRows * kHidden];
  for (uint32_t turn = 0; turn < 200; ++turn) {
    for (int16_t* each : gates) fill(each, kRows * 3 * kHidden, turn % 2 == 0 ? 32767 : 6000);
    fill(h[0], kRows * kHidden, 32767);
    for (uint32_t i = 0; i < kRows * kHidden; ++i) h[1][i] = h[0][i];
    kernels.gru_gates(gates[0], gates[1], h[0], kRows, kHidden);
    nn::kScalarIntegerKernels.gru_gates(gates[0], gates[1], h[1], kRows, kHidden);
    bool same = true;
    for (uint32_t i = 0; i < kRows * kHidden; ++i) same = same && h[0][i] == h[1][i];
    expect(same, "gru_gates differ, turn", turn);
  }
}

void check_compression(const nn::IntegerKernels& kernels) {
  constexpr uint32_t kBins = 32;
  static int32_t spectrum[2 * kBins], cleaned[2][2 * kBins];
  static int16_t features[2][3 * kBins], mask[2 * kBins];
  nn::IntegerCompression c = nn::integer_compression(kModel);
  for (uint32_t turn = 0; turn < 400; ++turn) {
    for (int32_t& part : spectrum) {  // of every size, nothing among them
      const int32_t shift = random_numbers.within(2, 32);
      part = shift == 32 ? 0 : random_numbers.within(-0x7fffff, 0x7fffff) * 64 >> (shift - 2);
    }
    fill(mask, 2 * kBins, turn % 4 == 0 ? 32767 : 1 << (turn % 15));
    if (turn == 200) nn::set_least_gain(c, kModel.compression_q16, -4 * 65536);  // 24 dB
    kernels.compress(c, spectrum, features[0], kBins);
    nn::kScalarIntegerKernels.compress(c, spectrum, features[1], kBins);
    kernels.decompress(c, mask, features[1], cleaned[0], kBins);
    nn::kScalarIntegerKernels.decompress(c, mask, features[1], cleaned[1], kBins);
    bool same = true;
    for (uint32_t i = 0; i < 3 * kBins; ++i) same = same && features[0][i] == features[1][i];
    expect(same, "compress differs, turn", turn);
    same = true;
    for (uint32_t i = 0; i < 2 * kBins; ++i) same = same && cleaned[0][i] == cleaned[1][i];
    expect(same, "decompress differs, turn", turn);
  }
}

void check_passes(const nn::IntegerKernels& kernels) {
  constexpr uint32_t kHalf = 256;
  static int32_t in[2 * kHalf], out[2][2 * kHalf];
  for (uint32_t radix = 2; radix <= 4; radix += 2) {
    for (uint32_t stride = 1; stride <= kHalf / radix; stride *= 2) {
      for (int32_t& part : in) part = random_numbers.within(-0x7fffff, 0x7fffff) * 32;
      const int32_t down = (stride & 0x55) != 0 ? static_cast<int32_t>(radix / 2) : 0;
      for (int32_t* to : out) {
        (to == out[0] ? kernels.transform.pass
                      : dsp::fixed_pass)({radix, kHalf / radix / stride, stride, down, in, in + kHalf, to, to + kHalf});
      }
      bool same = true;
      for (uint32_t i = 0; i < 2 * kHalf; ++i) same = same && out[0][i] == out[1][i];
      expect(same, "a pass differs, stride", stride);
    }
  }
}

void check_memory() {
  alignas(PELLUCID_CHIP_ALIGNMENT) static uint8_t state[PELLUCID_CHIP_STATE_BYTES + 16];
  alignas(PELLUCID_CHIP_ALIGNMENT) static uint8_t scratch[PELLUCID_CHIP_SCRATCH_BYTES + 16];
  const size_t enough = PELLUCID_CHIP_STATE_BYTES, room = PELLUCID_CHIP_SCRATCH_BYTES;
  pellucid_chip* denoiser = nullptr;
  const auto refused = [&](void* a, size_t a_bytes, void* b, size_t b_bytes, pellucid_chip_result with) {
    denoiser = reinterpret_cast<pellucid_chip*>(state);
    const pellucid_chip_result result = pellucid_chip_init(a, a_bytes, b, b_bytes, &denoiser);
    expect(result == with && denoiser == nullptr, "pellucid_chip_init did not refuse with", with);
  };
  refused(nullptr, enough, scratch, room, PELLUCID_CHIP_ERROR_NULL);
  refused(state, enough, nullptr, room, PELLUCID_CHIP_ERROR_NULL);
  refused(state + 8, enough, scratch, room, PELLUCID_CHIP_ERROR_ALIGNMENT);
  refused(state, enough, scratch + 1, room, PELLUCID_CHIP_ERROR_ALIGNMENT);
  refused(state, enough - 1, scratch, room, PELLUCID_CHIP_ERROR_SIZE);
  refused(state, enough, scratch, room - 1, PELLUCID_CHIP_ERROR_SIZE);
  expect(pellucid_chip_init(state, enough, scratch, room, nullptr) == PELLUCID_CHIP_ERROR_NULL, "init took null", 0);
  for (const uint8_t byte : state) expect(byte == 0, "a refused init wrote to its memory", byte);

  static int16_t hop[PELLUCID_CHIP_HOP_SAMPLES];
  static pellucid_chip_blocks blocks;
  expect(pellucid_chip_process(nullptr, hop, hop) == PELLUCID_CHIP_ERROR_NULL, "process took null", 0);
  expect(pellucid_chip_reset(nullptr) == PELLUCID_CHIP_ERROR_NULL, "reset took null", 0);
  expect(pellucid_chip_init(state, enough, scratch, room, &denoiser) == PELLUCID_CHIP_OK, "init failed", 0);
  expect(pellucid_chip_process(denoiser, nullptr, hop) == PELLUCID_CHIP_ERROR_NULL, "process took null", 1);
  expect(pellucid_chip_process(denoiser, hop, nullptr) == PELLUCID_CHIP_ERROR_NULL, "process took null", 2);
  expect(pellucid_chip_set_strength(denoiser, 101) == PELLUCID_CHIP_ERROR_RANGE, "a strength of", 101);
  expect(pellucid_chip_set_strength(denoiser, -1) == PELLUCID_CHIP_ERROR_RANGE, "a strength below", 0);
  expect(pellucid_chip_set_attenuation_limit(denoiser, -1) == PELLUCID_CHIP_ERROR_RANGE, "a limit below", 0);
  expect(pellucid_chip_blocks_init(&blocks, denoiser, 0) == PELLUCID_CHIP_ERROR_RANGE, "blocks of", 0);
  expect(pellucid_chip_blocks_init(&blocks, denoiser, PELLUCID_CHIP_HOP_SAMPLES + 1) == PELLUCID_CHIP_ERROR_RANGE,
         "blocks of", PELLUCID_CHIP_HOP_SAMPLES + 1);
  expect(pellucid_chip_blocks_init(nullptr, denoiser, 120) == PELLUCID_CHIP_ERROR_NULL, "blocks took null", 0);
}

/// At strength 0 a block comes out as it went in, as late as the adapter says.
void check_blocks(uint32_t block_samples) {
  alignas(PELLUCID_CHIP_ALIGNMENT) static uint8_t state[PELLUCID_CHIP_STATE_BYTES];
  alignas(PELLUCID_CHIP_ALIGNMENT) static uint8_t scratch[PELLUCID_CHIP_SCRATCH_BYTES];
  static pellucid_chip_blocks blocks;
  static int16_t heard[4096], block[PELLUCID_CHIP_HOP_SAMPLES];
  pellucid_chip* denoiser = nullptr;
  pellucid_chip_init(state, sizeof state, scratch, sizeof scratch, &denoiser);
  pellucid_chip_set_strength(denoiser, 0);
  pellucid_chip_reset(denoiser);
  expect(pellucid_chip_blocks_init(&blocks, denoiser, block_samples) == PELLUCID_CHIP_OK, "blocks refused",
         block_samples);
  const uint32_t latency = pellucid_chip_blocks_latency_samples(&blocks);
  expect(latency < 2 * PELLUCID_CHIP_HOP_SAMPLES, "blocks come late, samples", latency);
  uint32_t wrong = 0;
  for (uint32_t at = 0; at + block_samples <= 4096; at += block_samples) {
    for (uint32_t i = 0; i < block_samples; ++i) {
      block[i] = heard[at + i] = static_cast<int16_t>(random_numbers.within(-32767, 32767));
    }
    pellucid_chip_blocks_process(&blocks, block, block);
    for (uint32_t i = 0; i < block_samples; ++i) {
      const int16_t expected = at + i < latency ? 0 : heard[at + i - latency];
      if (block[i] != expected) ++wrong;
    }
  }
  expect(wrong == 0, "samples changed by the adapter of blocks", block_samples);
}

}  // namespace

int chip_main() {
  const char* what = nullptr;
  if (arguments(&what, 1) == 1) {
    if (what[0] == 'h') {
      for (;;) asm volatile("" ::: "memory");
    }
#if defined(__xtensa__)
    asm volatile(".byte 0, 0, 0");  // ILL; the compiler would call abort
#else
    __builtin_trap();
#endif
  }
  const nn::IntegerKernels kernels = make_kernels();
  check_products(kernels);
  check_gates(kernels);
  check_compression(kernels);
  check_passes(kernels);
  check_memory();
  static const uint32_t sizes[] = {1, 16, PELLUCID_CHIP_MSBC_SAMPLES, PELLUCID_CHIP_LC3_SAMPLES, 255, 256};
  for (const uint32_t samples : sizes) check_blocks(samples);
  report("checks", checks);
  report("failures", failures);
  return failures == 0 ? 0 : 1;
}
