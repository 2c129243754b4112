// How far the engine's status can be trusted: voice activity, noise level and SNR against what clean files say.
//
//   bench_status MODEL CLEAN NOISY
//
// CLEAN and NOISY are folders with files of the same names at 16 kHz; noise is the difference. Each pair is heard three
// times: as it is, its noise alone and its speech alone. A frame is speech when the clean frame (32 ms, under the
// square of the engine's window) lies less than 20 dB below the clean file's active level (ITU-T P.56). Levels and SNR
// count from the third second on; the truth is the file's: RMS of its noise, active level over that.
#include <fmt/format.h>
#include <pellucid/pellucid.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <pellucid/pellucid.hpp>
#include <set>
#include <vector>

#include "audio/sound.hpp"
#include "corpus/active_level.hpp"
#include "support/error.hpp"

namespace {

namespace fs = std::filesystem;
using Samples = std::vector<float>;
constexpr int kRateHz = 16000;
constexpr std::size_t kHop = 256, kWindow = 512, kSettled = 2 * kRateHz;

double db(double power) { return 10 * std::log10(power + 1e-12); }

/// Mean square of the `kWindow` samples before `end`, under a Hann window.
double frame_power(const Samples& x, std::size_t end) {
  double sum = 0;
  for (std::size_t i = 0; i < kWindow && i < end; ++i) {
    const double shade = std::sin(M_PI * static_cast<double>(i) / kWindow);
    sum += shade * shade * x[end - 1 - i] * x[end - 1 - i];
  }
  return 2 * sum / kWindow;
}

struct Decisions {
  int speech = 0, pauses = 0, misses = 0, false_alarms = 0;
  void add(bool is_speech, bool said) {
    ++(is_speech ? speech : pauses);
    if (is_speech && !said) ++misses;
    if (!is_speech && said) ++false_alarms;
  }
  std::string text() const {
    const auto share = [](int part, int whole) { return whole > 0 ? static_cast<double>(part) / whole : 0.0; };
    return fmt::format("accuracy {:.3f}, false alarms {:.3f}, misses {:.3f}",
                       1 - share(misses + false_alarms, speech + pauses), share(false_alarms, pauses),
                       share(misses, speech));
  }
};

struct Errors {
  double sum = 0, absolute = 0;
  int count = 0;
  void add(double error) {
    sum += error;
    absolute += std::abs(error);
    ++count;
  }
  std::string text() const {
    return fmt::format("{:+.2f} dB, absolute {:.2f} dB", sum / std::max(count, 1), absolute / std::max(count, 1));
  }
};

struct Row {
  const char* name;
  Decisions probable, active;
  Errors noise, snr;
};

/// `speech` and `noise` add up to what is heard; either may be silent.
void listen(const std::vector<char>& model, const Samples& speech, const Samples& noise, Row& row) {
  pellucid::Denoiser denoiser(model.data(), model.size(), kRateHz);
  const double level = pellucid::corpus::active_level(speech, kRateHz).level_dbfs;
  const double noise_level = pellucid::corpus::rms_level_dbfs(noise);
  const bool has_speech = level > pellucid::corpus::kSilenceDbfs,
             has_noise = noise_level > pellucid::corpus::kSilenceDbfs;
  Samples hop(kHop);
  for (std::size_t end = kHop; end <= speech.size(); end += kHop) {
    for (std::size_t i = 0; i < kHop; ++i) hop[i] = speech[end - kHop + i] + noise[end - kHop + i];
    denoiser.process_interleaved(hop.data(), hop.data(), kHop);
    const pellucid_status status = denoiser.status();
    const bool is_speech = has_speech && db(frame_power(speech, end)) > level - 20;
    row.probable.add(is_speech, status.voice_probability >= 0.5f);
    row.active.add(is_speech, status.voice_active != 0);
    if (end < kSettled || !has_noise) continue;
    row.noise.add(status.noise_dbfs - noise_level);
    if (has_speech) row.snr.add(status.snr_db - (level - noise_level));
  }
}

void run(const char* model_path, const fs::path& clean, const fs::path& noisy) {
  std::ifstream file(model_path, std::ios::binary);
  const std::vector<char> model((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Row rows[] = {{"speech in noise", {}, {}, {}, {}}, {"noise alone", {}, {}, {}, {}}, {"speech alone", {}, {}, {}, {}}};
  std::set<fs::path> names;
  for (const auto& entry : fs::directory_iterator(noisy)) {
    if (fs::exists(clean / entry.path().filename())) names.insert(entry.path().filename());
  }
  for (const fs::path& name : names) {
    const Samples speech = pellucid::audio::load(clean / name, {.rate_hz = kRateHz}).samples;
    Samples noise = pellucid::audio::load(noisy / name, {.rate_hz = kRateHz}).samples;
    noise.resize(speech.size());
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] -= speech[i];
    const Samples silence(speech.size());
    listen(model, speech, noise, rows[0]);
    listen(model, silence, noise, rows[1]);
    listen(model, speech, silence, rows[2]);
  }
  fmt::print("{} pairs\n", names.size());
  for (const Row& row : rows) {
    fmt::print("{}: probability: {}\n", row.name, row.probable.text());
    fmt::print("{}: active: {}\n", row.name, row.active.text());
    if (row.noise.count > 0) fmt::print("{}: noise level: {}\n", row.name, row.noise.text());
    if (row.snr.count > 0) fmt::print("{}: SNR: {}\n", row.name, row.snr.text());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "Usage: bench_status MODEL CLEAN NOISY\n");
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_status: {}\n", error.what());
    return 1;
  }
  return 0;
}
