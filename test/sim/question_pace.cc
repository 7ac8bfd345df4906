#include "test/sim/question_pace.h"

#include <algorithm>

#include <fmt/format.h>

namespace zonecast::sim {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void QuestionPace::begin(const query::AnswerSettings& settings) {
  settings_ = settings;
  last_.clear();
}

std::string QuestionPace::onAsked(const query::Question& question, Instant now) const {
  const auto of_type = last_.find(question.type);
  if (of_type == last_.end()) return "";
  const auto found = of_type->second.find(question.name);
  if (found == of_type->second.end()) return "";
  const Last& last = found->second;
  if (disturbed_ >= last.at || now >= last.due) return "";
  return fmt::format("{} {} is asked {:.1f} s after its {}, {:.1f} s too soon",
                     question.name.toText(), dns::toText(question.type), seconds(now - last.at),
                     last.failures > 0 ? "failure" : "answer", seconds(last.due - now));
}

void QuestionPace::onAnswered(const query::Question& question, const query::Outcome& outcome,
                              Instant now) {
  Last& last = last_[question.type][question.name];
  last.at = now;
  if (outcome) {
    last.failures = 0;
    last.due = now + holdsFor(*outcome);
    return;
  }
  if (last.failures == 0 || disturbed_ >= last.failing_since) {
    last.failures = 0;
    last.failing_since = now;
  }
  ++last.failures;
  last.due = now + pauseAfter(last);
}

// RFC 2308 section 5 for what is not there; an alias on the way holds no longer than itself.
Duration QuestionPace::holdsFor(const query::Answer& answer) const {
  Duration ttl = std::chrono::seconds(answer.ttl.seconds());
  for (const query::Alias& alias : answer.aliases) {
    ttl = std::min<Duration>(ttl, std::chrono::seconds(alias.ttl.seconds()));
  }
  if (answer.rrset.empty()) ttl = std::min(ttl, settings_.negative_ttl_max);
  return std::clamp(ttl, settings_.ttl_min, settings_.ttl_max);
}

Duration QuestionPace::pauseAfter(const Last& last) const {
  Duration pause = settings_.retry_min;
  for (unsigned n = 1; n < last.failures && pause < settings_.retry_max; ++n) pause *= 2;
  return std::min(pause, settings_.retry_max);
}

}  // namespace zonecast::sim
