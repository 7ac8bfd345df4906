// What DNS answered, as facts: TTLs as they came, nothing clamped, nothing cached.
//
// Invariant: a Failure is never an absence. Only an answer that carries the SOA that proves it says
// that something is not there (RFC 2308).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"
#include "reconciler/dns/ttl.h"

namespace zonecast::query {

// One step from the name asked for towards the one that answers.
struct Alias {
  dns::RrType type{};  // CNAME or DNAME
  dns::Name owner;
  dns::Name leads_to;  // of a DNAME: after substitution
  dns::Ttl ttl;
  friend bool operator==(const Alias&, const Alias&) = default;
};

using Rdata = std::vector<std::uint8_t>;  // canonical

struct Answer {
  enum class Kind : std::uint8_t {
    data,
    nodata,
    nxdomain,
    elsewhere,  // an authoritative server knows the aliases, and not what they lead to: ask for
                // `name` where it is served
  } kind{};
  std::vector<Alias> aliases;  // in the order in which they are followed
  dns::Name name;              // where they end; the name asked for when there are none
  std::vector<Rdata> rrset;    // data: sorted, each once, at least one
  dns::Ttl ttl;  // data: the least of the RRset; nodata and nxdomain: RFC 2308 section 5;
                 // elsewhere: 0
  bool authenticated = false;  // a trusted upstream validated all of it
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Failure {
  enum class Why : std::uint8_t {
    timeout,
    unreachable,  // the server's host or network says that nobody is there
    truncated,    // there is more, over TCP
    servfail,     // a validating resolver says so of what is bogus, too
    refused,      // or another error that the server answered
    lame,         // no answer that an authoritative server or a resolver could give
    malformed,    // or an answer to another question
    unproven,     // nobody trusted has validated it
  } why{};
  std::string text;  // for people: "SERVFAIL from 127.0.0.1:53"
  friend bool operator==(const Failure&, const Failure&) = default;
};

std::string_view toText(Failure::Why why);

using Outcome = tl::expected<Answer, Failure>;

}  // namespace zonecast::query
