#include "test/sim/zone_writer.h"

#include <iterator>

#include <fmt/format.h>

namespace zonecast::sim {
namespace {

constexpr std::size_t kNames = 5;
constexpr std::size_t kStringOctets = 255;  // at most, in one string of a TXT record

std::string inStrings(const std::string& text) {
  std::string strings = "\"";
  for (std::size_t at = 0; at < text.size(); at += kStringOctets) {
    strings += (at > 0 ? "\" \"" : "") + text.substr(at, kStringOctets);
  }
  return strings + "\"";
}

}  // namespace

ZoneWriter::Lines ZoneWriter::fresh(const std::string& zone) {
  Lines lines{fmt::format("{}. IN NS ns.elsewhere.net.", zone)};
  for (std::size_t n = 3 + below(10); n > 0; --n) add(zone, lines);
  return lines;
}

void ZoneWriter::edit(const std::string& zone, Lines& lines) {
  if (oneIn(12)) {
    lines = fresh(zone);
    return;
  }
  for (std::size_t n = 1 + below(3); n > 0; --n) {
    if (oneIn(2) && !lines.empty()) {
      lines.erase(std::next(lines.begin(), static_cast<long>(below(lines.size()))));
    } else {
      add(zone, lines);
    }
  }
}

std::string ZoneWriter::nameIn(const std::string& zone) {
  if (oneIn(8)) return zone;
  const std::string name = fmt::format("n{}.{}", below(kNames), zone);
  return oneIn(8) ? fmt::format("d{}.{}", below(2), name) : name;
}

std::string ZoneWriter::target() {
  switch (below(16)) {
    case 0:
      return "sip.elsewhere.net";  // never known
    case 1:
      return "";  // the root: no service
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return "sip.provider.example";
    default:
      return nameIn(any(zones_));
  }
}

std::string ZoneWriter::address() {
  switch (below(6)) {
    case 0:
      return "A 198.51.100.1";
    case 1:
      return "AAAA 2001:db8::10";
    case 2:
      return "AAAA 2001:db8::66";
    case 3:
      return "A 192.0.2.20";
    default:
      return "A 192.0.2.10";
  }
}

std::string ZoneWriter::claim() {
  static const std::vector<std::string> kTags{"greeting=hello", "greeting=gr%C3%BCezi",
                                              "greeting=",      "max=20",
                                              "max=900",        "max=many",
                                              "max=1; max=2",   "greeting=%zz",
                                              "greeting=%FF",   "qop=auth",
                                              "qop=auth-int",   "qop=none",
                                              "QOP = auth",     "relay=yes",
                                              "expires=5m",     "expires=1w",
                                              "unheard=of",     "did",
                                              "did=not a did",  "; ;"};
  switch (below(10)) {
    case 0:
      return "v=sipvhost2; did=acme";
    case 1:
      return "exists";
    default:
      break;
  }
  std::string text = oneIn(8) ? " V = sipvhost1 ; " : "v=sipvhost1";
  if (!oneIn(3)) text += "; did=" + (oneIn(3) ? nameIn(any(zones_)) : any(dids_));
  if (oneIn(12)) text += "; did=" + any(dids_);
  for (std::size_t n = below(4); n > 0; --n) text += "; " + any(kTags);
  for (std::size_t n = tags_.empty() ? 0 : below(3); n > 0; --n) text += "; " + any(tags_);
  return text;
}

std::string ZoneWriter::pointer(const std::string& owner) {
  static const std::vector<std::string> kServices{"SIP+D2U", "SIP+D2T", "SIPS+D2T", "sip+d2u",
                                                  "E2U+sip"};
  const std::string order = fmt::format("{} {}", 10 + 10 * below(2), 1 + below(2));
  switch (below(6)) {
    case 0:
      return fmt::format(R"({} "a" "{}" "" {}.)", order, any(kServices), target());
    case 1:
      return fmt::format(R"({} "" "{}" "" {}.)", order, any(kServices), nameIn(any(zones_)));
    case 2:
      return fmt::format(R"({} "u" "{}" "!^.*$!sip:info@example.com!" .)", order, any(kServices));
    default:
      return fmt::format(R"({} "s" "{}" "" _sip._{}.{}.)", order, any(kServices),
                         oneIn(2) ? "udp" : "tcp", oneIn(2) ? owner : nameIn(any(zones_)));
  }
}

void ZoneWriter::add(const std::string& zone, Lines& lines) {
  const std::string owner = nameIn(zone);
  const std::string service = oneIn(3) ? "_sip._tcp" : oneIn(6) ? "_sips._tcp" : "_sip._udp";
  const unsigned port = oneIn(12) ? 5070 : service == "_sips._tcp" ? 5061 : 5060;
  const auto alone = [&lines](const std::string& line) {  // one CNAME or DNAME at an owner
    const std::string start = line.substr(0, line.find("NAME ") + 5);
    std::erase_if(lines, [&](const std::string& other) { return other.starts_with(start); });
    lines.insert(line);
  };
  switch (below(24)) {
    case 0:
      return alone(fmt::format("{}. IN CNAME {}.", owner, nameIn(any(zones_))));
    case 1:
      return alone(
          fmt::format("{}.{}. IN CNAME {}.{}.", service, owner, service, nameIn(any(zones_))));
    case 2:
      return alone(fmt::format("{}. IN DNAME {}.", owner == zone ? "n0." + zone : owner,
                               nameIn(any(zones_))));
    case 3:
      lines.insert(fmt::format("*.{}. IN {}", owner, address()));
      return;
    case 4:
      lines.insert(fmt::format("*.{}. IN SRV 1 1 {} {}.", owner, port, target()));
      return;
    case 5:
      if (oneIn(2)) return alone(fmt::format("*.{}. IN CNAME {}.", owner, nameIn(any(zones_))));
      if (owner != zone) lines.insert(fmt::format("{}. IN NS ns.elsewhere.net.", owner));
      return;
    case 6:
      lines.insert(fmt::format("{}. IN TXT \"exists\"", owner));
      return;
    case 7:
      lines.insert(fmt::format("{}. IN TYPE65280 \\# 2 0a0b", owner));
      return;
    case 8:
    case 9:
      lines.insert(fmt::format("{}. IN NAPTR {}", owner, pointer(owner)));
      return;
    case 10:
    case 11:
    case 12:
    case 13:
      lines.insert(fmt::format("_sipvhost.{}. IN TXT {}", owner, inStrings(claim())));
      return;
    case 14:
    case 15:
    case 16:
      lines.insert(fmt::format("{}. IN {}", owner, address()));
      return;
    default:
      lines.insert(
          fmt::format("{}.{}. IN SRV {} 1 {} {}.", service, owner, 1 + below(2), port, target()));
      return;
  }
}

}  // namespace zonecast::sim
