// One value of an attribute as a row of Kamailio's domain_attrs.
#pragma once

#include <optional>
#include <string>

#include "adapters/table/rows.h"

namespace zonecast::kamailio {

struct AttributeRow {
  int type;
  std::string value;
};

// Nothing: it holds a NUL, which would end it early for Kamailio.
std::optional<AttributeRow> attributeRow(const table::Value& value);

}  // namespace zonecast::kamailio
