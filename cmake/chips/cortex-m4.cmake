# Arm Cortex-M4F: Thumb-2 with the DSP instructions.
set(PELLUCID_CHIP cortex-m4)
set(CHIP_TRIPLE arm-none-eabi)
set(CHIP_FLAGS "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard")
set(CHIP_START start_cortex_m.cpp)
set(CHIP_MEMORY mps2.ld)
set(CHIP_IO semihosting)
set(CHIP_EMULATOR qemu-system-arm -M mps2-an386)
include(${CMAKE_CURRENT_LIST_DIR}/llvm.cmake)
