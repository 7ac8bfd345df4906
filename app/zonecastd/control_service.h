// Answers what `zonecast` asks, from the reconciler's reports, and turns publications into what
// watchers see. Takes no decision. Not thread-safe; on the loop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "adapters/control/control_server.h"
#include "adapters/redis/opening.h"
#include "adapters/redis/worker_reports.h"
#include "reconciler/loop/reconciler.h"
#include "reconciler/ports/history.h"

namespace zonecast {

class ControlService final : public control::ControlHandler {
 public:
  // They must outlive the service.
  ControlService(loop::Reconciler& reconciler, const ports::Clock& clock,
                 const redis::SeenWorkers& workers, std::string daemon_version);

  // Without it there is no history; it must outlive the service.
  void tellHistory(const ports::History& history) { history_ = &history; }

  // Nothing is published, and everybody who asks is told so.
  void beShadow() { is_shadow_ = true; }
  // How far it is that everything is read from the store, or staged in it; without, nobody knows.
  void tellMoved(std::function<std::optional<redis::EntriesMoved>()> moved) {
    moved_ = std::move(moved);
  }

  v1::ControlResponse handle(const v1::ControlRequest& request) override;
  void answer(const v1::ControlRequest& request, const Reply& reply) override;

  // What reads the configuration anew and replies what came of it; without, nobody can ask for it.
  void reloadBy(std::function<void(Reply)> reload) { reload_ = std::move(reload); }

  // Notes whether everything is published: once it was, only the store can take readiness back,
  // since edits come and go.
  void observe(const loop::Overview& overview);

 private:
  v1::ControlResponse status();
  v1::ControlResponse zoneStatus(const v1::ZoneStatusRequest& request);
  v1::ControlResponse zoneCommand(const std::string& zone,
                                  bool (loop::Reconciler::*command)(dns::NameView),
                                  const char* done);
  v1::ControlResponse domainList(const v1::DomainListRequest& request);
  v1::ControlResponse domainShow(const v1::DomainShowRequest& request);
  v1::ControlResponse explain(const v1::ExplainRequest& request);
  v1::ControlResponse plan(const v1::PlanRequest& request);
  v1::ControlResponse decide(const std::string& digest, bool approve);
  v1::ControlResponse hold(bool holds);
  // Both requests say the same of a domain.
  template <typename Request>
  v1::ControlResponse direct(const Request& request, plan::Directive::Kind kind);
  v1::ControlResponse endDirective(const derive::Domain& domain, plan::Directive::Kind kind);
  v1::ControlResponse pins(const v1::PinsRequest& request);
  v1::ControlResponse lookupNow(const v1::LookupNowRequest& request);
  v1::ControlResponse listDids(const v1::DidListRequest& request);
  v1::ControlResponse showDid(const v1::DidShowRequest& request);
  v1::ControlResponse transferDid(const v1::DidTransferRequest& request);
  v1::ControlResponse watched(const v1::WatchedRequest& request);
  v1::ControlResponse workers(const v1::WorkersRequest& request);
  v1::ControlResponse history(const v1::HistoryRequest& request) const;
  v1::ControlResponse diff(const v1::DiffRequest& request) const;
  v1::ControlResponse readiness();

  loop::Reconciler& reconciler_;
  const ports::Clock& clock_;
  const redis::SeenWorkers& workers_;
  const ports::History* history_ = nullptr;
  std::string daemon_version_;
  Instant started_;
  std::function<void(Reply)> reload_;
  bool is_shadow_ = false;
  std::function<std::optional<redis::EntriesMoved>()> moved_ = [] {
    return std::optional<redis::EntriesMoved>();
  };
  bool has_settled_ = false;  // everything was published
};

// A journal that tells watchers what was published.
class WatchJournal final : public ports::Journal {
 public:
  using Broadcast = std::function<void(const v1::WatchEvent&)>;
  // `wanted` says whether anybody watches, so that nothing is encoded for nobody; of each sort of
  // change, an event has so many octets, and says when there is more.
  WatchJournal(const ports::Clock& clock, std::size_t octets_max, std::function<bool()> wanted,
               Broadcast broadcast);
  void record(const ports::Fact& fact) override;

 private:
  const ports::Clock& clock_;
  const std::size_t octets_max_;
  std::function<bool()> wanted_;
  Broadcast broadcast_;
};

}  // namespace zonecast
