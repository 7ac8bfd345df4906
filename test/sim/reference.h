// What ought to be published of zones as they are, from DESIGN's rules and the RFCs alone: a naive
// derivation over lists of records, from scratch each time. It shares no code with the core but
// names and records as values.
//
// What history decides is left to the checks: which of two customers had a DID first, which domain
// is canonical, what an unknown domain had before.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "test/sim/reference_claim.h"
#include "test/sim/reference_dns.h"

namespace zonecast::sim {

enum Transport { udp, tcp, tls, ws, wss, kTransportCount };

std::string toText(const std::set<Transport>& transports);  // "udp,tcp"

struct EdgeRow {
  std::vector<dns::Name> hosts;
  std::vector<Octets> addresses;  // whole ones
  std::set<std::pair<Transport, unsigned>> ports;
};

struct Scene {
  std::vector<ZoneView> zones;
  std::vector<std::string> customers;                  // names
  std::vector<std::vector<std::string>> did_patterns;  // granted, by customer
  std::vector<EdgeRow> edge;
  AttributeRules attributes;
  // -- what lies outside of the zones
  std::vector<WatchedView> watched;
  Outside outside;  // empty: nobody is asked
  // The customer of domains that speak for themselves alone, and those that a worker ever wanted.
  std::size_t discovered = ReferenceDns::kNobody;
  std::set<std::string> wanted;
  // What such a domain must say to be hosted; empty: nothing.
  std::function<std::string(const std::string& domain)> token;
};

struct Finding {
  enum class Standing { hosted, absent, unknown } standing = Standing::absent;
  std::set<Transport> transports;  // hosted
  bool preferred = false;          // hosted: clients try us first
  std::set<Transport> led_away;    // not hosted: for these its records lead to another place
  bool has_records = false;        // records of its own ask for it, or the operator, or a worker
  std::size_t customer = ReferenceDns::kNobody;
  std::set<std::string> named_by;  // hosted domains whose SRV records name it as their target
  bool names_others = false;       // it has such targets itself
  ReferenceClaim claim;
  std::set<std::size_t> zones;  // that all this rests on
};

class Reference {
 public:
  explicit Reference(const Scene& scene);  // outlives it

  // Of any domain, also of one that no zone asks for.
  Finding of(const std::string& domain) const;
  const std::map<std::string, Finding>& findings() const { return findings_; }
  // May the customer use this DID, if nobody has it?
  bool mayClaim(std::size_t customer, const std::string& did) const;

 private:
  enum class End { none, closed, elsewhere, unknown, edge };
  struct Way {
    End end = End::none;
    bool preferred = false;
    bool nowhere = false;  // some record leads to what is not there
  };
  struct Walked {
    End end = End::none;
    std::set<Transport> transports, led_away;
    bool preferred = false;
    std::set<std::string> targets;
    std::set<std::size_t> zones;
  };
  class Client;  // one SIP client's walk

  std::size_t customerOf(const std::string& domain) const;
  bool isAskedAbout(const std::string& domain, std::size_t customer) const;
  bool showsToken(const std::string& domain, const ReferenceClaim& claim) const;
  void discover();
  void nameTargets(const std::string& domain, std::vector<std::string>& open,
                   std::set<std::string>& walked);
  void reachByNamers(Finding& finding) const;
  void judge(const std::string& domain, Finding& finding) const;
  bool knowsClaim(const std::string& domain, std::size_t customer) const;
  void readRecordsOf(const std::string& domain, Finding& finding) const;
  const Walked& walk(const std::string& domain) const;
  static void fold(Way& whole, Way more);

  const Scene& scene_;
  ReferenceDns dns_;
  mutable std::map<std::string, Walked> walked_;
  std::map<std::string, Finding> findings_;
};

}  // namespace zonecast::sim
