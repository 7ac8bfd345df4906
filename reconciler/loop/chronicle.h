// Writes down what became of each domain: what a publication changed, once it is acknowledged, with
// the record that led to it.
//
// Which record that was is told by deriving the domain once more, so only of change sets that are
// not too large; of the others, the zone and its serial are. A change set is written in slices,
// one after the other. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "reconciler/plan/change_set.h"
#include "reconciler/plan/history.h"
#include "reconciler/ports/disk.h"

namespace zonecast::loop {

class Chronicle {
 public:
  static constexpr std::size_t kExplainedMax = 10'000;  // domains of one change set

  struct Evidence {
    std::string record, source;
  };
  // `with_record`: as well as the source.
  using Teller = std::function<Evidence(const plan::DomainChange& change, bool with_record)>;
  // All must outlive it.
  Chronicle(const plan::HistoryPolicy& policy, ports::Disk& disk, Teller tell);

  void add(plan::Version version, std::shared_ptr<const plan::ChangeSet> changes, WallTime now);
  bool hasWork() const { return !pages_.empty(); }
  void advance();  // one slice

 private:
  struct Page {
    plan::Version version{};
    std::shared_ptr<const plan::ChangeSet> changes;
    plan::Deadline time{};
    std::size_t written = 0;
  };
  plan::DomainEvent eventOf(const Page& page, const plan::DomainChange& change) const;

  const plan::HistoryPolicy& policy_;
  ports::Disk& disk_;
  const Teller tell_;
  std::deque<Page> pages_;
};

}  // namespace zonecast::loop
