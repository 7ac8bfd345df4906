#include "adapters/table/writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

namespace zonecast::table {
namespace {

std::uint64_t randomSeed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
    seed = static_cast<std::uint64_t>(getpid());
  return seed;
}

Position positionOf(const Generation& generation) {
  const auto ref = static_cast<Ref>(generation.mapping().header().committed);
  const CommitRecord* record = generation.newest().commitRecord(ref);
  if (record == nullptr) return {};
  const std::size_t lineage = std::min<std::size_t>(record->lineage_octets, record->lineage.size());
  return {std::string(record->lineage.data(), lineage), record->term, record->version,
          record->content, std::string(record->chain.data(), record->chain.size())};
}

}  // namespace

Expected<std::unique_ptr<Writer>> Writer::open(WriterOptions options) {
  if (std::error_code ignored; std::filesystem::is_directory(options.path, ignored)) {
    return tl::unexpected(options.path + ": is a directory");
  }
  const std::string lock_path = options.path + ".lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    return tl::unexpected(lock_path + ": cannot be opened: " + std::strerror(errno));
  }
  std::unique_ptr<Writer> writer(new Writer(std::move(options), lock));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected(lock_path + ": another mirror writes this table");
  }
  writer->goOnOrBegin();
  if (!writer->generation_) {
    if (auto begun = writer->beginAnew(0); !begun) return tl::unexpected(begun.error());
  }
  return writer;
}

Writer::~Writer() {
  close(lock_);
}

void Writer::goOnOrBegin() {
  auto mapping = Mapping::openToWrite(options_.path);
  if (!mapping) {
    why_begun_ = mapping.error();
    return;
  }
  in_place_ = *mapping;
  if (in_place_->header().boot != bootId()) {
    why_begun_ = options_.path + ": is of an earlier boot";
  } else if (loadShared(in_place_->header().committed) == 0) {
    why_begun_ = options_.path + ": holds nothing";
  } else if (!Generation::canGoOn(*in_place_)) {
    why_begun_ = options_.path + ": is damaged";
  } else {
    generation_ = std::make_unique<Generation>(in_place_);
    unlink(pathOfNew().c_str());  // of a mirror that was killed
    unlink(pathOfPart().c_str());
    position_ = positionOf(*generation_);
    noteForeign();
  }
}

// Negative answers that an earlier writer left, soonest first.
void Writer::noteForeign() {
  const View view = generation_->newest();
  generation_->eachNode([&](const Node& node) {
    const DomainRecord* record = view.domainOf(node);
    if (record != nullptr && record->kind == DomainKind::foreign) {
      foreign_.push_back(
          {static_cast<std::int64_t>(record->sum_or_until), std::string(view.nameOf(node))});
    }
    return true;
  });
  std::ranges::sort(foreign_, {}, &Foreign::until);
}

// As many as references can tell apart, whatever the options say.
std::size_t Writer::octetsMax() const {
  return std::min(options_.octets_max, std::size_t{UINT32_MAX} * kUnit);
}

std::string Writer::wouldNeed(std::size_t octets) const {
  return options_.path + ": would need " + std::to_string(octets) + " octets, and may have " +
         std::to_string(octetsMax()) + "; raise the limit";
}

Expected<std::unique_ptr<Generation>> Writer::makeGeneration(std::size_t names,
                                                             std::size_t octets) {
  octets = std::min(std::max(octets, options_.octets_min), octetsMax());
  const std::size_t octets_min = Generation::octetsFor(names, 0);
  if (octets < octets_min) return tl::unexpected(wouldNeed(octets_min));
  auto mapping = Mapping::create(pathOfPart(), options_.mode, octets);
  if (!mapping) return tl::unexpected(mapping.error());
  Generation::Beginning beginning{};
  if (in_place_) {
    beginning.number = in_place_->header().generation + 1;
    beginning.first_commit =
        in_place_->header().first_commit + (loadShared(in_place_->header().committed) >> 32);
  } else {
    beginning.number = 1;
  }
  beginning.seed = randomSeed();
  beginning.names = names;
  return std::make_unique<Generation>(std::move(*mapping), beginning);
}

