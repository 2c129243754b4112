// A recipe: one TOML file that says what to train, on what, how. `pellucid train RECIPE --set key=value`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "corpus/loader.hpp"
#include "training/architecture.hpp"
#include "training/distill_options.hpp"
#include "training/loss_options.hpp"

namespace pellucid::training {

/// How long a pair that validates is, and a clip of noise alone, of which there is one for so many pairs: longer than
/// the training's chunks, after which a network may lose the silence that it learnt.
inline constexpr double kValidationPairS = 4.096, kValidationNoiseS = 10;
inline constexpr int kPairsPerNoise = 4;

struct TrainOptions {
  std::string corpus = "corpus";      ///< folder of `pellucid prepare`
  std::string output = "runs/model";  ///< checkpoints, curves, the model file
  std::string start;  ///< a model file to begin from, in place of chance; of the same architecture, or of fewer blocks
  std::string device = "cpu";  ///< cpu, cuda
  int seed = 1;
  int steps = 100000;
  int batch = 8;           ///< chunks a replica sees in a step
  double chunk_s = 2.048;  ///< rounded to whole hops
  int replicas = 2;        ///< networks trained side by side, one a core, gradients averaged
  int loader_workers = 2;
  std::string mixing = "loader";    ///< who mixes the pairs: the loader's workers, or, of what they draw, the device
  std::string optimizer = "adamw";  ///< adamw, or muon: of matrices their momentum made orthogonal, AdamW of the rest
  double learning_rate = 2e-3;
  int warmup_steps = 500;
  double decay = 0.3;        ///< the last share of the steps, over which the rate falls to its last value by a cosine
  double final_rate = 0.02;  ///< of learning_rate, at the end
  double weight_decay = 1e-4;
  double clip_norm = 1.0;
  double average = 0.9995;  ///< moving average of the weights: decay a step; the average is what is released
  /// The last share of the steps, in which normalisations use the gathered statistics, as the released network does.
  double fixed_statistics = 0;
  int validate_every = 1000;
  int checkpoint_every = 500;
  std::string precision =
      "float32";         ///< of products: float32, or bfloat16 with sums in float32 (the CPU's, AVX512-BF16)
  int weight_bits = 0;   ///< 8: every row of weights rounded as an int8 model has it, while it trains; 0: not
  int valid_pairs = 64;  ///< pairs of the validation split, 4 s each
};

struct Recipe {
  std::string name;
  Architecture model = default_architecture();
  corpus::MixOptions mix;
  LossOptions loss;
  DistillOptions distill;
  TrainOptions train;

  /// Reads a file, then applies `key=value` settings ("train.steps=1000"). Throws Error(kRecipe), naming a wrong key
  /// and the nearest valid one.
  static Recipe load(const std::filesystem::path& path, const std::vector<std::string>& settings = {});
  /// The same from TOML text; `where` names it in errors, as "MODEL: its recipe".
  static Recipe parse(const std::string& where, const std::string& text);
  /// Applies `key=value` settings and checks the whole. A key of `fixed`, or one below a table there that ends in a
  /// dot, is refused: the command sets it itself.
  void apply(const std::vector<std::string>& settings, const std::vector<std::string>& fixed = {});
  /// `key=value` of a text, whatever is in it.
  static std::string setting(const std::string& key, const std::string& text);
  /// Every key with its value as TOML, in a fixed order.
  std::string to_toml() const;
  /// What must not change when a training resumes: everything but where it lies, how long it runs and how it reports.
  std::string fingerprint() const;
  void check() const;
};

}  // namespace pellucid::training
