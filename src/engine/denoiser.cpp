#include "engine/denoiser.hpp"

#include "dsp/math.hpp"
#include "engine/flush_denormals.hpp"
#include "engine/shaping.hpp"

namespace pellucid::engine {
namespace {

constexpr double kMaxWindowSamples = 65536;  // far beyond what is real time
constexpr float kLoudestPower = 1.0f;        // of a frame: what is louder is no speech to learn a level from

/// Whether all values are numbers whose squares are, too.
bool all_bounded(const float* values, size_t count) {
  uint32_t bad = 0;
  for (size_t i = 0; i < count; ++i) bad |= static_cast<uint32_t>(!(dsp::abs_of(values[i]) < 1e18f));
  return bad == 0;
}

/// Of value(0) … value(count - 1), in lanes, so that it need not be one after the other.
template <typename Value>
float sum_of_squares(size_t count, Value value) {
  constexpr size_t kLanes = 8;
  float lanes[kLanes] = {}, sum = 0.0f;
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float x = value(i + lane);
      lanes[lane] += x * x;
    }
  }
  for (; i < count; ++i) sum += value(i) * value(i);
  for (const float lane : lanes) sum += lane;
  return sum;
}

void add_powers(const float* spectrum, uint32_t bins, float* powers) {
  for (uint32_t k = 0; k < bins; ++k) {
    powers[k] += spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
  }
}

/// A spectrum of these powers, without phase.
void take_roots(const float* powers, uint32_t bins, float* spectrum) {
  for (uint32_t k = 0; k < bins; ++k) {
    spectrum[2 * k] = root_of(powers[k]);
    spectrum[2 * k + 1] = 0.0f;
  }
}

int32_t to_q15(float share) { return static_cast<int32_t>(share * 32768.0f + 0.5f); }

}  // namespace

uint32_t window_for(const nn::Architecture& architecture, uint32_t sample_rate_hz) {
  const double samples = static_cast<double>(architecture.window_samples) * static_cast<double>(sample_rate_hz) /
                         static_cast<double>(architecture.sample_rate_hz);
  // A multiple of the overlap, so that hops are whole, and even.
  const uint32_t overlap = architecture.overlap();
  return samples <= kMaxWindowSamples ? dsp::RealFft::nearest_size(samples, overlap % 2 == 0 ? overlap : 2 * overlap)
                                      : 0;
}

bool Denoiser::init(const nn::ModelFile& file, const Settings& settings, dsp::Arena& arena) {
  const nn::Architecture& a = file.architecture();
  const uint32_t window = window_for(a, settings.sample_rate_hz);
  const uint32_t hop = window / a.overlap();
  bool made = plan_.init(window, hop, arena);
  made &= network_.init(file, settings.kernels, arena);
  integers_ = network_.integer() && settings.sample_rate_hz == a.sample_rate_hz;
  channel_count_ = settings.channels;
  linked_ = settings.linked && settings.channels > 1;
  channels_ = arena.take<Channel>(channel_count_);
  float* spectrum = nullptr;
  for (size_t c = 0; c < channel_count_; ++c) {
    Channel channel = {};
    made &= init_channel(&channel, c == 0, &spectrum, arena);
    if (channels_ != nullptr) channels_[c] = channel;
  }
  network_in_ = arena.take<float>(a.window_samples + 2);
  network_out_ = arena.take<float>(a.window_samples + 2);
  if (linked_) {
    powers_in_ = arena.take<float>(a.bins() + 1);
    powers_out_ = arena.take<float>(a.bins() + 1);
  }
  if (integers_) {
    hop_out_ = arena.take<int16_t>(hop);
  } else {
    wet_ = arena.take<float>(hop);
  }
  if (!made || arena.failed()) return false;

  known_bins_ = a.bins() < window / 2 ? a.bins() : window / 2;
  shaped_bins_ = known_bins_ + (settings.sample_rate_hz == a.sample_rate_hz ? 1 : 0);
  to_network_ = static_cast<float>(a.window_samples) / static_cast<float>(window);
  from_network_ = 1.0f / to_network_;
  set_strength(settings.strength);
  set_attenuation_limit_db(settings.attenuation_limit_db);
  set_post_filter(settings.post_filter);
  const float hop_s = static_cast<float>(a.hop_samples) / static_cast<float>(a.sample_rate_hz);
  activity_.init(hop_s);
  need_.init(hop_s);
  set_adaptive(settings.adaptive);
  reset();
  return true;
}

