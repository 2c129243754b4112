# Exports a component and compiles its sources by the GCC that Zephyr's SDK and Arduino's Arm cores use; nothing is linked.
#
#   cmake -DPROGRAM=pellucid -DMODEL=… -DCHIP=cortex-m4 -DFOLDER=scratch -DROOT=… -P gcc.cmake
cmake_minimum_required(VERSION 3.22)
find_program(COMPILER arm-none-eabi-g++)
if(NOT COMPILER)
  message(STATUS "arm-none-eabi-g++ is not there; scripts/setup.sh installs it.")
  return()
endif()
include(${ROOT}/cmake/chips/${CHIP}.cmake)
separate_arguments(flags UNIX_COMMAND "${CHIP_FLAGS}")
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} export ${MODEL} --target ${CHIP} -o ${FOLDER}/pellucid_chip OUTPUT_QUIET
                COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE sources ${FOLDER}/pellucid_chip/src/*.cpp)
foreach(level -O2 -Os)  # Arduino's cores take the latter
  execute_process(
    COMMAND ${COMPILER} ${flags} -std=c++17 ${level} -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics
            -Wall -Wextra -Werror -I ${FOLDER}/pellucid_chip/src -c ${sources}
    WORKING_DIRECTORY ${FOLDER} OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${COMPILER} ${level} ended with ${code}:\n${said}")
  endif()
endforeach()
