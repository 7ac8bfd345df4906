#include "adapters/mirror/follower.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/opening.h"
#include "adapters/table/mapping.h"
#include "schema/digest.h"

namespace zonecast::mirror {
namespace {

using std::chrono::milliseconds;

// Larger slices of a scan block Redis.
constexpr std::uint64_t kFieldsPerScan = 200;
// Of 64 KiB each, mostly.
constexpr std::uint64_t kEntriesPerRead = 64;
constexpr milliseconds kBlock{500};
constexpr milliseconds kCompareInterval{1000};

// Redis keeps silent for so long on purpose.
redis::RedisOptions patient(redis::RedisOptions options) {
  options.command_timeout += kBlock;
  return options;
}

redis::Command scanCommand(const std::string& key, std::string_view cursor) {
  redis::Command command("HSCAN");
  command.subject(key).add(cursor).add("COUNT").add(kFieldsPerScan);
  return command;
}

redis::Command commandOn(std::string_view name, const std::string& key) {
  redis::Command command(name);
  command.subject(key);
  return command;
}

table::Position positionAfter(table::Position position, const LogVersion& version) {
  schema::Sha256 chain{};
  std::copy_n(position.chain.begin(), std::min(position.chain.size(), chain.size()), chain.begin());
  chain = schema::nextChain(chain, version.entries);
  position.term = version.term;
  position.version = version.version;
  position.content = version.content;
  position.chain.assign(chain.begin(), chain.end());
  return position;
}

}  // namespace

Follower::Follower(uv::Loop& loop, redis::RedisOptions options, Replica& replica,
                   Listener& listener)
    : loop_(loop),
      options_(patient(std::move(options))),
      keys_(options_.deployment),
      replica_(replica),
      listener_(listener),
      random_(static_cast<std::minstd_rand::result_type>(options_.jitter_seed)),
      session_(loop, options_, [this](std::string why) { onDown(std::move(why)); }),
      start_timer_(
          loop,
          [this] {
            task_ = run();
            task_.start();
          },
          uv::Callback::store) {}

void Follower::start() {
  start_timer_.after(Duration::zero());
}

redis::Task<void> Follower::run() {
  session_.close();
  replica_.abandon();
  co_await session_.connect();
  const redis::Outcome authenticated = co_await redis::authenticate({session_, options_, keys_});
  if (!authenticated) co_return onDown(authenticated.error());
  log_ = LogReader(replica_.position().lineage, replica_.position().version);
  Course course{Step::compare, ""};
  while (course.next != Step::reconnect) course = co_await take(course.next, course.why);
  onDown(course.why);
}

redis::Task<Follower::Course> Follower::take(Step step, std::string why) {
  Course course{};
  switch (step) {
    case Step::follow:
      course = co_await follow();
      break;
    case Step::load:
      if (fruitless_ > 0) co_await session_.sleep(nextBackoff());
      ++fruitless_;
      listener_.onLoading(why);
      course = co_await load();
      loading_.reset();
      break;
    case Step::wait:
      tell(why);
      co_await session_.sleep(nextBackoff());
      ++fruitless_;
      course = co_await compare();
      break;
    default:
      course = co_await compare();
  }
  co_return course;
}

// -- comparing -----------------------------------------------------------------------------------

redis::Task<Follower::Course> Follower::compare() {
  const std::int64_t asked = table::bootSeconds();
  compared_ = loop_.now().mono;
  const auto meta = co_await readMeta();
  if (!meta) co_return Course{Step::reconnect, meta.error()};
  const auto published = publishedIn(*meta);
  if (!published) co_return Course{Step::wait, published.error()};
  if (const auto objection = objectionTo(*published)) co_return Course{Step::wait, *objection};
  if (!replica_.isFilled()) co_return Course{Step::load, "nothing was read yet"};
  if (published->position.lineage != replica_.position().lineage) {
    co_return Course{Step::load, "another lineage began"};
  }
  if (published->position.version > replica_.position().version) {
    Course course = co_await catchUp(*published, asked);
    co_return course;
  }
  if (!replica_.isAt(*published)) {
    co_return Course{Step::load, "Redis has another history than the table"};
  }
  const auto cut_off = co_await isCutOff();
  if (!cut_off) {
    tell(cut_off.error());
  } else if (*cut_off) {
    tell("Redis is a replica that has lost its master");
  } else {
    confirm(asked);
  }
  co_return Course{Step::follow, ""};
}

redis::Task<Follower::Course> Follower::catchUp(const Published published, std::int64_t asked) {
  const auto reply = co_await session_.ask(logAfterPosition());
  if (!reply) co_return Course{Step::wait, reply.error()};
  if (reply->view().size() == 0) co_return Course{Step::load, "the log lacks what meta tells of"};
  Course course = co_await readEntries(*reply);
  const bool is_there = replica_.position().version >= published.position.version;
  if (course.next == Step::follow && is_there) confirm(asked);
  co_return course;
}

// Why what is published must not take the place of what is shown.
std::optional<std::string> Follower::objectionTo(const Published& published) const {
  if (published.isNothing()) return "nothing is published, or Redis has lost it";
  const table::Position& ours = replica_.position();
  if (published.position.lineage == ours.lineage && published.position.version < ours.version) {
    return fmt::format("Redis went back from version {} to {}", ours.version,
                       published.position.version);
  }
  return std::nullopt;
}

redis::Task<redis::Expected<redis::Meta>> Follower::readMeta() {
  const auto reply = co_await session_.ask(commandOn("HGETALL", keys_.meta()));
  if (!reply) co_return tl::unexpected(reply.error());
  co_return redis::Meta(*reply);
}

// A replica that its master has gone from holds what was, and cannot know.
redis::Task<redis::Expected<bool>> Follower::isCutOff() {
  const auto reply = co_await session_.ask(commandOn("INFO", "replication"));
  if (!reply) co_return tl::unexpected(reply.error());
  co_return reply->view().text().find("master_link_status:down") != std::string_view::npos;
}

// -- following -----------------------------------------------------------------------------------

redis::Task<Follower::Course> Follower::follow() {
  if (loop_.now().mono - compared_ >= kCompareInterval) co_return Course{Step::compare, ""};
  redis::Command command("XREAD");
  command.add("COUNT").add(kEntriesPerRead).add("BLOCK").add(kBlock.count());
  command.add("STREAMS").subject(keys_.log()).add(log_.position());
  const auto reply = co_await session_.ask(std::move(command));
  if (!reply) co_return Course{Step::wait, reply.error()};
  fruitless_ = 0;
  const redis::ReplyView entries = reply->view()[0][1];
  if (entries.size() == 0) co_return Course{Step::compare, ""};
  Course course = co_await readEntries(entries);
  co_return course;
}

redis::Command Follower::logAfterPosition() const {
  redis::Command command("XRANGE");
  command.subject(keys_.log())
      .add("(" + log_.position())
      .add("+")
      .add("COUNT")
      .add(kEntriesPerRead);
  return command;
}

// Shows each version that is whole.
redis::Task<Follower::Course> Follower::readEntries(redis::ReplyView entries) {
  redis::Slice slice;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const redis::ReplyView fields = entries[i][1];
    const auto taken = log_.take(entries[i][0].text(), fields[0].text(), fields[1].text());
    if (!taken) co_return Course{Step::load, taken.error()};
    if (!*taken) continue;
    Course course = show(**taken);
    if (course.next != Step::follow) co_return course;
    if (slice.spent()) {
      co_await session_.pause();
      slice.begin();
    }
  }
  if (log_.isWithinVersion() && entries.size() < kEntriesPerRead) {
    co_return Course{Step::load, "the log ends within a version"};
  }
  co_return Course{Step::follow, ""};
}

