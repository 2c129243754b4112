# pellucid_embed(TARGET FILES…): makes the texts of files part of a program, as the function that
# src/cli/embedded_files.hpp declares. Paths are those below the project's root.
function(pellucid_embed target)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp)
  set(inputs)
  foreach(file IN LISTS ARGN)
    list(APPEND inputs ${PROJECT_SOURCE_DIR}/${file})
  endforeach()
  list(JOIN ARGN "," files)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} "-DFILES=${files}" -DOUT=${source}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake VERBATIM COMMENT "Embedding the component's sources")
  target_sources(${target} PRIVATE ${source})
endfunction()
