#include "nn/integer_kernels.hpp"

namespace pellucid::nn {
namespace {

struct Set {
  const IntegerKernels* kernels;
  bool (*runs)();
};

const Set kSets[] = {
    {&kScalarIntegerKernels, [] { return true; }},
};

bool equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

}  // namespace

const IntegerKernels* integer_kernels_at(size_t index) {
  for (const Set& set : kSets) {
    if (set.runs() && index-- == 0) return set.kernels;
  }
  return nullptr;
}

const IntegerKernels* integer_kernels_named(const char* name) {
  size_t index = 0;
  while (const IntegerKernels* kernels = integer_kernels_at(index++)) {
    if (equal(kernels->name, name)) return kernels;
  }
  return nullptr;
}

const IntegerKernels& best_integer_kernels() {
  const IntegerKernels* best = &kScalarIntegerKernels;
  size_t index = 0;
  while (const IntegerKernels* kernels = integer_kernels_at(index++)) best = kernels;
  return *best;
}

}  // namespace pellucid::nn
