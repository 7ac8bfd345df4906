#include "adapters/getdns/getdns_resolver.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>

namespace zonecast::getdns {
namespace {

using query::Failure;
using Why = Failure::Why;

constexpr Duration kWatchInterval = std::chrono::seconds{1};
constexpr Duration kOverdue = std::chrono::seconds{2};  // beyond a query's own time-out

std::size_t descriptorsMax() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<std::size_t>(limit.rlim_cur);
}

// The reply, as it came; nothing when there was none.
const getdns_bindata* replyIn(getdns_dict* response) {
  getdns_bindata* reply = nullptr;
  const bool found =
      getdns_dict_get_bindata(response, "/replies_full/0", &reply) == GETDNS_RETURN_GOOD;
  return found ? reply : nullptr;
}

}  // namespace

query::DispatcherSettings fitted(query::DispatcherSettings settings, std::size_t descriptors) {
  const std::size_t wanted = settings.quick_slots + settings.slow_slots + settings.tcp_slots;
  const std::size_t most = descriptors / 4;
  if (wanted <= most) return settings;
  for (std::size_t* slots : {&settings.quick_slots, &settings.slow_slots, &settings.tcp_slots}) {
    *slots = std::max<std::size_t>(*slots * most / wanted, 1);
  }
  return settings;
}

GetdnsResolver::GetdnsResolver(uv::Loop& loop, const query::DispatcherSettings& settings)
    : loop_(loop),
      dispatcher_(fitted(settings, descriptorsMax())),
      turn_(loop, [this] { turn(); }),
      watchdog_(loop, [this] { onWatch(); }),
      events_(loop),
      udp_(events_, memory_, query::Transport::udp) {}

GetdnsResolver::~GetdnsResolver() = default;

void GetdnsResolver::ask(query::AskId ask, query::Request request) {
  dispatcher_.ask(ask, std::move(request));
  turn_.schedule();
}

void GetdnsResolver::forget(query::AskId ask) {
  dispatcher_.forget(ask);
  forgotten_.insert(ask);
  turn_.schedule();
}

void GetdnsResolver::turn() {
  takeLanded();
  for (query::Action& action : dispatcher_.act(loop_.now().mono)) {
    std::visit([this](auto& what) { perform(std::move(what)); }, action);
  }
  forgotten_.clear();
  if (dispatcher_.moreToDo() || !landed_.empty()) turn_.schedule();
}

void GetdnsResolver::takeLanded() {
  const Instant now = loop_.now().mono;
  for (Landed& landed : std::exchange(landed_, {})) {
    if (const auto* reply = std::get_if<Octets>(&landed.what)) {
      dispatcher_.onReply(landed.id, *reply, now);
    } else {
      dispatcher_.onFailed(landed.id, std::get<Failure>(std::move(landed.what)), now);
    }
  }
}

void GetdnsResolver::perform(query::Send send) {
  Context& context = contextFor(send.transport);
  const auto [entry, added] =
      flights_.try_emplace(send.id, Flight{.resolver = *this,
                                           .id = send.id,
                                           .server = send.server,
                                           .context = &context,
                                           .transport = send.transport,
                                           .patience = send.patience,
                                           .overdue = loop_.now().mono + send.patience + kOverdue});
  if (flights_.size() == 1) watchdog_.after(kWatchInterval);
  const auto query = context.submit(send, &GetdnsResolver::onCallback, &entry->second);
  const auto flight = flights_.find(send.id);
  if (flight == flights_.end()) return;  // called back already
  if (query) {
    flight->second.query = *query;
  } else {
    land(flight->second,
         Failure{Why::unreachable,
                 fmt::format("cannot ask {}: {}", xfr::toText(send.server), query.error())});
  }
}

void GetdnsResolver::perform(query::Report report) {
  if (!forgotten_.contains(report.ask))
    listener_->onAnswered(report.ask, std::move(report.outcome));
}

Context& GetdnsResolver::contextFor(query::Transport transport) {
  if (transport == query::Transport::udp) return udp_;
  if (tcp_idle_.empty()) {
    tcp_.push_back(std::make_unique<Context>(events_, memory_, query::Transport::tcp));
    return *tcp_.back();
  }
  Context& context = *tcp_idle_.back();
  tcp_idle_.pop_back();
  return context;
}

// The end of a query, whether getdns knows or not.
void GetdnsResolver::land(const Flight& flight, std::variant<Octets, Failure> what) {
  landed_.push_back({flight.id, std::move(what)});
  if (flight.transport == query::Transport::tcp) tcp_idle_.push_back(flight.context);
  flights_.erase(flight.id);
  turn_.schedule();
}

void GetdnsResolver::onCallback(getdns_context*, getdns_callback_type_t type, getdns_dict* response,
                                void* argument, getdns_transaction_t) {
  const Dict held(response);
  const Flight& flight = *static_cast<Flight*>(argument);
  if (type == GETDNS_CALLBACK_CANCEL && flight.query == 0) return;  // perform() knows why
  const std::string server = xfr::toText(flight.server);
  GetdnsResolver& resolver = flight.resolver;
  if (type == GETDNS_CALLBACK_ERROR) {
    // It says so, too, of a connection that was closed and of what it cannot read.
    return resolver.land(flight, resolver.events_.isForSocketError()
                                     ? Failure{Why::unreachable, "nobody there at " + server}
                                     : Failure{Why::malformed, "no readable reply from " + server});
  }
  if (type != GETDNS_CALLBACK_COMPLETE) {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(flight.patience);
    return resolver.land(flight, Failure{Why::timeout, fmt::format("no reply from {} in {} ms",
                                                                   server, waited.count())});
  }
  if (const getdns_bindata* reply = replyIn(response)) {
    return resolver.land(flight, Octets(reply->data, reply->data + reply->size));
  }
  resolver.land(flight, Failure{Why::malformed, "no reply in what came from " + server});
}

void GetdnsResolver::onWatch() {
  const Instant now = loop_.now().mono;
  std::vector<query::TryId> overdue;
  for (const auto& [id, flight] : flights_) {
    if (now > flight.overdue) overdue.push_back(id);
  }
  for (const query::TryId id : overdue) {
    const Flight& lost = flights_.at(id);
    if (!lost.context->cancel(lost.query)) {
      land(lost, Failure{Why::timeout, "no reply from " + xfr::toText(lost.server)});
    }
  }
  if (!flights_.empty()) watchdog_.after(kWatchInterval);
}

}  // namespace zonecast::getdns
