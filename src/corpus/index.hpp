// The index of a corpus: one JSON object a line, so that it can be read, searched and compared with ordinary tools.
//
//   line 1       {"clips":N,"format":"pellucid-corpus","made_with":{...},"rate_hz":16000,"shards":M,"version":1}
//   M lines      {"bytes":B,"crc32":C,"name":"shard-00000-1a2b3c4d.pcm"}
//   N lines      {"activity":..,"bandwidth_hz":..,"frames":..,"group":..,"kind":"speech",..,"split":"train"}
//   last line    {"crc32":C} over every byte before it
//
// The reader trusts none of it: counts, offsets and names are checked against each other before anyone uses them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/corpus.hpp"

namespace pellucid::corpus {

inline constexpr int kIndexVersion = 1;
inline constexpr const char* kIndexName = "index.jsonl";

struct ShardInfo {
  std::string name;  ///< a plain file name inside the corpus folder
  std::uint64_t bytes = 0;
  std::uint32_t crc32 = 0;
};

struct Index {
  int rate_hz = 16000;
  std::string made_with = "{}";  ///< JSON object: the options that decide the corpus's content
  std::vector<ShardInfo> shards;
  std::vector<Clip> clips;
};

/// The index as text. The same index gives the same bytes.
std::string write_index(const Index& index);

/// Reads an index; `name` is what errors call it. Throws Error(kCorpus) when it is damaged, of another version or
/// inconsistent (a clip outside its shard, a shard name with a folder in it).
Index parse_index(std::string_view text, const std::string& name);

const char* to_string(Kind kind);
const char* to_string(Split split);
std::optional<Kind> kind_from_string(std::string_view text);
std::optional<Split> split_from_string(std::string_view text);

}  // namespace pellucid::corpus
