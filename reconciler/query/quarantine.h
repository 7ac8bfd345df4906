// What failed lately, and until when it is let alone: names at a resolver, whole servers otherwise.
//
// A resolver that is slow with one name serves the others, so there the name suffers, and with it
// the names below it that begin with an underscore: what is asked of one domain fails together. An
// authoritative server that does not reply is slow with all of its names.
//
// Invariants: each failure in a row doubles the time, up to a limit; one success ends it. At most
// `remembered_max` are remembered, the oldest is forgotten first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "reconciler/query/answer.h"
#include "reconciler/query/question.h"
#include "reconciler/time.h"

namespace zonecast::query {

class Quarantine {
 public:
  struct Settings {
    Duration first = std::chrono::seconds{1}, longest = std::chrono::seconds{60};
    std::size_t remembered_max = 100'000;
  };
  struct Case {
    unsigned failures = 0;
    Instant until;
    Failure last;
  };

  explicit Quarantine(const Settings& settings) : settings_(settings) {}

  // Nothing: in good standing.
  const Case* find(const Request& request) const;
  void failed(const Request& request, const Failure& failure, Instant now);
  void succeeded(const Request& request) { cases_.erase(keyOf(request)); }

 private:
  struct Key {
    xfr::Endpoint server;
    dns::Name domain;  // the root when it is the server
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      h = std::visit(
          [&h](const auto& octets) {
            return H::combine_contiguous(std::move(h), octets.data(), octets.size());
          },
          key.server.address);
      return H::combine(std::move(h), key.server.port, key.domain);
    }
  };
  static Key keyOf(const Request& request);
  void makeRoom();

  const Settings settings_;
  absl::flat_hash_map<Key, Case> cases_;
  std::deque<Key> by_age_;  // also of cases that have ended
};

}  // namespace zonecast::query
