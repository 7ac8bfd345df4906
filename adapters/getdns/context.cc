#include "adapters/getdns/context.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <variant>

#include <fmt/format.h>

namespace zonecast::getdns {
namespace {

constexpr std::uint16_t kUdpPayloadOctets = 1232;  // unfragmented on every common path

struct DestroyList {
  void operator()(getdns_list* list) const { getdns_list_destroy(list); }
};
using List = std::unique_ptr<getdns_list, DestroyList>;

// For what fails only for want of memory while the process starts.
void must(getdns_return_t result, std::string_view call) {
  if (result == GETDNS_RETURN_GOOD) return;
  fmt::print(stderr, "{}: {}\n", call, getdns_get_errorstr_by_id(result));
  std::abort();
}

getdns_context* createContext(Memory& memory) {
  getdns_context* context = nullptr;
  constexpr int kFromSystem = 0;  // neither resolv.conf nor hosts
  must(
      getdns_context_create_with_extended_memory_functions(
          &context, kFromSystem, &memory,
          [](void* owner, std::size_t size) { return static_cast<Memory*>(owner)->allocate(size); },
          [](void* owner, void* block, std::size_t size) {
            return static_cast<Memory*>(owner)->resize(block, size);
          },
          [](void* owner, void* block) { static_cast<Memory*>(owner)->free(block); }),
      "getdns_context_create");
  return context;
}

void configure(getdns_context* context, query::Transport transport) {
  getdns_transport_list_t transports[] = {
      transport == query::Transport::tcp ? GETDNS_TRANSPORT_TCP : GETDNS_TRANSPORT_UDP};
  getdns_namespace_t namespaces[] = {GETDNS_NAMESPACE_DNS};
  must(getdns_context_set_resolution_type(context, GETDNS_RESOLUTION_STUB), "resolution_type");
  must(getdns_context_set_dns_transport_list(context, 1, transports), "dns_transport_list");
  must(getdns_context_set_namespaces(context, 1, namespaces), "namespaces");
  must(getdns_context_set_append_name(context, GETDNS_APPEND_NAME_NEVER), "append_name");
  must(getdns_context_set_edns_maximum_udp_payload_size(context, kUdpPayloadOctets),
       "edns_maximum_udp_payload_size");
  // Any other limit stalls its queue; ours is before it.
  must(getdns_context_set_limit_outstanding_queries(context, 0), "limit_outstanding_queries");
}

Dict extensions(const char* text) {
  getdns_dict* dict = nullptr;
  must(getdns_str2dict(text, &dict), "getdns_str2dict");
  return Dict(dict);
}

// What a list of upstreams holds of one: its kind of address, the address and the port.
getdns_return_t describe(const xfr::Endpoint& server, getdns_dict* dict) {
  const auto set = [dict](const char* key, const void* octets, std::size_t size) {
    getdns_bindata data{size, static_cast<std::uint8_t*>(const_cast<void*>(octets))};
    return getdns_dict_set_bindata(dict, key, &data);
  };
  const bool v4 = std::holds_alternative<dns::Ipv4>(server.address);
  getdns_return_t result = set("address_type", v4 ? "IPv4" : "IPv6", 4);
  if (result != GETDNS_RETURN_GOOD) return result;
  result = std::visit(
      [&set](const auto& octets) { return set("address_data", octets.data(), octets.size()); },
      server.address);
  if (result != GETDNS_RETURN_GOOD) return result;
  return getdns_dict_set_int(dict, "port", server.port);
}

std::string asText(dns::NameView name) {
  return name.isRoot() ? "." : name.toText() + '.';
}

}  // namespace

Context::Context(EventLoop& loop, Memory& memory, query::Transport transport)
    : loop_(loop),
      transport_(transport),
      context_(createContext(memory)),
      to_resolver_(extensions("{header:{rd:1,ad:1,cd:0}}")),
      to_resolver_unchecked_(extensions("{header:{rd:1,ad:0,cd:1}}")),
      to_authority_(extensions("{header:{rd:0,ad:0,cd:0}}")) {
  must(getdns_context_set_eventloop(context_.get(), loop.raw()), "getdns_context_set_eventloop");
  configure(context_.get(), transport);
}

tl::expected<getdns_transaction_t, std::string> Context::submit(const query::Send& send,
                                                                getdns_callback_t callback,
                                                                void* argument) {
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(send.patience);
  getdns_return_t result = askServer(send.server);
  if (result == GETDNS_RETURN_GOOD) {
    result =
        getdns_context_set_timeout(context_.get(), static_cast<std::uint64_t>(patience.count()));
  }
  getdns_transaction_t query = 0;
  int connect_error = 0;
  if (result == GETDNS_RETURN_GOOD) {
    const EventLoop::Submission submission(loop_, send.server);
    const std::string name = asText(send.question.name);
    result =
        getdns_general(context_.get(), name.c_str(), static_cast<std::uint16_t>(send.question.type),
                       extensionsFor(send), argument, &query, callback);
    connect_error = submission.connectError();
  }
  if (connect_error != 0) {
    cancel(query);
    return tl::unexpected(std::string(std::strerror(connect_error)));
  }
  if (result != GETDNS_RETURN_GOOD) {
    return tl::unexpected(std::string(getdns_get_errorstr_by_id(result)));
  }
  return query;
}

bool Context::cancel(getdns_transaction_t query) {
  return getdns_cancel_callback(context_.get(), query) == GETDNS_RETURN_GOOD;
}

// Over TCP always anew, so that nothing is left of the last connection and of why it failed.
getdns_return_t Context::askServer(const xfr::Endpoint& server) {
  if (transport_ == query::Transport::udp && server_ == server) return GETDNS_RETURN_GOOD;
  server_.reset();
  const Dict dict(getdns_dict_create());
  const List list(getdns_list_create());
  if (!dict || !list) return GETDNS_RETURN_MEMORY_ERROR;
  getdns_return_t result = describe(server, dict.get());
  if (result == GETDNS_RETURN_GOOD) result = getdns_list_set_dict(list.get(), 0, dict.get());
  if (result == GETDNS_RETURN_GOOD) {
    result = getdns_context_set_upstream_recursive_servers(context_.get(), list.get());
  }
  if (result == GETDNS_RETURN_GOOD) server_ = server;
  return result;
}

const getdns_dict* Context::extensionsFor(const query::Send& send) const {
  if (!send.recursion) return to_authority_.get();
  return send.checking_disabled ? to_resolver_unchecked_.get() : to_resolver_.get();
}

}  // namespace zonecast::getdns
