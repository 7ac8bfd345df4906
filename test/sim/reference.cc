#include "test/sim/reference.h"

#include <algorithm>
#include <array>
#include <optional>

namespace zonecast::sim {
namespace {

using dns::RrType;
using test::nameFromText;

constexpr int kNaptrChainMax = 8;

struct Service {
  const char* text;
  const char* naptr;
  const char* srv;  // before the domain
  unsigned port;
};
// RFC 3263 section 4.1, RFC 7118 section 6; default ports: RFC 3261 section 19.1.2, RFC 6455
// section 3.
constexpr std::array<Service, kTransportCount> kServices{{
    {"udp", "SIP+D2U", "_sip._udp", 5060},
    {"tcp", "SIP+D2T", "_sip._tcp", 5060},
    {"tls", "SIPS+D2T", "_sips._tcp", 5061},
    {"ws", "SIP+D2W", "_sip._ws", 80},
    {"wss", "SIPS+D2W", "_sips._ws", 443},
}};

std::optional<dns::Name> below(std::string_view labels, dns::Name rest) {
  while (!labels.empty()) {
    const std::size_t dot = labels.rfind('.');
    const auto label = dot == std::string_view::npos ? labels : labels.substr(dot + 1);
    const auto name = dns::Name::prepend(label, rest);
    if (!name) return std::nullopt;
    rest = *name;
    labels = dot == std::string_view::npos ? std::string_view() : labels.substr(0, dot);
  }
  return rest;
}

// RFC 1123 section 2.1, in lower case; RFC 3696 section 2 for the last label.
bool isDomain(dns::NameView name) {
  if (name.isRoot()) return false;
  const std::string text = name.toText();
  std::string label;
  for (std::size_t at = 0; at <= text.size(); at += label.size() + 1) {
    label = text.substr(at, text.find('.', at) - at);
    const bool ldh =
        label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (label.empty() || !ldh || label.front() == '-' || label.back() == '-') return false;
  }
  return label.find_first_not_of("0123456789") != std::string::npos;
}

std::string domainOf(dns::NameView owner) {
  while (owner.startsWithUnderscore()) owner = owner.parent();
  return owner.toText();
}

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::vector<dns::Naptr> naptrsOf(const std::vector<Octets>& rdatas) {
  std::vector<dns::Naptr> naptrs;
  for (const Octets& rdata : rdatas) naptrs.push_back(dns::parseNaptr(rdata).value());
  return naptrs;
}

bool isSip(const dns::Naptr& naptr) {
  return std::ranges::any_of(
      kServices, [&](const Service& service) { return folded(naptr.services) == service.naptr; });
}

bool matches(const std::string& pattern, const std::string& text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos) return pattern == text;
  if (text.compare(0, star, pattern, 0, star) != 0) return false;
  const std::string rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (matches(rest, text.substr(at))) return true;
  }
  return false;
}

}  // namespace

std::string toText(const std::set<Transport>& transports) {
  std::string text;
  for (const Transport transport : transports) {
    text += (text.empty() ? "" : ",") + std::string(kServices[transport].text);
  }
  return text;
}

// Of several ways the best end counts: a client can end there.
void Reference::fold(Way& whole, Way more) {
  whole.end = std::max(whole.end, more.end);
  whole.preferred |= more.preferred;
  whole.nowhere |= more.nowhere;
}

// What one customer's DNS leads a client to.
class Reference::Client {
 public:
  Client(const Reference& reference, std::size_t customer, Walked& walked)
      : scene_(reference.scene_), dns_(reference.dns_), customer_(customer), walked_(walked) {}

  void walk(const dns::Name& domain) {
    const DnsAnswer naptr = ask(domain, RrType::naptr);
    std::array<Way, kTransportCount> ways;
    bool nothing = true;
    for (int t = 0; t < kTransportCount; ++t) {
      ways[t] = follow(domain, naptr, Transport(t));
      nothing &= ways[t].end == End::none;
    }
    const auto naptrs = naptrsOf(naptr.rdatas);
    if (nothing && std::ranges::none_of(naptrs, isSip)) {
      for (const Transport t : {udp, tls}) ways[t] = host(domain, t, kServices[t].port, true);
    }
    conclude(ways);
  }

 private:
  DnsAnswer ask(dns::NameView name, RrType type) {
    DnsAnswer answer = dns_.ask(customer_, name, type);
    walked_.zones.insert(answer.zones.begin(), answer.zones.end());
    return answer;
  }

