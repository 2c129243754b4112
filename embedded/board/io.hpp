// What a program on a chip has of the world outside: files by the emulator's host, a console, an end with a code.
// semihosting.cpp (Arm, RISC-V), simcall.cpp (Xtensa) and posix.cpp (the PC) are the three ways.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::chip {

inline constexpr int kTrapped = 99;  ///< the code that start-up code ends with at any fault

/// A file's number, negative when it cannot be opened.
int open_to_read(const char* path);
int open_to_write(const char* path);
/// Bytes read or written: less than asked for at the end of a file and on an error.
size_t read(int file, void* bytes, size_t count);
size_t write(int file, const void* bytes, size_t count);
void close(int file);
void print(const char* text);
[[noreturn]] void leave(int code);

/// The program's arguments behind its own name, `most` of them at the most. Returns their number.
int arguments(const char** list, int most);

}  // namespace pellucid::chip

/// The program: what it returns is its code.
int chip_main();
