// One domain's walk through DNS, as RFC 3263 section 4 has a SIP client walk, once for each
// transport that a client may have. derive() and explain() are this walk without and with a
// Recorder.
//
// Decisions where the RFCs leave room, or where what is asked differs from what a client asks:
// - A client drops services that it does not support before it applies ORDER, and one that has none
//   left has found no NAPTR (RFC 3263 section 4.1): it goes on to SRV for its transport. The same
//   section obliges domains to keep SRV records at their own name beside any NAPTR.
// - Of several ways (records of the lowest ORDER, targets of an SRV set, addresses of a host) one
//   that reaches the edge is enough: a client can end there. Then nothing need be known of the
//   others; and priorities alone, not what others resolve to, tell primary from backup.
// - A transport whose end is unknown makes the whole verdict unknown: to publish the other
//   transports alone would be a removal without evidence. Not so a transport that the edge offers
//   nowhere, once another reaches the edge.
// - A host that is the edge's by name is never looked up, nor is one on a port that the edge does
//   not have. An alias that leads to such a name reaches the edge too; RFC 2782 forbids aliases as
//   targets, clients follow them.
// - A NAPTR that leads to a name without records leads nowhere: a client does not come back.
//
// A walk's work is bounded by the look-up limit times records in an RRset: every question that can
// lead to others (NAPTR, SRV) counts anew each time it is asked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "reconciler/derive/derive.h"
#include "reconciler/derive/inquiry.h"
#include "reconciler/derive/recorder.h"

namespace zonecast::derive {

class Walk {
 public:
  // All must outlive the walk; `steps` may be null.
  Walk(const Domain& domain, const view::Lookup& dns, const Edge& edge, const DerivePolicy& policy,
       std::vector<Step>* steps);

  // Once. Until a transport has reached the edge, it tells steps, and no verdict of the others.
  enum class Until : std::uint8_t { end, edge };
  Verdict run(Until until = Until::end);

 private:
  // Where a way leads; of several ways the highest decides.
  enum class End : std::uint8_t { none, closed, elsewhere, unknown, edge };
  struct Reach {
    End end = End::none;
    bool preferred = false;   // edge: by the records that clients try first
    Families families{};      // edge
    std::string missing{};    // unknown
    bool is_nowhere = false;  // elsewhere: what some record leads to is not there
  };
  static Reach closed() { return {.end = End::closed}; }
  static Reach elsewhere() { return {.end = End::elsewhere}; }
  static Reach unknown(std::string missing) {
    return {.end = End::unknown, .missing = std::move(missing)};
  }
  static Reach atEdge(Families families, bool preferred) {
    return {.end = End::edge, .preferred = preferred, .families = families};
  }
  static void fold(Reach& whole, Reach way);

  // Parsed records, each with the RDATA that it is a view of.
  struct Pointer {
    dns::Naptr naptr;
    std::span<const std::uint8_t> rdata;
  };
  struct Service {
    dns::Srv srv;
    std::span<const std::uint8_t> rdata;
  };
  struct PointerSet {
    dns::Name owner;
    view::Answer answer;
    absl::InlinedVector<Pointer, 4> pointers;  // those that count, as clients try them
    bool has_sip = false;                      // one at least is SIP's, whether it counts or not
    std::string missing;                       // not empty: the set is not known
  };

  void ledBy(Leading leading, Transport transport, const Reach& reach);

  Reach follow(const PointerSet& naptrs, Transport transport);
  Reach notNowhere(Reach reach, std::string_view note);

  PointerSet readPointers(dns::NameView owner);
  using Ways = absl::InlinedVector<const Pointer*, 4>;
  static Ways waysFor(const PointerSet& set, Transport transport);
  Reach followPointers(const PointerSet& set, const Ways& ways, Transport transport,
                       std::uint32_t chain, bool preferred);
  Reach followPointer(const dns::Naptr& naptr, Transport transport, std::uint32_t chain,
                      bool preferred);
  Reach followChain(dns::NameView owner, Transport transport, std::uint32_t chain, bool preferred);

  Reach followServices(dns::NameView owner, Transport transport, bool preferred);
  using Services = absl::InlinedVector<Service, 4>;
  void dropClosing(Recorder::Question question, const view::Answer& answer, Services& services);
  Reach followTargets(Recorder::Question question, const view::Answer& answer,
                      std::span<const Service> services, Transport transport, bool preferred);

  Reach followHost(dns::NameView host, EdgePort port, bool preferred);
  Reach followAddresses(dns::NameView host, dns::RrType type, EdgePort port, bool preferred);
  Reach compareAddresses(Recorder::Question question, const view::Answer& answer, EdgePort port,
                         bool preferred);
  const EdgeRule* edgeByAlias(dns::NameView host, const view::Answer& answer, EdgePort port) const;

  Verdict conclude(std::span<const Reach> reaches, bool by_address) const;
  void describeHosted(std::span<const Reach> reaches, Verdict& verdict) const;

  const dns::Name name_;
  const Edge& edge_;
  const DerivePolicy& policy_;
  Inquiry inquiry_;
  Recorder recorder_;
  std::vector<dns::Name> targets_;  // SRV targets that reach the edge
  LeadingByTransport leading_{};
};

}  // namespace zonecast::derive
