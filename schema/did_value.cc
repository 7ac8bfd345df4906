#include "schema/did_value.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace zonecast::schema {
namespace {

constexpr std::string_view kCustomer = "customer=", kFrom = ";from=", kFreed = ";freed=";

// What stands behind `name`, up to the next ';'; nothing when `rest` begins otherwise.
std::optional<std::string_view> take(std::string_view name, std::string_view& rest) {
  if (!rest.starts_with(name)) return std::nullopt;
  rest.remove_prefix(name.size());
  const std::string_view value = rest.substr(0, rest.find(';'));
  rest.remove_prefix(value.size());
  return value;
}

}  // namespace

std::string encodeDidValue(const DidValue& value) {
  std::string text = fmt::format("{}{}", kCustomer, value.customer);
  if (!value.from.empty()) text += fmt::format("{}{}", kFrom, value.from);
  if (value.freed) text += fmt::format("{}{}", kFreed, *value.freed);
  return text;
}

tl::expected<DidValue, std::string> decodeDidValue(std::string_view text) {
  DidValue value;
  std::string_view rest = text;
  value.customer = take(kCustomer, rest).value_or("");
  value.from = take(kFrom, rest).value_or("");
  if (const auto freed = take(kFreed, rest)) {
    std::uint32_t seconds = 0;
    std::from_chars(freed->data(), freed->data() + freed->size(), seconds);
    value.freed = seconds;
  }
  if (value.customer.empty() || encodeDidValue(value) != text) {
    return tl::unexpected(std::string("not as this version writes it"));
  }
  return value;
}

}  // namespace zonecast::schema
