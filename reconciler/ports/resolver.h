// Port: questions to DNS servers, one at a time and each for itself.
//
// Contract: calls return at once and never call back. Each ask() ends in exactly one onAnswered(),
// made from the loop, never from inside a call, unless forget() comes first: after it nothing more
// is reported for that ask. AskIds are never used again.
//
// What is reported are facts: nothing is cached, clamped or coalesced, so whoever asks the same
// twice pays twice. Retries, time-outs, TCP after truncation and the share that slow names have are
// the adapter's; when to ask again after a failure is the asker's. A failure says nothing of
// whether a name exists. A name or server that failed lately may fail again at once, without being
// asked: see `query/dispatcher.h`.
//
// An authoritative upstream's answer may hold names beyond the zone that it was asked about, and
// they are reported: whether it may speak for them is the asker's to judge, by the alias's names.
#pragma once

#include "reconciler/query/answer.h"
#include "reconciler/query/question.h"

namespace zonecast::ports {

class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual void ask(query::AskId ask, query::Request request) = 0;
  virtual void forget(query::AskId ask) = 0;  // one that is answered or unknown is ignored
};

class ResolverListener {
 public:
  virtual ~ResolverListener() = default;
  virtual void onAnswered(query::AskId ask, query::Outcome outcome) = 0;
};

}  // namespace zonecast::ports