Expected<void> Writer::beginAnew(std::size_t names) {
  constexpr std::size_t kOctetsPerName = 160;  // a usual half of a domain with its attributes
  if (names > octetsMax()) return tl::unexpected(wouldNeed(names));
  const std::size_t octets = Generation::octetsFor(names, names * kOctetsPerName);
  auto made = makeGeneration(names, octets);
  if (!made) return tl::unexpected(made.error());
  if (auto written = writeTo(std::move(*made)); !written) return written;
  foreign_.clear();
  settleForeign();
  return {};
}

// Until here what was written to before stands where it was, and can be gone on with.
Expected<void> Writer::writeTo(std::unique_ptr<Generation> next) {
  const std::string part = pathOfPart(), made = pathOfNew();
  if (rename(part.c_str(), made.c_str()) != 0) {
    return tl::unexpected(part + ": cannot be renamed: " + std::strerror(errno));
  }
  if (generation_ && &generation_->mapping() == in_place_.get()) {
    generation_->abandon();
    committed_ = std::move(generation_);
    committed_foreign_ = committedForeign();
  }
  generation_ = std::move(next);
  return {};
}

Writer::Replaced Writer::fitting(const std::function<Generation::Put(Generation&)>& change) {
  for (bool has_moved = false;; has_moved = true) {
    const Generation::Put put = change(*generation_);
    if (put.fits) return put.replaced;
    const std::size_t octets = generation_->mapping().octets();
    if (has_moved && octets >= octetsMax()) return tl::unexpected(wouldNeed(octets + 1));
    auto moved = moveOn(has_moved ? octets * 2 : 0);
    if (!moved) return tl::unexpected(moved.error());
  }
}

// Into a generation that has room for what is there and what was missed, and a third more for what
// comes, or as much again while it is being filled; but no more than the limit.
Expected<void> Writer::moveOn(std::size_t octets_min) {
  const Extent live = generation_->live();
  const Extent& missed = generation_->missed();
  const bool is_new = &generation_->mapping() != in_place_.get();
  const std::size_t names = (is_new ? 2 : 1) * live.names + missed.names + 16;
  const std::size_t arena = live.octets + live.octets / (is_new ? 1 : 3) + missed.octets;
  std::size_t octets = std::max(Generation::octetsFor(names, arena), octets_min);
  std::unique_ptr<Generation> next;
  do {
    auto made = makeGeneration(names, octets);
    if (!made) return tl::unexpected(made.error());
    next = std::move(*made);
    if (copyTo(*next)) break;
    if (next->mapping().octets() >= octetsMax()) {
      unlink(pathOfPart().c_str());
      return tl::unexpected(wouldNeed(octets + 1));
    }
    octets = next->mapping().octets() * 2;
    next.reset();
  } while (true);
  return writeTo(std::move(next));
}

bool Writer::copyTo(Generation& next) const {
  const View view = generation_->newest();
  const std::int64_t now = bootSeconds();
  const auto domain = [&](const Node& node) {
    const DomainRecord* record = view.domainOf(node);
    if (record == nullptr || record->kind == DomainKind::removed) return true;
    if (record->kind == DomainKind::foreign) {
      const auto until = static_cast<std::int64_t>(record->sum_or_until);
      return until <= now || next.putForeign(view.nameOf(node), until).fits;
    }
    return next
        .putDomain({view.nameOf(node), view.nameOf(record->virtual_domain),
                    record->kind == DomainKind::hosted ? State::hosted : State::retiring,
                    record->transports, static_cast<Role>(record->role), record->sum_or_until})
        .fits;
  };
  std::vector<std::string_view> members;
  std::vector<Attribute> attributes;
  const auto virtual_domain = [&](const Node& node) {
    const VirtualDomainRecord* record = view.virtualDomainOf(node);
    if (record == nullptr || record->removed != 0) return true;
    members.clear();
    attributes.clear();
    for (std::size_t k = 0; k < record->member_count; ++k)
      members.push_back(view.memberOf(*record, k));
    View::Attributes list(view, *record);
    while (auto attribute = list.next()) attributes.push_back(*attribute);
    return next
        .putVirtualDomain({view.nameOf(node), view.nameOf(record->customer),
                           view.nameOf(record->canonical), members, attributes, record->sum})
        .fits;
  };
  return generation_->eachNode(domain) && generation_->eachNode(virtual_domain);
}

Writer::Replaced Writer::putDomain(const DomainRow& row) {
  return fitting([&](Generation& to) { return to.putDomain(row); });
}

Writer::Replaced Writer::removeDomain(std::string_view name) {
  return fitting([&](Generation& to) { return to.removeDomain(name); });
}

