// What DNS says to one customer: its transferred zones, and where these lead outside, what a
// resolver answered.
//
// A derivation asks; whatever it asks beyond the zones is noted, whether it was answered or not:
// these are the questions that its verdict rests on, and that must be held (query/answers.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/loop/settings.h"
#include "reconciler/query/answers.h"
#include "reconciler/view/view.h"

namespace zonecast::loop {

class CustomerDns final : public view::Lookup {
 public:
  struct Asked {
    query::ResolverId resolver{};
    dns::Name name;
    dns::RrType type{};
  };
  // All of them must outlive it, and neither the view nor the answers may change meanwhile. `now`
  // is for describe().
  CustomerDns(const Settings& settings, const view::View& view, const query::Answers& answers,
              view::CustomerId customer, Instant now = {});

  view::Answer lookup(dns::NameView name, dns::RrType type) const override;
  // "zone example.com serial 17", "127.0.0.1:53, 12 s ago, secure".
  std::string describe(const view::Evidence& evidence) const override;

  const std::vector<query::QuestionId>& used() const { return used_; }  // may hold one twice
  const std::vector<Asked>& missing() const { return missing_; }        // nobody holds them yet
  // Some question has neither been answered nor failed; the first of them, for people.
  std::optional<std::string> pending() const;

 private:
  std::optional<query::ResolverId> resolverFor(dns::NameView name) const;
  bool follow(view::Answer& answer, dns::RrType type) const;
  bool takeOver(query::QuestionId question, view::Answer& answer, dns::RrType type) const;

  const Settings& settings_;
  const view::View& view_;
  const query::Answers& answers_;
  const view::CustomerId customer_;
  const Instant now_;
  mutable view::View::Way way_;
  mutable std::vector<query::QuestionId> used_;
  mutable std::vector<Asked> missing_;
};

}  // namespace zonecast::loop
