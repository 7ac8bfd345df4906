// The reconciler: what happens outside marks something dirty, work() works it off.
//
//   NOTIFY, timers, transfers -> Secondary -> ZoneIntake -> view
//   TTLs that are over -> Answers
//   a changed zone or answer -> Pass -> DomainBook (derive, identity) -> Publisher (plan) -> the
//   store
//
// Every event is a call; nothing here blocks or calls the outside back from inside a port's call.
// After any call the owner asks nextDeadline() for the next onTimer() and hasWork() for whether
// work() wants a turn. One slice of work() is some 2 ms.
//
// Invariants: a failure never removes a domain; nothing about a domain is published before the
// zones that its own evidence names have been confirmed current since the start, or since another
// leader published what may come from newer ones; nothing changed in DNS means nothing published.
// Not thread-safe: one thread, the loop's.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reconciler/loop/catalogs.h"
#include "reconciler/loop/chronicle.h"
#include "reconciler/loop/domain_book.h"
#include "reconciler/loop/newcomers.h"
#include "reconciler/loop/pass.h"
#include "reconciler/loop/publisher.h"
#include "reconciler/loop/reconfiguration.h"
#include "reconciler/loop/settings.h"
#include "reconciler/loop/status.h"
#include "reconciler/loop/zone_intake.h"
#include "reconciler/loop/zones.h"
#include "reconciler/ports/clock.h"
#include "reconciler/ports/disk.h"
#include "reconciler/ports/journal.h"
#include "reconciler/ports/resolver.h"
#include "reconciler/ports/state_store.h"
#include "reconciler/ports/worker_questions.h"
#include "reconciler/ports/zone_transport.h"
#include "reconciler/xfr/notify_gate.h"
#include "reconciler/xfr/secondary.h"

