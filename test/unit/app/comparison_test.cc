#include "app/zonecast/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast {
namespace {

v1::DomainEntry& put(Holding& holding, const std::string& domain, const std::string& did) {
  v1::DomainEntry& entry = holding.domains[domain];
  entry.set_domain(domain);
  entry.set_did(did);
  entry.set_state(v1::STATE_HOSTED);
  entry.add_transports(v1::TRANSPORT_UDP);
  entry.set_role(v1::ROLE_PRIMARY);
  return entry;
}

v1::VirtualDomain& putVirtual(Holding& holding, const std::string& did, std::int64_t calls) {
  v1::VirtualDomain& virtual_domain = holding.virtual_domains[did];
  virtual_domain.set_did(did);
  virtual_domain.set_customer("acme");
  virtual_domain.set_canonical(did);
  v1::Attribute& attribute = *virtual_domain.add_attributes();
  attribute.set_name("max_calls");
  attribute.add_values()->set_integer(calls);
  return virtual_domain;
}

v1::Comparison compared(const Holding& here, const Holding& there) {
  v1::Comparison comparison;
  comparison.set_there("Redis");
  compare(here, there, comparison);
  return comparison;
}

TEST(Comparison, TheSameHasNoDifferences) {
  Holding here;
  put(here, "a.example", "a.example");
  putVirtual(here, "a.example", 7);
  const v1::Comparison comparison = compared(here, here);
  EXPECT_FALSE(hasDifferences(comparison));
  EXPECT_EQ(comparison.alike(), 1u);
  EXPECT_EQ(
      comparisonText(comparison),
      "here: version 0, as published; there: Redis\n"
      "1 domains alike, 0 only here, 0 only there, 0 different; 0 virtual domains different\n");
  EXPECT_FALSE(hasDifferences(compared({}, {})));
}

TEST(Comparison, WhatEachHasAloneAndWhatDiffers) {
  Holding here, there;
  put(here, "here.example", "here.example");
  put(there, "there.example", "there.example");
  put(here, "both.example", "new");
  put(there, "both.example", "old");
  putVirtual(here, "x", 7);
  putVirtual(there, "x", 8);
  putVirtual(here, "here.example", 1);
  const v1::Comparison comparison = compared(here, there);
  EXPECT_TRUE(hasDifferences(comparison));
  EXPECT_EQ(
      comparisonText(comparison),
      "only here: 1\n"
      "  + here.example  hosted udp primary did=here.example\n"
      "only there: 1\n"
      "  - there.example  was hosted udp primary did=there.example\n"
      "different (there -> here): 2\n"
      "  ~ both.example  hosted udp primary did=old -> hosted udp primary did=new\n"
      "  ~ DID x  max_calls=8 -> max_calls=7\n"
      "here: version 0, as published; there: Redis\n"
      "0 domains alike, 1 only here, 1 only there, 1 different; 1 virtual domains different\n");
}

TEST(Comparison, EachFieldCountsButUntilWhenARetiringDomainIsServed) {
  Holding there;
  put(there, "a.example", "a").set_until(100);
  const auto differs = [&there](auto&& change) {
    Holding here = there;
    change(here.domains.at("a.example"));
    return hasDifferences(compared(here, there));
  };
  EXPECT_TRUE(differs([](auto& entry) { entry.set_did("b"); }));
  EXPECT_TRUE(differs([](auto& entry) { entry.set_state(v1::STATE_RETIRING); }));
  EXPECT_TRUE(differs([](auto& entry) { entry.set_role(v1::ROLE_BACKUP); }));
  EXPECT_TRUE(differs([](auto& entry) { entry.add_transports(v1::TRANSPORT_TLS); }));
  EXPECT_TRUE(differs([](auto& entry) { entry.set_cause(v1::RETIRE_CAUSE_ABSENT); }));
  EXPECT_FALSE(differs([](auto& entry) { entry.set_until(200); }));
}

TEST(Comparison, WhoHasAVirtualDomainAndWhichDomainCarriesItCount) {
  Holding here, there;
  putVirtual(there, "x", 7);
  putVirtual(here, "x", 7).set_customer("globex");
  EXPECT_THAT(comparisonText(compared(here, there)),
              testing::HasSubstr("  ~ DID x  customer acme -> globex\n"));
  here.virtual_domains.clear();
  putVirtual(here, "x", 7).set_canonical("y");
  EXPECT_THAT(comparisonText(compared(here, there)),
              testing::HasSubstr("  ~ DID x  canonical x -> y\n"));
}

TEST(Comparison, WhatOthersWroteIsMadePrintable) {
  Holding there;
  put(there, "a\x1b[2J", "a");
  EXPECT_THAT(comparisonText(compared({}, there)), testing::HasSubstr("- a\\027[2J"));
}

}  // namespace
}  // namespace zonecast
