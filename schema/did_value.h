// The value of a field of the `did` hash, what is kept of a DID beside its virtual domain:
// "customer=acme"; when it was handed over, with ";from=other"; when its last domain went, with
// ";freed=1700000000" (seconds since 1970). Fields in this order. Nothing in it is escaped: no
// customer's name can hold ';' or '='.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace zonecast::schema {

struct DidValue {
  std::string customer;
  std::string from;  // empty: it was not handed over
  std::optional<std::uint32_t> freed;
};

std::string encodeDidValue(const DidValue& value);
// Only what encodeDidValue() writes; the error says what is wrong with the text.
tl::expected<DidValue, std::string> decodeDidValue(std::string_view text);

}  // namespace zonecast::schema
