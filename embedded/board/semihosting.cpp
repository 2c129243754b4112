// Files and console by Arm's semihosting (Arm IHI 0021), which RISC-V took over: a number and a block of words go to
// the debugger by a breakpoint it knows.
#include "board/io.hpp"

namespace pellucid::chip {
namespace {

enum Operation : uintptr_t {
  kOpen = 0x01,
  kClose = 0x02,
  kWriteText = 0x04,
  kWrite = 0x05,
  kRead = 0x06,
  kCommandLine = 0x15,
  kExitExtended = 0x20
};
constexpr uintptr_t kApplicationExit = 0x20026;

[[gnu::noinline]] uintptr_t call(Operation operation, const void* block) {
#if defined(__arm__)
  register uintptr_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = block;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
#else
  register uintptr_t a0 asm("a0") = operation;
  register const void* a1 asm("a1") = block;
  asm volatile(
      ".balign 16\n"  // all three on one page
      ".option push\n"
      ".option norvc\n"
      "slli x0, x0, 0x1f\n"
      "ebreak\n"
      "srai x0, x0, 7\n"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
#endif
}

uintptr_t length_of(const char* text) {
  uintptr_t n = 0;
  while (text[n] != 0) ++n;
  return n;
}

int open(const char* path, uintptr_t mode) {
  const uintptr_t block[3] = {reinterpret_cast<uintptr_t>(path), mode, length_of(path)};
  return static_cast<int>(call(kOpen, block));
}

}  // namespace

int open_to_read(const char* path) { return open(path, 1); }   // "rb"
int open_to_write(const char* path) { return open(path, 5); }  // "wb"

size_t read(int file, void* bytes, size_t count) {
  const uintptr_t block[3] = {static_cast<uintptr_t>(file), reinterpret_cast<uintptr_t>(bytes), count};
  const uintptr_t left = call(kRead, block);
  return left > count ? 0 : count - left;
}

size_t write(int file, const void* bytes, size_t count) {
  const uintptr_t block[3] = {static_cast<uintptr_t>(file), reinterpret_cast<uintptr_t>(bytes), count};
  const uintptr_t left = call(kWrite, block);
  return left > count ? 0 : count - left;
}

void close(int file) {
  const uintptr_t block[1] = {static_cast<uintptr_t>(file)};
  call(kClose, block);
}

void print(const char* text) { call(kWriteText, text); }

[[noreturn]] void leave(int code) {
  const uintptr_t block[2] = {kApplicationExit, static_cast<uintptr_t>(code)};
  call(kExitExtended, block);
  for (;;) {
  }
}

int arguments(const char** list, int most) {
  static char line[256];
  const uintptr_t block[2] = {reinterpret_cast<uintptr_t>(line), sizeof line};
  if (call(kCommandLine, block) != 0) return 0;
  int found = -1;  // the first is the program
  for (char* c = line; *c != 0 && found < most; ++found) {
    if (found >= 0) list[found] = c;
    while (*c != 0 && *c != ' ') ++c;
    while (*c == ' ') *c++ = 0;
  }
  return found < 0 ? 0 : found;
}

}  // namespace pellucid::chip
