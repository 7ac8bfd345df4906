// How often each question is asked: not before its TTL, clamped, is over, nor before the pause
// after a failure, which doubles from one to the next.
//
// What nobody rests on is forgotten, and asked anew when somebody does; that cannot be seen from
// outside. So the rule is checked of questions since whose answer nothing has happened that could
// let anything go: no start, no other answer than before, no new version of a zone, no question of
// a worker or of the operator, nothing of the store, and nothing that was left to be worked off.
#pragma once

#include <map>
#include <string>

#include "reconciler/query/answers.h"
#include "test/sim/reference_dns.h"

namespace zonecast::sim {

class QuestionPace {
 public:
  void begin(const query::AnswerSettings& settings);  // a process
  void disturb(Instant now) { disturbed_ = now; }
  // What is wrong with asking now; empty when nothing is.
  std::string onAsked(const query::Question& question, Instant now) const;
  void onAnswered(const query::Question& question, const query::Outcome& outcome, Instant now);

 private:
  struct Last {
    Instant at{}, due{};
    Instant failing_since{};
    unsigned failures = 0;  // in a row
  };
  Duration holdsFor(const query::Answer& answer) const;
  Duration pauseAfter(const Last& last) const;

  query::AnswerSettings settings_;
  Instant disturbed_{};
  std::map<dns::RrType, std::map<dns::Name, Last, dns::CanonicalLess>> last_;
};

}  // namespace zonecast::sim
