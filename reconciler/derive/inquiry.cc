#include "reconciler/derive/inquiry.h"

#include <algorithm>

#include <fmt/format.h>

namespace zonecast::derive {
namespace {

// The owner that answered is a name of its own to depend on when it is not what was asked for.
bool answeredForAnother(const view::Evidence& evidence) {
  return isAlias(evidence) || evidence.name.view().isWildcard();
}

}  // namespace

view::Answer Inquiry::ask(dns::NameView name, dns::RrType type) {
  if (lookups_ == lookups_max_) {
    view::Answer refused;
    refused.kind = view::Answer::Kind::notKnown;
    refused.name = dns::Name(name);
    refused.why = fmt::format("the limit of {} look-ups for one domain is reached", lookups_max_);
    return refused;
  }
  ++lookups_;
  view::Answer answer = dns_.lookup(name, type);
  remember(name, answer);
  return answer;
}

const view::Answer& Inquiry::askAddresses(dns::NameView host, dns::RrType type) {
  std::pair key(dns::Name(host), type);
  const auto known = addresses_.find(key);
  if (known != addresses_.end()) return known->second;
  return addresses_.emplace(std::move(key), ask(host, type)).first->second;
}

std::vector<dns::Name> Inquiry::reads() const {
  std::vector<dns::Name> names = reads_;
  std::sort(names.begin(), names.end(), dns::CanonicalLess());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void Inquiry::remember(dns::NameView question, const view::Answer& answer) {
  read(question);
  read(answer.name);
  for (const view::Evidence& evidence : answer.evidence) {
    if (const auto* zone = std::get_if<view::FromZone>(&evidence.source)) {
      addSource(sources_, zone->zone);
    }
    read(evidence.asked);
    if (answeredForAnother(evidence)) read(evidence.name);
  }
}

void Inquiry::read(dns::NameView name) {
  if (ownDomainName(name) != domain_) reads_.emplace_back(name);
}

}  // namespace zonecast::derive
