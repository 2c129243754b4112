// Memory for kernels that notices what they must not do: behind `count` floats and the kSlack that may be read lies a
// page that nobody may touch, and both sides hold a pattern that must survive.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#define PELLUCID_GUARD_PAGES
#endif

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "nn/kernels.hpp"

namespace pellucid::nn::test {

class Guarded {
 public:
  /// What `count` is decides where the floats lie between two multiples of 64 bytes.
  explicit Guarded(std::size_t count) : count_(count) {
    bytes_ = (kFront + count + kSlack) * sizeof(float);
#ifdef PELLUCID_GUARD_PAGES
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    bytes_ = (bytes_ + page - 1) / page * page;
    memory_ = static_cast<std::uint8_t*>(
        mmap(nullptr, bytes_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory_ == MAP_FAILED || mprotect(memory_ + bytes_, page, PROT_NONE) != 0) std::abort();
    mapped_ = bytes_ + page;
#else
    memory_ = static_cast<std::uint8_t*>(std::malloc(bytes_));
    if (memory_ == nullptr) std::abort();
#endif
    std::memset(memory_, kPattern, bytes_);
    data_ = reinterpret_cast<float*>(memory_ + bytes_) - kSlack - count;
  }
  ~Guarded() {
#ifdef PELLUCID_GUARD_PAGES
    munmap(memory_, mapped_);
#else
    std::free(memory_);
#endif
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  float* data() { return data_; }
  float& operator[](std::size_t i) { return data_[i]; }
  std::size_t size() const { return count_; }
  /// Whether nothing outside the floats was written.
  bool intact() const {
    const auto* first = reinterpret_cast<const std::uint8_t*>(data_);
    const auto* last = reinterpret_cast<const std::uint8_t*>(data_ + count_);
    for (const std::uint8_t* p = memory_; p < first; ++p) {
      if (*p != kPattern) return false;
    }
    for (const std::uint8_t* p = last; p < memory_ + bytes_; ++p) {
      if (*p != kPattern) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kFront = 64;
  static constexpr std::uint8_t kPattern = 0x7b;  // floats of it are huge, and numbers

  std::size_t count_, bytes_ = 0;
#ifdef PELLUCID_GUARD_PAGES
  std::size_t mapped_ = 0;
#endif
  std::uint8_t* memory_ = nullptr;
  float* data_ = nullptr;
};

}  // namespace pellucid::nn::test
