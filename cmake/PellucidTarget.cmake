# pellucid_layer(NAME SOURCES... ): a static library `pellucid_NAME` with the project's warnings and include root.
# pellucid_freestanding(TARGET): holds a layer to what a freestanding compiler ships, and to the same bits from every
# compiler: no fused multiply-add that the source does not say. No one looks at floating-point flags: saying so lets GCC
# vectorise what has a minimum in it.
if(PELLUCID_TOOLS OR PELLUCID_TESTS)
  find_package(Threads REQUIRED)
endif()

function(pellucid_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                           $<$<BOOL:${PELLUCID_WERROR}>:-Werror>)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                              $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  if(PELLUCID_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${PELLUCID_SANITIZE} -fno-omit-frame-pointer
                                            -fno-sanitize-recover=all)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # false alarms in its own <regex> (GCC bug 105562)
      target_compile_options(${target} PUBLIC -Wno-maybe-uninitialized)
    endif()
    target_link_options(${target} PUBLIC -fsanitize=${PELLUCID_SANITIZE})
  endif()
endfunction()

function(pellucid_layer name)
  add_library(pellucid_${name} STATIC ${ARGN})
  pellucid_options(pellucid_${name})
endfunction()

function(pellucid_freestanding target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 17)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-ffreestanding -fno-exceptions -fno-rtti
                                                                     -fno-threadsafe-statics>
                                           -ffp-contract=off -fno-trapping-math
                                           $<$<NOT:$<CONFIG:Debug,MinSizeRel>>:-O3>)
endfunction()

# pellucid_hot(FILES…): sources of a freestanding layer that are to be fast even where the rest is to be small.
function(pellucid_hot)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS $<$<CONFIG:MinSizeRel>:-O2>)
endfunction()

# pellucid_test(NAME [APART] SOURCES... LIBS...): a GoogleTest program whose cases become ctest cases `NAME.Suite.Case`;
# APART only builds it, for a target of its own.
function(pellucid_test name)
  cmake_parse_arguments(T "APART" "" "SOURCES;LIBS" ${ARGN})
  add_executable(test_${name} ${T_SOURCES})
  pellucid_options(test_${name})
  target_link_libraries(test_${name} PRIVATE ${T_LIBS} GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE
    PELLUCID_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" PELLUCID_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    PELLUCID_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(T_APART)
    return()
  endif()
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
endfunction()
