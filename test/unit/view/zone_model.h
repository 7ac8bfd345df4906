// A zone as a plain map, answering by the letter of the RFCs and without any cleverness: what Zone
// is held against.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "test/unit/view/zone_text.h"

namespace zonecast::view {

class ZoneModel {
 public:
  struct Answer {
    ZoneAnswer::Kind kind{};
    std::vector<Octets> rdatas;  // of data, CNAME and DNAME; sorted
    std::string target;
    friend bool operator==(const Answer&, const Answer&) = default;
  };
  using Rrset = std::map<Octets, int>;  // RDATA (none for types that are not kept) -> how many
  using Owner = std::map<dns::RrType, Rrset>;

  explicit ZoneModel(std::string_view apex) : apex_(name(apex)) {}

  void add(const DeltaRecord& r) {
    int& count = owners_[r.owner.toText()][r.type][rdataOf(r)];
    count = dns::isKept(r.type) ? 1 : count + 1;
  }
  bool remove(const DeltaRecord& r) {
    Owner& owner = owners_[r.owner.toText()];
    Rrset& rrset = owner[r.type];
    const auto found = rrset.find(rdataOf(r));
    const bool there = found != rrset.end();
    if (there && --found->second == 0) rrset.erase(found);
    if (rrset.empty()) owner.erase(r.type);
    if (owner.empty()) owners_.erase(r.owner.toText());
    return there;
  }

  // "it or a name below it has a record" (RFC 4592 section 2.2.2)
  bool exists(dns::NameView n) const {
    return std::ranges::any_of(
        owners_, [&](const auto& owner) { return name(owner.first).view().isAtOrUnder(n); });
  }
  bool has(dns::NameView n, dns::RrType type) const { return !rrset(n, type).empty(); }
  Rrset rrset(dns::NameView n, dns::RrType type) const {
    const auto owner = owners_.find(n.toText());
    if (owner == owners_.end()) return {};
    const auto found = owner->second.find(type);
    return found == owner->second.end() ? Rrset{} : found->second;
  }

  Answer lookup(dns::NameView question, dns::RrType type) const {
    using Kind = ZoneAnswer::Kind;
    const std::size_t apex_labels = apex_.view().labelCount();
    for (std::size_t labels = apex_labels; labels <= question.labelCount(); ++labels) {
      const dns::NameView n = question.suffix(labels);
      if (labels > apex_labels && has(n, dns::RrType::ns))
        return {.kind = Kind::delegated, .rdatas = {}, .target = {}};
      if (n != question && has(n, dns::RrType::dname)) return substituted(question, n);
    }
    if (exists(question)) return answerAt(question, type);
    dns::NameView encloser = question;
    while (!exists(encloser)) encloser = encloser.parent();
    const dns::Name wildcard = dns::Name::prepend("*", encloser).value();
    if (exists(wildcard)) return answerAt(wildcard, type);
    return {.kind = Kind::nxdomain, .rdatas = {}, .target = {}};
  }

  // Names of this zone and all above them, up to the apex.
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& [text, owner] : owners_) {
      const dns::Name whole = name(text);
      dns::NameView n = whole;
      for (; n != apex_.view(); n = n.parent()) names.insert(n.toText());
    }
    names.insert(apex_.toText());
    return names;
  }

  std::vector<DeltaRecord> records() const {
    std::vector<DeltaRecord> records;
    for (const auto& [text, owner] : owners_) {
      for (const auto& [type, rrset] : owner) {
        for (const auto& [rdata, count] : rrset) {
          for (int i = 0; i < count; ++i) {
            records.push_back({name(text), type, dns::Ttl(3600), rdata});
          }
        }
      }
    }
    return records;
  }

  // Without the SOA; of types that are not kept, that they are there.
  Owner comparable(dns::NameView n) const {
    const auto found = owners_.find(n.toText());
    if (found == owners_.end()) return {};
    Owner owner = found->second;
    owner.erase(dns::RrType::soa);
    for (auto& [type, rrset] : owner) {
      for (auto& [rdata, count] : rrset) count = 1;
    }
    return owner;
  }

 private:
  static Octets rdataOf(const DeltaRecord& r) { return dns::isKept(r.type) ? r.rdata : Octets{}; }

  static std::vector<Octets> rdatasOf(const Rrset& rrset) {
    std::vector<Octets> rdatas;
    for (const auto& [rdata, count] : rrset) rdatas.push_back(rdata);
    return rdatas;
  }
  static dns::Name target(const Rrset& rrset) {
    return dns::Name(dns::parseSingleName(rrset.begin()->first).value());
  }

  Answer answerAt(dns::NameView n, dns::RrType type) const {
    using Kind = ZoneAnswer::Kind;
    if (const Rrset alias = rrset(n, dns::RrType::cname);
        type != dns::RrType::cname && !alias.empty()) {
      return {.kind = Kind::cname, .rdatas = rdatasOf(alias), .target = target(alias).toText()};
    }
    if (!has(n, type)) return {.kind = Kind::nodata, .rdatas = {}, .target = {}};
    return {.kind = Kind::data,
            .rdatas = dns::isKept(type) ? rdatasOf(rrset(n, type)) : std::vector<Octets>{},
            .target = {}};
  }

  Answer substituted(dns::NameView question, dns::NameView owner) const {
    const Rrset dname = rrset(owner, dns::RrType::dname);
    Answer answer{.kind = ZoneAnswer::Kind::dname, .rdatas = rdatasOf(dname), .target = {}};
    if (const auto name = dns::Name::substitute(question, owner, target(dname))) {
      answer.target = name->toText();
    } else {
      answer.kind = ZoneAnswer::Kind::tooLong;
    }
    return answer;
  }

  dns::Name apex_;
  std::map<std::string, Owner> owners_;
};

inline ZoneModel::Answer asModelAnswer(const ZoneAnswer& answer) {
  ZoneModel::Answer as{.kind = answer.kind, .rdatas = {}, .target = {}};
  for (const auto& rdata : answer.rrset.rdatas) as.rdatas.emplace_back(rdata.begin(), rdata.end());
  const bool leads_on =
      answer.kind == ZoneAnswer::Kind::cname || answer.kind == ZoneAnswer::Kind::dname;
  if (leads_on) as.target = answer.target.toText();
  return as;
}

}  // namespace zonecast::view
