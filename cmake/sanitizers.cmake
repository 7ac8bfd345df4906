# ZONECAST_SANITIZE: a -fsanitize= list ("address,undefined", "thread", "fuzzer-no-link,address,undefined").
set(ZONECAST_SANITIZE "" CACHE STRING "sanitizers to build with")
if(ZONECAST_SANITIZE)
  add_compile_options(-fsanitize=${ZONECAST_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ZONECAST_SANITIZE})
endif()
if(ZONECAST_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # With it clang 14 fails on coroutines: "Cannot represent a difference across sections".
  add_compile_options(-fno-sanitize=function)
endif()
