#include "reconciler/loop/publisher.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace zonecast::loop {
namespace {

constexpr std::size_t kGatheredMin = 10'000;
// Itself, and the virtual domains that it leaves and enters.
constexpr std::size_t kChangesPerDomain = 3;
constexpr std::size_t kFreedPerSlice = 4096;

std::uint64_t number(plan::Version version) {
  return static_cast<std::uint64_t>(version);
}

// Erases the first entries, at most `count`.
template <typename Entries>
void eraseSome(Entries& entries, std::size_t count) {
  auto end = entries.begin();
  for (; count > 0 && end != entries.end(); --count) ++end;
  entries.erase(entries.begin(), end);
}

}  // namespace

std::string_view toText(StoreState state) {
  switch (state) {
    case StoreState::closed:
      return "closed";
    case StoreState::opening:
      return "opening";
    case StoreState::reconciling:
      return "reconciling";
    case StoreState::idle:
      return "idle";
    case StoreState::planning:
      return "planning";
    case StoreState::publishing:
      return "publishing";
  }
  return "?";
}

Publisher::Publisher(const Settings& settings, Ports ports, plan::Table& published,
                     DomainBook& book, DidRegistry& dids, Rules rules, std::mt19937_64& random)
    : settings_(settings),
      ports_(ports),
      published_(published),
      dids_(dids),
      rules_(std::move(rules)),
      random_(random),
      planning_(published, book, dids, held_, rules_.hold) {}

void Publisher::start(const ports::SavedPublisher& saved) {
  term_ = saved.term;
  position_ = saved.position;
  begun_ = saved.begun;
  if (position_) newest_ = position_->version;
  open();
}

void Publisher::open() {
  state_ = StoreState::opening;
  // What was read at the start is nothing until the first open() has succeeded.
  ports_.store.open(term_, opened_ ? position_ : std::nullopt);
}

Publisher::Opening Publisher::onOpened(ports::StoredState state, bool unchanged) {
  term_ = state.term;
  newest_ = std::max(newest_, state.newest);
  if (unchanged) {
    state_ = StoreState::idle;
    // What could not be saved when it changed is saved now.
    ports_.disk.savePublisher({term_, position_, begun_});
    ports_.journal.record(ports::StoreOpened{term_, newest_, "nothing changed while it was away"});
    return {};
  }
  const bool others_published = othersPublished(state);
  if (others_published) known_ = false;
  const Resumption resumption = resume(state);
  rebase_ = resumption.rebase;
  found_ = state.position;
  const bool follows_on =
      !rebase_ && position_ && state.position && position_->lineage == state.position->lineage;
  if (!rebase_) position_ = state.position;
  puts_back_ = resumption.lost_ours && (puts_back_ || !known_);
  if (!resumption.lost_ours || !known_) {
    replaced_.push_back(std::exchange(published_, std::move(state.table)));
    dids_.onReplaced(replaced_.back().records, follows_on);
  } else {
    dids_.onReplaced({}, follows_on);
  }
  opened_ = known_ = true;
  edits_.clear();  // all of it is looked at again
  waiting_.clear();
  held_.clear();
  state_ = StoreState::reconciling;
  ports_.disk.savePublisher({term_, position_, begun_});
  ports_.journal.record(ports::StoreOpened{
      term_, newest_,
      resumption.text +
          (others_published ? "; it may be newer than our zones: all are checked" : "")});
  return {.replaced = true, .others_published = others_published};
}

// A position that we do not know may still be ours: the answer to a publication was lost, or the
// store has lost some.
bool Publisher::othersPublished(const ports::StoredState& state) const {
  if (state.position == position_ || (rebase_ && state.position == found_)) return false;
  if (state.others_led || !state.position) return state.others_led;
  const plan::Lineage& found = state.position->lineage;
  return found != begun_ && (!position_ || found != position_->lineage);
}

// A new lineage begins when the store is not provably a continuation of what we last published.
Publisher::Resumption Publisher::resume(const ports::StoredState& state) const {
  if (!state.position && !position_) return {true, "it is empty: begins the first lineage"};
  if (!state.position) return {true, "it lost everything: begins a new lineage", true};
  const plan::Position& found = *state.position;
  const std::string where =
      fmt::format("version {} of lineage {}", number(found.version), found.lineage.uuid);
  const bool is_ours = position_ && found.lineage == position_->lineage;
  const bool lost_ours = is_ours && found.version <= position_->version;
  if (!state.damage.empty()) {
    return {true, fmt::format("{} is damaged ({}): begins a new lineage", where, state.damage),
            lost_ours};
  }
  if (!position_ || found.lineage == begun_) return {false, "continues " + where};
  if (!is_ours) return {true, where + " is another's: begins a new lineage"};
  if (found.version < position_->version) {
    return {true,
            fmt::format("{} is older than our {}: begins a new lineage", where,
                        number(position_->version)),
            true};
  }
  if (found.version == position_->version && found.chain != position_->chain) {
    return {true, where + " has another history: begins a new lineage", true};
  }
  return {false, "continues " + where};
}

