#include "training/mixing.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "corpus/active_level.hpp"
#include "corpus/mix.hpp"

namespace pellucid::training {
namespace {

using corpus::BiquadCascade, corpus::GainRamp, corpus::PairDraft;
using torch::Tensor;

Tensor from_db(const Tensor& db) { return torch::pow(10, db / 20); }
Tensor to_db(const Tensor& power) { return 10 * power.log10(); }
Tensor peak_of(const Tensor& x) { return x.abs().amax(1, true); }
Tensor rms_of(const Tensor& x) { return x.square().mean(1, true).sqrt(); }

// Some of a batch's pairs, and something of each: [rows, length]. Both undefined where no pair has it.
struct Rows {
  Tensor of, values;
};

// The same with a filter's spectrum of each: [rows, n/2 + 1].
struct Filter {
  Tensor of, spectra;
};

// P.56's level of speech [batch, samples] at any gain: the envelope is followed once.
class SpeechLevel {
 public:
  SpeechLevel(const Tensor& speech, const Tensor& envelope, int rate_hz);
  /// dBFS [batch, 1] of the speech times gain [batch, 1].
  Tensor dbfs(const Tensor& gain) const;

 private:
  Tensor held_;    // the envelope's maximum over the hangover
  Tensor energy_;  // [batch, 1]
};

SpeechLevel::SpeechLevel(const Tensor& speech, const Tensor& envelope, int rate_hz)
    : held_(envelope), energy_(speech.square().sum(1, true)) {
  const auto last = [&](const Tensor& x, std::int64_t width) {  // the larger of x and of x so much earlier
    const std::int64_t size = x.size(1), shift = std::min(width, size);
    return torch::cat(
        {x.narrow(1, 0, shift), torch::maximum(x.narrow(1, shift, size - shift), x.narrow(1, 0, size - shift))}, 1);
  };
  const auto hangover = std::int64_t(std::ceil(corpus::kHangoverS * rate_hz)) + 1;
  std::int64_t width = 1;
  for (; 2 * width <= hangover; width *= 2) held_ = last(held_, width);
  held_ = last(held_, hangover - width);
}

Tensor SpeechLevel::dbfs(const Tensor& gain) const {
  constexpr int kCount = corpus::kThresholds;
  const double samples = double(held_.size(1));
  const Tensor number = torch::arange(kCount, held_.options()) - kCount;  // thresholds 2^number
  const Tensor energy = energy_ * gain.square();
  const Tensor active =
      ((held_ * gain).unsqueeze(1) >= torch::exp2(number).view({1, kCount, 1})).sum(2).to(torch::kFloat32);
  const Tensor level = to_db(energy / active);  // infinite where nothing is active
  const Tensor excess = level - 20 * std::log10(2.0) * number - corpus::kMarginDb;
  // It falls from threshold to threshold; the level is where it is zero.
  const Tensor before = (excess <= 0).cumsum(1).eq(0).sum(1, true);
  const Tensor at = before.clamp_max(kCount - 1), from = (before - 1).clamp_min(0);
  const Tensor level_at = level.gather(1, at), level_from = level.gather(1, from);
  const Tensor excess_at = excess.gather(1, at), excess_from = excess.gather(1, from);
  const Tensor between = level_from + (level_at - level_from) * excess_from / (excess_from - excess_at);
  const Tensor plain = to_db(energy / samples).clamp_min(corpus::kSilenceDbfs);
  return torch::where(before.eq(kCount), plain, torch::where(before.eq(0), level_at, between));
}

class Mixer {
 public:
  Mixer(const std::vector<PairDraft>& drafts, int rate_hz, torch::Device device);
  Mixture run() const;

