#include "adapters/journal/metrics.h"

#include <variant>

namespace zonecast::journal {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Histogram;
using prometheus::Registry;

const char* toText(xfr::ZoneFailure::Step step) {
  switch (step) {
    case xfr::ZoneFailure::Step::connect:
      return "connect";
    case xfr::ZoneFailure::Step::soa:
      return "soa";
    case xfr::ZoneFailure::Step::ixfr:
      return "ixfr";
    case xfr::ZoneFailure::Step::axfr:
      return "axfr";
  }
  return "connect";
}

const Histogram::BucketBoundaries kCpuSeconds = {0.0001, 0.0005, 0.001, 0.002, 0.005,
                                                 0.01,   0.02,   0.05,  0.1,   1};

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

prometheus::Family<prometheus::Counter>& counters(Registry& registry, const char* name,
                                                  const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}
prometheus::Counter& counter(Registry& registry, const char* name, const char* help) {
  return counters(registry, name, help).Add({});
}
prometheus::Gauge& gauge(Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}
prometheus::Histogram& histogram(Registry& registry, const char* name, const char* help,
                                 Histogram::BucketBoundaries bounds) {
  return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, std::move(bounds));
}

}  // namespace

Metrics::Metrics(const ports::Clock& clock)
    : clock_(clock),
      registry_(std::make_shared<Registry>()),
      transfers_(
          counters(*registry_, "zonecast_transfers_total", "Zone transfers taken, by shape.")),
      transfer_failures_(counters(*registry_, "zonecast_zone_failures_total",
                                  "Tries at one primary that failed, by step and reason.")),
      notifies_(
          counters(*registry_, "zonecast_notifies_total", "NOTIFY messages received, by result.")),
      publishes_(counters(*registry_, "zonecast_publications_total",
                          "Publications acknowledged by the store, by kind.")),
      changes_(counters(*registry_, "zonecast_published_changes_total",
                        "Domains added to, changed in and removed from what is published.")),
      reloads_(counters(*registry_, "zonecast_config_reloads_total",
                        "Times that the configuration was read anew, by what came of it: applied, "
                        "invalid, or refused since it takes a restart.")),
      last_reload_successful_(gauge(*registry_, "zonecast_config_last_reload_successful",
                                    "1 when what was read last, at the start or since, is what "
                                    "holds; 0 when it was not applied.")),
      zones_(BuildGauge()
                 .Name("zonecast_zones")
                 .Help("Zones, by state; states overlap, and every zone is configured, by a "
                       "catalog or else.")
                 .Register(*registry_)),
      members_(BuildGauge()
                   .Name("zonecast_catalog_members")
                   .Help("Zones that catalogs brought, by how their catalog stands, and those that "
                         "are refused.")
                   .Register(*registry_)),
      catalogs_broken_(counter(*registry_, "zonecast_catalogs_broken_total",
                               "Times that a catalog was broken, and changed nothing.")),
      members_refused_(counter(*registry_, "zonecast_catalog_members_refused_total",
                               "Members of catalogs that were refused, each once for a reason.")),
      zone_checks_(counter(*registry_, "zonecast_zone_checks_total",
                           "SOA checks that found a zone current.")),
      transferred_records_(
          counter(*registry_, "zonecast_transferred_records_total", "Records in transfers taken.")),
      transferred_octets_(
          counter(*registry_, "zonecast_transferred_bytes_total", "Octets in transfers taken.")),
      zones_expired_(counter(*registry_, "zonecast_zone_expirations_total",
                             "Zones whose EXPIRE passed without a successful check.")),
      connections_scarce_(counter(*registry_, "zonecast_connections_scarce_total",
                                  "Minutes in which SOA queries waited for one of "
                                  "limits.connections_max.")),
      store_losses_(
          counter(*registry_, "zonecast_redis_losses_total", "Times the store was lost.")),
      store_troubles_(counter(*registry_, "zonecast_redis_troubles_total",
                              "Times the store refused or could not be reached.")),
      disk_troubles_(
          counter(*registry_, "zonecast_disk_troubles_total", "Failures of the embedded store.")),
      claim_warnings_(counter(*registry_, "zonecast_claim_warnings_total",
                              "Zone owners' records that were not honoured in full.")),
      dids_forgotten_(
          counter(*registry_, "zonecast_dids_forgotten_total",
                  "DIDs of discovered domains that are gone, beyond did.discovered_max.")),
      questions_(BuildGauge()
                     .Name("zonecast_questions")
                     .Help("Questions to resolvers that domains rest on, by state; states overlap.")
                     .Register(*registry_)),
      refresh_lateness_(histogram(*registry_, "zonecast_refresh_lateness_seconds",
                                  "How long after it was due a question was asked again.",
                                  {0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600})),
      wanted_troubles_(counter(*registry_, "zonecast_wanted_troubles_total",
                               "Times that workers' questions, or answers to them, got lost.")),
      asked_about_(BuildGauge()
                       .Name("zonecast_domains_asked_about")
                       .Help("Domains without a zone here: watched, discovered, or looked up now.")
                       .Register(*registry_)),
      edit_to_published_(
          histogram(*registry_, "zonecast_edit_to_published_seconds",
                    "From the first word of an edit (NOTIFY or check) to its publication.",
                    {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30})),
      store_took_(histogram(*registry_, "zonecast_publication_seconds",
                            "From handing a publication to the store to its acknowledgement.",
                            {0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5})),
      loop_turn_(histogram(*registry_, "zonecast_loop_turn_cpu_seconds",
                           "CPU time used by one turn of the event loop.", kCpuSeconds)),
      callbacks_(BuildHistogram()
                     .Name("zonecast_loop_callback_cpu_seconds")
                     .Help("CPU time used by one callback of the event loop, by kind.")
                     .Register(*registry_)),
      callbacks_max_(BuildGauge()
                         .Name("zonecast_loop_callback_cpu_seconds_max")
                         .Help("The most CPU time that one callback ever used, by kind.")
                         .Register(*registry_)),
      domains_(gauge(*registry_, "zonecast_domains", "Domains published.")),
      virtual_domains_(gauge(*registry_, "zonecast_virtual_domains", "Virtual domains published.")),
      domains_held_(
          gauge(*registry_, "zonecast_domains_held", "Domains whose difference is held back.")),
      domains_retiring_(gauge(*registry_, "zonecast_domains_retiring",
                              "Domains that DNS points here no more, and that are served still.")),
      domains_braked_(gauge(*registry_, "zonecast_domains_braked",
                            "Domains that the brake holds until the operator decides.")),
      held_by_operator_(
          gauge(*registry_, "zonecast_held_by_operator",
                "1 while nothing is published because the operator holds everything.")),
      domains_directed_(gauge(*registry_, "zonecast_domains_directed",
                              "Domains that the operator pinned or blocked.")),
      domains_contested_(gauge(*registry_, "zonecast_domains_contested",
                               "Domains that ask for a DID that they may not have.")),
      dids_kept_(
          gauge(*registry_, "zonecast_dids_kept",
                "DIDs that no domain has, kept for a customer or reserved, or that are handed "
                "over.")),
      dids_disputed_(gauge(*registry_, "zonecast_dids_disputed",
                           "DIDs that disk and store know for different customers'.")),
      transfers_under_way_(
          gauge(*registry_, "zonecast_transfers_under_way", "AXFR and IXFR that were asked for.")),
      records_arriving_(gauge(*registry_, "zonecast_transfer_records_arriving",
                              "Records that have come of transfers under way.")),
      domains_to_derive_(
          gauge(*registry_, "zonecast_domains_to_derive", "Domains that wait to be derived.")),
      domains_waiting_(
          gauge(*registry_, "zonecast_domains_waiting", "Domains that wait to be planned.")),
      store_entries_(BuildGauge()
                         .Name("zonecast_store_entries_moved")
                         .Help("While everything is read back from the store or staged in it: "
                               "entries that are done, and in all.")
                         .Register(*registry_)),
      version_(gauge(*registry_, "zonecast_published_version",
                     "Version that the store acknowledged last.")),
      redis_up_(gauge(*registry_, "zonecast_redis_up", "1 while the store is open.")),
      shadow_(
          gauge(*registry_, "zonecast_shadow",
                "1 when nothing is published since the configuration says publish: shadow: what "
                "is told of publications did not happen.")),
      workers_(BuildGauge()
                   .Name("zonecast_workers")
                   .Help("Workers that tell of themselves in Redis, by state; states overlap.")
                   .Register(*registry_)),
      worker_versions_behind_max_(gauge(*registry_, "zonecast_worker_versions_behind_max",
                                        "Of the worker that is furthest behind in our lineage.")),
      worker_age_max_(gauge(*registry_, "zonecast_worker_age_seconds_max",
                            "The longest since a worker knew what it serves to be the newest.")) {
  for (const char* shape : {"axfr", "ixfr"}) transfers_.Add({{"shape", shape}});
  for (const char* result : {"applied", "invalid", "restart"}) {
    reloads_.Add({{"result", result}});
  }
  last_reload_successful_.Set(1);
  observeStore(0, 0);
  for (const char* kind : {"change", "rebase"}) publishes_.Add({{"kind", kind}});
  for (const char* action : {"add", "change", "remove"}) changes_.Add({{"action", action}});
  auto& answered = counters(*registry_, "zonecast_answers_total",
                            "Questions to resolvers that ended, by result.");
  answered_.push_back(&answered.Add({{"result", "answer"}}));
  for (std::uint8_t why = 0; why <= static_cast<std::uint8_t>(query::Failure::Why::unproven);
       ++why) {
    answered_.push_back(&answered.Add(
        {{"result", std::string(query::toText(static_cast<query::Failure::Why>(why)))}}));
  }
  auto& wanted = counters(*registry_, "zonecast_wanted_total",
                          "Domains that workers asked about, by what came of it.");
  wanted_.push_back(&wanted.Add({{"result", "taken"}}));
  for (const discovery::Refusal refusal : discovery::kRefusals) {
    wanted_.push_back(&wanted.Add({{"result", std::string(discovery::toText(refusal))}}));
  }
  constexpr auto kResults = static_cast<std::uint8_t>(xfr::NotifyResult::malformed) + 1;
  for (std::uint8_t result = 0; result < kResults; ++result) {
    notifies_.Add({{"result", std::string(xfr::toText(xfr::NotifyResult{result}))}});
  }
}

