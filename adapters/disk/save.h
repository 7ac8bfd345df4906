// What waits to be written: the calls of the Disk port as values. A zone is named by its wire
// format, which is its key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reconciler/ports/disk.h"

namespace zonecast::disk {

// Any but the last piece of a zone's new copy; number 0 begins it. It counts for nothing yet.
struct SavePiece {
  std::string zone;
  ports::PackedRecords records;
  std::uint32_t number = 0;
};
// The last piece: now the new copy counts, in place of the old one and its journal.
struct SaveZone {
  std::string zone;
  ports::PackedRecords records;
  std::uint32_t number = 0;
  xfr::HeldCopy copy;
};
struct SaveDelta {
  std::string zone;
  std::vector<view::Delta> chain;
  xfr::HeldCopy copy;
};
struct SaveTimers {
  std::string zone;
  xfr::HeldCopy copy;
};
struct RemoveZone {
  std::string zone;
};
struct SaveBinding {
  std::string zone;
  std::optional<ports::SavedBinding> binding;  // nothing: it is bound no more
};
// Encoded already: the texts of a SavedDid belong to the loop's thread.
struct SaveDids {
  struct Entry {
    std::string did;
    std::vector<std::uint8_t> content;  // empty: nothing is known of it any more
  };
  std::vector<Entry> entries;
};
struct SavePublisher {
  ports::SavedPublisher publisher;
};
// What the operator says of a domain, and whether he holds everything; encoded already, likewise.
struct SaveDirective {
  std::string domain;
  std::vector<std::uint8_t> content;  // empty: nothing any more
};
struct SaveHold {
  std::vector<std::uint8_t> content;  // empty: he does not
};
// What became of some domains.
struct SaveHistory {
  std::vector<plan::DomainEvent> events;
  plan::HistoryPolicy policy;
};
// In place of a SavePiece, SaveZone or SaveDelta that the queue had no room for.
struct SaveMissed {
  std::string zone;
};

using Save =
    std::variant<SavePiece, SaveZone, SaveDelta, SaveTimers, RemoveZone, SaveBinding, SaveDids,
                 SavePublisher, SaveDirective, SaveHold, SaveHistory, SaveMissed>;

std::size_t octetsOf(const Save& save);  // memory that it holds while it waits, about
std::string describe(const Save& save);  // "zone example.com"

}  // namespace zonecast::disk