bool Denoiser::init_channel(Channel* channel, bool first, float** spectrum, dsp::Arena& arena) {
  const size_t hop = plan_.hop_samples();
  bool made = true;
  if (integers_) {
    void* state = arena.take<uint8_t>(IntegerDenoiser::state_bytes(network_.architecture()));
    channel->samples = arena.take<int16_t>(hop);
    channel->last = arena.take<float>(hop);
    made = state != nullptr && channel->samples != nullptr && network_.integer_scratch() != nullptr;
    if (made) {
      channel->integers.init(network_.integer_model(), network_.integer_kernels(), state, network_.integer_scratch());
    }
  } else {
    made &= channel->analysis.init(plan_, arena);
    made &= channel->synthesis.init(plan_, arena);
    made &= network_.init_state(&channel->state, arena);
  }
  channel->incoming = arena.take<float>(hop);
  channel->ready = arena.take<float>(hop);
  if (first || linked_) *spectrum = arena.take<float>(plan_.window_samples() + 2);
  channel->spectrum = *spectrum;
  return made;
}

void Denoiser::reset() {
  filled_ = 0;
  need_.reset();
  share_ = wanted_share();
  for (size_t c = 0; c < channel_count_; ++c) {
    Channel& channel = channels_[c];
    if (integers_) {
      channel.integers.set_strength(to_q15(share_));
      channel.integers.reset();
    } else {
      channel.analysis.reset(plan_);
      channel.synthesis.reset(plan_);
      network_.reset_state(channel.state);
    }
    for (uint32_t i = 0; i < plan_.hop_samples(); ++i) channel.incoming[i] = channel.ready[i] = 0.0f;
    for (uint32_t i = 0; integers_ && i < plan_.hop_samples(); ++i) channel.last[i] = 0.0f;
  }
  activity_.reset();
  publish(Status());
}

template <typename Sample>
void Denoiser::process(const Channels<const Sample>& in, const Channels<Sample>& out, size_t frames) {
  const FlushDenormals flush;
  const size_t hop = plan_.hop_samples();
  for (size_t done = 0; done < frames;) {
    const size_t room = hop - filled_, left = frames - done;
    const size_t n = left < room ? left : room;
    const bool complete = n == room;
    const size_t old = complete ? n - 1 : n;
    for (size_t c = 0; c < channel_count_; ++c) {
      Channel& channel = channels_[c];
      // Out may be in: all n samples are read before one is written.
      const Sample* from = in.first(c) + done * in.step();
      for (size_t i = 0; i < n; ++i) channel.incoming[filled_ + i] = to_float(from[i * in.step()]);
      // What the last hop completed is heard while this one comes in, one sample ahead: its first went out with the
      // last sample of the hop that made it.
      Sample* to = out.first(c) + done * out.step();
      for (size_t i = 0; i < old; ++i) from_float(channel.ready[filled_ + i + 1], &to[i * out.step()]);
    }
    if (complete) {
      process_hop();
      for (size_t c = 0; c < channel_count_; ++c) {
        from_float(channels_[c].ready[0], &out.first(c)[(done + old) * out.step()]);
      }
    }
    filled_ = complete ? 0 : filled_ + static_cast<uint32_t>(n);
    done += n;
  }
}

template void Denoiser::process(const Channels<const float>&, const Channels<float>&, size_t);
template void Denoiser::process(const Channels<const int16_t>&, const Channels<int16_t>&, size_t);

void Denoiser::process_hop() {
  const float share = wanted_share();
  const float floor = floor_of(limit_db_wanted_.get()), post = post_filter_wanted_.get();
  frame_powers_ = FramePowers();
  // Also where nothing of it is wanted: what the network remembers is then fresh when it is wanted again.
  if (linked_) clean_linked(floor, post);
  for (size_t c = 0; c < channel_count_; ++c) {
    if (!linked_) clean_alone(channels_[c], floor, post);
    synthesise(channels_[c], share);
  }
  share_ = share;
  publish_hop();
}