  // RFC 3263 section 4.1.
  Way follow(const dns::Name& domain, const DnsAnswer& naptr, Transport transport) {
    if (naptr.kind == DnsAnswer::Kind::unknown) return {End::unknown};
    if (const auto way = naptrs(naptr, transport, 1, true)) return *way;
    const auto owner = below(kServices[transport].srv, domain);
    return owner ? srv(*owner, transport, true) : Way{};
  }

  // RFC 3403 section 4.1. Nothing when no record is for this transport.
  std::optional<Way> naptrs(const DnsAnswer& answer, Transport transport, int chain,
                            bool preferred) {
    std::vector<dns::Naptr> usable;
    for (const dns::Naptr& naptr : naptrsOf(answer.rdatas)) {
      const std::string flags = folded(naptr.flags);
      const bool counts = folded(naptr.services) == kServices[transport].naptr &&
                          naptr.regexp.empty() && !naptr.replacement.isRoot() &&
                          (flags.empty() || flags == "S" || flags == "A");
      if (counts) usable.push_back(naptr);
    }
    if (usable.empty()) return std::nullopt;
    const auto order = std::ranges::min(usable, {}, &dns::Naptr::order).order;
    std::erase_if(usable, [&](const dns::Naptr& naptr) { return naptr.order != order; });
    const auto best = std::ranges::min(usable, {}, &dns::Naptr::preference).preference;
    Way whole;
    for (const dns::Naptr& naptr : usable) {
      Way way = naptrTarget(naptr, transport, chain, preferred && naptr.preference == best);
      leadOn(way);
      fold(whole, way);
    }
    return whole;
  }

  // It led to a name without records.
  static void leadOn(Way& way) {
    if (way.end != End::none) return;
    way.end = End::elsewhere;
    way.nowhere = true;
  }

  Way naptrTarget(const dns::Naptr& naptr, Transport transport, int chain, bool preferred) {
    const std::string flags = folded(naptr.flags);
    if (flags == "S") return srv(naptr.replacement, transport, preferred);
    if (flags == "A")
      return host(naptr.replacement, transport, kServices[transport].port, preferred);
    if (chain == kNaptrChainMax) return {End::unknown};
    const DnsAnswer next = ask(naptr.replacement, RrType::naptr);
    if (next.kind == DnsAnswer::Kind::unknown) return {End::unknown};
    return naptrs(next, transport, chain + 1, preferred).value_or(Way{});
  }

  // RFC 2782.
  Way srv(dns::NameView owner, Transport transport, bool preferred) {
    const DnsAnswer answer = ask(owner, RrType::srv);
    if (answer.kind == DnsAnswer::Kind::unknown) return {End::unknown};
    if (answer.kind == DnsAnswer::Kind::none) return {End::none};
    std::vector<dns::Srv> targets;
    for (const Octets& rdata : answer.rdatas) {
      const dns::Srv record = dns::parseSrv(rdata).value();
      if (!record.target.isRoot()) targets.push_back(record);
    }
    if (targets.empty()) return {End::closed};
    const auto best = std::ranges::min(targets, {}, &dns::Srv::priority).priority;
    Way whole;
    for (const dns::Srv& record : targets) {
      Way way = host(record.target, transport, record.port, preferred && record.priority == best);
      leadOn(way);
      if (way.end == End::edge) walked_.targets.insert(record.target.toText());
      fold(whole, way);
    }
    return whole;
  }

  bool isEdgeHost(dns::NameView host, Transport transport, unsigned port) const {
    return std::ranges::any_of(scene_.edge, [&](const EdgeRow& row) {
      return row.ports.contains({transport, port}) &&
             std::ranges::any_of(row.hosts, [&](const dns::Name& name) { return name == host; });
    });
  }

  // RFC 3263 section 4.2, RFC 7984.
  Way host(dns::NameView name, Transport transport, unsigned port, bool preferred) {
    if (isEdgeHost(name, transport, port)) return {End::edge, preferred};
    const bool listened = std::ranges::any_of(scene_.edge, [&](const EdgeRow& row) {
      return row.ports.contains({transport, port});
    });
    if (!listened) return {End::elsewhere};
    Way whole = addresses(name, RrType::a, transport, port, preferred);
    fold(whole, addresses(name, RrType::aaaa, transport, port, preferred));
    return whole;
  }

