// What a plugin does whatever its format: finds and loads the model, keeps controls in range, passes the sound through
// where it cannot be denoised. A format's own file only carries ports to it.
//
//   Effect effect(48000, 2, [](const std::string& sentence) { std::fprintf(stderr, "%s\n", sentence.c_str()); });
//   effect.prepare(0);                            // loads; not for the audio thread
//   effect.process(in, out, frames, {});          // for the audio thread: no heap, lock, file or exception
#pragma once

#include <pellucid/pellucid.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace pellucid::plugin {

constexpr std::size_t kMaxChannels = 2;

/// What the control "Model" counts through. 0 stands for $PELLUCID_MODEL (a name or a file), or `small` without it.
constexpr std::array<const char*, 5> kModels = {"default", "nano", "small", "base", "large"};

struct Controls {
  float strength = 1;
  float attenuation_limit_db = PELLUCID_NO_ATTENUATION_LIMIT_DB;
  float post_filter = 0;
  bool bypass = false;
  bool adaptive = false;
};

/// A control port's value, held between `low` and `high`; `otherwise` for a port that is not connected or no number.
float control(const float* port, float low, float high, float otherwise) noexcept;
/// The same for the port "Model".
int model_control(const float* port) noexcept;

/// Where a host has no log of its own.
void say_on_standard_error(const std::string& sentence);

class Effect {
 public:
  struct Destroy {
    void operator()(pellucid_denoiser* denoiser) const noexcept { pellucid_destroy(denoiser); }
  };
  using Denoiser = std::unique_ptr<pellucid_denoiser, Destroy>;
  using Say = std::function<void(const std::string& sentence)>;

  /// 1 or 2 channels, which are linked. `say` hears why a model cannot be had, each sentence once a process.
  Effect(double rate_hz, std::uint32_t channels, Say say);

  // Not for the audio thread.
  /// For formats whose hosts tell it late: before prepare(), which then loads.
  void set_format(double rate_hz, std::uint32_t channels);
  /// Forgets all sound; loads the model unless it is there already. Where it cannot be had, the one that played before
  /// stays; without any the sound passes through, undelayed.
  void prepare(int model);
  /// Loads a model while another one plays; null when it cannot be had.
  Denoiser load(int model) const;

  // For the audio thread.
  /// Forgets all sound.
  void reset() noexcept { pellucid_reset(denoiser_.get()); }
  /// Plays what load() gave from now on, unless that is nothing; returns what played before, to be destroyed elsewhere.
  Denoiser replace(Denoiser next, int model) noexcept;
  /// Input and output buffers may be the same, in any order. A null buffer: nothing is done.
  void process(const float* const* input, float* const* output, std::size_t frames, const Controls& controls) noexcept;
  /// The one that was asked for last.
  int model() const noexcept { return model_; }
  std::uint32_t latency_samples() const noexcept { return pellucid_latency_samples(denoiser_.get()); }

 private:
  static constexpr std::size_t kChunkFrames = 256;

  void run(const float* const* input, float* const* output, std::size_t frames) noexcept;
  bool crossed(const float* const* input, const float* const* output) const noexcept;

  std::uint32_t rate_hz_ = 0;
  std::uint32_t channels_ = 1;
  Say say_;
  Denoiser denoiser_;
  int model_ = -1, playing_ = -1;
  float chunk_[kMaxChannels][kChunkFrames];
};

}  // namespace pellucid::plugin
