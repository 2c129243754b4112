// Puts speakers and noise sources on one side each: train, valid or test.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "corpus/corpus.hpp"

namespace pellucid::corpus {

struct SplitShares {
  double valid = 0.05;  ///< share of the groups
  double test = 0.0;
  std::uint64_t seed = 0;
};

/// Where a group goes: a hash of (seed, kind, group) against the shares, so that other groups never move it.
Split hashed_split(const SplitShares& shares, Kind kind, const std::string& group);

/// Splits for all groups of a kind. As hashed_split(), except where a side with a share above 0 would stay empty: then
/// the group that is nearest to it by its hash moves there (so only in corpora of a few groups can a new group move
/// another). Sides that groups were put into `by_hand` are not empty. Throws Error(kCorpus) when there are fewer groups
/// than sides to fill.
std::map<std::string, Split> assign_splits(const SplitShares& shares, Kind kind, const std::vector<std::string>& groups,
                                           const std::map<std::string, Split>& by_hand = {});

}  // namespace pellucid::corpus