  Way addresses(dns::NameView name, RrType type, Transport transport, unsigned port,
                bool preferred) {
    const DnsAnswer answer = ask(name, type);
    for (const dns::Name& alias : answer.path) {
      if (isEdgeHost(alias, transport, port)) return {End::edge, preferred};
    }
    if (answer.kind == DnsAnswer::Kind::unknown) return {End::unknown};
    if (answer.kind == DnsAnswer::Kind::none) return {End::none};
    for (const Octets& address : answer.rdatas) {
      for (const EdgeRow& row : scene_.edge) {
        const bool ours = std::ranges::count(row.addresses, address) > 0;
        if (ours && row.ports.contains({transport, port})) return {End::edge, preferred};
      }
    }
    return {End::elsewhere};
  }

  void conclude(const std::array<Way, kTransportCount>& ways) {
    for (const Way& way : ways) walked_.end = std::max(walked_.end, way.end);
    const bool hosted = walked_.end == End::edge;
    for (int t = 0; t < kTransportCount; ++t) {
      const bool offered = std::ranges::any_of(scene_.edge, [&](const EdgeRow& row) {
        return std::ranges::any_of(row.ports, [&](const auto& port) { return port.first == t; });
      });
      if (ways[t].end == End::unknown && (offered || !hosted)) walked_.end = End::unknown;
      const bool is_away = ways[t].end == End::elsewhere || ways[t].end == End::closed;
      if (is_away && !ways[t].nowhere) walked_.led_away.insert(Transport(t));
      if (ways[t].end != End::edge) continue;
      walked_.transports.insert(Transport(t));
      walked_.preferred |= ways[t].preferred;
    }
  }

  const Scene& scene_;
  const ReferenceDns& dns_;
  std::size_t customer_;
  Walked& walked_;
};

Reference::Reference(const Scene& scene)
    : scene_(scene), dns_(scene.zones, scene.watched, scene.outside) {
  discover();
}

const Reference::Walked& Reference::walk(const std::string& domain) const {
  const auto [known, is_new] = walked_.try_emplace(domain);
  if (is_new) {
    Client(*this, customerOf(domain), known->second).walk(nameFromText(domain));
  }
  return known->second;
}

// DESIGN section 5: a domain that nobody speaks for speaks for itself alone.
std::size_t Reference::customerOf(const std::string& domain) const {
  const std::size_t speaker = dns_.speaker(nameFromText(domain));
  if (speaker != ReferenceDns::kNobody) return speaker;
  return scene_.wanted.contains(domain) ? scene_.discovered : speaker;
}

bool Reference::isAskedAbout(const std::string& domain, std::size_t customer) const {
  if (customer == ReferenceDns::kNobody) return false;
  if (customer == scene_.discovered) return true;
  return std::ranges::any_of(
      scene_.watched, [&](const WatchedView& watched) { return watched.name.toText() == domain; });
}

bool Reference::showsToken(const std::string& domain, const ReferenceClaim& claim) const {
  if (!scene_.token) return true;
  return std::ranges::count(claim.tags, std::pair(std::string("token"), scene_.token(domain))) > 0;
}

// DESIGN section 4, "which names are tried": what the zones ask for, the targets in them, what is
// watched, and what workers wanted.
void Reference::discover() {
  std::vector<std::string> open(scene_.wanted.begin(), scene_.wanted.end());
  for (const WatchedView& watched : scene_.watched) open.push_back(watched.name.toText());
  for (const ZoneView& zone : scene_.zones) {
    if (!zone.records) continue;
    for (const dns::Name& owner : zone.records->owners()) {
      const std::string_view first = owner.view().firstLabel();
      const bool asks = first == "_sip" || first == "_sips" || first == "_sipvhost" ||
                        !zone.records->at(owner, RrType::naptr).empty();
      const std::string domain = domainOf(owner);
      if (asks && isDomain(nameFromText(domain))) open.push_back(domain);
    }
  }
  std::set<std::string> walked;
  while (!open.empty()) {
    const std::string domain = open.back();
    open.pop_back();
    if (!walked.insert(domain).second) continue;
    Finding& finding = findings_[domain];
    readRecordsOf(domain, finding);
    if (finding.customer == ReferenceDns::kNobody) continue;
    if (!finding.has_records && finding.named_by.empty()) continue;
    if (walk(domain).end == End::edge && knowsClaim(domain, finding.customer)) {
      nameTargets(domain, open, walked);
    }
  }
  for (auto& [domain, finding] : findings_) judge(domain, finding);
  for (auto& [domain, finding] : findings_) reachByNamers(finding);
}

