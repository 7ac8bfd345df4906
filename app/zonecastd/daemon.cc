#include "app/zonecastd/daemon.h"

#include <csignal>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "adapters/process/service_manager.h"
#include "app/redis_options.h"
#include "app/version.h"
#include "app/zonecastd/worker_status.h"

namespace zonecast {
namespace {

constexpr Duration kObservationInterval = std::chrono::seconds{1};
// What an event shows of each sort of change: to watchers of the control socket, and of HTTP, where
// it is kept.
constexpr std::size_t kWatchedOctetsMax = 256 << 10;
constexpr std::size_t kKeptOctetsMax = 8 << 10;

// The only randomness that comes from outside; everything else is seeded with it.
std::uint64_t trueRandom() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

redis::RedisOptions publisherOptions(const config::RedisConfiguration& configuration,
                                     std::uint32_t batch_max, const std::string& instance) {
  redis::RedisOptions options = redisOptions(configuration);
  options.instance_id = instance;
  options.lease_ttl = configuration.lease;
  options.batch_max = batch_max;
  return options;
}

uv::ZoneTransportLimits transportLimits(const config::NotifyConfiguration& configuration) {
  uv::ZoneTransportLimits limits;
  limits.notify.connections_max = configuration.connections_max;
  limits.notify.message_timeout = configuration.message_timeout;
  return limits;
}

http::HttpOptions httpOptions(const config::HttpConfiguration& configuration) {
  return {.listener = configuration.listener,
          .socket = configuration.socket,
          .site = {.token = configuration.token,
                   .hosts = configuration.hosts,
                   .header_octets_max = configuration.header_octets_max},
          .connections_max = configuration.connections_max,
          .watchers_max = configuration.watchers_max,
          .events_kept = configuration.events_kept,
          .request_timeout = configuration.request_timeout};
}

}  // namespace

tl::expected<std::unique_ptr<Daemon>, std::string> Daemon::make(config::Configuration configuration,
                                                                std::filesystem::path file,
                                                                logging::LogOutput& log) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(configuration), std::move(file), log));
  if (auto opened = daemon->open(); !opened) return tl::unexpected(std::move(opened.error()));
  if (auto restored = daemon->restore(); !restored)
    return tl::unexpected(std::move(restored.error()));
  return daemon;
}

Daemon::Daemon(config::Configuration configuration, std::filesystem::path file,
               logging::LogOutput& log)
    : configuration_(std::move(configuration)),
      log_output_(log),
      out_(log.lines()),
      work_log_(out_),
      log_(configuration_.settings, loop_, out_),
      metrics_(loop_),
      transport_(loop_, transportLimits(configuration_.notify)),
      resolver_(loop_),
      deadline_(loop_, [this] { reconciler_->onTimer(); }),
      observation_(loop_, [this] { observe(); }),
      alive_(loop_, [this] { tellAlive(); }),
      work_(loop_, [this] { reconciler_->work(); }),
      interrupt_(loop_, SIGINT, [this] { loop_.stop(); }),
      terminate_(loop_, SIGTERM, [this] { loop_.stop(); }),
      reopen_(loop_, SIGUSR1, [&log] { log.reopen(); }),
      hang_up_(loop_, SIGHUP, [this] { reload({}); }),
      reload_(loop_, std::move(file), configuration_,
              [this](Reload::Outcome outcome) { onReloadRead(std::move(outcome)); }) {
  journals_.add(log_);
  journals_.add(metrics_);
}

Daemon::~Daemon() = default;

tl::expected<void, std::string> Daemon::open() {
  disk::DiskOptions disk_options{.directory = configuration_.state_directory.string(),
                                 .random = trueRandom};
  disk_options.map_octets_max = configuration_.state_octets_max;
  disk_options.keeps_published = !configuration_.is_shadow;
  auto disk = disk::LmdbDisk::open(disk_options, loop_);
  if (!disk) return tl::unexpected(std::move(disk.error()));
  disk_ = std::move(*disk);

  const redis::RedisOptions redis_options = storeOptions();
  ports::StateStore& store = openStore();
  workers_ = std::make_unique<redis::RedisWorkerQuestions>(loop_, redis_options);
  worker_reports_ =
      std::make_unique<redis::RedisWorkerReports>(loop_, redis_options, reportLimits());
  reconciler_ = std::make_unique<loop::Reconciler>(
      configuration_.settings,
      loop::Ports{loop_, transport_, resolver_, workerQuestions(), store, *disk_, journals_},
      trueRandom());
  disk_->reportTo(*reconciler_);
  if (store_) store_->reportTo(*reconciler_);
  if (shadow_store_) shadow_store_->reportTo(*reconciler_);
  workers_->reportTo(*reconciler_);
  transport_.reportTo(*reconciler_);
  resolver_.reportTo(*reconciler_);

  for (const xfr::Endpoint& endpoint : configuration_.notify.listeners) {
    if (auto listening = transport_.listen(endpoint); !listening) {
      return tl::unexpected(std::move(listening.error()));
    }
  }
  service_ =
      std::make_unique<ControlService>(*reconciler_, loop_, worker_reports_->seen(), kVersion);
  service_->reloadBy([this](control::ControlHandler::Reply reply) { reload(std::move(reply)); });
  if (configuration_.is_shadow) {
    service_->beShadow();
    log_.beShadow();
    metrics_.observeShadow();
  } else {
    service_->tellHistory(*disk_);
  }
  service_->tellMoved([this] { return moved(); });
  return openControl().and_then([this] { return openHttp(); });
}

