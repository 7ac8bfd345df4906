// What is published here against what is held elsewhere: the one difference of both, and its words.
//
// A side is plain messages, whatever it was read from, since what others keep may be anything. Of a
// retiring domain it does not count until when: each daemon counts from when it saw it. Pure.
#pragma once

#include <map>
#include <string>

#include "reconciler/plan/table.h"
#include "schema/ahead.pb.h"

namespace zonecast {

struct Holding {
  std::map<std::string, v1::DomainEntry> domains;
  std::map<std::string, v1::VirtualDomain> virtual_domains;  // by DID; without their domains
};

Holding holdingOf(const plan::Table& table);

// Adds what is here, there, and otherwise; and how many are alike.
void compare(const Holding& here, const Holding& there, v1::Comparison& to);

bool hasDifferences(const v1::Comparison& comparison);
std::string comparisonText(const v1::Comparison& comparison);  // lines, the last one ended

}  // namespace zonecast
