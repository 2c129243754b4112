# ESP32-C6: RV32IMAC. QEMU's core is told to have no more than this chip, so that anything else traps.
set(PELLUCID_CHIP esp32c6)
set(CHIP_TRIPLE riscv32-unknown-elf)
set(CHIP_FLAGS "-march=rv32imac_zicsr -mabi=ilp32 -mcmodel=medany")
set(CHIP_START start_riscv.S)
set(CHIP_MEMORY riscv_virt.ld)
set(CHIP_IO semihosting)
set(CHIP_EMULATOR qemu-system-riscv32 -M virt -cpu rv32,f=false,d=false -bios none)
include(${CMAKE_CURRENT_LIST_DIR}/llvm.cmake)
