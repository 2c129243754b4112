#include "cli/denoise_aligned.hpp"

#include <algorithm>
#include <cmath>

#include "support/error.hpp"

namespace pellucid::cli {
namespace {

AlignedDenoiser::Denoiser make_denoiser(const DenoiseSettings& settings, int rate_hz, int channels,
                                        const std::string& input) {
  pellucid_config config;
  pellucid_denoiser* denoiser = nullptr;
  pellucid_result result = pellucid_config_init(&config);
  config.model = settings.model.data();
  config.model_size = settings.model.size();
  config.sample_rate_hz = static_cast<std::uint32_t>(rate_hz);
  config.channels = static_cast<std::uint32_t>(channels);
  config.strength = settings.strength;
  config.attenuation_limit_db = settings.attenuation_limit_db;
  config.post_filter = settings.post_filter;
  config.adaptive = settings.adaptive ? 1 : 0;
  config.channel_link = settings.link_channels ? PELLUCID_CHANNELS_LINKED : PELLUCID_CHANNELS_INDEPENDENT;
  if (result == PELLUCID_OK) result = pellucid_create(&config, &denoiser);
  const std::string sentence = pellucid_result_text(result);
  switch (result) {
    case PELLUCID_OK:
      return AlignedDenoiser::Denoiser(denoiser, &pellucid_destroy);
    case PELLUCID_ERROR_MODEL_FORMAT:
    case PELLUCID_ERROR_MODEL_VERSION:
    case PELLUCID_ERROR_MODEL_TRUNCATED:
    case PELLUCID_ERROR_MODEL_DAMAGED:
    case PELLUCID_ERROR_MODEL_UNSUPPORTED:
      throw Error(ExitCode::kModel, "{}: {} Get the file again, or name another model.", settings.model_path.string(),
                  sentence);
    case PELLUCID_ERROR_SAMPLE_RATE:
      throw Error(ExitCode::kAudio, "{}: has a sample rate of {} Hz, where {} to {} can be denoised; resample it.",
                  input, rate_hz, PELLUCID_MIN_SAMPLE_RATE_HZ, PELLUCID_MAX_SAMPLE_RATE_HZ);
    case PELLUCID_ERROR_CHANNELS:
      throw Error(ExitCode::kAudio, "{}: has {} channels, where 1 to {} can be denoised.", input, channels,
                  PELLUCID_MAX_CHANNELS);
    case PELLUCID_ERROR_STRENGTH:
    case PELLUCID_ERROR_ATTENUATION_LIMIT:
    case PELLUCID_ERROR_POST_FILTER:
      throw Error(ExitCode::kUsage, "{}", sentence);
    default:
      throw Error(ExitCode::kInternal, "{}: {}", input, sentence);
  }
}

}  // namespace

AlignedDenoiser::AlignedDenoiser(const DenoiseSettings& settings, int rate_hz, int channels, const std::string& input,
                                 int lift_bits)
    : denoiser_(make_denoiser(settings, rate_hz, channels, input)),
      channels_(static_cast<std::size_t>(channels)),
      residue_(settings.residue),
      lift_(std::ldexp(1.0f, lift_bits)),
      skip_frames_(pellucid_latency_samples(denoiser_.get())) {}

void AlignedDenoiser::process(std::vector<double>& block) {
  delayed_.insert(delayed_.end(), block.begin(), block.end());
  run(block.size() / channels_);
  take(block);
}

void AlignedDenoiser::finish(std::vector<double>& block) {
  block.clear();
  while (block.empty() && !delayed_.empty()) {  // at high rates the delay is longer than a block
    run(std::min(delayed_.size() / channels_ + skip_frames_, kBlockFrames));
    take(block);
  }
}

// Feeds `frames` frames: those of delayed_ that the engine has not seen, then zeros.
void AlignedDenoiser::run(std::size_t frames) {
  samples_.assign(frames * channels_, 0.0f);
  const std::size_t count = std::min(samples_.size(), delayed_.size() - seen_);
  for (std::size_t i = 0; i < count; ++i) samples_[i] = lift_ * static_cast<float>(delayed_[seen_ + i]);
  seen_ += count;
  const pellucid_result result =
      pellucid_process_interleaved(denoiser_.get(), samples_.data(), samples_.data(), frames);
  if (result != PELLUCID_OK) throw Error(ExitCode::kInternal, std::string(pellucid_result_text(result)));
}

void AlignedDenoiser::take(std::vector<double>& block) {
  const std::size_t frames = samples_.size() / channels_;
  const std::size_t skipped = std::min(skip_frames_, frames);
  skip_frames_ -= skipped;
  const std::size_t count = std::min((frames - skipped) * channels_, delayed_.size());
  block.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    // What float cannot hold of the input goes past the engine, so that strength 0 keeps 32-bit integers to the bit.
    const double input = delayed_[i];
    const double removed =
        static_cast<double>(static_cast<float>(input)) - static_cast<double>(samples_[skipped * channels_ + i] / lift_);
    block[i] = residue_ ? removed : input - removed;
  }
  delayed_.erase(delayed_.begin(), delayed_.begin() + static_cast<std::ptrdiff_t>(count));
  seen_ -= count;
}

}  // namespace pellucid::cli
