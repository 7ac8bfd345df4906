#include "test/support/world.h"

#include <algorithm>

#include <fmt/format.h>

#include "reconciler/dns/message.h"
#include "test/support/described.h"

namespace zonecast::test {
namespace {

constexpr int kStepsMax = 1'000'000;  // a world that never settles is a bug
constexpr std::size_t kChangesShownMax = 50;

std::vector<std::string> summarized(const plan::ChangeSet& changes) {
  if (changes.domains.size() + changes.virtual_domains.size() <= kChangesShownMax) {
    return describe(changes);
  }
  return {fmt::format("{} domains and {} virtual domains", changes.domains.size(),
                      changes.virtual_domains.size())};
}

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

void WorldJournal::record(const ports::Fact& fact) {
  if (on_fact) on_fact(fact);
  std::visit(
      Overloaded{
          [&](const xfr::ZoneCurrent& f) {
            trace_.push_back(
                fmt::format("zone {} is current at {}", f.name.toText(), f.serial.value()));
          },
          [&](const xfr::ZoneTransferred& f) {
            trace_.push_back(fmt::format("zone {} transferred by {} to {}", f.name.toText(),
                                         f.shape == xfr::TransferShape::ixfr ? "ixfr" : "axfr",
                                         f.to.value()));
          },
          [&](const xfr::ZoneFailure& f) {
            trace_.push_back(fmt::format("failure {}: {}", f.reason, f.text));
          },
          [&](const xfr::ZoneExpired& f) {
            trace_.push_back(fmt::format("zone {} expired", f.name.toText()));
          },
          [&](const xfr::ConnectionsScarce& f) {
            trace_.push_back(fmt::format("{} servers wait for a connection", f.servers_waiting));
          },
          [&](const ports::NotifyReceived& f) {
            trace_.push_back(
                fmt::format("notify {} for {} from {}", xfr::toText(f.result), f.zone, f.sender));
          },
          [&](const ports::Published& f) {
            trace_.push_back(
                fmt::format("published version {}", static_cast<std::uint64_t>(f.version)));
            for (std::string& line : summarized(*f.changes)) trace_.push_back("  " + line);
          },
          [&](const ports::StoreOpened& f) { trace_.push_back("store open: " + f.resumption); },
          [&](const ports::StoreLost& f) { trace_.push_back("store lost: " + f.why); },
          [&](const ports::StoreTrouble& f) { trace_.push_back("store trouble: " + f.why); },
          [&](const ports::DiskTrouble& f) { trace_.push_back("disk trouble: " + f.why); },
          [&](const ports::ClaimWarning& f) {
            trace_.push_back(fmt::format("claim of {}: {}", f.domain, f.text));
          },
          [&](const ports::BrakeHolds& f) {
            trace_.push_back(fmt::format("brake holds {} of {}", f.domains, f.customer));
          },
          [&](const ports::BrakeDecided& f) {
            trace_.push_back(fmt::format("{} {} of {}", f.approved ? "approved" : "rejected",
                                         f.domains, f.customer));
          },
          [&](const ports::OperatorHolds& f) {
            trace_.push_back(f.holds ? "the operator holds" : "the operator releases");
          },
          [&](const ports::Directed& f) {
            trace_.push_back(fmt::format("{} of {} {} by {}", plan::toText(f.kind), f.domain,
                                         f.until ? "set" : "ended", f.who));
          },
          [&](const ports::DidDisputed& f) {
            trace_.push_back(fmt::format("DID {} is disputed: {} on disk, {} in the store", f.did,
                                         f.on_disk, f.in_store));
          },
          [&](const ports::DidForgotten& f) { trace_.push_back("DID forgotten: " + f.did); },
          [](const ports::Answered&) {},
          [&](const ports::Wanted& f) {
            if (f.refused) {
              trace_.push_back(fmt::format("refused: {}", discovery::toText(*f.refused)));
            }
          },
          [&](const ports::WantedTrouble& f) { trace_.push_back("wanted: " + f.why); },
          [&](const ports::ZoneAdded& f) {
            trace_.push_back(fmt::format("zone {} {} by {}", f.zone, f.how, f.catalog));
          },
          [&](const ports::ZoneLeaves& f) {
            trace_.push_back(fmt::format("zone {} leaves: {}", f.zone, f.cause));
          },
          [&](const ports::ZoneRemoved& f) {
            trace_.push_back(fmt::format("zone {} removed: {}", f.zone, f.cause));
          },
          [&](const ports::CatalogBroken& f) {
            trace_.push_back(fmt::format("catalog {} is broken: {}", f.catalog, f.text));
          },
          [&](const ports::CatalogRead& f) {
            trace_.push_back(fmt::format("catalog {} serial {} read: {} members, {} refused",
                                         f.catalog, f.serial.value(), f.members, f.refused));
          },
          [&](const ports::CatalogExpired& f) {
            trace_.push_back(
                fmt::format("catalog {} expired with {} members", f.catalog, f.members));
          },
          [&](const ports::MemberRefused& f) {
            trace_.push_back(fmt::format("refused {} of {}: {}", f.zone, f.catalog, f.why));
          },
      },
      fact);
}

void World::start() {
  transport_ = std::make_unique<WorldTransport>(primaries, trace);
  resolver_ = std::make_unique<WorldResolver>(dns, trace);
  reconciler_ = std::make_unique<loop::Reconciler>(
      settings, loop::Ports{clock, *transport_, *resolver_, workers, store, disk, journal},
      ++starts_);
  for (const auto& [name, saved] : std::map(disk.bindings())) reconciler_->restoreBinding(saved);
  for (const auto& [did, saved] : disk.dids()) reconciler_->restore(saved);
  for (const auto& [name, saved] : std::map(disk.zones())) reconciler_->restore(saved);
  for (const auto& [domain, saved] : disk.directives()) {
    reconciler_->restoreDirective(domain, saved);
  }
  if (disk.heldSince()) reconciler_->restoreHold(*disk.heldSince());
  reconciler_->start(disk.publisher().value_or(ports::SavedPublisher{}));
}

void World::stop(std::size_t writes_lost) {
  reconciler_.reset();
  transport_.reset();
  resolver_.reset();
  store.forgetClient();
  disk.forgetProcess(writes_lost);
}

void World::drain() {
  for (int step = 0; step < kStepsMax; ++step) {
    if (transport_->deliver(*reconciler_) || disk.deliver(*reconciler_)) continue;
    if (resolver_->deliver(*reconciler_)) continue;
    if (reconciler_->hasWork()) {
      reconciler_->work();
      continue;
    }
    if (store.deliver(*reconciler_)) continue;
    const auto deadline = reconciler_->nextDeadline();
    if (!deadline || *deadline > clock.now().mono) return;
    reconciler_->onTimer();
  }
  throw Breach("the world does not settle");
}

void World::advance(Duration by) {
  if (!isRunning()) return clock.advance(by);
  const Instant end = clock.now().mono + by;
  for (int step = 0; step < kStepsMax; ++step) {
    settle();
    const auto deadline = reconciler_->nextDeadline();
    if (!deadline || *deadline > end) {
      clock.advance(end - clock.now().mono);
      settle();
      return;
    }
    clock.advance(std::max(*deadline - clock.now().mono, Duration{}));
    reconciler_->onTimer();
  }
  throw Breach("the world's clock does not get on");
}

void World::showStore() {
  for (const auto& [domain, entry] : store.table().domains) {
    trace.push_back(fmt::format("store has {} {}", domain.text(), describe(entry)));
  }
}

void World::notify(const dns::Name& zone, const xfr::Address& sender) {
  dns::MessageWriter writer({.id = 4711, .aa = true, .opcode = dns::Opcode::notify});
  writer.question(zone, dns::RrType::soa);
  reconciler_->onNotifyMessage(ports::NotifySource{1}, sender, std::move(writer).take());
}

}  // namespace zonecast::test