void Publisher::submit(Work work) {
  if (work.domains.empty()) return;
  const bool gathers = on_hold_ || state_ == StoreState::closed || state_ == StoreState::opening ||
                       state_ == StoreState::reconciling;
  if (gathers && !waiting_.empty()) return gather(std::move(work.domains));
  (work.is_edit && !gathers ? edits_ : waiting_).push_back(std::move(work));
}

// While the store is away, or on hold, what waits is one work, each domain in it some few times at
// most.
void Publisher::gather(std::vector<derive::Domain> more) {
  std::vector<derive::Domain>& domains = waiting_.front().domains;
  std::ranges::move(more, std::back_inserter(domains));
  if (domains.size() < gathered_max_) return;
  std::ranges::sort(domains);
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
  gathered_max_ = std::max(kGatheredMin, 2 * domains.size());
}

void Publisher::onReconciled(Work everything) {
  if (state_ != StoreState::reconciling) return;  // lost again meanwhile
  waiting_.push_front(std::move(everything));
  state_ = StoreState::idle;
}

bool Publisher::hasWork() const {
  return !replaced_.empty() || state_ == StoreState::planning ||
         (state_ == StoreState::idle && wantsToPublish());
}

bool Publisher::advance() {
  dropReplaced();
  if (state_ == StoreState::idle) takeWork();
  if (state_ != StoreState::planning) return false;
  planning_.advance();
  if (planning_.isDone()) finishPlanning();
  return true;
}

void Publisher::dropReplaced() {
  if (replaced_.empty()) return;
  plan::Table& table = replaced_.front();
  eraseSome(table.domains, kFreedPerSlice);
  eraseSome(table.virtual_domains, kFreedPerSlice);
  eraseSome(table.records, kFreedPerSlice);
  const bool is_freed =
      table.domains.empty() && table.virtual_domains.empty() && table.records.empty();
  if (is_freed) replaced_.pop_front();
}

void Publisher::takeWork() {
  if (!wantsToPublish()) return;
  planning_.begin(ports_.clock.now().wall);
  takeFrom(edits_);
  takeFrom(waiting_);
  state_ = StoreState::planning;
}

// The first publication of a lineage is the store's whole content, so it is planned from all that
// waits.
void Publisher::takeFrom(std::deque<Work>& works) {
  while (!works.empty()) {
    Work& work = works.front();
    const std::size_t domains = planning_.size() + work.domains.size();
    const bool fits = rebase_ || domains * kChangesPerDomain <= settings_.publish_batch_max;
    if (planning_.size() > 0 && !fits) return;
    planning_.take(std::move(work.domains), std::move(work.cause));
    works.pop_front();
  }
}

void Publisher::finishPlanning() {
  plan::ChangeSet changes = planning_.finish();
  if (changes.empty() && !rebase_) {
    state_ = StoreState::idle;
    return;
  }
  changes_ = std::make_shared<const plan::ChangeSet>(std::move(changes));
  beginPublication();
}

void Publisher::beginPublication() {
  state_ = StoreState::publishing;
  began_ = ports_.clock.now().mono;
  newest_ = plan::Version{number(newest_) + 1};
  if (rebase_) {
    begun_ = newLineage();
    // Before it can take effect: killed before it is acknowledged, we must know it for ours.
    ports_.disk.savePublisher({term_, position_, begun_});
    ports_.store.rebase(found_, {*begun_, newest_, {}}, published_);
  } else {
    ports_.store.publish({*position_, newest_, changes_}, published_);
  }
}

// RFC 9562 section 5.4: version 4.
plan::Lineage Publisher::newLineage() {
  const std::uint64_t high = (random_() & ~0xf000ull) | 0x4000ull;
  const std::uint64_t low = (random_() & ~(3ull << 62)) | (2ull << 62);
  return {fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                      high & 0xffff, low >> 48, low & 0xffffffffffffull)};
}

void Publisher::onPublished(plan::Position position) {
  assert(state_ == StoreState::publishing);
  position_ = std::move(position);
  begun_.reset();
  puts_back_ = false;
  ports_.disk.savePublisher({term_, position_});
  dids_.onPublished(changes_);
  const Duration took = ports_.clock.now().mono - began_;
  ports_.journal.record(
      ports::Published{position_->version, changes_, took, std::exchange(rebase_, false)});
  changes_.reset();
  state_ = StoreState::idle;
}

void Publisher::onLost(std::string why) {
  // Of a publication under way nothing is known: the whole table is read back.
  if (state_ == StoreState::planning || state_ == StoreState::publishing) opened_ = false;
  if (state_ == StoreState::reconciling) opened_ = false;
  planning_.begin(ports_.clock.now().wall);
  changes_.reset();
  ports_.journal.record(ports::StoreLost{std::move(why)});
  open();
}

void Publisher::releaseHeld(view::ZoneIndex zone) {
  submit({held_.restingOn(zone), {"held domains released", std::nullopt}});
}

void Publisher::releaseHeld(const identity::Did& did) {
  submit({held_.under(did), {"held domains released", std::nullopt}});
}

std::size_t Publisher::waiting() const {
  std::size_t domains = planning_.size();
  for (const auto* works : {&edits_, &waiting_}) {
    for (const Work& work : *works) domains += work.domains.size();
  }
  return domains;
}

}  // namespace zonecast::loop