Follower::Course Follower::show(const LogVersion& version) {
  const auto load = [&](std::string why) {
    replica_.abandon();
    return Course{Step::load, std::move(why)};
  };
  if (version.rebase) return load("everything was replaced");
  if (auto applied = replica_.apply(version); !applied) return load(applied.error());
  if (replica_.content() != version.content)
    return load(fmt::format("version {} has another content than the log says", version.version));
  const table::Position position = positionAfter(replica_.position(), version);
  if (auto committed = replica_.commit(position); !committed) return load(committed.error());
  listener_.onVersion(serving());
  return {Step::follow, ""};
}

// -- loading -------------------------------------------------------------------------------------

redis::Task<Follower::Course> Follower::load() {
  const auto wait = [this](std::string why) {
    replica_.abandon();
    return Course{Step::wait, std::move(why)};
  };
  const auto before = co_await readMeta();
  if (!before) co_return Course{Step::reconnect, before.error()};
  const auto published = publishedIn(*before);
  if (!published) co_return wait(published.error());
  if (const auto objection = objectionTo(*published)) co_return wait(*objection);

  const auto names = co_await countNames();
  if (!names) co_return wait(names.error());
  if (auto begun = replica_.beginLoad(*names); !begun) co_return wait(begun.error());
  loading_ = Loading{0, *names};
  const redis::Outcome scanned = co_await scanAll();
  if (!scanned) co_return wait(scanned.error());
  const auto after = co_await readMeta();
  if (!after) co_return wait(after.error());
  if (after->field("lineage") != published->position.lineage ||
      after->field("generation") != published->generation) {
    replica_.abandon();
    co_return Course{Step::load, "everything was replaced while it was read"};
  }

  table::Position position = published->position;
  Course replayed = co_await replay(position);
  if (replayed.next != Step::compare) {
    replica_.abandon();
    co_return replayed;
  }
  if (replica_.content() != position.content)
    co_return wait("what Redis holds is not what was published: somebody else wrote there");
  if (auto committed = replica_.commit(position); !committed) co_return wait(committed.error());
  listener_.onLoaded(serving());
  co_return replayed;
}

