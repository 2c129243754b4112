#include "training/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "metrics/metrics.hpp"
#include "support/error.hpp"

namespace pellucid::training {
namespace {

constexpr std::uint64_t kSeed = 0x76616c6964;  // never a training's seed
constexpr double kSettled_s = 1;
constexpr double kLowest_db = -60;

// Of what is defined: STOI is not where hardly anybody speaks.
struct Mean {
  double sum = 0;
  int count = 0;
  void add(double v) {
    if (std::isfinite(v)) sum += v, ++count;
  }
  double value() const { return count ? sum / count : 0; }
};

int share(int all, const ProcessGroup& group) { return (all + group.count() - 1 - group.rank()) / group.count(); }

void add_up(ProcessGroup& group, std::initializer_list<Mean*> means) {
  std::vector<double> all;
  for (const Mean* m : means) all.insert(all.end(), {m->sum, double(m->count)});
  group.sum(all);
  auto at = all.begin();
  for (Mean* m : means) m->sum = *at++, m->count = int(*at++);
}

}  // namespace

double Scores::score() const { return lost > 0 ? -HUGE_VAL : si_sdr_db + 20.0 * stoi; }

std::string Scores::in_words() const {
  if (lost > 0)
    return fmt::format("validation: the output is no number in {} of {} clips, so that this network is not kept", lost,
                       clips);
  return fmt::format(
      "valid loss {:.4f}, SI-SDR {:.2f} dB (noisy {:.2f}), STOI {:.4f} (noisy {:.4f}), noise alone {:.1f} dB", loss,
      si_sdr_db, noisy_si_sdr_db, stoi, noisy_stoi, noise_alone_db);
}

void expect_numbers(const Scores& scores, const std::filesystem::path& file) {
  if (scores.lost == 0) return;
  throw Error(ExitCode::kModel,
              "{}: found no numbers in its output for {} of {} clips of validation, expected sound; train the model "
              "anew, or name another",
              file.string(), scores.lost, scores.clips);
}

Validation::Validation(const corpus::Corpus& corpus, const Recipe& recipe, ProcessGroup& group)
    : loss_(recipe.loss), group_(group), pairs_(share(recipe.train.valid_pairs, group)) {
  const int hop = recipe.model.hop_samples;
  samples_ = int(kValidationPairS * recipe.model.sample_rate_hz) / hop * hop;
  noisy_.resize(std::size_t(pairs_) * std::size_t(samples_));
  clean_.resize(noisy_.size());
  // Every pair has speech and noise at a moderate level: SI-SDR and STOI are undefined or unmoved otherwise.
  corpus::MixOptions mix = recipe.mix;
  mix.clean_probability = mix.silence_probability = mix.high_snr_probability = 0;
  Mean si_sdr, stoi;
  for (int i = 0; i < pairs_; ++i) {
    const std::span noisy(noisy_.data() + std::size_t(i) * std::size_t(samples_), std::size_t(samples_));
    const std::span clean(clean_.data() + std::size_t(i) * std::size_t(samples_), std::size_t(samples_));
    corpus::make_pair(corpus, mix, corpus::Split::kValid, kSeed, std::uint64_t(group.rank() + i * group.count()), noisy,
                      clean);
    si_sdr.add(metrics::si_sdr(clean, noisy));
    stoi.add(metrics::stoi(clean, noisy, recipe.model.sample_rate_hz));
  }
  mix.silence_probability = 1;
  const int noises = share((recipe.train.valid_pairs + kPairsPerNoise - 1) / kPairsPerNoise, group);
  for (int i = 0; i < noises; ++i) {
    auto& noise = noises_.emplace_back(std::size_t(kValidationNoiseS * recipe.model.sample_rate_hz) / hop * hop);
    std::vector<float> silence(noise.size());
    corpus::make_pair(corpus, mix, corpus::Split::kValid, kSeed + 1, std::uint64_t(group.rank() + i * group.count()),
                      noise, silence);
  }
  add_up(group_, {&si_sdr, &stoi});
  noisy_si_sdr_db_ = si_sdr.value();
  noisy_stoi_ = stoi.value();
}

Scores Validation::run(Network& network, const Spectrum& spectrum, bool with_pesq) const {
  torch::NoGradGuard no_grad;
  network.eval();
  const Architecture& a = spectrum.architecture();
  const int delay = a.window_samples - a.hop_samples;
  const auto device = network.parameters().front().device();
  Mean loss_mean, si_sdr, stoi, pesq, alone, lost;
  for (int i = 0; i < pairs_; ++i) {
    const auto chunk = [&](const std::vector<float>& all) {
      return torch::from_blob(const_cast<float*>(all.data()) + std::ptrdiff_t(i) * samples_, {1, samples_},
                              torch::kFloat32)
          .to(device);
    };
    Enhanced enhanced;
    const double value =
        loss(spectrum, loss_, chunk(noisy_), chunk(clean_), mask_of(network), &enhanced).item<double>();
    const auto y = enhanced.signal.to(torch::kCPU).contiguous();
    const std::size_t n = std::size_t(samples_ - delay);
    const std::span estimate(y.data_ptr<float>() + delay, n);
    const bool numbers = std::ranges::all_of(estimate, [](float x) { return std::isfinite(x); });
    lost.add(numbers ? 0 : 1);
    if (!numbers) continue;
    const std::span reference(clean_.data() + std::size_t(i) * std::size_t(samples_), n);
    loss_mean.sum += value, ++loss_mean.count;  // also where its weights take it out of range
    si_sdr.add(metrics::si_sdr(reference, estimate));
    stoi.add(metrics::stoi(reference, estimate, a.sample_rate_hz));
    if (with_pesq) pesq.add(metrics::pesq_wide_band(reference, estimate, a.sample_rate_hz));
  }
  for (std::size_t i = 0; i < noises_.size(); ++i) {
    const double left_db = noise_alone_db(network, spectrum, i);
    lost.add(std::isfinite(left_db) ? 0 : 1);
    alone.add(left_db);
  }
  add_up(group_, {&loss_mean, &si_sdr, &stoi, &pesq, &alone, &lost});
  Scores s{loss_mean.value(), si_sdr.value(), stoi.value(), noisy_si_sdr_db_, noisy_stoi_, alone.value(), pesq.value()};
  s.clips = lost.count;
  s.lost = int(lost.sum);
  if (s.lost > 0) s.loss = s.si_sdr_db = s.stoi = s.noise_alone_db = s.pesq = std::nan("");
  return s;
}

double Validation::noise_alone_db(Network& network, const Spectrum& spectrum, std::size_t i) const {
  const auto& noise = noises_[i];
  const auto x = torch::from_blob(const_cast<float*>(noise.data()), {1, long(noise.size())}, torch::kFloat32)
                     .to(network.parameters().front().device());
  const auto y = enhance(spectrum, x, mask_of(network)).signal;
  const auto energy = [&](const torch::Tensor& signal) {
    const long from = std::lround(kSettled_s * spectrum.architecture().sample_rate_hz);
    return signal.narrow(1, from, signal.size(1) - from).square().sum().item<double>();
  };
  const double left_db = 10 * std::log10((energy(y) + 1e-12) / (energy(x) + 1e-12));
  return std::isfinite(left_db) ? std::max(kLowest_db, left_db) : std::nan("");
}

}  // namespace pellucid::training
