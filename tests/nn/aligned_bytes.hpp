// Memory of exactly a size, as an Arena wants it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "dsp/arena.hpp"

namespace pellucid::nn::test {

inline constexpr std::align_val_t kArenaAlignment{dsp::Arena::kAlignment};
struct FreeBytes {
  void operator()(std::uint8_t* p) const { ::operator delete(p, kArenaAlignment); }
};
using OwnedBytes = std::unique_ptr<std::uint8_t[], FreeBytes>;

inline OwnedBytes aligned_bytes(std::size_t bytes) {
  return OwnedBytes(static_cast<std::uint8_t*>(::operator new(bytes, kArenaAlignment)));
}

}  // namespace pellucid::nn::test
