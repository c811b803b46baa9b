# The packages each module wraps. No target but the wrapping one links them. pkg-config finds them:
# the packaged CMake files of some drag in libraries that we do not need.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(ROCKSDB REQUIRED IMPORTED_TARGET rocksdb)
pkg_check_modules(CAPNP REQUIRED IMPORTED_TARGET capnp)
pkg_check_modules(CAPNP_RPC REQUIRED IMPORTED_TARGET capnp-rpc)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(PROTOBUF REQUIRED IMPORTED_TARGET protobuf-lite)
pkg_check_modules(YAML_CPP REQUIRED IMPORTED_TARGET yaml-cpp)
find_package(nlohmann_json REQUIRED)
find_program(PROTOBUF_COMPILER protoc)
find_program(CAPNP_COMPILER capnp REQUIRED)
find_program(CAPNPC_CXX capnpc-c++ REQUIRED)

# capnp_sources(OUT_VAR file.capnp...): generates file.capnp.{h,c++} into the build tree, to be
# included as "backstep_generated/<path>/file.capnp.h" by the target that wraps them.
function(capnp_sources out)
  set(generated)
  foreach(file ${ARGN})
    file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set(base ${CMAKE_BINARY_DIR}/generated/backstep_generated/${relative})
    add_custom_command(
      OUTPUT ${base}.c++ ${base}.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated/backstep_generated
      COMMAND ${CAPNP_COMPILER} compile -o${CAPNPC_CXX}:${CMAKE_BINARY_DIR}/generated/backstep_generated
              --src-prefix=${CMAKE_SOURCE_DIR} -I${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file}
      VERBATIM)
    list(APPEND generated ${base}.c++)
  endforeach()
  set(${out} ${generated} PARENT_SCOPE)
endfunction()
