# find_package(backstep) with backstep::recorder and backstep::program, and pkg-config.
include(CMakePackageConfigHelpers)

install(TARGETS backstep_base backstep_schemas backstep_store backstep_recorder backstep_replay
  EXPORT backstep ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT backstep NAMESPACE backstep:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/backstep)

# The public headers: what a multi-agent system needs, and nothing of ours besides.
foreach(header base/status.h base/ids.h base/time.h base/hash.h
        schemas/message.h schemas/call.h schemas/records.h store/state/state_edit.h
        recorder/session.h recorder/step.h recorder/hook.h replay/program.h)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/backstep/${folder})
endforeach()
if(TARGET backstep-gui)
  install(TARGETS backstep-gui RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(TARGETS backstep RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

configure_package_config_file(cmake/backstep-config.cmake.in backstep-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/backstep)
write_basic_package_version_file(backstep-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/backstep-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/backstep-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/backstep)

# Relative to the .pc file itself, so that an install can be moved (cmake --install --prefix).
file(RELATIVE_PATH PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(package recorder program)
  if(package STREQUAL program)
    set(PC_LIBS "-lbackstep_replay -lbackstep_recorder -lbackstep_store -lbackstep_schemas -lbackstep_base")
    set(PC_REQUIRES "rocksdb sqlite3 libzstd capnp-rpc yaml-cpp")
  else()
    set(PC_LIBS "-lbackstep_recorder -lbackstep_store -lbackstep_schemas -lbackstep_base")
    set(PC_REQUIRES "rocksdb sqlite3 libzstd capnp yaml-cpp")
  endif()
  set(PC_NAME backstep-${package})
  configure_file(cmake/backstep.pc.in backstep-${package}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/backstep-${package}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
