// Files and console by the SIMCALL instruction of Xtensa's simulator, which QEMU's sim board answers as Unix would.
#include "board/io.hpp"

namespace pellucid::chip {
namespace {

enum Call : int { kExit = 1, kRead = 3, kWrite = 4, kOpen = 5, kClose = 6, kCountArguments = 1000, kArguments = 1002 };

[[gnu::noinline]] int call(Call number, int first, int second, int third) {
  register int a2 asm("a2") = number;
  register int a3 asm("a3") = first;
  register int a4 asm("a4") = second;
  register int a5 asm("a5") = third;
  asm volatile(".byte 0x00, 0x51, 0x00" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
  return a2;
}

int address(const void* p) { return static_cast<int>(reinterpret_cast<uintptr_t>(p)); }

size_t counted(int result) { return result < 0 ? 0 : static_cast<size_t>(result); }

}  // namespace

int open_to_read(const char* path) { return call(kOpen, address(path), 0, 0); }
int open_to_write(const char* path) {
  return call(kOpen, address(path), 01 | 0100 | 01000, 0644);
}  // write, create, cut
size_t read(int file, void* bytes, size_t count) {
  return counted(call(kRead, file, address(bytes), static_cast<int>(count)));
}
size_t write(int file, const void* bytes, size_t count) {
  return counted(call(kWrite, file, address(bytes), static_cast<int>(count)));
}
void close(int file) { call(kClose, file, 0, 0); }

void print(const char* text) {
  size_t n = 0;
  while (text[n] != 0) ++n;
  write(1, text, n);
}

[[noreturn]] void leave(int code) {
  call(kExit, code, 0, 0);
  for (;;) {
  }
}

int arguments(const char** list, int most) {
  static char* block[96];  // pointers, then what they point to
  const int count = call(kCountArguments, 0, 0, 0);
  call(kArguments, address(block), 0, 0);
  int found = 0;
  while (found < most && found + 1 < count) {
    list[found] = block[found + 1];
    ++found;
  }
  return found;
}

}  // namespace pellucid::chip
