// How much a network loses with each of its units, on pairs mixed from a corpus.
//
// `kTaylor`: by the gradients of every pair, half of the mean of (sum over the weights w that read the unit of
// w dL/dw)^2 (Theis et al. 2018, "Faster gaze prediction with dense networks and Fisher pruning"; Molchanov et al.
// 2019, "Importance estimation for neural network pruning"). `kAblation`: the loss without the unit less the loss with
// it: exact for one alone, but of units that stand in for each other all look dispensable.
#pragma once

#include "corpus/corpus.hpp"
#include "support/progress.hpp"
#include "training/blocks.hpp"
#include "training/network.hpp"
#include "training/recipe.hpp"
#include "training/units.hpp"

namespace pellucid::training {

enum class ImportanceKind { kAblation, kTaylor };

/// In units of the recipe's loss, on `pairs` chunks of the training split. The network evaluates and comes out as it
/// went in. Throws Error(kTraining) when a loss is no number.
Importance measure_importance(Network& network, const Units& units, const Recipe& recipe, const corpus::Corpus& corpus,
                              ImportanceKind kind, int pairs, ProgressStyle style);

/// The same by gradients, with the weights of a group of blocks in place of those that read a unit.
BlockImportance measure_importance(Network& network, const std::vector<BlockMatrix>& matrices, const Recipe& recipe,
                                   const corpus::Corpus& corpus, int pairs, ProgressStyle style);

}  // namespace pellucid::training
