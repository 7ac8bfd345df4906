#include "adapters/disk/save.h"

#include <cstdint>
#include <type_traits>

#include <fmt/format.h>

#include "reconciler/dns/name.h"

namespace zonecast::disk {

namespace {

std::size_t octetsOf(const std::vector<view::DeltaRecord>& records) {
  std::size_t total = records.size() * sizeof(view::DeltaRecord);
  for (const view::DeltaRecord& record : records) {
    total += record.owner.view().wire().size() + record.rdata.size();
  }
  return total;
}

std::size_t payload(const SavePiece& save) {
  return save.records.size();
}

std::size_t payload(const SaveZone& save) {
  return save.records.size();
}

std::size_t payload(const SaveDelta& save) {
  std::size_t total = 0;
  for (const view::Delta& delta : save.chain) {
    total += sizeof delta + octetsOf(delta.removed) + octetsOf(delta.added);
  }
  return total;
}

std::size_t payload(const SaveBinding& save) {
  if (!save.binding) return 0;
  std::size_t total = save.binding->catalog.size() + save.binding->cause.size();
  for (const std::string& group : save.binding->groups) total += sizeof group + group.size();
  return total;
}

std::size_t payload(const SaveDids& save) {
  std::size_t total = 0;
  for (const SaveDids::Entry& entry : save.entries) {
    total += sizeof entry + entry.did.size() + entry.content.size();
  }
  return total;
}

std::size_t payload(const SaveHistory& save) {
  std::size_t total = save.events.size() * sizeof(plan::DomainEvent);
  for (const plan::DomainEvent& event : save.events) {
    total += event.entry.record.size() + event.entry.source.size() + event.entry.cause.size();
  }
  return total;
}

template <typename T>
std::size_t payload(const T&) {
  return 0;
}

// A key from a damaged disk may be no name.
std::string describeZone(const std::string& key) {
  const auto name = dns::Name::fromWire(std::vector<std::uint8_t>(key.begin(), key.end()));
  return name ? fmt::format("zone {}", name->toText()) : "a zone without a readable name";
}

}  // namespace

std::size_t octetsOf(const Save& save) {
  return sizeof save + std::visit([](const auto& one) { return payload(one); }, save);
}

std::string describe(const Save& save) {
  return std::visit(
      [](const auto& one) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(one)>, SavePublisher>) {
          return "the publisher's position";
        } else if constexpr (std::is_same_v<std::decay_t<decltype(one)>, SaveDids>) {
          return fmt::format("what is known of {} DIDs", one.entries.size());
        } else if constexpr (std::is_same_v<std::decay_t<decltype(one)>, SaveDirective>) {
          return fmt::format("the pin or block of {}", one.domain);
        } else if constexpr (std::is_same_v<std::decay_t<decltype(one)>, SaveHold>) {
          return "whether the operator holds everything";
        } else if constexpr (std::is_same_v<std::decay_t<decltype(one)>, SaveHistory>) {
          return fmt::format("the history of {} domains", one.events.size());
        } else {
          return describeZone(one.zone);
        }
      },
      save);
}

}  // namespace zonecast::disk
