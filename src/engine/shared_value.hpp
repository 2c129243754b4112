// A number that one thread sets and another reads, without locks.
#pragma once

#include <stdint.h>

#include "dsp/math.hpp"

namespace pellucid::engine {

class SharedFloat {
 public:
  explicit SharedFloat(float value = 0.0f) : bits_(dsp::bits_of(value)) {}
  float get() const { return dsp::float_of(__atomic_load_n(&bits_, __ATOMIC_RELAXED)); }
  void set(float value) { __atomic_store_n(&bits_, dsp::bits_of(value), __ATOMIC_RELAXED); }

 private:
  uint32_t bits_;
};

}  // namespace pellucid::engine
