// Which units of a network can be cut out whole, where they stand in a model file's tensors, and the network without
// them.
//
//   const Units units = units_of(architecture);
//   Kept kept = all_kept(architecture, units);  kept[0].pop_back();     // a channel less
//   const Tensors smaller = cut(architecture, units, kept, tensors, &smaller_architecture);
//
// A unit is a channel of encoder and decoder, a channel of the blocks ("width"), a GRU unit, or, where the frequency
// mixer is `dense`, a band. Units of attention stay: the scale of its scores hangs on their number.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "training/architecture.hpp"

namespace pellucid::training {

using Tensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// Units that are alike. Groups with the same `number` are always as many.
struct UnitGroup {
  std::string name;           ///< "channels", "blocks.0.time" …
  const char* key = nullptr;  ///< "channels", "width", "hidden", "freq_hidden", "bands"
  std::uint32_t Architecture::*number = nullptr;
  std::uint32_t multiple = 1;  ///< a cut leaves a multiple of it
};

/// An axis of a tensor that has an entry for every unit of `groups`, one group behind another.
struct UnitAxis {
  std::string tensor;
  int axis = 0;
  std::vector<std::size_t> groups;
  bool reads = false;  ///< whether the entries multiply what the unit says: without them nothing hears it
};

struct Units {
  std::vector<UnitGroup> groups;
  std::vector<UnitAxis> axes;
};

/// By group: the units that stay, ascending.
using Kept = std::vector<std::vector<std::int64_t>>;

/// A cut leaves a multiple of `multiple` units of every kind but bands: the engine's vectors hold 8 or 16 numbers, and
/// one channel less saves no time.
Units units_of(const Architecture& architecture, std::uint32_t multiple = 1);
Kept all_kept(const Architecture& architecture, const Units& units);
/// The tensors of the network that has only the kept units; `smaller` takes its description.
Tensors cut(const Architecture& architecture, const Units& units, const Kept& kept, const Tensors& tensors,
            Architecture* smaller);

/// How much is lost with every unit, by group.
using Importance = std::vector<std::vector<double>>;

/// Fewest that may stay of `count` units of a kind: a quarter, and never none.
std::uint32_t fewest(const UnitGroup& kind, std::uint32_t count);
/// The description of `architecture` with the fewest units of every kind.
Architecture smallest(const Architecture& architecture, const Units& units);

/// Takes units out until a frame costs at most `multiply_adds`: again and again those that lose least for each
/// multiply-add that they save; at the end those that still fit come back, the most valuable first. Of no kind stay
/// fewer than in `floor`. What is lost with several units is taken as the sum. The cost may stay above when every kind
/// is at its floor.
Kept choose(const Architecture& architecture, const Units& units, const Importance& importance,
            const Architecture& floor, std::uint64_t multiply_adds);

}  // namespace pellucid::training
