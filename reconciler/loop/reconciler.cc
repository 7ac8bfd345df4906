#include "reconciler/loop/reconciler.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace zonecast::loop {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

Reconciler::Reconciler(const Settings& settings, Ports ports, std::uint64_t seed)
    : settings_(settings),
      ports_(ports),
      random_(seed),
      zones_(settings, ports.disk),
      view_(settings.derive.alias_chain_max),
      catalogs_(settings, zones_, view_, ports.journal),
      answers_(settings.answers, settings.resolvers, seed),
      dids_(settings, published_, ports.disk, ports.journal),
      book_(settings, view_, answers_, published_, dids_,
            {[this](view::ZoneIndex zone, Instant then) {
               if (trusts_copies_) return true;
               const auto confirmed = confirmed_at_.find(idOf(zone));
               return confirmed != confirmed_at_.end() && confirmed->second > then;
             },
             [this](view::CustomerId customer, dns::NameView name) -> std::optional<WallTime> {
               if (zones_.leaving() == 0) return std::nullopt;
               const auto zone = view_.zoneFor(customer, name);
               const Leaving* leaving = zone ? this->leaving(*zone) : nullptr;
               return leaving ? std::optional(leaving->until) : std::nullopt;
             },
             [this](view::ZoneIndex zone) { return expired_.contains(idOf(zone)); }}),
      newcomers_(settings, book_, ports.workers, ports.journal),
      intake_(settings, zones_.table(), view_, ports.disk,
              [this](ZoneUpdate update) { onUpdate(std::move(update)); }),
      secondary_(settings.secondary, zones_.table(), intake_, random_()),
      gate_(settings.secondary, zones_.table(), settings.notify),
      publisher_(settings, {ports.clock, ports.store, ports.disk, ports.journal}, published_, book_,
                 dids_,
                 {[this](const derive::Domain& domain) { return holdReason(domain); },
                  [this] { return unanswered_.empty() && unread_.empty(); }},
                 random_),
      chronicle_(settings.history, ports.disk,
                 [this](const plan::DomainChange& change, bool with_record) {
                   return tellOf(change, with_record);
                 }) {
  for (const auto& [name, zone] : zones_.table().byName()) enterView(zone);
  for (const WatchedName& watched : settings.watched) {
    view_.addWatched(watched.name, watched.customer);
  }
}

Reconciler::~Reconciler() = default;

void Reconciler::restore(const ports::SavedZone& saved) {
  const std::optional<xfr::ZoneId> zone = zoneNamed(saved.name);
  if (!zone) {
    ports_.disk.removeZone(saved.name);
    return;
  }
  if (const auto restored = intake_.restore(*zone, saved); !restored) {
    onDiskTrouble(fmt::format("the copy of zone {} is unusable ({}): it is transferred anew",
                              saved.name.toText(), restored.error()));
    ports_.disk.removeZone(saved.name);
    return;
  }
  zones_.setLastSuccess(*zone, saved.copy.last_success);
  unread_.insert(*zone);
  if (zones_.entry(*zone).leaving) return;  // nobody is asked about it
  secondary_.restore(*zone, saved.copy);
  unanswered_.insert(*zone);
}

void Reconciler::start(const ports::SavedPublisher& saved) {
  restoring_ = false;
  settleBindings();
  publisher_.start(saved);
  secondary_.start(ports_.clock.now());
  if (!settings_.statics.empty()) {
    begin(NamesConfigured{}, {"the configuration", std::nullopt}, false);
  } else if (!settings_.watched.empty()) {
    begin(NamesConfigured{}, {"watched names", std::nullopt}, false);
  }
  settle();
}

void Reconciler::onTimer() {
  const Now now = ports_.clock.now();
  while (!late_hints_.empty() && late_hints_.front().due <= now.mono) {
    const LateHint hint = std::move(late_hints_.front());
    late_hints_.pop_front();
    late_zones_.erase(hint.zone);
    secondary_.onNotify(hint.zone, hint.sender, now);
  }
  secondary_.onTimer(now);
  removeThoseWhoLeft(now);
  newcomers_.onTimer(now.mono);
  lookAtPartings(now.mono);
  lookAtDirectives(now);
  settle();
}

