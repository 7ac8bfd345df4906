// What DNS says now, to one customer: the transferred zones that speak to it, and lookups across them.
//
// Invariants: a customer is answered from its own zones and from `shared` ones only, never from
// another customer's; what lies outside them, below a cut that leads outside them, or in a zone not
// yet transferred is `notKnown`, never `nxdomain`. Results are valid until a zone changes.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"
#include "reconciler/view/zone.h"

namespace zonecast::view {

enum class CustomerId : std::uint32_t {};
enum class ZoneIndex : std::uint32_t {};  // a zone of the view; the loop gives the same numbers to the secondary

// One RRset (or its proven absence) that an answer rests on.
struct Evidence {
  ZoneIndex zone{};
  dns::Serial serial;
  dns::Name name;           // the owner that answered
  dns::RrType type{};
  enum class Kind : std::uint8_t { rrset, nodata, nxdomain, cname, dname } kind{};
  dns::Ttl ttl;
};

struct Answer {
  enum class Kind : std::uint8_t {
    data,
    nodata,
    nxdomain,
    notKnown,  // outside, not transferred yet, or a chain longer than the limit; `why` says which
  } kind{};
  dns::Name name;                    // where the chain of CNAME and DNAME ended
  RrsetView rrset;                   // data
  std::vector<Evidence> evidence;    // in the order in which it was followed
  std::string why;                   // notKnown: "outside the customer's zones: sip.example.net"
};

inline constexpr int kAliasChainMax = 8;

// What derive asks its questions of.
class Lookup {
 public:
  virtual ~Lookup() = default;
  virtual Answer lookup(dns::NameView name, dns::RrType type) const = 0;
};

class View {
 public:
  ZoneIndex addZone(dns::Name apex, CustomerId owner, bool shared);
  // Replaces the content; nothing means "not transferred".
  void install(ZoneIndex zone, std::unique_ptr<Zone> content);
  Zone* zone(ZoneIndex zone);
  const Zone* zone(ZoneIndex zone) const;
  dns::NameView apex(ZoneIndex zone) const;
  CustomerId owner(ZoneIndex zone) const;

  Answer lookup(CustomerId customer, dns::NameView name, dns::RrType type) const;

  // The most specific zone, own or shared, that `name` is at or under; nothing when there is none.
  std::optional<ZoneIndex> zoneFor(CustomerId customer, dns::NameView name) const;
  // Who speaks for `name`: the customer with the most specific zone (DESIGN section 5).
  std::optional<CustomerId> speaker(dns::NameView name) const;
};

class CustomerLookup final : public Lookup {
 public:
  CustomerLookup(const View& view, CustomerId customer) : view_(view), customer_(customer) {}
  Answer lookup(dns::NameView name, dns::RrType type) const override {
    return view_.lookup(customer_, name, type);
  }

 private:
  const View& view_;
  CustomerId customer_;
};

}  // namespace zonecast::view