namespace zonecast::loop {

struct Ports {
  ports::Clock& clock;
  ports::ZoneTransport& transport;
  ports::Resolver& resolver;
  ports::WorkerQuestions& workers;
  ports::StateStore& store;
  ports::Disk& disk;
  ports::Journal& journal;
};

class Reconciler final : public ports::ZoneTransportListener,
                         public ports::ResolverListener,
                         public ports::WorkerQuestionsListener,
                         public ports::StateStoreListener,
                         public ports::DiskListener {
 public:
  // `settings` and what `ports` refers to must outlive the reconciler; the settings change only as
  // onSettingsChanged() has it. `seed` is all its randomness.
  Reconciler(const Settings& settings, Ports ports, std::uint64_t seed);
  ~Reconciler() override;

  // Before start(): what the disk had, all bindings first. A zone that neither the configuration
  // nor a binding names is dropped from the disk; one that cannot be read is transferred anew.
  void restoreBinding(const ports::SavedBinding& saved);
  void restore(const ports::SavedZone& saved);
  void restore(ports::SavedDid saved) { dids_.remember(std::move(saved)); }  // ascending
  void restoreDirective(const derive::Domain& domain, const plan::Directive& directive) {
    book_.direct(domain, directive);
  }
  void restoreHold(plan::Deadline since);
  void start(const ports::SavedPublisher& saved);
  // Likewise: what is held counts as confirmed, for whoever asks what it would mean if it were. A
  // process that publishes never does.
  void trustCopies() { trusts_copies_ = true; }

  void onTimer();
  std::optional<Instant> nextDeadline() const;
  bool hasWork() const;
  void work();
  // Before an orderly end: what was published and waits to be saved is saved. Nothing comes after.
  void stop();

  // -- zones that come and go at run time, because of the configuration or of a catalog
  // A zone of this name that its customer has already, and be it leaving, becomes what is wanted.
  // Reset: it is transferred anew. False: another customer has it.
  bool addZone(WantedZone wanted, bool reset = false);
  // Nobody wants it any more, for this cause: it is kept for retire.zone_gone, then removed, and
  // what a catalog brought goes with the catalog. False: there is no such zone.
  bool removeZone(dns::NameView name, std::string cause);
  // What is said of a zone that is kept though nobody wants it any more; null of any other.
  const Leaving* leaving(view::ZoneIndex zone) const {
    return zones_.entry(idOf(zone)).leaving.get();
  }

  // Between two calls, what `settings` refers to was replaced by what reconfigured() made of it.
  void onSettingsChanged(Reconfiguration news);

  // -- what the operator asks
  Overview overview() const;
  // In canonical order, from the first zone after `after` on (from the beginning, when null).
  std::vector<ZoneReport> zoneReports(const dns::Name* after, std::size_t zones_max) const;
  std::optional<ZoneReport> zoneReport(dns::NameView zone) const;
  bool refresh(dns::NameView zone);  // false: there is no such zone
  bool retransfer(dns::NameView zone);
  const plan::Table& published() const { return published_; }
  DomainReport domainReport(const derive::Domain& domain) const;
  DomainExplanation explain(const derive::Domain& domain) const;
  // Of all that are tried, named or published, the next ones behind `after`, in canonical order;
  // some at a time: `next` says where to go on.
  struct DomainPage {
    std::vector<derive::Domain> domains;
    std::optional<dns::Name> next;
  };
  DomainPage domains(const dns::Name* after, std::size_t domains_max) const;
  // What is held of a zone; null: nothing. Valid until the zone changes.
  const view::Zone* content(dns::NameView zone) const;

  // What the brake holds, by customer; of each at most so many domains are listed.
  std::vector<PlanReport> plans(std::size_t domains_max) const;
  // The operator decides on a plan, as its digest has it: how many domains that is. Nothing: there
  // is no such plan, or it has changed.
  std::optional<std::size_t> decide(std::string_view digest, bool approve);

  // Nothing is published until release(); false: it was so already.
  bool hold();
  bool release();
  // The operator pins or blocks a domain for a time, in place of what was said of it before; or the
  // sentence says why that is not possible.
  tl::expected<void, std::string> direct(const derive::Domain& domain, plan::Directive directive);
  // He takes it back; false: there is none of this kind.
  bool endDirective(const derive::Domain& domain, plan::Directive::Kind kind);
  // In order, from the first domain behind `after` (the first of all, when null).
  std::vector<DirectiveReport> directives(const derive::Domain* after,
                                          std::size_t domains_max) const;

  // The operator hands a DID over to a customer, or settles whose it is. The sentence says what
  // comes of it, or why it is not possible.
  tl::expected<std::string, std::string> handOver(const identity::Did& did,
                                                  std::string_view customer);
  // Ascending, from the first behind `after` (the first of all, when null).
  std::vector<DidReport> didReports(const identity::Did* after, std::size_t dids_max) const;
  std::optional<DidReport> didReport(const identity::Did& did) const;  // nothing: nobody had it

  // What there is to know by asking is asked for anew: false, when nobody may be asked about it.
  bool lookUp(const derive::Domain& domain);
  // The next watched and discovered domains behind `after`, in canonical order; some at a time:
  // `next` says where to go on.
  struct WatchedPage {
    std::vector<WatchedReport> domains;
    std::optional<dns::Name> next;
  };
  WatchedPage watched(const dns::Name* after, std::size_t domains_max) const;

  // -- ports::ZoneTransportListener, ResolverListener, WorkerQuestionsListener, StateStoreListener,
  // DiskListener
  void onConnected(xfr::ConnectionId connection) override;
  void onReceived(xfr::ConnectionId connection, std::span<const std::uint8_t> octets) override;
  void onConnectionClosed(xfr::ConnectionId connection, std::string_view why) override;
  void onNotifyMessage(ports::NotifySource source, const xfr::Address& sender,
                       std::span<const std::uint8_t> message) override;
  void onAnswered(query::AskId ask, query::Outcome outcome) override;
  void onWanted(std::string_view domain, std::string_view worker) override;
  void onWantedTrouble(std::string why) override;
  void onStoreOpened(ports::StoredState state, bool unchanged) override;
  void onPublished(plan::Position position) override;
  void onStoreLost(std::string why) override;
  void onStoreTrouble(std::string why) override;
  void onDiskTrouble(std::string why) override;

 private:
  // What is to be done about a configuration that was read anew, one at a time and in order.
  struct ZoneUnnamed {  // by the configuration
    dns::Name name;
  };
  struct MemberAnew {  // its catalog's settings are others
    CatalogId catalog{};
    dns::Name zone;
  };
  struct WatchedAnew {  // and all domains are looked at again
    std::vector<dns::Name> unwatched;
    std::vector<WatchedName> watched;
  };
  using Order = std::variant<ZoneUnnamed, WantedZone, CatalogId, MemberAnew, WatchedAnew>;

  void workOnOrders();
  void carryOut(ZoneUnnamed unnamed);
  void carryOut(WantedZone wanted);
  void carryOut(CatalogId catalog);
  void carryOut(MemberAnew member);
  void carryOut(WatchedAnew names);
  void succeed(xfr::ZoneId zone, WantedZone wanted);
  void enterSuccessor(const dns::Name& name);
  void tell(catalog::Step step, const dns::Name& name, const ZoneBinding& binding);
  void readAgain(CatalogId catalog);
  void dissolve(CatalogId catalog, const std::string& cause);
  void settle();  // after every event: actions go out, facts come in
  void ask();
  void lookAtAnswers();
  void lookAtWanted();
  void lookAtPartings(Instant now);
  void lookAtDirectives(const Now& now);
  void direct(const derive::Domain& domain, std::optional<plan::Directive> directive,
              std::string_view who);
  void raiseAlarms();
  void perform(xfr::Action action);
  void take(const xfr::Fact& fact);
  void onCurrent(xfr::ZoneId zone);
  void onUpdate(ZoneUpdate update);
  void begin(PassSubject subject, plan::Cause cause, bool save_full_copy);
  void advanceSome(std::list<Pass>& passes);
  void afterStage(Pass& pass);
  void finishFirst(std::list<Pass>& passes);
  void hintLater(dns::NameView name, const xfr::Address& sender, const Now& now);
  std::string holdReason(const derive::Domain& domain) const;
  std::string disputeAbout(const derive::Domain& domain) const;
  void submitWorkOf(Pass& pass);
  void releaseHeld(view::ZoneIndex zone);
  void unconfirmAll();
  bool isConfirmed(view::ZoneIndex zone) const;
  std::optional<xfr::ZoneId> zoneNamed(dns::NameView name) const { return zones_.find(name); }
  void enter(xfr::ZoneId zone);
  void enterView(xfr::ZoneId zone);
  void change(xfr::ZoneId zone, WantedZone wanted, bool reset);
  void leave(xfr::ZoneId zone, std::string cause);
  void remove(xfr::ZoneId zone, const std::string& cause);
  void removeThoseWhoLeft(const Now& now);
  void workOnCatalogs();
  void takeCatalog(const CatalogReading& reading);
  void onExpired(xfr::ZoneId zone);
  void lookAtExpiry(xfr::ZoneId zone);
  bool expires(view::ZoneIndex zone) const;
  bool goesUnconfirmed(std::optional<DomainId> id, view::ZoneIndex zone) const;
  std::string expiryHold(DomainId id) const;
  void settleBindings();
  void readCatalog(xfr::ZoneId zone, plan::Cause cause, bool save_full_copy);
  void apply(Catalogs::Change change);
  ZoneReport reportOn(xfr::ZoneId zone) const;
  DidReport reportOn(const identity::Did& did) const;
  void addLeaving(const Leaving& leaving, WallTime last_success, ZoneReport& report) const;
  void addCatalog(CatalogId catalog, ZoneReport& report) const;
  MemberCounts memberCounts() const;
  std::optional<view::CustomerId> customerOf(const derive::Domain& domain) const;
  derive::Explanation explainStatic(const derive::Domain& domain,
                                    const StaticVirtualDomain& entry) const;
  std::optional<Instant> noticed(xfr::ZoneId zone) const;
  bool givesBack(const derive::Domain& domain) const;
  Chronicle::Evidence tellOf(const plan::DomainChange& change, bool with_record) const;

  struct LateHint {  // an unsigned NOTIFY that came too soon after another
    Instant due;
    xfr::ZoneId zone{};
    xfr::Address sender;
  };

  const Settings& settings_;
  Ports ports_;
  std::mt19937_64 random_;
  Zones zones_;
  view::View view_;
  Catalogs catalogs_;
  query::Answers answers_;
  plan::Table published_;
  DidRegistry dids_;
  DomainBook book_;
  Newcomers newcomers_;
  ZoneIntake intake_;
  xfr::Secondary secondary_;
  xfr::NotifyGate gate_;
  Publisher publisher_;
  Chronicle chronicle_;
  // Those over edits, and those over whole zones and the store: each worked off in turn.
  const PassTools pass_tools_{settings_,        view_, book_, dids_, intake_, published_,
                              publisher_.held()};
  std::list<Pass> edits_, passes_;

  // Of the zones that came from the disk, or that are not confirmed any more: neither confirmed nor
  // failed since. Of those that came from the disk: not worked off yet.
  std::set<xfr::ZoneId> unanswered_, unread_;
  std::vector<bool>
      searching_;  // by zone: which domains its present version concerns is not known yet
  std::set<xfr::ZoneId> expired_;                // and all their primaries have failed since
  std::map<xfr::ZoneId, Instant> confirmed_at_;  // checked or transferred last
  std::map<xfr::ZoneId, Instant> noticed_;       // when the edit under way was first heard of
  std::vector<dns::Name> answered_;              // otherwise than before, and in no pass yet
  std::vector<derive::Domain> to_look_up_;       // likewise
  std::deque<LateHint> late_hints_;              // in order, since the interval is one
  std::set<xfr::ZoneId> late_zones_;
  std::deque<Order> orders_;
  // By name: what comes as soon as the zone that has it is ready to be removed.
  std::map<dns::Name, WantedZone, dns::CanonicalLess> successors_;
  std::optional<plan::Deadline> held_since_;  // by the operator
  bool restoring_ = true;
  bool trusts_copies_ = false;
};

}  // namespace zonecast::loop
