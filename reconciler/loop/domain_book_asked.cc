// Domains that are asked about: which speak for themselves, what questions each holds and how
// urgent they are, and what workers want.
#include <algorithm>
#include <utility>

#include "reconciler/derive/sip_service.h"
#include "reconciler/discovery/gate.h"
#include "reconciler/discovery/token.h"
#include "reconciler/loop/domain_book.h"

namespace zonecast::loop {

using derive::Standing;

bool DomainBook::isDiscovered(const DomainNode& node) const {
  if (!settings_.discovered) return false;
  const bool is_desired = node.desired && node.customer == settings_.discovered;
  if (node.wanted || is_desired) return true;
  if (!node.published || settings_.discovery.mode == discovery::Mode::off) return false;
  const auto virtual_domain = published_.virtual_domains.find(node.published->did);
  return virtual_domain != published_.virtual_domains.end() &&
         virtual_domain->second->customer == nameOf(*settings_.discovered);
}

bool DomainBook::isAskedAbout(const DomainNode& node) const {
  return node.watched || (node.customer && node.customer == settings_.discovered);
}

std::optional<view::CustomerId> DomainBook::customerOf(const DomainNode& node) const {
  if (const StaticVirtualDomain* entry = statics_.find(node.domain)) return entry->customer;
  if (node.domain.isAddress()) return std::nullopt;
  const auto speaker = view_.speaker(node.domain.name());
  return speaker || !isDiscovered(node) ? speaker : settings_.discovered;
}

// A derivation asks one question after the other. Somebody waits for the first verdict: what it is
// most likely to ask is asked at once.
void DomainBook::askAhead(const DomainNode& node, const CustomerDns& dns) const {
  const dns::NameView name = node.domain.name();
  dns.lookup(name, dns::RrType::naptr);
  for (const derive::Transport transport : derive::kTransports) {
    if (!settings_.derive.transports.contains(transport)) continue;
    if (const auto owner = derive::srvOwner(transport, name)) {
      dns.lookup(*owner, dns::RrType::srv);
    }
  }
  if (const auto owner = dns::Name::prepend(identity::kClaimLabel, name)) {
    dns.lookup(*owner, dns::RrType::txt);
  }
}

query::Urgency DomainBook::urgencyOf(const DomainNode& node) const {
  if (node.desired || node.published) {
    return node.idle ? query::Urgency::idle : query::Urgency::hosted;
  }
  return node.wanted && !node.watched ? query::Urgency::wanted : query::Urgency::watched;
}

// The questions that the verdict rests on now are held, those that it rested on no more.
void DomainBook::restOn(DomainNode& node, const CustomerDns* dns) {
  const query::Urgency urgency = urgencyOf(node);
  std::vector<query::QuestionId> questions;
  if (dns != nullptr) {
    questions = dns->used();
    std::ranges::sort(questions);
    // Not std::ranges::unique: clang 14 does not compile its subrange.
    questions.erase(std::unique(questions.begin(), questions.end()), questions.end());
    for (const query::QuestionId question : questions) answers_.hold(question, urgency);
    for (const CustomerDns::Asked& asked : dns->missing()) {
      const auto question = answers_.hold({asked.resolver, asked.name, asked.type}, urgency);
      const bool is_new = std::ranges::find(questions, question) == questions.end();
      is_new ? questions.push_back(question) : answers_.release(question, urgency);
    }
  }
  for (const query::QuestionId question : node.questions) answers_.release(question, node.urgency);
  questions.shrink_to_fit();
  node.questions = std::move(questions);
  node.urgency = urgency;
}

void DomainBook::holdAnew(DomainNode& node) {
  const query::Urgency urgency = urgencyOf(node);
  if (urgency == node.urgency) return;
  for (const query::QuestionId question : node.questions) {
    answers_.hold(question, urgency);
    answers_.release(question, node.urgency);
  }
  node.urgency = urgency;
}

bool DomainBook::isPending(DomainId id) const {
  return std::ranges::any_of(node(id).questions, [this](query::QuestionId question) {
    return answers_.isPending(question);
  });
}

void DomainBook::setWanted(DomainNode& node, bool wanted) {
  if (node.wanted != wanted) wanted ? ++wanted_ : --wanted_;
  node.wanted = wanted;
}

void DomainBook::want(DomainId id) {
  setWanted(mutableNode(id), true);
}

void DomainBook::endWanting(DomainId id) {
  DomainNode& node = mutableNode(id);
  setWanted(node, false);
  if (node.desired || node.published || node.watched) return;
  // Below a cut it may be unknown for long, and nobody but the worker made it a domain.
  if (node.tried == Presence::notKnown && !node.occluded && node.named_by.empty()) {
    node.verdict.standing = Standing::foreign;
    node.derived = false;
  }
  forgetIfIdle(id);
}

void DomainBook::touch(DomainId id, Instant now) {
  DomainNode& node = mutableNode(id);
  node.wanted_at = now;
  if (!std::exchange(node.idle, false)) return;
  holdAnew(node);
  refresh(id, now);
}

void DomainBook::setIdle(DomainId id) {
  mutableNode(id).idle = true;
  holdAnew(mutableNode(id));
}

void DomainBook::count(DomainNode& node) {
  const bool counts = node.desired && node.customer && node.customer == settings_.discovered;
  if (std::exchange(node.is_counted, counts) == counts) return;
  std::uint32_t& under = discovered_under_[discovery::registrableOf(node.domain)];
  counts ? (++discovered_, ++under) : (--discovered_, --under);
  if (under == 0) discovered_under_.erase(discovery::registrableOf(node.domain));
}

std::size_t DomainBook::discoveredUnder(const std::string& registrable) const {
  const auto under = discovered_under_.find(registrable);
  return under == discovered_under_.end() ? 0 : under->second;
}

// What speaks for itself must show that it is meant to be here, where the operator wants that.
bool DomainBook::lacksToken(const DomainNode& node) const {
  const discovery::Settings& discovery = settings_.discovery;
  if (discovery.mode != discovery::Mode::token || node.watched) return false;
  if (!node.customer || node.customer != settings_.discovered) return false;
  if (!node.claim) return true;
  return std::ranges::none_of(identity::tokensIn(*node.claim), [&](std::string_view token) {
    return discovery::tokenMatches(node.domain, discovery.token_key, token);
  });
}

void DomainBook::refresh(DomainId id, Instant now) {
  for (const query::QuestionId question : node(id).questions) answers_.refresh(question, now);
}

}  // namespace zonecast::loop
