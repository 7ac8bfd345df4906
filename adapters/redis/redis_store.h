// The state store in Redis: the real side of ports::StateStore (schema/REDIS.md is what it keeps).
//
// States:
//
//   closed --open()--> opening --connected, checked, leased, read--> open --publish()--> busy -->
//   open
//      ^                | ^                                            |                   |
//      |           fails| |backoff                                     |                   |
//      |                v |                                            |                   |
//      |              waiting                                          |                   |
//      +---- connection or lease lost, or refused: onStoreLost --------+-------------------+
//
// Whatever fails while opening is onStoreTrouble, and tried again; a store that opens and then
// refuses what is published is not opened again at once either. The lease is renewed from the
// moment that it is taken; with each renewal, an open store is asked whether somebody else wrote
// there since we read it or published. All dialogues with Redis are coroutines (session.h); one
// runs at a time, and work that takes long is done in slices of a few milliseconds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "adapters/redis/meta.h"
#include "adapters/redis/opening.h"
#include "adapters/redis/options.h"
#include "adapters/redis/session.h"
#include "adapters/redis/task.h"
#include "adapters/uv/loop.h"
#include "reconciler/ports/state_store.h"
#include "schema/redis_keys.h"

namespace zonecast::redis {

class RedisStore final : public ports::StateStore {
 public:
  RedisStore(uv::Loop& loop, RedisOptions options);

  // Before open(); it must outlive the store.
  void reportTo(ports::StateStoreListener& listener) { listener_ = &listener; }

  // Other options, for the same deployment. When they lead to another place, the store is lost, and
  // found again there.
  void adopt(RedisOptions options);

  // While everything is read back, or staged.
  std::optional<EntriesMoved> moved() const;

  void open(plan::Term term_known, const std::optional<plan::Position>& known) override;
  void publish(ports::Publication publication, const plan::Table& after) override;
  void rebase(const std::optional<plan::Position>& expected, plan::Position next,
              const plan::Table& table) override;

 private:
  enum class State { closed, opening, waiting, open, busy };

  // Runs the task from the loop, in place of the last one.
  void run(Task<void> task);
  Task<void> openStore(plan::Term term_known, std::optional<plan::Position> known);
  Task<Outcome> readyServer();
  void noteTerm(plan::Term term_known, plan::Term taken);
  Task<void> publishChanges(ports::Publication publication, const plan::Table& after);
  Task<void> replaceAll(RawPosition expected, plan::Position next, const plan::Table& table);
  void finishPublishing(Expected<plan::Position> published);

  void fail(std::string why);
  void tryAgainLater();
  void tell(std::string trouble);
  void renewLease();
  void renewIfUntouched();
  void onTouched();
  void onRenewed(ReplyView reply);
  void watchAnew();
  Place place() { return {session_, options_, keys_, &moved_}; }

  RedisOptions options_;
  const schema::RedisKeys keys_;
  ports::StateStoreListener* listener_ = nullptr;
  State state_ = State::closed;
  plan::Term term_known_{};
  std::optional<plan::Position> known_;
  Standing standing_;
  EntriesMoved moved_;                      // by what runs
  std::string last_trouble_, last_advice_;  // each is told once
  bool touched_ = false;                    // by somebody else: all of it must be read again
  bool others_led_ = false;                 // since the store was open last
  bool publishing_failed_ = false;          // since the last that did not
  Duration backoff_;
  std::minstd_rand random_;
  Session session_;
  uv::Timer backoff_timer_;
  uv::Timer lease_timer_;
  uv::Soon run_soon_;
  Task<void> next_task_;
  Task<void> task_;
};

}  // namespace zonecast::redis