// The in-zone SRV targets of a hosted domain become domains too.
void Reference::nameTargets(const std::string& domain, std::vector<std::string>& open,
                            std::set<std::string>& walked) {
  Finding& finding = findings_[domain];
  if (finding.customer == scene_.discovered) return;
  for (const std::string& target : walk(domain).targets) {
    const dns::Name name = nameFromText(target);
    if (target == domain || !isDomain(name) || dns_.speaker(name) != finding.customer) continue;
    finding.names_others = true;
    Finding& named = findings_[target];
    if (named.named_by.empty()) walked.erase(target);  // it counts now, if it did not before
    named.named_by.insert(domain);
    open.push_back(target);
  }
}

// A target without records of its own is reached as those that name it are.
void Reference::reachByNamers(Finding& finding) const {
  if (finding.standing != Finding::Standing::hosted || !finding.transports.empty()) return;
  for (const std::string& namer : finding.named_by) {
    const Walked& way = walk(namer);
    finding.transports.insert(way.transports.begin(), way.transports.end());
    finding.preferred |= way.preferred;
  }
}

void Reference::readRecordsOf(const std::string& domain, Finding& finding) const {
  const dns::Name name = nameFromText(domain);
  finding.customer = customerOf(domain);
  if (finding.customer == ReferenceDns::kNobody) return;
  finding.has_records = isAskedAbout(domain, finding.customer);
  bool unknown = false;
  const auto consider = [&](const std::optional<dns::Name>& owner, RrType type) {
    if (!owner) return;
    const DnsAnswer answer = dns_.ask(finding.customer, *owner, type);
    const bool sip = type != RrType::naptr ||
                     (!answer.is_alias && std::ranges::any_of(naptrsOf(answer.rdatas), isSip));
    finding.has_records |= answer.stands_there && sip;
    unknown |= !answer.stands_there && answer.kind == DnsAnswer::Kind::unknown;
  };
  for (const Service& service : kServices) consider(below(service.srv, name), RrType::srv);
  consider(below("_sipvhost", name), RrType::txt);
  consider(name, RrType::naptr);
  if (unknown && !finding.has_records) finding.standing = Finding::Standing::unknown;
}

void Reference::judge(const std::string& domain, Finding& finding) const {
  if (finding.customer == ReferenceDns::kNobody) return;
  const dns::Name name = nameFromText(domain);
  finding.zones.insert(dns_.zoneFor(finding.customer, name));
  if (!finding.has_records && finding.named_by.empty()) return;
  const Walked& way = walk(domain);
  finding.zones.insert(way.zones.begin(), way.zones.end());
  finding.standing = Finding::Standing::absent;
  finding.led_away = way.led_away;
  if (way.end == End::unknown) {
    finding.standing = Finding::Standing::unknown;
    return;
  }
  if (way.end == End::edge) {
    finding.standing = Finding::Standing::hosted;
    finding.transports = way.transports;
    finding.preferred = way.preferred;
  } else if (way.end != End::closed && !finding.has_records) {
    finding.standing = Finding::Standing::hosted;  // as a target: see discover()
  }
  // What is no domain, whatever it says, need not say it.
  if (finding.standing == Finding::Standing::absent && finding.named_by.empty()) return;
  const auto owner = below("_sipvhost", name);
  if (!owner) return;
  const DnsAnswer claim = dns_.ask(finding.customer, *owner, RrType::txt);
  finding.zones.insert(claim.zones.begin(), claim.zones.end());
  finding.claim = readClaim(claim.rdatas);
  if (claim.kind == DnsAnswer::Kind::unknown) {
    finding.standing = Finding::Standing::unknown;
  } else if (finding.customer == scene_.discovered && !showsToken(domain, finding.claim)) {
    finding.standing = Finding::Standing::absent;
    finding.led_away.clear();
  }
}

// Without its claim a domain would be another's or its own.
bool Reference::knowsClaim(const std::string& domain, std::size_t customer) const {
  const auto owner = below("_sipvhost", nameFromText(domain));
  return !owner || dns_.ask(customer, *owner, RrType::txt).kind != DnsAnswer::Kind::unknown;
}

Finding Reference::of(const std::string& domain) const {
  const auto known = findings_.find(domain);
  if (known != findings_.end()) return known->second;
  Finding finding;
  readRecordsOf(domain, finding);
  judge(domain, finding);
  return finding;
}

// DESIGN section 5, Claims.
bool Reference::mayClaim(std::size_t customer, const std::string& did) const {
  const auto name = dns::Name::fromText(did);
  const bool is_name = name && isDomain(*name) && name->toText() == did;
  if (is_name && dns_.speaker(*name) == customer) return true;
  return std::ranges::any_of(scene_.did_patterns[customer],
                             [&](const std::string& pattern) { return matches(pattern, did); });
}

}  // namespace zonecast::sim
