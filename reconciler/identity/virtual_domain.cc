// The table in virtual_domain.h, from its first row to its last: what is claimed, else what is
// joined, else the own name.
#include "reconciler/identity/virtual_domain.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "reconciler/identity/printable.h"

namespace zonecast::identity {
namespace {

// One run of assign().
class Assigner {
 public:
  Assigner(const Candidate& candidate, const IdentityContext& context)
      : candidate_(candidate), context_(context) {}

  Assignment run() && {
    if (auto did = claimed()) {
      return give(*std::move(did),
                  is_shared_ ? Assignment::Reason::shared : Assignment::Reason::claimed);
    }
    if (auto did = joined()) return give(*std::move(did), Assignment::Reason::joined);
    return give(own(), Assignment::Reason::own);
  }

 private:
  std::optional<Did> claimed();
  std::optional<Did> joined() const;
  Did own();
  Assignment give(Did did, Assignment::Reason reason) {
    return {std::move(did), reason, std::move(warnings_), contested_for_.has_value(),
            std::move(awaited_)};
  }

  bool isGranted(const Did& did) const;
  bool isShared(const Did& did) const;
  bool isFree(const Did& did) const { return context_.isFreeFor(candidate_.customer, did); }
  void contest(const Did& did, std::string_view because);

  const Candidate& candidate_;
  const IdentityContext& context_;
  std::vector<std::string> warnings_;
  std::optional<Did> contested_for_;
  bool is_shared_ = false;
  std::optional<Did> awaited_;
};

std::optional<Did> Assigner::claimed() {
  if (!candidate_.claim) return std::nullopt;
  std::vector<std::string_view> asked;
  for (const auto& tag : candidate_.claim->tags) {
    if (tag.name == "did") asked.push_back(tag.value);
  }
  if (asked.empty()) return std::nullopt;
  if (asked.size() > 1 || std::ranges::count(candidate_.claim->spoiled, "did") > 0) {
    warnings_.push_back("tag did is ignored: it is given several times and takes one value");
    return std::nullopt;
  }
  auto did = Did::fromText(asked.front());
  if (!did) {
    warnings_.push_back(fmt::format("tag did is ignored: {}", did.error()));
    return std::nullopt;
  }
  const bool granted = isGranted(*did);
  is_shared_ = !isFree(*did) && isShared(*did);
  if (is_shared_ || (granted && isFree(*did))) return *std::move(did);
  contest(*did, granted ? "" : "; it is no name that the customer speaks for, nor granted to it");
  if (granted) awaited_ = *std::move(did);
  return std::nullopt;
}

std::optional<Did> Assigner::joined() const {
  std::optional<Did> agreed;
  for (const auto* namers : {&candidate_.named_by, &candidate_.aliased_by}) {
    for (const auto& domain : *namers) {
      if (domain == candidate_.domain) continue;
      if (!context_.speaksFor(candidate_.customer, domain.name())) continue;
      auto did = context_.didOf(domain);
      if (!did) continue;
      if (agreed && *agreed != *did) return std::nullopt;
      agreed = std::move(did);
    }
  }
  return agreed && isFree(*agreed) ? agreed : std::nullopt;
}

// Only who may have the DID can let others in.
bool Assigner::isShared(const Did& did) const {
  return std::ranges::any_of(candidate_.aliased_by, [&](const derive::Domain& domain) {
    const auto customer = context_.customerOf(domain);
    return customer && context_.didOf(domain) == did && context_.isFreeFor(*customer, did);
  });
}

Did Assigner::own() {
  Did did = ownDid(candidate_.domain, context_.didKind(), 1);
  if (isFree(did)) return did;
  if (contested_for_ != did) contest(did, "");
  for (std::uint32_t number = 2;; ++number) {
    Did fresh = ownDid(candidate_.domain, context_.didKind(), number);
    if (isFree(fresh)) return fresh;
  }
}

bool Assigner::isGranted(const Did& did) const {
  const auto as_domain = derive::Domain::fromText(did.text());
  // The text again: a DID in capitals, or with a final dot, is another DID than the name.
  if (as_domain && as_domain->text() == did.text() &&
      context_.speaksFor(candidate_.customer, as_domain->name())) {
    return true;
  }
  if (context_.isConfiguredFor(candidate_.customer, did)) return true;
  return std::ranges::any_of(context_.grants(candidate_.customer).dids,
                             [&did](const auto& p) { return matchesPattern(p, did.text()); });
}

void Assigner::contest(const Did& did, std::string_view because) {
  warnings_.push_back(fmt::format("did={} is contested: {} of customer {} asks for it, {}{}",
                                  did.text(), candidate_.domain.text(),
                                  quoted(context_.nameOf(candidate_.customer)),
                                  context_.tenureOf(did), because));
  contested_for_ = did;
}

}  // namespace

// Each piece between stars is taken where it first occurs: a later place could only leave less.
bool matchesPattern(std::string_view pattern, std::string_view text) {
  auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  for (;;) {
    pattern.remove_prefix(star + 1);
    star = pattern.find('*');
    if (star == std::string_view::npos) return text.ends_with(pattern);
    const auto found = text.find(pattern.substr(0, star));
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + star);
  }
}

Assignment assign(const Candidate& candidate, const IdentityContext& context) {
  return Assigner(candidate, context).run();
}

derive::Domain canonicalOf(const Did& did, const derive::Domain* present, const Members& members) {
  assert(!members.empty());
  const auto is_address = [](const derive::Domain& domain) { return domain.isAddress(); };
  const bool stays = present != nullptr && members.contains(*present);
  if (stays && (!present->isAddress() || std::ranges::all_of(members, is_address))) return *present;
  if (const auto name = derive::Domain::fromHost(did.text()); name && name->text() == did.text()) {
    if (members.contains(*name)) return *name;
  }
  const auto rank = [](const derive::Domain& domain) {
    return std::pair(domain.isAddress(), std::ranges::count(domain.text(), '.'));
  };
  return *std::ranges::min_element(members, {}, rank);
}

}  // namespace zonecast::identity
