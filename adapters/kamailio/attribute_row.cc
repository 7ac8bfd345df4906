#include "adapters/kamailio/attribute_row.h"

#include <cstdint>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "adapters/kamailio/layout.h"

namespace zonecast::kamailio {
namespace {

// Kamailio's integers. One that is larger ends the loading of the whole table.
bool fits(std::int64_t integer) {
  return integer >= std::numeric_limits<std::int32_t>::min() &&
         integer <= std::numeric_limits<std::int32_t>::max();
}

struct RowOf {
  std::optional<AttributeRow> operator()(std::int64_t integer) const {
    return AttributeRow{fits(integer) ? kTypeInteger : kTypeText, fmt::format("{}", integer)};
  }
  std::optional<AttributeRow> operator()(std::string_view text) const {
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    return AttributeRow{kTypeText, std::string(text)};
  }
  std::optional<AttributeRow> operator()(bool flag) const {
    return AttributeRow{kTypeText, flag ? "true" : "false"};
  }
  std::optional<AttributeRow> operator()(table::Seconds seconds) const {
    return AttributeRow{kTypeText, fmt::format("{}s", seconds.count)};
  }
};

}  // namespace

std::optional<AttributeRow> attributeRow(const table::Value& value) {
  return std::visit(RowOf(), value);
}

}  // namespace zonecast::kamailio
