// The first half of opening the store: from a fresh connection to the lease.
//
// Errors are for people; the connection is of no more use then.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "adapters/redis/session.h"
#include "reconciler/plan/version.h"
#include "schema/redis_keys.h"

namespace zonecast::redis {

// How far a long dialogue is: entries of the hashes that were read, or staged.
struct EntriesMoved {
  std::uint64_t done = 0, in_all = 0;
};

struct Place {  // what every dialogue needs to know
  Session& session;
  const RedisOptions& options;
  const schema::RedisKeys& keys;
  EntriesMoved* moved = nullptr;  // who asks how far it is; nobody
};

Task<Outcome> authenticate(Place place);

// Checks what we rely on: a version, being a master, noeviction. What it only advises is the
// result.
Task<Expected<std::string>> checkServer(Place place);

// Takes the lease, and waits for it while another holds it: `tell` hears of that once. Loads our
// Functions when Redis does not have them.
Task<Expected<plan::Term>> takeLease(Place place, plan::Term term_known,
                                     std::function<void(std::string)> tell);

// How often the lease is renewed, and asked for while another holds it.
Duration renewalInterval(const RedisOptions& options);

// What keeps the lease: a Function call.
Command renewal(const Place& place, plan::Term term);
// Makes the next EXEC fail when anybody, ourselves too, has written what we publish.
Command watching(const Place& place);

}  // namespace zonecast::redis
