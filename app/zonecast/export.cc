#include "app/zonecast/export.h"

#include <csignal>
#include <iostream>
#include <string>
#include <utility>

#include <google/protobuf/stubs/logging.h>

#include "adapters/kamailio/table_text.h"
#include "adapters/logging/printable.h"
#include "app/zonecast/domain_table.h"
#include "app/zonecast/export_follow.h"
#include "app/zonecast/export_once.h"
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

std::string validUnixOrOff(const std::string& where) {
  const bool is_path = where.starts_with(kUnixSocket) && where.size() > kUnixSocket.size();
  return is_path || where == "off" ? std::string() : where + ": unix:PATH or off is expected";
}

std::string validSqlite(const std::string& where) {
  const bool is_file = where.starts_with(kSqliteFile) && where.size() > kSqliteFile.size();
  return is_file ? std::string() : where + ": sqlite:FILE is expected";
}

int refuse(const std::string& why) {
  std::cerr << "zonecast: " << logging::printable(why) << '\n';
  return kExitUsage;
}

}  // namespace

void describeExport(CLI::App& verb, ExportOptions& options) {
  verb.footer(kFooter);
  const std::string once = "PRINTING", follow = "FOLLOWING";
  describeRedis(verb, options.redis);
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
  verb.add_option("--log-format", options.log_format,
                  "text, json (an object a line) or journald (records with fields for systemd's "
                  "journal); auto: these when systemd started it, else text")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "text", "json", "journald"}))
      ->group(follow);
}

int exportPublished(const ExportOptions& options, int timeout_ms) {
  auto redis = redisOptions(options.redis);
  if (!redis) return refuse(redis.error());
  const bool prints_csv = !options.follow && options.format == "csv" && options.output.empty();
  if (prints_csv && options.tables.size() != 1)
    return refuse("CSV is a file for each table: give --output FOLDER, or one --table");
  std::signal(SIGPIPE, SIG_IGN);
  google::protobuf::SetLogHandler(nullptr);  // what it cannot read is told as ours
  if (options.follow) return exportFollowing(options, std::move(*redis));
  return exportOnce(options, std::move(*redis), timeout_ms);
}

}  // namespace zonecast
