// Records as people read them: RFC 1035 section 5.1, RFC 5952 for IPv6 addresses, RFC 3597 section
// 5 for what we do not know.

#include <iterator>

#include <fmt/format.h>

#include "reconciler/dns/record.h"
#include "reconciler/dns/wire.h"

namespace zonecast::dns {
namespace {

std::string quoted(std::string_view octets) {
  std::string text = "\"";
  for (const char c : octets) {
    if (c < ' ' || c >= 0x7f) {
      text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + '"';
}

std::string toText(const Ipv4& address) {
  return fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
}

struct Run {
  std::size_t begin = 0, length = 0;
};

// The first of the longest runs of groups that are zero; one group alone is no run (RFC 5952
// section 4.2).
Run longestZeros(const std::array<unsigned, 8>& groups) {
  Run longest;
  Run run;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    run = groups[i] == 0 ? Run{run.length == 0 ? i : run.begin, run.length + 1} : Run{};
    if (run.length > longest.length) longest = run;
  }
  return longest.length > 1 ? longest : Run{groups.size(), 0};
}

std::string toText(const Ipv6& address) {
  std::array<unsigned, 8> groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = address[2 * i] * 256u + address[2 * i + 1];
  }
  const Run zeros = longestZeros(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size();) {
    if (i == zeros.begin) {
      text += "::";
      i += zeros.length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    fmt::format_to(std::back_inserter(text), "{:x}", groups[i++]);
  }
  return text;
}

std::string toText(const Soa& soa) {
  return fmt::format("{} {} {} {} {} {} {}", soa.mname.toText(), soa.rname.toText(),
                     soa.serial.value(), soa.refresh_s, soa.retry_s, soa.expire_s, soa.minimum_s);
}

std::string toText(const Srv& srv) {
  return fmt::format("{} {} {} {}", srv.priority, srv.weight, srv.port, srv.target.toText());
}

std::string toText(const Naptr& naptr) {
  return fmt::format("{} {} {} {} {} {}", naptr.order, naptr.preference, quoted(naptr.flags),
                     quoted(naptr.services), quoted(naptr.regexp), naptr.replacement.toText());
}

std::string txtToText(std::span<const std::uint8_t> rdata) {
  std::string text;
  for (WireReader in(rdata); !in.atEnd();) {
    if (!text.empty()) text += ' ';
    text += quoted(in.characterString());
  }
  return text;
}

std::string genericText(std::span<const std::uint8_t> rdata) {
  std::string text = fmt::format("\\# {}", rdata.size());
  if (!rdata.empty()) text += ' ';
  for (const std::uint8_t octet : rdata) {
    fmt::format_to(std::back_inserter(text), "{:02x}", octet);
  }
  return text;
}

}  // namespace

std::string toText(RrType type) {
  switch (type) {
    case RrType::a:
      return "A";
    case RrType::ns:
      return "NS";
    case RrType::cname:
      return "CNAME";
    case RrType::soa:
      return "SOA";
    case RrType::ptr:
      return "PTR";
    case RrType::txt:
      return "TXT";
    case RrType::aaaa:
      return "AAAA";
    case RrType::srv:
      return "SRV";
    case RrType::naptr:
      return "NAPTR";
    case RrType::dname:
      return "DNAME";
    case RrType::opt:
      return "OPT";
    case RrType::tsig:
      return "TSIG";
    case RrType::ixfr:
      return "IXFR";
    case RrType::axfr:
      return "AXFR";
    case RrType::any:
      return "ANY";
  }
  return fmt::format("TYPE{}", static_cast<unsigned>(type));
}

std::string rdataToText(RrType type, std::span<const std::uint8_t> rdata) {
  if (!checkCanonical(type, rdata)) return genericText(rdata);
  switch (type) {
    case RrType::a:
      return toText(*parseA(rdata));
    case RrType::aaaa:
      return toText(*parseAaaa(rdata));
    case RrType::ns:
    case RrType::cname:
    case RrType::dname:
      return parseSingleName(rdata)->toText();
    case RrType::soa:
      return toText(*parseSoa(rdata));
    case RrType::srv:
      return toText(*parseSrv(rdata));
    case RrType::naptr:
      return toText(*parseNaptr(rdata));
    case RrType::txt:
      return txtToText(rdata);
    default:
      return genericText(rdata);
  }
}

}  // namespace zonecast::dns
