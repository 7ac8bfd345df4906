#include "adapters/redis/worker_reports.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/convert.h"
#include "adapters/redis/opening.h"
#include "adapters/redis/server_text.h"

namespace zonecast::redis {
namespace {

constexpr std::size_t kTextOctetsMax = 255;

std::string plain(std::string_view text) {
  std::string shown(text.substr(0, kTextOctetsMax));
  std::ranges::replace_if(
      shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

std::uint64_t number(ReplyView field) {
  return numberFromText(field.text()).value_or(0);
}

}  // namespace

RedisWorkerReports::RedisWorkerReports(uv::Loop& loop, RedisOptions options,
                                       WorkerReportLimits limits)
    : loop_(loop),
      options_(std::move(options)),
      limits_(limits),
      keys_(options_.deployment),
      backoff_(options_.backoff_min),
      random_(static_cast<std::minstd_rand::result_type>(options_.jitter_seed)),
      session_(loop, options_, [this](std::string why) { onDown(std::move(why)); }),
      start_timer_(
          loop,
          [this] {
            task_ = run();
            task_.start();
          },
          uv::Callback::store) {}

void RedisWorkerReports::start() {
  start_timer_.after(Duration::zero());
}

void RedisWorkerReports::adopt(RedisOptions options, WorkerReportLimits limits) {
  const bool moves = !isSamePlace(options_, options);
  options_ = std::move(options);
  limits_ = limits;
  if (!moves) return;
  session_.close();
  backoff_ = options_.backoff_min;
  start();
}

Task<void> RedisWorkerReports::run() {
  session_.close();
  co_await session_.connect();
  const Outcome authenticated = co_await authenticate({session_, options_, keys_});
  if (!authenticated) co_return onDown(authenticated.error());
  backoff_ = options_.backoff_min;
  for (;;) {
    const Outcome read = co_await readRound();
    if (!read) seen_.trouble = read.error();
    co_await session_.sleep(limits_.interval);
  }
}

Task<Outcome> RedisWorkerReports::readRound() {
  std::vector<WorkerReport> workers;
  std::set<std::string> keys;  // a scan may bring a key twice
  std::string cursor = "0";
  std::string trouble;
  for (std::uint32_t scans = 0; trouble.empty(); ++scans) {
    Command command("SCAN");
    command.add(cursor).add("MATCH").add(keys_.worker("*")).add("COUNT").add(limits_.keys_per_scan);
    const auto reply = co_await session_.ask(std::move(command));
    if (!reply) co_return tl::unexpected(reply.error());
    for (std::size_t i = 0; i < reply->view()[1].size(); ++i) {
      std::string key(reply->view()[1][i].text());
      if (!keys.insert(key).second) continue;
      if (keys.size() > limits_.workers_max) {
        trouble =
            fmt::format("only {} workers are shown: raise redis.workers_max", limits_.workers_max);
        break;
      }
      const Outcome read = co_await readWorker(std::move(key), workers);
      if (!read) co_return read;
    }
    cursor = reply->view()[0].text();
    if (cursor == "0" || cursor.empty()) break;
    if (scans >= limits_.scans_max)
      trouble = "Redis has too many keys to find all workers among them: give zonecast its own";
  }
  show(std::move(workers), std::move(trouble));
  co_return Outcome();
}

Task<Outcome> RedisWorkerReports::readWorker(std::string key, std::vector<WorkerReport>& workers) {
  const std::string prefix = keys_.worker("");
  if (!key.starts_with(prefix) || !isWord(key.substr(prefix.size()), kTextOctetsMax))
    co_return Outcome();
  Command command("HMGET");
  command.subject(key).add("lineage").add("version").add("domains").add("refused");
  command.add("refused_reason").add("age").add("trouble").add("updated");
  const Reply reply = co_await session_.answer(command);
  if (reply.view().text().starts_with("WRONGTYPE")) co_return Outcome();  // not a mirror's
  if (Outcome failed = errorIn(command.title(), reply); !failed) co_return failed;
  const ReplyView fields = reply.view();
  if (fields[7].text().empty()) co_return Outcome();  // has expired since the scan
  WorkerReport report{.id = key.substr(prefix.size()),
                      .lineage = plain(fields[0].text()),
                      .version = number(fields[1]),
                      .age = std::nullopt,
                      .domains = number(fields[2]),
                      .refused = number(fields[3]),
                      .refused_reason = plain(fields[4].text()),
                      .trouble = plain(fields[6].text()),
                      .updated = plain(fields[7].text()),
                      .heard = loop_.now().mono};
  constexpr std::uint64_t kSecondsMax = 1ull << 32;
  if (const auto age = numberFromText(fields[5].text()); age && *age < kSecondsMax)
    report.age = std::chrono::seconds(*age);
  workers.push_back(std::move(report));
  co_return Outcome();
}

void RedisWorkerReports::show(std::vector<WorkerReport> workers, std::string trouble) {
  std::ranges::sort(workers, {}, &WorkerReport::id);
  for (WorkerReport& worker : workers) {
    const auto before = std::ranges::lower_bound(seen_.workers, worker.id, {}, &WorkerReport::id);
    const bool is_known = before != seen_.workers.end() && before->id == worker.id;
    if (is_known && before->updated == worker.updated) worker.heard = before->heard;
  }
  seen_ = {.workers = std::move(workers), .read = loop_.now().mono, .trouble = std::move(trouble)};
}

void RedisWorkerReports::onDown(std::string why) {
  session_.close();
  seen_.trouble = std::move(why);
  const Duration jitter(
      std::uniform_int_distribution<Duration::rep>(0, backoff_.count() / 2)(random_));
  start_timer_.after(backoff_ / 2 + jitter);
  backoff_ = std::min(2 * backoff_, options_.backoff_max);
}

}  // namespace zonecast::redis
