// What a zone owner says of a domain in its `_sipvhost` TXT record (DESIGN section 5; the grammar
// stands in schema/TXT.md). A pure parser: octets in, tags and warnings out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zonecast::identity {

inline constexpr std::string_view kClaimLabel = "_sipvhost";
inline constexpr std::string_view kClaimVersion = "v=sipvhost1";
inline constexpr std::size_t kTagNameOctetsMax = 32;

// Tags with a meaning of their own; every other one sets an attribute.
inline constexpr std::array<std::string_view, 4> kOwnTags{"v", "did", "alias", "token"};

struct ClaimLimits {
  std::uint32_t tags_max = 32;      // beside the version
  std::uint32_t octets_max = 4096;  // of the joined record

  friend bool operator==(const ClaimLimits&, const ClaimLimits&) = default;
};

struct ClaimTag {
  std::string name;   // lower case
  std::string value;  // percent-decoded
  friend bool operator==(const ClaimTag&, const ClaimTag&) = default;
};

struct Claim {
  bool present = false;        // exactly one record with the version tag was there
  std::vector<ClaimTag> tags;  // in the record's order, without the version; did and alias included
  // Each one sentence naming the tag, printable: what spoiled it, what to do.
  std::vector<std::string> warnings;
  // Names, lower case, of the tags whose value the grammar refused: set, but to nothing usable.
  std::vector<std::string> spoiled{};
  friend bool operator==(const Claim&, const Claim&) = default;
};

// The domains that its owner lets into its virtual domain, as they were written.
std::vector<std::string_view> aliasesIn(const Claim& claim);

// What the domain's owner shows to be known to operators by: one for each of them.
std::vector<std::string_view> tokensIn(const Claim& claim);

// One TXT record, its strings already joined. Nothing when it does not start with the version tag.
// A bad tag spoils itself only and becomes a warning; a record beyond the limits does not apply
// (present is false), and the only warning says so.
std::optional<Claim> parseClaimRecord(std::string_view text, const ClaimLimits& limits);

// The whole TXT RRset at the owner (canonical RDATA): records without the version tag are not ours;
// two with it: none applies, and the warning says so.
Claim parseClaim(std::span<const std::span<const std::uint8_t>> rdatas, const ClaimLimits& limits);

}  // namespace zonecast::identity
