#include "test/support/world_disk.h"

#include <algorithm>

namespace zonecast::test {
namespace {

constexpr std::size_t kLastWritesMax = 32;

}  // namespace

bool WorldDisk::admit(const std::string& what) {
  if (!full_) return true;
  troubles_.push_back(what + " could not be saved: the disk is full");
  return false;
}

void WorldDisk::write(Write write) {
  write(content_);
  last_writes_.push_back(std::move(write));
  if (last_writes_.size() <= kLastWritesMax) return;
  last_writes_.front()(settled_);
  last_writes_.pop_front();
}

void WorldDisk::saveZonePiece(const dns::Name& zone, ports::PackedRecords piece, bool first,
                              const std::optional<xfr::HeldCopy>& last) {
  auto& pieces = incomplete_[zone];
  if (first) pieces.clear();
  pieces.push_back(std::move(piece));
  if (!last) return;
  ports::SavedZone saved{zone, *last, std::move(pieces), {}};
  incomplete_.erase(zone);
  if (!admit("zone " + zone.toText())) {
    behind_.insert(zone);
    return;
  }
  behind_.erase(zone);
  write([saved = std::move(saved)](Content& c) { c.zones.insert_or_assign(saved.name, saved); });
}

void WorldDisk::saveZoneDelta(const dns::Name& zone, std::vector<view::Delta> chain,
                              const xfr::HeldCopy& copy) {
  if (behind_.contains(zone)) return;
  if (!admit("zone " + zone.toText())) {
    behind_.insert(zone);
    return;
  }
  write([zone, chain = std::move(chain), copy](Content& c) {
    const auto saved = c.zones.find(zone);
    if (saved == c.zones.end()) return;
    saved->second.journal.push_back(chain);
    saved->second.copy = copy;
  });
}

void WorldDisk::saveZoneTimers(const dns::Name& zone, const xfr::HeldCopy& copy) {
  if (behind_.contains(zone) || !admit("timers of zone " + zone.toText())) return;
  write([zone, copy](Content& c) {
    const auto saved = c.zones.find(zone);
    if (saved != c.zones.end() && saved->second.copy.serial == copy.serial)
      saved->second.copy = copy;
  });
}

void WorldDisk::removeZone(const dns::Name& zone) {
  write([zone](Content& c) { c.zones.erase(zone); });
}

void WorldDisk::saveBinding(const ports::SavedBinding& binding) {
  if (!admit("the binding of zone " + binding.zone.toText())) return;
  write([binding](Content& c) { c.bindings.insert_or_assign(binding.zone, binding); });
}

void WorldDisk::removeBinding(const dns::Name& zone) {
  write([zone](Content& c) { c.bindings.erase(zone); });
}

void WorldDisk::saveDids(std::vector<ports::SavedDid> dids) {
  if (!admit(std::to_string(dids.size()) + " DIDs")) return;
  write([dids = std::move(dids)](Content& c) {
    for (const ports::SavedDid& saved : dids) {
      c.dids.erase(saved.did);
      if (saved.use || saved.record) c.dids.emplace(saved.did, saved);
    }
  });
}

void WorldDisk::savePublisher(const ports::SavedPublisher& publisher) {
  if (!admit("the publisher's position")) return;
  write([publisher](Content& c) { c.publisher = publisher; });
}

void WorldDisk::saveDirective(const derive::Domain& domain,
                              const std::optional<plan::Directive>& directive) {
  if (!admit("what the operator says of " + std::string(domain.text()))) return;
  write([domain, directive](Content& c) {
    c.directives.erase(domain);
    if (directive) c.directives.emplace(domain, *directive);
  });
}

void WorldDisk::saveHold(const std::optional<plan::Deadline>& since) {
  if (!admit("whether the operator holds")) return;
  write([since](Content& c) { c.held_since = since; });
}

// Nobody misses it, so a full disk says nothing of it; nor is it among the writes that a kill
// loses.
void WorldDisk::saveHistory(std::vector<plan::DomainEvent> events,
                            const plan::HistoryPolicy& policy) {
  if (full_) return;
  for (const plan::DomainEvent& event : events) {
    for (Content* content : {&content_, &settled_}) {
      plan::append(content->histories[event.domain], event.entry, policy);
    }
  }
}

bool WorldDisk::deliver(ports::DiskListener& listener) {
  if (troubles_.empty()) return false;
  const std::string trouble = std::move(troubles_.front());
  troubles_.pop_front();
  listener.onDiskTrouble(trouble);
  return true;
}

void WorldDisk::wipe() {
  *this = {};
}

void WorldDisk::forgetProcess(std::size_t writes_lost) {
  incomplete_.clear();
  behind_.clear();
  troubles_.clear();
  last_writes_.resize(last_writes_.size() - std::min(writes_lost, last_writes_.size()));
  for (const Write& write : last_writes_) write(settled_);
  last_writes_.clear();
  content_ = settled_;
}

}  // namespace zonecast::test
