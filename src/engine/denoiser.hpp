// The denoiser behind the C API: streams of any block size, channel count and sample rate, through one network.
//
//   Arena measure;  Denoiser sizes;  sizes.init(file, settings, measure);    // measure.bytes()
//   Arena arena(memory, bytes);
//   Denoiser denoiser;
//   denoiser.init(file, settings, arena);
//   denoiser.process(Source::planar(in), Sink::planar(out), frames);
//
// Each channel: hops of half a window -> STFT at the stream's own rate -> the bins the network knows, scaled to what it
// would see at its own rate -> network -> limits -> bins above the network's -> inverse STFT -> mix with the delayed
// input by strength.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/arena.hpp"
#include "dsp/stft.hpp"
#include "nn/network.hpp"

namespace pellucid::engine {

struct Settings {
  uint32_t sample_rate_hz = 0;
  uint32_t channels = 0;
  float strength = 1.0f;
  float attenuation_limit_db = 100.0f;
  const nn::Kernels* kernels = nullptr;  ///< null for the best
};

/// Where channel c's samples lie: first(c)[frame * step].
template <typename Sample>
struct Channels {
  Sample* const* apart;  ///< planar, or null
  Sample* together;      ///< interleaved
  size_t count;

  static Channels planar(Sample* const* channels) { return {channels, nullptr, 1}; }
  static Channels interleaved(Sample* samples, size_t channels) { return {nullptr, samples, channels}; }
  Sample* first(size_t channel) const { return apart != nullptr ? apart[channel] : together + channel; }
  size_t step() const { return count; }
};
using Source = Channels<const float>;
using Sink = Channels<float>;

/// The window a stream of `sample_rate_hz` is cut with: the model's in seconds, as a size that can be transformed.
/// 0 when there is none.
uint32_t window_for(const nn::Architecture& architecture, uint32_t sample_rate_hz);

class Denoiser {
 public:
  /// A bin may come out at most this much louder than it came in (12 dB): a network that errs does no harm.
  static constexpr float kMaxGain = 4.0f;
  /// Louder samples are taken as this loud, so that no square of them overflows.
  static constexpr float kMaxSample = 1e9f;

  /// False when the arena has no memory (also when it only counts). Settings are in range, window_for is not 0.
  bool init(const nn::ModelFile& file, const Settings& settings, dsp::Arena& arena);
  void process(const Source& in, const Sink& out, size_t frames);
  void reset();

  size_t channels() const { return channel_count_; }
  uint32_t latency_samples() const { return plan_.window_samples() - 1; }
  /// From any thread; take effect over the next hop.
  void set_strength(float strength);
  void set_attenuation_limit_db(float limit_db);

 private:
  struct Channel {
    dsp::StftAnalysis analysis;
    dsp::StftSynthesis synthesis;
    nn::NetworkState state;
    float* incoming;  // [hop], filled up to filled_
    float* ready;     // [hop], what goes out from the end of this hop to the end of the next
  };
  void process_hop(Channel& channel, float strength, float floor);
  void clean_spectrum(Channel& channel, float floor);
  /// Bounds the network's bins and returns the power gain of its top quarter.
  float limit_bins(float floor);

  dsp::StftPlan plan_;
  nn::Network network_;
  Channel* channels_ = nullptr;
  size_t channel_count_ = 0;
  uint32_t known_bins_ = 0;  // bins below Nyquist that stream and network both have
  float to_network_ = 1.0f;  // scale of the spectrum
  float from_network_ = 1.0f;
  bool same_rate_ = false;
  float* spectrum_ = nullptr;    // [window/2 + 1][re, im]
  float* network_in_ = nullptr;  // [bins + 1][re, im]
  float* network_out_ = nullptr;
  float* wet_ = nullptr;  // [hop]
  uint32_t filled_ = 0;
  float strength_ = 1.0f;                               // at the end of the last hop
  uint32_t wanted_strength_ = 0, wanted_limit_db_ = 0;  // bits of floats, written by other threads
};

}  // namespace pellucid::engine
