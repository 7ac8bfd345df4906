#include "adapters/disk/lmdb_disk.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "adapters/disk/encoding.h"
#include "reconciler/identity/printable.h"

namespace zonecast::disk {

namespace {

std::string keyOf(const dns::Name& zone) {
  return std::string(zone.view().wire());
}

// RFC 9562 section 5.4: version 4.
std::string randomUuid(const std::function<std::uint64_t()>& random) {
  const std::uint64_t high = (random() & ~std::uint64_t{0xf000}) | 0x4000;
  const std::uint64_t low = (random() & ~(std::uint64_t{3} << 62)) | std::uint64_t{2} << 62;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffff);
}

tl::expected<void, std::string> makeDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return tl::unexpected(
      fmt::format("cannot make the state directory {}: {}", directory, std::strerror(errno)));
}

}  // namespace

tl::expected<std::unique_ptr<LmdbDisk>, std::string> LmdbDisk::open(const DiskOptions& options,
                                                                    uv::Loop& loop) {
  if (auto made = makeDirectory(options.directory); !made) return tl::unexpected(made.error());
  auto lock = LockFile::take(options.directory + "/zonecast.lock");
  if (!lock) return tl::unexpected(lock.error());
  auto store = Store::open(options.directory + "/zonecast.lmdb", options.map_octets,
                           options.map_octets_max, randomUuid(options.random));
  if (!store) return tl::unexpected(store.error());
  return std::unique_ptr<LmdbDisk>(
      new LmdbDisk(std::move(*lock), std::move(*store), options, loop));
}

LmdbDisk::LmdbDisk(LockFile lock, std::unique_ptr<Store> store, const DiskOptions& options,
                   uv::Loop& loop)
    : keeps_published_(options.keeps_published),
      lock_(std::move(lock)),
      store_(std::move(store)),
      writer_(*store_, options.writer, loop, [this](std::string trouble) {
        if (listener_ != nullptr) listener_->onDiskTrouble(std::move(trouble));
      }) {}

tl::expected<std::optional<ports::SavedPublisher>, std::string> LmdbDisk::loadPublisher() const {
  if (!keeps_published_) return std::nullopt;
  return store_->publisher();
}

tl::expected<void, std::string> LmdbDisk::forEachZone(
    const std::function<void(ports::SavedZone)>& visit) {
  return store_->forEachZone(visit, [this](std::string key, const std::string& why) {
    RemoveZone removal{std::move(key)};
    writer_.report(
        fmt::format("{} is damaged on disk and is transferred anew: {}", describe(removal), why));
    writer_.add(std::move(removal));
  });
}

tl::expected<std::vector<ports::SavedBinding>, std::string> LmdbDisk::loadBindings() {
  return store_->bindings([this](std::string key, const std::string& why) {
    SaveBinding removal{std::move(key), std::nullopt};
    writer_.report(fmt::format("the binding of {} is damaged on disk: {}", describe(removal), why));
    writer_.add(std::move(removal));
  });
}

tl::expected<void, std::string> LmdbDisk::forEachDid(
    const std::function<void(ports::SavedDid)>& visit) {
  if (!keeps_published_) return {};
  return store_->forEachDid(visit, [this](const std::string& key, const std::string& why) {
    writer_.report(
        fmt::format("what is known of DID {} is damaged on disk: {}", identity::quoted(key), why));
    writer_.add(SaveDids{{{key, {}}}});
  });
}

tl::expected<std::vector<std::pair<derive::Domain, plan::Directive>>, std::string>
LmdbDisk::loadDirectives() {
  return store_->directives([this](const std::string& key, const std::string& why) {
    writer_.report(fmt::format("the pin or block of {} is damaged on disk: give it again: {}",
                               identity::quoted(key), why));
    writer_.add(SaveDirective{key, {}});
  });
}

void LmdbDisk::saveZonePiece(const dns::Name& zone, ports::PackedRecords piece, bool first,
                             const std::optional<xfr::HeldCopy>& last) {
  const std::string key = keyOf(zone);
  if (first) incomplete_[key] = 0;
  const auto found = incomplete_.find(key);
  if (found == incomplete_.end()) return;  // removed on the way
  const std::uint32_t number = found->second++;
  if (!last) return writer_.add(SavePiece{key, std::move(piece), number});
  writer_.add(SaveZone{key, std::move(piece), number, *last});
  incomplete_.erase(found);
}

void LmdbDisk::saveZoneDelta(const dns::Name& zone, std::vector<view::Delta> chain,
                             const xfr::HeldCopy& copy) {
  writer_.add(SaveDelta{.zone = keyOf(zone), .chain = std::move(chain), .copy = copy});
}

void LmdbDisk::saveZoneTimers(const dns::Name& zone, const xfr::HeldCopy& copy) {
  writer_.add(SaveTimers{.zone = keyOf(zone), .copy = copy});
}

void LmdbDisk::removeZone(const dns::Name& zone) {
  incomplete_.erase(keyOf(zone));
  writer_.add(RemoveZone{keyOf(zone)});
}

void LmdbDisk::saveBinding(const ports::SavedBinding& binding) {
  writer_.add(SaveBinding{keyOf(binding.zone), binding});
}

void LmdbDisk::removeBinding(const dns::Name& zone) {
  writer_.add(SaveBinding{keyOf(zone), std::nullopt});
}

void LmdbDisk::saveDids(std::vector<ports::SavedDid> dids) {
  if (!keeps_published_) return;
  SaveDids save;
  save.entries.reserve(dids.size());
  for (const ports::SavedDid& saved : dids) {
    const bool is_known = saved.use || saved.record;
    save.entries.push_back({std::string(saved.did.text()), is_known ? encode(saved) : Octets()});
  }
  writer_.add(std::move(save));
}

void LmdbDisk::savePublisher(const ports::SavedPublisher& publisher) {
  if (!keeps_published_) return;
  writer_.add(SavePublisher{publisher});
}

void LmdbDisk::saveDirective(const derive::Domain& domain,
                             const std::optional<plan::Directive>& directive) {
  writer_.add(SaveDirective{std::string(domain.text()), directive ? encode(*directive) : Octets()});
}

void LmdbDisk::saveHold(const std::optional<plan::Deadline>& since) {
  writer_.add(SaveHold{since ? encode(*since) : Octets()});
}

void LmdbDisk::saveHistory(std::vector<plan::DomainEvent> events,
                           const plan::HistoryPolicy& policy) {
  if (!keeps_published_) return;
  for (plan::DomainEvent& event : events) {
    event.domain = event.domain.detached();
    for (auto* entry : {&event.entry.before, &event.entry.after}) {
      if (*entry) (*entry)->did = (*entry)->did.detached();
    }
  }
  writer_.add(SaveHistory{std::move(events), policy});
}

}  // namespace zonecast::disk