void Denoiser::clean_alone(Channel& channel, float floor, float post) {
  if (integers_) {
    run_integers(channel);
    if (post > 0.0f) {
      shape(floor, post);
      to_integers(network_out_, 2 * shaped_bins_, channel.integers.spectrum_q(), channel.cleaned);
    } else if (const float limit_db = limit_db_wanted_.get(); limit_db < IntegerDenoiser::kNoLimitDb) {
      channel.integers.set_attenuation_limit_q8(static_cast<int32_t>(256.0f * limit_db));
      channel.cleaned = channel.integers.limit(channel.cleaned);
    }
    return;
  }
  if (!run_network(channel)) return;  // this frame as it came
  const float above = shape(floor, post);
  for (uint32_t k = 0; k < 2 * known_bins_; ++k) channel.spectrum[k] = network_out_[k] * from_network_;
  for (uint32_t k = 2 * known_bins_; k < 2 * plan_.bins(); ++k) channel.spectrum[k] *= above;
}

void Denoiser::clean_linked(float floor, float post) {
  for (uint32_t k = 0; k < shaped_bins_; ++k) powers_in_[k] = powers_out_[k] = 0.0f;
  for (size_t c = 0; c < channel_count_; ++c) {
    if (integers_) {
      run_integers(channels_[c]);
    } else {
      run_network(channels_[c]);
    }
    add_powers(network_in_, shaped_bins_, powers_in_);
    add_powers(network_out_, shaped_bins_, powers_out_);
  }
  take_roots(powers_in_, shaped_bins_, network_in_);
  take_roots(powers_out_, shaped_bins_, network_out_);
  const float above = shape(floor, post);
  float* gains = powers_out_;
  for (uint32_t k = 0; k < known_bins_; ++k) {
    gains[k] = network_in_[2 * k] > 0.0f ? network_out_[2 * k] / network_in_[2 * k] : 0.0f;
  }
  for (size_t c = 0; c < channel_count_; ++c) {
    float* spectrum = channels_[c].spectrum;
    for (uint32_t k = 0; k < known_bins_; ++k) {
      spectrum[2 * k] *= gains[k];
      spectrum[2 * k + 1] *= gains[k];
    }
    for (uint32_t k = 2 * known_bins_; k < 2 * plan_.bins(); ++k) spectrum[k] *= above;
  }
}

void Denoiser::run_integers(Channel& channel) {
  IntegerDenoiser& integers = channel.integers;
  const size_t values = 2 * plan_.bins();
  for (uint32_t i = 0; i < plan_.hop_samples(); ++i) from_float(channel.incoming[i], &channel.samples[i]);
  int32_t* spectrum = integers.analyse(channel.samples);
  to_floats(spectrum, values, integers.spectrum_q(), network_in_);
  if (linked_) to_floats(spectrum, values, integers.spectrum_q(), channel.spectrum);
  channel.cleaned = integers.clean_without_limit(spectrum);
  to_floats(channel.cleaned, values, integers.spectrum_q(), network_out_);
  add_powers_of_frame();
}

bool Denoiser::run_network(Channel& channel) {
  channel.analysis.process(plan_, channel.incoming, channel.spectrum);
  const uint32_t values = 2 * network_.architecture().bins() + 2;
  for (uint32_t k = 0; k < 2 * shaped_bins_; ++k) network_in_[k] = channel.spectrum[k] * to_network_;
  for (uint32_t k = 2 * shaped_bins_; k < values; ++k) network_in_[k] = 0.0f;
  network_.process_frame(channel.state, network_in_, network_out_);
  if (all_bounded(network_out_, values)) {
    add_powers_of_frame();
    return true;
  }
  // Weights that drive the network out of range: forget what led there.
  network_.reset_state(channel.state);
  for (uint32_t k = 0; k < values; ++k) network_out_[k] = network_in_[k];
  return false;
}

float Denoiser::shape(float floor, float post) {
  if (post > 0.0f) post_filter(network_in_, network_out_, shaped_bins_, post);
  float power_gain = limit_bins(network_in_, network_out_, known_bins_, floor);
  if (shaped_bins_ > known_bins_) {  // only Nyquist lies above
    const float before = network_in_[2 * known_bins_], after = network_out_[2 * known_bins_];
    const float power = before * before;
    power_gain = power > 1e-20f ? after * after / power : 0.0f;
  }
  power_gain = power_gain > 1e-20f ? dsp::min_of(power_gain, 1.0f) : 0.0f;
  return dsp::max_of(root_of(power_gain), floor);
}