void Metrics::record(const ports::Fact& fact) {
  std::visit([this](const auto& what) { count(what); }, fact);
}

void Metrics::count(const xfr::ZoneCurrent&) {
  zone_checks_.Increment();
}

void Metrics::count(const xfr::ZoneTransferred& fact) {
  transfers_.Add({{"shape", fact.shape == xfr::TransferShape::ixfr ? "ixfr" : "axfr"}}).Increment();
  transferred_records_.Increment(static_cast<double>(fact.records));
  transferred_octets_.Increment(static_cast<double>(fact.octets));
}

void Metrics::count(const xfr::ZoneFailure& fact) {
  transfer_failures_.Add({{"step", toText(fact.step)}, {"reason", fact.reason}}).Increment();
}

void Metrics::count(const xfr::ZoneExpired&) {
  zones_expired_.Increment();
}

void Metrics::count(const xfr::ConnectionsScarce&) {
  connections_scarce_.Increment();
}

void Metrics::count(const ports::NotifyReceived& fact) {
  notifies_.Add({{"result", std::string(xfr::toText(fact.result))}}).Increment();
}

void Metrics::count(const ports::Published& fact) {
  publishes_.Add({{"kind", fact.rebased ? "rebase" : "change"}}).Increment();
  store_took_.Observe(seconds(fact.store_took));
  double added = 0, removed = 0;
  for (const plan::DomainChange& change : fact.changes->domains) {
    added += !change.before;
    removed += !change.after;
  }
  changes_.Add({{"action", "add"}}).Increment(added);
  changes_.Add({{"action", "remove"}}).Increment(removed);
  changes_.Add({{"action", "change"}})
      .Increment(static_cast<double>(fact.changes->domains.size()) - added - removed);
  const Instant now = clock_.now().mono;
  for (const plan::Cause& cause : fact.changes->causes) {
    if (cause.noticed) edit_to_published_.Observe(seconds(now - *cause.noticed));
  }
}

