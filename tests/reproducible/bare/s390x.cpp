// The C library of digest.cpp on s390x (big-endian), for which no package has one: calls of the Linux kernel.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv);

namespace {

enum : long { kExit = 1, kRead = 3, kWrite = 4, kOpen = 5, kClose = 6 };

long call(long number, long first, long second = 0, long third = 0) {
  register long r1 asm("r1") = number;
  register long r2 asm("r2") = first;
  register long r3 asm("r3") = second;
  register long r4 asm("r4") = third;
  asm volatile("svc 0" : "+r"(r2) : "r"(r1), "r"(r3), "r"(r4) : "memory");
  return r2;
}

long address(const void* memory) { return reinterpret_cast<long>(memory); }
int number_of(FILE* file) { return static_cast<int>(reinterpret_cast<long>(file)) - 1; }

alignas(64) uint8_t heap[64 << 20];
size_t used = 0;

size_t length(const char* text) {
  size_t n = 0;
  while (text[n] != '\0') ++n;
  return n;
}

void write_text(const char* text, size_t count) { call(kWrite, 1, address(text), static_cast<long>(count)); }

void write_hexadecimal(unsigned long value) {
  char digits[8];
  for (int i = 0; i < 8; ++i) digits[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
  write_text(digits, sizeof digits);
}

}  // namespace

asm(".globl _start\n"
    "_start:\n"
    "  lgr %r2,%r15\n"
    "  aghi %r15,-160\n"
    "  brasl %r14,begin\n");

extern "C" {

__attribute__((used)) void begin(long* stack) {
  call(kExit, main(static_cast<int>(stack[0]), reinterpret_cast<char**>(stack + 1)));
}

FILE* fopen(const char* path, const char* /*mode*/) {
  const long file = call(kOpen, address(path));
  return file < 0 ? nullptr : reinterpret_cast<FILE*>(file + 1);
}

size_t fread(void* to, size_t size, size_t count, FILE* file) {
  size_t done = 0;
  while (done < size * count) {
    const long got =
        call(kRead, number_of(file), address(to) + static_cast<long>(done), static_cast<long>(size * count - done));
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  return done / size;
}

int fclose(FILE* file) { return static_cast<int>(call(kClose, number_of(file))); }

int printf(const char* /*format*/, const char* name, unsigned long high, unsigned long low) {
  write_text(name, length(name));
  write_text(" ", 1);
  write_hexadecimal(high);
  write_hexadecimal(low);
  write_text("\n", 1);
  return 0;
}

/// Of a stack: the last piece is given back alone, which is what malloc, free in turn want.
void* malloc(size_t bytes) {
  const size_t at = used;
  if (bytes > sizeof heap - at) return nullptr;
  used += (bytes + 63) / 64 * 64;
  return heap + at;
}

void free(void* memory) {
  if (memory != nullptr) used = static_cast<size_t>(static_cast<uint8_t*>(memory) - heap);
}

__attribute__((no_builtin)) void* memcpy(void* to, const void* from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) static_cast<char*>(to)[i] = static_cast<const char*>(from)[i];
  return to;
}

__attribute__((no_builtin)) void* memmove(void* to, const void* from, size_t bytes) {
  if (reinterpret_cast<uintptr_t>(to) <= reinterpret_cast<uintptr_t>(from)) return memcpy(to, from, bytes);
  for (size_t i = bytes; i > 0; --i) static_cast<char*>(to)[i - 1] = static_cast<const char*>(from)[i - 1];
  return to;
}

__attribute__((no_builtin)) void* memset(void* to, int value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) static_cast<char*>(to)[i] = static_cast<char>(value);
  return to;
}

const char* strrchr(const char* text, int wanted) {
  const char* last = nullptr;
  for (; *text != '\0'; ++text) {
    if (*text == wanted) last = text;
  }
  return last;
}
}
