# Arm Cortex-M33: Armv8-M with the DSP instructions.
set(PELLUCID_CHIP cortex-m33)
set(CHIP_TRIPLE arm-none-eabi)
set(CHIP_FLAGS "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard")
set(CHIP_START start_cortex_m.cpp)
set(CHIP_MEMORY mps2_secure.ld)
set(CHIP_IO semihosting)
set(CHIP_EMULATOR qemu-system-arm -M mps2-an505)
include(${CMAKE_CURRENT_LIST_DIR}/llvm.cmake)
