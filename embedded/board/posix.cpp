// The same program on a PC.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/io.hpp"

namespace pellucid::chip {
namespace {

int argument_count = 0;
char** argument_list = nullptr;

}  // namespace

int open_to_read(const char* path) { return ::open(path, O_RDONLY); }
int open_to_write(const char* path) { return ::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644); }
size_t read(int file, void* bytes, size_t count) {
  const ssize_t n = ::read(file, bytes, count);
  return n < 0 ? 0 : static_cast<size_t>(n);
}
size_t write(int file, const void* bytes, size_t count) {
  const ssize_t n = ::write(file, bytes, count);
  return n < 0 ? 0 : static_cast<size_t>(n);
}
void close(int file) { ::close(file); }
void print(const char* text) { fputs(text, stdout); }
[[noreturn]] void leave(int code) { exit(code); }

int arguments(const char** list, int most) {
  int found = 0;
  for (; found < most && found + 1 < argument_count; ++found) list[found] = argument_list[found + 1];
  return found;
}

}  // namespace pellucid::chip

int main(int count, char** list) {
  pellucid::chip::argument_count = count;
  pellucid::chip::argument_list = list;
  return chip_main();
}
