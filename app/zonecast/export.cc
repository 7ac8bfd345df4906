#include "app/zonecast/export.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "adapters/kamailio/domain_reload.h"
#include "adapters/kamailio/domain_tables.h"
#include "adapters/kamailio/table_text.h"
#include "adapters/mirror/follower.h"
#include "adapters/mirror/listener.h"
#include "adapters/mirror/replica.h"
#include "adapters/redis/server_text.h"
#include "adapters/uv/loop.h"
#include "app/version.h"
#include "app/zonecast/printable.h"
#include "app/zonecast/session.h"

namespace zonecast {
namespace {

constexpr const char* kFooter =
    R"(zonecast export is for proxies that look domains up with Kamailio's own modules. It reads what
is published from Redis, as zonecast-mirror does, and needs no zonecastd to be running.

Without --follow it prints one published version, whole, and ends: as SQL, which replaces the
content of the tables in one transaction and is read by SQLite, PostgreSQL, MySQL and MariaDB
alike, or as CSV (RFC 4180).

With --follow it keeps the tables in an SQLite database at what is published: one transaction
for each change set, in which the version that it is stands, too. After each of them Kamailio
is told to read its tables again, so that lookup_domain(), is_domain_local() and the rest of
the module `domain` follow DNS, and no routing script changes. It stays in the foreground,
logs to standard error, and stops on SIGINT or SIGTERM; it can be killed at any time, and
goes on from where the database is. Run it as the user that Kamailio runs as.

When Redis is gone, or has nothing better, the database stays as it is. When Kamailio is gone
or refuses to reload, that is logged and tried again, and the database is followed on.

TABLES (described in schema/kamailio.sql)
  domain            domain, did
  domain_attrs      did, name, type, value: a row for each value; type 0 is an integer,
                    2 anything else
  uid_domain        did, domain, flags: 1, with 2 (disabled) when the domain is retiring and
                    4 for the canonical domain of its DID
  uid_domain_attrs  did, name, type, value, flags
  Retiring domains are served, and stand in `domain` as any other. What is not hosted is in
  no table. An integer of more than 32 bits is exported as text: Kamailio would refuse the
  whole table because of it.

REDIS
  The user needs what `mirror` has in config/redis/users.acl.

EXIT STATUS
  0  it is printed; with --follow: it was told to stop
  2  the command line is wrong
  3  Redis gave nothing that can be exported in time (--timeout); the file or the database
     cannot be written

EXAMPLES
  zonecast export --redis unix:/run/redis/redis.sock | mysql kamailio
  zonecast export --table domain --table domain_attrs | psql kamailio
  zonecast export --format csv --output /var/tmp/domains
  zonecast export --format csv --table domain
  zonecast export --follow --db sqlite:/var/lib/kamailio/domains.db)";

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kSqlite = "sqlite:";

std::string validUnixOrOff(const std::string& where) {
  const bool is_path = where.starts_with(kUnix) && where.size() > kUnix.size();
  return is_path || where == "off" ? std::string() : where + ": unix:PATH or off is expected";
}

std::string validSqlite(const std::string& where) {
  const bool is_file = where.starts_with(kSqlite) && where.size() > kSqlite.size();
  return is_file ? std::string() : where + ": sqlite:FILE is expected";
}

std::uint32_t trueRandom() {
  return std::random_device()();
}

Duration seconds(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

tl::expected<redis::RedisOptions, std::string> redisOptions(const ExportOptions& options) {
  auto server = redis::serverFromText(options.redis);
  if (!server) return tl::unexpected(server.error());
  redis::RedisOptions result;
  result.server = std::move(*server);
  result.user = options.user;
  result.password_file = options.password_file;
  result.deployment = options.deployment;
  result.jitter_seed = trueRandom();
  return result;
}

int fail(int exit_code, std::string_view why) {
  std::cerr << "zonecast: " << printable(why) << '\n';
  return exit_code;
}

// -- one version ---------------------------------------------------------------------------------

// Waits for one that is the newest. Gives up when nothing was being loaded for the whole of a
// timeout: how long a load takes is the size's affair.
class Awaited final : public mirror::Listener {
 public:
  Awaited(uv::Loop& loop, std::chrono::milliseconds timeout)
      : loop_(loop), timeout_(timeout), timer_(loop, [this] { onTimeout(); }) {
    timer_.after(timeout_);
  }

  bool isThere() const { return is_there_; }
  const std::string& trouble() const { return trouble_; }
  const std::string& refusal() const { return refusal_; }

  void onLoading(const std::string&) override { is_loading_ = true; }
  void onLoaded(const mirror::Serving&) override {}
  void onVersion(const mirror::Serving&) override {}
  void onCurrent(const mirror::Serving& serving) override {
    is_there_ = true;
    if (serving.refused > 0)
      refusal_ = fmt::format("{} published entries are not exported, among them: {}",
                             serving.refused, serving.last_refusal);
    loop_.stop();
  }
  void onTrouble(const std::string& why) override {
    is_loading_ = false;
    trouble_ = why;
  }
  void onRelayTrouble(const std::string&) override {}

 private:
  void onTimeout() {
    if (is_loading_) return timer_.after(timeout_);
    loop_.stop();
  }

  uv::Loop& loop_;
  const std::chrono::milliseconds timeout_;
  bool is_there_ = false;
  bool is_loading_ = false;
  std::string trouble_ = "Redis does not answer";
  std::string refusal_;
  uv::Timer timer_;
};

using Chosen = std::vector<const kamailio::TableText*>;
using Write = std::function<tl::expected<void, std::string>(std::ostream&)>;

Chosen chosenTables(const ExportOptions& options) {
  Chosen chosen;
  for (const kamailio::TableText& table : kamailio::kTables) {
    const bool is_named = std::ranges::find(options.tables, table.name) != options.tables.end();
    if (options.tables.empty() || is_named) chosen.push_back(&table);
  }
  return chosen;
}

int writeTo(std::ostream& out, const std::string& name, const Write& write) {
  if (const auto written = write(out); !written) return fail(kExitUnreachable, written.error());
  out.flush();
  return out ? kExitDone : fail(kExitUnreachable, name + ": it cannot be written");
}

// Whole or not at all.
int writeToFile(const std::string& path, const Write& write) {
  const std::string unfinished = path + ".new";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  if (const int code = writeTo(out, path, write); code != kExitDone) return code;
  out.close();
  std::error_code error;
  std::filesystem::rename(unfinished, path, error);
  return error ? fail(kExitUnreachable, path + ": " + error.message()) : kExitDone;
}

int writeCsvFiles(const kamailio::DomainTables& tables, const Chosen& chosen,
                  const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  if (error) return fail(kExitUnreachable, folder + ": " + error.message());
  for (const kamailio::TableText* table : chosen) {
    const int code = writeToFile(
        fmt::format("{}/{}.csv", folder, table->name),
        [&](std::ostream& out) { return kamailio::writeCsv(tables.database(), *table, out); });
    if (code != kExitDone) return code;
  }
  return kExitDone;
}

int print(const kamailio::DomainTables& tables, const ExportOptions& options) {
  const Chosen chosen = chosenTables(options);
  const bool is_csv = options.format == "csv";
  if (is_csv && !options.output.empty()) return writeCsvFiles(tables, chosen, options.output);
  const Write write = [&](std::ostream& out) {
    if (is_csv) return kamailio::writeCsv(tables.database(), *chosen.front(), out);
    return kamailio::writeSql(tables.database(), chosen, tables.position(), out);
  };
  if (options.output.empty()) return writeTo(std::cout, "standard output", write);
  return writeToFile(options.output, write);
}

int exportOnce(const ExportOptions& options, redis::RedisOptions redis, int timeout_ms) {
  auto tables = kamailio::DomainTables::open({});
  if (!tables) return fail(kExitUnreachable, tables.error());
  (*tables)->whenLeftOut([](const std::string& what) { fail(0, "left out: " + what); });
  uv::Loop loop;
  Awaited awaited(loop, std::chrono::milliseconds(timeout_ms));
  mirror::Replica replica(**tables);
  mirror::Follower follower(loop, std::move(redis), replica, awaited);
  follower.start();
  loop.run();
  if (!awaited.isThere()) return fail(kExitUnreachable, "nothing to export: " + awaited.trouble());
  if (!awaited.refusal().empty()) fail(0, awaited.refusal());
  return print(**tables, options);
}

// -- all of them ---------------------------------------------------------------------------------

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
  result.socket = options.kamailio_rpc.substr(kUnix.size());
  result.interval = seconds(options.reload_interval_s);
  result.timeout = seconds(options.reload_timeout_s);
  result.first_id = trueRandom();
  return result;
}

std::shared_ptr<spdlog::logger> makeLogger(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("zonecast export");
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  return logger;
}

int exportFollowing(const ExportOptions& options, redis::RedisOptions redis) {
  const auto logger = makeLogger(options.log_level);
  const std::string path = options.database.substr(kSqlite.size());
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
               path, options.deployment, position.lineage, position.version);
  loop.run();
  logger->info("zonecast export stops: the database stays version={}", position.version);
  return kExitDone;
}

}  // namespace

