#include "adapters/kamailio/domain_tables.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "adapters/kamailio/attribute_row.h"
#include "adapters/kamailio/layout.h"

namespace zonecast::kamailio {
namespace {

constexpr const char* kLogSettings =
    "PRAGMA journal_mode = WAL;"
    // After a power cut a few of the last versions may be missing; Redis has them.
    "PRAGMA synchronous = NORMAL;"
    // What a load made of the log is given back.
    "PRAGMA journal_size_limit = 16777216;";

constexpr const char* kEmpty =
    "DELETE FROM domain; DELETE FROM domain_attrs; DELETE FROM uid_domain;"
    "DELETE FROM uid_domain_attrs; DELETE FROM zonecast_domain; DELETE FROM "
    "zonecast_virtual_domain";

constexpr mode_t kLockMode = 0600;

std::int64_t toCell(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}
std::uint64_t fromCell(std::int64_t cell) {
  return static_cast<std::uint64_t>(cell);
}

// As it stands in a URI (RFC 3261 section 25.1, IPv6reference): Kamailio looks just that up.
std::string inUri(std::string_view domain) {
  const bool is_ipv6 = domain.find(':') != std::string_view::npos;
  return is_ipv6 ? fmt::format("[{}]", domain) : std::string(domain);
}

// Held by its descriptor, so that it goes with the process.
Expected<int> lockBeside(const std::string& path) {
  const std::string file = path + ".lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kLockMode);
  if (fd < 0) return tl::unexpected(fmt::format("file {}: {}", file, std::strerror(errno)));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  const bool is_held = errno == EWOULDBLOCK;
  std::string why = is_held ? fmt::format("database {}: another export writes it", path)
                            : fmt::format("file {}: {}", file, std::strerror(errno));
  ::close(fd);
  return tl::unexpected(std::move(why));
}

}  // namespace

Expected<std::unique_ptr<DomainTables>> DomainTables::open(DomainTablesOptions options) {
  const bool is_kept = !options.path.empty();
  const auto lock = is_kept ? lockBeside(options.path) : Expected<int>(-1);
  if (!lock) return tl::unexpected(lock.error());
  std::unique_ptr<DomainTables> tables(new DomainTables(*lock));
  auto database = Database::open(options.path, options.patience);
  if (!database) return tl::unexpected(database.error());
  tables->database_ = std::move(*database);
  Outcome done = is_kept ? tables->database_->run(kLogSettings) : Outcome();
  if (done) done = tables->prepareTables();
  if (done) done = tables->prepareStatements();
  if (!done) return tl::unexpected(done.error());
  return tables;
}

DomainTables::~DomainTables() {
  statements_.reset();
  database_.reset();
  if (lock_ >= 0) ::close(lock_);
}

// -- what is there when it begins ----------------------------------------------------------------

DomainTables::Outcome DomainTables::prepareTables() {
  Outcome done = begin();
  if (done) done = database_->run(kLayout);
  if (done) done = readPosition();
  if (done && position_.lineage.empty()) done = refuseForeignRows();
  if (done) done = database_->run("COMMIT");
  if (!done) abandon();
  return done;
}

DomainTables::Outcome DomainTables::readPosition() {
  auto position = database_->prepare(
      "SELECT lineage, term, version, content, chain, domains, virtual_domains, layout"
      " FROM zonecast_position");
  if (!position) return tl::unexpected(position.error());
  const auto found = position->begin({});
  if (!found) return tl::unexpected(found.error());
  if (!*found) return {};
  if (position->integer(7) != kLayoutVersion) {
    return tl::unexpected(
        fmt::format("the database has layout {}, and this version of zonecast writes {}: export to "
                    "another file",
                    position->integer(7), kLayoutVersion));
  }
  position_ = {.lineage = std::string(position->text(0)),
               .term = fromCell(position->integer(1)),
               .version = fromCell(position->integer(2)),
               .content = fromCell(position->integer(3)),
               .chain = std::string(position->text(4))};
  counts_.domains = fromCell(position->integer(5));
  counts_.virtual_domains = fromCell(position->integer(6));
  committed_counts_ = counts_;
  return {};
}

// They would go with the first version that is exported.
DomainTables::Outcome DomainTables::refuseForeignRows() const {
  for (const char* table : {"domain", "domain_attrs", "uid_domain", "uid_domain_attrs"}) {
    const std::string query = fmt::format("SELECT count(*) FROM {}", table);
    auto statement = database_->prepare(query.c_str());
    if (!statement) return tl::unexpected(statement.error());
    const auto count = statement->number({});
    if (!count) return tl::unexpected(count.error());
    if (count->value_or(0) == 0) continue;
    return tl::unexpected(
        fmt::format("table {} has {} rows that zonecast did not write, and would delete: empty it, "
                    "or export to "
                    "another file",
                    table, **count));
  }
  return {};
}

DomainTables::Outcome DomainTables::prepareStatements() {
  std::string trouble;
  const auto prepare = [&](const char* text) {
    auto statement = database_->prepare(text);
    if (!statement) trouble = statement.error();
    return statement ? std::move(*statement) : Statement();
  };
  statements_.reset(new Statements{
      .domain_sum = prepare("SELECT sum FROM zonecast_domain WHERE domain = ?1"),
      .keep_domain = prepare("REPLACE INTO zonecast_domain (domain, sum) VALUES (?1, ?2)"),
      .put_domain = prepare(
          "INSERT INTO domain (domain, did, last_modified) VALUES (?1, ?2, CURRENT_TIMESTAMP)"
          " ON CONFLICT (domain) DO UPDATE SET did = ?2, last_modified = CURRENT_TIMESTAMP"
          " WHERE did IS NOT ?2"),
      .put_uid_domain = prepare(
          "INSERT INTO uid_domain (domain, did, flags) VALUES (?1, ?2, ?3 | ifnull((SELECT ?4 FROM"
          " zonecast_virtual_domain WHERE did = ?2 AND canonical = ?1), 0))"
          " ON CONFLICT (domain) DO UPDATE SET did = excluded.did, flags = excluded.flags"),
      .forget_domain = prepare("DELETE FROM zonecast_domain WHERE domain = ?1"),
      .delete_domain = prepare("DELETE FROM domain WHERE domain = ?1"),
      .delete_uid_domain = prepare("DELETE FROM uid_domain WHERE domain = ?1"),
      .did_sum = prepare("SELECT sum FROM zonecast_virtual_domain WHERE did = ?1"),
      .keep_did =
          prepare("REPLACE INTO zonecast_virtual_domain (did, canonical, sum) VALUES (?1, ?2, ?3)"),
      .mark_canonical =
          prepare("UPDATE uid_domain SET flags = (flags & ~?3) | iif(domain = ?2, ?3, 0)"
                  " WHERE did = ?1 AND (flags & ?3 <> 0) <> (domain = ?2)"),
      .forget_did = prepare("DELETE FROM zonecast_virtual_domain WHERE did = ?1"),
      .delete_attributes = prepare("DELETE FROM domain_attrs WHERE did = ?1"),
      .delete_uid_attributes = prepare("DELETE FROM uid_domain_attrs WHERE did = ?1"),
      .put_attribute = prepare("INSERT INTO domain_attrs (did, name, type, value, last_modified)"
                               " VALUES (?1, ?2, ?3, ?4, CURRENT_TIMESTAMP)"),
      .put_uid_attribute =
          prepare("INSERT OR IGNORE INTO uid_domain_attrs (did, name, type, value, flags)"
                  " VALUES (?1, ?2, ?3, ?4, ?5)"),
      .keep_position =
          prepare("REPLACE INTO zonecast_position (only_row, layout, lineage, term, version,"
                  " content, chain, domains, virtual_domains)"
                  " VALUES (1, ?1, ?2, ?3, ?4, ?5, CAST(?6 AS BLOB), ?7, ?8)")});
  if (!trouble.empty()) return tl::unexpected(trouble);
  return {};
}

// -- changes -------------------------------------------------------------------------------------

DomainTables::Outcome DomainTables::begin() {
  if (database_->isWithinTransaction()) return {};
  return database_->run("BEGIN IMMEDIATE");
}

DomainTables::Outcome DomainTables::beginAnew(std::size_t) {
  abandon();
  Outcome done = begin();
  if (done) done = database_->run(kEmpty);
  if (done) counts_ = {};
  return done;
}

DomainTables::Replaced DomainTables::sumOf(Statement& statement, std::string_view key) {
  if (auto begun = begin(); !begun) return tl::unexpected(begun.error());
  const auto sum = statement.number({key});
  if (!sum) return tl::unexpected(sum.error());
  if (!*sum) return std::nullopt;
  return fromCell(**sum);
}

DomainTables::Replaced DomainTables::putDomain(const table::DomainRow& row) {
  Statements& to = *statements_;
  Replaced replaced = sumOf(to.domain_sum, row.name);
  if (!replaced) return replaced;
  const int flags = kFlagLoad | (row.state == table::State::retiring ? kFlagDisabled : 0);
  const std::string host = inUri(row.name);
  Outcome done = to.keep_domain.run({row.name, toCell(row.sum)});
  if (done) done = to.put_domain.run({host, row.did});
  if (done) done = to.put_uid_domain.run({host, row.did, flags, kFlagCanonical});
  if (!done) return tl::unexpected(done.error());
  if (!*replaced) ++counts_.domains;
  return replaced;
}

DomainTables::Replaced DomainTables::removeDomain(std::string_view name) {
  Statements& to = *statements_;
  Replaced removed = sumOf(to.domain_sum, name);
  if (!removed || !*removed) return removed;
  const std::string host = inUri(name);
  Outcome done = to.forget_domain.run({name});
  if (done) done = to.delete_domain.run({host});
  if (done) done = to.delete_uid_domain.run({host});
  if (!done) return tl::unexpected(done.error());
  --counts_.domains;
  return removed;
}

DomainTables::Replaced DomainTables::putVirtualDomain(const table::VirtualDomainRow& row) {
  Statements& to = *statements_;
  Replaced replaced = sumOf(to.did_sum, row.did);
  if (!replaced) return replaced;
  const std::string canonical = inUri(row.canonical);
  Outcome done = to.keep_did.run({row.did, canonical, toCell(row.sum)});
  if (done) done = to.mark_canonical.run({row.did, canonical, kFlagCanonical});
  if (done) done = to.delete_attributes.run({row.did});
  if (done) done = to.delete_uid_attributes.run({row.did});
  if (done) done = putAttributes(row);
  if (!done) return tl::unexpected(done.error());
  if (!*replaced) ++counts_.virtual_domains;
  return replaced;
}

// In their order: Kamailio's $avp(name) is the first of several.
DomainTables::Outcome DomainTables::putAttributes(const table::VirtualDomainRow& row) {
  for (const table::Attribute& attribute : row.attributes) {
    const auto value = attributeRow(attribute.value);
    if (!value) {
      if (tell_left_out_)
        tell_left_out_(fmt::format("a value of {} of {} holds a NUL", attribute.name, row.did));
      continue;
    }
    Outcome done =
        statements_->put_attribute.run({row.did, attribute.name, value->type, value->value});
    if (done) {
      done = statements_->put_uid_attribute.run(
          {row.did, attribute.name, value->type, value->value, kFlagLoad});
    }
    if (!done) return done;
  }
  return {};
}

DomainTables::Replaced DomainTables::removeVirtualDomain(std::string_view did) {
  Statements& to = *statements_;
  Replaced removed = sumOf(to.did_sum, did);
  if (!removed || !*removed) return removed;
  Outcome done = to.forget_did.run({did});
  if (done) done = to.delete_attributes.run({did});
  if (done) done = to.delete_uid_attributes.run({did});
  if (!done) return tl::unexpected(done.error());
  --counts_.virtual_domains;
  return removed;
}

DomainTables::Outcome DomainTables::commit(const table::Position& position) {
  Outcome done = begin();
  if (done) {
    done = statements_->keep_position.run({kLayoutVersion, position.lineage, toCell(position.term),
                                           toCell(position.version), toCell(position.content),
                                           position.chain, toCell(counts_.domains),
                                           toCell(counts_.virtual_domains)});
  }
  if (done) done = database_->run("COMMIT");
  if (!done) return done;
  position_ = position;
  committed_counts_ = counts_;
  return {};
}

void DomainTables::abandon() {
  // Nothing else than that there is no transaction can be wrong with it.
  if (database_->isWithinTransaction()) static_cast<void>(database_->run("ROLLBACK"));
  counts_ = committed_counts_;
}

}  // namespace zonecast::kamailio
