// The published state in words, as traces have it: one line a change.
//
//   + domain example.com hosted udp,tcp primary did=example.com
//   ~ did acme canonical=acme.example domains=acme.example customer=acme greeting=hello
//   - domain old.example
#pragma once

#include <string>
#include <vector>

#include "reconciler/plan/change_set.h"

namespace zonecast::test {

std::string describe(const plan::DomainEntry& entry);
std::string describe(const identity::VirtualDomain& virtual_domain);
std::string describe(const plan::DidRecord& record);
std::vector<std::string> describe(const plan::ChangeSet& changes);

}  // namespace zonecast::test
