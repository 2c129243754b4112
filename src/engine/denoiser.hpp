// The denoiser behind the C API: streams of any block size, channel count and sample rate, through one network.
//
//   Arena measure;  Denoiser sizes;  sizes.init(file, settings, measure);    // measure.bytes()
//   Arena arena(memory, bytes);
//   Denoiser denoiser;
//   denoiser.init(file, settings, arena);
//   denoiser.process(Source::planar(in), Sink::planar(out), frames);
//
// Each channel: hops -> STFT at the stream's own rate -> the bins the network knows, scaled to what it
// would see at its own rate -> network -> post-filter -> limits -> bins above the network's -> inverse STFT -> mix with
// the delayed input by strength.
//
// An int8 model at its own rate goes another way: transform, network and mix with the input are those of
// IntegerDenoiser, bit by bit, on samples of 16 bits. Between the two, spectra become floats where post-filter or
// linked channels need them.
//
// Linked channels share the gains: what the networks made of all channels is taken for one channel whose power in each
// bin is the sum of theirs, and what post-filter and limits leave of it is each channel's gain.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/arena.hpp"
#include "dsp/stft.hpp"
#include "engine/activity.hpp"
#include "engine/integer_denoiser.hpp"
#include "engine/need.hpp"
#include "engine/samples.hpp"
#include "engine/shared_value.hpp"
#include "engine/spectral_network.hpp"

namespace pellucid::engine {

struct Settings {
  uint32_t sample_rate_hz = 0;
  uint32_t channels = 0;
  bool linked = false;
  float strength = 1.0f;
  float attenuation_limit_db = 100.0f;
  float post_filter = 0.0f;
  bool adaptive = false;
  KernelChoice kernels = {};  ///< null for the best
};

/// What is known of the last complete hop, all channels together; powers are means over them.
struct Status {
  float voice_probability = 0.0f;
  bool voice_active = false;
  float snr_db = kLeastSnrDb;
  float noise_dbfs = kSilenceDbfs;
  float input_dbfs = kSilenceDbfs;
  float output_dbfs = kSilenceDbfs;
};

/// The window a stream of `sample_rate_hz` is cut with: the model's in seconds, as a size that can be transformed.
/// 0 when there is none.
uint32_t window_for(const nn::Architecture& architecture, uint32_t sample_rate_hz);

class Denoiser {
 public:
  /// False when the arena has no memory (also when it only counts). Settings are in range, window_for is not 0.
  bool init(const nn::ModelFile& file, const Settings& settings, dsp::Arena& arena);
  /// Sample is float or int16_t.
  template <typename Sample>
  void process(const Channels<const Sample>& in, const Channels<Sample>& out, size_t frames);
  void reset();

  size_t channels() const { return channel_count_; }
  uint32_t latency_samples() const { return plan_.window_samples() - 1; }
  uint32_t hop_samples() const { return plan_.hop_samples(); }
  /// From any thread; take effect over the next hop.
  void set_strength(float strength) { strength_wanted_.set(strength); }
  void set_attenuation_limit_db(float limit_db) { limit_db_wanted_.set(limit_db); }
  void set_post_filter(float amount) { post_filter_wanted_.set(amount); }
  void set_adaptive(bool adaptive) { adaptive_wanted_.set(adaptive ? 1.0f : 0.0f); }
  void set_bypass(bool bypass) { share_allowed_.set(bypass ? 0.0f : 1.0f); }
  /// From any thread; all of it is of the same hop.
  Status status() const;

 private:
  struct Channel {
    dsp::StftAnalysis analysis;
    dsp::StftSynthesis synthesis;
    SpectralState state;
    IntegerDenoiser integers;
    float* incoming;   // [hop], filled up to filled_
    float* ready;      // [hop], what goes out from the end of this hop to the end of the next
    float* spectrum;   // [window/2 + 1][re, im]; one for all where channels are not linked
    int16_t* samples;  // [hop], of integers: incoming
    float* last;       // [hop], of integers: the hop before, with what 16 bits could not hold of it
    int32_t* cleaned;  // what integers made of the newest frame, until the next channel's turn
  };
  /// How much of the denoised sound is wanted.
  float wanted_share() const {
    const float need = adaptive_wanted_.get() > 0.0f ? need_.share() : 1.0f;
    return share_allowed_.get() * strength_wanted_.get() * need;
  }
  bool init_channel(Channel* channel, bool first, float** spectrum, dsp::Arena& arena);
  void process_hop();
  void clean_alone(Channel& channel, float floor, float post);
  void clean_linked(float floor, float post);
  /// The channel's newest frame into its spectrum, then into network_in_ and through the network into network_out_.
  /// False when the network failed: network_out_ is network_in_ then.
  bool run_network(Channel& channel);
  void run_integers(Channel& channel);
  /// Post-filter and limits on network_out_; the gain of what lies above the network's bins.
  float shape(float floor, float post);
  void synthesise(Channel& channel, float share);
  void synthesise_integers(Channel& channel, float share);
  /// Notes what the network keeps and removes of a channel's frame.
  void add_powers_of_frame();
  void publish(const Status& status);
  void publish_hop();

  dsp::StftPlan plan_;
  SpectralNetwork network_;
  Channel* channels_ = nullptr;
  size_t channel_count_ = 0;
  bool linked_ = false;
  bool integers_ = false;     // IntegerDenoiser's way
  uint32_t known_bins_ = 0;   // bins below Nyquist that stream and network both have
  uint32_t shaped_bins_ = 0;  // and Nyquist, where it is the same for both
  float to_network_ = 1.0f;   // scale of the spectrum
  float from_network_ = 1.0f;
  float* network_in_ = nullptr;  // [bins + 1][re, im]
  float* network_out_ = nullptr;
  float* powers_in_ = nullptr;  // [bins + 1] each, sums over linked channels
  float* powers_out_ = nullptr;
  float* wet_ = nullptr;        // [hop]
  int16_t* hop_out_ = nullptr;  // [hop], of integers
  uint32_t filled_ = 0;
  float share_ = 1.0f;  // of the denoised sound at the end of the last hop
  SharedFloat strength_wanted_, limit_db_wanted_, post_filter_wanted_, adaptive_wanted_;
  SharedFloat share_allowed_{1.0f};  // 0 in bypass
  FramePowers frame_powers_;         // of this hop, means over the channels
  Activity activity_;
  Need need_;
  SharedFloats<6> status_;
};

}  // namespace pellucid::engine
