# ESP32-C3: RV32IMC. QEMU's core is told to have no more than this chip, so that anything else traps.
set(PELLUCID_CHIP esp32c3)
set(CHIP_TRIPLE riscv32-unknown-elf)
set(CHIP_FLAGS "-march=rv32imc_zicsr -mabi=ilp32 -mcmodel=medany")
set(CHIP_START start_riscv.S)
set(CHIP_MEMORY riscv_virt.ld)
set(CHIP_IO semihosting)
set(CHIP_EMULATOR qemu-system-riscv32 -M virt -cpu rv32,a=false,f=false,d=false -bios none)
include(${CMAKE_CURRENT_LIST_DIR}/llvm.cmake)
