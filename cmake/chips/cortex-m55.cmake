# Arm Cortex-M55: Armv8.1-M with Helium (MVE), vectors of 128 bits.
set(PELLUCID_CHIP cortex-m55)
set(CHIP_TRIPLE arm-none-eabi)
set(CHIP_FLAGS "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard")
set(CHIP_START start_cortex_m.cpp)
set(CHIP_MEMORY mps3.ld)
set(CHIP_IO semihosting)
set(CHIP_EMULATOR qemu-system-arm -M mps3-an547)
include(${CMAKE_CURRENT_LIST_DIR}/llvm.cmake)
