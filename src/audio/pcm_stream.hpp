// Plain WAV read and written strictly forwards, for pipes: RIFF (Microsoft, "Multiple Channel Audio Data and WAVE
// Files", 2007) with PCM of 8, 16, 24, 32 bits or IEEE float of 32, 64. Nothing here seeks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pellucid::audio {

/// Integers are offset binary at 8 bits and signed above, as WAV has them.
enum class Pcm { kU8, kS16, kS24, kS32, kF32, kF64 };

std::size_t bytes_per_sample(Pcm pcm);
/// Of a format of libsndfile's (SF_FORMAT_*); none where its samples are not plain.
std::optional<Pcm> plain_pcm(int code);
/// Full scale 1; integers by a power of two.
void decode_pcm(Pcm pcm, std::span<const unsigned char> bytes, double* samples);
/// Rounds to nearest and clips integers; returns how many samples it clipped.
std::uint64_t encode_pcm(Pcm pcm, std::span<const double> samples, unsigned char* bytes);

struct WavHeader {
  Pcm pcm = Pcm::kS16;
  int rate_hz = 0;
  int channels = 0;
  std::optional<std::uint64_t> data_bytes;  ///< none: to the end of the stream (its writer could not know)
  std::uint32_t speaker_mask = 0;           ///< dwChannelMask; 0: it does not say, or not of every channel
};

/// Reads `bytes` bytes or fewer at the end of the stream; returns how many.
using ByteSource = std::function<std::size_t(unsigned char*, std::size_t)>;

enum class WavKind { kPlain, kOther, kDamaged };

/// Reads up to the first byte of the samples. `consumed` receives every byte read, so that other formats can be handed
/// on; kOther: not WAV, or coded in a way that is not plain. kDamaged: WAV that ends or contradicts itself before its
/// samples.
WavKind parse_wav_header(const ByteSource& source, WavHeader& header, std::vector<unsigned char>& consumed);

/// WAVE_FORMAT_EXTENSIBLE where more than two channels or 16 bits ask for it. Sizes that are not known or beyond 4 GiB
/// are written as 0xFFFFFFFF, which readers take as "to the end".
std::string make_wav_header(const WavHeader& header);

}  // namespace pellucid::audio
