#include "corpus/index.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/parse_json.hpp"

namespace pellucid::corpus {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "pellucid-corpus";

double rounded(float value, double steps) { return std::round(static_cast<double>(value) * steps) / steps; }

json clip_to_json(const Clip& clip) {
  return {{"kind", to_string(clip.kind)},
          {"split", to_string(clip.split)},
          {"path", clip.path},
          {"group", clip.group},
          {"label", clip.label},
          {"shard", clip.shard},
          {"offset", clip.offset_samples},
          {"frames", clip.frames},
          {"active_level_dbfs", rounded(clip.active_level_dbfs, 100)},
          {"activity", rounded(clip.activity, 1000)},
          {"noise_floor_dbfs", rounded(clip.noise_floor_dbfs, 100)},
          {"bandwidth_hz", rounded(clip.bandwidth_hz, 1)}};
}

/// Reads one line after another and says which one is wrong.
class Lines {
 public:
  Lines(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  json next() {
    ++number_;
    const std::size_t end = text_.find('\n', position_);
    if (end == std::string_view::npos) fail("the index ends early");
    const std::string_view line = text_.substr(position_, end - position_);
    line_start_ = position_;
    position_ = end + 1;
    json value = parse_json(line);
    if (!value.is_object()) fail("the line is not a JSON object");
    return value;
  }

  std::uint64_t count(const json& object, const char* key, std::uint64_t limit) const {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) fail(fmt::format("'{}' is not a count", key));
    const auto value = found->get<std::uint64_t>();
    if (value > limit) fail(fmt::format("'{}' is {}, more than {}", key, value, limit));
    return value;
  }

  std::string text(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) fail(fmt::format("'{}' is not a text", key));
    return found->get<std::string>();
  }

  float number(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) fail(fmt::format("'{}' is not a number", key));
    const auto value = found->get<double>();
    if (!(std::abs(value) < 1e6)) fail(fmt::format("'{}' is out of range", key));
    return static_cast<float>(value);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::kCorpus, "{}, line {}: {}; the corpus is damaged, make it again with `pellucid prepare`",
                name_, number_, what);
  }

  std::size_t line_start() const { return line_start_; }
  bool at_end() const { return position_ == text_.size(); }

 private:
  std::string_view text_;
  const std::string& name_;
  std::size_t position_ = 0, line_start_ = 0;
  int number_ = 0;
};

bool plain_file_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.size() <= 200 && name[0] != '.' && std::all_of(name.begin(), name.end(), allowed);
}

Clip clip_from_json(const json& object, const Index& index, const Lines& lines) {
  Clip clip;
  const std::optional<Kind> kind = kind_from_string(lines.text(object, "kind"));
  if (!kind) lines.fail("'kind' is none of speech, noise, rir");
  const std::optional<Split> split = split_from_string(lines.text(object, "split"));
  if (!split) lines.fail("'split' is none of train, valid, test");
  clip.kind = *kind;
  clip.split = *split;
  clip.path = lines.text(object, "path");
  clip.group = lines.text(object, "group");
  clip.label = lines.text(object, "label");
  if (index.shards.empty()) lines.fail("a clip without a shard");
  clip.shard = static_cast<std::uint32_t>(lines.count(object, "shard", index.shards.size() - 1));
  const std::uint64_t shard_samples = index.shards[clip.shard].bytes / 2;
  clip.offset_samples = lines.count(object, "offset", shard_samples);
  clip.frames = lines.count(object, "frames", shard_samples - clip.offset_samples);
  if (clip.frames == 0) lines.fail("a clip without samples");
  clip.active_level_dbfs = lines.number(object, "active_level_dbfs");
  clip.activity = lines.number(object, "activity");
  clip.noise_floor_dbfs = lines.number(object, "noise_floor_dbfs");
  clip.bandwidth_hz = lines.number(object, "bandwidth_hz");
  return clip;
}

}  // namespace

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::kSpeech:
      return "speech";
    case Kind::kNoise:
      return "noise";
    case Kind::kRir:
      return "rir";
  }
  return "?";
}

const char* to_string(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValid:
      return "valid";
    case Split::kTest:
      return "test";
  }
  return "?";
}

std::optional<Kind> kind_from_string(std::string_view text) {
  for (const Kind kind : {Kind::kSpeech, Kind::kNoise, Kind::kRir}) {
    if (text == to_string(kind)) return kind;
  }
  return std::nullopt;
}

std::optional<Split> split_from_string(std::string_view text) {
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    if (text == to_string(split)) return split;
  }
  return std::nullopt;
}

std::string write_index(const Index& index) {
  const json header = {{"format", kFormat},           {"version", kIndexVersion},
                       {"rate_hz", index.rate_hz},    {"shards", index.shards.size()},
                       {"clips", index.clips.size()}, {"made_with", json::parse(index.made_with)}};
  std::string text = header.dump() + "\n";
  for (const ShardInfo& shard : index.shards) {
    text += json{{"name", shard.name}, {"bytes", shard.bytes}, {"crc32", shard.crc32}}.dump() + "\n";
  }
  for (const Clip& clip : index.clips) text += clip_to_json(clip).dump() + "\n";
  text += json{{"crc32", crc32(0, text.data(), text.size())}}.dump() + "\n";
  return text;
}

Index parse_index(std::string_view text, const std::string& name) {
  Lines lines(text, name);
  const json header = lines.next();
  if (header.value("format", json()) != kFormat) lines.fail("this is not the index of a Pellucid corpus");
  const std::uint64_t version = lines.count(header, "version", 1000000);
  if (version != static_cast<std::uint64_t>(kIndexVersion)) {
    throw Error(ExitCode::kCorpus,
                "{}: found corpus version {}, this Pellucid reads version {}; prepare the corpus again", name, version,
                kIndexVersion);
  }
  Index index;
  index.rate_hz = static_cast<int>(lines.count(header, "rate_hz", 384000));
  if (index.rate_hz < 1000) lines.fail("'rate_hz' is below 1000");
  if (const auto made = header.find("made_with"); made != header.end() && made->is_object())
    index.made_with = made->dump();
  // Each entry takes a line of its own, so a count above the text's size is a lie and is not reserved for.
  const std::uint64_t shards = lines.count(header, "shards", text.size());
  const std::uint64_t clips = lines.count(header, "clips", text.size());
  for (std::uint64_t i = 0; i < shards; ++i) {
    const json object = lines.next();
    ShardInfo shard;
    shard.name = lines.text(object, "name");
    if (!plain_file_name(shard.name)) lines.fail("a shard's name is not a plain file name");
    shard.bytes = lines.count(object, "bytes", std::uint64_t{1} << 40);
    if (shard.bytes % 2 != 0) lines.fail("a shard has half a sample");
    shard.crc32 = static_cast<std::uint32_t>(lines.count(object, "crc32", 0xffffffffu));
    index.shards.push_back(std::move(shard));
  }
  for (std::uint64_t i = 0; i < clips; ++i) index.clips.push_back(clip_from_json(lines.next(), index, lines));
  const json last = lines.next();
  const std::uint64_t expected = lines.count(last, "crc32", 0xffffffffu);
  if (!lines.at_end()) lines.fail("there is text after the last line");
  if (crc32(0, text.data(), lines.line_start()) != expected) lines.fail("the checksum does not match");
  return index;
}

}  // namespace pellucid::corpus
