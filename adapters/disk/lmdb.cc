#include "adapters/disk/lmdb.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace zonecast::disk {

namespace {

// LMDB's values are not const; reading and writing leave them alone.
MDB_val valueOf(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
MDB_val valueOf(std::span<const std::uint8_t> octets) {
  return {octets.size(), const_cast<std::uint8_t*>(octets.data())};
}

}  // namespace

namespace {

tl::expected<Environment, LmdbError> openWith(unsigned flags, const std::string& path,
                                              std::size_t map_octets, unsigned databases_max) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0) return tl::unexpected(LmdbError{code});
  Environment environment(raw);
  int code = mdb_env_set_maxdbs(raw, databases_max);
  if (code == 0) code = mdb_env_set_mapsize(raw, map_octets);
  if (code == 0) code = mdb_env_open(raw, path.c_str(), MDB_NOSUBDIR | flags, 0600);
  if (code != 0) return tl::unexpected(LmdbError{code});
  return environment;
}

// LMDB makes the file of its locks sparse, and writes to it by a mapping: on a full disk that is
// SIGBUS. So it gets its octets before.
LmdbError allocateLocks(const std::string& path) {
  constexpr off_t kOctets = 8192;  // of 126 readers, LMDB's default
  const int fd = ::open((path + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return {errno};
  const int code = posix_fallocate(fd, 0, kOctets);
  ::close(fd);
  return {code};
}

}  // namespace

tl::expected<Environment, LmdbError> openEnvironment(const std::string& path,
                                                     std::size_t map_octets,
                                                     unsigned databases_max) {
  if (const LmdbError error = allocateLocks(path)) return tl::unexpected(error);
  return openWith(0, path, map_octets, databases_max);
}

tl::expected<Environment, LmdbError> openToRead(const std::string& path, std::size_t map_octets,
                                                unsigned databases_max) {
  return openWith(MDB_RDONLY, path, map_octets, databases_max);
}

tl::expected<Transaction, LmdbError> Transaction::begin(MDB_env* environment, Kind kind) {
  MDB_txn* raw = nullptr;
  const unsigned flags = kind == Kind::read ? MDB_RDONLY : 0;
  if (const int code = mdb_txn_begin(environment, nullptr, flags, &raw); code != 0) {
    return tl::unexpected(LmdbError{code});
  }
  return Transaction(raw);
}

LmdbError Transaction::commit() {
  return {mdb_txn_commit(transaction_.release())};
}

tl::expected<MDB_dbi, LmdbError> Transaction::open(const char* database) {
  MDB_dbi result = 0;
  if (const int code = mdb_dbi_open(transaction_.get(), database, MDB_CREATE, &result); code != 0) {
    return tl::unexpected(LmdbError{code});
  }
  return result;
}

tl::expected<MDB_dbi, LmdbError> Transaction::find(const char* database) {
  MDB_dbi result = 0;
  if (const int code = mdb_dbi_open(transaction_.get(), database, 0, &result); code != 0) {
    return tl::unexpected(LmdbError{code});
  }
  return result;
}

tl::expected<Transaction::Value, LmdbError> Transaction::get(MDB_dbi database,
                                                             std::string_view key) const {
  MDB_val wanted = valueOf(key);
  MDB_val found{};
  const int code = mdb_get(transaction_.get(), database, &wanted, &found);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) return tl::unexpected(LmdbError{code});
  return std::span(static_cast<const std::uint8_t*>(found.mv_data), found.mv_size);
}

LmdbError Transaction::put(MDB_dbi database, std::string_view key,
                           std::span<const std::uint8_t> value) {
  MDB_val where = valueOf(key);
  MDB_val what = valueOf(value);
  return {mdb_put(transaction_.get(), database, &where, &what, 0)};
}

LmdbError Transaction::remove(MDB_dbi database, std::string_view key) {
  MDB_val where = valueOf(key);
  const int code = mdb_del(transaction_.get(), database, &where, nullptr);
  return {code == MDB_NOTFOUND ? 0 : code};
}

tl::expected<std::optional<std::string>, LmdbError> Transaction::next(MDB_dbi database,
                                                                      std::string_view key) const {
  MDB_cursor* raw = nullptr;
  if (const int code = mdb_cursor_open(transaction_.get(), database, &raw); code != 0) {
    return tl::unexpected(LmdbError{code});
  }
  const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor(raw, &mdb_cursor_close);
  MDB_val found = valueOf(key);
  MDB_val value{};
  int code = mdb_cursor_get(raw, &found, &value, key.empty() ? MDB_FIRST : MDB_SET_RANGE);
  const auto text = [&] {
    return std::string_view(static_cast<char*>(found.mv_data), found.mv_size);
  };
  if (code == 0 && text() == key) code = mdb_cursor_get(raw, &found, &value, MDB_NEXT);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) return tl::unexpected(LmdbError{code});
  return std::string(text());
}

}  // namespace zonecast::disk
