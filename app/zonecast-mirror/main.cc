// `zonecast-mirror`: keeps the table of this host's workers at what Redis has, until it is told to
// stop.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include "adapters/logging/log_output.h"
#include "adapters/mirror/mirror.h"
#include "adapters/process/pid_file.h"
#include "adapters/process/service_manager.h"
#include "adapters/process/user.h"
#include "adapters/redis/server_text.h"
#include "adapters/uv/every_second.h"
#include "adapters/uv/loop.h"
#include "app/version.h"
#include "app/zonecast-mirror/journal.h"
#include "app/zonecast-mirror/place.h"

namespace zonecast {
namespace {

using logging::Line;

enum ExitCode : int { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitNotCurrent = 3 };

constexpr const char* kFooter =
    R"(zonecast-mirror follows what zonecastd publishes in Redis, and keeps it in a table file
in shared memory. Every SIP proxy worker of this host looks domains up there, through
libzonecast, at memory speed and without asking anybody. One mirror runs on each host and
for each deployment.

What the table holds is always one whole state that was published. When Redis is gone, or
has nothing better, the table stays as it is, and tells its readers how old it is. A mirror
that is started again goes on from the table that is there.

zonecast-mirror stays in the foreground, and logs to standard error or to --log-file.

SIGNALS
  SIGINT, SIGTERM  it stops; the table stays, and is read on
  SIGUSR1          it opens --log-file anew, after that was moved away

FILES (TABLE is what --table says; its folder is made when it is missing)
  TABLE          the table
  TABLE.new      the next one, while it is being filled
  TABLE.part     one that is being made
  TABLE.lock     held by the mirror that writes
  TABLE.wanted   a socket: a worker sends the name of a domain that it does not know, a
                 datagram each. They go on to the stream `wanted` in Redis, for zonecastd
                 to look them up; that a domain is not hosted comes back into the table

REDIS
  The user needs what `mirror` has in config/redis/users.acl. What the mirror serves, and
  why that is not the newest, stands in the hash zonecast:{NAME}:worker:ID.

EXIT STATUS
  0  it was told to stop; with --once: the table is what Redis has
  1  it could not start: the table, its folder, its socket, the log or PID file, or becoming
     --run-as was refused
  2  the command line is wrong
  3  with --once: Redis did not give anything better in time

EXAMPLES
  zonecast-mirror --redis unix:/run/redis/redis.sock --deployment main
  zonecast-mirror --redis 192.0.2.10:6379 --user mirror --password-file /etc/zonecast/mirror
  zonecast-mirror --redis '[2001:db8::10]:6379' --once --log-level warn)";

struct Options {
  std::string redis = "127.0.0.1:6379";
  std::string primary;
  std::string user, password_file;
  std::string deployment = "main";
  std::string table, id;
  std::string table_mode = "0644", wanted_mode = "0666";
  std::uint64_t table_mib_max = 8192;
  std::size_t foreign_max = 100'000;
  std::int64_t grace_s = 60;
  mirror::WantedLimits wanted;
  double wanted_interval_s = 10;
  bool once = false;
  double once_timeout_s = 30;
  std::string log_level = "info", log_format = "auto", log_file;
  std::string run_as, pid_file;
};

void describe(CLI::App& app, Options& options) {
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("zonecast-mirror ") + kVersion);
  const std::string redis = "REDIS", table = "TABLE", wanted = "QUESTIONS OF WORKERS";
  app.add_option("-r,--redis", options.redis,
                 "where Redis is: unix:PATH or ADDRESS:PORT; a replica will do")
      ->capture_default_str()
      ->group(redis);
  app.add_option("--primary", options.primary,
                 "where questions and reports go when --redis is a replica, which takes none; "
                 "default: as --redis")
      ->group(redis);
  app.add_option("-u,--user", options.user, "its user; default: Redis' default user")->group(redis);
  app.add_option("-p,--password-file", options.password_file,
                 "file with the password, read at each connect; default: none is sent")
      ->group(redis);
  app.add_option("-d,--deployment", options.deployment, "NAME in the keys zonecast:{NAME}:*")
      ->capture_default_str()
      ->check(CLI::Validator(redis::validDeployment, "NAME"))
      ->group(redis);
  app.add_option("--id", options.id, "ID in worker:ID; default: the name of this host")
      ->check(CLI::Validator(validId, "ID"))
      ->group(redis);
  app.add_option("-t,--table", options.table,
                 "the table file; default: /dev/shm/zonecast-NAME/table")
      ->group(table);
  app.add_option("--table-mode", options.table_mode, "who may read it, in octal")
      ->capture_default_str()
      ->check(CLI::Validator(validMode, "MODE"))
      ->group(table);
  app.add_option("--foreign-max", options.foreign_max,
                 "negative answers that a table holds; the oldest go first")
      ->capture_default_str()
      ->check(CLI::Range(0, 100'000'000))
      ->group(table);
  app.add_option("--grace", options.grace_s,
                 "seconds that a table can still be read after another took its place")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400))
      ->group(table);
  app.add_option("--table-size-max", options.table_mib_max, "MiB that a table may have")
      ->capture_default_str()
      ->check(CLI::Range(1, 32 * 1024))
      ->group(table);
  app.add_option("--wanted-mode", options.wanted_mode, "who may write to TABLE.wanted, in octal")
      ->capture_default_str()
      ->check(CLI::Validator(validMode, "MODE"))
      ->group(wanted);
  app.add_option("--wanted-rate", options.wanted.rate, "domains a second that go on to Redis")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6))
      ->group(wanted);
  app.add_option("--wanted-burst", options.wanted.burst, "and so many at once")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e6))
      ->group(wanted);
  app.add_option("--wanted-interval", options.wanted_interval_s,
                 "seconds before the same domain goes on again")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0))
      ->group(wanted);
  app.add_flag("--once", options.once, "brings the table up to date, and ends");
  app.add_option("--once-timeout", options.once_timeout_s, "seconds that --once tries")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 86400.0));
  app.add_option("--log-level", options.log_level, "debug (each version), info, warn or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.add_option("--log-format", options.log_format,
                 "text, json (an object a line) or journald (records with fields for systemd's "
                 "journal); auto: these when systemd started it, else text")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "text", "json", "journald"}));
  app.add_option("--log-file", options.log_file, "where it logs; default: standard error");
  const std::string process = "WITHOUT SYSTEMD";
  app.add_option("--run-as", options.run_as,
                 "USER or USER:GROUP that it becomes when root starts it")
      ->group(process);
  app.add_option("--pid-file", options.pid_file, "where it writes its process ID")->group(process);
}

