// The Redis Function library (functions.lua), as it is embedded in the binary. Its name and the
// names of its functions carry the hash of its content, so that two versions of zonecast may share
// a Redis.
#pragma once

#include <string>
#include <string_view>

namespace zonecast::schema {

extern const std::string_view kFunctionLibrary;
extern const std::string_view kFunctionSource;  // for FUNCTION LOAD

// The name to FCALL: "acquire", "renew", "publish", "stage" or "swap".
inline std::string functionName(std::string_view verb) {
  return std::string(kFunctionLibrary).append("_").append(verb);
}

}  // namespace zonecast::schema
