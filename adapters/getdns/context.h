// A getdns context that is a stub and nothing more: one transport, DNS alone, names as they are.
//
// Contract: submit() and cancel() are called neither from a callback of getdns nor from one of
// another context; the callback of a query may come from inside both of them. With UDP any number
// of queries may be under way, with TCP one: getdns goes on using what knows the server when the
// last query of a failed connection has freed it, unless the context still holds it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <getdns/getdns.h>
#include <getdns/getdns_extra.h>
#include <tl/expected.hpp>

#include "adapters/getdns/event_loop.h"
#include "adapters/getdns/memory.h"
#include "reconciler/query/dispatcher.h"

namespace zonecast::getdns {

struct DestroyDict {
  void operator()(getdns_dict* dict) const { getdns_dict_destroy(dict); }
};
using Dict = std::unique_ptr<getdns_dict, DestroyDict>;

class Context {
 public:
  // Both must outlive it.
  Context(EventLoop& loop, Memory& memory, query::Transport transport);

  // Fails with a sentence; then there may have been a callback that says "cancelled".
  tl::expected<getdns_transaction_t, std::string> submit(const query::Send& send,
                                                         getdns_callback_t callback,
                                                         void* argument);
  // False: it has been called back already.
  bool cancel(getdns_transaction_t query);

 private:
  struct Destroy {
    void operator()(getdns_context* context) const { getdns_context_destroy(context); }
  };

  getdns_return_t askServer(const xfr::Endpoint& server);
  const getdns_dict* extensionsFor(const query::Send& send) const;

  EventLoop& loop_;
  const query::Transport transport_;
  std::unique_ptr<getdns_context, Destroy> context_;
  Dict to_resolver_, to_resolver_unchecked_, to_authority_;
  std::optional<xfr::Endpoint> server_;
};

}  // namespace zonecast::getdns
