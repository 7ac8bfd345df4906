#include "app/zonecast/lint.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "absl/hash/hash.h"
#include "adapters/logging/printable.h"
#include "adapters/master_file/master_file.h"
#include "adapters/redis/convert.h"
#include "app/zonecast/columns.h"
#include "app/zonecast/words.h"
#include "reconciler/derive/sip_service.h"
#include "reconciler/dns/packed_records.h"
#include "reconciler/identity/claim.h"
#include "reconciler/xfr/zone_timers.h"

namespace zonecast {
namespace {

constexpr std::size_t kAtOnce = 10'000;  // names, records

bool isServiceOwner(dns::NameView owner) {
  const std::string_view first = owner.firstLabel();
  return first == "_sip" || first == "_sips" || first == identity::kClaimLabel;
}

// What it says of one zone.
class Linting {
 public:
  Linting(Rehearsal& rehearsal, const LintSubject& subject, const RecordLines& lines)
      : core_(rehearsal.core()),
        settings_(rehearsal.settings()),
        subject_(subject),
        lines_(lines),
        zone_(*core_.content(subject.zone)) {}

  v1::ZoneLint run() &&;

 private:
  const std::string& nameOf(view::CustomerId customer) const {
    return settings_.customers[static_cast<std::size_t>(customer)].name;
  }
  void lookAtDomains();
  bool isAskedFor(const derive::Domain& domain) const;
  void lookAt(const derive::Domain& domain);
  void addHosted(const loop::DomainReport& report, v1::LintDomain& to);
  void addOther(const loop::DomainReport& report, v1::LintDomain& to);
  void lookAtOwners();
  void lookAtOwner(dns::NameView owner);
  void lookAtClaim(dns::NameView owner, const view::ZoneAnswer& answer);
  bool hasClaim(const derive::Domain& domain) const;
  std::uint32_t lineOf(const derive::Domain& domain) const;
  v1::LintWarning& warn(std::uint32_t line, std::string name, std::string text);

