// The Resolver port on getdns.
//
// `query::Dispatcher` decides who is asked what and when; this carries it out and says what came
// back, as octets: what they mean is for `query::interpret`. getdns serves as the stub that writes
// queries, keeps sockets and time-outs and matches IDs; nothing of it leaves this folder.
//
// Invariants: getdns is used and the listener called from one place, which no callback of getdns is
// in: what its callbacks bring waits for that. A query that getdns lost is ended by a watchdog.
//
// Make it after privileges are dropped. It must be gone before its loop, and not be destroyed from
// onAnswered(): see Loop::deleteLater().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <variant>
#include <vector>

#include "adapters/getdns/context.h"
#include "adapters/getdns/event_loop.h"
#include "adapters/getdns/memory.h"
#include "adapters/uv/loop.h"
#include "reconciler/ports/resolver.h"
#include "reconciler/query/dispatcher.h"

namespace zonecast::getdns {

// With no more slots than a quarter of the process's descriptors: getdns does not survive the want
// of them.
query::DispatcherSettings fitted(query::DispatcherSettings settings, std::size_t descriptors);

class GetdnsResolver final : public ports::Resolver {
 public:
  explicit GetdnsResolver(uv::Loop& loop, const query::DispatcherSettings& settings = {});
  ~GetdnsResolver() override;

  // Before anything else; it must outlive the resolver.
  void reportTo(ports::ResolverListener& listener) { listener_ = &listener; }

  void ask(query::AskId ask, query::Request request) override;
  void forget(query::AskId ask) override;

 private:
  struct Flight {
    GetdnsResolver& resolver;
    query::TryId id{};
    xfr::Endpoint server;
    Context* context = nullptr;
    query::Transport transport{};
    getdns_transaction_t query = 0;  // 0: still being submitted
    Duration patience{};
    Instant overdue;
  };
  using Octets = std::vector<std::uint8_t>;
  struct Landed {
    query::TryId id{};
    std::variant<Octets, query::Failure> what;
  };

  static void onCallback(getdns_context*, getdns_callback_type_t type, getdns_dict* response,
                         void* argument, getdns_transaction_t);
  void land(const Flight& flight, std::variant<Octets, query::Failure> what);
  void turn();
  void takeLanded();
  void perform(query::Send send);
  void perform(query::Report report);
  Context& contextFor(query::Transport transport);
  void onWatch();

  uv::Loop& loop_;
  ports::ResolverListener* listener_ = nullptr;
  query::Dispatcher dispatcher_;
  std::unordered_map<query::TryId, Flight> flights_;  // their addresses are known to getdns
  std::vector<Landed> landed_;
  std::set<query::AskId> forgotten_;  // in this turn
  uv::Soon turn_;
  uv::Timer watchdog_;

  Memory memory_;
  EventLoop events_;
  std::vector<Context*> tcp_idle_;
  std::vector<std::unique_ptr<Context>> tcp_;  // all that there ever were
  Context udp_;
};

}  // namespace zonecast::getdns
