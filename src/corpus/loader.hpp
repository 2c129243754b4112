// Feeds a trainer: pairs of noisy and clean chunks mixed while it trains, from worker threads.
//
// Pair number i of a seed is a pure function of (corpus, options, seed, split, i): never the same pair twice, the same
// stream after a resume, whatever the number of workers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "corpus/corpus.hpp"
#include "corpus/pair_draft.hpp"

namespace pellucid::corpus {

/// How pairs are made; every entry is a key of a recipe's [mix] table. Probabilities in 0..1.
struct MixOptions {
  double snr_min_db = -5, snr_max_db = 20;  ///< uniform, by ITU-T P.56 active level
  double high_snr_probability = 0.10;       ///< SNR 30..40 dB instead
  double clean_probability = 0.05;          ///< no noise at all
  double silence_probability = 0.02;        ///< noise without speech (target is silence)
  double level_min_dbfs = -45;              ///< active level of the mixture's speech, from here …
  double level_max_dbfs = -3;               ///< … to here; peaks kept below full scale
  double second_noise_probability = 0.3;    ///< two recordings at once
  double synthetic_probability = 0.25;      ///< white/pink/brown/hum/wind/clicks in place of a recording
  double babble_probability = 0.10;         ///< 3 to 8 other training speakers
  double transient_probability = 0.10;      ///< clicks, keys on top
  double gain_ramp_probability = 0.2;
  double equalizer_probability = 0.4;  ///< random second-order sections on speech and, apart, on noise
  double room_probability = 0.3;       ///< recorded (where the corpus has any) or simulated room response
  double early_reflections_ms = 50;    ///< how much of the room stays in the target
  double lowpass_probability = 0.2;    ///< whole mixture limited to 3.4/4/5.5/7 kHz
  double resampler_probability = 0;    ///< of the others: limited to 7 to 7.9 kHz, as by a resampler on the way
  double clip_probability = 0.05;
  double quantize_probability = 0.05;
  double speed_probability = 0;        ///< speech played at 0.85..1.15, noise at 0.7..1.4 of its speed, each apart
  double babble_room_probability = 0;  ///< babble heard through a room
};

/// What was done to make a pair; for `mix` logs, tests and listening.
struct PairInfo {
  double snr_db = 0, level_dbfs = 0;
  std::string speech, noise;  ///< clip paths, '+'-joined
};

/// Makes pair `index`. noisy and clean have the same size; both float32, full scale 1.
void make_pair(const Corpus& corpus, const MixOptions& options, Split split, std::uint64_t seed, std::uint64_t index,
               std::span<float> noisy, std::span<float> clean, PairInfo* info = nullptr);

struct Batch {
  std::uint64_t number = 0;  ///< pairs number*size .. number*size+size-1
  int size = 0, samples = 0;
  std::vector<float> noisy, clean;  ///< [size][samples]
  std::vector<PairDraft> drafts;    ///< [size], in their place where the loader does not mix
};

/// What one of several processes takes of the stream: of every `of` batches in turn the `count` from `first` on.
struct Share {
  std::uint64_t first = 0, count = 1, of = 1;
  /// Of the process's `i`-th batch.
  std::uint64_t number(std::uint64_t i) const { return i / count * of + first + i % count; }
};

class Loader {
 public:
  /// Starts `workers` threads that make the batches of `share` from its `first_batch`-th on, at most `ahead` of the
  /// trainer; without `mixes` they draw the same pairs and leave it to the trainer to mix them.
  Loader(const Corpus& corpus, const MixOptions& options, Split split, std::uint64_t seed, int batch_size,
         int chunk_samples, std::uint64_t first_batch, int workers, int ahead = 4, Share share = {}, bool mixes = true);
  ~Loader();
  /// The next batch in order; blocks until it is there. Callable from several threads.
  Batch next();
  /// Seconds that callers have spent inside next() waiting.
  double waited_s() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pellucid::corpus
