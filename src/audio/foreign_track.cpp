#include "audio/foreign_track.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "audio/child.hpp"

namespace pellucid::audio {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// What tells of the coded track as it was, or is carried by itself.
bool stays_behind(const std::string& tag) {
  static constexpr std::array<std::string_view, 8> kStarts{"language",    "duration",  "bps",     "number_of_",
                                                           "_statistics", "vendor_id", "encoder", "creation_time"};
  return std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) { return tag.starts_with(start); });
}

std::optional<double> number(const nlohmann::json& of, const char* key) {
  const auto at = of.find(key);
  if (at == of.end() || !at->is_string()) return std::nullopt;
  try {
    return std::stod(at->get<std::string>());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

ForeignTrack probe_foreign(int descriptor, const char* container) {
  ForeignTrack track;
  const int found = make_said(), said = make_said();
  if (found >= 0 && said >= 0) {
    const pid_t process = start_program(
        {"ffprobe", "-v", "quiet", "-protocol_whitelist", "file", "-f", container, "-select_streams", "a:0",
         "-show_entries", "stream=start_time,duration:stream_tags", "-of", "json", "-i", "file:/dev/fd/0"},
        descriptor, found, said);
    const auto told = process >= 0 && wait_for_program(process) == 0
                          ? nlohmann::json::parse(said_text(found), nullptr, false)
                          : nlohmann::json();
    const bool has_one = told.is_object() && told.contains("streams") && !told["streams"].empty();
    const nlohmann::json stream = has_one ? told["streams"][0] : nlohmann::json::object();
    const auto start = number(stream, "start_time"), duration = number(stream, "duration");
    // Of what has no such field ffprobe guesses by the bit rate.
    if (std::string_view(container) == "mov" && duration && *duration > 0) {
      track.end_s = *duration + (start && *start >= kNoPause ? *start : 0);
    }
    const nlohmann::json tags = stream.value("tags", nlohmann::json::object());
    for (const auto& [key, value] : tags.items()) {
      if (!value.is_string() || stays_behind(lower(key)) || key.find('=') != std::string::npos) continue;
      if (const auto text = value.get<std::string>(); key.size() + text.size() <= kLongestTag)
        track.tags[lower(key)] = text;
    }
  }
  for (const int used : {found, said})
    if (used >= 0) ::close(used);
  return track;
}

std::int64_t stated_frames(const ForeignTrack& track, int rate_hz) {
  return track.end_s ? std::llround(std::min(*track.end_s * rate_hz, 0x1p62)) : -1;
}

std::int64_t frames_without_padding(std::int64_t frames, int rate_hz, const ForeignTrack& track,
                                    const std::string& coder) {
  constexpr std::int64_t kLongestBlock = 4096;
  const bool whole = coder.starts_with("pcm_") || coder == "alac" || coder == "flac";
  const std::int64_t stated = whole ? -1 : stated_frames(track, rate_hz);
  return stated > 0 && stated < frames && frames - stated <= kLongestBlock ? stated : frames;
}

}  // namespace pellucid::audio
