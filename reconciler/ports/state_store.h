// Port: the store that proxies read (Redis).
//
// Contract: at most one open() or publish() is under way at a time. Each ends in exactly one report
// to the StateStoreListener, made from the loop, never from inside the call. When onStoreLost is
// reported, nothing is known about what was under way: open() again, compare, and plan again. The
// adapter reconnects by itself, with backoff, only inside open(); it times out by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/plan/change_set.h"
#include "reconciler/plan/version.h"

namespace zonecast::ports {

// What is in the store, as far as it could be read back.
struct StoredState {
  plan::Term term{};  // ours, from the lease that open() took
  // Since `term_known` a term may have been in force that was not ours, and its leader may have
  // published. It is false in error only when the store has lost that term.
  bool others_led = false;
  std::optional<plan::Position> position;  // nothing: the store is empty
  plan::Table table;
  // Why the table cannot be trusted to be what its position says ("content digest differs", "domain
  // example.com: no such state: hosting"); empty when it can.
  std::string damage;
  // The newest version that the store has ever seen: what is published next must be beyond it.
  plan::Version newest{};
};

struct Publication {
  plan::Position expected;  // what the store must hold, lest nothing is done
  plan::Version version{};  // what it will hold
  std::shared_ptr<const plan::ChangeSet> changes;
};

class StateStore {
 public:
  virtual ~StateStore() = default;

  // Connects, checks what we rely on, takes the lease with a term greater than `term_known`, and
  // reads everything back. While another leader holds the lease it waits (and reports
  // onStoreTrouble once). When the store's position equals `known` and our term is the newest
  // there, the table is not read again: the report's table is empty and `unchanged` is true.
  virtual void open(plan::Term term_known, const std::optional<plan::Position>& known) = 0;

  // Applies one change set, atomically and fenced. `after` is the whole table once it is applied,
  // for a change set so large that the store's content is better swapped; it stays as it is until
  // the report.
  virtual void publish(Publication publication, const plan::Table& after) = 0;

  // Makes `table` the whole content, in one swap, as the first version of a new lineage (or, while
  // the store is empty, its beginning). `expected` is what open() found, nothing when it was empty;
  // `next` lacks its chain, which the report brings. `table` stays as it is until the report.
  virtual void rebase(const std::optional<plan::Position>& expected, plan::Position next,
                      const plan::Table& table) = 0;
};

class StateStoreListener {
 public:
  virtual ~StateStoreListener() = default;
  virtual void onStoreOpened(StoredState state, bool unchanged) = 0;
  virtual void onPublished(plan::Position position) = 0;
  virtual void onStoreLost(std::string why) = 0;
  // For people; the adapter goes on trying: "WRONGPASS ...", "maxmemory-policy is allkeys-lru: set
  // noeviction".
  virtual void onStoreTrouble(std::string why) = 0;
};

}  // namespace zonecast::ports
