# What makes an error of memory end the program rather than be used: a canary in every frame with an array, checked calls
# of the C library, no jump into the middle of code, addresses that differ from run to run, tables that are read-only
# before main. tests/install reads it back from the programs.
option(PELLUCID_HARDEN "Harden programs and libraries against errors of memory" OFF)
if(NOT PELLUCID_HARDEN OR PELLUCID_SANITIZE OR NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  return()
endif()
include(CheckPIESupported)
check_pie_supported()

add_compile_options(-fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
  add_compile_options(-mbranch-protection=standard)
endif()
# Checked calls need an optimiser.
add_compile_options("$<$<NOT:$<CONFIG:Debug>>:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>")
add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
