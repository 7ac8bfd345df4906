#include "test/support/world_resolver.h"

#include <algorithm>

#include <fmt/format.h>

namespace zonecast::test {
namespace {

constexpr int kAliasesMax = 16;

query::Outcome failure(query::Failure::Why why, std::string text) {
  return tl::unexpected(query::Failure{why, std::move(text)});
}

}  // namespace

query::Outcome WorldDns::answer(const query::Question& question) const {
  if (mood == Mood::silent) return failure(query::Failure::Why::timeout, "the resolver is silent");
  query::Answer answer;
  answer.name = question.name;
  for (int aliases = 0; aliases < kAliasesMax; ++aliases) {
    if (mood == Mood::servfail || broken.contains(answer.name)) {
      return failure(query::Failure::Why::servfail, "SERVFAIL from the resolver");
    }
    const OwnedRecord* alias = nullptr;
    bool exists = false;
    for (const OwnedRecord& record : records) {
      exists = exists || record.owner.view().isAtOrUnder(answer.name);
      if (record.owner != answer.name) continue;
      if (record.type == dns::RrType::cname) alias = &record;
      if (record.type != question.type) continue;
      answer.ttl = answer.rrset.empty() ? record.ttl : std::min(answer.ttl, record.ttl);
      answer.rrset.push_back(record.rdata);
    }
    if (answer.rrset.empty() && alias != nullptr) {
      auto leads_to = dns::Name::fromWire(alias->rdata);
      answer.aliases.push_back({dns::RrType::cname, answer.name, *leads_to, alias->ttl});
      answer.name = *std::move(leads_to);
      continue;
    }
    std::ranges::sort(answer.rrset);
    answer.kind = !answer.rrset.empty() ? query::Answer::Kind::data
                  : exists              ? query::Answer::Kind::nodata
                                        : query::Answer::Kind::nxdomain;
    if (answer.rrset.empty()) answer.ttl = negative_ttl;
    return answer;
  }
  return failure(query::Failure::Why::servfail, "SERVFAIL from the resolver");
}

void WorldResolver::ask(query::AskId ask, query::Request request) {
  if (!ids_.insert(ask).second) throw Breach("an AskId is used again");
  trace_.push_back(fmt::format("resolver asked {} {}", request.question.name.toText(),
                               dns::toText(request.question.type)));
  under_way_.emplace_back(ask, std::move(request.question));
}

void WorldResolver::forget(query::AskId ask) {
  std::erase_if(under_way_, [ask](const auto& asked) { return asked.first == ask; });
}

bool WorldResolver::deliverAt(std::size_t place, ports::ResolverListener& listener) {
  if (under_way_.empty()) return false;
  const auto at = under_way_.begin() + std::min(place, under_way_.size() - 1);
  const auto [ask, question] = std::move(*at);
  under_way_.erase(at);
  listener.onAnswered(ask, dns_.answer(question));
  return true;
}

}  // namespace zonecast::test
