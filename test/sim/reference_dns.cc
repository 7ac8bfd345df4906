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
    if (zone == kNobody || !zones_[zone].records) return answer;
    const ZoneSays says = askZone(*zones_[zone].records, zones_[zone].apex, name, type);
    if (says.kind == ZoneSays::Kind::delegated) return answer;
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
  std::size_t best = kNobody;
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    if (!name.isAtOrUnder(zones_[i].apex)) continue;
    const bool closer = best == kNobody ||
                        zones_[i].apex.view().labelCount() > zones_[best].apex.view().labelCount();
    if (closer) best = i;
  }
  return best == kNobody ? kNobody : zones_[best].customer;
}

}  // namespace zonecast::sim
