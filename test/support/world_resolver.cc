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

// A CNAME at the name, or a DNAME above it (RFC 6672 section 3.2).
const OwnedRecord* WorldDns::aliasAt(const dns::Name& name) const {
  const OwnedRecord* alias = nullptr;
  for (const OwnedRecord& record : records) {
    const bool is_above = record.owner != name && name.view().isAtOrUnder(record.owner);
    if (record.type == dns::RrType::dname && is_above) return &record;
    if (record.type == dns::RrType::cname && record.owner == name) alias = &record;
  }
  return alias;
}

query::Outcome WorldDns::answer(const query::Question& question) const {
  if (mood == Mood::silent) return failure(query::Failure::Why::timeout, "the resolver is silent");
  if (mood == Mood::garbage) {
    return failure(query::Failure::Why::malformed, "an answer to another question");
  }
  query::Answer answer;
  answer.name = question.name;
  for (int aliases = 0; aliases < kAliasesMax; ++aliases) {
    if (mood == Mood::servfail || broken.contains(answer.name)) {
      return failure(query::Failure::Why::servfail, "SERVFAIL from the resolver");
    }
    const OwnedRecord* alias = aliasAt(answer.name);
    const bool is_dname = alias != nullptr && alias->type == dns::RrType::dname;
    bool exists = false;
    for (const OwnedRecord& record : records) {
      exists = exists || record.owner.view().isAtOrUnder(answer.name);
      if (record.owner != answer.name || record.type != question.type || is_dname) continue;
      answer.ttl = answer.rrset.empty() ? record.ttl : std::min(answer.ttl, record.ttl);
      answer.rrset.push_back(record.rdata);
    }
    if (answer.rrset.empty() && alias != nullptr) {
      auto leads_to = dns::Name::fromWire(alias->rdata).value();
      if (is_dname) {
        auto substituted = dns::Name::substitute(answer.name, alias->owner, leads_to);
        if (!substituted)
          return failure(query::Failure::Why::refused, "YXDOMAIN from the resolver");
        leads_to = *std::move(substituted);
      }
      answer.aliases.push_back({alias->type, alias->owner, leads_to, alias->ttl});
      answer.name = std::move(leads_to);
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
  if (dns_.on_asked) dns_.on_asked(request.question);
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
  query::Outcome outcome = dns_.answer(question);
  if (dns_.on_answered) dns_.on_answered(question, outcome);
  listener.onAnswered(ask, std::move(outcome));
  return true;
}

}  // namespace zonecast::test
