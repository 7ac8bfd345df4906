// What the operator asks of the reconciler, and has it do.
#include <algorithm>

#include <fmt/format.h>

#include "reconciler/discovery/token.h"
#include "reconciler/loop/reconciler.h"

namespace zonecast::loop {

Overview Reconciler::overview() const {
  Overview overview;
  overview.store = publisher_.state();
  overview.term = publisher_.term();
  overview.position = publisher_.position();
  overview.zones = zones_.table().size();
  overview.zones_loaded = view_.loaded();
  overview.zones_confirmed = secondary_.tally().confirmed;
  overview.zones_expired = secondary_.tally().expired;
  overview.zones_in_trouble = secondary_.tally().in_trouble;
  overview.domains_published = published_.domains.size();
  overview.virtual_domains_published = published_.virtual_domains.size();
  overview.domains_held = publisher_.held().size();
  overview.domains_retiring = book_.partings().size();
  overview.domains_braked = book_.plans().size();
  overview.domains_contested = book_.contested();
  overview.held_since = held_since_;
  overview.domains_directed = book_.directives().size();
  overview.dids_kept = published_.records.size();
  overview.dids_disputed = dids_.disputes().size();
  overview.transfers = secondary_.underWay();
  overview.zones_in_work = edits_.size() + passes_.size();
  for (const auto* passes : {&edits_, &passes_}) {
    for (const Pass& pass : *passes) overview.domains_to_derive += pass.waiting();
  }
  overview.domains_waiting = publisher_.waiting();
  overview.answers = answers_.tally();
  overview.domains_watched = settings_.watched.size();
  overview.domains_discovered = book_.discovered();
  overview.domains_wanted = book_.wanted();
  overview.zones_leaving = zones_.leaving();
  overview.members = memberCounts();
  return overview;
}

ZoneReport Reconciler::reportOn(xfr::ZoneId zone) const {
  const Zones::Entry& entry = zones_.entry(zone);
  ZoneReport report;
  report.name = zones_.settings(zone).name.toText();
  report.customer = settings_.customers[static_cast<std::size_t>(entry.binding.customer)].name;
  if (entry.origin().catalog) report.from = zones_.catalog(*entry.origin().catalog).zone.toText();
  report.is_catalog = entry.binding.catalog.has_value();
  report.status = secondary_.status(zone, ports_.clock.now());
  if (entry.leaving) addLeaving(*entry.leaving, entry.last_success, report);
  if (entry.binding.catalog) addCatalog(*entry.binding.catalog, report);
  if (report.status.primary) {
    report.primary =
        settings_.secondary.primaries[static_cast<std::size_t>(*report.status.primary)].name;
  }
  if (const view::Zone* content = view_.zone(indexOf(zone))) {
    report.records = content->recordCount();
    report.octets = content->octets();
    if (entry.leaving) report.status.serial = content->serial();
  }
  return report;
}

void Reconciler::addLeaving(const Leaving& leaving, WallTime last_success,
                            ZoneReport& report) const {
  const Duration left = leaving.until - ports_.clock.now().wall;
  report.leaves_in = std::max(left, Duration::zero());
  report.status.next_check = ports_.clock.now().mono + *report.leaves_in;
  if (last_success != WallTime{}) report.status.last_success = last_success;
  report.status.trouble = leaving.cause;
}

void Reconciler::addCatalog(CatalogId catalog, ZoneReport& report) const {
  std::string& trouble = report.status.trouble;
  if (report.status.expired) {
    trouble += (trouble.empty() ? "" : "; ");
    trouble += "the catalog has expired, and its members stay as they are";
  }
  if (const std::string own = catalogs_.trouble(catalog); !own.empty()) {
    trouble += (trouble.empty() ? "" : "; ") + own;
  }
}

MemberCounts Reconciler::memberCounts() const {
  MemberCounts counts;
  counts.refused = catalogs_.refused();
  for (std::size_t i = 0; i < settings_.catalogs.size(); ++i) {
    const CatalogId catalog{static_cast<std::uint32_t>(i)};
    const auto zone = zoneNamed(settings_.catalogs[i].zone);
    const bool expired = zone && secondary_.status(*zone, ports_.clock.now()).expired;
    const std::size_t members = zones_.membersOf(catalog).size();
    if (catalogs_.isBroken(catalog)) {
      counts.of_broken += members;
    } else if (expired) {
      counts.of_expired += members;
    } else {
      (catalogs_.isSettled(catalog) ? counts.of_current : counts.of_unread) += members;
    }
  }
  return counts;
}

std::vector<ZoneReport> Reconciler::zoneReports(const dns::Name* after,
                                                std::size_t zones_max) const {
  std::vector<ZoneReport> reports;
  const xfr::ZoneTable::ByName& zones = zones_.table().byName();
  auto zone = after == nullptr ? zones.begin() : zones.upper_bound(*after);
  for (; zone != zones.end() && reports.size() < zones_max; ++zone) {
    reports.push_back(reportOn(zone->second));
  }
  return reports;
}

std::optional<ZoneReport> Reconciler::zoneReport(dns::NameView zone) const {
  const std::optional<xfr::ZoneId> known = zoneNamed(zone);
  return known ? std::optional(reportOn(*known)) : std::nullopt;
}

bool Reconciler::refresh(dns::NameView zone) {
  const std::optional<xfr::ZoneId> known = zoneNamed(zone);
  if (!known) return false;
  noticed_.try_emplace(*known, ports_.clock.now().mono);
  secondary_.refresh(*known, ports_.clock.now());
  settle();
  return true;
}

bool Reconciler::retransfer(dns::NameView zone) {
  const std::optional<xfr::ZoneId> known = zoneNamed(zone);
  if (!known) return false;
  noticed_.try_emplace(*known, ports_.clock.now().mono);
  secondary_.retransfer(*known, ports_.clock.now());
  settle();
  return true;
}

std::vector<PlanReport> Reconciler::plans(std::size_t domains_max) const {
  std::vector<PlanReport> reports;
  for (const auto& [party, plan] : book_.plans().plans()) {
    PlanReport& report = reports.emplace_back();
    report.customer = book_.nameOf(party);
    report.digest = plan.digest();
    report.size = plan.domains.size();
    for (const auto& [domain, would] : plan.domains) {
      if (report.domains.size() == domains_max) break;
      report.domains.push_back({domain, would});
    }
  }
  return reports;
}

std::optional<std::size_t> Reconciler::decide(std::string_view digest, bool approve) {
  const std::optional<plan::Party> party = book_.plans().find(digest);
  if (!party) return std::nullopt;
  std::vector<DomainId> domains = approve ? book_.approve(*party) : book_.reject(*party);
  const std::size_t count = domains.size();
  ports_.journal.record(ports::BrakeDecided{book_.nameOf(*party), approve, count});
  plan::Cause cause{
      fmt::format("the operator {} plan {}", approve ? "approved" : "rejected", digest),
      std::nullopt};
  begin(DomainsDue{std::move(domains)}, std::move(cause), false);
  settle();
  return count;
}

bool Reconciler::lookUp(const derive::Domain& domain) {
  const Instant now = ports_.clock.now().mono;
  if (const auto id = book_.find(domain); id && !book_.node(*id).questions.empty()) {
    book_.refresh(*id, now);
  } else if (settings_.discovered && !view_.speaker(domain.name())) {
    newcomers_.lookUp(domain, now);
    to_look_up_.push_back(domain);
  } else {
    return false;
  }
  settle();
  return true;
}

Reconciler::WatchedPage Reconciler::watched(const dns::Name* after, std::size_t domains_max) const {
  constexpr std::size_t kLookedAtMax = 10'000;  // some ms
  const Instant now = ports_.clock.now().mono;
  WatchedPage page;
  page.next = book_.visitInOrder(after, kLookedAtMax, [&](const DomainNode& node) {
    const bool is_discovered = node.customer && node.customer == settings_.discovered;
    if (!node.watched && !is_discovered) return true;
    WatchedReport& report = page.domains.emplace_back();
    report.domain = std::string(node.domain.text());
    if (node.customer) {
      report.customer = settings_.customers[static_cast<std::size_t>(*node.customer)].name;
    }
    report.standing = std::string(derive::toText(node.verdict.standing));
    report.missing = node.missing ? *node.missing : "";
    report.published = node.published.has_value();
    report.idle = node.idle;
    report.questions = node.questions.size();
    for (const query::QuestionId question : node.questions) {
      const Duration left = std::max(answers_.due(question) - now, Duration::zero());
      report.next = report.next ? std::min(*report.next, left) : left;
    }
    return page.domains.size() < domains_max;
  });
  return page;
}

const view::Zone* Reconciler::content(dns::NameView zone) const {
  const std::optional<xfr::ZoneId> known = zoneNamed(zone);
  return known ? view_.zone(indexOf(*known)) : nullptr;
}

Reconciler::DomainPage Reconciler::domains(const dns::Name* after, std::size_t domains_max) const {
  DomainPage page;
  page.next = book_.visitInOrder(after, domains_max, [&](const DomainNode& node) {
    page.domains.push_back(node.domain);
    return true;
  });
  return page;
}

std::optional<view::CustomerId> Reconciler::customerOf(const derive::Domain& domain) const {
  const std::optional<DomainId> id = book_.find(domain);
  return id ? book_.node(*id).customer : view_.speaker(domain.name());
}

DomainReport Reconciler::domainReport(const derive::Domain& domain) const {
  DomainReport report(domain);
  if (const auto entry = published_.domains.find(domain); entry != published_.domains.end()) {
    report.published = entry->second;
    const auto virtual_domain = published_.virtual_domains.find(entry->second.did);
    if (virtual_domain != published_.virtual_domains.end())
      report.virtual_domain = virtual_domain->second;
  }
  if (const auto held = publisher_.held().find(domain); held != publisher_.held().end()) {
    report.held = held->second;
  }
  if (const auto customer = customerOf(domain)) {
    report.customer = settings_.customers[static_cast<std::size_t>(*customer)].name;
  }
  report.is_looked_up = std::ranges::find(to_look_up_, domain) != to_look_up_.end();
  report.desired = book_.desired(domain);
  if (const auto* directive = book_.directives().find(domain)) report.directive = *directive;
  if (const auto id = book_.find(domain)) {
    const DomainNode& node = book_.node(*id);
    report.standing = std::string(derive::toText(node.verdict.standing));
    report.missing = node.missing ? *node.missing : "";
    if (book_.findStatic(domain) != nullptr) report.standing = "static";
    report.is_looked_up = report.is_looked_up || node.queued ||
                          std::ranges::any_of(node.questions, [this](auto question) {
                            return answers_.isUnderWay(question);
                          });
    report.warnings = book_.warnings(*id);
  }
  return report;
}

// What DNS says of it is told too, for whoever wants to leave it to DNS again.
derive::Explanation Reconciler::explainStatic(const derive::Domain& domain,
                                              const StaticVirtualDomain& entry) const {
  derive::Explanation told;
  const auto speaker = view_.speaker(domain.name());
  if (speaker && !domain.isAddress()) {
    const CustomerDns dns(settings_, view_, answers_, *speaker, ports_.clock.now().mono);
    told.steps = derive::explain(domain, dns, settings_.edge, settings_.derive).steps;
  }
  derive::Step step;
  step.question = fmt::format("{} in the configuration", domain.text());
  step.answer = fmt::format("static, did {}", entry.did);
  step.source = "static";
  step.outcome = derive::Step::Outcome::reachesEdge;
  if (!told.steps.empty()) {
    step.note = fmt::format("what DNS says of it, which customer {} speaks for, does not count",
                            settings_.customers[static_cast<std::size_t>(*speaker)].name);
  }
  told.steps.insert(told.steps.begin(), std::move(step));
  return told;
}

DomainExplanation Reconciler::explain(const derive::Domain& domain) const {
  DomainExplanation explanation{domainReport(domain), {}};
  if (const StaticVirtualDomain* entry = book_.findStatic(domain)) {
    explanation.explanation = explainStatic(domain, *entry);
    return explanation;
  }
  const auto customer = customerOf(domain);
  if (!customer) {
    explanation.explanation.first_failure = fmt::format(
        "no configured zone or watched name speaks for {}, and no worker has asked for it",
        domain.text());
    return explanation;
  }
  const CustomerDns dns(settings_, view_, answers_, *customer, ports_.clock.now().mono);
  explanation.explanation = derive::explain(domain, dns, settings_.edge, settings_.derive);
  const std::optional<DomainId> id = book_.find(domain);
  if (id && explanation.explanation.first_failure.empty() && book_.node(*id).is_over) {
    explanation.explanation.first_failure = fmt::format(
        "{} reached the edge, but nobody has confirmed that for so long that it has expired, and "
        "retire.on_expire has it go",
        domain.text());
  }
  if (id && explanation.explanation.first_failure.empty() && book_.lacksToken(book_.node(*id))) {
    explanation.explanation.first_failure = fmt::format(
        "{} reaches the edge, but its {} record lacks the token that discovery.mode "
        "asks for",
        domain.text(), identity::kClaimLabel);
    explanation.explanation.remedy.push_back(
        fmt::format("{}.{}. 3600 IN TXT \"v=sipvhost1; token={}\"", identity::kClaimLabel,
                    domain.text(), discovery::tokenFor(domain, settings_.discovery.token_key)));
  }
  if (!id && explanation.explanation.first_failure.empty()) {
    // Not every address record makes a domain.
    explanation.explanation.first_failure = fmt::format(
        "{} reaches the edge, but no record asks for it to be a SIP domain: it needs SIP SRV or "
        "NAPTR records, or a {} record",
        domain.text(), identity::kClaimLabel);
  }
  return explanation;
}

}  // namespace zonecast::loop
