// Lines of asks, one before each server, and slots that the servers take turns for: whoever has
// many asks waiting delays only its own.
//
// Invariants: no more than `slots` are taken in all, no more than the line's share before one
// server; a line that has nobody waiting and no slot is forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "reconciler/query/question.h"

namespace zonecast::query {

class Lines {
 public:
  explicit Lines(std::size_t slots) : slots_(slots) {}

  void push(const xfr::Endpoint& server, std::size_t share, AskId ask);
  struct Turn {
    AskId ask{};
    xfr::Endpoint server;
  };
  // Takes a slot for the next whose turn it is; nothing when all that may be are taken.
  std::optional<Turn> take();
  // Gives back the slot of a turn with this server.
  void giveBack(const xfr::Endpoint& server);

 private:
  struct Line {
    std::deque<AskId> asks;
    std::size_t share = 0, taken = 0;
    bool has_turn = false;  // is among turns_
  };
  using Entry = std::pair<const xfr::Endpoint, Line>;

  void giveTurn(Entry& entry);

  const std::size_t slots_;
  std::size_t taken_ = 0;
  std::map<xfr::Endpoint, Line> lines_;
  std::deque<Entry*> turns_;
};

}  // namespace zonecast::query