bool Reconciler::hasWork() const {
  return !answered_.empty() || !to_look_up_.empty() || !edits_.empty() || !passes_.empty() ||
         !orders_.empty() || catalogs_.hasWork() || !catalogs_.toRead().empty() ||
         publisher_.hasWork() || dids_.hasWork() || chronicle_.hasWork();
}

// Passes take turns: small ones are done in one, of a large one no edit ever waits for more than a
// slice. The publisher plans whenever the store is free. Meanwhile nothing is evaluated: a change
// set is planned from one state of the book.
void Reconciler::work() {
  if (publisher_.state() != StoreState::planning) {
    lookAtAnswers();
    lookAtWanted();
    workOnOrders();
    workOnCatalogs();
    advanceSome(edits_);
    advanceSome(passes_);
  }
  publisher_.advance();
  dids_.saveSome();
  chronicle_.advance();
  raiseAlarms();
  settle();
}

void Reconciler::stop() {
  while (dids_.hasWork()) dids_.saveSome();
  while (chronicle_.hasWork()) chronicle_.advance();
}

void Reconciler::advanceSome(std::list<Pass>& passes) {
  const Now now = ports_.clock.now();
  for (std::size_t steps = 0; !passes.empty() && steps < Pass::kStepsPerSlice;) {
    Pass& pass = passes.front();
    steps += pass.advance(Pass::kStepsPerSlice - steps, now);
    afterStage(pass);
    if (pass.stage() == Pass::Stage::done) {
      finishFirst(passes);
    } else if (steps >= Pass::kStepsPerSlice) {
      passes.splice(passes.end(), passes, passes.begin());
    }
  }
}

void Reconciler::afterStage(Pass& pass) {
  for (const Warning& warning : pass.takeWarnings()) {
    ports_.journal.record(ports::ClaimWarning{std::string(warning.domain.text()), warning.text});
  }
  const std::optional<xfr::ZoneId> zone = pass.zone();
  const bool found =
      zone && searching_[static_cast<std::size_t>(*zone)] && pass.stage() != Pass::Stage::searching;
  if (found) searching_[static_cast<std::size_t>(*zone)] = false;
  for (const DomainId wanted : pass.takeWanted()) {
    if (book_.exists(wanted)) newcomers_.onEvaluated(wanted, isOpen(publisher_.state()));
  }
  if (pass.stage() == Pass::Stage::evaluated) {
    if (const CatalogReading* reading = pass.catalogReading()) takeCatalog(*reading);
    submitWorkOf(pass);
    if (zone) unread_.erase(*zone);
  } else if (found) {
    releaseHeld(indexOf(*zone));
  }
}

// With what the zone's new version sets free: apart, they would for a moment be what the zone never
// was.
void Reconciler::submitWorkOf(Pass& pass) {
  Pass::Touched touched = pass.takeTouched();
  Publisher::Work work{std::move(touched.domains), std::move(touched.cause), pass.isEdit()};
  if (pass.reconcilesStore()) {
    publisher_.onReconciled(std::move(work));
  } else {
    if (pass.zone() && isConfirmed(indexOf(*pass.zone()))) {
      std::ranges::move(publisher_.heldOn(indexOf(*pass.zone())), std::back_inserter(work.domains));
    }
    publisher_.submit(std::move(work));
  }
  pass.beginSaving();
}

void Reconciler::finishFirst(std::list<Pass>& passes) {
  const std::optional<xfr::ZoneId> zone = passes.front().zone();
  const bool was_removal = passes.front().removesZone();
  passes.pop_front();
  if (!zone) return;
  if (was_removal) return zones_.release(*zone);
  intake_.release(*zone);
  secondary_.onZoneReady(*zone, ports_.clock.now());
}

void Reconciler::settle() {
  for (xfr::Action& action : secondary_.takeActions()) perform(std::move(action));
  for (const xfr::Fact& fact : secondary_.takeFacts()) take(fact);
  ask();
}

void Reconciler::ask() {
  for (const query::AskId ask : answers_.takeForgotten()) ports_.resolver.forget(ask);
  for (query::Answers::Ask& ask : answers_.takeAsks(ports_.clock.now().mono)) {
    ports_.resolver.ask(ask.id, std::move(ask.request));
  }
}

