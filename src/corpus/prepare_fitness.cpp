#include "corpus/prepare.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {

Verdict judge(Kind kind, const Measures& m, const FitnessLimits& limits) {
  const bool speech = kind == Kind::kSpeech;
  if (m.peak <= 0) return {"silent", "every sample is zero"};
  if (kind == Kind::kRir) return {};
  const double least_s = speech ? limits.speech_min_s : limits.noise_min_s;
  if (m.duration_s < least_s)
    return {"short", fmt::format("found {:.2f} s, expected at least {:g} s", m.duration_s, least_s)};
  const double level = static_cast<double>(speech ? m.active_level_dbfs : m.rms_dbfs);
  const double least_dbfs = speech ? limits.speech_min_level_dbfs : limits.noise_min_level_dbfs;
  if (level < least_dbfs) {
    return {"quiet", fmt::format("found a level of {:.1f} dBFS, expected at least {:g} dBFS", level, least_dbfs)};
  }
  const double clipped = static_cast<double>(m.clipped_share);
  const double most_clipped = speech ? limits.speech_max_clipped : limits.noise_max_clipped;
  if (clipped > most_clipped) {
    return {"clipped", fmt::format("found {:.2f} % of the samples clipped, expected at most {:g} %", 100 * clipped,
                                   100 * most_clipped)};
  }
  if (!speech) return {};
  const double silence = static_cast<double>(m.silence_share), dynamic = static_cast<double>(m.dynamic_db);
  if (silence > limits.speech_max_silence) {
    return {"silence", fmt::format("found {:.0f} % silence, expected at most {:g} %", 100 * silence,
                                   100 * limits.speech_max_silence)};
  }
  if (dynamic < limits.speech_min_dynamic_db) {
    return {"dynamic",
            fmt::format("found {:.1f} dB between speech and its noise floor of {:.1f} dBFS, expected at least {:g} dB",
                        dynamic, m.noise_floor_dbfs, limits.speech_min_dynamic_db)};
  }
  if (static_cast<double>(m.bandwidth_hz) < limits.speech_min_bandwidth_hz) {
    return {"bandwidth", fmt::format("found a bandwidth of {:.0f} Hz, expected at least {:g} Hz", m.bandwidth_hz,
                                     limits.speech_min_bandwidth_hz)};
  }
  return {};
}

std::vector<std::string> flags_of(Kind kind, const Measures& m, int rate_hz) {
  std::vector<std::string> flags;
  if (kind == Kind::kSpeech && static_cast<double>(m.bandwidth_hz) < 0.25 * rate_hz) flags.emplace_back("narrow-band");
  if (m.clipped_share > 0) flags.emplace_back("some-clipping");
  if (m.silence_share > 0.5f) flags.emplace_back("mostly-silent");
  return flags;
}

}  // namespace pellucid::corpus
