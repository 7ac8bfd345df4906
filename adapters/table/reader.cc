#include "adapters/table/reader.h"

#include <utility>

namespace zonecast::table {
namespace {

constexpr std::int64_t kConfirmedEvery = 5;  // seconds; a mirror that is well does so more often

}  // namespace

Expected<Reader> Reader::open(ReaderOptions options) {
  auto mapping = Mapping::openToRead(options.path, options.owner);
  if (!mapping) return tl::unexpected(mapping.error());
  return Reader(std::move(options), std::move(*mapping));
}

Reader::Reader(ReaderOptions options, std::shared_ptr<const Mapping> mapping)
    : options_(std::move(options)),
      mapping_(std::move(mapping)),
      is_of_this_boot_(mapping_->header().boot == bootId()) {
  look();
}

Expected<void> Reader::refresh() {
  Expected<void> outcome;
  if (mustMove()) {
    auto next = Mapping::openToRead(options_.path, options_.owner);
    if (!next) {
      outcome = tl::unexpected(next.error());
    } else {
      mapping_ = std::move(*next);
      is_of_this_boot_ = mapping_->header().boot == bootId();
    }
  }
  look();
  return outcome;
}

// A mirror that was killed just after it put a new file in place has not marked the old one, and
// one that found none to go on from knows of no old one. Both leave a file that nobody confirms;
// then the path is looked at, once a second.
bool Reader::mustMove() {
  if (loadShared(mapping_->header().superseded) != 0) return true;
  const auto seconds = age();
  if (seconds && *seconds < kConfirmedEvery) return false;
  const std::int64_t now = bootSeconds();
  if (std::exchange(path_looked_at_, now) == now) return false;
  return mapping_->isReplacedAt(options_.path);
}

void Reader::look() {
  const std::uint64_t committed = loadShared(mapping_->header().committed);
  view_ = View(mapping_->base(), mapping_->octets(), static_cast<Commit>(committed >> 32));
  commit_record_ =
      committed == 0 ? nullptr : view_.commitRecord(static_cast<Ref>(committed & UINT32_MAX));
  if (options_.max_age == 0) {
    is_too_old_ = false;
    return;
  }
  const auto seconds = age();
  is_too_old_ = !seconds || *seconds > options_.max_age;
}

std::optional<std::int64_t> Reader::age() const {
  const std::int64_t confirmed = loadShared(mapping_->header().confirmed);
  const std::int64_t now = bootSeconds();
  const bool is_known = is_of_this_boot_ && confirmed > 0 && confirmed <= now;
  return is_known ? std::optional(now - confirmed) : std::nullopt;
}

}  // namespace zonecast::table
