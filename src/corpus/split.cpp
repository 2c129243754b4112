#include "corpus/split.hpp"

#include <algorithm>
#include <set>

#include "corpus/index.hpp"
#include "support/error.hpp"
#include "support/random.hpp"

namespace pellucid::corpus {
namespace {

// Uniform in 0..1 from FNV-1a over the name, then the project's own mixing.
double group_hash(const SplitShares& shares, Kind kind, const std::string& group) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : group) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  Random random(shares.seed, static_cast<std::uint64_t>(kind), hash);
  return random.uniform();
}

Split split_of(const SplitShares& shares, double hash) {
  if (hash < shares.valid) return Split::kValid;
  if (hash < shares.valid + shares.test) return Split::kTest;
  return Split::kTrain;
}

}  // namespace

Split hashed_split(const SplitShares& shares, Kind kind, const std::string& group) {
  return split_of(shares, group_hash(shares, kind, group));
}

std::map<std::string, Split> assign_splits(const SplitShares& shares, Kind kind, const std::vector<std::string>& groups,
                                           const std::map<std::string, Split>& by_hand) {
  struct Entry {
    double hash;
    std::string group;
    Split split;
  };
  std::vector<Entry> entries;
  for (const std::string& group : std::set<std::string>(groups.begin(), groups.end())) {
    const double hash = group_hash(shares, kind, group);
    entries.push_back({hash, group, split_of(shares, hash)});
  }
  if (entries.empty()) return {};
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.hash != b.hash ? a.hash < b.hash : a.group < b.group; });
  // How many a side still needs.
  const auto least = [&](Split split, double share) -> std::size_t {
    const bool has = std::any_of(by_hand.begin(), by_hand.end(), [&](const auto& e) { return e.second == split; });
    return share > 0 && !has ? 1 : 0;
  };
  const std::size_t least_train = least(Split::kTrain, 1), least_valid = least(Split::kValid, shares.valid),
                    least_test = least(Split::kTest, shares.test), sides = least_train + least_valid + least_test;
  if (entries.size() < sides) {
    throw Error(ExitCode::kCorpus,
                "--{}: found {} {} ({}), expected at least {} so that no one is on two sides of the split; add "
                "recordings, name "
                "the groups with --groups, or give --valid 0 --test 0",
                to_string(kind), entries.size(), kind == Kind::kSpeech ? "speaker(s)" : "source(s)",
                entries.front().group, sides);
  }
  // Sorted by hash they stand as valid, test, train. A side that would be empty is widened by its nearest neighbour.
  const auto count = [&](Split split) {
    return static_cast<std::size_t>(
        std::count_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.split == split; }));
  };
  const std::size_t valid = std::clamp(count(Split::kValid), least_valid, entries.size() - least_test - least_train);
  const std::size_t test = std::clamp(count(Split::kTest), least_test, entries.size() - valid - least_train);
  std::map<std::string, Split> result;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    result[entries[i].group] = i < valid ? Split::kValid : i < valid + test ? Split::kTest : Split::kTrain;
  }
  return result;
}

}  // namespace pellucid::corpus