void Denoiser::synthesise_integers(Channel& channel, float share) {
  const uint32_t hop = plan_.hop_samples();
  if (linked_) {
    to_integers(channel.spectrum, 2 * plan_.bins(), channel.integers.spectrum_q(), network_.integer_work());
    channel.cleaned = network_.integer_work();
  }
  channel.integers.set_strength(to_q15(share));
  channel.integers.synthesise(channel.cleaned, channel.samples, hop_out_);
  const float start = share_, slope = (share - share_) / static_cast<float>(hop);
  for (uint32_t i = 0; i < hop; ++i) {
    int16_t heard;
    from_float(channel.last[i], &heard);
    const float dry_share = 1.0f - (start + slope * static_cast<float>(i)), beyond = channel.last[i] - to_float(heard);
    channel.ready[i] = dry_share == 1.0f ? channel.last[i] : to_float(hop_out_[i]) + dry_share * beyond;
    channel.last[i] = channel.incoming[i];
  }
}

void Denoiser::synthesise(Channel& channel, float share) {
  if (integers_) {
    synthesise_integers(channel, share);
    return;
  }
  const uint32_t hop = plan_.hop_samples();
  channel.synthesis.process(plan_, channel.spectrum, wet_);
  const float* dry = channel.analysis.history();  // its first hop is what synthesis has just completed
  const float start = share_, slope = (share - share_) / static_cast<float>(hop);
  for (uint32_t i = 0; i < hop; ++i) {
    const float wet_share = start + slope * static_cast<float>(i);
    channel.ready[i] = wet_share == 0.0f ? dry[i] : dry[i] * (1.0f - wet_share) + wet_[i] * wet_share;
  }
}

void Denoiser::add_powers_of_frame() {
  // Without the first bin: an offset is neither speech nor noise.
  const float *in = network_in_ + 2, *out = network_out_ + 2;
  const size_t values = 2 * (known_bins_ - 1);
  // Parseval: one side of a spectrum, twice, of samples under a window whose square has a mean of one half.
  const float window = static_cast<float>(network_.architecture().window_samples);
  const float scale = 4.0f / (window * window) / static_cast<float>(channel_count_);
  const float kept = scale * sum_of_squares(values, [=](size_t i) { return out[i]; });
  const float removed = scale * sum_of_squares(values, [=](size_t i) { return in[i] - out[i]; });
  frame_powers_.kept += dsp::min_of(kept, kLoudestPower);
  frame_powers_.removed += dsp::min_of(removed, kLoudestPower);
}

void Denoiser::publish_hop() {
  const size_t hop = plan_.hop_samples();
  const float share = 1.0f / static_cast<float>(hop * channel_count_);
  float input = 0.0f, output = 0.0f;
  for (size_t c = 0; c < channel_count_; ++c) {
    const float *in = channels_[c].incoming, *out = channels_[c].ready;
    input += share * sum_of_squares(hop, [=](size_t i) { return in[i]; });
    output += share * sum_of_squares(hop, [=](size_t i) { return out[i]; });
  }
  activity_.update(frame_powers_);
  need_.update(activity_.snr_db(), activity_.noise_dbfs());
  Status status;
  status.voice_probability = activity_.probability();
  status.voice_active = activity_.active();
  status.snr_db = activity_.snr_db();
  status.noise_dbfs = activity_.noise_dbfs();
  status.input_dbfs = dbfs_of(input);
  status.output_dbfs = dbfs_of(output);
  publish(status);
}

void Denoiser::publish(const Status& status) {
  status_.set({status.voice_probability, status.voice_active ? 1.0f : 0.0f, status.snr_db, status.noise_dbfs,
               status.input_dbfs, status.output_dbfs});
}

Status Denoiser::status() const {
  float values[6];
  status_.get(values);
  return {values[0], values[1] != 0.0f, values[2], values[3], values[4], values[5]};
}

}  // namespace pellucid::engine
