// Hands out pieces of memory that the caller owns, or only counts what they would take.
//
//   Arena measure;                       // counts
//   float* x = measure.take<float>(n);   // null
//   size_t bytes = measure.bytes();
//   Arena arena(memory, bytes);          // the same calls now give memory, in the same places
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::dsp {

class Arena {
 public:
  static constexpr size_t kAlignment = 64;

  /// Counts only: take() returns null, bytes() tells what was asked for.
  Arena() = default;
  /// `memory` is aligned to kAlignment. take() returns null once `bytes` are used up.
  Arena(void* memory, size_t bytes) : memory_(static_cast<uint8_t*>(memory)), size_(bytes) {}

  /// Memory for `count` objects, aligned to kAlignment, not initialised. Null when counting or used up.
  template <typename T>
  T* take(size_t count) {
    const size_t room = SIZE_MAX - used_;
    if (failed_ || count > (room - kAlignment) / sizeof(T)) {
      failed_ = true;
      return nullptr;
    }
    const size_t bytes = (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    const size_t at = used_;
    used_ += bytes;
    if (memory_ == nullptr) return nullptr;
    if (used_ > size_) {
      failed_ = true;
      return nullptr;
    }
    return reinterpret_cast<T*>(memory_ + at);
  }

  size_t bytes() const { return used_; }
  /// Whether a size overflowed or the memory was too small.
  bool failed() const { return failed_; }

 private:
  uint8_t* memory_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
  bool failed_ = false;
};

}  // namespace pellucid::dsp