Writer::Replaced Writer::putVirtualDomain(const VirtualDomainRow& row) {
  return fitting([&](Generation& to) { return to.putVirtualDomain(row); });
}

Writer::Replaced Writer::removeVirtualDomain(std::string_view did) {
  return fitting([&](Generation& to) { return to.removeVirtualDomain(did); });
}

Expected<void> Writer::putForeign(std::string_view name, std::int64_t until) {
  if (auto put = fitting([&](Generation& to) { return to.putForeign(name, until); }); !put) {
    return tl::unexpected(put.error());
  }
  foreign_.push_back({until, std::string(name)});
  ++foreign_put_;
  while (foreign_.size() > options_.foreign_max) {
    if (auto forgotten = forgetForeign(); !forgotten) return forgotten;
  }
  return {};
}

// The one that came first, unless there is a later answer of the same name.
Expected<void> Writer::forgetForeign() {
  foreign_forgotten_.push_back(std::move(foreign_.front()));
  foreign_.pop_front();
  const Foreign& oldest = foreign_forgotten_.back();
  const View view = newest();
  const Node* node = view.find(oldest.name);
  const DomainRecord* record = node == nullptr ? nullptr : view.domainOf(*node);
  const bool is_it = record != nullptr && record->kind == DomainKind::foreign &&
                     static_cast<std::int64_t>(record->sum_or_until) == oldest.until;
  if (!is_it) return {};
  auto removed = fitting([&](Generation& to) { return to.removeDomain(oldest.name); });
  return removed ? Expected<void>() : tl::unexpected(removed.error());
}

Expected<void> Writer::commit(const Position& position) {
  const auto shown = fitting([&](Generation& to) { return Generation::Put{to.show(position)}; });
  if (!shown) return tl::unexpected(shown.error());
  if (&generation_->mapping() != in_place_.get()) {
    if (auto placed = putInPlace(); !placed) {
      generation_->hide();
      return placed;
    }
  }
  generation_->settle();
  settleForeign();
  position_ = position;
  return {};
}

// The old file is marked after the new one stands: whoever sees the mark finds it.
Expected<void> Writer::putInPlace() {
  const std::int64_t now = bootSeconds();
  Header& header = generation_->mapping().header();
  // The times of an earlier boot are of another clock.
  if (in_place_ && in_place_->header().boot == header.boot) {
    storeShared(header.confirmed, loadShared(in_place_->header().confirmed));
    header.predecessors[0] = {in_place_->header().generation, in_place_->inode(),
                              in_place_->octets(), now};
    std::copy_n(in_place_->header().predecessors.begin(), kPredecessors - 1,
                header.predecessors.begin() + 1);
  }
  const std::string made = pathOfNew();
  if (rename(made.c_str(), options_.path.c_str()) != 0) {
    return tl::unexpected(made + ": cannot be put in place: " + std::strerror(errno));
  }
  if (in_place_) {
    storeShared<std::uint32_t>(in_place_->header().superseded, 1);
    superseded_.push_back({std::move(in_place_), now});
  }
  committed_.reset();
  in_place_ = generation_->shared();
  return {};
}

void Writer::abandon() {
  generation_->abandon();
  if (committed_) {
    unlink(pathOfNew().c_str());
    generation_ = std::move(committed_);
    foreign_ = std::move(committed_foreign_);
  } else {
    foreign_ = committedForeign();
  }
  settleForeign();
}

std::deque<Writer::Foreign> Writer::committedForeign() const {
  std::deque<Foreign> all(foreign_forgotten_.begin(), foreign_forgotten_.end());
  all.insert(all.end(), foreign_.begin(), foreign_.end());
  all.resize(all.size() - foreign_put_);
  return all;
}

void Writer::settleForeign() {
  foreign_put_ = 0;
  foreign_forgotten_.clear();
}

void Writer::confirm(std::int64_t now) {
  if (in_place_) storeShared(in_place_->header().confirmed, now);
}

void Writer::collect(std::int64_t now) {
  while (!superseded_.empty() && now - superseded_.front().since >= options_.grace.count()) {
    Mapping& old = *superseded_.front().mapping;
    storeShared<std::uint32_t>(old.header().given_back, 1);
    old.giveBack();
    superseded_.pop_front();
  }
}

}  // namespace zonecast::table