  loop::Reconciler& core_;
  const loop::Settings& settings_;
  const LintSubject& subject_;
  const RecordLines& lines_;
  const view::Zone& zone_;
  v1::ZoneLint lint_;
  std::set<identity::Did> dids_;
};

v1::ZoneLint Linting::run() && {
  lint_.set_zone(subject_.zone.toText());
  lint_.set_customer(nameOf(subject_.customer));
  lint_.set_serial(zone_.serial().value());
  lint_.set_records(zone_.recordCount());
  lookAtDomains();
  lookAtOwners();
  std::stable_sort(lint_.mutable_warnings()->begin(), lint_.mutable_warnings()->end(),
                   [](const auto& a, const auto& b) { return a.line() < b.line(); });
  return std::move(lint_);
}

v1::LintWarning& Linting::warn(std::uint32_t line, std::string name, std::string text) {
  v1::LintWarning& warning = *lint_.add_warnings();
  warning.set_line(line);
  warning.set_name(std::move(name));
  warning.set_text(std::move(text));
  return warning;
}

void Linting::lookAtDomains() {
  std::optional<dns::Name> at;
  do {
    loop::Reconciler::DomainPage page = core_.domains(at ? &*at : nullptr, kAtOnce);
    for (const derive::Domain& domain : page.domains) {
      if (domain.name().isAtOrUnder(subject_.zone)) lookAt(domain);
    }
    at = std::move(page.next);
  } while (at);
}

// Names that others only watch are no matter of this zone's.
bool Linting::isAskedFor(const derive::Domain& domain) const {
  const dns::NameView name = domain.name();
  const auto has = [this](const std::optional<dns::Name>& owner) {
    return owner && zone_.hasRecordsAt(*owner);
  };
  const auto claim = dns::Name::prepend(identity::kClaimLabel, name);
  return (claim && zone_.hasRecordsAt(*claim)) ||
         std::ranges::any_of(derive::kTransports, [&](derive::Transport transport) {
           return has(derive::srvOwner(transport, name));
         });
}

void Linting::lookAt(const derive::Domain& domain) {
  const loop::DomainReport report = core_.domainReport(domain);
  const bool is_anothers = report.customer != nameOf(subject_.customer);
  if (is_anothers && !isAskedFor(domain)) return;
  v1::LintDomain& to = *lint_.add_domains();
  to.set_domain(std::string(domain.text()));
  to.set_line(lineOf(domain));
  to.set_standing(report.standing);
  const std::uint32_t claim_line =
      lines_.of(*dns::Name::prepend(identity::kClaimLabel, domain.name()), dns::RrType::txt);
  for (const std::string& text : report.warnings) warn(claim_line, to.domain(), text);
  if (is_anothers) {
    to.set_standing("unknown");
    to.set_why(fmt::format("{} speaks for it, and this zone is not theirs",
                           report.customer.empty() ? "nobody" : "customer " + report.customer));
    warn(to.line(), to.domain(), to.why() + ": its records here mean nothing");
  } else if (report.published) {
    addHosted(report, to);
  } else {
    addOther(report, to);
  }
}

void Linting::addHosted(const loop::DomainReport& report, v1::LintDomain& to) {
  *to.mutable_entry() = redis::toMessage(report.domain, *report.published);
  if (report.virtual_domain && dids_.insert(report.published->did).second) {
    *lint_.add_virtual_domains() = redis::toMessage(report.published->did, *report.virtual_domain);
  }
}

void Linting::addOther(const loop::DomainReport& report, v1::LintDomain& to) {
  const loop::DomainExplanation told = core_.explain(report.domain);
  const bool is_unknown = report.standing == "unknown";
  to.set_why(is_unknown ? fmt::format("{}: not known without asking", report.missing)
                        : told.explanation.first_failure);
  if (is_unknown) return;
  for (const std::string& record : told.explanation.remedy) to.add_remedy(record);
  if (!hasClaim(report.domain)) return;
  const auto owner = dns::Name::prepend(identity::kClaimLabel, report.domain.name());
  v1::LintWarning& warning =
      warn(lines_.of(*owner, dns::RrType::txt), to.domain(),
           fmt::format("it has a {} record, and DNS does not point it here: {}",
                       identity::kClaimLabel, to.why()));
  *warning.mutable_remedy() = to.remedy();
}

bool Linting::hasClaim(const derive::Domain& domain) const {
  const auto owner = dns::Name::prepend(identity::kClaimLabel, domain.name());
  if (!owner) return false;
  const view::ZoneAnswer answer = zone_.lookup(*owner, dns::RrType::txt);
  return answer.kind == view::ZoneAnswer::Kind::data && answer.source == owner->view() &&
         identity::parseClaim(answer.rrset.rdatas, settings_.claim_limits).present;
}

// Of the first record that asks for it, or is it.
std::uint32_t Linting::lineOf(const derive::Domain& domain) const {
  std::uint32_t first = 0;
  const auto consider = [&](dns::NameView owner, dns::RrType type) {
    const std::uint32_t line = lines_.of(owner, type);
    if (line != 0 && (first == 0 || line < first)) first = line;
  };
  for (const derive::Transport transport : derive::kTransports) {
    if (const auto owner = derive::srvOwner(transport, domain.name())) {
      consider(*owner, dns::RrType::srv);
    }
  }
  consider(domain.name(), dns::RrType::naptr);
  if (first == 0) {
    if (const auto owner = dns::Name::prepend(identity::kClaimLabel, domain.name())) {
      consider(*owner, dns::RrType::txt);
    }
  }
  if (first == 0) {
    for (const dns::RrType type : {dns::RrType::a, dns::RrType::aaaa, dns::RrType::cname}) {
      consider(domain.name(), type);
    }
  }
  return first;
}

void Linting::lookAtOwners() {
  std::optional<std::uint64_t> at = 0;
  while (at) {
    at = zone_.visitOwners(*at, kAtOnce, [this](dns::NameView owner, view::Zone::OwnerTypes types) {
      if (isServiceOwner(owner) || (types.srv && isServiceOwner(owner.parent()))) {
        lookAtOwner(owner);
      }
    });
  }
}

// Service records that mean nothing where they stand.
void Linting::lookAtOwner(dns::NameView owner) {
  const bool is_claim = owner.firstLabel() == identity::kClaimLabel;
  const dns::RrType type = is_claim ? dns::RrType::txt : dns::RrType::srv;
  if (!zone_.hasRecordsAt(owner)) return;
  const std::uint32_t line = lines_.of(owner, type);
  const view::ZoneAnswer answer = zone_.lookup(owner, type);
  using Kind = view::ZoneAnswer::Kind;
  if (answer.kind == Kind::delegated || answer.kind == Kind::dname) {
    warn(line, owner.toText(),
         fmt::format("the {} at {} hides it: nobody is ever given it",
                     answer.kind == Kind::dname ? "DNAME" : "delegation", answer.source.toText()));
  } else if (const auto domain = derive::Domain::fromName(derive::ownDomainName(owner)); !domain) {
    warn(line, owner.toText(), fmt::format("it is of no domain: {}", domain.error()));
  } else if (is_claim) {
    lookAtClaim(owner, answer);
  }
}

void Linting::lookAtClaim(dns::NameView owner, const view::ZoneAnswer& answer) {
  if (answer.kind == view::ZoneAnswer::Kind::cname) return;
  const auto isOurs = [this](std::span<const std::uint8_t> rdata) {
    const auto text = dns::joinTxt(rdata);
    return text && identity::parseClaimRecord(*text, settings_.claim_limits).has_value();
  };
  if (std::ranges::any_of(answer.rrset.rdatas, isOurs)) return;
  v1::LintWarning& warning =
      warn(lines_.of(owner, dns::RrType::txt), owner.toText(),
           fmt::format("no TXT record here begins with {}: what it says is not read",
                       identity::kClaimVersion));
  warning.add_remedy(
      fmt::format("{}. 3600 IN TXT \"{}\"", owner.toText(), identity::kClaimVersion));
}

// The configured zone of that name; its place.
std::optional<std::size_t> configured(const loop::Settings& settings, const dns::Name& zone) {
  const auto& zones = settings.secondary.zones;
  const auto found = std::ranges::find(zones, zone, &xfr::ZoneSettings::name);
  return found == zones.end() ? std::nullopt
                              : std::optional(static_cast<std::size_t>(found - zones.begin()));
}

// Of a zone that is not configured: as of others that are the customer's.
xfr::TransferLimits limitsOf(const loop::Settings& settings, view::CustomerId customer) {
  for (std::size_t i = 0; i < settings.zones.size(); ++i) {
    if (settings.zones[i].customer == customer) return settings.secondary.zones[i].limits;
  }
  return {};
}

}  // namespace

void RecordLines::add(dns::NameView owner, dns::RrType type, std::uint32_t line) {
  lines_.try_emplace(absl::HashOf(owner, type), line);
}

std::uint32_t RecordLines::of(dns::NameView owner, dns::RrType type) const {
  const auto found = lines_.find(absl::HashOf(owner, type));
  return found == lines_.end() ? 0 : found->second;
}

tl::expected<LintSubject, std::string> lintSubject(const loop::Settings& settings,
                                                   const dns::Name& zone,
                                                   std::string_view customer) {
  const auto known = configured(settings, zone);
  if (known && settings.zones[*known].catalog) {
    return tl::unexpected(fmt::format("{} is a catalog zone here", zone.toText()));
  }
  if (known) {
    const view::CustomerId owner = settings.zones[*known].customer;
    const std::string& name = settings.customers[static_cast<std::size_t>(owner)].name;
    if (!customer.empty() && customer != name) {
      return tl::unexpected(fmt::format("zone {} is customer {}'s", zone.toText(), name));
    }
    return LintSubject{zone, owner, settings.secondary.zones[*known].limits};
  }
  if (customer.empty()) {
    return tl::unexpected(fmt::format("no customer has a zone {}: say --customer", zone.toText()));
  }
  const auto found = std::ranges::find(settings.customers, customer, &loop::CustomerSettings::name);
  if (found == settings.customers.end()) {
    return tl::unexpected(fmt::format("there is no customer {}", customer));
  }
  const view::CustomerId id{static_cast<std::uint32_t>(found - settings.customers.begin())};
  return LintSubject{zone, id, limitsOf(settings, id)};
}

// Other zones are names that their customers speak for, and of which nothing is known.
loop::Settings lintSettings(loop::Settings settings, const LintSubject& subject,
                            const std::optional<xfr::PrimarySettings>& primary) {
  for (std::size_t i = 0; i < settings.zones.size(); ++i) {
    const dns::Name& name = settings.secondary.zones[i].name;
    const bool is_watched = std::ranges::find(settings.watched, name, &loop::WatchedName::name) !=
                            settings.watched.end();
    if (name == subject.zone || settings.zones[i].catalog || is_watched) continue;
    settings.watched.push_back({name, settings.zones[i].customer});
  }
  std::erase_if(settings.watched,
                [&](const loop::WatchedName& watched) { return watched.name == subject.zone; });
  for (loop::CustomerSettings& customer : settings.customers) {
    customer.resolver = customer.authoritative = std::nullopt;
  }
  settings.resolvers.clear();
  settings.catalogs.clear();
  settings.secondary.primaries = {
      primary.value_or(xfr::PrimarySettings{"nowhere", {dns::Ipv4{}, 0}, nullptr})};
  settings.secondary.zones = {{subject.zone, {xfr::PrimaryId{0}}, subject.limits}};
  settings.zones = {{.customer = subject.customer}};
  return settings;
}

tl::expected<view::Zone, std::string> zoneFromText(std::string_view text,
                                                   const std::optional<dns::Name>& origin,
                                                   const view::ZoneLimits& limits,
                                                   RecordLines& lines) {
  std::optional<view::Zone> zone;
  if (origin) zone.emplace(*origin, limits);
  const auto take = [&](const dns::RecordView& record,
                        std::uint32_t line) -> tl::expected<void, std::string> {
    if (!zone && record.type != dns::RrType::soa) {
      return tl::unexpected(std::string("a zone begins with its SOA; or say --zone"));
    }
    if (!zone) zone.emplace(dns::Name(record.owner), limits);
    lines.add(record.owner, record.type, line);
    return zone->add(record).map_error([](const view::Refusal& why) { return why.text; });
  };
  const auto done = master_file::read(text, origin ? &*origin : nullptr, take);
  if (!done) {
    return tl::unexpected(fmt::format("{}: {}", done.error().line, done.error().text));
  }
  if (!zone) return tl::unexpected(std::string("1: there is no record"));
  if (const auto finished = zone->finish(); !finished) {
    return tl::unexpected(fmt::format("1: {}", finished.error().text));
  }
  return *std::move(zone);
}

void restoreInto(Rehearsal& rehearsal, const view::Zone& zone) {
  ports::SavedZone saved{.name = dns::Name(zone.apex()), .copy = {}, .pieces = {}, .journal = {}};
  saved.copy.serial = zone.serial();
  saved.copy.intervals = xfr::clamped(zone.soa(), rehearsal.settings().secondary.clamps);
  for (std::optional<std::uint64_t> at = 0; at;) {
    ports::PackedRecords& piece = saved.pieces.emplace_back();
    at = zone.visitRecords(*at, kAtOnce,
                           [&](const dns::RecordView& record) { dns::pack(record, piece); });
  }
  rehearsal.core().restore(saved);
}

v1::ZoneLint lint(Rehearsal& rehearsal, const LintSubject& subject, const RecordLines& lines) {
  return Linting(rehearsal, subject, lines).run();
}

// -- for people

namespace {

std::string placeText(const std::string& file, std::uint32_t line) {
  return line == 0 ? std::string() : fmt::format("{}:{}: ", file, line);
}

void appendRemedy(const google::protobuf::RepeatedPtrField<std::string>& remedy,
                  std::string& text) {
  for (const std::string& record : remedy)
    text += fmt::format("    {}\n", logging::printable(record));
}

std::string tableOf(const v1::ZoneLint& lint) {
  Columns columns;
  for (const v1::LintDomain& domain : lint.domains()) {
    if (!domain.has_entry()) continue;
    columns.row({"  " + domain.domain(), entryText(domain.entry())});
  }
  std::ostringstream out;
  columns.print(out);
  return out.str();
}

std::string attributesOf(const v1::VirtualDomain& virtual_domain) {
  std::string text =
      fmt::format("  DID {}: {}\n", virtual_domain.did(), joined(virtual_domain.domains()));
  for (const v1::Attribute& attribute : virtual_domain.attributes()) {
    text +=
        fmt::format("    {} = {}\n", attribute.name(), logging::printable(valuesText(attribute)));
  }
  return text;
}

}  // namespace

std::string lintText(const v1::ZoneLint& lint, const std::string& file) {
  std::string text = fmt::format("zone {} serial {}, {} records, customer {}\n", lint.zone(),
                                 lint.serial(), lint.records(), lint.customer());
  const std::string hosted = tableOf(lint);
  text += hosted.empty() ? "\nNo domain would be hosted.\n" : "\nHosted:\n" + hosted;
  if (lint.virtual_domains_size() > 0) text += "\nVirtual domains:\n";
  for (const v1::VirtualDomain& one : lint.virtual_domains()) text += attributesOf(one);
  bool is_first = true;
  for (const v1::LintDomain& domain : lint.domains()) {
    if (domain.has_entry()) continue;
    if (std::exchange(is_first, false)) text += "\nNot hosted:\n";
    text += logging::printable(fmt::format("  {}{} is {}: {}", placeText(file, domain.line()),
                                           domain.domain(), domain.standing(), domain.why())) +
            '\n';
  }
  if (lint.warnings_size() > 0) text += "\nWarnings:\n";
  for (const v1::LintWarning& warning : lint.warnings()) {
    text += logging::printable(fmt::format("  {}{}: {}", placeText(file, warning.line()),
                                           warning.name(), warning.text())) +
            '\n';
    appendRemedy(warning.remedy(), text);
  }
  return text;
}

}  // namespace zonecast
