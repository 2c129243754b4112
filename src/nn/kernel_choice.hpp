// Which of the sets of kernels that are compiled in the processor runs, from the slowest to the fastest.
#pragma once

#include <stddef.h>

namespace pellucid::nn {

template <class K>
struct KernelChoice {
  const K* kernels;
  bool (*runs)();
};

/// The one with this number among those that run; null behind the last.
template <class K, size_t N>
const K* choice_at(const KernelChoice<K> (&all)[N], size_t index) {
  for (const KernelChoice<K>& one : all) {
    if (one.runs() && index-- == 0) return one.kernels;
  }
  return nullptr;
}

/// Null where none of this name runs.
template <class K, size_t N>
const K* choice_named(const KernelChoice<K> (&all)[N], const char* name) {
  for (const KernelChoice<K>& one : all) {
    const char *a = one.kernels->name, *b = name;
    while (*a != '\0' && *a == *b) ++a, ++b;
    if (*a == *b && one.runs()) return one.kernels;
  }
  return nullptr;
}

/// The last that runs. The first has to run everywhere.
template <class K, size_t N>
const K& best_choice(const KernelChoice<K> (&all)[N]) {
  size_t best = N - 1;
  while (!all[best].runs()) --best;
  return *all[best].kernels;
}

}  // namespace pellucid::nn
