// The value of a field of the `domain` hash:
// "did=iptel;state=hosted;transports=udp,tcp;role=primary"; when it is retiring, with
// ";cause=absent;until=1700000000" (seconds since 1970). Fields in this order; a decoder takes
// any order and ignores fields that it does not know. Nothing in it is escaped: no field can hold
// ';', '=' or ','.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "schema/zonecast.pb.h"

namespace zonecast::schema {

// Of an entry whose enumerators are all known and specified.
std::string encodeDomainValue(const v1::DomainEntry& entry);

// An entry without its domain; the error says what is wrong with the text.
tl::expected<v1::DomainEntry, std::string> decodeDomainValue(std::string_view text);

}  // namespace zonecast::schema
