// The daemon: puts the core on its adapters and runs until it is told to stop. The one place that
// sees everything; it takes no decision.
//
// Destruction goes from the outside in: control and HTTP, then the core, then what it used.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/control/control_server.h"
#include "adapters/disk/lmdb_disk.h"
#include "adapters/getdns/getdns_resolver.h"
#include "adapters/http/http_server.h"
#include "adapters/journal/log.h"
#include "adapters/journal/metrics.h"
#include "adapters/logging/log_output.h"
#include "adapters/redis/redis_store.h"
#include "adapters/redis/shadow_store.h"
#include "adapters/redis/worker_questions.h"
#include "adapters/redis/worker_reports.h"
#include "adapters/uv/loop.h"
#include "adapters/uv/zone_transport.h"
#include "app/zonecastd/control_service.h"
#include "app/zonecastd/long_work.h"
#include "app/zonecastd/reload.h"
#include "config/configuration.h"
#include "reconciler/loop/reconciler.h"

namespace zonecast {

// One fact, told to several journals in order.
class Journals final : public ports::Journal {
 public:
  void add(ports::Journal& journal) { journals_.push_back(&journal); }
  void record(const ports::Fact& fact) override {
    for (ports::Journal* journal : journals_) journal->record(fact);
  }

 private:
  std::vector<ports::Journal*> journals_;
};

// Tells workers nothing: for a daemon that publishes nothing.
class SilentQuestions final : public ports::WorkerQuestions {
 public:
  void answerNotHosted(const derive::Domain&, Duration, std::string_view) override {}
};

class Daemon {
 public:
  // Opens everything that can be refused (state directory, sockets); the error is a sentence.
  // `file` is where the configuration is read anew. The log must outlive it.
  static tl::expected<std::unique_ptr<Daemon>, std::string> make(
      config::Configuration configuration, std::filesystem::path file, logging::LogOutput& log);
  ~Daemon();

  void run();  // until SIGINT or SIGTERM

 private:
  Daemon(config::Configuration configuration, std::filesystem::path file, logging::LogOutput& log);
  tl::expected<void, std::string> open();
  ports::StateStore& openStore();
  ports::WorkerQuestions& workerQuestions();
  tl::expected<void, std::string> openControl();
  tl::expected<void, std::string> openHttp();
  tl::expected<void, std::string> restore();
  void afterTurn();
  void observe();
  void tellAlive();
  void tellStatus(const loop::Overview& overview, const std::string& work);
  void tellRestored(std::size_t zones, std::size_t in_all);
  void startDiscovery();
  std::optional<redis::EntriesMoved> moved() const;
  redis::RedisOptions storeOptions() const;
  redis::WorkerReportLimits reportLimits() const;
  void reload(control::ControlHandler::Reply reply);
  void beginReload();
  void tellWarnings();
  void onReloadRead(Reload::Outcome outcome);
  void apply(Reload::Outcome& outcome);
  void tellReloaded(const v1::ReloadReport& report);

  config::Configuration configuration_;
  const logging::LogOutput& log_output_;
  const logging::Output out_;
  LongWorkLog work_log_;
  logging::Progress restoring_;
  uv::Loop loop_;
  Journals journals_;
  journal::Log log_;
  journal::Metrics metrics_;
  std::unique_ptr<disk::LmdbDisk> disk_;
  uv::UvZoneTransport transport_;
  getdns::GetdnsResolver resolver_;
  std::unique_ptr<redis::RedisStore> store_;  // one of the two
  std::unique_ptr<redis::ShadowStore> shadow_store_;
  SilentQuestions silent_questions_;
  std::unique_ptr<redis::RedisWorkerQuestions> workers_;
  std::unique_ptr<redis::RedisWorkerReports> worker_reports_;
  std::unique_ptr<loop::Reconciler> reconciler_;
  std::unique_ptr<ControlService> service_;
  std::unique_ptr<control::ControlServer> control_;
  std::unique_ptr<WatchJournal> watch_;
  std::unique_ptr<http::HttpServer> http_;
  std::unique_ptr<WatchJournal> http_watch_;
  ports::SavedPublisher publisher_;

  uv::Timer deadline_;
  uv::Timer observation_;
  uv::Timer alive_;
  uv::Soon work_;
  uv::Signal interrupt_, terminate_, reopen_, hang_up_;
  bool discovers_ = false;
  Reload reload_;
  // Who asked for a reload, and whom the one under way answers.
  std::vector<control::ControlHandler::Reply> asked_, answered_;
  std::string status_;  // as the service manager was told
};

}  // namespace zonecast
