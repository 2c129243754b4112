# cmake --install: the library static and shared, its headers, a pkg-config file, a CMake package, the shipped models
# and the documents.
include(CMakePackageConfigHelpers)

install(TARGETS pellucid_static pellucid_shared EXPORT pellucid
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pellucid DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/pellucid/models)

set(PELLUCID_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/pellucid)
install(EXPORT pellucid NAMESPACE pellucid:: FILE pellucidTargets.cmake DESTINATION ${PELLUCID_PACKAGE_DIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/pellucidConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/package/pellucidConfig.cmake
                              INSTALL_DESTINATION ${PELLUCID_PACKAGE_DIR} PATH_VARS CMAKE_INSTALL_DATADIR)
# Before 1.0 a minor version may change the ABI.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/pellucidConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/pellucidConfig.cmake
              ${PROJECT_BINARY_DIR}/package/pellucidConfigVersion.cmake DESTINATION ${PELLUCID_PACKAGE_DIR})

# Relative to the file itself, so that the installed tree can be moved.
set(PELLUCID_PC_PREFIX "\${pcfiledir}/")
file(RELATIVE_PATH from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(APPEND PELLUCID_PC_PREFIX ${from_pc})
foreach(dir LIBDIR INCLUDEDIR DATADIR)
  set(PELLUCID_PC_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")  # as Nix and Guix have it: then nothing moves
    set(PELLUCID_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
    set(PELLUCID_PC_${dir} ${CMAKE_INSTALL_${dir}})
  endif()
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/pellucid.pc.in ${PROJECT_BINARY_DIR}/package/pellucid.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/pellucid.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The documents, laid out as here, so that their links lead to one another.
set(documents ${CMAKE_INSTALL_DOCDIR})
foreach(file README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE)
  install(FILES ${PROJECT_SOURCE_DIR}/${file} DESTINATION ${documents})
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${documents})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models DESTINATION ${documents} FILES_MATCHING PATTERN "*.md")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${documents} PATTERN "*.flac" EXCLUDE PATTERN "clean" EXCLUDE PATTERN "noisy" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/recipes/RECORDINGS.md DESTINATION ${documents}/recipes)
set(cards ${CMAKE_INSTALL_DATADIR}/pellucid/models)
file(RELATIVE_PATH up ${CMAKE_INSTALL_FULL_DATADIR}/pellucid/models ${CMAKE_INSTALL_FULL_DOCDIR})
foreach(name documents cards)
  if(NOT IS_ABSOLUTE ${${name}})
    set(${name} "\${CMAKE_INSTALL_PREFIX}/${${name}}")
  endif()
endforeach()
install(CODE "include(\"${CMAKE_CURRENT_LIST_DIR}/PellucidLinks.cmake\")
pellucid_settle_links(\"\$ENV{DESTDIR}${documents}\" \"\")
pellucid_settle_links(\"\$ENV{DESTDIR}${cards}\" \"${up}\")")
