// LMDB by RAII: an environment in one file, and transactions on it. Results are LMDB's codes: 0 is
// success, negative ones LMDB's own, positive ones errno.
//
// LMDB's rules, kept by the callers: one write transaction at a time, begun and ended on one
// thread; what a transaction returns is valid until it ends or writes; the map is resized only
// while no transaction is open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <lmdb.h>
#include <tl/expected.hpp>

namespace zonecast::disk {

struct LmdbError {
  int code = 0;
  explicit operator bool() const { return code != 0; }  // true: something went wrong
  std::string text() const { return mdb_strerror(code); }
};

struct CloseEnvironment {
  void operator()(MDB_env* environment) const { mdb_env_close(environment); }
};
using Environment = std::unique_ptr<MDB_env, CloseEnvironment>;

tl::expected<Environment, LmdbError> openEnvironment(const std::string& path,
                                                     std::size_t map_octets,
                                                     unsigned databases_max);
// To read it while another process may write.
tl::expected<Environment, LmdbError> openToRead(const std::string& path, std::size_t map_octets,
                                                unsigned databases_max);

class Transaction {
 public:
  enum class Kind : std::uint8_t { read, write };
  using Value = std::optional<std::span<const std::uint8_t>>;

  static tl::expected<Transaction, LmdbError> begin(MDB_env* environment, Kind kind);

  // Not committed means aborted. A commit that fails leaves everything as it was.
  LmdbError commit();

  tl::expected<MDB_dbi, LmdbError> open(const char* database);  // made when missing; write only
  tl::expected<MDB_dbi, LmdbError> find(const char* database);

  tl::expected<Value, LmdbError> get(MDB_dbi database, std::string_view key) const;
  LmdbError put(MDB_dbi database, std::string_view key, std::span<const std::uint8_t> value);
  LmdbError remove(MDB_dbi database, std::string_view key);  // what is not there is removed

  // The first key greater than `key`, or nothing.
  tl::expected<std::optional<std::string>, LmdbError> next(MDB_dbi database,
                                                           std::string_view key) const;

 private:
  struct Abort {
    void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
  };
  explicit Transaction(MDB_txn* transaction) : transaction_(transaction) {}
  std::unique_ptr<MDB_txn, Abort> transaction_;
};

}  // namespace zonecast::disk