// Those of one turn in one pass: a domain rests on several.
void Reconciler::lookAtAnswers() {
  if (answered_.empty()) return;
  plan::Cause cause{fmt::format("answers about {}", answered_.front().toText()), std::nullopt};
  begin(AnswersChanged{std::exchange(answered_, {})}, std::move(cause), false);
}

void Reconciler::perform(xfr::Action action) {
  std::visit(Overloaded{
                 [this](xfr::Connect& connect) {
                   ports_.transport.connect(connect.connection, connect.peer);
                 },
                 [this](xfr::Send& send) {
                   ports_.transport.send(send.connection, std::move(send.octets));
                 },
                 [this](xfr::Close& close) { ports_.transport.close(close.connection); },
             },
             action);
}

void Reconciler::take(const xfr::Fact& fact) {
  std::visit(Overloaded{
                 [this](const xfr::ZoneCurrent& current) { onCurrent(current.zone); },
                 [this](const xfr::ZoneTransferred& transferred) { onCurrent(transferred.zone); },
                 [this](const xfr::ZoneFailure& failure) {
                   unanswered_.erase(failure.zone);
                   lookAtExpiry(failure.zone);
                 },
                 [this](const xfr::ZoneExpired& expired) { onExpired(expired.zone); },
                 [](const xfr::ConnectionsScarce&) {},
             },
             fact);
  std::visit([this](const auto& known) { ports_.journal.record(known); }, fact);
}

// The zone is confirmed: what it held back may go out.
void Reconciler::onCurrent(xfr::ZoneId zone) {
  noticed_.erase(zone);
  lookAtExpiry(zone);
  if (view_.zone(indexOf(zone)) != nullptr) {
    ports_.disk.saveZoneTimers(dns::Name(view_.apex(indexOf(zone))),
                               intake_.heldCopy(zone, ports_.clock.now().wall));
  }
  if (!isConfirmed(indexOf(zone))) return;  // what it was asked is too long ago
  unanswered_.erase(zone);
  confirmed_at_[zone] = ports_.clock.now().mono;
  releaseHeld(indexOf(zone));
  if (const auto catalog = zones_.entry(zone).binding.catalog) catalogs_.onConfirmed(*catalog);
}

// As at a start: another has led, and may have heard of newer versions.
void Reconciler::unconfirmAll() {
  secondary_.unconfirmAll();
  confirmed_at_.clear();
  expired_.clear();
  for (const auto& [name, zone] : zones_.table().byName()) {
    zones_.unconfirm(zone);
    const bool is_asked_about = !zones_.entry(zone).leaving;
    if (is_asked_about && view_.zone(indexOf(zone)) != nullptr) unanswered_.insert(zone);
  }
}

// A transfer confirms a zone, but what rests on it waits for what the new version says.
void Reconciler::releaseHeld(view::ZoneIndex zone) {
  if (!isConfirmed(zone) || searching_[static_cast<std::size_t>(zone)]) return;
  publisher_.releaseHeld(zone);
}

std::optional<Instant> Reconciler::noticed(xfr::ZoneId zone) const {
  const auto heard = noticed_.find(zone);
  return heard == noticed_.end() ? std::nullopt : std::optional(heard->second);
}

void Reconciler::onUpdate(ZoneUpdate update) {
  std::visit(
      [this](auto& subject) {
        const view::Zone& zone = *view_.zone(indexOf(subject.zone));
        searching_[static_cast<std::size_t>(subject.zone)] = true;
        catalogs_.onZoneChanged(zone.apex());
        const bool edited = std::is_same_v<std::decay_t<decltype(subject)>, ZoneEdited>;
        plan::Cause cause{
            fmt::format("zone {} serial {}", zone.apex().toText(), zone.serial().value()),
            noticed(subject.zone)};
        const bool save = !restoring_ && (!edited || intake_.wantsFullSave(subject.zone));
        if (view_.isCatalog(indexOf(subject.zone))) {
          return readCatalog(subject.zone, std::move(cause), save);
        }
        begin(std::move(subject), std::move(cause), save);
      },
      update);
}

