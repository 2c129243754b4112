#include "corpus/prepare_decode.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "audio/foreign.hpp"
#include "audio/resampler.hpp"
#include "audio/stream.hpp"
#include "corpus/mix.hpp"
#include "corpus/prepare_ledger.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

constexpr std::size_t kBlockFrames = 16384;

std::vector<std::int16_t> to_int16(std::span<const float> samples) {
  std::vector<std::int16_t> out(samples.size());
  std::transform(samples.begin(), samples.end(), out.begin(), [](float x) {
    return static_cast<std::int16_t>(std::lround(std::clamp(x * 32768.0f, -32768.0f, 32767.0f)));
  });
  return out;
}

// Lossy formats overshoot full scale; what 16 bits cannot hold is scaled down, as clipping would be heard.
void fit_full_scale(std::span<float> samples) {
  constexpr float kMost = 32767.0f / 32768.0f;
  const float top = peak(samples);
  if (top <= kMost) return;
  for (float& x : samples) x *= kMost / top;
}

void cut(std::vector<float>& pending, std::size_t frames, int rate_hz, std::vector<DecodedPiece>& pieces,
         Spill<std::int16_t>& all) {
  const std::span<float> piece(pending.data(), frames);
  fit_full_scale(piece);
  const std::vector<std::int16_t> samples = to_int16(piece);
  pieces.push_back({measure(piece, rate_hz), frames, hash_of(samples)});
  all.append(samples);
  pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(frames));
}

DecodedFile decode_or_throw(const std::filesystem::path& file, int rate_hz, double piece_s,
                            const std::filesystem::path& folder) {
  audio::Reader reader(file);
  const int channels = reader.format().channels;
  const auto piece_frames = static_cast<std::size_t>(piece_s * rate_hz);
  std::optional<audio::StreamResampler> resampler;
  if (reader.format().rate_hz != rate_hz) resampler.emplace(reader.format().rate_hz, rate_hz, 1);
  std::vector<DecodedPiece> pieces;
  Spill<std::int16_t> samples(folder);
  ClipCounter clips(channels);
  std::vector<float> block(kBlockFrames * static_cast<std::size_t>(channels)), mono(kBlockFrames), pending;
  // At once, as growing by doubling would hold two of them for a while.
  if (reader.format().frames > static_cast<std::int64_t>(piece_frames)) pending.reserve(2 * piece_frames);
  while (const std::size_t frames = reader.read(block)) {
    const std::span<const float> interleaved(block.data(), frames * static_cast<std::size_t>(channels));
    clips.add(interleaved);
    for (std::size_t i = 0; i < frames; ++i) {
      double sum = 0;
      for (int c = 0; c < channels; ++c)
        sum += static_cast<double>(interleaved[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)]);
      mono[i] = static_cast<float>(sum / channels);
    }
    const std::span<const float> averaged(mono.data(), frames);
    if (resampler) {
      resampler->process(averaged, pending);
    } else {
      pending.insert(pending.end(), averaged.begin(), averaged.end());
    }
    while (pending.size() >= piece_frames + piece_frames / 2) cut(pending, piece_frames, rate_hz, pieces, samples);
  }
  if (resampler) resampler->finish(pending);
  if (!pending.empty()) cut(pending, pending.size(), rate_hz, pieces, samples);
  for (DecodedPiece& piece : pieces) piece.measures.clipped_share = clips.share();
  return {.pieces = std::move(pieces), .samples = std::move(samples).finish()};
}

}  // namespace

DecodedFile decode(const std::filesystem::path& file, int rate_hz, double piece_s,
                   const std::filesystem::path& folder) {
  try {
    return decode_or_throw(file, rate_hz, piece_s, folder);
  } catch (const Error& error) {
    // Anything else, as an interrupt, says nothing of the file.
    if (error.code() != ExitCode::kAudio && error.code() != ExitCode::kInput) throw;
    return {.damaged = error.what(),
            .try_again = error.code() == ExitCode::kInput || dynamic_cast<const audio::NoFfmpeg*>(&error) != nullptr};
  }
}

}  // namespace pellucid::corpus
