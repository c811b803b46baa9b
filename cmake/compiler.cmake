# Flags that every target of ours shares, and how a module is made.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(BACKSTEP_CCACHE ccache)
if(BACKSTEP_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BACKSTEP_CCACHE})
endif()

add_library(backstep_options INTERFACE)
target_compile_options(backstep_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
# g++ 12 warns of std::string operations that it misreads (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(backstep_options INTERFACE -Wno-restrict)
endif()
if(BACKSTEP_WERROR)
  target_compile_options(backstep_options INTERFACE -Werror)
endif()
if(BACKSTEP_SANITIZE)
  add_compile_options(-fsanitize=${BACKSTEP_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BACKSTEP_SANITIZE})
  if(BACKSTEP_SANITIZE MATCHES "address.*undefined")
    # Checks of each access through a pointer take a third of the build, and AddressSanitizer stops at
    # most of what they would find.
    add_compile_options(-fno-sanitize=null,vptr,object-size,alignment)
  endif()
endif()

# backstep_module(NAME SOURCES... [PUBLIC libs] [PRIVATE libs])
function(backstep_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(backstep_${name} STATIC ${ARG_SOURCES})
  set_target_properties(backstep_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(backstep_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(backstep_${name} PUBLIC cxx_std_20)
  target_link_libraries(backstep_${name}
    PUBLIC ${ARG_PUBLIC}
    PRIVATE $<BUILD_INTERFACE:backstep_options> ${ARG_PRIVATE})
  # Release builds with -O2, a quarter quicker to build than -O3. What a recorded step passes through
  # asks for -O3.
  if(name MATCHES "^(base|schemas|store|recorder)$")
    target_compile_options(backstep_${name} PRIVATE $<$<CONFIG:Release>:-O3>)
  endif()
endfunction()