void Reconciler::lookAtWanted() {
  if (to_look_up_.empty()) return;
  plan::Cause cause{fmt::format("a worker met {}", to_look_up_.front().text()),
                    ports_.clock.now().mono};
  begin(DomainsWanted{std::exchange(to_look_up_, {})}, std::move(cause), false);
}

// Of many some at a time: the others stay due.
void Reconciler::lookAtPartings(Instant now) {
  constexpr std::size_t kAtOnce = 10'000;
  std::vector<DomainId> due = book_.partings().takeDue(now, kAtOnce);
  if (due.empty()) return;
  plan::Cause cause{"the grace is over", std::nullopt};
  begin(DomainsDue{std::move(due)}, std::move(cause), false);
}

void Reconciler::raiseAlarms() {
  for (const plan::Party party : book_.takeAlarms()) {
    const auto held = book_.plans().plans().find(party);
    if (held == book_.plans().plans().end()) continue;
    ports_.journal.record(
        ports::BrakeHolds{book_.nameOf(party), held->second.digest(), held->second.domains.size()});
  }
}

void Reconciler::begin(PassSubject subject, plan::Cause cause, bool save_full_copy) {
  (Pass::isEdit(subject) ? edits_ : passes_)
      .emplace_back(pass_tools_, std::move(subject), std::move(cause), save_full_copy);
}

// What the store has lost may be given back from the last good copies; only what it still has
// waits.
bool Reconciler::givesBack(const derive::Domain& domain) const {
  return publisher_.putsBack() && !published_.domains.contains(domain);
}

std::string Reconciler::holdReason(const derive::Domain& domain) const {
  const std::optional<DomainId> id = book_.find(domain);
  const bool is_kept = id && book_.node(*id).kept;
  // What the operator says of it does not rest on any zone.
  if (id && (book_.node(*id).isPinned() || book_.node(*id).isBlocked())) {
    if (book_.defiesDirective(book_.node(*id))) return "it waits for what the operator said of it";
    return disputeAbout(domain);
  }
  if (std::string why = id ? expiryHold(*id) : ""; !why.empty()) return why;
  for (const view::ZoneIndex zone : book_.sources(domain)) {
    // What is kept with its zone is as it was, whatever the zone says, and nobody will confirm it.
    if (is_kept && leaving(zone)) continue;
    if (!isConfirmed(zone) && !givesBack(domain) && !goesUnconfirmed(id, zone)) {
      return fmt::format("zone {} is not confirmed yet", view_.apex(zone).toText());
    }
    if (view_.zone(zone) == nullptr) {
      return fmt::format("zone {} is not there any more", view_.apex(zone).toText());
    }
    if (searching_[static_cast<std::size_t>(zone)]) {
      return fmt::format("zone {} serial {} is being worked off", view_.apex(zone).toText(),
                         view_.zone(zone)->serial().value());
    }
  }
  if (book_.isWaiting(domain)) return "it waits to be derived again";
  return disputeAbout(domain);
}

// In or into a virtual domain whose DID the disk and the store know for different customers'.
std::string Reconciler::disputeAbout(const derive::Domain& domain) const {
  const std::optional<DomainId> id = book_.find(domain);
  if (dids_.disputes().empty() || !id) return "";
  for (const auto* entry : {&book_.node(*id).published, &book_.node(*id).desired}) {
    if (!*entry) continue;
    const auto dispute = dids_.disputes().find((*entry)->did);
    if (dispute == dids_.disputes().end()) continue;
    return fmt::format(
        "whose DID {} is, is disputed: on disk it is customer {}'s, in the store customer {}'s; "
        "`zonecast did transfer` settles it",
        dispute->first.text(), dispute->second.on_disk, dispute->second.in_store);
  }
  return "";
}

// -- events of the outside

void Reconciler::onConnected(xfr::ConnectionId connection) {
  secondary_.onConnected(connection, ports_.clock.now());
  settle();
}

void Reconciler::onReceived(xfr::ConnectionId connection, std::span<const std::uint8_t> octets) {
  secondary_.onReceived(connection, octets, ports_.clock.now());
  settle();
}

void Reconciler::onConnectionClosed(xfr::ConnectionId connection, std::string_view why) {
  secondary_.onClosed(connection, why, ports_.clock.now());
  settle();
}

