// What a look-up by the getdns adapter costs, beside bare getdns that asks the same questions.
//
//   resolver_bench adapter|bare PORT LOOK_UPS
//
// Both ask the resolver at 127.0.0.1:PORT over UDP for the SRV records of names that differ, some
// of them under way at a time, and see the reply's octets. Bare getdns has its own event loop and
// checks nothing; the adapter reads and judges each reply. Printed is the process's CPU time for
// one look-up, in nanoseconds; a failed look-up ends the program.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <getdns/getdns.h>
#include <getdns/getdns_extra.h>
#include <sys/resource.h>

#include "adapters/getdns/getdns_resolver.h"

namespace {

using namespace zonecast;

constexpr std::size_t kUnderWay = 50;

[[noreturn]] void fail(std::string_view why) {
  fmt::print(stderr, "resolver_bench: {}\n", why);
  std::exit(1);
}

double cpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::string nameOf(std::size_t number) {
  return fmt::format("_sip._udp.n{}.hosted.", number);
}

class Adapter final : public ports::ResolverListener {
 public:
  Adapter(std::uint16_t port, std::size_t count) : count_(count), resolver_(loop_) {
    query::Upstream upstream;
    upstream.servers = {{dns::Ipv4{127, 0, 0, 1}, port}};
    upstream_ = Shared<query::Upstream>(std::move(upstream));
    resolver_.reportTo(*this);
  }

  void run() {
    for (std::size_t i = 0; i < std::min(kUnderWay, count_); ++i) ask();
    loop_.run();
  }
  void onAnswered(query::AskId, query::Outcome outcome) override {
    if (!outcome) fail(outcome.error().text);
    if (outcome->rrset.empty()) fail("an answer without data");
    if (++answered_ == count_) return loop_.stop();
    if (asked_ < count_) ask();
  }

 private:
  void ask() {
    const auto name = dns::Name::fromText(nameOf(asked_));
    resolver_.ask(query::AskId{++asked_},
                  {{*name, dns::RrType::srv}, upstream_, query::DnssecPolicy::prefer});
  }

  const std::size_t count_;
  std::size_t asked_ = 0, answered_ = 0;
  uv::Loop loop_;
  getdns::GetdnsResolver resolver_;
  Shared<query::Upstream> upstream_{query::Upstream{}};
};

class Bare {
 public:
  Bare(std::uint16_t port, std::size_t count) : count_(count) {
    must(getdns_context_create(&context_, 0));
    getdns_transport_list_t transport = GETDNS_TRANSPORT_UDP;
    getdns_namespace_t space = GETDNS_NAMESPACE_DNS;
    must(getdns_context_set_resolution_type(context_, GETDNS_RESOLUTION_STUB));
    must(getdns_context_set_dns_transport_list(context_, 1, &transport));
    must(getdns_context_set_namespaces(context_, 1, &space));
    must(getdns_context_set_append_name(context_, GETDNS_APPEND_NAME_NEVER));
    must(getdns_context_set_edns_maximum_udp_payload_size(context_, 1232));
    must(getdns_context_set_limit_outstanding_queries(context_, 0));
    must(getdns_str2dict("{header:{rd:1,ad:1,cd:0}}", &extensions_));
    getdns_list* servers = nullptr;
    must(getdns_str2list(
        fmt::format("[{{address_data: 127.0.0.1, address_type: \"IPv4\", port: {}}}]", port)
            .c_str(),
        &servers));
    must(getdns_context_set_upstream_recursive_servers(context_, servers));
    getdns_list_destroy(servers);
  }
  ~Bare() {
    getdns_dict_destroy(extensions_);
    getdns_context_destroy(context_);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  void run() {
    for (std::size_t i = 0; i < std::min(kUnderWay, count_); ++i) ask();
    getdns_context_run(context_);
    if (answered_ != count_) fail("getdns lost a query");
  }

 private:
  static void must(getdns_return_t result) {
    if (result != GETDNS_RETURN_GOOD) fail(getdns_get_errorstr_by_id(result));
  }
  void ask() {
    must(getdns_general(context_, nameOf(asked_++).c_str(), GETDNS_RRTYPE_SRV, extensions_, this,
                        nullptr, &Bare::onCallback));
  }
  static void onCallback(getdns_context*, getdns_callback_type_t type, getdns_dict* response,
                         void* argument, getdns_transaction_t) {
    Bare& self = *static_cast<Bare*>(argument);
    getdns_bindata* reply = nullptr;
    if (type != GETDNS_CALLBACK_COMPLETE ||
        getdns_dict_get_bindata(response, "/replies_full/0", &reply) != GETDNS_RETURN_GOOD)
      fail("a look-up of bare getdns failed");
    getdns_dict_destroy(response);
    ++self.answered_;
    if (self.asked_ < self.count_) self.ask();
  }

  const std::size_t count_;
  std::size_t asked_ = 0, answered_ = 0;
  getdns_context* context_ = nullptr;
  getdns_dict* extensions_ = nullptr;
};

template <typename Asker>
void measure(std::uint16_t port, std::size_t count) {
  Asker asker(port, count);
  const double before = cpuSeconds();
  asker.run();
  fmt::print("{:.0f}\n", (cpuSeconds() - before) * 1e9 / static_cast<double>(count));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) fail("see the head of resolver_bench.cc");
  const auto port = static_cast<std::uint16_t>(std::stoi(arguments[2]));
  const std::size_t look_ups = std::stoul(arguments[3]);
  if (arguments[1] == std::string_view("adapter")) {
    measure<Adapter>(port, look_ups);
  } else {
    measure<Bare>(port, look_ups);
  }
}
