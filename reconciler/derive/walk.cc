#include "reconciler/derive/walk.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "reconciler/derive/sip_service.h"

namespace zonecast::derive {
namespace {

using Outcome = Step::Outcome;

// RFC 3403 section 4.1: flags have no case, and an application says which there are. RFC 3263
// section 4.1 has "s"; "a" is as in RFC 3404. Without one another NAPTR follows.
enum class Flag : std::uint8_t { chain, services, host, foreign };

Flag flagOf(std::string_view flags) {
  if (flags.empty()) return Flag::chain;
  if (flags == "s" || flags == "S") return Flag::services;
  if (flags == "a" || flags == "A") return Flag::host;
  return Flag::foreign;
}

// Why a NAPTR counts for nothing; empty when it counts.
std::string_view whyIgnored(const dns::Naptr& naptr) {
  if (!transportOfNaptr(naptr.services)) return "not a service of SIP";
  if (!naptr.regexp.empty()) return "its regexp is never run";
  if (naptr.replacement.isRoot()) return "it has no replacement";
  if (flagOf(naptr.flags) == Flag::foreign) return "a flag that SIP does not have";
  return {};
}

auto tryingOrder(const dns::Naptr& naptr) {
  return std::tuple(naptr.order, naptr.preference, naptr.services, naptr.flags,
                    naptr.replacement.wire(), naptr.regexp);
}

// Of targets with one priority clients choose by weight, at random: their order here is any.
auto tryingOrder(const dns::Srv& srv) {
  return std::tuple(srv.priority, srv.target.wire(), srv.port, srv.weight);
}

bool before(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

const EdgeRule* edgeByAddress(const Edge& edge, dns::RrType type,
                              std::span<const std::uint8_t> rdata, EdgePort port) {
  if (type == dns::RrType::a) {
    const auto address = dns::parseA(rdata);
    return address ? edge.byAddress(*address, port.transport, port.port) : nullptr;
  }
  const auto address = dns::parseAaaa(rdata);
  return address ? edge.byAddress(*address, port.transport, port.port) : nullptr;
}

// A host that is the edge's by name is not looked up: it has the families of its rule's addresses,
// and both when the operator gave no address.
Families familiesOf(const EdgeRule& rule) {
  Families families;
  for (const Prefix& prefix : rule.prefixes) (prefix.v6 ? families.v6 : families.v4) = true;
  return rule.prefixes.empty() ? Families{true, true} : families;
}

std::string whyNotKnown(dns::NameView name, dns::RrType type, std::string_view why) {
  return fmt::format("{} {}: {}", name.toText(), dns::toText(type), why);
}

}  // namespace

Walk::Walk(const Domain& domain, const view::Lookup& dns, const Edge& edge,
           const DerivePolicy& policy, std::vector<Step>* steps)
    : name_(domain.name()),
      edge_(edge),
      policy_(policy),
      inquiry_(name_, dns, policy.lookups_max),
      recorder_(steps, dns) {}

void Walk::fold(Reach& whole, Reach way) {
  whole.end = std::max(whole.end, way.end);
  whole.preferred |= way.preferred;
  whole.is_nowhere |= way.is_nowhere;
  whole.families.v4 |= way.families.v4;
  whole.families.v6 |= way.families.v6;
  if (whole.missing.empty()) whole.missing = std::move(way.missing);
}

Verdict Walk::run(Until until) {
  std::array<Reach, kTransports.size()> reaches;
  const PointerSet naptrs = readPointers(name_);
  bool addresses_count = policy_.address_step;
  for (const Transport transport : kTransports) {
    if (!policy_.transports.contains(transport)) continue;
    Reach& reach = reaches[static_cast<std::size_t>(transport)];
    reach = follow(naptrs, transport);
    if (reach.end != End::none) addresses_count = false;
    if (until == Until::edge && reach.end == End::edge) break;
  }
  if (!addresses_count || naptrs.has_sip) return conclude(reaches, false);

  // RFC 3263 section 4.1: without NAPTR and SRV a client uses UDP, and TLS for a SIPS URI.
  for (const Transport transport : {Transport::udp, Transport::tls}) {
    const EdgePort port{transport, sipService(transport).default_port};
    if (!policy_.transports.contains(transport)) continue;
    Reach& reach = reaches[static_cast<std::size_t>(transport)];
    reach = followHost(name_, port, true);
    ledBy(Leading::addresses, transport, reach);
  }
  return conclude(reaches, true);
}

Walk::Reach Walk::follow(const PointerSet& naptrs, Transport transport) {
  if (!naptrs.missing.empty()) return unknown(naptrs.missing);
  const auto ways = waysFor(naptrs, transport);
  Reach reach;
  if (!ways.empty()) {
    reach = followPointers(naptrs, ways, transport, 1, true);
    ledBy(Leading::pointers, transport, reach);
  } else if (const auto owner = srvOwner(transport, name_)) {
    reach = followServices(*owner, transport, true);
    ledBy(Leading::services, transport, reach);
  }
  return reach;
}

void Walk::ledBy(Leading leading, Transport transport, const Reach& reach) {
  const bool leads = reach.end != End::none && (reach.end == End::edge || !reach.is_nowhere);
  if (leads) leading_[static_cast<std::size_t>(transport)] = leading;
}

Walk::PointerSet Walk::readPointers(dns::NameView owner) {
  PointerSet set{dns::Name(owner), inquiry_.ask(owner, dns::RrType::naptr), {}, false, {}};
  const Recorder::Question question{set.owner, dns::RrType::naptr};
  if (set.answer.kind == view::Answer::Kind::notKnown) {
    set.missing = whyNotKnown(owner, dns::RrType::naptr, set.answer.why);
  }
  if (set.answer.kind != view::Answer::Kind::data) {
    recorder_.absence(question, set.answer);
    return set;
  }
  for (const auto rdata : set.answer.rrset.rdatas) {
    const auto naptr = dns::parseNaptr(rdata);
    if (!naptr) {
      set.missing = whyNotKnown(owner, dns::RrType::naptr, naptr.error().what);
      recorder_.record(question, set.answer, rdata, Outcome::missing, naptr.error().what);
      return set;
    }
    set.has_sip |= transportOfNaptr(naptr->services).has_value();
    set.pointers.push_back({*naptr, rdata});
  }
  std::sort(set.pointers.begin(), set.pointers.end(), [](const Pointer& a, const Pointer& b) {
    return tryingOrder(a.naptr) < tryingOrder(b.naptr);
  });
  const auto ignored = [&](const Pointer& pointer) {
    const std::string_view why = whyIgnored(pointer.naptr);
    if (!why.empty()) recorder_.record(question, set.answer, pointer.rdata, Outcome::ignored, why);
    return !why.empty();
  };
  set.pointers.erase(std::remove_if(set.pointers.begin(), set.pointers.end(), ignored),
                     set.pointers.end());
  return set;
}

Walk::Ways Walk::waysFor(const PointerSet& set, Transport transport) {
  Ways ways;
  for (const Pointer& pointer : set.pointers) {
    if (transportOfNaptr(pointer.naptr.services) == transport) ways.push_back(&pointer);
  }
  return ways;
}

// A client goes on past a name without records when it made that name up itself; not when a record
// led there.
Walk::Reach Walk::notNowhere(Reach reach, std::string_view note) {
  if (reach.end != End::none) return reach;
  recorder_.amendLast(Outcome::elsewhere, note);
  return {.end = End::elsewhere, .is_nowhere = true};
}

// RFC 3403 section 4.1: once a record matches, no record of a higher ORDER is considered; among
// those of one ORDER, PREFERENCE says which are tried first.
Walk::Reach Walk::followPointers(const PointerSet& set, const Ways& ways, Transport transport,
                                 std::uint32_t chain, bool preferred) {
  const Recorder::Question question{set.owner, dns::RrType::naptr};
  const dns::Naptr& first = ways.front()->naptr;
  Reach whole;
  for (const Pointer* way : ways) {
    if (way->naptr.order != first.order) {
      recorder_.record(question, set.answer, way->rdata, Outcome::ignored,
                       "a record of lower ORDER is used");
      continue;
    }
    recorder_.record(question, set.answer, way->rdata, Outcome::leadsOn, "");
    const Recorder::Deeper deeper(recorder_);
    const bool tried_first = preferred && way->naptr.preference == first.preference;
    Reach reach = followPointer(way->naptr, transport, chain, tried_first);
    fold(whole, notNowhere(std::move(reach), "the NAPTR leads nowhere"));
  }
  return whole;
}

Walk::Reach Walk::followPointer(const dns::Naptr& naptr, Transport transport, std::uint32_t chain,
                                bool preferred) {
  switch (flagOf(naptr.flags)) {
    case Flag::services:
      return followServices(naptr.replacement, transport, preferred);
    case Flag::host:
      return followHost(naptr.replacement, {transport, sipService(transport).default_port},
                        preferred);
    default:
      return followChain(naptr.replacement, transport, chain, preferred);
  }
}

Walk::Reach Walk::followChain(dns::NameView owner, Transport transport, std::uint32_t chain,
                              bool preferred) {
  if (chain >= policy_.naptr_chain_max) {
    std::string missing = fmt::format("a chain of more than {} NAPTRs", policy_.naptr_chain_max);
    recorder_.amendLast(Outcome::missing, missing);
    return unknown(whyNotKnown(owner, dns::RrType::naptr, missing));
  }
  const PointerSet set = readPointers(owner);
  if (!set.missing.empty()) return unknown(set.missing);
  const auto ways = waysFor(set, transport);
  return ways.empty() ? Reach{} : followPointers(set, ways, transport, chain + 1, preferred);
}

Walk::Reach Walk::followServices(dns::NameView owner, Transport transport, bool preferred) {
  const view::Answer answer = inquiry_.ask(owner, dns::RrType::srv);
  const Recorder::Question question{owner, dns::RrType::srv};
  if (answer.kind != view::Answer::Kind::data) {
    recorder_.absence(question, answer);
    return answer.kind == view::Answer::Kind::notKnown
               ? unknown(whyNotKnown(owner, dns::RrType::srv, answer.why))
               : Reach{};
  }
  Services services;
  for (const auto rdata : answer.rrset.rdatas) {
    const auto srv = dns::parseSrv(rdata);
    if (!srv) {
      recorder_.record(question, answer, rdata, Outcome::missing, srv.error().what);
      return unknown(whyNotKnown(owner, dns::RrType::srv, srv.error().what));
    }
    services.push_back({*srv, rdata});
  }
  std::sort(services.begin(), services.end(), [](const Service& a, const Service& b) {
    return tryingOrder(a.srv) < tryingOrder(b.srv);
  });
  dropClosing(question, answer, services);
  if (services.empty()) return closed();
  return followTargets(question, answer, services, transport, preferred);
}

// RFC 2782: a target of "." means that the service is decidedly not available. Beside other targets
// it says nothing that a client could act upon.
void Walk::dropClosing(Recorder::Question question, const view::Answer& answer,
                       Services& services) {
  const auto has_no_target = [](const Service& service) { return service.srv.target.isRoot(); };
  const bool closed = std::all_of(services.begin(), services.end(), has_no_target);
  for (const Service& service : services) {
    if (!has_no_target(service)) continue;
    recorder_.record(question, answer, service.rdata, closed ? Outcome::closed : Outcome::ignored,
                     closed ? "the service is closed" : "no target, beside others");
  }
  services.erase(std::remove_if(services.begin(), services.end(), has_no_target), services.end());
}

// `services` is in the order of trying, and not empty.
Walk::Reach Walk::followTargets(Recorder::Question question, const view::Answer& answer,
                                std::span<const Service> services, Transport transport,
                                bool preferred) {
  Reach whole;
  for (const Service& service :
       services.first(std::min<std::size_t>(services.size(), policy_.srv_targets_max))) {
    const dns::Srv& srv = service.srv;
    recorder_.record(question, answer, service.rdata, Outcome::leadsOn, "");
    const Recorder::Deeper deeper(recorder_);
    const bool tried_first = preferred && srv.priority == services.front().srv.priority;
    Reach reach = followHost(srv.target, {transport, srv.port}, tried_first);
    if (reach.end == End::edge) targets_.emplace_back(srv.target);
    fold(whole, notNowhere(std::move(reach), "the target has no address"));
  }
  if (services.size() > policy_.srv_targets_max) {
    const std::string missing =
        fmt::format("{} targets, of which {} were tried", services.size(), policy_.srv_targets_max);
    recorder_.record(question, answer, services[policy_.srv_targets_max].rdata, Outcome::missing,
                     missing);
    fold(whole, unknown(whyNotKnown(question.name, question.type, missing)));
  }
  return whole;
}

// RFC 3263 section 4.2 and RFC 7984: A and AAAA alike, whatever the other says.
Walk::Reach Walk::followHost(dns::NameView host, EdgePort port, bool preferred) {
  const EdgeRule* rule = edge_.byHost(host, port.transport, port.port);
  if (rule != nullptr || !edge_.listensOn(port.transport, port.port)) {
    recorder_.edgeSays(host, port, rule);
    if (rule == nullptr) return elsewhere();
    return atEdge(familiesOf(*rule), preferred);
  }
  Reach whole = followAddresses(host, dns::RrType::a, port, preferred);
  fold(whole, followAddresses(host, dns::RrType::aaaa, port, preferred));
  return whole;
}

Walk::Reach Walk::followAddresses(dns::NameView host, dns::RrType type, EdgePort port,
                                  bool preferred) {
  const view::Answer& answer = inquiry_.askAddresses(host, type);
  const Recorder::Question question{host, type};
  if (const EdgeRule* rule = edgeByAlias(host, answer, port)) {
    recorder_.edgeAlias(question, answer, *rule);
    return atEdge(familiesOf(*rule), preferred);
  }
  if (answer.kind != view::Answer::Kind::data) {
    recorder_.absence(question, answer);
    return answer.kind == view::Answer::Kind::notKnown
               ? unknown(whyNotKnown(host, type, answer.why))
               : Reach{};
  }
  return compareAddresses(question, answer, port, preferred);
}

Walk::Reach Walk::compareAddresses(Recorder::Question question, const view::Answer& answer,
                                   EdgePort port, bool preferred) {
  const bool v6 = question.type == dns::RrType::aaaa;
  std::vector<std::span<const std::uint8_t>> addresses(answer.rrset.rdatas.begin(),
                                                       answer.rrset.rdatas.end());
  std::sort(addresses.begin(), addresses.end(), before);
  Reach whole = elsewhere();
  const std::size_t tried = std::min<std::size_t>(addresses.size(), policy_.addresses_max);
  for (const auto address : std::span(addresses).first(tried)) {
    if (address.size() != (v6 ? 16 : 4)) {
      recorder_.record(question, answer, address, Outcome::missing, "malformed");
      fold(whole, unknown(whyNotKnown(question.name, question.type, "malformed")));
      continue;
    }
    const EdgeRule* rule = edgeByAddress(edge_, question.type, address, port);
    recorder_.address(question, answer, address, rule);
    if (rule != nullptr) fold(whole, atEdge({.v4 = !v6, .v6 = v6}, preferred));
  }
  if (addresses.size() > tried) {
    const std::string missing =
        fmt::format("{} addresses, of which {} were tried", addresses.size(), tried);
    recorder_.record(question, answer, addresses[tried], Outcome::missing, missing);
    fold(whole, unknown(whyNotKnown(question.name, question.type, missing)));
  }
  return whole;
}

// Every name on the way counts, the last and those that aliases led through.
const EdgeRule* Walk::edgeByAlias(dns::NameView host, const view::Answer& answer,
                                  EdgePort port) const {
  if (answer.name == host) return nullptr;
  for (const view::Evidence& evidence : answer.evidence) {
    const EdgeRule* rule = edge_.byHost(evidence.name, port.transport, port.port);
    if (rule != nullptr) return rule;
  }
  return edge_.byHost(answer.name, port.transport, port.port);
}

Verdict Walk::conclude(std::span<const Reach> reaches, bool by_address) const {
  Verdict verdict;
  verdict.sources = inquiry_.sources();
  verdict.reads = inquiry_.reads();
  verdict.leading = leading_;

  End end = End::none;
  for (const Reach& reach : reaches) end = std::max(end, reach.end);
  const bool hosted = end == End::edge;
  for (const Transport transport : kTransports) {
    const Reach& reach = reaches[static_cast<std::size_t>(transport)];
    if (reach.end != End::unknown || (hosted && !edge_.offers(transport))) continue;
    verdict.standing = Standing::unknown;
    verdict.missing = reach.missing;
    return verdict;
  }
  if (!hosted) {
    verdict.standing = end == End::closed ? Standing::closed : Standing::foreign;
    return verdict;
  }
  describeHosted(reaches, verdict);
  verdict.by_address = by_address;
  return verdict;
}

void Walk::describeHosted(std::span<const Reach> reaches, Verdict& verdict) const {
  verdict.standing = Standing::hosted;
  verdict.role = Role::backup;
  for (const Transport transport : kTransports) {
    const Reach& reach = reaches[static_cast<std::size_t>(transport)];
    if (reach.end != End::edge) continue;
    verdict.transports.insert(transport);
    verdict.families.v4 |= reach.families.v4;
    verdict.families.v6 |= reach.families.v6;
    if (reach.preferred) verdict.role = Role::primary;
  }
  verdict.targets = targets_;
  std::sort(verdict.targets.begin(), verdict.targets.end(), dns::CanonicalLess());
  verdict.targets.erase(std::unique(verdict.targets.begin(), verdict.targets.end()),
                        verdict.targets.end());
}

}  // namespace zonecast::derive
