// The resolver of the world, and all of DNS that it knows: a list of records. It answers as a
// recursive one does, following CNAMEs and DNAMEs; what no record is at or below does not exist.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/ports/resolver.h"
#include "test/support/records.h"
#include "test/support/world_primary.h"

namespace zonecast::test {

// What the resolver knows, and how it does: it outlives processes.
struct WorldDns {
  enum class Mood { serving, silent, servfail, garbage };
  Mood mood = Mood::serving;
  std::set<dns::Name, dns::CanonicalLess> broken;  // SERVFAIL for these
  std::vector<OwnedRecord> records;
  dns::Ttl negative_ttl{300};

  query::Outcome answer(const query::Question& question) const;

  // Called when the core asks, and before it is told what came of it.
  std::function<void(const query::Question&)> on_asked;
  std::function<void(const query::Question&, const query::Outcome&)> on_answered;

 private:
  const OwnedRecord* aliasAt(const dns::Name& name) const;
};

class WorldResolver final : public ports::Resolver {
 public:
  WorldResolver(const WorldDns& dns, Trace& trace) : dns_(dns), trace_(trace) {}

  void ask(query::AskId ask, query::Request request) override;
  void forget(query::AskId ask) override;

  // Answers the oldest question, from what is known then; false when there is none.
  bool deliver(ports::ResolverListener& listener) { return deliverAt(0, listener); }
  // The one at this place, by age; the last one when there are fewer.
  bool deliverAt(std::size_t place, ports::ResolverListener& listener);

 private:
  const WorldDns& dns_;
  Trace& trace_;
  std::set<query::AskId> ids_;  // ever used
  std::deque<std::pair<query::AskId, query::Question>> under_way_;
};

}  // namespace zonecast::test
