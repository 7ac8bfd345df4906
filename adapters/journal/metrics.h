// Facts as Prometheus metrics (base units, _total, _seconds).
//
// No label takes a value that somebody else chose: shapes, results, steps and reasons are words of
// our own, zones and domains are never labels. A series whose labels are known is there from the
// start, at 0, so that its first increase is seen.
//
// Counters follow the facts; gauges that describe the present are set by observe(). The registry
// may be scraped from another thread while these are called from the loop.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "reconciler/loop/status.h"
#include "reconciler/ports/clock.h"
#include "reconciler/ports/journal.h"

namespace zonecast::journal {

// Workers, as they told of themselves.
struct WorkerTally {
  std::size_t current = 0, behind = 0;
  std::size_t elsewhere = 0;  // in another lineage, or ours is not known
  std::size_t in_trouble = 0, refusing = 0;
  std::uint64_t versions_behind_max = 0;
  Duration age_max{};  // since one of them knew to be current
};

class Metrics final : public ports::Journal {
 public:
  explicit Metrics(const ports::Clock& clock);  // it must outlive them

  void record(const ports::Fact& fact) override;
  void observe(const loop::Overview& overview);
  void observeWorkers(const WorkerTally& workers);
  // How far it is that everything is read from the store, or staged in it; 0 of 0: neither is.
  void observeStore(std::uint64_t entries_done, std::uint64_t entries_in_all);
  void observeTurn(Duration cpu);  // CPU used by one turn of the loop
  // The configuration was read anew; `result` is "applied", "invalid" or "restart".
  void observeReload(std::string_view result);
  void observeShadow();  // nothing is published
  // CPU used by one callback of it; `callback` is one of a few words that outlive the metrics.
  void observeCallback(std::string_view callback, Duration cpu);

  std::shared_ptr<prometheus::Registry> registry() const { return registry_; }

 private:
  void count(const xfr::ZoneCurrent& fact);
  void count(const xfr::ZoneTransferred& fact);
  void count(const xfr::ZoneFailure& fact);
  void count(const xfr::ZoneExpired& fact);
  void count(const xfr::ConnectionsScarce& fact);
  void count(const ports::NotifyReceived& fact);
  void count(const ports::Published& fact);
  void count(const ports::StoreOpened& fact);
  void count(const ports::StoreLost& fact);
  void count(const ports::StoreTrouble& fact);
  void count(const ports::DiskTrouble& fact);
  void count(const ports::ClaimWarning& fact);
  void count(const ports::BrakeHolds& fact);
  void count(const ports::DidDisputed& fact);
  void count(const ports::DidForgotten& fact);
  void count(const ports::BrakeDecided& fact);
  void count(const ports::OperatorHolds& fact);
  void count(const ports::Directed& fact);
  void count(const ports::Answered& fact);
  void count(const ports::Wanted& fact);
  void count(const ports::WantedTrouble& fact);
  void count(const ports::ZoneAdded& fact);
  void count(const ports::ZoneLeaves& fact);
  void count(const ports::ZoneRemoved& fact);
  void count(const ports::CatalogBroken& fact);
  void count(const ports::CatalogRead& fact);
  void count(const ports::CatalogExpired& fact);
  void count(const ports::MemberRefused& fact);

  struct CallbackSeries {
    prometheus::Histogram& cpu;
    prometheus::Gauge& cpu_max;
  };
  CallbackSeries& series(std::string_view callback);

  const ports::Clock& clock_;
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& transfers_;
  prometheus::Family<prometheus::Counter>& transfer_failures_;
  prometheus::Family<prometheus::Counter>& notifies_;
  prometheus::Family<prometheus::Counter>& publishes_;
  prometheus::Family<prometheus::Counter>& changes_;
  prometheus::Family<prometheus::Counter>& reloads_;
  prometheus::Gauge& last_reload_successful_;
  prometheus::Family<prometheus::Gauge>& zones_;
  prometheus::Family<prometheus::Gauge>& members_;
  prometheus::Counter& catalogs_broken_;
  prometheus::Counter& members_refused_;
  prometheus::Counter& zone_checks_;
  prometheus::Counter& transferred_records_;
  prometheus::Counter& transferred_octets_;
  prometheus::Counter& zones_expired_;
  prometheus::Counter& connections_scarce_;
  prometheus::Counter& store_losses_;
  prometheus::Counter& store_troubles_;
  prometheus::Counter& disk_troubles_;
  prometheus::Counter& claim_warnings_;
  prometheus::Counter& dids_forgotten_;
  std::vector<prometheus::Counter*> answered_;  // by result: an answer, then each kind of failure
  prometheus::Family<prometheus::Gauge>& questions_;
  prometheus::Histogram& refresh_lateness_;
  std::vector<prometheus::Counter*> wanted_;  // by result: taken, then each refusal
  prometheus::Counter& wanted_troubles_;
  prometheus::Family<prometheus::Gauge>& asked_about_;
  prometheus::Histogram& edit_to_published_;
  prometheus::Histogram& store_took_;
  prometheus::Histogram& loop_turn_;
  prometheus::Family<prometheus::Histogram>& callbacks_;
  prometheus::Family<prometheus::Gauge>& callbacks_max_;
  std::map<std::string_view, CallbackSeries> callback_series_;
  prometheus::Gauge& domains_;
  prometheus::Gauge& virtual_domains_;
  prometheus::Gauge& domains_held_;
  prometheus::Gauge& domains_retiring_;
  prometheus::Gauge& domains_braked_;
  prometheus::Gauge& held_by_operator_;
  prometheus::Gauge& domains_directed_;
  prometheus::Gauge& domains_contested_;
  prometheus::Gauge& dids_kept_;
  prometheus::Gauge& dids_disputed_;
  prometheus::Gauge& transfers_under_way_;
  prometheus::Gauge& records_arriving_;
  prometheus::Gauge& domains_to_derive_;
  prometheus::Gauge& domains_waiting_;
  prometheus::Family<prometheus::Gauge>& store_entries_;
  prometheus::Gauge& version_;
  prometheus::Gauge& redis_up_;
  prometheus::Gauge& shadow_;
  prometheus::Family<prometheus::Gauge>& workers_;
  prometheus::Gauge& worker_versions_behind_max_;
  prometheus::Gauge& worker_age_max_;
};

}  // namespace zonecast::journal
