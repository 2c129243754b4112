# For WebAssembly, by clang and wasi-libc (of which only memcpy and its kin are linked). PELLUCID_WASM_SIMD=OFF is for
# browsers from before 2021.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER clang)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PELLUCID_WASM_SIMD)
option(PELLUCID_WASM_SIMD "Use WebAssembly's 128-bit vectors" ON)
if(PELLUCID_WASM_SIMD)
  # What every engine with vectors has, too.
  set(features "-msimd128 -mbulk-memory -msign-ext -mnontrapping-fptoint")
endif()
# The portable kernels alone: compiled with vectors they are as fast in V8 as kernels_simd128.cpp, and half the download.
set(CMAKE_C_FLAGS_INIT "${features} -DPELLUCID_PORTABLE_ONLY")
set(CMAKE_CXX_FLAGS_INIT "${features} -DPELLUCID_PORTABLE_ONLY")
set(CMAKE_C_FLAGS_MINSIZEREL_INIT "-Oz")
set(CMAKE_CXX_FLAGS_MINSIZEREL_INIT "-Oz")
