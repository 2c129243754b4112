// The functions that every C++ compiler may call, freestanding or not. Words where both ends allow it; compiled with
// -fno-builtin, so that they do not become calls of themselves.
#include <stddef.h>
#include <stdint.h>

namespace {

constexpr uintptr_t kWord = sizeof(uint32_t);

bool words(const void* a, const void* b) {
  return ((reinterpret_cast<uintptr_t>(a) | reinterpret_cast<uintptr_t>(b)) % kWord) == 0;
}

}  // namespace

extern "C" {

void* memcpy(void* to, const void* from, size_t count) {
  auto* d = static_cast<uint8_t*>(to);
  const auto* s = static_cast<const uint8_t*>(from);
  if (words(to, from)) {
    for (; count >= kWord; count -= kWord, d += kWord, s += kWord) {
      *reinterpret_cast<uint32_t*>(d) = *reinterpret_cast<const uint32_t*>(s);
    }
  }
  while (count-- > 0) *d++ = *s++;
  return to;
}

void* memmove(void* to, const void* from, size_t count) {
  auto* d = static_cast<uint8_t*>(to);
  const auto* s = static_cast<const uint8_t*>(from);
  if (d <= s) return memcpy(to, from, count);  // which goes upwards
  while (count-- > 0) d[count] = s[count];
  return to;
}

void* memset(void* to, int value, size_t count) {
  auto* d = static_cast<uint8_t*>(to);
  const uint32_t pattern = static_cast<uint8_t>(value) * 0x01010101u;
  if (words(to, to)) {
    for (; count >= kWord; count -= kWord, d += kWord) *reinterpret_cast<uint32_t*>(d) = pattern;
  }
  while (count-- > 0) *d++ = static_cast<uint8_t>(value);
  return to;
}

int memcmp(const void* a, const void* b, size_t count) {
  const auto* x = static_cast<const uint8_t*>(a);
  const auto* y = static_cast<const uint8_t*>(b);
  for (; count > 0; --count, ++x, ++y) {
    if (*x != *y) return *x - *y;
  }
  return 0;
}

#if defined(__arm__)
// The names and orders of arguments of Arm's run-time ABI (IHI 0043, 4.3.4).
void __aeabi_memcpy(void* to, const void* from, size_t n) { memcpy(to, from, n); }
void __aeabi_memcpy4(void* to, const void* from, size_t n) { memcpy(to, from, n); }
void __aeabi_memcpy8(void* to, const void* from, size_t n) { memcpy(to, from, n); }
void __aeabi_memmove(void* to, const void* from, size_t n) { memmove(to, from, n); }
void __aeabi_memmove4(void* to, const void* from, size_t n) { memmove(to, from, n); }
void __aeabi_memmove8(void* to, const void* from, size_t n) { memmove(to, from, n); }
void __aeabi_memset(void* to, size_t n, int value) { memset(to, value, n); }
void __aeabi_memset4(void* to, size_t n, int value) { memset(to, value, n); }
void __aeabi_memset8(void* to, size_t n, int value) { memset(to, value, n); }
void __aeabi_memclr(void* to, size_t n) { memset(to, 0, n); }
void __aeabi_memclr4(void* to, size_t n) { memset(to, 0, n); }
void __aeabi_memclr8(void* to, size_t n) { memset(to, 0, n); }
#endif
}
