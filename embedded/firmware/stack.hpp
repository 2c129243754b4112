// How much stack a stretch of a program takes: what lies below is filled with a pattern before, and looked at after.
//
//   paint_stack();
//   …
//   uint32_t bytes = stack_used();
//
// Both from the same function: what is counted lies below its frame.
#pragma once

#include <stdint.h>

namespace pellucid::chip {

inline constexpr uint32_t kPaintedBytes = 8192, kPaint = 0x5ca1ab1e;
/// Left alone: this function's own frame and what a register window of Xtensa may still be spilled to.
inline constexpr uint32_t kOwnBytes = 128;

[[gnu::noinline]] inline volatile uint32_t* below_here() {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return reinterpret_cast<volatile uint32_t*>((here - kOwnBytes) & ~uintptr_t{15});
}

[[gnu::noinline]] inline void paint_stack() {
  volatile uint32_t* top = below_here();
  for (uint32_t i = 1; i <= kPaintedBytes / 4; ++i) *(top - i) = kPaint;
}

/// Bytes, kOwnBytes included; kPaintedBytes + kOwnBytes stands for that many or more.
[[gnu::noinline]] inline uint32_t stack_used() {
  volatile uint32_t* top = below_here();
  uint32_t deep = kPaintedBytes / 4;
  while (deep > 0 && *(top - deep) == kPaint) --deep;
  return 4 * deep + kOwnBytes;
}

}  // namespace pellucid::chip
