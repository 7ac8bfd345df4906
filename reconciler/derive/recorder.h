// Writes down the steps of a walk for explain(). Without a place to write to it does nothing, and
// formats nothing: derive() and explain() are one walk.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "reconciler/derive/edge.h"
#include "reconciler/derive/verdict.h"
#include "reconciler/view/view.h"

namespace zonecast::derive {

class Recorder {
 public:
  // `steps` may be null. Both must outlive the recorder.
  Recorder(std::vector<Step>* steps, const view::Lookup& dns) : steps_(steps), dns_(dns) {}

  bool isOn() const { return steps_ != nullptr; }

  struct Question {
    dns::NameView name;
    dns::RrType type{};
  };
  // One record of an answer.
  void record(Question question, const view::Answer& answer, std::span<const std::uint8_t> rdata,
              Step::Outcome outcome, std::string_view note);
  // One address; `rule` is the edge's that has it, or null.
  void address(Question question, const view::Answer& answer, std::span<const std::uint8_t> rdata,
               const EdgeRule* rule);
  // An answer that led to a host name of the edge by way of aliases.
  void edgeAlias(Question question, const view::Answer& answer, const EdgeRule& rule);
  // An answer without records.
  void absence(Question question, const view::Answer& answer);
  // What the edge says of a host without asking DNS: its rule has the host's name; or (null) no
  // rule has the port.
  void edgeSays(dns::NameView host, EdgePort port, const EdgeRule* rule);
  // Says of the last step that it was not enough.
  void amendLast(Step::Outcome outcome, std::string_view note);

  // Steps recorded while it lives are one level deeper.
  class Deeper {
   public:
    explicit Deeper(Recorder& recorder) : recorder_(recorder) { ++recorder_.depth_; }
    ~Deeper() { --recorder_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Recorder& recorder_;
  };

 private:
  Step& add(Question question, const view::Answer& answer);

  std::vector<Step>* steps_;
  const view::Lookup& dns_;
  int depth_ = 0;
};

}  // namespace zonecast::derive
