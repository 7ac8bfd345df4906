// A RedisStore on a loop of its own, and a listener that remembers: for tests against a real
// server.
#pragma once

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/redis/redis_store.h"
#include "reconciler/plan/plan.h"

namespace zonecast::redis {

inline derive::Domain domainOf(std::string_view text) {
  return *derive::Domain::fromText(text);
}
inline identity::Did didOf(std::string_view text) {
  return *identity::Did::fromText(text);
}

// A domain with a virtual domain of its own.
inline void addDomain(const std::string& name, plan::Table& table, std::int64_t calls_max = 10) {
  plan::DomainEntry entry{.did = didOf(name), .state = {}, .transports = {}, .role = {}};
  entry.transports.insert(derive::Transport::udp);
  table.domains.insert_or_assign(domainOf(name), std::move(entry));
  identity::VirtualDomain virtual_domain{.canonical = domainOf(name),
                                         .customer = "acme",
                                         .domains = {domainOf(name)},
                                         .attributes = {}};
  virtual_domain.attributes["calls.max"] = {calls_max};
  virtual_domain.attributes["digest.qop"] = {std::string("auth"), std::string("auth-int")};
  virtual_domain.attributes["expires"] = {std::chrono::seconds(3600)};
  virtual_domain.attributes["peering"] = {true};
  table.virtual_domains.insert_or_assign(didOf(name), std::move(virtual_domain));
}

inline plan::Table tableOf(int domains) {
  plan::Table table;
  for (int i = 0; i < domains; ++i) addDomain("d" + std::to_string(i) + ".example", table);
  return table;
}

inline const plan::Lineage kLineage{"3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11"};

struct Remembered : ports::StateStoreListener {
  void onStoreOpened(ports::StoredState state, bool was_unchanged) override {
    opened = std::move(state);
    unchanged = was_unchanged;
    ++reports;
  }
  void onPublished(plan::Position position) override {
    published = std::move(position);
    ++reports;
  }
  void onStoreLost(std::string why) override {
    lost.push_back(std::move(why));
    ++reports;
  }
  void onStoreTrouble(std::string why) override { troubles.push_back(std::move(why)); }

  bool hasTrouble(std::string_view words) const {
    for (const std::string& trouble : troubles) {
      if (trouble.find(words) != std::string::npos) return true;
    }
    return false;
  }

  std::optional<ports::StoredState> opened;
  std::optional<plan::Position> published;
  std::vector<std::string> lost, troubles;
  bool unchanged = false;
  int reports = 0;
};

inline RedisOptions optionsFor(const std::string& socket, std::string instance = "one") {
  RedisOptions options;
  options.server = UnixSocket{socket};
  options.deployment = "t";
  options.instance_id = std::move(instance);
  options.backoff_min = std::chrono::milliseconds(5);
  options.backoff_max = std::chrono::milliseconds(40);
  options.renewal_interval_max = std::chrono::hours(1);  // what is noticed is what the test does
  return options;
}
inline RedisOptions attentive(RedisOptions options) {
  options.renewal_interval_max = std::chrono::milliseconds(20);
  return options;
}

// A loop that a test runs until something holds; far longer than anything takes that works.
class TestLoop {
 public:
  TestLoop() {
    std::signal(SIGPIPE, SIG_IGN);  // as a daemon does: libuv writes to sockets that have closed
  }

  template <typename Condition>
  [[nodiscard]] bool runUntil(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      heartbeat_.after(std::chrono::milliseconds(5));
      uv_run(loop_.raw(), UV_RUN_ONCE);
    }
    return true;
  }

 protected:
  uv::Loop loop_;

 private:
  uv::Timer heartbeat_{loop_, [] {}};
};

class Leader : public TestLoop {
 public:
  explicit Leader(const RedisOptions& options) : store_(loop_, options) { store_.reportTo(seen_); }

  Remembered& seen() { return seen_; }
  RedisStore& store() { return store_; }

  [[nodiscard]] bool runUntilReport() {
    return runUntil([this, before = seen_.reports] { return seen_.reports > before; });
  }
  [[nodiscard]] bool runUntilTrouble(std::string_view words) {
    return runUntil([&] { return seen_.hasTrouble(words); });
  }

  // What the store found; a test's failure when it does not open.
  ports::StoredState open(plan::Term term_known = {}, std::optional<plan::Position> known = {}) {
    seen_.opened.reset();
    store_.open(term_known, known);
    EXPECT_TRUE(runUntilReport());
    if (seen_.opened) position_ = seen_.opened->position;
    return seen_.opened.value_or(ports::StoredState());
  }

  void rebase(const plan::Table& table, std::uint64_t version) {
    seen_.published.reset();
    store_.rebase(position_, {kLineage, plan::Version{version}, {}}, table);
    EXPECT_TRUE(runUntilReport());
    remember(table);
  }
  // The next version; fails to advance when the store is lost.
  void publish(const plan::Table& desired) {
    seen_.published.reset();
    auto planned = plan::plan(table_, desired, [](const derive::Domain&) { return std::string(); });
    planned.changes.causes.push_back({"a test", std::nullopt});
    const auto version = static_cast<std::uint64_t>(position_->version) + 1;
    store_.publish({*position_, plan::Version{version},
                    std::make_shared<const plan::ChangeSet>(std::move(planned.changes))},
                   desired);
    EXPECT_TRUE(runUntilReport());
    remember(desired);
  }

  const std::optional<plan::Position>& position() const { return position_; }

 private:
  void remember(const plan::Table& table) {
    if (!seen_.published) return;
    position_ = seen_.published;
    table_ = table;
  }

  Remembered seen_;
  std::optional<plan::Position> position_;
  plan::Table table_;
  RedisStore store_;
};

}  // namespace zonecast::redis
