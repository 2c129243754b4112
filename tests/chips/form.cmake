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
execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${ROOT}/tests/chips/vendor -B ${FOLDER}/build -DFORM=${FORM}
                        -DCOMPONENT=${FOLDER}/pellucid_chip -DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN}
                OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${said}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --build ${FOLDER}/build OUTPUT_VARIABLE said ERROR_VARIABLE said
                RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${said}")
endif()
