#include "test/sim/reference_dns.h"

#include <algorithm>
#include <optional>

namespace zonecast::sim {
namespace {

constexpr int kAliasesMax = 8;

dns::Name targetOf(const Octets& rdata) {
  return dns::Name::fromWire(rdata).value();
}

struct ZoneSays {
  enum class Kind { data, none, alias, delegated, tooLong } kind = Kind::none;
  std::vector<Octets> rdatas;
  dns::Name target;  // alias
  dns::Name owner;   // that answered
  bool by_dname = false;
};

// RFC 1034 section 4.3.2, steps 3a and 3c.
ZoneSays answerAt(const ZoneRecords& zone, dns::NameView owner, dns::RrType type) {
  ZoneSays says;
  says.owner = dns::Name(owner);
  const auto alias = zone.at(owner, dns::RrType::cname);
  if (!alias.empty() && type != dns::RrType::cname) {
    says.kind = ZoneSays::Kind::alias;
    says.target = targetOf(alias.front());
    return says;
  }
  says.rdatas = zone.at(owner, type);
  says.kind = says.rdatas.empty() ? ZoneSays::Kind::none : ZoneSays::Kind::data;
  return says;
}

ZoneSays askZone(const ZoneRecords& zone, dns::NameView apex, dns::NameView name,
                 dns::RrType type) {
  for (std::size_t labels = apex.labelCount(); labels <= name.labelCount(); ++labels) {
    const dns::NameView above = name.suffix(labels);
    if (above != apex && !zone.at(above, dns::RrType::ns).empty()) {
      return {ZoneSays::Kind::delegated, {}, {}, dns::Name(above)};  // step 3b
    }
    const auto dname = zone.at(above, dns::RrType::dname);
    if (above == name || dname.empty()) continue;
    // RFC 6672 section 3.2: a name that would be too long is YXDOMAIN, which answers nothing.
    const auto target = dns::Name::substitute(name, above, targetOf(dname.front()));
    if (!target) return {ZoneSays::Kind::tooLong, {}, {}, dns::Name(above), true};
    return {ZoneSays::Kind::alias, {}, *target, dns::Name(above), true};
  }
  if (name == apex || zone.exists(name)) return answerAt(zone, name, type);
  // RFC 4592 section 3.3.1: the wildcard at the closest encloser, and no other.
  dns::NameView encloser = name.parent();
  while (encloser != apex && !zone.exists(encloser)) encloser = encloser.parent();
  const auto wildcard = dns::Name::prepend("*", encloser);
  if (wildcard && zone.exists(*wildcard)) return answerAt(zone, *wildcard, type);
  return {ZoneSays::Kind::none, {}, {}, dns::Name(name)};
}

}  // namespace

bool OutsideAnswer::operator==(const OutsideAnswer& other) const {
  return rdatas == other.rdatas &&
         std::ranges::equal(aliases, other.aliases, [](const Alias& a, const Alias& b) {
           return a.owner == b.owner && a.target == b.target && a.is_cname == b.is_cname;
         });
}

ZoneRecords::ZoneRecords(const std::vector<test::OwnedRecord>& records) {
  for (const test::OwnedRecord& record : records) {
    auto& rrset = records_[record.owner][record.type];
    if (std::ranges::find(rrset, record.rdata) == rrset.end()) rrset.push_back(record.rdata);
    owners_.insert(record.owner);
  }
}

bool ZoneRecords::exists(dns::NameView name) const {
  const auto first = records_.lower_bound(name);  // a name sorts directly before what is below it
  return first != records_.end() && first->first.view().isAtOrUnder(name);
}

std::vector<Octets> ZoneRecords::at(dns::NameView name, dns::RrType type) const {
  const auto owner = records_.find(name);
  if (owner == records_.end()) return {};
  const auto rrset = owner->second.find(type);
  return rrset == owner->second.end() ? std::vector<Octets>() : rrset->second;
}

DnsAnswer ReferenceDns::ask(std::size_t customer, dns::NameView question, dns::RrType type) const {
  DnsAnswer answer;
  dns::Name name(question);
  answer.path.push_back(name);
  for (int aliases = 0; aliases <= kAliasesMax; ++aliases) {
    const std::size_t zone = zoneFor(customer, name);
    if (zone == kNobody) {
      askOutside(name, type, aliases, answer);
      return answer;
    }
    if (!zones_[zone].records) return answer;
    const ZoneSays says = askZone(*zones_[zone].records, zones_[zone].apex, name, type);
    if (says.kind == ZoneSays::Kind::delegated) {
      askOutside(name, type, aliases, answer);
      return answer;
    }
    answer.zones.insert(zone);
    if (aliases == 0) {
      const bool exact = says.owner == question && !says.by_dname;
      answer.is_alias = exact && says.kind == ZoneSays::Kind::alias;
      answer.stands_there = answer.is_alias || (exact && says.kind == ZoneSays::Kind::data);
    }
    answer.path.push_back(says.owner);
    if (says.kind == ZoneSays::Kind::tooLong) return answer;
    if (says.kind != ZoneSays::Kind::alias) {
      const bool data = says.kind == ZoneSays::Kind::data;
      answer.kind = data ? DnsAnswer::Kind::data : DnsAnswer::Kind::none;
      answer.rdatas = says.rdatas;
      return answer;
    }
    name = says.target;
    answer.path.push_back(name);
  }
  return answer;
}

// Where a resolver's answer leads through aliases, it has followed them.
void ReferenceDns::askOutside(dns::NameView name, dns::RrType type, int aliases,
                              DnsAnswer& answer) const {
  const auto says = outside_ ? outside_(name, type) : std::nullopt;
  if (!says) return;
  if (aliases == 0) {
    answer.is_alias = !says->aliases.empty() && says->aliases.front().is_cname;
    answer.stands_there = says->aliases.empty() ? !says->rdatas.empty() : answer.is_alias;
  }
  for (const OutsideAnswer::Alias& alias : says->aliases) {
    answer.path.push_back(alias.owner);
    answer.path.push_back(alias.target);
  }
  if (aliases + static_cast<int>(says->aliases.size()) > kAliasesMax) return;
  answer.kind = says->rdatas.empty() ? DnsAnswer::Kind::none : DnsAnswer::Kind::data;
  answer.rdatas = says->rdatas;
}

std::size_t ReferenceDns::zoneFor(std::size_t customer, dns::NameView name) const {
  std::size_t best = kNobody;
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    if (!zones_[i].shared && zones_[i].customer != customer) continue;
    if (!name.isAtOrUnder(zones_[i].apex)) continue;
    const bool closer = best == kNobody ||
                        zones_[i].apex.view().labelCount() > zones_[best].apex.view().labelCount();
    if (closer) best = i;
  }
  return best;
}

std::size_t ReferenceDns::speaker(dns::NameView name) const {
  std::size_t best = kNobody, labels = 0;
  const auto consider = [&](const dns::Name& top, std::size_t customer) {
    if (!name.isAtOrUnder(top)) return;
    if (best != kNobody && top.view().labelCount() <= labels) return;
    best = customer;
    labels = top.view().labelCount();
  };
  for (const ZoneView& zone : zones_) consider(zone.apex, zone.customer);
  for (const WatchedView& watched : watched_) consider(watched.name, watched.customer);
  return best;
}

}  // namespace zonecast::sim
