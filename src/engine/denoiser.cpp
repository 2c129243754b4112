#include "engine/denoiser.hpp"

#include "dsp/math.hpp"
#include "engine/flush_denormals.hpp"

namespace pellucid::engine {
namespace {

using dsp::Arena;

float read_shared(const uint32_t* bits) { return dsp::float_of(__atomic_load_n(bits, __ATOMIC_RELAXED)); }

void write_shared(uint32_t* bits, float value) { __atomic_store_n(bits, dsp::bits_of(value), __ATOMIC_RELAXED); }

/// What a sample counts as: nothing when it is no number, and never so loud that its square overflows.
float safe_sample(float x) {
  if (!dsp::is_finite(x)) return 0.0f;
  return dsp::min_of(dsp::max_of(x, -Denoiser::kMaxSample), Denoiser::kMaxSample);
}

/// The least magnitude gain that a limit in dB leaves.
float floor_of(float limit_db) {
  return limit_db >= 100.0f ? 0.0f : dsp::exp2_of(limit_db * -0.166096405f);  // 10^(-dB/20), log2(10)/20
}

/// Whether all values are numbers whose squares are, too.
bool all_bounded(const float* values, size_t count) {
  uint32_t bad = 0;
  for (size_t i = 0; i < count; ++i) bad |= static_cast<uint32_t>(!(dsp::abs_of(values[i]) < 1e18f));
  return bad == 0;
}

}  // namespace

uint32_t window_for(const nn::Architecture& architecture, uint32_t sample_rate_hz) {
  return dsp::RealFft::nearest_size(static_cast<double>(architecture.window_samples) *
                                    static_cast<double>(sample_rate_hz) /
                                    static_cast<double>(architecture.sample_rate_hz));
}

bool Denoiser::init(const nn::ModelFile& file, const Settings& settings, Arena& arena) {
  const nn::Architecture& a = file.architecture();
  const uint32_t window = window_for(a, settings.sample_rate_hz);
  bool made = plan_.init(window, arena);
  made &= network_.init(file, arena, settings.kernels != nullptr ? *settings.kernels : nn::best_kernels());
  channel_count_ = settings.channels;
  channels_ = arena.take<Channel>(channel_count_);
  const size_t hop = window / 2;
  for (size_t c = 0; c < channel_count_; ++c) {
    Channel channel = {};
    made &= channel.analysis.init(plan_, arena);
    made &= channel.synthesis.init(plan_, arena);
    made &= channel.state.init(network_, arena);
    channel.incoming = arena.take<float>(hop);
    channel.ready = arena.take<float>(hop);
    if (channels_ != nullptr) channels_[c] = channel;
  }
  spectrum_ = arena.take<float>(window + 2);
  network_in_ = arena.take<float>(a.window_samples + 2);
  network_out_ = arena.take<float>(a.window_samples + 2);
  wet_ = arena.take<float>(hop);
  if (!made || arena.failed()) return false;

  same_rate_ = settings.sample_rate_hz == a.sample_rate_hz;
  known_bins_ = a.bins() < window / 2 ? a.bins() : window / 2;
  to_network_ = static_cast<float>(a.window_samples) / static_cast<float>(window);
  from_network_ = 1.0f / to_network_;
  set_strength(settings.strength);
  set_attenuation_limit_db(settings.attenuation_limit_db);
  reset();
  return true;
}

void Denoiser::set_strength(float strength) { write_shared(&wanted_strength_, strength); }

void Denoiser::set_attenuation_limit_db(float limit_db) { write_shared(&wanted_limit_db_, limit_db); }

void Denoiser::reset() {
  filled_ = 0;
  strength_ = read_shared(&wanted_strength_);
  for (size_t c = 0; c < channel_count_; ++c) {
    Channel& channel = channels_[c];
    channel.analysis.reset(plan_);
    channel.synthesis.reset(plan_);
    channel.state.reset();
    for (uint32_t i = 0; i < plan_.hop_samples(); ++i) channel.incoming[i] = channel.ready[i] = 0.0f;
  }
}

void Denoiser::process(const Source& in, const Sink& out, size_t frames) {
  const FlushDenormals flush;
  const size_t hop = plan_.hop_samples();
  for (size_t done = 0; done < frames;) {
    const size_t room = hop - filled_, left = frames - done;
    const size_t n = left < room ? left : room;
    const bool complete = n == room;
    const float target = read_shared(&wanted_strength_);
    const float floor = floor_of(read_shared(&wanted_limit_db_));
    for (size_t c = 0; c < channel_count_; ++c) {
      Channel& channel = channels_[c];
      // Out may be in: all n samples are read before one is written.
      const float* from = in.first(c) + done * in.step();
      for (size_t i = 0; i < n; ++i) channel.incoming[filled_ + i] = safe_sample(from[i * in.step()]);
      // The hop before the last is heard while this one comes in, one sample ahead: its first went out with the last
      // sample of the hop that made it.
      float* to = out.first(c) + done * out.step();
      const size_t old = complete ? n - 1 : n;
      for (size_t i = 0; i < old; ++i) to[i * out.step()] = channel.ready[filled_ + i + 1];
      if (complete) {
        process_hop(channel, target, floor);
        to[old * out.step()] = channel.ready[0];
      }
    }
    filled_ = complete ? 0 : filled_ + static_cast<uint32_t>(n);
    if (complete) strength_ = target;
    done += n;
  }
}

void Denoiser::process_hop(Channel& channel, float strength, float floor) {
  const uint32_t hop = plan_.hop_samples();
  channel.analysis.process(plan_, channel.incoming, spectrum_);
  clean_spectrum(channel, floor);
  channel.synthesis.process(plan_, spectrum_, wet_);
  const float* dry = channel.analysis.history();  // its first half is what synthesis has just completed
  const float start = strength_, slope = (strength - strength_) / static_cast<float>(hop);
  for (uint32_t i = 0; i < hop; ++i) {
    const float share = start + slope * static_cast<float>(i);
    channel.ready[i] = dry[i] * (1.0f - share) + wet_[i] * share;
  }
}

void Denoiser::clean_spectrum(Channel& channel, float floor) {
  const uint32_t last = plan_.hop_samples();  // the Nyquist bin
  const uint32_t network_bins = network_.architecture().bins();
  for (uint32_t k = 0; k < 2 * known_bins_; ++k) network_in_[k] = spectrum_[k] * to_network_;
  for (uint32_t k = 2 * known_bins_; k < 2 * network_bins + 2; ++k) network_in_[k] = 0.0f;
  if (same_rate_) network_in_[2 * last] = spectrum_[2 * last];
  network_.process_frame(channel.state, network_in_, network_out_);
  if (!all_bounded(network_out_, 2 * network_bins + 2)) {
    // Weights that drive the network out of range: forget what led there, let this frame through as it is.
    channel.state.reset();
    return;
  }

  float gain = limit_bins(floor);
  if (same_rate_) {
    const float before = spectrum_[2 * last], after = network_out_[2 * last];
    const float power = before * before;
    gain = power > 1e-20f ? after * after / power : 0.0f;
  }
  gain = gain > 1e-20f ? dsp::pow_of(dsp::min_of(gain, 1.0f), dsp::make_power(0.5)) : 0.0f;
  gain = dsp::max_of(gain, floor);
  for (uint32_t k = 2 * known_bins_; k < 2 * last + 2; ++k) spectrum_[k] *= gain;
}

float Denoiser::limit_bins(float floor) {
  const dsp::Power half = dsp::make_power(-0.5);
  const float least = floor * floor, most = kMaxGain * kMaxGain;
  float top_in = 0.0f, top_out = 0.0f;
  for (uint32_t k = 0; k < known_bins_; ++k) {
    const float xr = network_in_[2 * k], xi = network_in_[2 * k + 1];
    float yr = network_out_[2 * k], yi = network_out_[2 * k + 1];
    const float power_in = xr * xr + xi * xi;
    float power_out = yr * yr + yi * yi;
    if (power_out < least * power_in) {
      // The input itself at the least gain: what is nearly gone has no phase of its own.
      yr = xr * floor;
      yi = xi * floor;
      power_out = least * power_in;
    } else if (power_out > most * power_in) {
      const float shrink = power_in > 1e-30f ? kMaxGain * dsp::pow_of(power_out / power_in, half) : 0.0f;
      yr *= shrink;
      yi *= shrink;
      power_out = most * power_in;
    }
    if (4 * k >= 3 * known_bins_) {
      top_in += power_in;
      top_out += power_out;
    }
    spectrum_[2 * k] = yr * from_network_;
    spectrum_[2 * k + 1] = yi * from_network_;
  }
  return top_in > 1e-12f ? top_out / top_in : 1.0f;
}

}  // namespace pellucid::engine