// A hint: how many domains and virtual domains there are.
redis::Task<redis::Expected<std::size_t>> Follower::countNames() {
  const std::array keys{keys_.domain(), keys_.virtualDomain()};
  std::size_t names = 0;
  for (const std::string& key : keys) {
    const auto reply = co_await session_.ask(commandOn("HLEN", key));
    if (!reply) co_return tl::unexpected(reply.error());
    names +=
        static_cast<std::size_t>(std::max<std::int64_t>(0, reply->view().integer().value_or(0)));
  }
  co_return names;
}

redis::Task<redis::Outcome> Follower::scanAll() {
  redis::Outcome scanned = co_await scan(keys_.virtualDomain(), &Replica::takeVirtualDomain);
  if (!scanned) co_return scanned;
  scanned = co_await scan(keys_.domain(), &Replica::takeDomain);
  if (!scanned) co_return scanned;
  scanned = co_await readUnknownAttributes();
  co_return scanned;
}

// Redis works on the next slice while this one is taken in.
redis::Task<redis::Outcome> Follower::scan(std::string key, TakeField take_field) {
  std::string cursor = "0";
  session_.request(scanCommand(key, cursor));
  for (bool is_last = false; !is_last;) {
    const redis::Reply reply = co_await session_.requested();
    const redis::Outcome scanned = redis::errorIn("HSCAN " + key, reply);
    if (!scanned) co_return scanned;
    const std::string_view next = reply.view()[0].text();
    is_last = next == "0";
    if (next.empty() || (!is_last && next == cursor))
      co_return tl::unexpected("HSCAN " + key + ": no cursor that leads on");
    cursor = next;
    if (!is_last) session_.request(scanCommand(key, cursor));
    const redis::ReplyView fields = reply.view()[1];
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      auto taken = (replica_.*take_field)(fields[i].text(), fields[i + 1].text());
      if (!taken) {
        // Its answer must not come to whatever is awaited next.
        if (!is_last) co_await session_.requested();
        co_return tl::unexpected(taken.error());
      }
      if (loading_) ++loading_->entries;
    }
  }
  co_return redis::Outcome();
}

redis::Task<redis::Outcome> Follower::readUnknownAttributes() {
  for (const std::string& did : replica_.unknownAttributes()) {
    redis::Command command = commandOn("HGET", keys_.attribute());
    command.add(did);
    const auto reply = co_await session_.ask(std::move(command));
    if (!reply) co_return tl::unexpected(reply.error());
    if (!reply->view().isNil()) replica_.takeAttributes(did, reply->view().text());
  }
  co_return redis::Outcome();
}

// Applies what came since the scan began; to compare with meta is next.
redis::Task<Follower::Course> Follower::replay(table::Position& position) {
  log_ = LogReader(position.lineage, position.version);
  for (std::size_t count = kEntriesPerRead; count == kEntriesPerRead;) {
    const auto reply = co_await session_.ask(logAfterPosition());
    if (!reply) co_return Course{Step::wait, reply.error()};
    const redis::ReplyView entries = reply->view();
    count = entries.size();
    for (std::size_t i = 0; i < count; ++i) {
      const redis::ReplyView fields = entries[i][1];
      const auto taken = log_.take(entries[i][0].text(), fields[0].text(), fields[1].text());
      if (!taken) co_return Course{Step::wait, taken.error()};
      if (!*taken) continue;
      if ((*taken)->rebase) co_return Course{Step::load, "everything was replaced"};
      if (auto applied = replica_.apply(**taken); !applied)
        co_return Course{Step::load, applied.error()};
      position = positionAfter(std::move(position), **taken);
    }
  }
  if (log_.isWithinVersion()) co_return Course{Step::load, "the log ends within a version"};
  co_return Course{Step::compare, ""};
}

// -- what comes of it ----------------------------------------------------------------------------

void Follower::confirm(std::int64_t asked) {
  replica_.confirm(asked);
  trouble_.clear();
  if (!std::exchange(is_current_, true)) listener_.onCurrent(serving());
}

void Follower::tell(std::string trouble) {
  is_current_ = false;
  if (trouble == trouble_) return;
  trouble_ = std::move(trouble);
  listener_.onTrouble(trouble_);
}

Serving Follower::serving() const {
  return {replica_.position(), replica_.domains(), replica_.refused(), replica_.lastRefusal()};
}

Duration Follower::nextBackoff() {
  const Duration longest =
      std::min(options_.backoff_max, options_.backoff_min * (1 << std::min(fruitless_, 16U)));
  const Duration jitter(
      std::uniform_int_distribution<Duration::rep>(0, longest.count() / 2)(random_));
  return longest / 2 + jitter;
}

void Follower::onDown(std::string why) {
  session_.close();
  loading_.reset();
  replica_.abandon();
  tell(std::move(why));
  start_timer_.after(nextBackoff());
  ++fruitless_;
}

}  // namespace zonecast::mirror
