#include "cli/eval_sounds.hpp"

#include <algorithm>
#include <cstdint>
#include <pellucid/pellucid.hpp>
#include <span>
#include <utility>

#include "audio/sound.hpp"
#include "cli/denoise_file.hpp"
#include "cli/models.hpp"
#include "support/elapsed.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

Spilled<float> load(const fs::path& path, EvalSounds& sounds) {
  audio::SoundStream stream(path);
  Spilled<float> sound = stream.read_all();
  if (stream.repaired_samples() > 0) {
    sounds.notes.push_back(
        fmt::format("{}: {} samples that are no numbers were taken as 0", path.string(), stream.repaired_samples()));
  }
  if (sounds.rate_hz == 0) sounds.rate_hz = stream.rate_hz();
  if (stream.rate_hz() != sounds.rate_hz) {
    throw Error(ExitCode::kAudio, "{}: has {} Hz, but its clean file has {} Hz; resample one of them.", path.string(),
                stream.rate_hz(), sounds.rate_hz);
  }
  if (sounds.clean.size() > 0 && sound.size() != sounds.clean.size()) {
    throw Error(ExitCode::kAudio,
                "{}: has {} samples, but its clean file has {}; files that are compared have to be aligned and of one "
                "length.",
                path.string(), sound.size(), sounds.clean.size());
  }
  return sound;
}

Spilled<float> denoise(const std::vector<std::byte>& model, std::span<const float> samples, int rate_hz) {
  constexpr std::size_t kBlock = 16384;
  Denoiser denoiser(model.data(), model.size(), static_cast<std::uint32_t>(rate_hz));
  const std::size_t latency = denoiser.latency_samples(), end = samples.size() + latency;
  Spill<float> denoised(temporary_folder());
  std::vector<float> block;
  for (std::size_t at = 0; at < end; at += block.size()) {
    block.assign(std::min(kBlock, end - at), 0.0F);
    if (at < samples.size()) {
      const auto part = samples.subspan(at, std::min(block.size(), samples.size() - at));
      std::copy(part.begin(), part.end(), block.begin());
    }
    denoiser.process_interleaved(block.data(), block.data(), block.size());
    denoised.append(std::span(block).subspan(std::min(block.size(), latency - std::min(latency, at))));
  }
  return std::move(denoised).finish();
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
  const double start = thread_time_s();
  try {
    sounds.enhanced = denoise(model, sounds.noisy.values(), sounds.rate_hz);
  } catch (const DenoiserError& error) {
    throw Error(ExitCode::kAudio, "{}: cannot be denoised: {}", pair.noisy.string(), error.what());
  }
  sounds.denoise_seconds = thread_time_s() - start;
  return sounds;
}

}  // namespace pellucid::cli
