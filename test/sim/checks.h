// What must hold at any time in a world, whatever happens in it. A check that fails throws Failure
// with what was wrong.
//
// - A version is greater than any that the process can know of, and names one content.
// - The table is consistent, and a reader that follows the contract never sees half a change.
// - What a change set changes is what the reference makes of the zones as they are held when
//   it is asked for, and of what the resolver answered last; nothing changes that is unknown, and
//   nothing whose zones are not confirmed since the start, or since another leader published. What
//   the process had published itself it may give back to a store that lost it.
// - A domain that DNS points here no more is published as retiring before it goes, and goes when
// the
//   deadline that was published is over; unless DNS points it elsewhere, or it was only a target.
// - Of a customer's domains no more go, or move, within the brake's window than it lets pass, but
// for
//   what the operator approved.
// - No question is asked before its TTL, or the pause after a failure, is over (QuestionPace).
// - Workers hear "not hosted" only of what DNS does not point here, and of nothing that is
//   published; whoever may ask hears an answer.
// - A canonical domain stays while it is a member; attributes are what it says, or said last.
// - No DID is ever another customer's, while either the store or the disk can know whose it was,
//   unless the operator hands it over; what was discovered becomes the customer's who speaks for
//   it.
// - Under another customer's DID are only those that both sides let in.
// - A DID that nobody had for longer than DIDs are kept is nobody's again; one that its customer
//   comes back to in time is as it was.
// - A new lineage begins only when the store or the disk has lost something.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/scenario/play.h"
#include "test/sim/contract_reader.h"
#include "test/sim/question_pace.h"
#include "test/sim/scene.h"

namespace zonecast::sim {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Checks {
 public:
  explicit Checks(test::World& world);  // outlives it
  Checks(const Checks&) = delete;

  void before(const test::Step& step);
  void after(const test::Step& step);
  // Everything has settled: the store holds what the zones say, no more and no less.
  void settled();

  std::size_t publications() const { return publications_; }
  // Whether what is published differs from `before` only in domains without records of their own
  // that may have been there for the sake of one that is unknown, and in virtual domains that one
  // may have been in for its sake: what that one named before it became unknown is forgotten at a
  // restart.
  bool onlyForgot(const plan::Table& before);

  // What is published of those who are not hostile, a line each.
  std::vector<std::string> publishedOfInnocents() const;
  // Which of their domains went, or moved, since the beginning; nothing when a resolver is asked.
  std::multiset<std::string> partedInnocents() const { return parted_; }

 private:
  void onFact(const ports::Fact& fact);
  void onAsked(const test::WorldStore::Asked& asked);
  void onApplied(bool rebased);
  void onQuestion(const query::Question& question);
  void onAnswer(const query::Question& question, const query::Outcome& outcome);
  void onTold(const derive::Domain& domain);
  void beginLookUp(const test::Step& step);
  bool isAnyones(const derive::Domain& domain) const;  // nobody speaks for it
  void endWant();
  void beginProcess();
  Scene sceneNow() const;
  const Reference& reference();

  void noteApproved();
  void checkBrake(const plan::Table& was, const plan::Table& is);
  void checkOwners();
  void noteHandOver(const test::Step& step);
  void noteTenures(const plan::Table& was, const plan::Table& is);
  void noteReserved();
  void noteParted(const plan::Table& was, const plan::Table& is);
  bool isQuiet() const;
  void noteLosses(const test::Step& step);
  void checkVersion(bool rebased);
  void checkLineage() const;
  void rememberPlanned();
  void checkPlanned(const plan::Table& is);
  void checkChanges(const plan::Table& is);
  void checkDomain(const derive::Domain& domain, const std::optional<plan::DomainEntry>& before,
                   const std::optional<plan::DomainEntry>& after, const plan::Table& is);
  void checkRetiring(const derive::Domain& domain, const plan::DomainEntry& before,
                     const plan::DomainEntry& after);
  void checkRemoval(const derive::Domain& domain, const plan::DomainEntry& before,
                    const Finding& finding);
  bool isKept(const Finding& finding, const std::string& domain);
  void checkSources(const derive::Domain& domain, const Finding& finding, bool was_there);
  void checkVirtualDomain(const identity::Did& did, const identity::VirtualDomain* before,
                          const identity::VirtualDomain& after);

