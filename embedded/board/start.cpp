// From reset to chip_main: memory as C++ wants it. The processor's own part (start_*.S, start_cortex_m.cpp) comes
// before and calls chip_start with a stack.
#include "board/io.hpp"

extern "C" {
extern uint32_t chip_data_start[], chip_data_end[], chip_bss_start[], chip_bss_end[];
extern const uint32_t chip_data_image[];

[[noreturn]] void chip_start() {
  const uint32_t* from = chip_data_image;
  // Volatile: a compiler would see memcpy and memset in these loops.
  for (volatile uint32_t* to = chip_data_start; to != chip_data_end; ++to) *to = *from++;
  for (volatile uint32_t* to = chip_bss_start; to != chip_bss_end; ++to) *to = 0;
  pellucid::chip::leave(chip_main());
}
}
