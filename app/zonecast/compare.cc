#include "app/zonecast/compare.h"

#include <chrono>
#include <iostream>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "adapters/logging/printable.h"
#include "adapters/logging/terminal_line.h"
#include "app/zonecast/comparison.h"
#include "app/zonecast/domain_table.h"
#include "schema/json.h"

namespace zonecast {
namespace {

constexpr int kExitDifferent = 1;
constexpr int kReadingsMax = 3;       // of what is published while it changes
constexpr std::uint32_t kPage = 200;  // domains with their attributes: some milliseconds' work

constexpr const char* kFooter =
    R"(zonecast compare shows what is only here, only there, and different: here is what zonecastd
has published, or what it would have when its configuration says `publish: shadow`; there is
what Redis holds, or a table that Kamailio's module `domain` reads. Nothing is changed.

With Redis, DIDs, states, transports, roles and virtual domains are compared. Until when a
retiring domain is served does not count: each zonecastd counts from when it saw it go.

A table says less: of a domain its DID, which is its own name where the table has none. From
SQLite, attributes are compared too when there is a table domain_attrs. Retiring domains are
served, and count as there.

TABLES
  sqlite:FILE  a database with the tables `domain` and, maybe, `domain_attrs`
  FILE         CSV, as `psql --csv` and `zonecast export --format csv` print it, or what
               `mysql -B` prints; its first line names the columns, and one is `domain`

EXIT STATUS
  0  both are the same
  1  they differ
  2  the command line is wrong, or it cannot be told: Redis or the table cannot be read
  3  zonecastd cannot be reached, or did not answer in time

EXAMPLES
  zonecast compare --redis unix:/run/redis/redis-server.sock
  zonecast compare --domain-table sqlite:/var/lib/kamailio/kamailio.db
  mysql -B -e 'SELECT domain, did FROM domain' kamailio >domains.txt
  zonecast compare --domain-table domains.txt --json | jq '.only_there[].domain')";

int refuse(const std::string& why) {
  std::cerr << "zonecast: " << logging::printable(why) << '\n';
  return kExitUsage;
}

struct Here {
  Holding holding;
  std::uint64_t version = 0;
  bool has_changed = false;  // while it was read
};

void add(v1::DomainList& page, Holding& holding) {
  for (v1::DomainEntry& entry : *page.mutable_domains()) {
    std::string name = entry.domain();
    holding.domains.insert_or_assign(std::move(name), std::move(entry));
  }
  for (v1::VirtualDomain& virtual_domain : *page.mutable_virtual_domains()) {
    std::string did = virtual_domain.did();
    holding.virtual_domains.insert_or_assign(std::move(did), std::move(virtual_domain));
  }
}

// All pages; nothing when there is no answer.
std::optional<Here> readOnce(Session& session, bool with_attributes) {
  Here here;
  std::string after;
  for (bool is_first = true;; is_first = false) {
    v1::ControlRequest request;
    request.mutable_domain_list()->set_after(after);
    request.mutable_domain_list()->set_attributes(with_attributes);
    if (with_attributes) request.mutable_domain_list()->set_limit(kPage);
    auto response = session.ask(request);
    if (!response) return std::nullopt;
    v1::DomainList& page = *response->mutable_domain_list();
    if (is_first) here.version = page.version();
    here.has_changed |= page.version() != here.version;
    const bool is_last = !page.more() || page.domains().empty();
    if (!is_last) after = page.domains().rbegin()->domain();
    add(page, here.holding);
    if (is_last) return here;
  }
}

std::optional<Here> readHere(Session& session, bool with_attributes) {
  for (int readings = 1;; ++readings) {
    auto here = readOnce(session, with_attributes);
    if (!here || !here->has_changed || readings == kReadingsMax) return here;
  }
}

// Why what is here may be otherwise in a moment, or has been decided by somebody.
void addNotes(const v1::Status& status, v1::Comparison& to) {
  const bool is_at_work = status.store() != "idle" || status.zones_in_work() > 0 ||
                          status.zones_confirmed() < status.zones();
  if (is_at_work) {
    to.add_notes(fmt::format("zonecastd is at work: {} of {} zones are confirmed, the store is {}",
                             status.zones_confirmed(), status.zones(), status.store()));
  }
  if (status.held_since() != 0) to.add_notes("the operator holds everything: zonecast release");
  if (status.domains_braked() > 0) {
    to.add_notes(fmt::format("the brake holds {} domains as they are: zonecast plan",
                             status.domains_braked()));
  }
  if (status.domains_directed() > 0) {
    to.add_notes(fmt::format("the operator pinned or blocked {} domains: zonecast pins",
                             status.domains_directed()));
  }
}

void addRetiring(const Holding& here, v1::Comparison& to) {
  for (const auto& [domain, entry] : here.domains)
    if (entry.state() == v1::STATE_RETIRING) to.set_retiring(to.retiring() + 1);
}

// What is wrong; empty: nothing.
std::string compareWithRedis(const RedisPlace& place, int timeout_ms, const Holding& here,
                             v1::Comparison& to) {
  const auto options = redisOptions(place);
  if (!options) return options.error();
  logging::TerminalLine line;
  const auto stored = readPublished(*options, timeout_ms, line);
  line.clear();
  if (!stored) return "Redis: " + stored.error();
  to.set_there(stored->position ? fmt::format("Redis, version {}",
                                              static_cast<std::uint64_t>(stored->position->version))
                                : "Redis, where nothing is published");
  compare(here, holdingOf(stored->table), to);
  return {};
}

std::string compareWithTable(const std::string& where, int timeout_ms, const Holding& here,
                             v1::Comparison& to) {
  const auto table = readDomainTable(where, std::chrono::milliseconds(timeout_ms));
  if (!table) return table.error();
  to.set_there(where + (table->has_attributes ? ", with attributes" : ""));
  compare(asDomainTable(here, table->has_attributes), table->holding, to);
  return {};
}

}  // namespace

void describeCompare(CLI::App& verb, CompareOptions& options) {
  verb.footer(kFooter);
  describeRedis(verb, options.redis);
  CLI::Option* table =
      verb.add_option("--domain-table", options.domain_table,
                      "compare with this table of Kamailio's in place of Redis: sqlite:FILE, or a "
                      "file of text");
  for (const char* option : {"--redis", "--user", "--password-file", "--deployment"})
    table->excludes(verb.get_option(option));
}

int compareHeld(Session& session, const CompareOptions& options, int timeout_ms, bool json) {
  v1::ControlRequest question;
  question.mutable_status();
  const auto told = session.ask(question);
  if (!told) return session.exitCode();
  const bool may_have_attributes =
      options.domain_table.empty() || options.domain_table.starts_with(kSqliteFile);
  const auto here = readHere(session, may_have_attributes);
  if (!here) return session.exitCode();
  v1::Comparison comparison;
  comparison.set_shadow(told->status().shadow());
  comparison.set_version(here->version);
  const std::string wrong =
      options.domain_table.empty()
          ? compareWithRedis(options.redis, timeout_ms, here->holding, comparison)
          : compareWithTable(options.domain_table, timeout_ms, here->holding, comparison);
  if (!wrong.empty()) return refuse(wrong);
  addRetiring(here->holding, comparison);
  addNotes(told->status(), comparison);
  if (here->has_changed) comparison.add_notes("zonecastd published while it was read");
  std::cout << (json ? toJson(comparison) + "\n" : comparisonText(comparison));
  return hasDifferences(comparison) ? kExitDifferent : kExitDone;
}

}  // namespace zonecast