 private:
  Tensor there(const std::vector<float>& numbers, at::IntArrayRef shape) const;
  template <typename Number>
  Tensor column(const Number& number) const;
  Rows rows(std::vector<float> PairDraft::*sound) const;
  Tensor sounds(std::vector<float> PairDraft::*sound) const;
  Filter filter(std::vector<float> PairDraft::*response) const;
  Filter filter(BiquadCascade PairDraft::*cascade) const;
  Filter envelope() const;
  Tensor through(const Filter& filter, const Tensor& x) const;
  Tensor ramped(GainRamp PairDraft::*ramp, const Tensor& x) const;
  Tensor add_at(double PairDraft::*db, const Tensor& layer, const Tensor& x) const;
  Tensor noise() const;
  void level(const Tensor& wet, const Tensor& noise, const Tensor& target, Tensor& speech_gain,
             Tensor& noise_gain) const;
  Tensor damaged(const Tensor& noisy) const;

  const std::vector<PairDraft>& drafts_;
  const int rate_hz_;
  const torch::Device device_;
  const std::int64_t count_, samples_;
  std::int64_t transform_ = 0;
  Tensor delays_;  // one sample's, of every bin: z^-1
};

Mixer::Mixer(const std::vector<PairDraft>& drafts, int rate_hz, torch::Device device)
    : drafts_(drafts),
      rate_hz_(rate_hz),
      device_(device),
      count_(std::int64_t(drafts.size())),
      samples_(std::int64_t(drafts.front().speech.size())) {
  // What rings on beyond the end comes back at the start: responses by then are over, filters below rounding.
  std::size_t tail = std::size_t(std::ceil(30 * corpus::kEnvelopeS * rate_hz));
  for (const PairDraft& d : drafts)
    tail = std::max({tail, d.response.size(), d.noise_response.size(), d.second_response.size()});
  transform_ = std::int64_t(std::bit_ceil(std::size_t(samples_) + tail));
  // In double: poles come close to the circle.
  const Tensor angle = torch::arange(transform_ / 2 + 1, torch::TensorOptions(device).dtype(torch::kFloat64)) *
                       (-2 * std::numbers::pi / double(transform_));
  delays_ = torch::polar(torch::ones_like(angle), angle);
}

Tensor Mixer::there(const std::vector<float>& numbers, at::IntArrayRef shape) const {
  return torch::from_blob(const_cast<float*>(numbers.data()), shape, torch::kFloat32)
      .to(device_, torch::kFloat32, /*non_blocking=*/false, /*copy=*/true);
}

// [batch, 1]
template <typename Number>
Tensor Mixer::column(const Number& number) const {
  std::vector<float> numbers;
  for (const PairDraft& d : drafts_) numbers.push_back(float(number(d)));
  return there(numbers, {count_, 1});
}

Rows Mixer::rows(std::vector<float> PairDraft::*sound) const {
  std::vector<std::int64_t> of;
  std::size_t longest = 0;
  for (std::int64_t i = 0; i < count_; ++i) {
    const std::size_t size = (drafts_[std::size_t(i)].*sound).size();
    if (size > 0) of.push_back(i);
    longest = std::max(longest, size);
  }
  if (of.empty()) return {};
  std::vector<float> values(of.size() * longest);
  for (std::size_t r = 0; r < of.size(); ++r)
    std::ranges::copy(drafts_[std::size_t(of[r])].*sound, values.begin() + std::ptrdiff_t(r * longest));
  return {torch::tensor(of).to(device_), there(values, {std::int64_t(of.size()), std::int64_t(longest)})};
}

// [batch, samples]; undefined where no draft has such a sound.
Tensor Mixer::sounds(std::vector<float> PairDraft::*sound) const {
  const Rows some = rows(sound);
  if (!some.of.defined() || some.of.size(0) == count_) return some.values;
  return torch::zeros({count_, samples_}, some.values.options()).index_copy(0, some.of, some.values);
}

Filter Mixer::filter(std::vector<float> PairDraft::*response) const {
  const Rows some = rows(response);
  if (!some.of.defined()) return {};
  return {some.of, torch::fft::rfft(some.values, transform_)};
}

Filter Mixer::filter(BiquadCascade PairDraft::*cascade) const {
  std::vector<std::int64_t> of;
  int sections = 0;
  for (std::int64_t i = 0; i < count_; ++i) {
    const int sections_here = (drafts_[std::size_t(i)].*cascade).count;
    if (sections_here > 0) of.push_back(i);
    sections = std::max(sections, sections_here);
  }
  if (of.empty()) return {};
  Tensor spectra;
  for (int k = 0; k < sections; ++k) {
    std::vector<float> numbers;
    for (const std::int64_t i : of) {
      const corpus::Biquad& s = (drafts_[std::size_t(i)].*cascade).sections[k];
      numbers.insert(numbers.end(), {s.b0, s.b1, s.b2, s.a1, s.a2});
    }
    const auto c = there(numbers, {std::int64_t(of.size()), 5, 1}).unbind(1);
    const Tensor section = (c[0] + delays_ * (c[1] + delays_ * c[2])) / (1 + delays_ * (c[3] + delays_ * c[4]));
    spectra = spectra.defined() ? spectra * section : section;
  }
  return {torch::tensor(of).to(device_), spectra.to(torch::kComplexFloat)};
}

// P.56's: two poles alike.
Filter Mixer::envelope() const {
  const double g = std::exp(-1 / (corpus::kEnvelopeS * rate_hz_));
  const Tensor pole = (1 - g) / (1 - g * delays_);
  return {torch::arange(count_, torch::kInt64).to(device_), (pole * pole).unsqueeze(0).to(torch::kComplexFloat)};
}

Tensor Mixer::through(const Filter& filter, const Tensor& x) const {
  if (!filter.of.defined()) return x;
  const Tensor spectra = torch::fft::rfft(x.index_select(0, filter.of), transform_) * filter.spectra;
  return x.index_copy(0, filter.of, torch::fft::irfft(spectra, transform_).narrow(1, 0, samples_).contiguous());
}

Tensor Mixer::ramped(GainRamp PairDraft::*ramp, const Tensor& x) const {
  constexpr std::int64_t kMost = std::int64_t(std::size(GainRamp{}.db));
  std::vector<float> points;
  bool any = false;
  for (const PairDraft& d : drafts_) {
    points.insert(points.end(), std::begin((d.*ramp).db), std::end((d.*ramp).db));
    any |= (d.*ramp).points > 0;
  }
  if (!any) return x;
  const Tensor db = there(points, {count_, kMost});
  const Tensor last = column([&](const PairDraft& d) { return std::max((d.*ramp).points, 2) - 1; });
  const Tensor at = torch::arange(samples_, x.options()) * last / double(samples_);
  const Tensor from = at.floor();
  const auto point = [&](double ahead) { return db.gather(1, (from + ahead).to(torch::kInt64)); };
  return x * from_db(point(0) + (point(1) - point(0)) * (at - from));
}

Tensor Mixer::add_at(double PairDraft::*db, const Tensor& layer, const Tensor& x) const {
  if (!layer.defined()) return x;
  const Tensor wanted = rms_of(x) * from_db(column([&](const PairDraft& d) { return d.*db; }));
  const Tensor now = rms_of(layer);
  return x + torch::where(now >= corpus::kLeastNoiseRms, wanted / now, torch::ones_like(now)) * layer;
}

Tensor Mixer::noise() const {
  Tensor noise = through(filter(&PairDraft::noise_response), sounds(&PairDraft::noise));
  Tensor second = sounds(&PairDraft::second);
  if (second.defined()) second = through(filter(&PairDraft::second_response), second);
  noise = add_at(&PairDraft::second_db, second, noise);
  noise = ramped(&PairDraft::noise_ramp, through(filter(&PairDraft::noise_equalizer), noise));
  return add_at(&PairDraft::transients_db, sounds(&PairDraft::transients), noise);
}

// As corpus::solve_gains: [batch, 1] both.
void Mixer::level(const Tensor& wet, const Tensor& noise, const Tensor& target, Tensor& speech_gain,
                  Tensor& noise_gain) const {
  const Tensor level_db = column([](const PairDraft& d) { return d.level_dbfs; });
  const Tensor snr_db = column([](const PairDraft& d) { return d.snr_db; });
  const Tensor noise_rms = rms_of(noise);
  const Tensor has_noise = noise_rms > corpus::kLeastNoiseRms, has_speech = rms_of(target) > corpus::kLeastSpeechRms;
  const Tensor none = torch::zeros_like(noise_rms), one = torch::ones_like(noise_rms);
  const SpeechLevel speech(target, through(envelope(), target.abs()).clamp_min(0), rate_hz_);
  speech_gain = torch::where(has_speech, from_db(level_db - speech.dbfs(one)), none);
  const auto noise_for = [&](const Tensor& speech_db) {
    return torch::where(has_noise, from_db(speech_db - snr_db) / noise_rms, none);
  };
  noise_gain = noise_for(level_db);
  const Tensor target_peak = peak_of(target);
  Tensor done = torch::zeros_like(has_noise);
  for (int attempt = 0; attempt < corpus::kPeakAttempts; ++attempt) {
    const Tensor peak = torch::maximum(peak_of(speech_gain * wet + noise_gain * noise), speech_gain * target_peak);
    const Tensor too_loud = peak > corpus::kPeakLimit * corpus::kPeakTolerance;
    if (attempt > 0) done = done.logical_or(too_loud.logical_not());
    const Tensor factor = torch::where(too_loud.logical_and(done.logical_not()), corpus::kPeakLimit / peak, one);
    speech_gain = speech_gain * factor;
    noise_gain = torch::where(done.logical_or(has_speech.logical_not()), noise_gain * factor,
                              noise_for(speech.dbfs(speech_gain)));
  }
}

Tensor Mixer::damaged(const Tensor& noisy) const {
  using Clipping = PairDraft::Clipping;
  const auto any = [&](const auto& has) { return std::ranges::any_of(drafts_, has); };
  Tensor x = noisy;
  if (any([](const PairDraft& d) { return d.clipping != Clipping::kNone; })) {
    const Tensor limit = (peak_of(x) * from_db(column([](const PairDraft& d) { return d.clip_db; }))).clamp_min(1e-30);
    const Tensor how = column([](const PairDraft& d) { return int(d.clipping); });
    x = torch::where(how.eq(int(Clipping::kSoft)), limit * torch::tanh(x / limit), x);
    x = torch::where(how.eq(int(Clipping::kHard)), torch::minimum(torch::maximum(x, -limit), limit), x);
  }
  if (any([](const PairDraft& d) { return d.bits != 0; })) {
    const Tensor bits = column([](const PairDraft& d) { return d.bits; });
    const Tensor scale = torch::exp2(bits - 1);
    const Tensor linear = torch::minimum(torch::maximum((x * scale).round(), -scale), scale - 1) / scale;
    x = torch::where(bits > 0, linear, x);
    constexpr double kMu = 255, kSteps = 127;
    const double norm = std::log1p(kMu);
    const Tensor code = ((kMu * x.abs().clamp_max(1)).log1p() * (kSteps / norm)).round();
    x = torch::where(bits.eq(PairDraft::kMuLaw), x.sign() * (code * (norm / kSteps)).expm1() / kMu, x);
  }
  return x;
}

Mixture Mixer::run() const {
  const Tensor speech = through(filter(&PairDraft::speech_equalizer), sounds(&PairDraft::speech));
  const Tensor dry = ramped(&PairDraft::speech_ramp, speech);
  const Filter band = filter(&PairDraft::band);
  const Tensor target = through(band, through(filter(&PairDraft::early), dry));
  const Tensor wet = through(band, through(filter(&PairDraft::response), dry));
  const Tensor noise = through(band, this->noise());
  Tensor speech_gain, noise_gain;
  level(wet, noise, target, speech_gain, noise_gain);
  const Tensor clean = speech_gain * target;
  const Tensor pure = column([](const PairDraft& d) { return d.pure; });
  const Tensor noisy = torch::where(pure > 0, clean, speech_gain * wet + noise_gain * noise);
  return {damaged(noisy), clean};
}

}  // namespace

Mixture mix(const std::vector<PairDraft>& drafts, int rate_hz, torch::Device device) {
  const torch::NoGradGuard no_grad;
  return Mixer(drafts, rate_hz, device).run();
}

}  // namespace pellucid::training
