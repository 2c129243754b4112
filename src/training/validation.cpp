#include "training/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "metrics/metrics.hpp"

namespace pellucid::training {
namespace {

constexpr std::uint64_t kSeed = 0x76616c6964;  // never a training's seed
constexpr double kSettled_s = 1;
constexpr double kLowest_db = -60;

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

std::string Scores::in_words() const {
  return fmt::format(
      "valid loss {:.4f}, SI-SDR {:.2f} dB (noisy {:.2f}), STOI {:.4f} (noisy {:.4f}), noise alone {:.1f} dB", loss,
      si_sdr_db, noisy_si_sdr_db, stoi, noisy_stoi, noise_alone_db);
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
  Mean loss_mean, si_sdr, stoi, pesq;
  for (int i = 0; i < pairs_; ++i) {
    const auto chunk = [&](const std::vector<float>& all) {
      return torch::from_blob(const_cast<float*>(all.data()) + std::ptrdiff_t(i) * samples_, {1, samples_},
                              torch::kFloat32)
          .to(device);
    };
    const auto noisy = chunk(noisy_), clean = chunk(clean_);
    loss_mean.add(loss(spectrum, loss_, noisy, clean, mask_of(network)).item<double>());
    const auto y = enhance(spectrum, noisy, mask_of(network)).signal.to(torch::kCPU).contiguous();
    const std::size_t n = std::size_t(samples_ - delay);
    const std::span estimate(y.data_ptr<float>() + delay, n);
    const std::span reference(clean_.data() + std::size_t(i) * std::size_t(samples_), n);
    si_sdr.add(metrics::si_sdr(reference, estimate));
    stoi.add(metrics::stoi(reference, estimate, a.sample_rate_hz));
    if (with_pesq) pesq.add(metrics::pesq_wide_band(reference, estimate, a.sample_rate_hz));
  }
  const double alone_db = noise_alone_db(network, spectrum);
  add_up(group_, {&loss_mean, &si_sdr, &stoi, &pesq});
  return {loss_mean.value(), si_sdr.value(), stoi.value(), noisy_si_sdr_db_, noisy_stoi_, alone_db, pesq.value()};
}

double Validation::noise_alone_db(Network& network, const Spectrum& spectrum) const {
  Mean mean;
  for (const auto& noise : noises_) {
    const auto x = torch::from_blob(const_cast<float*>(noise.data()), {1, long(noise.size())}, torch::kFloat32)
                       .to(network.parameters().front().device());
    const auto y = enhance(spectrum, x, mask_of(network)).signal;
    const auto energy = [&](const torch::Tensor& signal) {
      const long from = std::lround(kSettled_s * spectrum.architecture().sample_rate_hz);
      return signal.narrow(1, from, signal.size(1) - from).square().sum().item<double>();
    };
    mean.add(std::max(kLowest_db, 10 * std::log10((energy(y) + 1e-12) / (energy(x) + 1e-12))));
  }
  add_up(group_, {&mean});
  return mean.value();
}

}  // namespace pellucid::training
