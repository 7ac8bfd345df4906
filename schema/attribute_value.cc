#include "schema/attribute_value.h"

#include <string_view>

#include <fmt/format.h>

namespace zonecast::schema {
namespace {

bool isPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:/@").find(c) != std::string_view::npos;
}

std::string percentEncode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (isPlain(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string textOf(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kInteger:
      return fmt::format("{}", value.integer());
    case v1::Value::kText:
      return percentEncode(value.text());
    case v1::Value::kBoolean:
      return value.boolean() ? "true" : "false";
    case v1::Value::kSeconds:
      return fmt::format("{}s", value.seconds());
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

std::string encodeAttributeValue(const v1::VirtualDomain& virtual_domain) {
  std::string list;
  for (const v1::Attribute& attribute : virtual_domain.attributes()) {
    for (const v1::Value& value : attribute.values()) {
      if (!list.empty()) list += ';';
      list.append(attribute.name()).append("=").append(textOf(value));
    }
  }
  return list;
}

}  // namespace zonecast::schema
