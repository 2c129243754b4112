# What the toolchain files of the chips share: LLVM 22 for all of them, freestanding, no libraries. A chip's file has set
#   CHIP_TRIPLE, CHIP_FLAGS   what clang is told
#   CHIP_START                its start-up code in embedded/board
#   CHIP_MEMORY               its linker script there
#   CHIP_EMULATOR             the command of a QEMU machine with this core
#   CHIP_IO                   how a program inside reaches files outside: semihosting or simcall
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR ${CHIP_TRIPLE})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER clang-22)
set(CMAKE_CXX_COMPILER clang++-22)
set(CMAKE_ASM_COMPILER clang-22)
set(CMAKE_AR llvm-ar-22)
set(CMAKE_RANLIB llvm-ranlib-22)
set(CMAKE_NM llvm-nm-22)
set(CHIP_BOARD ${CMAKE_CURRENT_LIST_DIR}/../../embedded/board)

foreach(language C CXX ASM)
  set(CMAKE_${language}_COMPILER_TARGET ${CHIP_TRIPLE})
  set(CMAKE_${language}_FLAGS_INIT "${CHIP_FLAGS} -ffreestanding -ffunction-sections -fdata-sections")
  set(CMAKE_${language}_FLAGS_RELEASE_INIT "")  # how far to optimise is said by each target
endforeach()
string(APPEND CMAKE_CXX_FLAGS_INIT " -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit")

if(NOT CHIP_LINKER)
  set(CHIP_LINKER "ld.lld-22")
endif()
set(CMAKE_CXX_LINK_EXECUTABLE
    "${CHIP_LINKER} -L ${CHIP_BOARD} -T ${CHIP_MEMORY} --gc-sections -Map <TARGET>.map <LINK_FLAGS> <OBJECTS> <LINK_LIBRARIES> -o <TARGET>")
