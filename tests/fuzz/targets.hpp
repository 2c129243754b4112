// What is fuzzed: functions that take any bytes and may neither crash nor break a promise.
//
// Each is the whole of a libFuzzer program (`make fuzz`), and the test `fuzz` runs each over its kept corpus.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::fuzz {

/// A broken promise ends the program, as a crash would.
#define PELLUCID_PROMISE(condition)     \
  do {                                  \
    if (!(condition)) __builtin_trap(); \
  } while (false)

/// The model reader and what is built from a model that it lets through. Byte 0 chooses how the rest is read: as the
/// file itself, or as header and data of a file whose length and checksum are then made right.
void model(const uint8_t* bytes, size_t size);

/// A denoiser of any configuration that is fed any samples in any blocks.
void process(const uint8_t* bytes, size_t size);

}  // namespace pellucid::fuzz
