// One pass: from what changed in the view to the domains that may be published otherwise, worked
// off in slices so that no turn of the loop is long and a small pass overtakes a large one.
//
//   searching -> evaluating -> (publisher) -> saving -> done
//
// Invariants: the zone of a pass does not change while the pass lives. A domain waits in at most
// one pass; a second change to it is seen by the first evaluation. Until then it is not published.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reconciler/catalog/content.h"
#include "reconciler/loop/domain_book.h"
#include "reconciler/loop/zone_intake.h"
#include "reconciler/plan/change_set.h"
#include "reconciler/plan/table.h"

namespace zonecast::loop {

// The store was opened and holds another table than we believed: every domain is looked at again.
struct StoreReplaced {};

// Resolvers answered otherwise than before, or for the first time.
struct AnswersChanged {
  std::vector<dns::Name> names;  // that were asked about; may hold one twice
};

// The names that the operator watches, and the static domains, are looked at for the first time.
struct NamesConfigured {};

// The operator's settings are others: every domain is looked at again.
struct SettingsChanged {
  std::vector<dns::Name> unwatched;  // that were watched before
};

struct DomainsWanted {
  std::vector<derive::Domain> domains;
};

// The grace of domains is over, or the operator has decided on them.
struct DomainsDue {
  std::vector<DomainId> domains;
};

// A zone is no more: everything at and below its apex may be otherwise.
struct ZoneGone {
  xfr::ZoneId zone{};
  dns::Name apex;
  view::CustomerId customer{};
  std::unique_ptr<view::Zone> before;  // to be freed when the pass is done
};

// A zone begins to leave, or leaves no more: so do the domains at and below its apex.
struct ZoneLeaving {
  dns::Name apex;
};

// A zone has expired, or somebody has confirmed it again: what rests on it may be otherwise.
struct ZoneExpiry {
  dns::Name apex;
};

// A catalog zone is read; no domain depends on it.
struct CatalogReading {
  xfr::ZoneId zone{};
  std::unique_ptr<catalog::Reader> reader;
};

// It is known now which zones the customer has.
struct ZonesKnown {
  view::CustomerId customer{};
};

using PassSubject =
    std::variant<ZoneInstalled, ZoneReplaced, ZoneEdited, StoreReplaced, AnswersChanged,
                 NamesConfigured, DomainsWanted, DomainsDue, ZoneGone, ZoneLeaving, ZoneExpiry,
                 CatalogReading, ZonesKnown, SettingsChanged>;

// What a pass works with; all of it, and this itself, outlives the pass.
struct PassTools {
  const Settings& settings;
  const view::View& view;
  DomainBook& book;
  DidRegistry& dids;
  ZoneIntake& intake;
  const plan::Table& published;
  const std::map<derive::Domain, std::string>& held;  // by the publisher, and why
};

// A sentence for the zone owner, about one domain's record.
struct Warning {
  derive::Domain domain;
  std::string text;
};

class Pass {
 public:
  enum class Stage : std::uint8_t { searching, evaluating, evaluated, saving, done };

  Pass(const PassTools& tools, PassSubject subject, plan::Cause cause, bool save_full_copy);

  // The store was read back once more: from the beginning, but what waits goes on to wait.
  void restart();

  // A slice is so many steps, some 2 ms of work.
  static constexpr std::size_t kStepsPerSlice = 2048;
  // Goes on within one stage for about so many steps, and tells how many it took, one at least. At
  // `evaluated` the caller takes touched() and calls beginSaving().
  std::size_t advance(std::size_t steps_max, const Now& now);
  Stage stage() const { return stage_; }

  struct Touched {
    std::vector<derive::Domain> domains;  // may hold one twice
    plan::Cause cause;
  };
  Touched takeTouched() { return {std::exchange(at_->touched, {}), cause_}; }
  std::vector<Warning> takeWarnings() { return std::exchange(at_->warnings, {}); }
  // Those that workers want to know of, and that were evaluated.
  std::vector<DomainId> takeWanted() { return std::exchange(at_->wanted, {}); }
  void beginSaving() { stage_ = save_full_copy_ ? Stage::saving : Stage::done; }

  std::size_t waiting() const {  // domains to be derived
    return at_ ? at_->queue.size() - at_->queue_begin : 0;
  }

  std::optional<xfr::ZoneId> zone() const;
  const CatalogReading* catalogReading() const { return std::get_if<CatalogReading>(&subject_); }
  bool removesZone() const { return std::holds_alternative<ZoneGone>(subject_); }
  bool isEdit() const { return isEdit(subject_); }
  // A small one, that large ones must not delay.
  static bool isEdit(const PassSubject& subject) {
    return std::holds_alternative<ZoneEdited>(subject) ||
           std::holds_alternative<AnswersChanged>(subject) ||
           std::holds_alternative<DomainsWanted>(subject);
  }
  bool reconcilesStore() const { return std::holds_alternative<StoreReplaced>(subject_); }

 private:
  // Thousands of passes may wait: only those that have begun have one.
  struct Progress {
    // Of the search:
    std::uint64_t owner_cursor = 0;
    std::optional<dns::Name> last_owner;  // the domain that was enqueued last
    bool subtree_done = false;
    bool records_done = false;  // of a catalog
    DomainBook::SubtreeCursor subtree_cursor;
    std::unique_ptr<view::ZoneComparison> comparison;
    std::optional<view::ZoneChange> difference;  // what the comparison came to
    std::size_t change_cursor = 0;  // in the owners of a change, then in its subtrees; in a list
    std::optional<derive::Domain> published_cursor;
    DomainId node_cursor{};
    bool dids_done = false, published_done = false;

    std::vector<DomainId> queue;
    std::size_t queue_begin = 0;  // what is before it was taken
    std::vector<DomainId> undecided;
    std::vector<derive::Domain> touched;
    std::vector<Warning> warnings;
    std::vector<DomainId> wanted;
    ZoneIntake::SaveCursor save_cursor;
  };

  bool search(const ZoneInstalled& installed);  // each: true when there is nothing more to search
  bool search(const ZoneReplaced& replaced);
  bool search(const ZoneEdited& edited);
  bool search(const StoreReplaced&);
  bool search(const AnswersChanged& answers);
  bool search(const NamesConfigured&);
  bool search(const SettingsChanged& changed);
  bool search(const DomainsWanted& wanted);
  bool search(const DomainsDue& due);
  bool search(const ZoneGone& gone);
  bool search(const ZoneExpiry& expiry);
  bool search(const ZoneLeaving& leaving);
  bool search(const CatalogReading& reading);
  bool search(const ZonesKnown& known);
  bool searchStatic(std::size_t before);
  void enqueueAwaiting(view::CustomerId customer);
  bool searchChange(xfr::ZoneId zone, const view::ZoneChange& change);
  bool searchSubtree(dns::NameView top);
  void enqueueOwner(dns::NameView owner, bool has_naptr);
  void enqueue(DomainId id);        // for what its verdict rests on may have changed
  void enqueueAsItIs(DomainId id);  // for only what is published did
  bool touchEveryNode(bool as_it_is);
  void evaluateSome(const Now& now);
  void evaluate(DomainId id, const Now& now);
  void decideSome();
  void saveSome(const Now& now);
  std::size_t stepsLeft() const { return steps_max_ - std::min(steps_, steps_max_); }

  const PassTools& tools_;
  PassSubject subject_;
  plan::Cause cause_;
  bool save_full_copy_;
  Stage stage_ = Stage::searching;
  std::size_t steps_ = 0, steps_max_ = 0;  // of the present advance()

  std::unique_ptr<Progress> at_;
};

}  // namespace zonecast::loop
