# ESP32: Xtensa LX6 with MAC16 and zero-overhead loops, windowed calls. QEMU's nearest core, de233_fpu, lacks MULUH and
# MULSH, so they are left out; the real chip has them. clang's driver does not know the chip, the code generator and the
# assembler do: compiling is clang -> llc -> llvm-mc, and GNU ld links.
set(PELLUCID_CHIP esp32)
set(CHIP_TRIPLE xtensa)
set(CHIP_FLAGS "")
set(CHIP_START start_xtensa.S)
set(CHIP_MEMORY xtensa_sim.ld)
set(CHIP_IO simcall)
set(CHIP_EMULATOR qemu-system-xtensa -M sim -cpu de233_fpu)
set(CHIP_LINKER "xtensa-lx106-elf-ld --no-relax")
include(${CMAKE_CURRENT_LIST_DIR}/llvm.cmake)

set(xtensa_assemble "llvm-mc-22 -triple=xtensa -mcpu=esp32 -filetype=obj <OBJECT>.s -o <OBJECT>")
foreach(language C CXX)
  set(CMAKE_${language}_COMPILE_OBJECT
      "<CMAKE_${language}_COMPILER> <DEFINES> <INCLUDES> <FLAGS> -S -emit-llvm <SOURCE> -o <OBJECT>.ll"
      "llc-22 -mtriple=xtensa -mcpu=esp32 -mattr=-mul32high -O2 -function-sections -data-sections <OBJECT>.ll -o <OBJECT>.raw"
      "awk -f ${CHIP_BOARD}/xtensa_literals.awk <OBJECT>.raw > <OBJECT>.s"
      "${xtensa_assemble}")
endforeach()
set(CMAKE_ASM_COMPILE_OBJECT
    "<CMAKE_ASM_COMPILER> --target=xtensa <DEFINES> <INCLUDES> -x assembler-with-cpp -E <SOURCE> -o <OBJECT>.s"
    "${xtensa_assemble}")
