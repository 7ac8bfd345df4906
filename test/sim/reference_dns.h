// What DNS says, by the letter of the RFCs and without any cleverness: lists of records, asked one
// question at a time. It shares no code with the core but names and records as values.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "test/support/records.h"

namespace zonecast::sim {

using Octets = std::vector<std::uint8_t>;

// The records of one zone without its SOA, by owner.
class ZoneRecords {
 public:
  explicit ZoneRecords(const std::vector<test::OwnedRecord>& records);

  // "it or a name below it has a record" (RFC 4592 section 2.2.2)
  bool exists(dns::NameView name) const;
  std::vector<Octets> at(dns::NameView name, dns::RrType type) const;
  const std::set<dns::Name, dns::CanonicalLess>& owners() const { return owners_; }

 private:
  std::map<dns::Name, std::map<dns::RrType, std::vector<Octets>>, dns::CanonicalLess> records_;
  std::set<dns::Name, dns::CanonicalLess> owners_;
};

struct ZoneView {
  dns::Name apex;
  std::size_t customer = 0;
  bool shared = false;
  std::shared_ptr<const ZoneRecords> records;  // nothing: not transferred yet
};

// What lies outside of the zones is what a resolver says.
struct OutsideAnswer {
  struct Alias {
    dns::Name owner, target;
    bool is_cname = true;  // else a DNAME
  };
  std::vector<Alias> aliases;  // in order
  std::vector<Octets> rdatas;  // none: that it is not there is proven
  bool operator==(const OutsideAnswer& other) const;
};
// Nothing: the resolver did not say.
using Outside = std::function<std::optional<OutsideAnswer>(dns::NameView, dns::RrType)>;

struct WatchedView {
  dns::Name name;
  std::size_t customer = 0;
};

struct DnsAnswer {
  enum class Kind { data, none, unknown } kind = Kind::unknown;
  std::vector<Octets> rdatas;
  // In order: what was asked, and where aliases led; owners that answered.
  std::vector<dns::Name> path;
  std::set<std::size_t> zones;  // that were asked, by their place
  bool stands_there = false;    // at the very owner that was asked for, as data or as a CNAME
  bool is_alias = false;        // there, as a CNAME
};

class ReferenceDns {
 public:
  // All outlive it. `outside` may be empty: nobody is asked.
  ReferenceDns(const std::vector<ZoneView>& zones, const std::vector<WatchedView>& watched,
               const Outside& outside)
      : zones_(zones), watched_(watched), outside_(outside) {}

  // A customer sees its own zones and shared ones (DESIGN section 2), and what lies outside.
  DnsAnswer ask(std::size_t customer, dns::NameView name, dns::RrType type) const;
  // The place of the most specific zone that `name` is at or under; kNobody: there is none.
  std::size_t zoneFor(std::size_t customer, dns::NameView name) const;
  // Who speaks for the name: the customer of the most specific zone, or watched name, of all
  // (DESIGN section 5).
  std::size_t speaker(dns::NameView name) const;
  static constexpr std::size_t kNobody = ~std::size_t{0};

 private:
  void askOutside(dns::NameView name, dns::RrType type, int aliases, DnsAnswer& answer) const;

  const std::vector<ZoneView>& zones_;
  const std::vector<WatchedView>& watched_;
  const Outside& outside_;
};

}  // namespace zonecast::sim
