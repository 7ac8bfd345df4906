#include "reconciler/query/lines.h"

#include <cassert>

namespace zonecast::query {

void Lines::push(const xfr::Endpoint& server, std::size_t share, AskId ask) {
  Entry& entry = *lines_.try_emplace(server).first;
  entry.second.share = share;
  entry.second.asks.push_back(ask);
  giveTurn(entry);
}

std::optional<Lines::Turn> Lines::take() {
  if (taken_ == slots_ || turns_.empty()) return std::nullopt;
  Entry& entry = *turns_.front();
  turns_.pop_front();
  Line& line = entry.second;
  line.has_turn = false;
  const Turn turn{line.asks.front(), entry.first};
  line.asks.pop_front();
  ++line.taken;
  ++taken_;
  giveTurn(entry);
  return turn;
}

void Lines::giveBack(const xfr::Endpoint& server) {
  const auto found = lines_.find(server);
  assert(found != lines_.end() && found->second.taken > 0);
  --found->second.taken;
  --taken_;
  giveTurn(*found);
  const Line& line = found->second;
  if (line.taken == 0 && line.asks.empty()) lines_.erase(found);
}

void Lines::giveTurn(Entry& entry) {
  Line& line = entry.second;
  if (line.has_turn || line.asks.empty() || line.taken >= line.share) return;
  line.has_turn = true;
  turns_.push_back(&entry);
}

}  // namespace zonecast::query
