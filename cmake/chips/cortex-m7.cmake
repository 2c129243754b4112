# Arm Cortex-M7: as Cortex-M4F, two instructions at once.
set(PELLUCID_CHIP cortex-m7)
set(CHIP_TRIPLE arm-none-eabi)
set(CHIP_FLAGS "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard")
set(CHIP_START start_cortex_m.cpp)
set(CHIP_MEMORY mps2.ld)
set(CHIP_IO semihosting)
set(CHIP_EMULATOR qemu-system-arm -M mps2-an500)
include(${CMAKE_CURRENT_LIST_DIR}/llvm.cmake)