ports::StateStore& Daemon::openStore() {
  if (configuration_.is_shadow) {
    shadow_store_ = std::make_unique<redis::ShadowStore>(loop_, storeOptions());
    return *shadow_store_;
  }
  store_ = std::make_unique<redis::RedisStore>(loop_, storeOptions());
  return *store_;
}

ports::WorkerQuestions& Daemon::workerQuestions() {
  if (configuration_.is_shadow) return silent_questions_;
  return *workers_;
}

tl::expected<void, std::string> Daemon::openControl() {
  auto control = control::ControlServer::open(loop_, configuration_.control_socket, *service_,
                                              configuration_.control_sessions_max);
  if (!control) return tl::unexpected(std::move(control.error()));
  control_ = std::move(*control);
  watch_ = std::make_unique<WatchJournal>(
      loop_, kWatchedOctetsMax, [this] { return control_->hasWatchers(); },
      [this](const v1::WatchEvent& event) { control_->broadcast(event); });
  journals_.add(*watch_);
  return {};
}

tl::expected<void, std::string> Daemon::openHttp() {
  const config::HttpConfiguration& http = configuration_.http;
  if (!http.listener && http.socket.empty()) return {};
  auto server = http::HttpServer::open(loop_, httpOptions(http), *service_, metrics_.registry());
  if (!server) return tl::unexpected(std::move(server.error()));
  http_ = std::move(*server);
  http_watch_ = std::make_unique<WatchJournal>(
      loop_, kKeptOctetsMax, [] { return true; },
      [this](const v1::WatchEvent& event) { http_->publish(event); });
  journals_.add(*http_watch_);
  return {};
}

tl::expected<void, std::string> Daemon::restore() {
  auto publisher = disk_->loadPublisher();
  if (!publisher) return tl::unexpected(std::move(publisher.error()));
  publisher_ = publisher->value_or(ports::SavedPublisher{});
  const auto bindings = disk_->loadBindings();
  if (!bindings) return tl::unexpected(bindings.error());
  for (const ports::SavedBinding& binding : *bindings) reconciler_->restoreBinding(binding);
  const auto dids =
      disk_->forEachDid([this](ports::SavedDid did) { reconciler_->restore(std::move(did)); });
  if (!dids) return tl::unexpected(dids.error());
  const auto directives = disk_->loadDirectives();
  if (!directives) return tl::unexpected(directives.error());
  for (const auto& [domain, directive] : *directives) {
    reconciler_->restoreDirective(domain, directive);
  }
  const auto held_since = disk_->loadHold();
  if (!held_since) return tl::unexpected(held_since.error());
  if (*held_since) reconciler_->restoreHold(**held_since);
  std::size_t zones = 0;
  const std::size_t in_all = configuration_.settings.zones.size() + bindings->size();
  auto loaded = disk_->forEachZone([&](const ports::SavedZone& zone) {
    reconciler_->restore(zone);
    tellRestored(++zones, in_all);
  });
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  out_.info(logging::Line("state directory read")
                .add("directory", configuration_.state_directory.string())
                .add("zones", zones));
  return {};
}

// Before the loop turns, whose clock stands still until then.
void Daemon::tellRestored(std::size_t zones, std::size_t in_all) {
  const Instant now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  if (!restoring_.admits(zones, now)) return;
  out_.info(logging::Line("reading the state directory goes on")
                .add("zones", zones)
                .add("in_all", in_all));
  process::tellStarting(fmt::format("reading the state directory: {} of {} zones", zones, in_all),
                        2 * logging::Progress::kInterval);
}

void Daemon::run() {
  loop_.observeTurns([this](Duration cpu) {
    metrics_.observeTurn(cpu);
    afterTurn();
  });
  loop_.observeCallbacks([this](uv::Callback callback, Duration cpu) {
    metrics_.observeCallback(uv::toText(callback), cpu);
  });
  tellWarnings();
  reconciler_->start(publisher_);
  startDiscovery();
  if (!configuration_.is_shadow) worker_reports_->start();  // they read what another publishes
  process::tellReady();
  observe();
  tellAlive();
  out_.info(logging::Line(fmt::format("zonecastd {} is running", kVersion))
                .add("zones", configuration_.settings.zones.size())
                .add("customers", configuration_.settings.customers.size())
                .add("notify_listeners", configuration_.notify.listeners.size()));
  if (configuration_.is_shadow) {
    out_.warn(logging::Line(
        "publish: shadow: nothing is published; zonecast compare shows what would be"));
  }
  loop_.run();
  process::tellStopping();
  reconciler_->stop();
  out_.info(logging::Line("zonecastd stops: what is published stays published"));
}

