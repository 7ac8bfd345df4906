#include "app/zonecast/export_follow.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "adapters/kamailio/domain_reload.h"
#include "adapters/kamailio/domain_tables.h"
#include "adapters/logging/log_output.h"
#include "adapters/logging/progress.h"
#include "adapters/logging/repeats.h"
#include "adapters/mirror/follower.h"
#include "adapters/mirror/listener.h"
#include "adapters/mirror/replica.h"
#include "adapters/uv/every_second.h"
#include "adapters/uv/loop.h"
#include "app/version.h"
#include "app/zonecast/domain_table.h"
#include "app/zonecast/session.h"

namespace zonecast {
namespace {

using logging::Line;

Duration seconds(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

// What happens, as lines of the log, and each new version to Kamailio.
class Journal final : public mirror::Listener {
 public:
  Journal(logging::Output out, const uv::Loop& loop, kamailio::DomainReload* reload)
      : out_(std::move(out)), loop_(loop), reload_(reload) {}

  void onLoading(const std::string& why) override {
    loading_ = {};
    out_.info(Line("loading everything: " + why));
  }
  void tellProgress(const mirror::Loading& loading) {
    if (!loading_.admits(loading.entries, loop_.now().mono)) return;
    out_.info(Line("reading everything goes on")
                  .add("entries", loading.entries)
                  .add("in_all", loading.entries_in_all));
  }
  void onLoaded(const mirror::Serving& serving) override {
    out_.info(line("loaded", serving));
    onChange(serving);
  }
  void onVersion(const mirror::Serving& serving) override {
    out_.debug(line("a version is exported", serving));
    onChange(serving);
  }
  void onCurrent(const mirror::Serving& serving) override {
    out_.info(line("the database is current", serving));
  }
  void onTrouble(const std::string& why) override {
    out_.warn(Line("the database stays as it is: " + why));
  }
  void onRelayTrouble(const std::string&) override {}

 private:
  static Line line(const std::string& words, const mirror::Serving& serving) {
    return Line(words)
        .add("lineage", serving.position.lineage)
        .add("version", serving.position.version)
        .add("domains", serving.domains);
  }
  void onChange(const mirror::Serving& serving) {
    if (reload_) reload_->request();
    if (serving.refused == 0 || serving.last_refusal == last_refusal_) return;
    last_refusal_ = serving.last_refusal;
    const auto omitted = refusals_.admit("", loop_.now().mono);
    if (!omitted) return;
    Line refused =
        line("published entries are not exported, among them: " + last_refusal_, serving);
    refused.add("refused", serving.refused);
    omitted->addTo(refused);
    out_.warn(refused);
  }

  const logging::Output out_;
  const uv::Loop& loop_;
  kamailio::DomainReload* const reload_;
  std::string last_refusal_;
  logging::Progress loading_;
  logging::Repeats refusals_;
};

class ReloadJournal {
 public:
  explicit ReloadJournal(logging::Output out) : out_(std::move(out)) {}

  void onReload(const std::string& trouble) {
    if (trouble.empty()) {
      out_.write(trouble_ ? logging::Output::Level::info : logging::Output::Level::debug,
                 Line("Kamailio has read its domains again"));
      trouble_.reset();
    } else if (trouble_ != trouble) {
      out_.warn(Line("Kamailio goes on with the domains it has: " + trouble));
      trouble_ = trouble;
    }
  }

 private:
  const logging::Output out_;
  std::optional<std::string> trouble_ = "";  // the first success is told
};

kamailio::DomainReloadOptions reloadOptions(const ExportOptions& options) {
  kamailio::DomainReloadOptions result;
  result.socket = options.kamailio_rpc.substr(kUnixSocket.size());
  result.interval = seconds(options.reload_interval_s);
  result.timeout = seconds(options.reload_timeout_s);
  result.first_id = std::random_device()();
  return result;
}

}  // namespace

int exportFollowing(const ExportOptions& options, redis::RedisOptions redis) {
  auto log = logging::LogOutput::open("zonecast export", options.log_level, "",
                                      logging::logFormOf(options.log_format));
  if (!log) {
    std::cerr << "zonecast: cannot start: " << log.error() << '\n';
    return kExitUnreachable;
  }
  const logging::Output out = log->lines();
  const std::string path = options.database.substr(kSqliteFile.size());
  auto tables = kamailio::DomainTables::open({.path = path});
  if (!tables) {
    out.error(Line("cannot start: " + tables.error()));
    return kExitUnreachable;
  }
  (*tables)->whenLeftOut([&](const std::string& what) { out.warn(Line("left out: " + what)); });
  const table::Position& position = (*tables)->position();
  uv::Loop loop;
  ReloadJournal reload_journal(out);
  std::optional<kamailio::DomainReload> reload;
  if (options.kamailio_rpc != "off") {
    reload.emplace(loop, reloadOptions(options),
                   [&](const std::string& trouble) { reload_journal.onReload(trouble); });
    // It may have been killed between a commit and the call.
    if (!position.lineage.empty()) reload->request();
  }
  Journal journal(out, loop, reload ? &*reload : nullptr);
  mirror::Replica replica(**tables);
  mirror::Follower follower(loop, std::move(redis), replica, journal);
  const uv::EverySecond progress(loop, [&] {
    if (follower.loading()) journal.tellProgress(*follower.loading());
  });
  const uv::Signal interrupt(loop, SIGINT, [&] { loop.stop(); });
  const uv::Signal terminate(loop, SIGTERM, [&] { loop.stop(); });
  follower.start();
  out.info(Line(fmt::format("zonecast {} exports", kVersion))
               .add("database", path)
               .add("deployment", options.redis.deployment)
               .add("lineage", position.lineage)
               .add("version", position.version));
  loop.run();
  out.info(Line("zonecast export stops: the database stays")
               .add("version", position.version)
               .add("database", path));
  return kExitDone;
}

}  // namespace zonecast
