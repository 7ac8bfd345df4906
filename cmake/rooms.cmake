# A room is one folder of sources that becomes one static library, zonecast_<name>. What a room may
# link is all it may include: the arrows of ARCHITECTURE.md are these DEPENDS lists, and
# test/tidy/dependencies.py holds the includes to them.

add_library(zonecast_options INTERFACE)
target_compile_options(zonecast_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
    -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns falsely of std::variant and std::optional members at -O2.
  target_compile_options(zonecast_options INTERFACE -Wno-maybe-uninitialized)
endif()
if(ZONECAST_WERROR)
  target_compile_options(zonecast_options INTERFACE -Werror)
endif()

function(zonecast_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  if(sources)
    add_library(zonecast_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(zonecast_${name} PRIVATE zonecast_options)
  else()
    add_library(zonecast_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(zonecast_${name} ${scope} "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
  target_link_libraries(zonecast_${name} ${scope} ${ROOM_DEPENDS})
endfunction()

# One test binary per room: every *_test.cc of the current folder.
function(zonecast_room_tests name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc")
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ${ROOM_DEPENDS} GTest::gmock GTest::gtest_main)
  target_include_directories(test_${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
  gtest_discover_tests(test_${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit)
endfunction()