void Metrics::count(const ports::StoreOpened&) {}
void Metrics::count(const ports::StoreLost&) {
  store_losses_.Increment();
}
void Metrics::count(const ports::StoreTrouble&) {
  store_troubles_.Increment();
}
void Metrics::count(const ports::DiskTrouble&) {
  disk_troubles_.Increment();
}
void Metrics::count(const ports::BrakeHolds&) {}
void Metrics::count(const ports::DidDisputed&) {}
void Metrics::count(const ports::DidForgotten&) {
  dids_forgotten_.Increment();
}
void Metrics::count(const ports::BrakeDecided&) {}
void Metrics::count(const ports::OperatorHolds&) {}
void Metrics::count(const ports::Directed&) {}
void Metrics::count(const ports::ClaimWarning&) {
  claim_warnings_.Increment();
}

void Metrics::count(const ports::Answered& fact) {
  answered_[fact.why ? static_cast<std::size_t>(*fact.why) + 1 : 0]->Increment();
  refresh_lateness_.Observe(seconds(fact.lateness));
}

void Metrics::count(const ports::Wanted& fact) {
  wanted_[fact.refused ? static_cast<std::size_t>(*fact.refused) + 1 : 0]->Increment();
}
void Metrics::count(const ports::WantedTrouble&) {
  wanted_troubles_.Increment();
}

void Metrics::count(const ports::ZoneAdded&) {}
void Metrics::count(const ports::ZoneLeaves&) {}
void Metrics::count(const ports::ZoneRemoved&) {}
void Metrics::count(const ports::CatalogBroken&) {
  catalogs_broken_.Increment();
}
void Metrics::count(const ports::CatalogRead&) {}
void Metrics::count(const ports::CatalogExpired&) {}
void Metrics::count(const ports::MemberRefused&) {
  members_refused_.Increment();
}

void Metrics::observeReload(std::string_view result) {
  reloads_.Add({{"result", std::string(result)}}).Increment();
  last_reload_successful_.Set(result == "applied" ? 1 : 0);
}

