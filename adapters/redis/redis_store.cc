#include "adapters/redis/redis_store.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "adapters/redis/publishing.h"
#include "adapters/redis/read_back.h"

namespace zonecast::redis {

RedisStore::RedisStore(uv::Loop& loop, RedisOptions options)
    : options_(std::move(options)),
      keys_(options_.deployment),
      backoff_(options_.backoff_min),
      random_(static_cast<std::minstd_rand::result_type>(options_.jitter_seed)),
      session_(loop, options_, [this](std::string why) { fail(std::move(why)); }),
      backoff_timer_(
          loop, [this] { run(openStore(term_known_, known_)); }, uv::Callback::store),
      lease_timer_(
          loop, [this] { renewLease(); }, uv::Callback::store),
      run_soon_(
          loop,
          [this] {
            task_ = std::move(next_task_);
            task_.start();
          },
          uv::Callback::store) {}

void RedisStore::adopt(RedisOptions options) {
  const bool moves = !isSamePlace(options_, options);
  options_ = std::move(options);
  if (!moves || state_ == State::closed) return;
  publishing_failed_ = false;
  others_led_ = false;  // that was elsewhere
  backoff_ = options_.backoff_min;
  if (state_ == State::waiting) return tryAgainLater();
  const bool was_opening = state_ == State::opening;
  fail("Redis is elsewhere by the configuration now");
  if (!was_opening) publishing_failed_ = false;
}

void RedisStore::open(plan::Term term_known, const std::optional<plan::Position>& known) {
  term_known_ = term_known;
  known_ = known;
  if (!publishing_failed_) return run(openStore(term_known, known));
  state_ = State::waiting;  // it may open at once, and refuse the next publication, too
  tryAgainLater();
}

void RedisStore::publish(ports::Publication publication, const plan::Table& after) {
  assert(state_ == State::open);
  state_ = State::busy;
  run(publishChanges(std::move(publication), after));
}

// A position that is malformed, and nothing to the caller, is compared as it stands.
void RedisStore::rebase(const std::optional<plan::Position>& expected, plan::Position next,
                        const plan::Table& table) {
  assert(state_ == State::open);
  state_ = State::busy;
  const bool is_as_expected = positionIn(standing_.at) == expected;
  RawPosition raw = is_as_expected ? standing_.at : expected ? toRaw(*expected) : RawPosition();
  run(replaceAll(std::move(raw), std::move(next), table));
}

std::optional<EntriesMoved> RedisStore::moved() const {
  const bool runs = state_ == State::opening || state_ == State::busy;
  return runs && moved_.in_all > 0 ? std::optional(moved_) : std::nullopt;
}

void RedisStore::run(Task<void> task) {
  moved_ = {};
  next_task_ = std::move(task);
  run_soon_.schedule();
}

Task<void> RedisStore::openStore(plan::Term term_known, std::optional<plan::Position> known) {
  session_.close();
  lease_timer_.stop();
  backoff_timer_.stop();
  state_ = State::opening;
  co_await session_.connect();
  const Outcome ready = co_await readyServer();
  if (!ready) co_return fail(ready.error());

  const auto term =
      co_await takeLease(place(), term_known, [this](std::string why) { tell(std::move(why)); });
  if (!term) co_return fail(term.error());
  noteTerm(term_known, *term);
  lease_timer_.after(renewalInterval(options_));

  // Before it is read, so that nothing is written unseen between the two.
  const auto watched = co_await session_.ask(watching(place()));
  if (!watched) co_return fail(watched.error());
  if (touched_) known.reset();
  auto found = co_await readBack(place(), *term, std::move(known));
  if (!found) co_return fail(found.error());
  standing_ = std::move(found->standing);
  state_ = State::open;
  touched_ = false;
  found->state.others_led = std::exchange(others_led_, false);
  last_trouble_.clear();
  listener_->onStoreOpened(std::move(found->state), found->unchanged);
}

// Each term is one more than the last: a gap is somebody else's. Those that we took in vain since
// `term_known` are ours, but for one whose answer was lost.
void RedisStore::noteTerm(plan::Term term_known, plan::Term taken) {
  const auto ours = static_cast<std::uint64_t>(std::max(term_known, standing_.term));
  others_led_ |= static_cast<std::uint64_t>(taken) > ours + 1;
  standing_.term = taken;
}

Task<Outcome> RedisStore::readyServer() {
  const Outcome authenticated = co_await authenticate(place());
  if (!authenticated) co_return authenticated;
  const auto advice = co_await checkServer(place());
  if (!advice) co_return tl::unexpected(advice.error());
  if (!advice->empty() && *advice != last_advice_) listener_->onStoreTrouble(*advice);
  last_advice_ = *advice;
  co_return Outcome();
}

Task<void> RedisStore::publishChanges(ports::Publication publication, const plan::Table& after) {
  if (publication.changes->size() <= options_.batch_max) {
    auto published = co_await applyChanges(place(), standing_, std::move(publication));
    co_return finishPublishing(std::move(published));
  }
  Replacement replacement{.expected = toRaw(publication.expected),
                          .next = publication.expected,
                          .causes = publication.changes->causes};
  replacement.next.version = publication.version;
  auto replaced = co_await replaceContent(place(), standing_, std::move(replacement), after);
  finishPublishing(std::move(replaced));
}

Task<void> RedisStore::replaceAll(RawPosition expected, plan::Position next,
                                  const plan::Table& table) {
  next.chain = {};
  Replacement replacement{.expected = std::move(expected), .next = std::move(next), .causes = {}};
  auto replaced = co_await replaceContent(place(), standing_, std::move(replacement), table);
  finishPublishing(std::move(replaced));
}

void RedisStore::finishPublishing(Expected<plan::Position> published) {
  if (!published) return fail(published.error());
  state_ = State::open;
  watchAnew();
  publishing_failed_ = false;
  backoff_ = options_.backoff_min;  // not before: a store may open and refuse every publication
  listener_->onPublished(std::move(*published));
}

void RedisStore::fail(std::string why) {
  session_.close();
  lease_timer_.stop();
  run_soon_.cancel();
  const bool was_opening = state_ == State::opening;
  publishing_failed_ |= state_ == State::busy;
  state_ = was_opening ? State::waiting : State::closed;
  if (!was_opening) return listener_->onStoreLost(std::move(why));
  tryAgainLater();
  tell(std::move(why));
}

void RedisStore::tryAgainLater() {
  const Duration jitter(
      std::uniform_int_distribution<Duration::rep>(0, backoff_.count() / 2)(random_));
  backoff_timer_.after(backoff_ / 2 + jitter);
  backoff_ = std::min(2 * backoff_, options_.backoff_max);
}

void RedisStore::tell(std::string trouble) {
  if (trouble == last_trouble_) return;
  last_trouble_ = trouble;
  listener_->onStoreTrouble(std::move(trouble));
}

void RedisStore::renewLease() {
  lease_timer_.after(renewalInterval(options_));
  if (state_ == State::open) return renewIfUntouched();
  session_.send(renewal(place(), standing_.term), [this](const Reply& reply) { onRenewed(reply); });
}

// Of the two that precede EXEC, only an error is of interest: EXEC would not repeat it.
void RedisStore::renewIfUntouched() {
  const auto onQueued = [this](const Reply& reply) {
    if (reply.view().isError()) onRenewed(reply);
  };
  session_.send(Command("MULTI"), onQueued);
  session_.send(renewal(place(), standing_.term), onQueued);
  session_.send(Command("EXEC"), [this](const Reply& reply) {
    if (reply.view().isNil()) return onTouched();
    onRenewed(reply.view()[0]);
  });
  session_.send(watching(place()), [](const Reply&) {});
}

// Another leader, or a Redis that lost everything, is told as what it is.
void RedisStore::onTouched() {
  touched_ = true;
  session_.send(renewal(place(), standing_.term), [this](const Reply& reply) {
    const Outcome renewed = refusalIn("FCALL renew", reply);
    if (!renewed) return fail(renewed.error());
    fail("somebody else wrote under " + keys_.prefix() + "*: it is read again, and put right");
  });
}

void RedisStore::onRenewed(ReplyView reply) {
  const Outcome renewed = refusalIn("FCALL renew", reply);
  if (!renewed) fail(renewed.error());
}

// What we have written ourselves does not count.
void RedisStore::watchAnew() {
  session_.send(Command("UNWATCH"), [](const Reply&) {});
  session_.send(watching(place()), [](const Reply&) {});
}

}  // namespace zonecast::redis
