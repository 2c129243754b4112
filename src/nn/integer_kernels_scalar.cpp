// The reference: what every set of integer kernels computes, bit by bit.
#include "dsp/fixed.hpp"
#include "nn/integer_kernels.hpp"
#include "nn/integer_row.hpp"

namespace pellucid::nn {
namespace {

using dsp::exp2_q16;
using dsp::Exponential;
using dsp::Normalised;
using dsp::saturate16;
using dsp::scale_log;

constexpr size_t kSums = 32;             // rows whose sums are made together
constexpr int32_t kLeastLog = -2612471;  // log2(1e-12) in Q16: what docs/network.md adds to a power

/// Rows first … of x (contiguous), each result handed to write(row, value).
template <typename Write>
PELLUCID_INLINE void product(const IntegerProduct& p, size_t first, size_t rows, const int16_t* x, Write write) {
  int32_t sums[kSums];
  for (size_t done = 0; done < rows;) {
    const size_t count = rows - done < kSums ? rows - done : kSums, row = first + done;
    for (size_t i = 0; i < count; ++i) sums[i] = p.bias[row + i];
    pellucid_multiply_rows(p.weight + row * p.columns, x, static_cast<uint32_t>(count), p.columns, sums);
    for (size_t i = 0; i < count; ++i) write(done + i, scale_sum(sums[i], p.scale[row + i]));
    done += count;
  }
}

size_t no_bytes(const IntegerProduct&, ProductUse, size_t) { return 0; }
void pack_nothing(const IntegerProduct&, ProductUse, size_t, void*) {}

void affine(const IntegerAffine& a) {
  const size_t out = a.product->rows;
  for (size_t r = 0; r < a.rows; ++r) {
    const size_t at = r * out;
    product(*a.product, 0, out, a.x + r * a.x_stride, [&](size_t o, int32_t value) {
      if (a.residual != nullptr) value += a.residual[at + o];
      if (a.residual2 != nullptr) value += a.residual2[at + o];
      a.y[at + o] = saturate16(value);
    });
  }
}

void mix(const IntegerMix& m) {
  const size_t columns = m.product->columns;
  for (size_t c = 0; c < m.width; ++c) {
    for (size_t i = 0; i < columns; ++i) m.column[i] = m.x[i * m.width + c];
    product(*m.product, 0, m.product->rows, m.column, [&](size_t r, int32_t value) {
      if (m.residual != nullptr) value += m.residual[r * m.width + c];
      m.y[r * m.width + c] = saturate16(value);
    });
  }
}

void mix_bands(const IntegerProduct& p, const int16_t* z, size_t bands, size_t width, int16_t* m, int16_t* column) {
  for (size_t d = 0; d < width; ++d) {
    for (size_t b = 0; b < bands; ++b) column[b] = z[b * width + d];
    product(p, d * bands, bands, column, [&](size_t b, int32_t value) { m[b * width + d] = saturate16(value); });
  }
}

/// parts * e, shifted right by `shift`, at least kLeast.
template <int32_t kLeast>
PELLUCID_INLINE int32_t scaled(int32_t part, int32_t mantissa, int32_t shift) {
  if (shift > 31) return 0;
  return dsp::round_shift(part * mantissa, shift < kLeast ? kLeast : shift);
}

/// The mask of a bin within its limits.
PELLUCID_INLINE void limit_mask(const IntegerCompression& c, int32_t* re, int32_t* im) {
  const uint32_t power = static_cast<uint32_t>(*re * *re) + static_cast<uint32_t>(*im * *im);
  if (power < c.least_power) {
    *re = c.least;
    *im = 0;
  } else if (power > c.most_power) {
    const Exponential e = exp2_q16(c.most_log - (dsp::log2_q16(power) >> 1));  // below 1
    *re = scaled<1>(*re, e.mantissa, 15 - e.exponent);
    *im = scaled<1>(*im, e.mantissa, 15 - e.exponent);
  }
}

/// 2^x for x in Q16, as a whole number below 2^32 - 1.
uint32_t whole_exp2(int32_t x) {
  const Exponential e = exp2_q16(x);
  if (e.exponent > 31) return 0xffffffffu;
  const uint32_t mantissa = static_cast<uint32_t>(e.mantissa);
  return e.exponent >= 15 ? mantissa << (e.exponent - 15) : e.exponent >= -16 ? mantissa >> (15 - e.exponent) : 0;
}

void gru_gates(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden) {
  for (size_t row = 0; row < rows; ++row, gi += 3 * hidden, gh += 3 * hidden, h += hidden) {
    for (size_t j = 0; j < hidden; ++j) {
      const int32_t reset = dsp::sigmoid_fixed(gi[j] + gh[j]);
      const int32_t update = dsp::sigmoid_fixed(gi[hidden + j] + gh[hidden + j]);
      const int32_t fresh = dsp::tanh_fixed(gi[2 * hidden + j] + ((reset * gh[2 * hidden + j] + 16384) >> 15));
      h[j] = static_cast<int16_t>(fresh + ((update * (h[j] - fresh) + 16384) >> 15));
    }
  }
}

void compress(const IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins) {
  for (size_t k = 0; k < bins; ++k) {
    const Normalised n = dsp::normalise(spectrum[2 * k], spectrum[2 * k + 1]);
    const bool nothing = (n.re | n.im) == 0;
    int32_t log = n.log_power - 2 * 65536 * c.spectrum_q;
    if (nothing || log < kLeastLog) log = kLeastLog;
    const Exponential magnitude = exp2_q16(scale_log(log, c.to_magnitude) + 65536 * c.features_q);
    const Exponential gain = exp2_q16(65536 * c.features_q - scale_log(log, c.to_spectrum));
    const int32_t shift = 15 + c.spectrum_q - n.exponent - gain.exponent;
    features[3 * k] = saturate16(scaled<1>(n.re, gain.mantissa, shift));
    features[3 * k + 1] = saturate16(scaled<1>(n.im, gain.mantissa, shift));
    features[3 * k + 2] = saturate16(scaled<1>(1, magnitude.mantissa, 15 - magnitude.exponent));
  }
}

void decompress(const IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                size_t bins) {
  const int32_t q = c.mask_q + c.features_q;
  for (size_t k = 0; k < bins; ++k) {
    int32_t mr = mask[2 * k], mi = mask[2 * k + 1];
    const int32_t xr = features[3 * k], xi = features[3 * k + 1];
    limit_mask(c, &mr, &mi);
    const Normalised n = dsp::normalise(mr * xr - mi * xi, mr * xi + mi * xr);
    const Exponential gain = exp2_q16(scale_log(n.log_power - 2 * 65536 * q, c.from_mask) + 65536 * c.spectrum_q);
    const int32_t shift = 15 + q - n.exponent - gain.exponent;
    spectrum[2 * k] = scaled<2>(n.re, gain.mantissa, shift);
    spectrum[2 * k + 1] = scaled<2>(n.im, gain.mantissa, shift);
  }
}

}  // namespace

const IntegerKernels kScalarIntegerKernels = {"portable", no_bytes,  pack_nothing, affine,     mix,
                                              mix_bands,  gru_gates, compress,     decompress, dsp::kFixedSteps};

IntegerCompression integer_compression(const IntegerModel& model) {
  const uint32_t c = model.compression_q16;
  // 1/c in Q16: 2^32 / c to the nearest, without a division of 64 bits.
  const uint32_t inverse = 0xffffffffu / c + (0xffffffffu % c + 1 + c / 2) / c;
  IntegerCompression made = {};
  made.to_magnitude = c / 2;
  made.to_spectrum = 32768 - c / 2;
  made.nyquist = (inverse + 1) / 2;
  made.from_mask = made.nyquist - 32768;
  made.features_q = model.features_q;
  made.mask_q = model.mask_q;
  made.spectrum_q = 15 + dsp::FixedStft(model.architecture.window_samples).fraction_bits();
  made.most_log = static_cast<int32_t>(2 * c) + 65536 * model.mask_q;
  made.most_power = whole_exp2(2 * made.most_log);
  return made;
}

void set_least_gain(IntegerCompression& c, uint32_t compression_q16, int32_t log_gain_q16) {
  c.least = 0;
  c.least_power = 0;
  if (log_gain_q16 < -40 * 65536) return;
  const int32_t log = scale_log(log_gain_q16, compression_q16) + 65536 * c.mask_q;
  const uint32_t least = whole_exp2(log);
  c.least = static_cast<int32_t>(least < 32767 ? least : 32767);
  c.least_power = static_cast<uint32_t>(c.least * c.least);
}

int32_t integer_nyquist(const IntegerCompression& c, const int16_t* last_mask, int32_t x) {
  int32_t re = last_mask[0], im = last_mask[1];
  limit_mask(c, &re, &im);
  const uint32_t power = static_cast<uint32_t>(re * re) + static_cast<uint32_t>(im * im);
  if (power == 0) return 0;
  const Exponential gain = exp2_q16(scale_log(dsp::log2_q16(power) - 2 * 65536 * c.mask_q, c.nyquist));
  const Normalised n = dsp::normalise(x, 0);
  return scaled<2>(n.re, gain.mantissa, 15 - n.exponent - gain.exponent);
}

}  // namespace pellucid::nn
