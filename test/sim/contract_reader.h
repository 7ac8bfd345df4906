// A reader of the store that does what schema/REDIS.md tells readers to do, one command at a time,
// so that anything may happen in between: what it serves is never half a change.
#pragma once

#include <optional>
#include <string>

#include "test/support/world_store.h"

namespace zonecast::sim {

class ContractReader {
 public:
  // The next command. What is wrong with what is served then; empty when nothing is.
  std::string advance(const test::StoreContent& store);

 private:
  enum class Stage { meta, virtualDomains, domains, metaAgain, following };

  bool mustLoad(const test::StoreContent& store) const;
  void replay(const test::StoreContent& store);
  std::string serve(const test::StoreContent& store) const;

  Stage stage_ = Stage::meta;
  std::optional<plan::Position> at_;  // where what is being loaded, or followed, stands
  plan::Table loading_;               // served, once it follows
};

// What is wrong with it: each domain's DID lists it, and the reverse. Empty when nothing is.
std::string inconsistency(const plan::Table& table);

}  // namespace zonecast::sim
