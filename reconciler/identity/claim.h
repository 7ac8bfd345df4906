// What a zone owner says of a domain in its `_sipvhost` TXT record (DESIGN section 5; the grammar
// stands in schema/TXT.md). A pure parser: octets in, tags and warnings out.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace zonecast::identity {

inline constexpr std::string_view kClaimLabel = "_sipvhost";
inline constexpr std::string_view kClaimVersion = "v=sipvhost1";

struct ClaimLimits {
  std::uint32_t tags_max = 32;
  std::uint32_t octets_max = 4096;  // of the joined record
};

struct ClaimTag {
  std::string name;   // lower case
  std::string value;  // percent-decoded
  friend bool operator==(const ClaimTag&, const ClaimTag&) = default;
};

struct Claim {
  bool present = false;         // exactly one record with the version tag was there
  std::vector<ClaimTag> tags;   // in the record's order, without the version; did and alias included
  std::vector<std::string> warnings;  // each one sentence naming the tag: what spoiled it, what to do
  friend bool operator==(const Claim&, const Claim&) = default;
};

// One TXT record, its strings already joined. Nothing when it does not start with the version tag.
// A bad tag spoils itself only and becomes a warning.
std::optional<Claim> parseClaimRecord(std::string_view text, const ClaimLimits& limits);

// The whole TXT RRset at the owner (canonical RDATA): records without the version tag are not ours;
// two with it: none applies, and the warning says so.
Claim parseClaim(std::span<const std::span<const std::uint8_t>> rdatas, const ClaimLimits& limits);

}  // namespace zonecast::identity
