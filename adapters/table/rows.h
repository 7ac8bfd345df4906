// What a table holds, as values: what a writer puts in, and what a reader finds.
//
// The enumerators are those of schema/zonecast.proto, by name and number; a table needs no
// protobuf.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace zonecast::table {

enum class State : std::uint8_t { hosted = 1, retiring = 2 };
enum class Role : std::uint8_t { primary = 1, backup = 2 };

// A set of them is a mask: bit n for the transport with number n.
enum class Transport : std::uint8_t { udp = 1, tcp = 2, tls = 3, ws = 4, wss = 5 };
using Transports = std::uint8_t;
constexpr Transports maskOf(Transport transport) {
  return static_cast<Transports>(1U << static_cast<unsigned>(transport));
}

struct Seconds {
  std::int64_t count = 0;
  friend bool operator==(Seconds, Seconds) = default;
};
using Value = std::variant<std::int64_t, std::string_view, bool, Seconds>;

// One value of an attribute; one with several has as many of these, side by side.
struct Attribute {
  std::string_view name;
  Value value;
};

// `sum` is what the entry counts for in the content sum (schema/REDIS.md), so that whoever replaces
// it can subtract it.
struct DomainRow {
  std::string_view name;  // lower case, without the final dot; 1 to 253 octets
  std::string_view did;   // 1 to 253 octets
  State state = State::hosted;
  Transports transports = 0;
  Role role = Role::primary;
  std::uint64_t sum = 0;
};

struct VirtualDomainRow {
  std::string_view did;
  std::string_view customer;
  std::string_view canonical;
  std::span<const std::string_view> domains;  // ascending
  std::span<const Attribute> attributes;      // ascending by name; several of one name in order
  std::uint64_t sum = 0;                      // of its entries in `vdomain` and in `attribute`
};

// Where in the succession of published states a table stands: what Redis' `meta` said.
struct Position {
  std::string lineage;  // at most 36 octets; empty: nothing was published
  std::uint64_t term = 0;
  std::uint64_t version = 0;
  std::uint64_t content = 0;
  std::string chain;  // 32 octets
  friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace zonecast::table
