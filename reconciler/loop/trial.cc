#include "reconciler/loop/trial.h"

#include <algorithm>

#include "reconciler/derive/sip_service.h"
#include "reconciler/identity/claim.h"

namespace zonecast::loop {
namespace {

Presence presence(const view::Answer& answer, dns::NameView asked) {
  if (!answer.evidence.empty()) {
    const view::Evidence& first = answer.evidence.front();
    const bool exact = first.name == asked && (first.kind == view::Evidence::Kind::rrset ||
                                               first.kind == view::Evidence::Kind::cname);
    if (exact) return Presence::present;
  }
  return answer.kind == view::Answer::Kind::notKnown ? Presence::notKnown : Presence::absent;
}

bool isSipNaptr(std::span<const std::uint8_t> rdata) {
  const auto naptr = dns::parseNaptr(rdata);
  return naptr && derive::transportOfNaptr(naptr->services).has_value();
}

// A domain that is an alias has no NAPTR of its own, whatever its target has.
Presence sipNaptrPresence(const view::Answer& answer, dns::NameView asked) {
  const Presence any = presence(answer, asked);
  if (any != Presence::present) return any;
  if (answer.evidence.front().kind == view::Evidence::Kind::cname) return Presence::absent;
  return std::ranges::any_of(answer.rrset.rdatas, isSipNaptr) ? Presence::present
                                                              : Presence::absent;
}

}  // namespace

Presence askedForByZone(derive::Inquiry& inquiry, dns::NameView domain) {
  bool not_known = false;
  const auto consider = [&](Presence p) {
    not_known |= p == Presence::notKnown;
    return p == Presence::present;
  };
  for (const derive::Transport transport : derive::kTransports) {
    const auto owner = derive::srvOwner(transport, domain);
    if (owner && consider(presence(inquiry.ask(*owner, dns::RrType::srv), *owner))) {
      return Presence::present;
    }
  }
  if (const auto owner = dns::Name::prepend(identity::kClaimLabel, domain);
      owner && consider(presence(inquiry.ask(*owner, dns::RrType::txt), *owner))) {
    return Presence::present;
  }
  if (consider(sipNaptrPresence(inquiry.ask(domain, dns::RrType::naptr), domain))) {
    return Presence::present;
  }
  return not_known ? Presence::notKnown : Presence::absent;
}

bool isOccluded(const view::Lookup& dns, const view::Zone& zone, dns::NameView domain) {
  const auto claim_owner = dns::Name::prepend(identity::kClaimLabel, domain);
  if (!claim_owner) return false;
  const view::Answer answer = dns.lookup(*claim_owner, dns::RrType::txt);
  if (answer.evidence.empty()) return false;
  const view::Evidence& first = answer.evidence.front();
  const bool is_hidden = first.kind == view::Evidence::Kind::dname ||
                         std::holds_alternative<view::FromResolver>(first.source);
  if (!is_hidden) return false;
  if (zone.hasRecordsAt(domain) || zone.hasRecordsAt(*claim_owner)) return true;
  return std::ranges::any_of(derive::kTransports, [&](derive::Transport transport) {
    const auto owner = derive::srvOwner(transport, domain);
    return owner && zone.hasRecordsAt(*owner);
  });
}

}  // namespace zonecast::loop
