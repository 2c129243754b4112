// Sound that tells its channels apart: a tone for each place of a loudspeaker.
#pragma once

#include <sndfile.h>

#include <cmath>
#include <complex>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "audio/layout.hpp"
#include "test_folder.hpp"

namespace pellucid::audio {

/// The layouts that files have, as dwChannelMask says them.
constexpr std::uint32_t k21 = 0xB, k30 = 0x7, k40 = 0x107, kQuad = 0x33, k50 = 0x37, k50Side = 0x607, k51 = 0x3F,
                        k51Side = 0x60F, k61 = 0x70F, k71 = 0x63F, k71Wide = 0xFF;

/// In Hz, of a bit of dwChannelMask; what is meant for a woofer is low.
inline double tone_hz(int bit) { return bit == 3 ? 60 : 300 + 170 * bit; }

inline std::vector<double> tones(std::uint32_t mask, std::size_t frames, int rate_hz = 48000) {
  std::vector<double> samples;
  for (std::size_t i = 0; i < frames; ++i)
    for (int bit = 0; bit < 18; ++bit)
      if ((mask >> bit & 1) != 0)
        samples.push_back(0.2 * std::sin(2 * 3.14159265358979 * tone_hz(bit) * static_cast<double>(i) / rate_hz));
  return samples;
}

/// The mask whose tones the channels hold, if they are in WAV's order, are loud and hold no other; else 0.
inline std::uint32_t places_of(const std::vector<double>& samples, int channels, int rate_hz = 48000) {
  std::uint32_t mask = 0;
  int last = -1;
  constexpr std::size_t kStart = 4800, kFrames = 9600;
  for (int channel = 0; channel < channels; ++channel) {
    int found = -1;
    for (int bit = 0; bit < 18; ++bit) {
      std::complex<double> sum = 0;
      for (std::size_t i = kStart; i < kStart + kFrames; ++i)
        sum += samples.at(i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(channel)) *
               std::polar(1.0, -2 * 3.14159265358979 * tone_hz(bit) * static_cast<double>(i) / rate_hz);
      if (std::abs(sum) * 2 / kFrames < 0.03) continue;
      if (found >= 0) return 0;
      found = bit;
    }
    if (found <= last) return 0;
    last = found;
    mask |= 1u << found;
  }
  return mask;
}

/// A WAV with a tone for every place of `mask`.
inline std::filesystem::path write_tones(const std::filesystem::path& path, std::uint32_t mask,
                                         std::size_t frames = 20000) {
  StreamFormat format;
  format.rate_hz = 48000;
  format.channel_map = channel_map_of(mask);
  format.channels = static_cast<int>(format.channel_map.size());
  format.code = SF_FORMAT_WAVEX | SF_FORMAT_PCM_16;
  write_sound(path, format, tones(mask, frames));
  return path;
}

/// A copy by Reader and Writer.
inline void copy_sound(const std::filesystem::path& from, const std::filesystem::path& to) {
  Reader reader(from);
  const std::vector<double> samples = read_all(reader);
  write_sound(to, output_format(reader.format(), to), samples);
}

inline bool has_ffmpeg() { return std::system("command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null") == 0; }

/// What ffmpeg decodes the first sound track of a file to: the places by what its channels are called, and by what they
/// hold.
struct Places {
  std::uint32_t said = 0, held = 0;
  bool operator==(const Places&) const = default;
};

inline void PrintTo(const Places& places, std::ostream* out) {
  *out << "said " << speaker_names(places.said) << ", held " << speaker_names(places.held);
}

inline Places places_by_ffmpeg(const std::filesystem::path& path) {
  const std::filesystem::path wav = path.parent_path() / "decoded.wav";
  const std::string command =
      "ffmpeg -nostdin -v error -y -i '" + path.string() + "' -map 0:a:0 '" + wav.string() + "'";
  if (std::system(command.c_str()) != 0) return {};
  SF_INFO info{};
  SNDFILE* file = ::sf_open(wav.c_str(), SFM_READ, &info);
  if (file == nullptr) return {};
  std::vector<double> samples(static_cast<std::size_t>(info.frames * info.channels));
  ::sf_readf_double(file, samples.data(), info.frames);
  std::vector<int> map(static_cast<std::size_t>(info.channels));
  const int map_bytes = static_cast<int>(map.size() * sizeof(int));
  if (::sf_command(file, SFC_GET_CHANNEL_MAP_INFO, map.data(), map_bytes) == 0) map.clear();
  ::sf_close(file);
  return {speaker_mask(map), places_of(samples, info.channels, info.samplerate)};
}

}  // namespace pellucid::audio
