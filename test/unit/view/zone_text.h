// Zones and records from short texts, for tests: "host1.example A 192.0.2.1". Names are absolute.
// Types: A, NS, CNAME, DNAME, TXT (one string), SRV, SOA (a serial, with MINIMUM 60), and MX, which
// is not kept and whose RDATA is opaque here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reconciler/view/zone.h"

namespace zonecast::view {

using Octets = std::vector<std::uint8_t>;

inline constexpr dns::RrType kMx{15};

inline dns::Name name(std::string_view text) {
  return dns::Name::fromText(text).value();
}

inline void appendName(Octets& out, std::string_view text) {
  const dns::Name parsed = name(text);
  const std::string_view wire = parsed.view().wire();
  out.insert(out.end(), wire.begin(), wire.end());
}

inline void append32(Octets& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(std::uint8_t(value >> shift));
}

inline dns::RrType typeFrom(const std::string& text) {
  using dns::RrType;
  for (const RrType type : {RrType::a, RrType::ns, RrType::cname, RrType::soa, RrType::txt,
                            RrType::srv, RrType::dname}) {
    if (dns::toText(type) == text) return type;
  }
  return kMx;
}

inline Octets soaRdata(std::uint32_t serial) {
  Octets rdata;
  appendName(rdata, "ns.example");
  appendName(rdata, "hostmaster.example");
  for (const std::uint32_t value : {serial, 3600u, 600u, 86400u, 60u}) append32(rdata, value);
  return rdata;
}

inline Octets rdataFrom(dns::RrType type, std::istringstream& text) {
  using dns::RrType;
  Octets rdata;
  std::string word;
  switch (type) {
    case RrType::soa:
      text >> word;
      return soaRdata(static_cast<std::uint32_t>(std::stoul(word)));
    case RrType::a:
      while (std::getline(text >> std::ws, word, '.')) {
        rdata.push_back(static_cast<std::uint8_t>(std::stoi(word)));
      }
      return rdata;
    case RrType::srv:
      for (int i = 0; i < 3 && text >> word; ++i) {
        rdata.push_back(static_cast<std::uint8_t>(std::stoi(word) >> 8));
        rdata.push_back(static_cast<std::uint8_t>(std::stoi(word)));
      }
      [[fallthrough]];
    case RrType::ns:
    case RrType::cname:
    case RrType::dname:
      text >> word;
      appendName(rdata, word);
      return rdata;
    default:
      std::getline(text >> std::ws, word);
      if (type == RrType::txt) rdata.push_back(static_cast<std::uint8_t>(word.size()));
      rdata.insert(rdata.end(), word.begin(), word.end());
      return rdata;
  }
}

// "owner TYPE rdata", "owner TTL TYPE rdata".
inline DeltaRecord record(const std::string& text) {
  std::istringstream in(text);
  std::string owner, word;
  in >> owner >> word;
  std::uint32_t ttl = 3600;
  if (word.find_first_not_of("0123456789") == std::string::npos) {
    ttl = static_cast<std::uint32_t>(std::stoul(word));
    in >> word;
  }
  const dns::RrType type = typeFrom(word);
  return {name(owner), type, dns::Ttl(ttl), rdataFrom(type, in)};
}

inline dns::RecordView viewOf(const DeltaRecord& record) {
  return {.owner = record.owner, .type = record.type, .ttl = record.ttl, .rdata = record.rdata};
}

inline std::vector<DeltaRecord> recordsFrom(std::initializer_list<const char*> texts) {
  std::vector<DeltaRecord> records;
  for (const char* text : texts) records.push_back(record(text));
  return records;
}

inline Zone zoneOf(std::string_view apex, const std::vector<DeltaRecord>& records) {
  Zone zone{name(apex)};
  for (const DeltaRecord& r : records) EXPECT_TRUE(zone.add(viewOf(r)));
  EXPECT_TRUE(zone.finish());
  return zone;
}

// A zone "example" with serial 1 and these records.
inline Zone exampleZone(std::initializer_list<const char*> texts) {
  std::vector<DeltaRecord> records = recordsFrom(texts);
  records.push_back(record("example SOA 1"));
  return zoneOf("example", records);
}

// From serial `from` to the next one.
inline Delta delta(std::uint32_t from, std::initializer_list<const char*> removed,
                   std::initializer_list<const char*> added) {
  Delta delta{dns::Serial(from), dns::Serial(from + 1), recordsFrom(removed), recordsFrom(added)};
  delta.removed.push_back({name("example"), dns::RrType::soa, dns::Ttl(3600), soaRdata(from)});
  delta.added.push_back({name("example"), dns::RrType::soa, dns::Ttl(3600), soaRdata(from + 1)});
  return delta;
}

// Everything that a zone holds, as text, sorted.
inline std::vector<std::string> dump(const Zone& zone, std::size_t piece = 1000) {
  std::vector<std::string> lines;
  std::optional<std::uint64_t> cursor = 0;
  while (cursor) {
    cursor = zone.visitRecords(*cursor, piece, [&](const dns::RecordView& r) {
      lines.push_back(r.owner.toText() + " " + std::to_string(r.ttl.seconds()) + " " +
                      dns::toText(r.type) + " " + dns::rdataToText(r.type, r.rdata));
    });
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// The same zone, built again from its own records in pieces.
inline Zone copyOf(const Zone& zone, std::size_t piece = 1000) {
  Zone copy{dns::Name(zone.apex())};
  std::optional<std::uint64_t> cursor = 0;
  while (cursor) {
    std::size_t visited = 0;
    cursor = zone.visitRecords(*cursor, piece, [&](const dns::RecordView& r) {
      ++visited;
      EXPECT_TRUE(copy.add(r));
    });
    EXPECT_LE(visited, piece);
  }
  EXPECT_TRUE(copy.finish());
  return copy;
}

inline ZoneChange compareZones(const Zone& before, const Zone& after, std::size_t piece = 1000) {
  ZoneComparison comparison(before, after);
  while (true) {
    if (auto change = comparison.advance(piece)) return *std::move(change);
  }
}

inline std::vector<std::string> sortedTexts(const std::vector<dns::Name>& names) {
  std::vector<std::string> texts;
  for (const dns::Name& n : names) texts.push_back(n.toText());
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

}  // namespace zonecast::view
