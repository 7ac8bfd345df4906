// The domains whose publication waits, why each does, and under which DIDs it was when it was held.
//
// Domains are held in groups that share DIDs. By the time one of them is free its desired DID may
// be another, but those that were held with it wait for it all the same: they are found by the DIDs
// of then.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/derive/domain.h"
#include "reconciler/derive/verdict.h"
#include "reconciler/identity/did.h"
#include "reconciler/view/view.h"

namespace zonecast::loop {

class HeldDomains {
 public:
  // `zones` are those on which what is desired of it rests.
  void hold(const derive::Domain& domain, std::string why, std::vector<identity::Did> dids,
            derive::Sources zones);
  void release(const derive::Domain& domain);
  void clear();

  const std::map<derive::Domain, std::string>& reasons() const { return reasons_; }
  // Those that are held and were under a DID of this one then, itself among them if it is held.
  std::vector<derive::Domain> heldWith(const derive::Domain& domain) const;
  std::vector<derive::Domain> under(const identity::Did& did) const;  // then
  std::vector<derive::Domain> restingOn(view::ZoneIndex zone) const;

 private:
  std::map<derive::Domain, std::string> reasons_;
  std::map<derive::Domain, std::vector<identity::Did>> dids_;
  std::map<derive::Domain, derive::Sources> zones_;
  std::map<identity::Did, std::set<derive::Domain>> by_did_;     // no set is empty
  std::map<view::ZoneIndex, std::set<derive::Domain>> by_zone_;  // likewise
};

}  // namespace zonecast::loop
