// Lines of text without a library.
#pragma once

#include "board/io.hpp"

namespace pellucid::chip {

inline void print_number(uint32_t value) {
  char digits[11];
  char* at = digits + sizeof digits - 1;
  *at = 0;
  do {
    *--at = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  print(at);
}

/// "name value\n".
inline void report(const char* name, uint32_t value) {
  print(name);
  print(" ");
  print_number(value);
  print("\n");
}

}  // namespace pellucid::chip
