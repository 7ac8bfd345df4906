// What is asked of DNS, and of whom.
#pragma once

#include <cstdint>
#include <vector>

#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"
#include "reconciler/shared.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::query {

struct Question {  // class IN
  dns::Name name;
  dns::RrType type{};  // of records: neither ANY nor a transfer
  friend bool operator==(const Question&, const Question&) = default;
};

// Servers that give the same answers, asked in this order; never none.
struct Upstream {
  enum class Kind : std::uint8_t {
    resolver,       // recursive, and validating where DNSSEC is asked for
    authoritative,  // asked without recursion; what it does not serve is lame
  } kind{};
  std::vector<xfr::Endpoint> servers;
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

enum class DnssecPolicy : std::uint8_t {
  ignore,   // the resolver is told not to validate (CD), and its AD counts for nothing
  prefer,   // what is bogus fails, what is unsigned is taken; AD is reported
  require,  // what nobody trusted has validated fails
};

enum class AskId : std::uint64_t {};

struct Request {
  Question question;
  Shared<Upstream> upstream;
  DnssecPolicy dnssec{};
  bool brief = false;  // nobody waits for longer than a glance (dispatcher.h)
};

// AD is one bit in clear text (RFC 6840 section 5.8): it counts from this host alone.
bool isLoopback(const xfr::Address& address);

}  // namespace zonecast::query
