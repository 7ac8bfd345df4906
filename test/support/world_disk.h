// The disk of the world. What is saved is there at once; at a kill the last writes can be lost, and
// while the disk is full every item keeps its older value.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/ports/disk.h"

namespace zonecast::test {

class WorldDisk final : public ports::Disk {
 public:
  using Zones = std::map<dns::Name, ports::SavedZone, dns::CanonicalLess>;
  using Dids = std::map<identity::Did, ports::SavedDid>;
  using Bindings = std::map<dns::Name, ports::SavedBinding, dns::CanonicalLess>;

  void saveZonePiece(const dns::Name& zone, ports::PackedRecords piece, bool first,
                     const std::optional<xfr::HeldCopy>& last) override;
  void saveZoneDelta(const dns::Name& zone, std::vector<view::Delta> chain,
                     const xfr::HeldCopy& copy) override;
  void saveZoneTimers(const dns::Name& zone, const xfr::HeldCopy& copy) override;
  void removeZone(const dns::Name& zone) override;
  void saveBinding(const ports::SavedBinding& binding) override;
  void removeBinding(const dns::Name& zone) override;
  void saveDids(std::vector<ports::SavedDid> dids) override;
  void savePublisher(const ports::SavedPublisher& publisher) override;
  void saveDirective(const derive::Domain& domain,
                     const std::optional<plan::Directive>& directive) override;
  void saveHold(const std::optional<plan::Deadline>& since) override;
  void saveHistory(std::vector<plan::DomainEvent> events,
                   const plan::HistoryPolicy& policy) override;

  bool deliver(ports::DiskListener& listener);  // a trouble; false when there is none

  const Zones& zones() const { return content_.zones; }
  const Bindings& bindings() const { return content_.bindings; }
  const Dids& dids() const { return content_.dids; }
  using Histories = std::map<derive::Domain, plan::DomainHistory>;
  const Histories& histories() const { return content_.histories; }
  using Directives = std::map<derive::Domain, plan::Directive>;
  const Directives& directives() const { return content_.directives; }
  const std::optional<plan::Deadline>& heldSince() const { return content_.held_since; }
  const std::optional<ports::SavedPublisher>& publisher() const { return content_.publisher; }

  // -- what happens to it
  void fill() { full_ = true; }
  void empty() { full_ = false; }
  void wipe();
  void forgetProcess(std::size_t writes_lost);  // killed; of the last writes so many are lost

 private:
  struct Content {
    Zones zones;
    Bindings bindings;
    Dids dids;
    std::optional<ports::SavedPublisher> publisher;
    Directives directives;
    std::optional<plan::Deadline> held_since;
    Histories histories;
  };
  using Write = std::function<void(Content&)>;

  bool admit(const std::string& what);
  void write(Write write);

  Content content_, settled_;  // settled_ lacks the last writes
  std::deque<Write> last_writes_;
  std::map<dns::Name, std::vector<ports::PackedRecords>, dns::CanonicalLess> incomplete_;
  std::set<dns::Name, dns::CanonicalLess> behind_;  // their content could not be saved
  bool full_ = false;
  std::deque<std::string> troubles_;
};

}  // namespace zonecast::test