std::optional<redis::EntriesMoved> Daemon::moved() const {
  return store_ ? store_->moved() : shadow_store_->moved();
}

redis::RedisOptions Daemon::storeOptions() const {
  return publisherOptions(configuration_.redis, configuration_.settings.publish_batch_max,
                          disk_->instanceId());
}

redis::WorkerReportLimits Daemon::reportLimits() const {
  return {.interval = configuration_.redis.workers_interval,
          .workers_max = configuration_.redis.workers_max};
}

// Once it listens to workers it goes on to; when discovery is off, the core refuses what they ask.
void Daemon::startDiscovery() {
  const bool wants = configuration_.settings.discovery.mode != discovery::Mode::off &&
                     configuration_.settings.discovered;
  if (wants && !std::exchange(discovers_, true)) workers_->start();
}

void Daemon::tellWarnings() {
  for (const std::string& warning : configuration_.warnings) out_.warn(logging::Line(warning));
}

// Whoever asks while one is under way, whose files may be from before, is answered by the next.
void Daemon::reload(control::ControlHandler::Reply reply) {
  asked_.push_back(std::move(reply));
  if (!reload_.isUnderWay()) beginReload();
}

void Daemon::beginReload() {
  process::tellReloading();
  answered_ = std::exchange(asked_, {});
  reload_.begin();
}

void Daemon::onReloadRead(Reload::Outcome outcome) {
  if (outcome.next) apply(outcome);
  tellReloaded(outcome.report);
  v1::ControlResponse response;
  *response.mutable_reload() = outcome.report;
  for (const control::ControlHandler::Reply& reply : std::exchange(answered_, {})) {
    if (reply) reply(response);
  }
  process::tellReady();
  if (!asked_.empty()) beginReload();
}

void Daemon::apply(Reload::Outcome& outcome) {
  outcome.next->settings = std::move(outcome.news.settings);
  std::swap(configuration_, *outcome.next);
  log_output_.setLevel(configuration_.log_level);
  reconciler_->onSettingsChanged(std::move(outcome.news));
  startDiscovery();
  const redis::RedisOptions redis_options = storeOptions();
  workers_->adopt(redis_options);
  if (!configuration_.is_shadow) worker_reports_->adopt(redis_options, reportLimits());
  if (store_) store_->adopt(redis_options);
  if (shadow_store_) shadow_store_->adopt(redis_options);
  outcome.report.set_applied(true);
  tellWarnings();
}

void Daemon::tellReloaded(const v1::ReloadReport& report) {
  const auto say = [this](auto level, std::string_view what, const auto& sentences) {
    for (const std::string& sentence : sentences) {
      out_.write(level, logging::Line(what).add("what", sentence));
    }
  };
  say(spdlog::level::err, "configuration cannot be read", report.errors());
  say(spdlog::level::err, "configuration refused: it takes a restart", report.at_restart());
  if (report.applied()) say(spdlog::level::info, "configuration changed", report.changed());
  if (report.applied()) {
    out_.info(logging::Line("configuration reloaded").add("changes", report.changed_size()));
  } else {
    out_.error(logging::Line(
        "configuration not reloaded: nothing is applied, and zonecastd goes on as before"));
  }
  metrics_.observeReload(report.applied()           ? "applied"
                         : report.errors_size() > 0 ? "invalid"
                                                    : "restart");
}

// Whatever the turn did, the core says when it wants the next one.
void Daemon::afterTurn() {
  if (reconciler_->hasWork()) work_.schedule();
  if (const auto deadline = reconciler_->nextDeadline()) {
    deadline_.startAt(*deadline);
  } else {
    deadline_.stop();
  }
}

void Daemon::observe() {
  const loop::Overview overview = reconciler_->overview();
  metrics_.observe(overview);
  metrics_.observeWorkers(tally(worker_reports_->seen(), overview.position, loop_.now().mono));
  service_->observe(overview);
  const auto moved = this->moved();
  metrics_.observeStore(moved ? moved->done : 0, moved ? moved->in_all : 0);
  const std::vector<LongWork> work = longWork(overview, moved);
  work_log_.observe(work, loop_.now().mono);
  tellStatus(overview, longWorkText(work));
  observation_.after(kObservationInterval);
}

void Daemon::tellAlive() {
  const auto interval = process::aliveInterval();
  if (!interval) return;
  process::tellAlive();
  alive_.after(*interval);
}

void Daemon::tellStatus(const loop::Overview& overview, const std::string& work) {
  std::string status =
      fmt::format("{} domains {}, {} of {} zones confirmed, {}", overview.domains_published,
                  configuration_.is_shadow ? "would be published (publish: shadow)" : "published",
                  overview.zones_confirmed, overview.zones,
                  overview.held_since             ? "held by the operator: nothing is published"
                  : !loop::isOpen(overview.store) ? "Redis is not open"
                  : configuration_.is_shadow      ? "Redis was read"
                                                  : "Redis is open");
  if (!work.empty()) status += "; " + work;
  if (status == status_) return;
  status_ = std::move(status);
  process::tellStatus(status_);
}

}  // namespace zonecast
