// Which loudspeaker a channel is for, and the orders that containers keep them in. WAV's is that of the bits of
// WAVEFORMATEXTENSIBLE's dwChannelMask; so are FLAC's and ffmpeg's raw samples. Ogg Vorbis and Opus have one of their
// own (Vorbis I specification, 4.3.9; RFC 7845, 5.1.1.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "audio/stream.hpp"

namespace pellucid::audio {

/// dwChannelMask of libsndfile's channel map (SF_CHANNEL_MAP_*), whatever its order; 0 where it is empty or has a place
/// that the mask has not, or one twice.
std::uint32_t speaker_mask(std::span<const int> channel_map);

/// What sound of so many channels is taken for that does not say: mono, stereo, 3.0, quad, 5.0, 5.1, 6.1, 7.1, which
/// are also Vorbis'; 0 beyond eight.
std::uint32_t usual_speaker_mask(int channels);

/// Of sound: by its map, or the usual one.
std::uint32_t sound_mask(const StreamFormat& format);

/// libsndfile's map of a mask, in WAV's order.
std::vector<int> channel_map_of(std::uint32_t mask);

/// "FL FR LFE" of 0xB.
std::string speaker_names(std::uint32_t mask);

/// True for what libsndfile reads and writes in the order of Vorbis, whose places are the usual ones: Ogg of Vorbis or
/// Opus, 3 to 8 channels.
bool has_vorbis_order(const StreamFormat& format);

/// `order[i]` is the channel of such a file that is the i-th in WAV's order; empty where they are the same.
std::vector<std::size_t> order_for_reading(const StreamFormat& file);

/// `order[i]` is the channel of sound with this map (without one, in WAV's order) that is the i-th of such a file;
/// empty where they are the same, or the file cannot say such places. AIFF, CAF and AU have no order but the map's.
std::vector<std::size_t> order_for_writing(const StreamFormat& file);

/// The one of `held` (what a coder knows) that is `mask`, but for surrounds at the back instead of the sides, or the
/// other way round; 0 where there is none.
std::uint32_t nearest_speaker_mask(std::uint32_t mask, std::span<const std::uint32_t> held);

/// Of so many samples, interleaved; `order` as above.
void reorder_channels(std::span<const std::size_t> order, std::span<const double> from, double* to);

}  // namespace pellucid::audio
