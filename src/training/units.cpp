#include "training/units.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace pellucid::training {
namespace {

using Groups = std::vector<std::size_t>;

// Units of a kind after the next cut; `count` where there can be none.
std::uint32_t next_count(const UnitGroup& kind, std::uint32_t count, std::uint32_t floor) {
  const std::uint32_t next = (count - 1) / kind.multiple * kind.multiple;
  return next < std::max(1u, floor) ? count : next;
}

// The other way: units of a kind before the cut that left `count`; `count` where nothing was cut.
std::uint32_t previous_count(const UnitGroup& kind, std::uint32_t count, std::uint32_t whole) {
  return std::min(whole, (count / kind.multiple + 1) * kind.multiple);
}

class Finder {
 public:
  Finder(const Architecture& a, std::uint32_t multiple) : a_(a), multiple_(multiple) {
    nn::TensorSpec spec;
    for (std::uint32_t i = 0; nn::tensor_spec(a, i, &spec); ++i) names_.insert(spec.name);
  }

  Units run() {
    const Groups channels = group("channels", "channels", &Architecture::channels);
    const Groups width = group("width", "width", &Architecture::width);
    const Groups bands = a_.freq_mixer == FreqMixer::kDense ? group("bands", "bands", &Architecture::bands) : Groups{};
    layer("in", channels, {}, 2);
    for (std::uint32_t i = 1; i <= a_.encoder_layers; ++i) {
      layer("encoder." + std::to_string(i), channels, channels, 2);
      layer("decoder." + std::to_string(i), channels, channels, 2);
    }
    add("reduce.weight", 0, bands);
    layer("reduce.proj", width, channels, 1);
    add("embedding", 0, bands);
    add("embedding", 1, width);
    for (std::uint32_t n = 0; n < a_.blocks; ++n) {
      const std::string block = "blocks." + std::to_string(n);
      time_mixer(block + ".time", width);
      freq_mixer(block + ".freq", width, bands);
    }
    add("expand.weight", 1, bands, true);
    layer("expand.proj", channels, width, 1);
    if (a_.output == Output::kBandGains)
      layer("out", {}, width, 1);
    else
      layer("out", {}, channels, 2);
    return std::move(units_);
  }

 private:
  Groups group(const std::string& name, const char* key, std::uint32_t Architecture::*number) {
    units_.groups.push_back({name, key, number, number == &Architecture::bands ? 1 : multiple_});
    return {units_.groups.size() - 1};
  }
  void add(const std::string& tensor, int axis, const Groups& groups, bool reads = false) {
    if (!groups.empty() && names_.count(tensor) > 0) units_.axes.push_back({tensor, axis, groups, reads});
  }
  void layer(const std::string& name, const Groups& out, const Groups& in, int in_axis) {
    for (const char* of : {".weight", ".bias", ".slope"}) add(name + of, 0, out);
    add(name + ".weight", in_axis, in, true);
  }
  void gru(const std::string& name, const Groups& in, const Groups& units) {
    const Groups gates{units[0], units[0], units[0]};
    for (const char* of : {".weight_ih", ".weight_hh", ".bias_ih", ".bias_hh"}) add(name + of, 0, gates);
    add(name + ".weight_ih", 1, in, true);
    add(name + ".weight_hh", 1, units, true);
  }
  void time_mixer(const std::string& name, const Groups& width) {
    Groups hidden;
    if (a_.time_mixer == TimeMixer::kGru) {
      hidden = group(name, "hidden", &Architecture::hidden);
      gru(name, width, hidden);
    }
    for (std::uint32_t l = 0; l < a_.time_layers; ++l) layer(name + "." + std::to_string(l), width, width, 2);
    layer(name + ".qkv", {}, width, 1);
    layer(name + ".out", width, hidden, 1);
  }
  void freq_mixer(const std::string& name, const Groups& width, const Groups& bands) {
    Groups in;
    if (a_.freq_mixer == FreqMixer::kDense) {
      in = width;
      add(name + ".mix.weight", 0, bands);
      add(name + ".mix.weight", 1, bands, true);
      add(name + ".mix.weight", 2, width);  // what it reads, `out` reads behind it
    } else if (a_.freq_mixer == FreqMixer::kGru) {
      for (const char* direction : {".up", ".down"}) {
        const Groups units = group(name + direction, "freq_hidden", &Architecture::freq_hidden);
        gru(name + direction, width, units);
        in.push_back(units[0]);
      }
    }
    layer(name + ".conv", width, width, 2);
    layer(name + ".qkv", {}, width, 1);
    layer(name + ".out", width, in, 1);
  }

  const Architecture& a_;
  std::uint32_t multiple_;
  std::set<std::string> names_;
  Units units_;
};

}  // namespace

