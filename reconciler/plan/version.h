// What orders and fences publications (DESIGN sections 1 and 9).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace zonecast::plan {

// Only grows, from change set to change set; gaps are allowed.
enum class Version : std::uint64_t {};

// The number of a leader's reign; fences off an older leader.
enum class Term : std::uint64_t {};

// An unbroken succession of versions: a UUID in its text form. Empty: none yet.
struct Lineage {
  std::string uuid;
  friend bool operator==(const Lineage&, const Lineage&) = default;
};

// Digest over the succession of change sets of a lineage (SHA-256): shows forks.
using Chain = std::array<std::uint8_t, 32>;

// Where a publisher stands.
struct Position {
  Lineage lineage;
  Version version{};
  Chain chain{};
  friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace zonecast::plan
