// Redis, as the StateStore port promises it: positions are compared, everything is applied whole.
// What is asked is under way until it is delivered, and so is the answer: in between the store can
// go down, be wiped, be put back to an older dump, or be taken by another leader.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/ports/state_store.h"
#include "test/support/world_primary.h"

namespace zonecast::test {

struct StoreContent {
  struct LogEntry {
    plan::Version version{};
    std::shared_ptr<const plan::ChangeSet> changes;  // nothing: everything was replaced
  };
  std::optional<plan::Position> position;
  plan::Table table;
  std::vector<LogEntry> log;
};

class WorldStore final : public ports::StateStore {
 public:
  explicit WorldStore(Trace& trace) : trace_(trace) {}

  void open(plan::Term term_known, const std::optional<plan::Position>& known) override;
  void publish(ports::Publication publication, const plan::Table& after) override;
  void rebase(const std::optional<plan::Position>& expected, plan::Position next,
              const plan::Table& table) override;

  // Does, or answers, the next thing that was asked; false when there is none.
  bool deliver(ports::StateStoreListener& listener);

  // -- what happens to it
  void goDown();  // whoever is connected loses it; open() waits
  void comeBack() { up_ = true; }
  void loseReply();     // what was asked is done, but whoever asked loses the connection
  void takeOver();      // another holds the lease: as goDown(), and the term is the other's
  void giveUp();        // the other lets go of it
  void forgetClient();  // who was connected is gone; nothing is told to anybody
  void wipe();          // everything in it is gone
  void restore(StoreContent content);  // an older dump
  // The other leader publishes that there is no such domain, or that there is one that is hosted
  // as `other` is. False: there is no such domain, or other.
  bool dropAsAnother(const derive::Domain& domain);
  bool addAsAnother(const derive::Domain& domain, const derive::Domain& other);

  const StoreContent& content() const { return content_; }
  const plan::Table& table() const { return content_.table; }

  // Called when the core asks for a change, with the table that the store shall hold, whether or
  // not it can be done as the store stands; and when it was done.
  struct Asked {
    const plan::Table& after;
    bool rebased = false, possible = false;
  };
  std::function<void(const Asked&)> on_asked;
  std::function<void(bool rebased)> on_applied;

 private:
  using Request = std::function<void()>;
  using Answer = std::function<void(ports::StateStoreListener&)>;

  bool isOpen() const;
  void lose(std::string why);
  void moveOn();
  void succeed(plan::Position position, std::shared_ptr<const plan::ChangeSet> changes);
  void answerOpen(ports::StateStoreListener& listener);
  void publishAsAnother(plan::ChangeSet changes);

  Trace& trace_;
  bool up_ = true, taken_ = false, connected_ = false, opening_ = false;
  plan::Term term_{}, ours_{};  // the newest, and the newest of whoever asks
  std::optional<plan::Position> known_;
  StoreContent content_;
  std::optional<Request> request_;
  std::deque<Answer> answers_;
};

}  // namespace zonecast::test
