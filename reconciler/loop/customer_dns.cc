#include "reconciler/loop/customer_dns.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace zonecast::loop {
namespace {

using Kind = view::Answer::Kind;

void giveUp(view::Answer& answer, std::string why) {
  answer.kind = Kind::notKnown;
  answer.why = std::move(why);
  answer.is_outside = false;
}

// Of the question that an answer goes on with: named where aliases led there from another.
void giveUp(view::Answer& answer, dns::RrType type, std::string_view why) {
  const bool is_as_asked = answer.evidence.empty();
  giveUp(answer, is_as_asked
                     ? std::string(why)
                     : fmt::format("{} {}: {}", answer.name.toText(), dns::toText(type), why));
}

view::Evidence aliasEvidence(query::QuestionId question,
                             const query::PackedAnswer::AliasView& alias, dns::NameView asked,
                             dns::Ttl ttl) {
  const bool is_cname = alias.type == dns::RrType::cname;
  return {.source = view::FromResolver{static_cast<std::uint32_t>(question)},
          .asked = dns::Name(asked),
          .name = dns::Name(alias.owner),
          .type = alias.type,
          .kind = is_cname ? view::Evidence::Kind::cname : view::Evidence::Kind::dname,
          .ttl = ttl};
}

view::Evidence endEvidence(query::QuestionId question, query::Answer::Kind kind, dns::NameView name,
                           dns::RrType type, dns::Ttl ttl) {
  using EvidenceKind = view::Evidence::Kind;
  const EvidenceKind evidence_kind = kind == query::Answer::Kind::data     ? EvidenceKind::rrset
                                     : kind == query::Answer::Kind::nodata ? EvidenceKind::nodata
                                                                           : EvidenceKind::nxdomain;
  return {.source = view::FromResolver{static_cast<std::uint32_t>(question)},
          .asked = dns::Name(name),
          .name = dns::Name(name),
          .type = type,
          .kind = evidence_kind,
          .ttl = ttl};
}

}  // namespace

CustomerDns::CustomerDns(const Settings& settings, const view::View& view,
                         const query::Answers& answers, view::CustomerId customer, Instant now)
    : settings_(settings), view_(view), answers_(answers), customer_(customer), now_(now) {}

view::Answer CustomerDns::lookup(dns::NameView name, dns::RrType type) const {
  view::Answer answer = view_.lookup(customer_, name, type, way_);
  while (answer.kind == Kind::notKnown && answer.is_outside && follow(answer, type)) {
  }
  return answer;
}

std::optional<query::ResolverId> CustomerDns::resolverFor(dns::NameView name) const {
  const CustomerSettings& customer = settings_.customers[static_cast<std::size_t>(customer_)];
  const bool is_its_own =
      customer.authoritative &&
      settings_.resolvers[static_cast<std::size_t>(*customer.authoritative)].speaksFor(name);
  return is_its_own ? customer.authoritative : customer.resolver;
}

// Goes on with `answer.name`, which lies outside; true when that led on to yet another such name.
bool CustomerDns::follow(view::Answer& answer, dns::RrType type) const {
  const std::optional<query::ResolverId> resolver = resolverFor(answer.name);
  if (!resolver) return false;
  const auto question = answers_.find({*resolver, answer.name, type});
  if (!question) {
    missing_.push_back({*resolver, answer.name, type});
    giveUp(answer, type, "not answered yet");
    return false;
  }
  used_.push_back(*question);
  return takeOver(*question, answer, type);
}

bool CustomerDns::takeOver(query::QuestionId question, view::Answer& answer,
                           dns::RrType type) const {
  const query::Answers::State state = answers_.state(question, now_);
  if (!state.kind) {
    giveUp(answer, type, state.failure ? state.failure->text : "not answered yet");
    return false;
  }
  for (const query::PackedAnswer::AliasView& alias : state.answer->aliases()) {
    answer.evidence.push_back(aliasEvidence(question, alias, answer.name, state.ttl));
    answer.name = dns::Name(alias.leads_to);
  }
  const auto aliases = std::ranges::count_if(answer.evidence, [](const view::Evidence& evidence) {
    return evidence.kind == view::Evidence::Kind::cname ||
           evidence.kind == view::Evidence::Kind::dname;
  });
  if (aliases > settings_.derive.alias_chain_max) {
    giveUp(answer, fmt::format("more than {} aliases in a row (derive.alias_chain_max)",
                               settings_.derive.alias_chain_max));
    return false;
  }
  // There is an alias at least, so this ends.
  if (*state.kind == query::Answer::Kind::elsewhere) return true;
  answer.evidence.push_back(endEvidence(question, *state.kind, answer.name, type, state.ttl));
  answer.is_outside = false;
  switch (*state.kind) {
    case query::Answer::Kind::data:
      answer.kind = Kind::data;
      answer.rrset.ttl = state.ttl;
      std::ranges::copy(state.answer->rrset(), std::back_inserter(answer.rrset.rdatas));
      break;
    case query::Answer::Kind::nodata:
      answer.kind = Kind::nodata;
      break;
    default:
      answer.kind = Kind::nxdomain;
      break;
  }
  return false;
}

std::optional<std::string> CustomerDns::pending() const {
  const auto say = [](dns::NameView name, dns::RrType type) {
    return fmt::format("{} {}: not answered yet", name.toText(), dns::toText(type));
  };
  if (!missing_.empty()) return say(missing_.front().name, missing_.front().type);
  const auto found = std::ranges::find_if(
      used_, [this](query::QuestionId question) { return answers_.isPending(question); });
  if (found == used_.end()) return std::nullopt;
  return say(answers_.name(*found), answers_.type(*found));
}

std::string CustomerDns::describe(const view::Evidence& evidence) const {
  if (const auto* from = std::get_if<view::FromZone>(&evidence.source)) {
    return fmt::format("zone {} serial {}", view_.apex(from->zone).toText(), from->serial.value());
  }
  const query::QuestionId question{std::get<view::FromResolver>(evidence.source).answer};
  const query::Answers::State state = answers_.state(question, now_);
  const auto age = std::chrono::floor<std::chrono::seconds>(now_ - state.answered);
  std::string text = fmt::format(
      "{}, {} s ago", xfr::toText(answers_.resolverOf(question).upstream->servers.front()),
      age.count());
  if (state.authenticated) text += ", secure";
  if (state.is_stale && state.failure) text += ", stale: " + state.failure->text;
  return text;
}

}  // namespace zonecast::loop
