// Domains that workers met and nobody configured: which of them are looked up, and what workers are
// told.
//
//   wanted --(gate)--> looked up --+--> hosted: published, and then discovered
//                                  +--> not hosted: told so, and forgotten
//                                  '--> not known: forgotten; whoever wants to know asks again
//
// A discovered domain stays as long as DNS points it at the edge. One that nobody asked for in
// `discovery.idle` is asked about less often.
//
// Not thread-safe.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "reconciler/discovery/gate.h"
#include "reconciler/loop/domain_book.h"
#include "reconciler/ports/journal.h"
#include "reconciler/ports/worker_questions.h"

namespace zonecast::loop {

class Newcomers {
 public:
  // All of them must outlive it.
  Newcomers(const Settings& settings, DomainBook& book, ports::WorkerQuestions& workers,
            ports::Journal& journal)
      : settings_(settings),
        book_(book),
        workers_(workers),
        journal_(journal),
        gate_(std::in_place, settings.discovery) {}

  // Others are asked for, or others refused, than before: what was asked about lately is forgotten.
  void onSettingsChanged() {
    if (gate_->settings() != settings_.discovery) gate_.emplace(settings_.discovery);
  }

  // The domain, when it is to be looked up.
  std::optional<derive::Domain> onWanted(std::string_view domain, std::string_view worker,
                                         Instant now);
  // By the operator, past the gate, who wants to see what comes of it.
  void lookUp(const derive::Domain& domain, Instant now);
  // It was wanted, and evaluated; workers are told if it is ours to tell them. The domain may be
  // forgotten afterwards.
  void onEvaluated(DomainId id, bool leads);

  void onTimer(Instant now);
  std::optional<Instant> nextDeadline() const;

 private:
  static bool isKnown(const DomainNode& node);
  bool isFull(const derive::Domain& domain) const;
  void answer(const DomainNode& node);
  void giveUpOld(Instant now);
  void sweep(Instant now);

  const Settings& settings_;
  DomainBook& book_;
  ports::WorkerQuestions& workers_;
  ports::Journal& journal_;
  std::optional<discovery::Gate> gate_;                       // always
  std::deque<std::pair<Instant, derive::Domain>> under_way_;  // also of what has ended
  std::set<derive::Domain> shown_;                            // of these; not forgotten at once
  DomainId sweep_cursor_{};
  std::optional<Instant> next_sweep_;
};

}  // namespace zonecast::loop
