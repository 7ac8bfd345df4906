#include "app/zonecast/export_follow.h"

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "adapters/kamailio/domain_reload.h"
#include "adapters/kamailio/domain_tables.h"
#include "adapters/mirror/follower.h"
#include "adapters/mirror/listener.h"
#include "adapters/mirror/replica.h"
#include "adapters/uv/loop.h"
#include "app/version.h"
#include "app/zonecast/domain_table.h"
#include "app/zonecast/printable.h"
#include "app/zonecast/session.h"

namespace zonecast {
namespace {

Duration seconds(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

// What happens, as lines of the log, and each new version to Kamailio.
class Journal final : public mirror::Listener {
 public:
  Journal(spdlog::logger& out, kamailio::DomainReload* reload) : out_(out), reload_(reload) {}

  void onLoading(const std::string& why) override { out_.info("loading everything: {}", why); }
  void onLoaded(const mirror::Serving& serving) override {
    out_.info("loaded lineage={} version={} domains={}", serving.position.lineage,
              serving.position.version, serving.domains);
    onChange(serving);
  }
  void onVersion(const mirror::Serving& serving) override {
    out_.debug("version={} domains={}", serving.position.version, serving.domains);
    onChange(serving);
  }
  void onCurrent(const mirror::Serving& serving) override {
    out_.info("the database is current lineage={} version={} domains={}", serving.position.lineage,
              serving.position.version, serving.domains);
  }
  void onTrouble(const std::string& why) override {
    out_.warn("the database stays as it is: {}", printable(why));
  }
  void onRelayTrouble(const std::string&) override {}

 private:
  void onChange(const mirror::Serving& serving) {
    if (reload_) reload_->request();
    if (serving.refused == 0 || serving.last_refusal == last_refusal_) return;
    last_refusal_ = serving.last_refusal;
    out_.warn("{} published entries are not exported, among them: {}", serving.refused,
              last_refusal_);
  }

  spdlog::logger& out_;
  kamailio::DomainReload* const reload_;
  std::string last_refusal_;
};

class ReloadJournal {
 public:
  explicit ReloadJournal(spdlog::logger& out) : out_(out) {}

  void onReload(const std::string& trouble) {
    if (trouble.empty()) {
      out_.log(trouble_ ? spdlog::level::info : spdlog::level::debug,
               "Kamailio has read its domains again");
      trouble_.reset();
    } else if (trouble_ != trouble) {
      out_.warn("Kamailio goes on with the domains it has: {}", printable(trouble));
      trouble_ = trouble;
    }
  }

 private:
  spdlog::logger& out_;
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

std::shared_ptr<spdlog::logger> makeLogger(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("zonecast export");
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  return logger;
}

}  // namespace

int exportFollowing(const ExportOptions& options, redis::RedisOptions redis) {
  const auto logger = makeLogger(options.log_level);
  const std::string path = options.database.substr(kSqliteFile.size());
  auto tables = kamailio::DomainTables::open({.path = path});
  if (!tables) {
    logger->error("cannot start: {}", printable(tables.error()));
    return kExitUnreachable;
  }
  (*tables)->whenLeftOut([&](const std::string& what) { logger->warn("left out: {}", what); });
  const table::Position& position = (*tables)->position();
  uv::Loop loop;
  ReloadJournal reload_journal(*logger);
  std::optional<kamailio::DomainReload> reload;
  if (options.kamailio_rpc != "off") {
    reload.emplace(loop, reloadOptions(options),
                   [&](const std::string& trouble) { reload_journal.onReload(trouble); });
    // It may have been killed between a commit and the call.
    if (!position.lineage.empty()) reload->request();
  }
  Journal journal(*logger, reload ? &*reload : nullptr);
  mirror::Replica replica(**tables);
  mirror::Follower follower(loop, std::move(redis), replica, journal);
  const uv::Signal interrupt(loop, SIGINT, [&] { loop.stop(); });
  const uv::Signal terminate(loop, SIGTERM, [&] { loop.stop(); });
  follower.start();
  logger->info("zonecast {} exports database={} deployment={} lineage={} version={}", kVersion,
               path, options.redis.deployment, position.lineage, position.version);
  loop.run();
  logger->info("zonecast export stops: the database stays version={}", position.version);
  return kExitDone;
}

}  // namespace zonecast
