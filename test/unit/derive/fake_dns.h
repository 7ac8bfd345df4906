// DNS for derive's tests: one zone and its records as text. What lies outside the zone is not
// known; CNAME and DNAME are followed. The question counter shows what was asked.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/derive/derive.h"
#include "reconciler/view/view.h"
#include "test/support/records.h"

namespace zonecast::derive {

class FakeDns final : public view::Lookup {
 public:
  explicit FakeDns(std::string_view apex, std::string_view records = {})
      : apexes_{test::nameFromText(apex)} {
    add(records);
  }
  void addZone(std::string_view apex) { apexes_.push_back(test::nameFromText(apex)); }
  void add(std::string_view records) {
    for (test::OwnedRecord& record : test::recordsFromText(records)) {
      records_.push_back(std::move(record));
    }
  }
  void reverse() { std::reverse(records_.begin(), records_.end()); }

  view::Answer lookup(dns::NameView name, dns::RrType type) const override {
    asked.push_back(name.toText() + " " + dns::toText(type));
    view::Answer answer;
    answer.name = dns::Name(name);
    for (int hop = 0; hop <= 8; ++hop) {
      if (!step(answer, type)) return answer;
    }
    answer.kind = view::Answer::Kind::notKnown;
    answer.why = "a chain of more than 8 aliases";
    return answer;
  }
  std::string describe(const view::Evidence& evidence) const override {
    const auto& from = std::get<view::FromZone>(evidence.source);
    return "zone " + apexes_[static_cast<std::size_t>(from.zone)].toText() + " serial " +
           std::to_string(from.serial.value());
  }

  mutable std::vector<std::string> asked;

 private:
  using Kind = view::Evidence::Kind;

  // True when an alias was followed.
  bool step(view::Answer& answer, dns::RrType type) const {
    const auto zone = std::find_if(apexes_.begin(), apexes_.end(), [&](const dns::Name& apex) {
      return answer.name.view().isAtOrUnder(apex);
    });
    if (zone == apexes_.end()) {
      answer.kind = view::Answer::Kind::notKnown;
      answer.why = "outside the customer's zones: " + answer.name.toText();
      return false;
    }
    const auto add_evidence = [&](dns::NameView owner, Kind kind) {
      answer.evidence.push_back(
          {view::FromZone{view::ZoneIndex(zone - apexes_.begin()), dns::Serial(17)}, answer.name,
           dns::Name(owner), type, kind, dns::Ttl(300)});
    };
    bool exists = false;
    for (const test::OwnedRecord& record : records_) {
      const dns::NameView name = answer.name;
      exists |= record.owner.view().isAtOrUnder(name);
      const bool below = name != record.owner.view() && name.isAtOrUnder(record.owner);
      if (record.type == dns::RrType::dname && below) {
        add_evidence(record.owner, Kind::dname);
        answer.name =
            *dns::Name::substitute(name, record.owner, *dns::parseSingleName(record.rdata));
        return true;
      }
      if (record.owner != name) continue;
      if (record.type == dns::RrType::cname) {
        add_evidence(record.owner, Kind::cname);
        answer.name = dns::Name(*dns::parseSingleName(record.rdata));
        return true;
      }
      if (record.type == type) {
        answer.rrset.rdatas.push_back(record.rdata);
        answer.rrset.ttl = record.ttl;
      }
    }
    if (!answer.rrset.rdatas.empty()) {
      answer.kind = view::Answer::Kind::data;
      add_evidence(answer.name, Kind::rrset);
    } else {
      answer.kind = exists ? view::Answer::Kind::nodata : view::Answer::Kind::nxdomain;
      add_evidence(answer.name, exists ? Kind::nodata : Kind::nxdomain);
    }
    return false;
  }

  std::vector<dns::Name> apexes_;
  std::vector<test::OwnedRecord> records_;
};

// sip.provider.example, 192.0.2.0/24 and 2001:db8:5::/48, on UDP and TCP 5060 and TLS 5061.
inline Edge providerEdge() {
  return Edge{{EdgeRule{"edge[0]",
                        {test::nameFromText("sip.provider.example")},
                        {*prefixFromText("192.0.2.0/24"), *prefixFromText("2001:db8:5::/48")},
                        {{Transport::udp, 5060}, {Transport::tcp, 5060}, {Transport::tls, 5061}}}}};
}

inline Domain domainOf(std::string_view text) {
  return Domain::fromText(text).value();
}

inline std::vector<std::string> textsOf(const std::vector<dns::Name>& names) {
  std::vector<std::string> texts;
  for (const dns::Name& name : names) texts.push_back(name.toText());
  return texts;
}

}  // namespace zonecast::derive
