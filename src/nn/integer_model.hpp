// A network in integers (docs/compression.md): int8 weights with a scale a row, 16-bit numbers between the layers.
//
//   constexpr IntegerModel kModel = {…};                     // on a chip, made by the exporter: used where it lies
//   Arena arena(memory, bytes);  IntegerModel model;
//   load_integer_model(file, kernels, arena, &model);        // on a PC, from a ModelFile that parse() accepted
//
// Every sum of products is an IntegerProduct; the network has them in the order of product_spec. A row gives
//
//   sum = bias + sum_i weight[i] x[i]                        32 bits; a model where it could overflow is refused
//   v   = sum >> shift, limited to -2^17 … 2^17 - 1          the bias holds the half that makes this round
//   y   = (v (v < 0 ? negative : multiplier) + 2^13) >> 14   two multipliers: a PReLU costs nothing
//
// and after that residuals are added and the result is limited to ±32767.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/arena.hpp"
#include "nn/architecture.hpp"

namespace pellucid::nn {

class ModelFile;
struct IntegerKernels;

struct RowScale {
  int16_t shift;       ///< 0 … 31
  int16_t multiplier;  ///< within ±(2^14 - 1), Q14
  int16_t negative;    ///< the same, where v < 0
};

inline constexpr int32_t kLargestMultiplier = 16383;

struct IntegerProduct {
  const int8_t* weight;   ///< [rows][columns]
  const int32_t* bias;    ///< [rows]
  const RowScale* scale;  ///< [rows]
  uint32_t rows, columns;
  const void* packed;  ///< what a set of kernels made of the weights; null where it takes them as they are
};

struct IntegerModel {
  Architecture architecture;
  const IntegerProduct* products;  ///< [product_count], as product_spec names them
  const int16_t* embedding;        ///< [bands][width], on the scale of z
  int32_t features_q;              ///< bits after the point of features (the compressed spectrum)
  int32_t mask_q;                  ///< and of the mask
  uint32_t compression_q16;        ///< the exponent of the compression
};

/// GRU gates before sigmoid and tanh have 11 bits after the point, states 15. Everything else is as the scales say.
inline constexpr int32_t kGateQ = 11, kStateQ = 15;

/// Which of the kernels a product is for: layers on rows of channels, mixing of rows (reduce, expand), and
/// blocks.n.freq.mix.
enum class ProductUse : uint8_t { kAffine, kMix, kDense };

/// What a product is for. Rows of "blocks.0.freq.mix" are [width][bands], its columns bands; else it is the float
/// tensor's matrix, "blocks.0.time.ih" being weight_ih and bias_ih.
struct ProductSpec {
  char name[48] = {};
  uint32_t rows = 0, columns = 0;
  ProductUse use = ProductUse::kAffine;
};

/// Number `index` in the order of a frame: in, encoder.1 …, reduce, reduce.proj, blocks.0.time.ih, .hh, .out (or
/// .time.0 …), blocks.0.freq.mix, .out (or .conv), …, expand.proj, expand, decoder.E …, out. False past the last.
bool product_spec(const Architecture& architecture, uint32_t index, ProductSpec* spec);
uint32_t product_count(const Architecture& architecture);

/// Tensor number `index` of an int8 model's file: the biases of all products, their scales, "embedding", their weights.
bool integer_tensor_spec(const Architecture& architecture, uint32_t index, TensorSpec* spec);

/// Null when the integer engine can run the architecture, else what is wrong with it, for a sentence.
const char* integer_unsupported(const Architecture& architecture);

/// Null when no number of the file can overflow anything, else what is wrong with it.
const char* integer_problem(const ModelFile& file);

/// Copies the file's numbers into the arena, packed for the kernels. False when the arena has no memory (also when it
/// only counts).
bool load_integer_model(const ModelFile& file, const IntegerKernels& kernels, dsp::Arena& arena, IntegerModel* model);

}  // namespace pellucid::nn
