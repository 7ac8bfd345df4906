// Asks through the resolver port, for the tests: questions in, one line each out.
//
//   resolver_ask resolver|authoritative ignore|prefer|require ADDRESS:PORT... < QUESTIONS
//
// A question is a line "NAME TYPE". Answers come as they are told: "NAME TYPE: data 60 192.0.2.1".

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include <fmt/format.h>

#include "adapters/getdns/getdns_resolver.h"

namespace {

using namespace zonecast;

class Asker final : public ports::ResolverListener {
 public:
  Asker(uv::Loop& loop, query::Upstream upstream, query::DnssecPolicy dnssec)
      : loop_(loop), resolver_(loop), upstream_(std::move(upstream)), dnssec_(dnssec) {
    resolver_.reportTo(*this);
  }

  void ask(query::Question question) {
    const query::AskId id{waiting_.size() + 1};
    waiting_.emplace(id, question);
    resolver_.ask(id, {std::move(question), upstream_, dnssec_});
  }
  void onAnswered(query::AskId ask, query::Outcome outcome) override {
    const query::Question& question = waiting_.at(ask);
    fmt::print("{} {}: {}\n", question.name.toText(), dns::toText(question.type),
               outcome ? describe(*outcome, question.type)
                       : fmt::format("{} {}", toText(outcome.error().why), outcome.error().text));
    if (++told_ == waiting_.size()) loop_.stop();
  }

 private:
  static std::string describe(const query::Answer& answer, dns::RrType type) {
    static constexpr const char* kKinds[] = {"data", "nodata", "nxdomain", "elsewhere"};
    std::string text = answer.authenticated ? "secure " : "";
    for (const query::Alias& alias : answer.aliases) {
      text += fmt::format("{} {} > {}; ", dns::toText(alias.type), alias.owner.toText(),
                          alias.leads_to.toText());
    }
    text +=
        fmt::format("{} {}", kKinds[static_cast<std::size_t>(answer.kind)], answer.ttl.seconds());
    for (const query::Rdata& rdata : answer.rrset) text += ' ' + dns::rdataToText(type, rdata);
    return text;
  }

  uv::Loop& loop_;
  getdns::GetdnsResolver resolver_;
  const Shared<query::Upstream> upstream_;
  const query::DnssecPolicy dnssec_;
  std::map<query::AskId, query::Question> waiting_;
  std::size_t told_ = 0;
};

[[noreturn]] void refuse(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(2);
}

xfr::Endpoint parseEndpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto address = xfr::parseAddress(text.substr(0, colon));
  if (!address || colon == text.npos) refuse("no ADDRESS:PORT: " + text);
  return {*address, static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
}

query::DnssecPolicy parsePolicy(const std::string& text) {
  if (text == "ignore") return query::DnssecPolicy::ignore;
  return text == "require" ? query::DnssecPolicy::require : query::DnssecPolicy::prefer;
}

dns::RrType parseType(const std::string& text) {
  for (std::uint16_t type = 1; type < 256; ++type) {
    if (dns::toText(dns::RrType{type}) == text) return dns::RrType{type};
  }
  refuse("no type: " + text);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) refuse("see the head of resolver_ask.cc");
  query::Upstream upstream;
  upstream.kind = arguments[1] == std::string("resolver") ? query::Upstream::Kind::resolver
                                                          : query::Upstream::Kind::authoritative;
  for (int i = 3; i < count; ++i) upstream.servers.push_back(parseEndpoint(arguments[i]));
  uv::Loop loop;
  Asker asker(loop, std::move(upstream), parsePolicy(arguments[2]));
  bool any = false;
  for (std::string name, type; std::cin >> name >> type; any = true) {
    const auto parsed = dns::Name::fromText(name);
    if (!parsed) refuse("no name: " + name);
    asker.ask({*parsed, parseType(type)});
  }
  if (any) loop.run();
}