void describeExport(CLI::App& verb, ExportOptions& options) {
  verb.footer(kFooter);
  const std::string redis = "REDIS", once = "PRINTING", follow = "FOLLOWING";
  verb.add_option("-r,--redis", options.redis,
                  "where Redis is: unix:PATH or ADDRESS:PORT; a replica will do")
      ->capture_default_str()
      ->group(redis);
  verb.add_option("-u,--user", options.user, "its user; default: Redis' default user")
      ->group(redis);
  verb.add_option("-p,--password-file", options.password_file,
                  "file with the password, read at each connect; default: none is sent")
      ->group(redis);
  verb.add_option("-d,--deployment", options.deployment, "NAME in the keys zonecast:{NAME}:*")
      ->capture_default_str()
      ->check(CLI::Validator(redis::validDeployment, "NAME"))
      ->group(redis);
  CLI::Option* format = verb.add_option("-f,--format", options.format, "sql or csv")
                            ->capture_default_str()
                            ->check(CLI::IsMember({"sql", "csv"}))
                            ->group(once);
  std::vector<std::string> names;
  for (const kamailio::TableText& table : kamailio::kTables) names.emplace_back(table.name);
  CLI::Option* table =
      verb.add_option("--table", options.tables, "only this one; may be given several times")
          ->check(CLI::IsMember(names))
          ->group(once);
  CLI::Option* output =
      verb.add_option("-o,--output", options.output,
                      "the file for SQL, or the folder for the files TABLE.csv; default: standard "
                      "output, which takes one table of CSV")
          ->group(once);
  CLI::Option* database =
      verb.add_option("--db", options.database, "sqlite:FILE; made when it is missing")
          ->check(CLI::Validator(validSqlite, "sqlite:FILE"))
          ->group(follow);
  CLI::Option* following =
      verb.add_flag("--follow", options.follow, "keep the tables in --db current, until stopped")
          ->needs(database)
          ->excludes(format)
          ->excludes(table)
          ->excludes(output)
          ->group(follow);
  database->needs(following);
  verb.add_option("--kamailio-rpc", options.kamailio_rpc,
                  "the datagram socket of Kamailio's module jsonrpcs: unix:PATH, or off: nobody is "
                  "told")
      ->capture_default_str()
      ->check(CLI::Validator(validUnixOrOff, "WHERE"))
      ->group(follow);
  verb.add_option("--reload-interval", options.reload_interval_s,
                  "seconds from one domain.reload to the next, at least; what is published "
                  "meanwhile goes into one")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0))
      ->group(follow);
  verb.add_option("--reload-timeout", options.reload_timeout_s,
                  "seconds that Kamailio may take for a reload")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0))
      ->group(follow);
  verb.add_option("--log-level", options.log_level, "debug (each version), info, warn or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->group(follow);
}

int exportPublished(const ExportOptions& options, int timeout_ms) {
  auto redis = redisOptions(options);
  if (!redis) return fail(kExitUsage, redis.error());
  const bool prints_csv = !options.follow && options.format == "csv" && options.output.empty();
  if (prints_csv && chosenTables(options).size() != 1)
    return fail(kExitUsage, "CSV is a file for each table: give --output FOLDER, or one --table");
  std::signal(SIGPIPE, SIG_IGN);
  google::protobuf::SetLogHandler(nullptr);  // what it cannot read is told as ours
  if (options.follow) return exportFollowing(options, std::move(*redis));
  return exportOnce(options, std::move(*redis), timeout_ms);
}

}  // namespace zonecast
