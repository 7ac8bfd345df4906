#include "app/zonecast/export_once.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapters/kamailio/domain_tables.h"
#include "adapters/kamailio/table_text.h"
#include "adapters/logging/printable.h"
#include "adapters/logging/terminal_line.h"
#include "adapters/mirror/follower.h"
#include "adapters/mirror/listener.h"
#include "adapters/mirror/replica.h"
#include "adapters/uv/every_second.h"
#include "adapters/uv/loop.h"
#include "app/zonecast/session.h"

namespace zonecast {
namespace {

constexpr int kLoadsMax = 3;

int fail(int exit_code, std::string_view why) {
  std::cerr << "zonecast: " << logging::printable(why) << '\n';
  return exit_code;
}

// Waits for a version that is the newest. At the timeout, a load may go on: how long it takes is
// the size's affair. But one that has failed so often leads to nothing.
class Awaited final : public mirror::Listener {
 public:
  Awaited(uv::Loop& loop, std::chrono::milliseconds timeout)
      : loop_(loop), timeout_(timeout), timer_(loop, [this] { onTimeout(); }) {
    timer_.after(timeout_);
  }

  bool isThere() const { return is_there_; }
  const std::string& trouble() const { return trouble_; }
  const std::string& refusal() const { return refusal_; }

  void onLoading(const std::string&) override {
    is_loading_ = true;
    ++loads_;
  }
  void onLoaded(const mirror::Serving&) override { is_loading_ = false; }
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
    if (is_loading_ && loads_ <= kLoadsMax) return timer_.after(timeout_);
    loop_.stop();
  }

  uv::Loop& loop_;
  const std::chrono::milliseconds timeout_;
  bool is_there_ = false;
  bool is_loading_ = false;
  int loads_ = 0;
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

}  // namespace

int exportOnce(const ExportOptions& options, redis::RedisOptions redis, int timeout_ms) {
  auto tables = kamailio::DomainTables::open({});
  if (!tables) return fail(kExitUnreachable, tables.error());
  (*tables)->whenLeftOut([](const std::string& what) { fail(0, "left out: " + what); });
  uv::Loop loop;
  Awaited awaited(loop, std::chrono::milliseconds(timeout_ms));
  mirror::Replica replica(**tables);
  mirror::Follower follower(loop, std::move(redis), replica, awaited);
  logging::TerminalLine line;
  const uv::EverySecond progress(loop, [&] {
    if (const auto& loading = follower.loading())
      line.show("reading Redis", loading->entries, loading->entries_in_all);
  });
  follower.start();
  loop.run();
  line.clear();
  if (!awaited.isThere()) return fail(kExitUnreachable, "nothing to export: " + awaited.trouble());
  if (!awaited.refusal().empty()) fail(0, awaited.refusal());
  return print(**tables, options);
}

}  // namespace zonecast