  void checkSettledDomain(const std::string& domain, const Finding& finding);
  void checkSettledDid(const std::string& domain, const Finding& finding, const identity::Did& did);
  bool mayLeanOnUnknown(const Finding& finding);
  bool isFreeFor(const std::string& customer, std::string_view did) const;
  bool isEntitled(const std::string& domain, const Finding& finding, const identity::Did& did,
                  const plan::Table& table);
  enum class LetIn { no, perhaps, yes };
  LetIn letIn(const std::string& domain, const Finding& finding, std::string_view did,
              const plan::Table& table);
  bool hasSay(const Finding& other) const;
  std::string discoveredName() const;
  bool mayBeNumbered(const std::string& domain, const std::string& customer) const;

  test::World& world_;
  ZoneHistory history_;
  ContractReader reader_;
  std::size_t publications_ = 0;

  // -- of the process that runs
  struct Went {
    Instant when{};
    std::string customer;
  };
  std::vector<Went> went_;                   // or moved
  std::map<std::string, std::size_t> most_;  // domains published, by customer
  std::set<std::string> approved_;           // domains, until they go
  std::vector<std::optional<dns::Serial>> held_;
  std::vector<bool> confirmed_;
  bool is_new_process_ = false;         // and has not opened the store yet
  std::optional<plan::Position> ours_;  // where it published, or read, last
  // What it published or read last, and what it meant to publish last.
  std::optional<plan::Table> memory_, meant_;
  std::unique_ptr<Scene> scene_;  // of held_; nothing when that has changed since
  std::unique_ptr<Reference> reference_;
  // Of the zones as they were when the publication that is being planned began, if that differs:
  // it is planned from one state, in several turns.
  std::unique_ptr<Scene> planned_scene_;
  std::unique_ptr<Reference> planned_reference_;
  std::map<dns::RrType, std::map<dns::Name, OutsideAnswer, dns::CanonicalLess>> answered_;
  QuestionPace pace_;
  Instant last_failure_{};             // of the resolver
  std::optional<std::string> asking_;  // the domain that a worker asks about in the present step
  bool is_owed_ = false;               // and that has been neither refused nor answered
  bool looks_up_ = false;              // the present step is a worker's question, or the operator's
  bool had_work_ = false;              // before the present step
  bool is_settled_ = false;            // what was answered is what DNS says now

  // -- of the store and the disk
  plan::Version known_{};  // the greatest version that the process can know of
  std::map<std::pair<std::string, std::uint64_t>, plan::Chain> contents_;
  std::optional<plan::Position> position_before_;  // the present step
  bool others_published_ = false;                  // since the store was opened last
  bool store_lost_ = false;                        // wiped or older, since the last publication
  bool reopened_ = false;                          // and opened since
  bool disk_lost_ = false;                         // the position that it has may not be the last
  std::map<std::string, std::string> owners_;      // of every DID that was published: its customer
  std::map<std::string, std::string> found_holders_;  // as the store had them, when it was asked
  std::map<std::string, std::string> handed_over_;    // of a DID: to whom, as yet in vain
  struct Tenure {
    std::set<std::string> customers;  // who ever had it
    std::optional<WallTime> freed;
    bool is_reserved = false;  // nobody has had it for too long, and nothing was under way
    bool was_long_free = false;
  };
  std::map<std::string, Tenure> tenures_;  // by DID
  bool tenures_known_ = true;              // and no other leader gave any
  std::multiset<std::string> parted_;
  bool disk_full_ = false;
  bool dids_lost_ = false;        // the disk may not know of all of them
  std::set<std::string> wanted_;  // ever, by workers who may, or by the operator
};

}  // namespace zonecast::sim
