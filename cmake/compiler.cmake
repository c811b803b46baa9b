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

# Compiles the sources of one folder together, up to six at a time: what a file of ours needs of the
# standard library and of JSON costs more to read than the file itself, so that this halves a full
# build. It asks that names local to a file differ within a folder. BACKSTEP_TOGETHER=OFF, as in the
# preset `dev`, compiles each file for itself and so finds a missing include.
option(BACKSTEP_TOGETHER "Compile the files of a folder together" OFF)
function(backstep_together target)
  if(NOT BACKSTEP_TOGETHER)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources EXCLUDE REGEX "\\.c\\+\\+$|_generated/")
  list(SORT sources)
  foreach(source ${sources})
    cmake_path(GET source PARENT_PATH folder)
    string(MD5 group "${folder}")
    math(EXPR batch "${count_${group}} + 0")
    math(EXPR count_${group} "${batch} + 1")
    math(EXPR batch "${batch} / 6")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP "${group}_${batch}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # Warns of every Impl that holds types local to its file, where that file is included by another.
  target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
endfunction()

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
  backstep_together(backstep_${name})
  # Release builds with -O2, a quarter quicker to build than -O3. What a recorded step passes through
  # asks for -O3.
  if(name MATCHES "^(base|schemas|store|recorder)$")
    target_compile_options(backstep_${name} PRIVATE $<$<CONFIG:Release>:-O3>)
    if(BACKSTEP_TOGETHER AND BACKSTEP_SANITIZE)
      # Most tests spend their time here: a minute more to build, several less to run. g++ 12 then
      # takes members of std::regex for uninitialized.
      target_compile_options(backstep_${name} PRIVATE
        $<$<CONFIG:Debug>:-O1> $<$<CONFIG:Debug>:-Wno-maybe-uninitialized>)
    endif()
  endif()
endfunction()
