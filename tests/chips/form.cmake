# Exports a component and builds it as FORM, alone in a folder, with stand-ins for the vendor's commands.
#
#   cmake -DPROGRAM=pellucid -DMODEL=… -DCHIP=esp32s3 -DFORM=idf -DTOOLCHAIN=cmake/chips/esp32.cmake
#         -DFOLDER=scratch -DROOT=… -P form.cmake
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} export ${MODEL} --target ${CHIP} -o ${FOLDER}/pellucid_chip OUTPUT_QUIET
                COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE files ${FOLDER}/pellucid_chip/*)
foreach(file IN LISTS files)
  file(READ ${file} text)
  if("${text}" MATCHES "@[A-Z_]+@")
    message(FATAL_ERROR "${file} still has ${CMAKE_MATCH_0}.")
  endif()
endforeach()

# build(PLACE SOURCE OPTIONS…): configures and builds SOURCE in FOLDER/PLACE.
function(build place source)
  foreach(command "-G;Ninja;-S;${source};-B;${FOLDER}/${place};-DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN};${ARGN}"
                  "--build;${FOLDER}/${place}")
    execute_process(COMMAND ${CMAKE_COMMAND} -E env IDF_PATH=${ROOT}/tests/chips/vendor/idf ${CMAKE_COMMAND} ${command}
                    OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE code)
    if(NOT code EQUAL 0)
      message(FATAL_ERROR "${said}")
    endif()
  endforeach()
endfunction()

if(NOT FORM STREQUAL idf)
  build(build ${ROOT}/tests/chips/vendor -DFORM=${FORM} -DCOMPONENT=${FOLDER}/pellucid_chip)
  return()
endif()
# The application where it is, and a copy of it with the component under another name.
set(application ${ROOT}/tests/chips/vendor/application)
set(options -DHAS_HANDS_FREE=OFF)
if(CHIP STREQUAL esp32)  # the others have no Bluetooth Classic
  set(options -DHAS_HANDS_FREE=ON)
endif()
if(NOT CHIP STREQUAL generic)
  set(application ${FOLDER}/pellucid_chip/examples/headset)
  build(build ${application} ${options})
endif()
file(COPY ${application}/ DESTINATION ${FOLDER}/copy)
file(COPY ${FOLDER}/pellucid_chip/ DESTINATION ${FOLDER}/copy/components/quiet)
build(build-copy ${FOLDER}/copy ${options})