void Metrics::observeShadow() {
  shadow_.Set(1);
}

void Metrics::observeTurn(Duration cpu) {
  loop_turn_.Observe(seconds(cpu));
}

void Metrics::observeCallback(std::string_view callback, Duration cpu) {
  CallbackSeries& told = series(callback);
  told.cpu.Observe(seconds(cpu));
  if (seconds(cpu) > told.cpu_max.Value()) told.cpu_max.Set(seconds(cpu));
}

Metrics::CallbackSeries& Metrics::series(std::string_view callback) {
  const auto found = callback_series_.find(callback);
  if (found != callback_series_.end()) return found->second;
  const prometheus::Labels labels{{"callback", std::string(callback)}};
  const CallbackSeries made{callbacks_.Add(labels, kCpuSeconds), callbacks_max_.Add(labels)};
  return callback_series_.emplace(callback, made).first->second;
}

void Metrics::observe(const loop::Overview& overview) {
  const auto set = [this](const char* state, std::size_t zones) {
    zones_.Add({{"state", state}}).Set(static_cast<double>(zones));
  };
  set("configured", overview.zones);
  set("loaded", overview.zones_loaded);
  set("confirmed", overview.zones_confirmed);
  set("in_work", overview.zones_in_work);
  set("expired", overview.zones_expired);
  set("in_trouble", overview.zones_in_trouble);
  set("leaving", overview.zones_leaving);
  const auto setMembers = [this](const char* state, std::size_t zones) {
    members_.Add({{"state", state}}).Set(static_cast<double>(zones));
  };
  setMembers("current", overview.members.of_current);
  setMembers("broken", overview.members.of_broken);
  setMembers("expired", overview.members.of_expired);
  setMembers("unread", overview.members.of_unread);
  setMembers("refused", overview.members.refused);
  const auto setQuestions = [this](const char* state, std::size_t questions) {
    questions_.Add({{"state", state}}).Set(static_cast<double>(questions));
  };
  const auto setDomains = [this](const char* state, std::size_t domains) {
    asked_about_.Add({{"state", state}}).Set(static_cast<double>(domains));
  };
  setDomains("watched", overview.domains_watched);
  setDomains("discovered", overview.domains_discovered);
  setDomains("wanted", overview.domains_wanted);
  setQuestions("held", overview.answers.questions);
  setQuestions("unanswered", overview.answers.unanswered);
  setQuestions("failing", overview.answers.failing);
  setQuestions("expired", overview.answers.expired);
  setQuestions("waiting", overview.answers.waiting);
  setQuestions("under_way", overview.answers.under_way);
  setQuestions("slow", overview.answers.slow);
  domains_.Set(static_cast<double>(overview.domains_published));
  virtual_domains_.Set(static_cast<double>(overview.virtual_domains_published));
  domains_retiring_.Set(static_cast<double>(overview.domains_retiring));
  domains_braked_.Set(static_cast<double>(overview.domains_braked));
  held_by_operator_.Set(overview.held_since ? 1 : 0);
  domains_directed_.Set(static_cast<double>(overview.domains_directed));
  domains_contested_.Set(static_cast<double>(overview.domains_contested));
  dids_kept_.Set(static_cast<double>(overview.dids_kept));
  dids_disputed_.Set(static_cast<double>(overview.dids_disputed));
  domains_held_.Set(static_cast<double>(overview.domains_held));
  transfers_under_way_.Set(static_cast<double>(overview.transfers.transfers));
  records_arriving_.Set(static_cast<double>(overview.transfers.records));
  domains_to_derive_.Set(static_cast<double>(overview.domains_to_derive));
  domains_waiting_.Set(static_cast<double>(overview.domains_waiting));
  if (overview.position) version_.Set(static_cast<double>(overview.position->version));
  redis_up_.Set(loop::isOpen(overview.store) ? 1 : 0);
}

void Metrics::observeStore(std::uint64_t entries_done, std::uint64_t entries_in_all) {
  store_entries_.Add({{"state", "done"}}).Set(static_cast<double>(entries_done));
  store_entries_.Add({{"state", "in_all"}}).Set(static_cast<double>(entries_in_all));
}

void Metrics::observeWorkers(const WorkerTally& workers) {
  const auto set = [this](const char* state, std::size_t count) {
    workers_.Add({{"state", state}}).Set(static_cast<double>(count));
  };
  set("current", workers.current);
  set("behind", workers.behind);
  set("elsewhere", workers.elsewhere);
  set("in_trouble", workers.in_trouble);
  set("refusing", workers.refusing);
  worker_versions_behind_max_.Set(static_cast<double>(workers.versions_behind_max));
  worker_age_max_.Set(seconds(workers.age_max));
}

}  // namespace zonecast::journal
