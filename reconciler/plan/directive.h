// What the operator says of one domain for a time, whatever DNS says.
#pragma once

#include <cstdint>
#include <string_view>

#include "reconciler/plan/retirement.h"

namespace zonecast::plan {

struct Directive {
  enum class Kind : std::uint8_t {
    pin,   // it stays as it is published
    block  // it is not hosted
  };
  Kind kind{};
  Deadline until{};
  friend bool operator==(const Directive&, const Directive&) = default;
};

constexpr std::string_view toText(Directive::Kind kind) {
  return kind == Directive::Kind::pin ? "pin" : "block";
}

}  // namespace zonecast::plan