Units units_of(const Architecture& architecture, std::uint32_t multiple) {
  return Finder(architecture, multiple).run();
}

Kept all_kept(const Architecture& architecture, const Units& units) {
  Kept kept;
  for (const UnitGroup& group : units.groups) {
    kept.emplace_back(architecture.*group.number);
    std::iota(kept.back().begin(), kept.back().end(), 0);
  }
  return kept;
}

Tensors cut(const Architecture& architecture, const Units& units, const Kept& kept, const Tensors& tensors,
            Architecture* smaller) {
  torch::NoGradGuard no_grad;
  *smaller = architecture;
  for (std::size_t g = 0; g < kept.size(); ++g)
    smaller->*units.groups[g].number = static_cast<std::uint32_t>(kept[g].size());
  Tensors out;
  for (const auto& [name, tensor] : tensors) {
    torch::Tensor left = tensor;
    for (const UnitAxis& axis : units.axes) {
      if (axis.tensor != name) continue;
      std::vector<std::int64_t> entries;
      std::int64_t from = 0;
      for (const std::size_t g : axis.groups) {
        for (const std::int64_t unit : kept[g]) entries.push_back(from + unit);
        from += architecture.*units.groups[g].number;
      }
      left = left.index_select(axis.axis, torch::tensor(entries, torch::kInt64));
    }
    out.emplace_back(name, left.contiguous());
  }
  return out;
}

std::uint32_t fewest(const UnitGroup& kind, std::uint32_t count) {
  const std::uint32_t quarter = std::max(1u, (count + 3) / 4);
  return std::min(count, (quarter + kind.multiple - 1) / kind.multiple * kind.multiple);
}

Architecture smallest(const Architecture& architecture, const Units& units) {
  Architecture least = architecture;
  for (const UnitGroup& group : units.groups) least.*group.number = fewest(group, architecture.*group.number);
  return least;
}

Kept choose(const Architecture& architecture, const Units& units, const Importance& importance,
            const Architecture& floor, std::uint64_t multiply_adds) {
  // The order in which each group's units would go, the least important first.
  std::vector<std::vector<std::int64_t>> order = all_kept(architecture, units);
  for (std::size_t g = 0; g < order.size(); ++g)
    std::stable_sort(order[g].begin(), order[g].end(), [&](std::int64_t a, std::int64_t b) {
      return importance[g][std::size_t(a)] < importance[g][std::size_t(b)];
    });
  // What the units of a kind between two counts are worth together.
  const auto worth = [&](const UnitGroup& kind, std::uint32_t more, std::uint32_t fewer) {
    double sum = 0;
    for (std::size_t g = 0; g < order.size(); ++g) {
      if (units.groups[g].number != kind.number) continue;
      for (std::uint32_t i = architecture.*kind.number - more; i < architecture.*kind.number - fewer; ++i)
        sum += std::max(0.0, importance[g][std::size_t(order[g][i])]);
    }
    return sum;
  };
  Architecture now = architecture;
  while (nn::multiply_adds_per_frame(now) > multiply_adds) {
    double best = HUGE_VAL;
    Architecture next;
    for (const UnitGroup& kind : units.groups) {
      const std::uint32_t count = now.*kind.number;
      const std::uint32_t taken = count - next_count(kind, count, floor.*kind.number);
      if (taken == 0) continue;
      const double lost = worth(kind, count, count - taken);
      Architecture tried = now;
      tried.*kind.number = count - taken;
      const auto saved = double(nn::multiply_adds_per_frame(now) - nn::multiply_adds_per_frame(tried));
      if (lost / saved < best) best = lost / saved, next = tried;
    }
    if (best == HUGE_VAL) break;
    now = next;
  }
  // The last cut may have taken far more than was asked for: what still fits comes back, the most valuable first.
  for (;;) {
    double best = 0;
    Architecture next;
    for (const UnitGroup& kind : units.groups) {
      const std::uint32_t count = now.*kind.number;
      Architecture tried = now;
      tried.*kind.number = previous_count(kind, count, architecture.*kind.number);
      const double gained = worth(kind, tried.*kind.number, count);
      if (gained > best && nn::multiply_adds_per_frame(tried) <= multiply_adds) best = gained, next = tried;
    }
    if (best == 0) break;
    now = next;
  }
  Kept kept;
  for (std::size_t g = 0; g < order.size(); ++g) {
    const std::uint32_t left = now.*units.groups[g].number;
    kept.emplace_back(order[g].end() - std::ptrdiff_t(left), order[g].end());
    std::sort(kept.back().begin(), kept.back().end());
  }
  return kept;
}

}  // namespace pellucid::training