void Reconciler::onAnswered(query::AskId ask, query::Outcome outcome) {
  ports::Answered fact{outcome ? std::nullopt : std::optional(outcome.error().why),
                       outcome ? "" : outcome.error().text,
                       {},
                       {},
                       {}};
  if (auto change = answers_.onAnswered(ask, std::move(outcome), ports_.clock.now().mono)) {
    fact.name = change->name;
    fact.type = change->type;
    fact.lateness = change->lateness;
    ports_.journal.record(fact);
    if (change->changed || change->is_first) answered_.push_back(std::move(change->name));
  }
  settle();
}

// Only the leader answers.
void Reconciler::onWanted(std::string_view domain, std::string_view worker) {
  if (!isOpen(publisher_.state())) return;
  auto to_look_up = newcomers_.onWanted(domain, worker, ports_.clock.now().mono);
  if (to_look_up) to_look_up_.push_back(*std::move(to_look_up));
  settle();
}

void Reconciler::onWantedTrouble(std::string why) {
  ports_.journal.record(ports::WantedTrouble{std::move(why)});
}

void Reconciler::onNotifyMessage(ports::NotifySource source, const xfr::Address& sender,
                                 std::span<const std::uint8_t> message) {
  const Now now = ports_.clock.now();
  xfr::NotifyOutcome outcome = gate_.onMessage(message, sender, now);
  // Whoever has the answer finds it counted.
  ports_.journal.record(ports::NotifyReceived{
      outcome.result, outcome.zone ? outcome.zone->toText() : std::string(), xfr::toText(sender)});
  if (!outcome.answer.empty()) ports_.transport.answerNotify(source, std::move(outcome.answer));
  if (outcome.result == xfr::NotifyResult::rateLimited) hintLater(*outcome.zone, sender, now);
  if (!outcome.hint) return;
  noticed_.try_emplace(*outcome.hint, now.mono);
  secondary_.onNotify(*outcome.hint, sender, now);
  settle();
}

// The primary has its answer and will not say it again: the check is made when it may be.
void Reconciler::hintLater(dns::NameView name, const xfr::Address& sender, const Now& now) {
  const std::optional<xfr::ZoneId> zone = zoneNamed(name);
  if (!zone || !late_zones_.insert(*zone).second) return;
  noticed_.try_emplace(*zone, now.mono);
  late_hints_.push_back({now.mono + settings_.notify.unsigned_hint_interval, *zone, sender});
}

std::optional<Instant> Reconciler::nextDeadline() const {
  std::optional<Instant> next = secondary_.nextDeadline();
  const auto consider = [&next](std::optional<Instant> other) {
    if (other) next = next ? std::min(*next, *other) : *other;
  };
  if (!late_hints_.empty()) consider(late_hints_.front().due);
  consider(answers_.nextDeadline(ports_.clock.now().mono));
  consider(newcomers_.nextDeadline());
  consider(book_.partings().nextDeadline());
  if (zones_.nextDeadline() != xfr::kNever) consider(zones_.nextDeadline());
  if (const auto end = book_.directives().nextEnd()) {
    const Now now = ports_.clock.now();
    consider(now.mono + (WallTime(*end) - now.wall));
  }
  return next;
}

void Reconciler::onStoreOpened(ports::StoredState state, bool unchanged) {
  const Publisher::Opening opening = publisher_.onOpened(std::move(state), unchanged);
  if (opening.others_published) unconfirmAll();
  if (!opening.replaced) return;
  const auto under_way = std::ranges::find_if(passes_, &Pass::reconcilesStore);
  if (under_way != passes_.end()) return under_way->restart();
  begin(StoreReplaced{}, {"the store was read back", std::nullopt}, false);
}

void Reconciler::onPublished(plan::Position position) {
  chronicle_.add(position.version, publisher_.underWay(), ports_.clock.now().wall);
  publisher_.onPublished(std::move(position));
}

void Reconciler::onStoreLost(std::string why) {
  publisher_.onLost(std::move(why));
}

void Reconciler::onStoreTrouble(std::string why) {
  ports_.journal.record(ports::StoreTrouble{std::move(why)});
}

void Reconciler::onDiskTrouble(std::string why) {
  ports_.journal.record(ports::DiskTrouble{std::move(why)});
}

}  // namespace zonecast::loop
