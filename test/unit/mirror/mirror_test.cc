// A mirror in a thread of its own, beside a real Redis and a publisher in this process, and a
// worker who looks on.
#include "adapters/mirror/mirror.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "adapters/table/reader.h"
#include "test/support/redis_server.h"
#include "test/unit/adapters/redis_harness.h"
#include "test/unit/table/folder.h"

namespace zonecast::mirror {
namespace {

class Counting final : public Listener {
 public:
  void onLoading(const std::string&) override {}
  void onLoaded(const Serving&) override { ++loads; }
  void onVersion(const Serving&) override { ++versions; }
  void onCurrent(const Serving&) override {}
  void onTrouble(const std::string&) override {}
  void onRelayTrouble(const std::string&) override {}

  std::atomic<int> loads = 0, versions = 0;
};

class MirrorThread {
 public:
  MirrorThread(const std::string& redis, const std::string& table)
      : thread_([this, redis, table] { run(redis, table); }) {
    while (!is_running_) std::this_thread::yield();
  }
  ~MirrorThread() {
    stop_->wake();
    thread_.join();
  }

  const Counting& seen() const { return seen_; }

 private:
  void run(const std::string& redis, const std::string& table) {
    uv::Loop loop;
    MirrorOptions options;
    options.redis = options.primary = redis::optionsFor(redis);
    options.table.path = table;
    options.worker_id = "w";
    auto mirror = Mirror::open(loop, std::move(options), seen_);
    ASSERT_TRUE(mirror) << mirror.error();
    uv::Wakeup stop(loop, [&loop] { loop.stop(); });
    stop_ = &stop;
    (*mirror)->start();
    is_running_ = true;
    loop.run();
  }

  Counting seen_;
  std::atomic<bool> is_running_ = false;
  uv::Wakeup* stop_ = nullptr;
  std::thread thread_;
};

template <typename Condition>
bool waitFor(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

class Worker {
 public:
  explicit Worker(const std::string& table) : reader_(*table::Reader::open({.path = table})) {}

  std::uint64_t version() {
    EXPECT_TRUE(reader_.refresh());
    return reader_.isFilled() ? reader_.commitRecord()->version : 0;
  }
  bool has(const std::string& name) {
    const table::Node* node = reader_.view().find(name);
    const table::DomainRecord* record = node ? reader_.view().domainOf(*node) : nullptr;
    return record && record->kind == table::DomainKind::hosted;
  }

 private:
  table::Reader reader_;
};

TEST(Mirror, FollowsInAThreadWhatIsPublished) {
  test::RedisServer server;
  table::Folder folder;
  const std::string table = folder.file("table");
  redis::Leader leader(redis::optionsFor(server.socket()));
  leader.open();
  leader.rebase(redis::tableOf(300), 1);
  MirrorThread mirror(server.socket(), table);
  ASSERT_TRUE(waitFor([&] { return std::filesystem::exists(table); }));
  Worker worker(table);
  ASSERT_TRUE(waitFor([&] { return worker.version() == 1; }));

  plan::Table state = redis::tableOf(300);
  for (int i = 0; i < 100; ++i) {
    redis::addDomain("new" + std::to_string(i) + ".example", state, i);
    redis::addDomain("d" + std::to_string(i) + ".example", state, 1000 + i);
    leader.publish(state);
  }
  ASSERT_TRUE(waitFor([&] { return worker.version() == 101; })) << worker.version();
  EXPECT_TRUE(worker.has("new99.example"));
  EXPECT_TRUE(worker.has("d299.example"));
  EXPECT_EQ(mirror.seen().loads, 1);
  EXPECT_EQ(mirror.seen().versions, 100);

  leader.rebase(redis::tableOf(50), 102);
  ASSERT_TRUE(waitFor([&] { return worker.version() == 102; }));
  EXPECT_FALSE(worker.has("new99.example"));
  EXPECT_EQ(mirror.seen().loads, 2);
}

TEST(Mirror, ASecondOneForATableIsRefused) {
  table::Folder folder;
  uv::Loop loop;
  Counting seen;
  MirrorOptions options;
  options.redis = options.primary = redis::optionsFor("nowhere");
  options.table.path = folder.file("table");
  const auto first = Mirror::open(loop, options, seen);
  ASSERT_TRUE(first) << first.error();
  const auto second = Mirror::open(loop, options, seen);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("another mirror writes this table"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(options.table.path + ".wanted"))
      << "and it leaves the first one's socket alone";
}

}  // namespace
}  // namespace zonecast::mirror
