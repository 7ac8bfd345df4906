// A worker's look-ups beside those in plain tables of one process, and what a writer's updates
// cost.
//
// Prints one JSON object. All tables hold the same domains, each with a DID of its own and ten
// attributes, and are asked for the same names, in the same random order; a writer makes 100
// changes a second meanwhile (to the peers none: they have no way to take them). CPU is that of the
// asking threads. Each question waits for the answer to the one before, as a worker's requests do:
// otherwise a processor would work on several at once, and the shortest code would win, not the
// fewest cache misses.
//
// What a miss costs changes from second to second with what else the machine does. So the tables
// take turns, in many short rounds, and what counts is the median.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <time.h>

#include "absl/container/flat_hash_map.h"
#include "adapters/table/writer.h"
#include "adapters/worker/zonecast.h"

namespace zonecast {
namespace {

using Clock = std::chrono::steady_clock;

struct Entry {
  std::string did;
  std::uint8_t state = 1, role = 1, transports = 2;
};

double threadCpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string nameOf(std::size_t i) {
  return "customer-" + std::to_string(1'000'000 + i) + ".example";
}

class Domains {
 public:
  explicit Domains(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) names_.push_back(nameOf(i));
    asked_ = names_;
    std::mt19937_64 random(1);
    std::ranges::shuffle(asked_, random);
  }
  const std::vector<std::string>& names() const { return names_; }
  // Each in memory of its own, as a request's text is, and asked in this order.
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  std::vector<std::string> names_, asked_;
};

void put(table::Writer& writer, const std::string& name, std::int64_t number) {
  static constexpr std::string_view kNames[] = {"digest.algorithm", "digest.qop",  "digest.realm",
                                                "expires.max",      "foreign",     "mode",
                                                "peering",          "record-route"};
  std::vector<table::Attribute> attributes;
  for (const std::string_view attribute : kNames)
    attributes.push_back({attribute, std::string_view("a value")});
  attributes.push_back({"registrations.max", number});
  attributes.push_back({"timeout", table::Seconds{300}});
  const std::vector<std::string_view> domains{name};
  const auto ok = writer.putVirtualDomain({name, "acme", name, domains, attributes, 1});
  const auto also =
      writer.putDomain({name, name, table::State::hosted, 2, table::Role::primary, 1});
  if (!ok || !also) {
    std::fprintf(stderr, "cannot write: %s\n", (ok ? also.error() : ok.error()).c_str());
    std::exit(1);
  }
}

// All DIDs begin with a c. No processor guesses a difference.
std::size_t oneIfFound(char first) {
  return static_cast<std::size_t>(first - 'b');
}

constexpr int kRounds = 15;
constexpr std::size_t kParts = 4;  // of all domains; a round asks for one of them

// Asks for `count` domains, and returns the seconds of CPU that it took. What asks says 1 for what
// it found.
template <typename Ask>
double askAll(const Domains& domains, std::size_t from, std::size_t count, const Ask& ask) {
  const auto& asked = domains.asked();
  const double began = threadCpu();
  std::size_t found = 0;
  std::size_t next = from % asked.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t is_found = ask(asked[next]);
    found += is_found;
    next += is_found;
    if (next >= asked.size()) next = 0;
  }
  const double cpu = threadCpu() - began;
  if (found != count) {
    std::fprintf(stderr, "only %zu of %zu were found\n", found, count);
    std::exit(1);
  }
  return cpu;
}

// Nanoseconds of CPU per look-up of one round, over so many threads. `open` makes what one of them
// asks.
template <typename Open>
double nanoseconds(const Domains& domains, int threads, int round, const Open& open) {
  const std::size_t all = domains.asked().size(), count = std::max<std::size_t>(all / kParts, 1);
  std::atomic<double> cpu = 0;
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      const std::size_t from =
          count * static_cast<std::size_t>(round) +
          all / static_cast<std::size_t>(threads) * static_cast<std::size_t>(t);
      cpu.fetch_add(askAll(domains, from, count, open()));
    });
  }
  for (std::thread& thread : running) thread.join();
  return cpu * 1e9 / static_cast<double>(count) / threads;
}

// Makes 100 changes a second until it goes; notes how long each took.
class Changes {
 public:
  Changes(table::Writer& writer, const Domains& domains)
      : thread_([this, &writer, &domains] {
          std::mt19937_64 random(2);
          for (std::uint64_t version = 2; !stopping_; ++version) {
            const std::string& name = domains.names()[random() % domains.names().size()];
            const auto began = Clock::now();
            const std::uint64_t generation = writer.generation();
            put(writer, name, static_cast<std::int64_t>(version));
            if (!writer.commit({"lineage", 1, version, 0, std::string(32, 'c')})) std::exit(1);
            const double took = std::chrono::duration<double>(Clock::now() - began).count();
            (generation == writer.generation() ? seconds_ : compactions_).push_back(took);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
          }
        }) {}
  void stop() {
    stopping_ = true;
    thread_.join();
    std::ranges::sort(seconds_);
  }
  double quantile(double q) const {
    return seconds_[static_cast<std::size_t>(static_cast<double>(seconds_.size() - 1) * q)];
  }
  std::size_t count() const { return seconds_.size(); }

 private:
  std::atomic<bool> stopping_ = false;
  std::vector<double> seconds_, compactions_;
  std::thread thread_;
};

