// Port: what workers ask, and what they are told when the answer is no.
//
// Contract: calls return at once and never call back; the listener is told from the loop, never
// from inside a call. Nothing that is asked or answered here is kept: what is lost, on the way or
// because there was too much of it, is asked again by whoever still wants to know.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/derive/domain.h"
#include "reconciler/time.h"

namespace zonecast::ports {

class WorkerQuestions {
 public:
  virtual ~WorkerQuestions() = default;
  // Tells every worker that the domain is not hosted, for `keep`. `why` is for people: "foreign".
  virtual void answerNotHosted(const derive::Domain& domain, Duration keep,
                               std::string_view why) = 0;
};

class WorkerQuestionsListener {
 public:
  virtual ~WorkerQuestionsListener() = default;
  // A worker has met a domain and does not know it. Both are octets that anybody may have written;
  // `worker` is empty when it does not tell its name.
  virtual void onWanted(std::string_view domain, std::string_view worker) = 0;
  // For people; told once for each reason. The adapter goes on trying.
  virtual void onWantedTrouble(std::string why) = 0;
};

}  // namespace zonecast::ports
