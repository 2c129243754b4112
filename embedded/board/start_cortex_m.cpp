// Reset and faults of Cortex-M.
#include "board/io.hpp"

extern "C" {
extern uint32_t chip_stack_top[];
[[noreturn]] void chip_start();

[[gnu::naked, noreturn]] void chip_reset() {
  asm volatile(
      "ldr r0, =0xe000ed88\n"  // CPACR: let the FPU and Helium in
      "ldr r1, [r0]\n"
      "orr r1, r1, #0x00f00000\n"
      "str r1, [r0]\n"
#if defined(__ARM_FEATURE_MVE)
      "ldr r0, =0xe000ed14\n"  // CCR.LOB: loops without branches
      "ldr r1, [r0]\n"
      "orr r1, r1, #0x00080000\n"
      "str r1, [r0]\n"
#endif
      "dsb\n"
      "isb\n"
      "b chip_start\n");
}

[[noreturn]] static void on_fault() { pellucid::chip::leave(pellucid::chip::kTrapped); }

using Handler = void (*)();
struct Vectors {
  const void* stack;
  Handler handlers[15];
};
[[gnu::section(".vectors"), gnu::used]] extern const Vectors chip_vectors = {
    chip_stack_top,
    {chip_reset, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault,
     on_fault, on_fault, on_fault, on_fault}};
}
