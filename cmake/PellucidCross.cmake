# Programs for other processors, or by other compilers, that tests run beside those of this build.
option(PELLUCID_CROSS_TESTS "Tests that need other compilers, emulators and Node.js (scripts/setup.sh installs them)" ON)
if(NOT PELLUCID_CROSS_TESTS)
  return()
endif()
find_program(PELLUCID_GCC g++ REQUIRED)
find_program(PELLUCID_CLANG clang++ REQUIRED)
find_program(PELLUCID_AARCH64_GCC aarch64-linux-gnu-g++ REQUIRED)
find_program(PELLUCID_AARCH64_RUN qemu-aarch64 REQUIRED)
find_program(PELLUCID_NODE node REQUIRED)

file(GLOB PELLUCID_CROSS_INPUTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/dsp/* ${PROJECT_SOURCE_DIR}/src/nn/*
                                                  ${PROJECT_SOURCE_DIR}/src/engine/*)

# What a program needs of the layers under the engine where it has only portable kernels.
set(PELLUCID_PORTABLE_SOURCES)
foreach(file dsp/fft dsp/fixed_stft dsp/stft nn/architecture nn/crc32 nn/integer_kernels nn/integer_kernels_scalar nn/integer_model
             nn/integer_multiply nn/integer_network nn/json nn/kernels nn/kernels_portable nn/model_file nn/network
             nn/network_mixers)
  list(APPEND PELLUCID_PORTABLE_SOURCES ${PROJECT_SOURCE_DIR}/src/${file}.cpp)
endforeach()

# pellucid_cross_program(NAME COMMAND compiler options… SOURCES files… DEPENDS files…): compiles a program of `all` by one
# call; sets NAME_PROGRAM to its path. It is made again when a freestanding layer or one of DEPENDS changes.
function(pellucid_cross_program name)
  cmake_parse_arguments(C "" "" "COMMAND;SOURCES;DEPENDS" ${ARGN})
  set(program ${CMAKE_CURRENT_BINARY_DIR}/cross/${name})
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/cross)
  add_custom_command(
    OUTPUT ${program}
    COMMAND ${C_COMMAND} -std=c++17 -I${PROJECT_SOURCE_DIR}/src -I${PROJECT_SOURCE_DIR}/include ${C_SOURCES} -o ${program}
    DEPENDS ${C_SOURCES} ${C_DEPENDS} ${PELLUCID_CROSS_INPUTS}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} VERBATIM COMMENT "Building ${name} with ${C_COMMAND}")
  add_custom_target(${name} ALL DEPENDS ${program})
  set(${name}_PROGRAM ${program} PARENT_SCOPE)
endfunction()
