#include "app/zonecastd/control_service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/convert.h"
#include "app/zonecastd/did_status.h"
#include "app/zonecastd/history_service.h"
#include "app/zonecastd/long_work.h"
#include "app/zonecastd/until.h"
#include "app/zonecastd/worker_status.h"

namespace zonecast {
namespace {

constexpr std::uint32_t kPage = 500;
constexpr std::size_t kListOctetsMax = 256 << 10;  // of a page of domains with attributes
constexpr std::size_t kZonesSearched = 2000;       // for those in trouble, in one answer

std::uint32_t pageSize(std::uint32_t asked) {
  return asked == 0 ? kPage : std::min(asked, kPage);
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::int64_t wholeSeconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

v1::ControlResponse failure(v1::Failure::Kind kind, std::string text) {
  v1::ControlResponse response;
  response.mutable_failure()->set_kind(kind);
  response.mutable_failure()->set_text(std::move(text));
  return response;
}

std::string_view toText(xfr::ZoneActivity activity) {
  switch (activity) {
    case xfr::ZoneActivity::waiting:
      return "waiting";
    case xfr::ZoneActivity::queued:
      return "queued";
    case xfr::ZoneActivity::checking:
      return "checking";
    case xfr::ZoneActivity::transferring:
      return "transferring";
  }
  return "?";
}

std::string_view toText(derive::Step::Outcome outcome) {
  switch (outcome) {
    case derive::Step::Outcome::leadsOn:
      return "leads-on";
    case derive::Step::Outcome::reachesEdge:
      return "reaches-edge";
    case derive::Step::Outcome::elsewhere:
      return "elsewhere";
    case derive::Step::Outcome::closed:
      return "closed";
    case derive::Step::Outcome::missing:
      return "missing";
    case derive::Step::Outcome::ignored:
      return "ignored";
  }
  return "?";
}

void fill(v1::ZoneStatus& to, const loop::ZoneReport& from, const Now& now) {
  to.set_zone(from.name);
  to.set_customer(from.customer);
  to.set_activity(std::string(toText(from.status.activity)));
  if (from.status.serial) to.set_serial(from.status.serial->value());
  to.set_primary(from.primary);
  if (from.status.last_success)
    to.set_checked_seconds_ago(wholeSeconds(now.wall - *from.status.last_success));
  to.set_next_check_seconds(
      std::max<std::int64_t>(0, wholeSeconds(from.status.next_check - now.mono)));
  to.set_failures(from.status.failures);
  to.set_confirmed(from.status.confirmed);
  to.set_expired(from.status.expired);
  to.set_trouble(from.status.trouble);
  to.set_records(from.records);
  to.set_octets(from.octets);
  to.set_from(from.from);
  to.set_is_catalog(from.is_catalog);
  if (from.leaves_in) to.set_leaves_in_seconds(wholeSeconds(*from.leaves_in));
}

void fill(v1::Pin& to, const derive::Domain& domain, const plan::Directive& directive) {
  to.set_domain(std::string(domain.text()));
  to.set_kind(std::string(plan::toText(directive.kind)));
  to.set_until(directive.until.time_since_epoch().count());
}

void fill(v1::DomainReport& to, const loop::DomainReport& from) {
  to.set_domain(std::string(from.domain.text()));
  to.set_customer(from.customer);
  to.set_standing(from.standing);
  to.set_missing(from.missing);
  to.set_held(from.held);
  if (from.published) *to.mutable_published() = redis::toMessage(from.domain, *from.published);
  if (from.desired) *to.mutable_desired() = redis::toMessage(from.domain, *from.desired);
  if (from.virtual_domain) {
    *to.mutable_virtual_domain() = redis::toMessage(from.published->did, *from.virtual_domain);
  }
  for (const std::string& warning : from.warnings) to.add_warnings(warning);
  if (from.directive) fill(*to.mutable_pin(), from.domain, *from.directive);
  to.set_looked_up(from.is_looked_up);
}

bool isTroubled(const xfr::ZoneStatus& status) {
  return status.expired || !status.trouble.empty();
}

// Why the store cannot be published to; empty: it can.
std::string closedStore(const loop::Overview& overview) {
  if (!loop::isOpen(overview.store)) {
    return "Redis is not open for us: it cannot be reached, is being read, or another zonecastd "
           "leads";
  }
  if (overview.store == loop::StoreState::reconciling)
    return "what Redis holds is being compared with what DNS says";
  return {};
}

// Why what Redis holds may not be what DNS says; empty: it is, as far as it can be.
std::string unpublished(const loop::Overview& overview) {
  if (std::string closed = closedStore(overview); !closed.empty()) return closed;
  const std::size_t answered = overview.zones_confirmed + overview.zones_in_trouble;
  if (answered < overview.zones) {
    return fmt::format("{} of {} zones have neither been confirmed nor failed yet",
                       overview.zones - answered, overview.zones);
  }
  const bool publishes = overview.domains_waiting > 0 || overview.store != loop::StoreState::idle;
  // What the operator holds waits as long as he likes, and is no reason to take us out of service.
  if (overview.zones_in_work > 0 || (publishes && !overview.held_since)) {
    return fmt::format("{} zones are being worked off, and {} domains wait to be published",
                       overview.zones_in_work, overview.domains_waiting);
  }
  return {};
}

// False when some are left out.
template <typename Changes, typename Shown>
bool show(const Changes& changes, std::size_t octets_max, Shown& shown) {
  std::size_t octets = 0;
  for (const auto& from : changes) {
    if (octets > octets_max) return false;
    auto& change = *shown.Add();
    if (from.before) *change.mutable_before() = redis::toMessage(from.key, *from.before);
    if (from.after) *change.mutable_after() = redis::toMessage(from.key, *from.after);
    octets += change.ByteSizeLong();
  }
  return true;
}

// With its canonical domain, so that each comes once; the octets that it takes.
std::size_t addVirtualDomain(const std::pair<const derive::Domain, plan::DomainEntry>& domain,
                             const plan::Table& published, v1::DomainList& list) {
  const auto found = published.virtual_domains.find(domain.second.did);
  if (found == published.virtual_domains.end() || found->second->canonical != domain.first)
    return 0;
  v1::VirtualDomain& added = *list.add_virtual_domains();
  added = redis::toMessage(found->first, *found->second);
  added.clear_domains();
  return added.ByteSizeLong();
}

constexpr std::size_t kDomainsListed = 3, kDomainsShown = 1000;  // of a virtual domain

}  // namespace

ControlService::ControlService(loop::Reconciler& reconciler, const ports::Clock& clock,
                               const redis::SeenWorkers& workers, std::string daemon_version)
    : reconciler_(reconciler),
      clock_(clock),
      workers_(workers),
      daemon_version_(std::move(daemon_version)),
      started_(clock.now().mono) {}

v1::ControlResponse ControlService::handle(const v1::ControlRequest& request) {
  switch (request.verb_case()) {
    case v1::ControlRequest::kStatus:
      return status();
    case v1::ControlRequest::kZoneStatus:
      return zoneStatus(request.zone_status());
    case v1::ControlRequest::kZoneRefresh:
      return zoneCommand(request.zone_refresh().zone(), &loop::Reconciler::refresh,
                         "is being checked");
    case v1::ControlRequest::kZoneRetransfer:
      return zoneCommand(request.zone_retransfer().zone(), &loop::Reconciler::retransfer,
                         "is being transferred");
    case v1::ControlRequest::kDomainList:
      return domainList(request.domain_list());
    case v1::ControlRequest::kDomainShow:
      return domainShow(request.domain_show());
    case v1::ControlRequest::kExplain:
      return explain(request.explain());
    case v1::ControlRequest::kLookupNow:
      return lookupNow(request.lookup_now());
    case v1::ControlRequest::kWatched:
      return watched(request.watched());
    case v1::ControlRequest::kDidList:
      return listDids(request.did_list());
    case v1::ControlRequest::kDidShow:
      return showDid(request.did_show());
    case v1::ControlRequest::kDidTransfer:
      return transferDid(request.did_transfer());
    case v1::ControlRequest::kWorkers:
      return workers(request.workers());
    case v1::ControlRequest::kPlan:
      return plan(request.plan());
    case v1::ControlRequest::kApprove:
      return decide(request.approve().digest(), true);
    case v1::ControlRequest::kReject:
      return decide(request.reject().digest(), false);
    case v1::ControlRequest::kHold:
      return hold(true);
    case v1::ControlRequest::kRelease:
      return hold(false);
    case v1::ControlRequest::kPin:
      return direct(request.pin(), plan::Directive::Kind::pin);
    case v1::ControlRequest::kBlock:
      return direct(request.block(), plan::Directive::Kind::block);
    case v1::ControlRequest::kPins:
      return pins(request.pins());
    case v1::ControlRequest::kHistory:
      return history(request.history());
    case v1::ControlRequest::kDiff:
      return diff(request.diff());
    case v1::ControlRequest::kReadiness:
      return readiness();
    case v1::ControlRequest::kWatch:   // the server takes it itself
    case v1::ControlRequest::kReload:  // see answer()
    case v1::ControlRequest::VERB_NOT_SET:
      break;
  }
  return failure(v1::Failure::INVALID, "not a request that this version knows");
}

void ControlService::answer(const v1::ControlRequest& request, const Reply& reply) {
  if (request.has_reload() && reload_) return reload_(reply);
  reply(handle(request));
}

v1::ControlResponse ControlService::status() {
  const loop::Overview overview = reconciler_.overview();
  v1::ControlResponse response;
  v1::Status& status = *response.mutable_status();
  status.set_store(std::string(loop::toText(overview.store)));
  status.set_term(static_cast<std::uint64_t>(overview.term));
  if (overview.position) {
    status.set_lineage(overview.position->lineage.uuid);
    status.set_version(static_cast<std::uint64_t>(overview.position->version));
  }
  status.set_zones(overview.zones);
  status.set_zones_loaded(overview.zones_loaded);
  status.set_zones_confirmed(overview.zones_confirmed);
  status.set_zones_in_trouble(overview.zones_in_trouble);
  status.set_zones_expired(overview.zones_expired);
  status.set_zones_in_work(overview.zones_in_work);
  status.set_domains(overview.domains_published);
  status.set_virtual_domains(overview.virtual_domains_published);
  status.set_domains_retiring(overview.domains_retiring);
  status.set_domains_braked(overview.domains_braked);
  status.set_domains_held(overview.domains_held);
  status.set_domains_waiting(overview.domains_waiting);
  status.set_transfers_under_way(overview.transfers.transfers);
  status.set_records_arriving(overview.transfers.records);
  status.set_domains_to_derive(overview.domains_to_derive);
  if (const auto moved = moved_()) {
    status.set_store_entries_done(moved->done);
    status.set_store_entries(moved->in_all);
  }
  status.set_domains_contested(overview.domains_contested);
  status.set_dids_kept(overview.dids_kept);
  status.set_dids_disputed(overview.dids_disputed);
  if (overview.held_since) status.set_held_since(overview.held_since->time_since_epoch().count());
  status.set_domains_directed(overview.domains_directed);
  status.set_shadow(is_shadow_);
  status.set_domains_watched(overview.domains_watched);
  status.set_domains_discovered(overview.domains_discovered);
  status.set_domains_wanted(overview.domains_wanted);
  status.set_zones_leaving(overview.zones_leaving);
  const loop::MemberCounts& members = overview.members;
  status.set_members(members.of_current + members.of_broken + members.of_expired +
                     members.of_unread);
  status.set_members_refused(members.refused);
  status.set_questions(overview.answers.questions);
  status.set_questions_unanswered(overview.answers.unanswered);
  status.set_questions_failing(overview.answers.failing);
  status.set_questions_waiting(overview.answers.waiting);
  status.set_daemon_version(daemon_version_);
  status.set_uptime_seconds(static_cast<std::uint64_t>(wholeSeconds(clock_.now().mono - started_)));
  return response;
}

v1::ControlResponse ControlService::zoneStatus(const v1::ZoneStatusRequest& request) {
  v1::ControlResponse response;
  v1::ZoneStatusList& list = *response.mutable_zone_status();
  const auto add = [&](const loop::ZoneReport& report) {
    fill(*list.add_zones(), report, clock_.now());
  };
  const std::string& asked = request.zone().empty() ? request.after() : request.zone();
  const auto name = dns::Name::fromText(asked.empty() ? "." : asked);
  if (!name) return failure(v1::Failure::INVALID, fmt::format("{}: {}", asked, name.error().what));
  if (!request.zone().empty()) {
    const auto report = reconciler_.zoneReport(*name);
    if (!report)
      return failure(v1::Failure::NOT_FOUND, fmt::format("there is no zone {} here", asked));
    add(*report);
    return response;
  }
  const dns::Name* after = asked.empty() ? nullptr : &*name;
  const std::uint32_t page = pageSize(request.limit());
  const std::size_t searched = request.troubled() ? kZonesSearched : page;
  const std::vector<loop::ZoneReport> reports = reconciler_.zoneReports(after, searched);
  list.set_more(reports.size() == searched);
  for (const loop::ZoneReport& report : reports) {
    if (static_cast<std::uint32_t>(list.zones_size()) == page) {
      list.set_more(true);
      break;
    }
    if (!request.troubled() || isTroubled(report.status)) add(report);
    list.set_next(report.name);
  }
  if (!list.more()) list.clear_next();
  return response;
}

v1::ControlResponse ControlService::zoneCommand(const std::string& zone,
                                                bool (loop::Reconciler::*command)(dns::NameView),
                                                const char* done) {
  const auto name = dns::Name::fromText(zone);
  if (!name) return failure(v1::Failure::INVALID, fmt::format("{}: {}", zone, name.error().what));
  if (!(reconciler_.*command)(*name)) {
    return failure(v1::Failure::NOT_FOUND, fmt::format("there is no zone {} here", zone));
  }
  v1::ControlResponse response;
  response.mutable_done()->set_text(fmt::format("zone {} {}", name->toText(), done));
  return response;
}

v1::ControlResponse ControlService::domainList(const v1::DomainListRequest& request) {
  v1::ControlResponse response;
  v1::DomainList& list = *response.mutable_domain_list();
  const plan::Table& published = reconciler_.published();
  const auto& domains = published.domains;
  auto entry = domains.begin();
  if (!request.after().empty()) {
    const auto after = derive::Domain::fromHost(request.after());
    if (!after) return failure(v1::Failure::INVALID, after.error());
    entry = domains.upper_bound(*after);
  }
  std::size_t octets = 0;
  for (std::uint32_t n = pageSize(request.limit()); n > 0 && entry != domains.end(); --n, ++entry) {
    if (octets > kListOctetsMax) break;
    *list.add_domains() = redis::toMessage(entry->first, entry->second);
    if (request.attributes()) octets += addVirtualDomain(*entry, published, list);
  }
  if (const auto position = reconciler_.overview().position)
    list.set_version(static_cast<std::uint64_t>(position->version));
  list.set_more(entry != domains.end());
  return response;
}

v1::ControlResponse ControlService::domainShow(const v1::DomainShowRequest& request) {
  const auto domain = derive::Domain::fromHost(request.domain());
  if (!domain) return failure(v1::Failure::INVALID, domain.error());
  const loop::DomainReport report = reconciler_.domainReport(*domain);
  if (!report.published && !report.desired && !report.directive) {
    return failure(v1::Failure::NOT_FOUND,
                   fmt::format("{} is not hosted here; zonecast explain {} says why",
                               domain->text(), domain->text()));
  }
  v1::ControlResponse response;
  fill(*response.mutable_domain_show(), report);
  return response;
}

v1::ControlResponse ControlService::lookupNow(const v1::LookupNowRequest& request) {
  const auto domain = derive::Domain::fromText(request.domain());
  if (!domain) return failure(v1::Failure::INVALID, domain.error());
  if (!reconciler_.lookUp(*domain)) {
    return failure(
        v1::Failure::NOT_FOUND,
        fmt::format("no question about {} goes to a resolver: its zone is transferred "
                    "(zonecast zone-refresh), or there is no resolver, or discovery is off",
                    domain->text()));
  }
  v1::ControlResponse response;
  response.mutable_done()->set_text(fmt::format("{} is being looked up", domain->text()));
  return response;
}

v1::ControlResponse ControlService::hold(bool holds) {
  v1::ControlResponse response;
  const bool is_new = holds ? reconciler_.hold() : reconciler_.release();
  std::string& text = *response.mutable_done()->mutable_text();
  if (!is_new) {
    text = holds ? "it was held already" : "it was not held";
  } else {
    text = holds ? "nothing is published until zonecast release" : "what has gathered is published";
  }
  return response;
}

template <typename Request>
v1::ControlResponse ControlService::direct(const Request& request, plan::Directive::Kind kind) {
  const auto domain = derive::Domain::fromText(request.domain());
  if (!domain) return failure(v1::Failure::INVALID, domain.error());
  if (request.off() != request.until().empty()) {
    return failure(v1::Failure::INVALID, "it takes either --until or --off");
  }
  if (request.off()) return endDirective(*domain, kind);
  const auto until = untilFromText(request.until(), clock_.now().wall);
  if (!until) return failure(v1::Failure::INVALID, until.error());
  const auto done = reconciler_.direct(*domain, {kind, *until});
  if (!done) {
    const bool is_missing =
        kind == plan::Directive::Kind::pin && !reconciler_.published().domains.contains(*domain);
    return failure(is_missing ? v1::Failure::NOT_FOUND : v1::Failure::INVALID, done.error());
  }
  v1::ControlResponse response;
  response.mutable_done()->set_text(
      fmt::format("{} {} until {}, whatever DNS says", domain->text(),
                  kind == plan::Directive::Kind::pin ? "stays as it is published" : "is not hosted",
                  untilText(*until)));
  return response;
}

v1::ControlResponse ControlService::endDirective(const derive::Domain& domain,
                                                 plan::Directive::Kind kind) {
  const bool is_pin = kind == plan::Directive::Kind::pin;
  if (!reconciler_.endDirective(domain, kind)) {
    return failure(v1::Failure::NOT_FOUND,
                   fmt::format("{} is not {}: zonecast pins lists those that are", domain.text(),
                               is_pin ? "pinned" : "blocked"));
  }
  v1::ControlResponse response;
  response.mutable_done()->set_text(fmt::format("{} is {} no more, and becomes what DNS says",
                                                domain.text(), is_pin ? "pinned" : "blocked"));
  return response;
}

v1::ControlResponse ControlService::pins(const v1::PinsRequest& request) {
  std::optional<derive::Domain> after;
  if (!request.after().empty()) {
    auto domain = derive::Domain::fromText(request.after());
    if (!domain) return failure(v1::Failure::INVALID, domain.error());
    after = *std::move(domain);
  }
  v1::ControlResponse response;
  v1::PinList& list = *response.mutable_pins();
  const std::uint32_t limit = pageSize(request.limit());
  for (const loop::DirectiveReport& report :
       reconciler_.directives(after ? &*after : nullptr, limit + 1)) {
    if (static_cast<std::uint32_t>(list.pins_size()) == limit) {
      list.set_more(true);
      break;
    }
    fill(*list.add_pins(), report.domain, report.directive);
  }
  return response;
}

v1::ControlResponse ControlService::watched(const v1::WatchedRequest& request) {
  const auto after = dns::Name::fromText(request.after().empty() ? "." : request.after());
  if (!after)
    return failure(v1::Failure::INVALID,
                   fmt::format("{}: {}", request.after(), after.error().what));
  v1::ControlResponse response;
  v1::WatchedList& list = *response.mutable_watched();
  const auto page =
      reconciler_.watched(request.after().empty() ? nullptr : &*after, pageSize(request.limit()));
  for (const loop::WatchedReport& report : page.domains) {
    v1::Watched& one = *list.add_domains();
    one.set_domain(report.domain);
    one.set_customer(report.customer);
    one.set_standing(report.standing);
    one.set_missing(report.missing);
    one.set_published(report.published);
    one.set_idle(report.idle);
    one.set_questions(report.questions);
    if (report.next) one.set_next_question_seconds(wholeSeconds(*report.next));
  }
  if (page.next) list.set_next(page.next->toText());
  return response;
}

v1::ControlResponse ControlService::listDids(const v1::DidListRequest& request) {
  const auto after = identity::Did::fromText(request.after().empty() ? "." : request.after());
  if (!after) return failure(v1::Failure::INVALID, after.error());
  v1::ControlResponse response;
  v1::DidList& list = *response.mutable_did_list();
  const std::uint32_t limit = pageSize(request.limit());
  for (const loop::DidReport& report :
       reconciler_.didReports(request.after().empty() ? nullptr : &*after, limit + 1)) {
    if (static_cast<std::uint32_t>(list.dids_size()) == limit) {
      list.set_more(true);
      break;
    }
    *list.add_dids() = toMessage(report, kDomainsListed);
  }
  return response;
}

v1::ControlResponse ControlService::showDid(const v1::DidShowRequest& request) {
  const auto did = identity::Did::fromText(request.did());
  if (!did) return failure(v1::Failure::INVALID, did.error());
  const auto report = reconciler_.didReport(*did);
  if (!report) {
    return failure(v1::Failure::NOT_FOUND,
                   fmt::format("{} is no DID that anybody has or had", did->text()));
  }
  v1::ControlResponse response;
  *response.mutable_did_show() = toMessage(*report, kDomainsShown);
  return response;
}

v1::ControlResponse ControlService::transferDid(const v1::DidTransferRequest& request) {
  const auto did = identity::Did::fromText(request.did());
  if (!did) return failure(v1::Failure::INVALID, did.error());
  const auto done = reconciler_.handOver(*did, request.customer());
  if (!done) return failure(v1::Failure::NOT_FOUND, done.error());
  v1::ControlResponse response;
  response.mutable_done()->set_text(*done);
  return response;
}

v1::ControlResponse ControlService::explain(const v1::ExplainRequest& request) {
  const auto domain = derive::Domain::fromHost(request.domain());
  if (!domain) return failure(v1::Failure::INVALID, domain.error());
  const loop::DomainExplanation told = reconciler_.explain(*domain);
  v1::ControlResponse response;
  v1::Explanation& explanation = *response.mutable_explain();
  fill(*explanation.mutable_report(), told.report);
  for (const derive::Step& from : told.explanation.steps) {
    v1::ExplanationStep& step = *explanation.add_steps();
    step.set_depth(from.depth);
    step.set_question(from.question);
    step.set_answer(from.answer);
    step.set_source(from.source);
    if (from.ttl) step.set_ttl(from.ttl->seconds());
    step.set_outcome(std::string(toText(from.outcome)));
    step.set_note(from.note);
  }
  explanation.set_first_failure(told.explanation.first_failure);
  for (const std::string& record : told.explanation.remedy) explanation.add_remedy(record);
  return response;
}

v1::ControlResponse ControlService::plan(const v1::PlanRequest& request) {
  v1::ControlResponse response;
  v1::PlanList& list = *response.mutable_plan();
  for (const loop::PlanReport& report : reconciler_.plans(pageSize(request.limit()))) {
    v1::Plan& plan = *list.add_plans();
    plan.set_customer(report.customer);
    plan.set_digest(report.digest);
    plan.set_domains(report.size);
    for (const loop::PlanReport::Line& line : report.domains) {
      v1::PlanLine& to = *plan.add_lines();
      to.set_domain(std::string(line.domain.text()));
      if (line.moves_to) to.set_moves_to(std::string(line.moves_to->text()));
    }
  }
  return response;
}

v1::ControlResponse ControlService::decide(const std::string& digest, bool approve) {
  const auto domains = reconciler_.decide(digest, approve);
  if (!domains) {
    return failure(v1::Failure::NOT_FOUND,
                   fmt::format("no plan has the digest {}: it was decided, or it has changed, and "
                               "zonecast plan shows what is held now",
                               digest));
  }
  v1::ControlResponse response;
  response.mutable_done()->set_text(
      fmt::format("plan {}: {} domains {}", digest, *domains,
                  approve ? "go or move, those whose grace is over now" : "stay as they are"));
  return response;
}

v1::ControlResponse ControlService::workers(const v1::WorkersRequest& request) {
  v1::ControlResponse response;
  v1::WorkerList& list = *response.mutable_workers();
  const auto position = reconciler_.overview().position;
  const Instant now = clock_.now().mono;
  auto worker =
      std::ranges::upper_bound(workers_.workers, request.after(), {}, &redis::WorkerReport::id);
  for (std::uint32_t n = pageSize(request.limit()); n > 0 && worker != workers_.workers.end();
       --n, ++worker) {
    *list.add_workers() = toMessage(*worker, position, now);
  }
  list.set_more(worker != workers_.workers.end());
  if (workers_.read) list.set_read_seconds_ago(wholeSeconds(now - *workers_.read));
  list.set_trouble(workers_.trouble);
  return response;
}

v1::ControlResponse ControlService::history(const v1::HistoryRequest& request) const {
  if (history_ == nullptr) return failure(v1::Failure::NOT_FOUND, "no history is kept");
  return answerHistory(*history_, request);
}

v1::ControlResponse ControlService::diff(const v1::DiffRequest& request) const {
  if (history_ == nullptr) return failure(v1::Failure::NOT_FOUND, "no history is kept");
  const auto position = reconciler_.overview().position;
  return answerDiff(*history_, request, position ? std::optional(position->version) : std::nullopt);
}

void ControlService::observe(const loop::Overview& overview) {
  has_settled_ = has_settled_ || unpublished(overview).empty();
}

v1::ControlResponse ControlService::readiness() {
  const loop::Overview overview = reconciler_.overview();
  observe(overview);
  v1::ControlResponse response;
  v1::Readiness& readiness = *response.mutable_readiness();
  std::string reason = has_settled_ ? closedStore(overview) : unpublished(overview);
  if (const auto work = longWorkText(longWork(overview, moved_()));
      !reason.empty() && !work.empty())
    reason += " (" + work + ")";
  // Redis holds what somebody else publishes, whatever DNS says.
  if (is_shadow_ && reason.empty())
    reason = "nothing is published: the configuration says publish: shadow";
  readiness.set_reason(reason);
  readiness.set_ready(readiness.reason().empty());
  return response;
}

WatchJournal::WatchJournal(const ports::Clock& clock, std::size_t octets_max,
                           std::function<bool()> wanted, Broadcast broadcast)
    : clock_(clock),
      octets_max_(octets_max),
      wanted_(std::move(wanted)),
      broadcast_(std::move(broadcast)) {}

void WatchJournal::record(const ports::Fact& fact) {
  const auto* published = std::get_if<ports::Published>(&fact);
  if (published == nullptr || !wanted_()) return;
  v1::WatchEvent event;
  event.set_version(static_cast<std::uint64_t>(published->version));
  event.set_rebased(published->rebased);
  event.set_store_seconds(seconds(published->store_took));
  event.set_published(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().wall.time_since_epoch())
          .count()));
  for (const plan::Cause& cause : published->changes->causes) {
    event.add_causes(cause.text);
    if (!cause.noticed) continue;
    const double took = seconds(clock_.now().mono - *cause.noticed);
    event.set_edit_seconds(std::max(took, event.edit_seconds()));
  }
  const plan::ChangeSet& changes = *published->changes;
  const bool domains_fit = show(changes.domains, octets_max_, *event.mutable_domains());
  const bool virtual_domains_fit =
      show(changes.virtual_domains, octets_max_, *event.mutable_virtual_domains());
  event.set_truncated(!domains_fit || !virtual_domains_fit);
  broadcast_(event);
}

}  // namespace zonecast
