// The inner loops of the integer network. The scalar set, kScalarIntegerKernels, says what they compute; every other
// set gives the same bits.
//
//   const IntegerKernels& kernels = best_integer_kernels();      // on a PC; a chip names its own
//
// A chip needs no set of its own: what costs is multiply_rows, and a body of that in place of integer_multiply.cpp is
// what the scalar set then uses.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/fixed_stft.hpp"
#include "nn/integer_model.hpp"

namespace pellucid::nn {

/// sums[r] += sum_i w[r][i] x[i]. Addresses need no alignment beyond that of their types.
extern "C" void pellucid_multiply_rows(const int8_t* w, const int16_t* x, uint32_t rows, uint32_t columns,
                                       int32_t* sums);

/// Bytes that kernels may read beyond the end of activations; scratch memory has them.
inline constexpr size_t kIntegerSlack = 64;

/// y[r][o] = product's row o of x[r] + residual[r][o] + residual2[r][o]. Rows of x may overlap (convolutions).
struct IntegerAffine {
  const IntegerProduct* product;
  const int16_t* x;
  size_t rows, x_stride;
  const int16_t *residual, *residual2;  ///< [rows][product rows] or null
  int16_t* y;                           ///< [rows][product rows]; may be a residual, not x
};

/// y[r][c] = product's row r of column c of x + residual[r][c].
struct IntegerMix {
  const IntegerProduct* product;
  const int16_t* x;  ///< [product columns][width]
  size_t width;
  const int16_t* residual;  ///< [product rows][width] or null
  int16_t* y;               ///< [product rows][width]
  int16_t* column;          ///< scratch, [product columns]
};

/// Numbers of the compression, made by integer_compression.
struct IntegerCompression {
  uint32_t to_magnitude, to_spectrum, from_mask, nyquist;  ///< c/2, (1-c)/2, (1/c-1)/2, 1/(2c), Q16
  int32_t features_q, mask_q;
  int32_t spectrum_q;        ///< bits after the point of a spectrum of samples with full scale 1
  int32_t most_log;          ///< log2 of the largest mask, 4^c (12 dB), in Q16 and units of the mask
  uint32_t most_power;       ///< its square, in units of the mask
  int32_t least = 0;         ///< the smallest mask, in its units: limit^c
  uint32_t least_power = 0;  ///< its square
};

struct IntegerKernels {
  const char* name;
  /// Bytes of what pack makes of a product, 0 for nothing.
  size_t (*packed_bytes)(const IntegerProduct& product, ProductUse use, size_t bands);
  void (*pack)(const IntegerProduct& product, ProductUse use, size_t bands, void* to);
  void (*affine)(const IntegerAffine& affine);
  void (*mix)(const IntegerMix& mix);
  /// m[b][d] = product's row d * bands + b of column d of z; z and m are [bands][width]. column: scratch [bands].
  void (*mix_bands)(const IntegerProduct& product, const int16_t* z, size_t bands, size_t width, int16_t* m,
                    int16_t* column);
  /// GRU gates of PyTorch's order r, z, n from the two products [rows][3 hidden]: h [rows][hidden] becomes h'.
  void (*gru_gates)(const int16_t* gi, const int16_t* gh, int16_t* h, size_t rows, size_t hidden);
  /// spectrum[bins][2] -> features[bins][3].
  void (*compress)(const IntegerCompression& c, const int32_t* spectrum, int16_t* features, size_t bins);
  /// mask[bins][2] and features -> spectrum[bins][2], every part within ±2^29.
  void (*decompress)(const IntegerCompression& c, const int16_t* mask, const int16_t* features, int32_t* spectrum,
                     size_t bins);
  dsp::FixedSteps transform;
};

extern const IntegerKernels kScalarIntegerKernels;

/// The sets that this build has and this processor runs, the fastest last, "portable" (scalar) first. Null past the
/// last. With PELLUCID_PORTABLE_ONLY there is only the first.
const IntegerKernels* integer_kernels_at(size_t index);
/// Null when there is no such set here.
const IntegerKernels* integer_kernels_named(const char* name);
/// The last of integer_kernels_at.
const IntegerKernels& best_integer_kernels();

/// least and least_power are left at 0.
IntegerCompression integer_compression(const IntegerModel& model);
/// log2 of a gain in Q16 (0 or less) as the least mask; kNoLimit for none.
void set_least_gain(IntegerCompression& c, uint32_t compression_q16, int32_t log_gain_q16);
inline constexpr int32_t kNoLimit = -0x7fffffff;

/// x[bins], the part above all others, which is real, times the gain of the mask's last bin.
int32_t integer_nyquist(const IntegerCompression& c, const int16_t* last_mask, int32_t x);

}  // namespace pellucid::nn
