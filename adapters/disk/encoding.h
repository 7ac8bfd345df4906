// The values in the store, as octets. Integers are in network order.
//
//   sealed value  checksum (8: SHA-256 over key and content, truncated), content
//   zone entry    serial (4), refresh, retry, expire (8 each, seconds), last success (8,
//   microseconds
//                 since 1970), number of pieces, whose top bit tells which copy
//                 they are (4), number of chains (4)
//   chain         for each delta: from (4), to (4), removed, added; each of these its length (4)
//   and
//                 records as dns::pack writes them
//   publisher     term (8), length (1) and text of the lineage that was begun; nothing more, or
//                 version (8), chain digest (32), lineage (the rest)
//   binding       customer, catalog, label, cause (each a length (2) and text), number of groups
//   (2),
//                 groups (likewise), whether it leaves (1), since when (8, as above)
//   did           flags (1): in use, recorded, freed; customer and canonical domain (each a length
//   (2)
//                 and text) if in use; customer and from (likewise) if recorded; seconds (4) if
//                 freed
//   directive     0 pin, 1 block (1), until (4, seconds since 1970)
//   hold          since (likewise)
//
// Decoding trusts nothing: what is not exactly such a value is an error, with what was wrong.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/disk.h"

namespace zonecast::disk {

using Octets = std::vector<std::uint8_t>;
using OctetSpan = std::span<const std::uint8_t>;

// What stands under a zone's own key; its pieces and chains have keys of their own.
struct ZoneEntry {
  xfr::HeldCopy copy;
  bool odd = false;  // which of a zone's two places has its pieces: see store.h
  std::uint32_t pieces = 0, chains = 0;
};

// The key of a zone's piece or chain. A name in wire format ends itself, so that no zone's keys are
// another's.
std::string numberedKey(std::string_view zone, std::uint32_t number);

Octets seal(std::string_view key, OctetSpan content);
tl::expected<OctetSpan, std::string> unseal(std::string_view key, OctetSpan value);

Octets encode(const ZoneEntry& entry);
tl::expected<ZoneEntry, std::string> decodeZoneEntry(OctetSpan octets);

Octets encode(const std::vector<view::Delta>& chain);
tl::expected<std::vector<view::Delta>, std::string> decodeChain(OctetSpan octets);

Octets encode(const ports::SavedBinding& binding);
tl::expected<ports::SavedBinding, std::string> decodeBinding(OctetSpan octets);  // without its zone

Octets encode(const ports::SavedDid& saved);
tl::expected<ports::SavedDid, std::string> decodeDid(std::string_view key, OctetSpan octets);

Octets encode(const plan::Directive& directive);
tl::expected<plan::Directive, std::string> decodeDirective(OctetSpan octets);

Octets encode(plan::Deadline since);
tl::expected<plan::Deadline, std::string> decodeHold(OctetSpan octets);

Octets encode(const ports::SavedPublisher& publisher);
tl::expected<ports::SavedPublisher, std::string> decodePublisher(OctetSpan octets);

}  // namespace zonecast::disk