// Fills the table until it has to move on, and returns how long that took.
double compaction(table::Writer& writer, const Domains& domains) {
  const std::uint64_t generation = writer.generation();
  for (std::uint64_t version = 1'000'000;; ++version) {
    const auto began = Clock::now();
    for (std::size_t i = 0; i < 1000; ++i)
      put(writer, domains.names()[(version * 1000 + i) % domains.names().size()], 1);
    if (!writer.commit({"lineage", 1, version, 0, std::string(32, 'c')})) std::exit(1);
    if (writer.generation() != generation)
      return std::chrono::duration<double>(Clock::now() - began).count();
  }
}

struct PlainTables {
  explicit PlainTables(const Domains& domains) {
    flat.reserve(domains.names().size());
    locked.reserve(domains.names().size());
    for (const std::string& name : domains.names()) {
      flat[name] = {name};
      locked[name] = {name};
    }
  }
  absl::flat_hash_map<std::string, Entry> flat;
  std::unordered_map<std::string, Entry> locked;
  mutable std::shared_mutex mutex;
};

std::shared_ptr<zonecast_table> mustOpen(const std::string& path) {
  char why[200] = "";
  std::shared_ptr<zonecast_table> table(zonecast_open(path.c_str(), nullptr, why, sizeof(why)),
                                        zonecast_close);
  if (!table) {
    std::fprintf(stderr, "%s\n", why);
    std::exit(1);
  }
  return table;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Whichever went first in one round goes last in the next.
void compareLookUps(const Domains& domains, const std::string& path, const PlainTables& plain,
                    int threads) {
  const auto ours = [&] {
    return [table = mustOpen(path)](const std::string& name) {
      zonecast_refresh(table.get());
      zonecast_domain domain;
      const bool is_hosted =
          zonecast_lookup(table.get(), name.data(), name.size(), &domain) == ZONECAST_HOSTED;
      return is_hosted ? oneIfFound(domain.did.octets[0]) : 0;
    };
  };
  const auto flat = [&] {
    return [&](const std::string& name) {
      const auto found = plain.flat.find(name);
      return found != plain.flat.end() ? oneIfFound(found->second.did[0]) : 0;
    };
  };
  const auto locked = [&] {
    return [&](const std::string& name) {
      const std::shared_lock lock(plain.mutex);
      const auto found = plain.locked.find(name);
      return found != plain.locked.end() ? oneIfFound(found->second.did[0]) : 0;
    };
  };
  std::vector<double> ours_ns, flat_ns, locked_ns, ratios;
  const auto ask_ours = [&](int round) {
    ours_ns.push_back(nanoseconds(domains, threads, round, ours));
  };
  const auto ask_flat = [&](int round) {
    flat_ns.push_back(nanoseconds(domains, threads, round, flat));
  };
  for (int round = 0; round < kRounds; ++round) {
    if (round % 2 == 0) ask_ours(round);
    ask_flat(round);
    if (round % 2 != 0) ask_ours(round);
    locked_ns.push_back(nanoseconds(domains, threads, round, locked));
    ratios.push_back(ours_ns.back() / flat_ns.back());
  }
  std::ranges::sort(ratios);
  std::printf(", \"table_ns_%d\": %.1f, \"flat_ns_%d\": %.1f, \"locked_ns_%d\": %.1f", threads,
              median(ours_ns), threads, median(flat_ns), threads, median(locked_ns));
  std::printf(", \"ratios_%d\": [%.3f, %.3f, %.3f]", threads, ratios[kRounds / 4],
              ratios[kRounds / 2], ratios[kRounds * 3 / 4]);
  std::fflush(stdout);
}

int run(std::size_t count, const std::string& path) {
  const Domains domains(count);
  table::WriterOptions options;
  options.path = path;
  auto opened = table::Writer::open(options);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().c_str());
    return 1;
  }
  table::Writer& writer = **opened;
  const auto began = Clock::now();
  if (!writer.beginAnew(2 * count)) return 1;
  for (const std::string& name : domains.names()) put(writer, name, 1);
  if (!writer.commit({"lineage", 1, 1, 0, std::string(32, 'c')})) return 1;
  const double filling = std::chrono::duration<double>(Clock::now() - began).count();
  std::printf("{\"domains\": %zu, \"fill_seconds\": %.3f", count, filling);
  std::printf(
      ", \"octets_per_domain\": %.1f, \"octets_used_per_domain\": %.1f",
      static_cast<double>(writer.octets()) / static_cast<double>(count),
      static_cast<double>(writer.octets() - writer.octetsFree()) / static_cast<double>(count));

  const PlainTables plain(domains);
  Changes changes(writer, domains);
  for (const int threads : {1, 2}) compareLookUps(domains, path, plain, threads);
  changes.stop();
  std::printf(", \"update_p50\": %.6f, \"update_p99\": %.6f, \"updates\": %zu",
              changes.quantile(0.5), changes.quantile(0.99), changes.count());
  std::printf(", \"compaction_seconds\": %.3f", compaction(writer, domains));
  std::printf("}\n");
  return 0;
}

}  // namespace
}  // namespace zonecast

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s DOMAINS TABLE\n", argv[0]);
    return 2;
  }
  return zonecast::run(std::strtoull(argv[1], nullptr, 10), argv[2]);
}
