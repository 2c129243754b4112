#include "cli/eval_sounds.hpp"

#include <chrono>
#include <cstdint>
#include <pellucid/pellucid.hpp>
#include <utility>

#include "audio/sound.hpp"
#include "cli/denoise_file.hpp"
#include "cli/models.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

std::vector<float> load(const fs::path& path, EvalSounds& sounds) {
  audio::Sound sound = audio::load(path);
  if (sound.repaired_samples > 0) {
    sounds.notes.push_back(
        fmt::format("{}: {} samples that are no numbers were taken as 0", path.string(), sound.repaired_samples));
  }
  if (sounds.rate_hz == 0) sounds.rate_hz = sound.rate_hz;
  if (sound.rate_hz != sounds.rate_hz) {
    throw Error(ExitCode::kInput, "{}: has {} Hz, but its clean file has {} Hz; resample one of them.", path.string(),
                sound.rate_hz, sounds.rate_hz);
  }
  if (!sounds.clean.empty() && sound.samples.size() != sounds.clean.size()) {
    throw Error(ExitCode::kInput,
                "{}: has {} samples, but its clean file has {}; files that are compared have to be aligned and of one "
                "length.",
                path.string(), sound.samples.size(), sounds.clean.size());
  }
  return std::move(sound.samples);
}

std::vector<float> denoise(const std::vector<std::byte>& model, std::vector<float> samples, int rate_hz) {
  Denoiser denoiser(model.data(), model.size(), static_cast<std::uint32_t>(rate_hz));
  const std::size_t latency = denoiser.latency_samples();
  samples.resize(samples.size() + latency, 0.0F);
  denoiser.process_interleaved(samples.data(), samples.data(), samples.size());
  samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(latency));
  return samples;
}

}  // namespace

std::vector<std::byte> read_checked_model(const std::string& name) {
  if (name.empty()) return {};
  const fs::path file = find_model(name);
  std::vector<std::byte> model = read_model(file);
  DenoiseSettings settings;
  settings.model = model;
  settings.model_path = file;
  check_model(settings);
  return model;
}

EvalSounds load_sounds(const EvalPair& pair, const std::vector<std::byte>& model) {
  EvalSounds sounds;
  sounds.clean = load(pair.clean, sounds);
  sounds.noisy = load(pair.noisy, sounds);
  if (!pair.enhanced.empty()) sounds.enhanced = load(pair.enhanced, sounds);
  if (model.empty()) return sounds;
  const auto start = std::chrono::steady_clock::now();
  try {
    sounds.enhanced = denoise(model, sounds.noisy, sounds.rate_hz);
  } catch (const DenoiserError& error) {
    throw Error(ExitCode::kAudio, "{}: cannot be denoised: {}", pair.noisy.string(), error.what());
  }
  sounds.denoise_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return sounds;
}

}  // namespace pellucid::cli
