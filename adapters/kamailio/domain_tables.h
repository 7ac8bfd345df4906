// Kamailio's tables of domains and their attributes, in an SQLite database (schema/kamailio.sql),
// as a copy of what is published.
//
// Invariants: the tables hold one published version, whole, and the row of zonecast_position says
// which; both change in the same transaction, so a process that was killed at any instruction left
// them so. Readers are never in our way nor we in theirs: the database has a write-ahead log, and
// Kamailio's db_sqlite, which waits for no lock, meets none.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/kamailio/database.h"
#include "adapters/table/copy.h"

namespace zonecast::kamailio {

struct DomainTablesOptions {
  std::string path;  // empty: for as long as the object lives
  // So long does a call wait for somebody else who writes to the database.
  std::chrono::milliseconds patience{1000};
};

class DomainTables final : public table::Copy {
 public:
  // Makes what is missing, and goes on from what is there. Refuses a database that another process
  // exports to, and tables with rows that are not zonecast's.
  static Expected<std::unique_ptr<DomainTables>> open(DomainTablesOptions options);
  ~DomainTables() override;

  // Told of each value that was left out since neither Kamailio nor SQL text can hold it.
  void whenLeftOut(std::function<void(const std::string&)> tell) {
    tell_left_out_ = std::move(tell);
  }

  const table::Position& position() const override { return position_; }
  table::Counts counts() const override { return counts_; }

  Outcome beginAnew(std::size_t names) override;
  Replaced putDomain(const table::DomainRow& row) override;
  Replaced removeDomain(std::string_view name) override;
  Replaced putVirtualDomain(const table::VirtualDomainRow& row) override;
  Replaced removeVirtualDomain(std::string_view did) override;
  Outcome commit(const table::Position& position) override;
  void abandon() override;

  const Database& database() const { return *database_; }

 private:
  // What is done with one table or kind of row, each prepared once.
  struct Statements {
    Statement domain_sum, keep_domain, put_domain, put_uid_domain;
    Statement forget_domain, delete_domain, delete_uid_domain;
    Statement did_sum, keep_did, mark_canonical, forget_did;
    Statement delete_attributes, delete_uid_attributes, put_attribute, put_uid_attribute;
    Statement keep_position;
  };

  explicit DomainTables(int lock) : lock_(lock) {}
  Outcome prepareTables();
  Outcome refuseForeignRows() const;
  Outcome readPosition();
  Outcome prepareStatements();
  Outcome begin();
  Replaced sumOf(Statement& statement, std::string_view key);
  Outcome putAttributes(const table::VirtualDomainRow& row);

  const int lock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Statements> statements_;
  table::Position position_;
  table::Counts counts_, committed_counts_;
  std::function<void(const std::string&)> tell_left_out_;
};

}  // namespace zonecast::kamailio
