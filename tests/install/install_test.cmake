# Installs the build into an empty folder and uses it from there, by find_package and by pkg-config, in C99 and C++.
# -DBUILD=build folder -DSCRATCH=folder to use -DWRITE_MODEL=program -DPLUGINS=program (or nothing) -DCC= -DLIBDIR= -DBINDIR= -DDATADIR=
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "'${ARGN}' ended with ${code}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
set(first ${SCRATCH}/first)
set(prefix ${SCRATCH}/moved)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${first})
file(RENAME ${first} ${prefix})  # nothing in it may remember where it was installed
set(model ${SCRATCH}/random.pellucid)
run(${WRITE_MODEL} ${model})

foreach(file include/pellucid/pellucid.h include/pellucid/pellucid.hpp ${LIBDIR}/libpellucid.a ${LIBDIR}/libpellucid.so
             ${LIBDIR}/pkgconfig/pellucid.pc ${LIBDIR}/cmake/pellucid/pellucidConfig.cmake ${BINDIR}/pellucid
             ${DATADIR}/pellucid/models)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "${file} was not installed.")
  endif()
endforeach()
# Every link of an installed document leads to what was installed.
file(GLOB_RECURSE documents ${prefix}/${DATADIR}/*.md)
list(LENGTH documents count)
if(count LESS 25)
  message(FATAL_ERROR "${count} documents were installed.")
endif()
foreach(document IN LISTS documents)
  get_filename_component(folder ${document} DIRECTORY)
  file(READ ${document} text)
  string(REPLACE "](" "\r(" text "${text}")  # as in cmake/PellucidLinks.cmake
  string(REGEX MATCHALL "\r\\([A-Za-z0-9_./-]+" targets "${text}")
  foreach(target IN LISTS targets)
    string(SUBSTRING ${target} 2 -1 path)
    if(NOT path MATCHES "^(https?|mailto)$" AND NOT EXISTS ${folder}/${path})
      message(FATAL_ERROR "${document} links to ${path}, which was not installed.")
    endif()
  endforeach()
endforeach()
foreach(file README.md docs/plugins.md docs/measuring.md examples/c/denoise_wav.c examples/cpp/stream.cpp LICENSE)
  if(NOT EXISTS ${prefix}/${DATADIR}/doc/pellucid/${file})
    message(FATAL_ERROR "${file} was not installed among the documents.")
  endif()
endforeach()
# Plugins find the installed models by their own place; nothing else may help them here.
if(PLUGINS)
  unset(ENV{PELLUCID_MODELS})
  run(${PLUGINS})
  find_program(ffmpeg ffmpeg)
  if(ffmpeg)
    set(ENV{LADSPA_PATH} ${prefix}/lib/ladspa)
    run(${ffmpeg} -v error -f lavfi -i anoisesrc=d=0.2:r=16000 -af ladspa=f=pellucid:p=pellucid_mono -f null -)
    if(NOT output STREQUAL "")
      message(FATAL_ERROR "The installed LADSPA plugin said: ${output}")
    endif()
    set(ENV{LV2_PATH} ${prefix}/lib/lv2:/usr/lib/lv2)
    run(${ffmpeg} -v error -f lavfi -i anoisesrc=d=0.2:r=16000 -af "lv2=p=urn\\\\:pellucid\\\\:mono" -f null -)
    if(NOT output STREQUAL "")
      message(FATAL_ERROR "The installed LV2 plugin said: ${output}")
    endif()
  endif()
endif()
run(${prefix}/${BINDIR}/pellucid --version)
run(${prefix}/${BINDIR}/pellucid info ${model})

# CMake package.
set(consumer ${SCRATCH}/consumer)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${consumer} -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${consumer})
run(${consumer}/wrapper ${model})
if(NOT output MATCHES "cut short")
  message(FATAL_ERROR "The C++ program said: ${output}")
endif()

# pkg-config.
set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
run(pkg-config --modversion pellucid)
run(pkg-config --cflags --libs pellucid)
separate_arguments(flags UNIX_COMMAND "${output}")
run(${CC} -std=c99 -Wall -Wextra -Wpedantic -Werror ${consumer}/example.c ${flags} -o ${consumer}/example_pkgconfig)
set(ENV{LD_LIBRARY_PATH} ${prefix}/${LIBDIR})

# The manual's example gives as many samples as it was given, and the same through every library.
string(REPEAT "0123456789abcdef0123456789abc<<<" 1501 sound)  # 12008 floats
file(WRITE ${SCRATCH}/in.raw "${sound}")
foreach(program example_shared example_static example_pkgconfig)
  execute_process(COMMAND ${consumer}/${program} ${model} INPUT_FILE ${SCRATCH}/in.raw
                  OUTPUT_FILE ${SCRATCH}/${program}.raw RESULT_VARIABLE code)
  file(SIZE ${SCRATCH}/${program}.raw size)
  if(NOT code EQUAL 0 OR NOT size EQUAL 48032)
    message(FATAL_ERROR "${program} ended with ${code} and wrote ${size} bytes instead of 48032.")
  endif()
  run(${CMAKE_COMMAND} -E compare_files ${SCRATCH}/example_shared.raw ${SCRATCH}/${program}.raw)
endforeach()
file(REMOVE_RECURSE ${SCRATCH})
