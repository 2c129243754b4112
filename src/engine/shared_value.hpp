// Numbers that one thread sets and another reads, without locks.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dsp/math.hpp"

namespace pellucid::engine {

/// One number: the last that was set.
class SharedFloat {
 public:
  explicit SharedFloat(float value = 0.0f) : bits_(dsp::bits_of(value)) {}
  float get() const { return dsp::float_of(__atomic_load_n(&bits_, __ATOMIC_RELAXED)); }
  void set(float value) { __atomic_store_n(&bits_, dsp::bits_of(value), __ATOMIC_RELAXED); }

 private:
  uint32_t bits_;
};

/// Several numbers that belong together, from one thread to any number of others. The writer never waits; a reader
/// takes another turn only when the writer has published twice while it read.
///
/// The writer fills the slot that is not public and then makes it so. A reader that met a value of a later writing has
/// by that (release, acquire) also to see the later count, and reads again.
template <size_t kCount>
class SharedFloats {
 public:
  void set(const float (&values)[kCount]) {
    const uint32_t next = published_ + 1;
    uint32_t* slot = slots_[next & 1];
    for (size_t i = 0; i < kCount; ++i) __atomic_store_n(&slot[i], dsp::bits_of(values[i]), __ATOMIC_RELEASE);
    __atomic_store_n(&published_, next, __ATOMIC_RELEASE);
  }

  void get(float (&values)[kCount]) const {
    uint32_t before, after;
    do {
      before = __atomic_load_n(&published_, __ATOMIC_ACQUIRE);
      const uint32_t* slot = slots_[before & 1];
      for (size_t i = 0; i < kCount; ++i) values[i] = dsp::float_of(__atomic_load_n(&slot[i], __ATOMIC_ACQUIRE));
      after = __atomic_load_n(&published_, __ATOMIC_RELAXED);
    } while (before != after);
  }

 private:
  uint32_t published_ = 0;  // how often; the lowest bit is the public slot
  uint32_t slots_[2][kCount] = {};
};

}  // namespace pellucid::engine
