// The ID of a stream's entry, "<milliseconds>-<sequence>", ordered as Redis orders them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "adapters/redis/convert.h"

namespace zonecast::redis {

struct StreamId {
  std::uint64_t milliseconds = 0, sequence = 0;  // since 1970, by Redis' clock, unless it was set

  static std::optional<StreamId> fromText(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto milliseconds = numberFromText(text.substr(0, dash));
    const auto sequence = numberFromText(text.substr(dash + 1));
    if (!milliseconds || !sequence) return std::nullopt;
    return StreamId{*milliseconds, *sequence};
  }
  std::string text() const { return fmt::format("{}-{}", milliseconds, sequence); }

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

}  // namespace zonecast::redis
