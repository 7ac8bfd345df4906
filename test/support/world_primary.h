// A primary of the world: it keeps the history of its zones and answers SOA, AXFR and IXFR queries,
// unsigned, one record a message.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/support/records.h"

namespace zonecast::test {

using Trace = std::vector<std::string>;

// The core broke a promise to the world.
struct Breach : std::logic_error {
  using std::logic_error::logic_error;
};

// One version of a zone: its records without the SOA, in the order given.
struct ZoneVersion {
  dns::Serial serial;
  std::vector<OwnedRecord> records;
};

class WorldPrimary {
 public:
  enum class Mood { serving, refusingConnections, hung, garbage, refusingTransfers, stopsHalfWay };
  Mood mood = Mood::serving;

  void serve(const dns::Name& zone, ZoneVersion version) { zones_[zone] = {std::move(version)}; }
  ZoneVersion& newest(const dns::Name& zone) { return zones_.at(zone).back(); }
  void add(const dns::Name& zone, ZoneVersion version) {
    zones_.at(zone).push_back(std::move(version));
  }
  void forgetHistory(const dns::Name& zone);

  // The messages that answer one request.
  std::vector<std::vector<std::uint8_t>> answer(std::span<const std::uint8_t> request, Trace& trace,
                                                const std::string& name) const;

 private:
  std::vector<OwnedRecord> transfer(const dns::Name& zone, dns::RrType type,
                                    std::optional<dns::Serial> from) const;

  std::map<dns::Name, std::vector<ZoneVersion>, dns::CanonicalLess> zones_;
};

}  // namespace zonecast::test
