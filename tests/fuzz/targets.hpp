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

// In all that follow byte 0 chooses the way, too.

/// A recording as a file and as a pipe, loaded, its MPEG frames counted, its samples as plain WAV.
void sound(const uint8_t* bytes, size_t size);

/// A recipe, or a line each a `--set`. What is let through survives being written and read.
void recipe(const uint8_t* bytes, size_t size);

/// Index and ledger of a corpus, as they are or with checksums made right.
void corpus(const uint8_t* bytes, size_t size);

/// A line of CSV, or a table of groups and a recording's path.
void table(const uint8_t* bytes, size_t size);

/// A checkpoint's container, as it is or with length and checksum made right.
void checkpoint(const uint8_t* bytes, size_t size);

}  // namespace pellucid::fuzz
