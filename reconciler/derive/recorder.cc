#include "reconciler/derive/recorder.h"

#include <fmt/format.h>

#include "reconciler/derive/inquiry.h"

namespace zonecast::derive {
namespace {

std::string textOfAbsence(const view::Answer& answer) {
  switch (answer.kind) {
    case view::Answer::Kind::nodata:
      return "none (NODATA)";
    case view::Answer::Kind::nxdomain:
      return "none (NXDOMAIN)";
    default:
      return "not known: " + answer.why;
  }
}

// "by CNAME at www.example.com"; empty when no alias was followed.
std::string textOfAliases(const view::Answer& answer) {
  std::string text;
  for (const view::Evidence& evidence : answer.evidence) {
    if (!isAlias(evidence)) continue;
    const bool is_cname = evidence.kind == view::Evidence::Kind::cname;
    text += fmt::format("{}{} at {}", text.empty() ? "by " : ", ", is_cname ? "CNAME" : "DNAME",
                        evidence.name.toText());
  }
  return text;
}

}  // namespace

void Recorder::record(Question question, const view::Answer& answer,
                      std::span<const std::uint8_t> rdata, Step::Outcome outcome,
                      std::string_view note) {
  if (!isOn()) return;
  Step& step = add(question, answer);
  step.answer = dns::rdataToText(question.type, rdata);
  step.outcome = outcome;
  if (!note.empty()) step.note += (step.note.empty() ? "" : "; ") + std::string(note);
}

void Recorder::address(Question question, const view::Answer& answer,
                       std::span<const std::uint8_t> rdata, const EdgeRule* rule) {
  if (!isOn()) return;
  if (rule == nullptr) {
    record(question, answer, rdata, Step::Outcome::elsewhere, "not an address of the edge there");
  } else {
    record(question, answer, rdata, Step::Outcome::reachesEdge, rule->name);
  }
}

void Recorder::edgeAlias(Question question, const view::Answer& answer, const EdgeRule& rule) {
  if (!isOn()) return;
  Step& step = add(question, answer);
  step.answer = "an alias of a host name of the edge";
  step.outcome = Step::Outcome::reachesEdge;
  step.note += "; " + rule.name;
}

void Recorder::absence(Question question, const view::Answer& answer) {
  if (!isOn()) return;
  Step& step = add(question, answer);
  step.answer = textOfAbsence(answer);
  step.outcome =
      answer.kind == view::Answer::Kind::notKnown ? Step::Outcome::missing : Step::Outcome::leadsOn;
}

void Recorder::edgeSays(dns::NameView host, EdgePort port, const EdgeRule* rule) {
  if (!isOn()) return;
  Step& step = steps_->emplace_back();
  step.depth = depth_;
  step.question = fmt::format("{}:{}/{}", host.toText(), port.port, toText(port.transport));
  step.answer = rule != nullptr ? "a host name of the edge" : "not a port of the edge";
  step.source = rule != nullptr ? rule->name : "edge";
  step.outcome = rule != nullptr ? Step::Outcome::reachesEdge : Step::Outcome::elsewhere;
}

void Recorder::amendLast(Step::Outcome outcome, std::string_view note) {
  if (!isOn() || steps_->empty()) return;
  Step& step = steps_->back();
  step.outcome = outcome;
  step.note += (step.note.empty() ? "" : "; ") + std::string(note);
}

Step& Recorder::add(Question question, const view::Answer& answer) {
  Step& step = steps_->emplace_back();
  step.depth = depth_;
  step.question = fmt::format("{} {}", question.name.toText(), dns::toText(question.type));
  step.note = textOfAliases(answer);
  if (!answer.evidence.empty()) {
    step.source = dns_.describe(answer.evidence.back());
    step.ttl = answer.evidence.back().ttl;
  }
  return step;
}

}  // namespace zonecast::derive