std::uint64_t trueRandom() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

Duration seconds(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

// The error says what is wrong with the command line.
tl::expected<mirror::MirrorOptions, std::string> mirrorOptions(const Options& options) {
  mirror::MirrorOptions result;
  auto server = redis::serverFromText(options.redis);
  if (!server) return tl::unexpected(server.error());
  result.redis.server = std::move(*server);
  result.redis.user = options.user;
  result.redis.password_file = options.password_file;
  result.redis.deployment = options.deployment;
  result.redis.jitter_seed = trueRandom();
  result.primary = result.redis;
  if (!options.primary.empty()) {
    auto primary = redis::serverFromText(options.primary);
    if (!primary) return tl::unexpected(primary.error());
    result.primary.server = std::move(*primary);
  }
  result.table.path =
      options.table.empty() ? "/dev/shm/zonecast-" + options.deployment + "/table" : options.table;
  result.table.mode = modeFromText(options.table_mode);
  result.table.octets_max = options.table_mib_max << 20;
  result.table.foreign_max = options.foreign_max;
  result.table.grace = std::chrono::seconds(options.grace_s);
  result.worker_id = options.id.empty() ? hostName() : options.id;
  if (!options.once) result.wanted_mode = modeFromText(options.wanted_mode);
  result.wanted = options.wanted;
  result.wanted.recent_for = seconds(options.wanted_interval_s);
  return result;
}

// Says every half of the time after which a service manager takes us for dead that we are not.
class Alive {
 public:
  explicit Alive(uv::Loop& loop) : timer_(loop, [this] { tell(); }) { tell(); }

 private:
  void tell() {
    const auto interval = process::aliveInterval();
    if (!interval) return;
    process::tellAlive();
    timer_.after(*interval);
  }

  uv::Timer timer_;
};

void tellTable(const mirror::Mirror& mirror, const std::string& path, const logging::Output& out) {
  if (!mirror.whyBegun().empty()) {
    return out.info(Line("a new table begins: " + mirror.whyBegun()).add("table", path));
  }
  out.info(Line("the table goes on")
               .add("lineage", mirror.position().lineage)
               .add("version", mirror.position().version)
               .add("table", path));
}

int mirrorUntilTold(const Options& options, mirror::MirrorOptions settings,
                    logging::LogOutput& log) {
  const logging::Output out = log.lines();
  const auto refuse = [&](const std::string& why) {
    out.error(Line("cannot start: " + why));
    return kExitFailed;
  };
  if (auto made = makeFolderOf(settings.table.path); !made) return refuse(made.error());
  const std::string path = settings.table.path;
  uv::Loop loop;
  Journal journal(out, loop, path);
  auto opened = mirror::Mirror::open(loop, std::move(settings), journal);
  if (!opened) return refuse(opened.error());
  const mirror::Mirror& mirror = **opened;
  tellTable(mirror, path, out);
  const uv::Signal interrupt(loop, SIGINT, [&] { loop.stop(); });
  const uv::Signal terminate(loop, SIGTERM, [&] { loop.stop(); });
  const uv::Signal reopen(loop, SIGUSR1, [&] { log.reopen(); });
  bool is_current = false;
  uv::Timer timeout(loop, [&] { loop.stop(); });
  if (options.once) {
    journal.whenCurrent([&] {
      is_current = true;
      loop.stop();
    });
    timeout.after(seconds(options.once_timeout_s));
  }
  (*opened)->start();
  process::tellReady();
  const Alive alive(loop);
  const uv::EverySecond progress(loop, [&] {
    if (mirror.loading()) journal.tellProgress(*mirror.loading());
  });
  out.info(Line(fmt::format("zonecast-mirror {} is running", kVersion))
               .add("table", path)
               .add("deployment", options.deployment));
  loop.run();
  process::tellStopping();
  out.info(Line("zonecast-mirror stops: the table stays")
               .add("version", mirror.position().version)
               .add("table", path));
  return options.once && !is_current ? kExitNotCurrent : kExitDone;
}

int fail(const std::string& why) {
  std::cerr << "zonecast-mirror: cannot start: " << why << '\n';
  return kExitFailed;
}

// The PID file is written as root, whom others believe; the log is opened as who opens it anew.
int becomeAndMirror(const Options& options, mirror::MirrorOptions settings) {
  std::optional<process::PidFile> pid_file;
  if (!options.pid_file.empty()) {
    auto written = process::PidFile::write(options.pid_file);
    if (!written) return fail(written.error());
    pid_file.emplace(std::move(*written));
  }
  const std::size_t colon = std::min(options.run_as.find(':'), options.run_as.size());
  const std::string group = options.run_as.substr(std::min(colon + 1, options.run_as.size()));
  const auto became = process::become(options.run_as.substr(0, colon), group);
  if (!became) return fail(became.error());
  auto log = logging::LogOutput::open("zonecast-mirror", options.log_level, options.log_file,
                                      logging::logFormOf(options.log_format));
  if (!log) return fail(log.error());
  return mirrorUntilTold(options, std::move(settings), *log);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Keeps the table of SIP domains that this host's proxies read.", "zonecast-mirror"};
  describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  auto settings = mirrorOptions(options);
  if (!settings) {
    std::cerr << "zonecast-mirror: " << settings.error() << '\n';
    return kExitUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGUSR1, SIG_IGN);             // until there is a loop that hears it
  google::protobuf::SetLogHandler(nullptr);  // what it cannot read is told as ours
  return becomeAndMirror(options, std::move(*settings));
}

}  // namespace
}  // namespace zonecast

int main(int argc, char** argv) {
  return zonecast::run(argc, argv);
}
