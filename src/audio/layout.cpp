#include "audio/layout.hpp"

#include <sndfile.h>

#include <algorithm>
#include <array>

namespace pellucid::audio {
namespace {

struct Speaker {
  int place;  // SF_CHANNEL_MAP_*
  const char* name;
};

// By the bits of dwChannelMask.
constexpr std::array<Speaker, 18> kSpeakers{{{SF_CHANNEL_MAP_LEFT, "FL"},
                                             {SF_CHANNEL_MAP_RIGHT, "FR"},
                                             {SF_CHANNEL_MAP_CENTER, "FC"},
                                             {SF_CHANNEL_MAP_LFE, "LFE"},
                                             {SF_CHANNEL_MAP_REAR_LEFT, "BL"},
                                             {SF_CHANNEL_MAP_REAR_RIGHT, "BR"},
                                             {SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER, "FLC"},
                                             {SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER, "FRC"},
                                             {SF_CHANNEL_MAP_REAR_CENTER, "BC"},
                                             {SF_CHANNEL_MAP_SIDE_LEFT, "SL"},
                                             {SF_CHANNEL_MAP_SIDE_RIGHT, "SR"},
                                             {SF_CHANNEL_MAP_TOP_CENTER, "TC"},
                                             {SF_CHANNEL_MAP_TOP_FRONT_LEFT, "TFL"},
                                             {SF_CHANNEL_MAP_TOP_FRONT_CENTER, "TFC"},
                                             {SF_CHANNEL_MAP_TOP_FRONT_RIGHT, "TFR"},
                                             {SF_CHANNEL_MAP_TOP_REAR_LEFT, "TBL"},
                                             {SF_CHANNEL_MAP_TOP_REAR_CENTER, "TBC"},
                                             {SF_CHANNEL_MAP_TOP_REAR_RIGHT, "TBR"}}};

int bit_of(int place) {
  switch (place) {
    case SF_CHANNEL_MAP_MONO:
    case SF_CHANNEL_MAP_FRONT_CENTER:
      place = SF_CHANNEL_MAP_CENTER;
      break;
    case SF_CHANNEL_MAP_FRONT_LEFT:
      place = SF_CHANNEL_MAP_LEFT;
      break;
    case SF_CHANNEL_MAP_FRONT_RIGHT:
      place = SF_CHANNEL_MAP_RIGHT;
      break;
    default:
      break;
  }
  const auto at =
      std::find_if(kSpeakers.begin(), kSpeakers.end(), [&](const Speaker& speaker) { return speaker.place == place; });
  return at == kSpeakers.end() ? -1 : static_cast<int>(at - kSpeakers.begin());
}

// A surround at the back for one at the side, and the other way round.
int exchanged_bit(int bit) {
  switch (bit) {
    case 4:
    case 5:
      return bit + 5;
    case 9:
    case 10:
      return bit - 5;
    default:
      return bit;
  }
}

std::vector<int> bits_of(std::uint32_t mask) {
  std::vector<int> bits;
  for (int bit = 0; bit < static_cast<int>(kSpeakers.size()); ++bit)
    if ((mask >> bit & 1) != 0) bits.push_back(bit);
  return bits;
}

// Bits in the order of Vorbis; empty for other numbers than 1 to 8.
std::vector<int> vorbis_bits(int channels) {
  static const std::array<std::vector<int>, 9> kOrders{{{},
                                                        {2},
                                                        {0, 1},
                                                        {0, 2, 1},
                                                        {0, 1, 4, 5},
                                                        {0, 2, 1, 4, 5},
                                                        {0, 2, 1, 4, 5, 3},
                                                        {0, 2, 1, 9, 10, 8, 3},
                                                        {0, 2, 1, 9, 10, 4, 5, 3}}};
  return channels >= 1 && channels <= 8 ? kOrders[static_cast<std::size_t>(channels)] : std::vector<int>{};
}

// Where each of `wanted` stands in `given`; empty where all stand in their places already, or one is not there.
std::vector<std::size_t> order_of(const std::vector<int>& wanted, const std::vector<int>& given) {
  std::vector<std::size_t> order;
  for (const int bit : wanted) {
    const auto at = std::find(given.begin(), given.end(), bit);
    if (at == given.end()) return {};
    order.push_back(static_cast<std::size_t>(at - given.begin()));
  }
  if (std::is_sorted(order.begin(), order.end())) order.clear();
  return order;
}

}  // namespace

std::uint32_t speaker_mask(std::span<const int> channel_map) {
  std::uint32_t mask = 0;
  for (const int place : channel_map) {
    const int bit = bit_of(place);
    if (bit < 0 || (mask >> bit & 1) != 0) return 0;
    mask |= 1u << bit;
  }
  return mask;
}

std::uint32_t usual_speaker_mask(int channels) {
  std::uint32_t mask = 0;
  for (const int bit : vorbis_bits(channels)) mask |= 1u << bit;
  return mask;
}

std::uint32_t sound_mask(const StreamFormat& format) {
  const bool whole = format.channel_map.size() == static_cast<std::size_t>(format.channels);
  const std::uint32_t mask = whole ? speaker_mask(format.channel_map) : 0;
  return mask != 0 ? mask : usual_speaker_mask(format.channels);
}

std::vector<int> channel_map_of(std::uint32_t mask) {
  std::vector<int> map;
  for (const int bit : bits_of(mask)) map.push_back(kSpeakers[static_cast<std::size_t>(bit)].place);
  return map;
}

std::string speaker_names(std::uint32_t mask) {
  std::string names;
  for (const int bit : bits_of(mask)) {
    if (!names.empty()) names += ' ';
    names += kSpeakers[static_cast<std::size_t>(bit)].name;
  }
  return names;
}

bool has_vorbis_order(const StreamFormat& format) {
  const int subtype = format.code & SF_FORMAT_SUBMASK;
  return (format.code & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG &&
         (subtype == SF_FORMAT_VORBIS || subtype == SF_FORMAT_OPUS) && format.channels > 2 && format.channels <= 8;
}

std::vector<std::size_t> order_for_reading(const StreamFormat& file) {
  if (!has_vorbis_order(file)) return {};
  return order_of(bits_of(usual_speaker_mask(file.channels)), vorbis_bits(file.channels));
}

std::vector<std::size_t> order_for_writing(const StreamFormat& file) {
  const int major = file.code & SF_FORMAT_TYPEMASK;
  if (major == SF_FORMAT_AIFF || major == SF_FORMAT_CAF || major == SF_FORMAT_AU) return {};
  const std::uint32_t mask = sound_mask(file);
  std::vector<int> given;
  for (const int place : file.channel_map) given.push_back(bit_of(place));
  if (given.empty() || speaker_mask(file.channel_map) == 0) given = bits_of(mask);
  if (!has_vorbis_order(file)) return order_of(bits_of(mask), given);
  const std::array<std::uint32_t, 1> held{usual_speaker_mask(file.channels)};
  if (nearest_speaker_mask(mask, held) != mask) {
    for (int& bit : given) bit = exchanged_bit(bit);
  }
  return order_of(vorbis_bits(file.channels), given);
}

std::uint32_t nearest_speaker_mask(std::uint32_t mask, std::span<const std::uint32_t> held) {
  const auto holds = [&](std::uint32_t wanted) { return std::find(held.begin(), held.end(), wanted) != held.end(); };
  if (holds(mask)) return mask;
  std::uint32_t exchanged = 0;
  for (const int bit : bits_of(mask)) exchanged |= 1u << exchanged_bit(bit);
  return holds(exchanged) ? exchanged : 0;
}

void reorder_channels(std::span<const std::size_t> order, std::span<const double> from, double* to) {
  for (std::size_t at = 0; at + order.size() <= from.size(); at += order.size())
    for (std::size_t channel = 0; channel < order.size(); ++channel) to[at + channel] = from[at + order[channel]];
}

}  // namespace pellucid::audio
