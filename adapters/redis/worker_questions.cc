#include "adapters/redis/worker_questions.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/opening.h"

namespace zonecast::redis {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kEntriesPerRead = 100;
// Between two reads that brought so many: 10,000 entries a second.
constexpr milliseconds kReadInterval{10};
constexpr milliseconds kBlock{1000};
// Mirrors ask again after so long: what is older was asked anew, or is not wanted any more.
constexpr std::uint64_t kAge_ms = 10'000;
constexpr std::size_t kFieldsMax = 8;
constexpr std::size_t kValueOctetsMax = 255;
constexpr std::size_t kUnansweredMax = 1000;
constexpr std::chrono::minutes kLossesInterval{1};

// Redis keeps silent for so long on purpose.
RedisOptions patient(RedisOptions options) {
  options.command_timeout += kBlock;
  return options;
}

struct Question {
  std::string_view domain, worker;
};

// Nothing: no question, of which the first field of each name counts.
std::optional<Question> questionIn(ReplyView fields) {
  std::optional<std::string_view> domain, worker;
  for (std::size_t i = 0; i + 1 < std::min(fields.size(), 2 * kFieldsMax); i += 2) {
    const std::string_view value = fields[i + 1].text();
    if (fields[i].text() == "domain" && !domain) domain = value;
    if (fields[i].text() == "worker" && !worker) worker = value;
  }
  if (!domain || domain->size() > kValueOctetsMax) return std::nullopt;
  if (worker && worker->size() > kValueOctetsMax) return std::nullopt;
  return Question{*domain, worker.value_or("")};
}

}  // namespace

RedisWorkerQuestions::RedisWorkerQuestions(uv::Loop& loop, RedisOptions options)
    : loop_(loop),
      options_(patient(options)),
      keys_(options_.deployment),
      random_(static_cast<std::minstd_rand::result_type>(options_.jitter_seed)),
      answers_(loop, std::move(options)),
      session_(loop, options_, [this](std::string why) { onDown(std::move(why)); }),
      start_timer_(
          loop,
          [this] {
            task_ = run();
            task_.start();
          },
          uv::Callback::store),
      losses_timer_(
          loop, [this] { tellLosses(); }, uv::Callback::store) {}

void RedisWorkerQuestions::start() {
  was_started_ = true;
  start_timer_.after(Duration::zero());
  answers_.start();
}

// Elsewhere the stream is another one.
void RedisWorkerQuestions::adopt(RedisOptions options) {
  const bool moves = !isSamePlace(options_, options);
  options_ = options;
  answers_.adopt(std::move(options));
  if (!moves || !was_started_) return;
  session_.close();
  place_.reset();
  fruitless_ = 0;
  start_timer_.after(Duration::zero());
}

// -- answers -------------------------------------------------------------------------------------

void RedisWorkerQuestions::answerNotHosted(const derive::Domain& domain, Duration keep,
                                           std::string_view why) {
  if (!answers_.isUp() || answers_.unanswered() >= kUnansweredMax) {
    ++counts_.dropped;
    return onLoss();
  }
  const auto keep_ms = std::chrono::ceil<milliseconds>(keep).count();
  Command command("SET");
  command.add(keys_.answer(domain.text())).add(why);
  command.add("PX").add(static_cast<std::uint64_t>(std::max<std::int64_t>(keep_ms, 1)));
  ++counts_.answered;
  answers_.send(command, [this](const Reply& reply) {
    const Outcome set = redis::errorIn("SET answer", reply);
    std::string trouble = set ? std::string() : set.error();
    if (std::exchange(last_answer_trouble_, trouble) == trouble || trouble.empty()) return;
    listener_->onWantedTrouble(std::move(trouble));
  });
}

// -- questions -----------------------------------------------------------------------------------

Task<void> RedisWorkerQuestions::run() {
  session_.close();
  co_await session_.connect();
  const Outcome authenticated = co_await authenticate({session_, options_, keys_});
  if (!authenticated) co_return onDown(authenticated.error());
  Outcome begun = co_await begin();
  if (!begun) co_return onDown(begun.error());
  for (;;) {
    const auto count = co_await read();
    Outcome ready = count ? Outcome() : tl::unexpected(count.error());
    if (count && *count == 0) ready = co_await checkPlace();
    if (!ready) {
      tell(ready.error());
      co_await session_.sleep(nextBackoff());
      continue;
    }
    last_trouble_.clear();
    fruitless_ = 0;
    if (count && *count >= kEntriesPerRead) co_await session_.sleep(kReadInterval);
  }
}

