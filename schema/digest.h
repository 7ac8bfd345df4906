// The two digests of the published state, so that any reader can recompute them (REDIS.md).
//
// content: an order-independent sum over all entries of the three hashes, which publisher and
// readers keep incrementally; it shows drift. chain: a hash chain over the entries of the log; it
// shows forks. Not thread-safe: one object, one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/types.h>

namespace zonecast::schema {

using Sha256 = std::array<std::uint8_t, 32>;

class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(const Sha256Hasher&) = delete;
  Sha256Hasher& operator=(const Sha256Hasher&) = delete;

  void update(std::string_view octets);
  Sha256 finish();  // and begin anew

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

// The sum, modulo 2^64, of the first 8 octets (big-endian) of SHA-256 over hash name, field and
// value, each preceded by its length in 4 octets (big-endian).
class ContentSum {
 public:
  explicit ContentSum(std::uint64_t sum = 0) : sum_(sum) {}
  void add(std::string_view hash, std::string_view field, std::string_view value);
  void remove(std::string_view hash, std::string_view field, std::string_view value);
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t term(std::string_view hash, std::string_view field, std::string_view value);

  Sha256Hasher hasher_;
  std::uint64_t sum_;
};

// SHA-256(previous || the version's log entries, in order, as they stand in the log).
Sha256 nextChain(const Sha256& previous, std::span<const std::string> entries);

}  // namespace zonecast::schema
