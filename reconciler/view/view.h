// What DNS says now, to one customer: the transferred zones that speak to it, and lookups across
// them.
//
// Invariants: a customer is answered from its own zones and from `shared` ones only, never from
// another customer's; what lies outside them, below a cut that leads outside them, or in a zone not
// yet transferred is `notKnown`, never `nxdomain`. Results are valid until a zone changes.
// Not thread-safe.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"
#include "reconciler/view/tree_path.h"
#include "reconciler/view/zone.h"

namespace zonecast::view {

enum class CustomerId : std::uint32_t {};
enum class ZoneIndex : std::uint32_t {
};  // a zone of the view; whoever adds it says which, and gives the same numbers to the secondary

struct FromZone {
  ZoneIndex zone{};
  dns::Serial serial;
};
struct FromResolver {
  std::uint32_t answer = 0;  // whoever looked it up knows which
};

// One RRset (or its proven absence) that an answer rests on.
struct Evidence {
  std::variant<FromZone, FromResolver> source;
  dns::Name asked;     // what the zone was asked: the question's name, or where an alias led
  dns::Name name;      // the owner that answered; nxdomain: the name that does not exist
  dns::RrType type{};  // of the RRset: also CNAME and DNAME
  enum class Kind : std::uint8_t { rrset, nodata, nxdomain, cname, dname } kind{};
  dns::Ttl ttl;
};

struct Answer {
  enum class Kind : std::uint8_t {
    data,
    nodata,
    nxdomain,
    notKnown,  // outside, delegated away, not transferred yet, or an alias chain that is longer
               // than the limit or leads to a name that cannot be; `why` says which
  } kind{};
  dns::Name name;                             // where the chain of CNAME and DNAME ended
  RrsetView rrset;                            // data
  absl::InlinedVector<Evidence, 1> evidence;  // in the order in which it was followed
  std::string why;          // notKnown: "outside the customer's zones: sip.example.net"
  bool is_outside = false;  // notKnown: no transferred zone has `name`, a resolver may
};

// What derive asks its questions of.
class Lookup {
 public:
  virtual ~Lookup() = default;
  virtual Answer lookup(dns::NameView name, dns::RrType type) const = 0;
  // Where evidence came from, for people: "zone example.com serial 17".
  virtual std::string describe(const Evidence& evidence) const = 0;
};

class View {
 public:
  explicit View(std::uint32_t alias_chain_max = 8) : alias_chain_max_(alias_chain_max) {}

  // No other zone of the view has this apex, or index. The zone is not transferred yet.
  void addZone(ZoneIndex zone, dns::Name apex, CustomerId owner, bool shared);
  // A zone whose content is kept for what else it means, and which answers nobody. As long as it is
  // pending, its owner lacks zones that nobody knows yet.
  void addCatalog(ZoneIndex zone, dns::Name apex, CustomerId owner);
  void endPending(ZoneIndex catalog);
  // Whether it answers every customer; of one that answers its owner.
  void setShared(ZoneIndex zone, bool shared) { at(zone).shared = shared; }
  // What it held. The index may be given to another zone; until then it still has its apex and
  // owner, and no content.
  std::unique_ptr<Zone> removeZone(ZoneIndex zone);
  // Replaces the content and returns the former; nothing means "not transferred".
  std::unique_ptr<Zone> install(ZoneIndex zone, std::unique_ptr<Zone> content);
  Zone* zone(ZoneIndex zone) { return at(zone).content.get(); }
  const Zone* zone(ZoneIndex zone) const { return at(zone).content.get(); }
  std::size_t loaded() const { return loaded_; }  // zones that are transferred
  bool hasAll(CustomerId owner) const { return !missing_.contains(owner); }  // of its own zones
  dns::NameView apex(ZoneIndex zone) const { return at(zone).apex; }
  CustomerId owner(ZoneIndex zone) const { return at(zone).owner; }
  bool isCatalog(ZoneIndex zone) const { return !at(zone).answers; }

  // Where the last question came to. The zones must not change while it is in use.
  struct Way {
    const Zone* zone = nullptr;
    std::optional<TreePath> path;
  };
  Answer lookup(CustomerId customer, dns::NameView name, dns::RrType type) const;
  Answer lookup(CustomerId customer, dns::NameView name, dns::RrType type, Way& way) const;

  // The most specific zone, own or shared, that `name` is at or under; nothing when there is none.
  std::optional<ZoneIndex> zoneFor(CustomerId customer, dns::NameView name) const;
  // The most specific zone that `name` is at or under, whoever has it.
  std::optional<ZoneIndex> zoneAbove(dns::NameView name) const;
  // Who has that very name: the customer that watches it; zones are not asked.
  std::optional<CustomerId> watcher(dns::NameView name) const;
  // Who speaks for `name`: the customer with the most specific zone or watched name that it is at
  // or under (DESIGN section 5).
  std::optional<CustomerId> speaker(dns::NameView name) const;
  // The customer speaks for a name without having a zone of it here. No other has it.
  void addWatched(dns::Name name, CustomerId customer);
  void removeWatched(dns::NameView name) { watched_.erase(name); }
  void setAliasChainMax(std::uint32_t max) { alias_chain_max_ = max; }

 private:
  struct ZoneEntry {
    dns::Name apex;
    CustomerId owner{};
    bool shared = false;
    bool answers = true;
    bool missing = false;  // not transferred; of a catalog: pending
    std::unique_ptr<Zone> content;
  };
  ZoneEntry& makeEntry(ZoneIndex zone, dns::Name apex, CustomerId owner);
  void setMissing(ZoneEntry& zone, bool missing);
  ZoneEntry& at(ZoneIndex zone) { return zones_[static_cast<std::size_t>(zone)]; }
  const ZoneEntry& at(ZoneIndex zone) const { return zones_[static_cast<std::size_t>(zone)]; }

  // The most specific zone that `name` is at or under and `accept(entry)` takes.
  template <typename Accept>
  std::optional<ZoneIndex> mostSpecific(dns::NameView name, Accept accept) const;

  std::uint32_t alias_chain_max_;
  std::vector<ZoneEntry> zones_;
  std::size_t loaded_ = 0;
  absl::flat_hash_map<CustomerId, std::size_t> missing_;  // zones that are; none is 0
  absl::flat_hash_map<dns::Name, ZoneIndex, dns::NameHash, dns::NameEqual> by_apex_;
  absl::flat_hash_map<dns::Name, CustomerId, dns::NameHash, dns::NameEqual> watched_;
  // How many labels they have, or had.
  std::bitset<dns::kNameOctetsMax / 2 + 1> apex_labels_, watched_labels_;
};

}  // namespace zonecast::view