// Where reading begins, or goes on after a connection was lost.
Task<Outcome> RedisWorkerQuestions::begin() {
  const auto reply = co_await session_.ask(Command("TIME"));
  if (!reply) co_return tl::unexpected(reply.error());
  const auto seconds = numberFromText(reply->view()[0].text());
  const auto microseconds = numberFromText(reply->view()[1].text());
  if (!seconds || !microseconds)
    co_return tl::unexpected<std::string>("TIME: an answer that is no time");
  const std::uint64_t now_ms = *seconds * 1000 + *microseconds / 1000;
  const StreamId oldest{now_ms - std::min(now_ms, kAge_ms), 0};
  if (!place_ || *place_ < oldest || place_->milliseconds > now_ms) place_ = oldest;
  co_return Outcome();
}

// How many entries there were; waits for one.
Task<Expected<std::size_t>> RedisWorkerQuestions::read() {
  Command command("XREAD");
  command.add("COUNT").add(kEntriesPerRead).add("BLOCK").add(kBlock.count());
  command.add("STREAMS").add(keys_.wanted()).add(place_->text());
  const Reply reply = co_await session_.answer(command);
  if (Outcome read = errorIn("XREAD", reply); !read) co_return tl::unexpected(read.error());
  const ReplyView entries = reply.view()[0][1];
  Slice slice;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!take(entries[i])) co_return tl::unexpected<std::string>("XREAD: an entry without an ID");
    if (!slice.spent()) continue;
    co_await session_.pause();
    slice.begin();
  }
  co_return entries.size();
}

bool RedisWorkerQuestions::take(ReplyView entry) {
  const auto id = StreamId::fromText(entry[0].text());
  if (!id) return false;
  place_ = *id;
  if (const auto question = questionIn(entry[1])) {
    ++counts_.asked;
    listener_->onWanted(question->domain, question->worker);
  } else {
    ++counts_.skipped;
    onLoss();
  }
  return true;
}

// Where nothing comes any more, because the stream is another one, whose IDs are below our place.
Task<Outcome> RedisWorkerQuestions::checkPlace() {
  Command command("XINFO");
  command.add("STREAM").add(keys_.wanted());
  const Reply reply = co_await session_.answer(command);
  const bool is_there = reply.view().text() != "ERR no such key";
  if (is_there) {
    if (Outcome told = errorIn("XINFO", reply); !told) co_return told;
    const auto last = StreamId::fromText(toMap(reply)["last-generated-id"]);
    if (last && *last >= *place_) co_return Outcome();
  }
  place_.reset();
  Outcome begun = co_await begin();
  co_return begun;
}

Outcome RedisWorkerQuestions::errorIn(std::string_view command, ReplyView reply) const {
  if (reply.isError() && reply.text().starts_with("WRONGTYPE")) {
    return tl::unexpected(
        fmt::format("{} is no stream, and not ours then: remove it", keys_.wanted()));
  }
  return redis::errorIn(fmt::format("{} {}", command, keys_.wanted()), reply);
}

// -- what comes of it ----------------------------------------------------------------------------

void RedisWorkerQuestions::onLoss() {
  losses_timer_.startAt(std::max(loop_.now().mono, may_tell_losses_));
}

void RedisWorkerQuestions::tellLosses() {
  may_tell_losses_ = loop_.now().mono + kLossesInterval;
  const std::uint64_t skipped = counts_.skipped - told_.skipped;
  const std::uint64_t dropped = counts_.dropped - told_.dropped;
  told_ = counts_;
  if (skipped > 0) {
    listener_->onWantedTrouble(
        fmt::format("skipped entries of {}: {}, which lack a domain, or are too long",
                    keys_.wanted(), skipped));
  }
  if (dropped > 0) {
    listener_->onWantedTrouble(fmt::format(
        "dropped answers to workers: {}; Redis is away, or takes them too slowly", dropped));
  }
}

void RedisWorkerQuestions::tell(std::string trouble) {
  if (trouble == last_trouble_) return;
  last_trouble_ = trouble;
  listener_->onWantedTrouble(std::move(trouble));
}

Duration RedisWorkerQuestions::nextBackoff() {
  const Duration longest =
      std::min(options_.backoff_max, options_.backoff_min * (1 << std::min(fruitless_++, 16U)));
  const Duration jitter(
      std::uniform_int_distribution<Duration::rep>(0, longest.count() / 2)(random_));
  return longest / 2 + jitter;
}

void RedisWorkerQuestions::onDown(std::string why) {
  session_.close();
  tell(std::move(why));
  start_timer_.after(nextBackoff());
}

}  // namespace zonecast::redis
