#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/attribute_value.h"
#include "schema/digest.h"
#include "schema/domain_value.h"
#include "schema/redis_keys.h"

namespace zonecast::schema {
namespace {

TEST(DomainValue, IsAsTheDesignWritesIt) {
  v1::DomainEntry entry;
  entry.set_did("iptel");
  entry.set_state(v1::STATE_HOSTED);
  entry.add_transports(v1::TRANSPORT_UDP);
  entry.add_transports(v1::TRANSPORT_TCP);
  entry.set_role(v1::ROLE_PRIMARY);
  EXPECT_EQ(encodeDomainValue(entry), "did=iptel;state=hosted;transports=udp,tcp;role=primary");
}

TEST(DomainValue, ComesBackAsItWasWritten) {
  for (const std::string text :
       {"did=a:b~2;state=retiring;transports=udp,tcp,tls,ws,wss;role=backup",
        "did=a;state=retiring;transports=udp;role=primary;cause=absent;until=1700000000",
        "did=a;state=retiring;transports=udp;role=primary;cause=elsewhere;until=4294967295",
        "did=a;state=retiring;transports=udp;role=primary;cause=zone_gone;until=0",
        "did=a;state=hosted;transports=;role=primary"}) {
    const auto decoded = decodeDomainValue(text);
    ASSERT_TRUE(decoded) << decoded.error();
    EXPECT_EQ(encodeDomainValue(*decoded), text);
  }
}

TEST(DomainValue, TakesAnyOrderAndIgnoresUnknownFields) {
  const auto decoded =
      decodeDomainValue("role=backup;colour=red;transports=tls;state=hosted;did=x");
  ASSERT_TRUE(decoded) << decoded.error();
  EXPECT_EQ(encodeDomainValue(*decoded), "did=x;state=hosted;transports=tls;role=backup");
}

TEST(DomainValue, WhatIsMissingOrUnknownIsNamed) {
  EXPECT_EQ(decodeDomainValue("").error(), "it names no did");
  EXPECT_EQ(decodeDomainValue("did=;state=hosted;role=primary").error(), "it names no did");
  EXPECT_EQ(decodeDomainValue("did=x;role=primary").error(), "no state");
  EXPECT_EQ(decodeDomainValue("did=x;state=hosted").error(), "no role");
  EXPECT_EQ(decodeDomainValue("did=x;state=hosting").error(), "no such state: hosting");
  EXPECT_EQ(decodeDomainValue("did=x;transports=udp,sctp").error(), "no such transport: sctp");
  EXPECT_EQ(decodeDomainValue("did=x;cause=whim").error(), "no such cause: whim");
  EXPECT_EQ(decodeDomainValue("did=x;until=4294967296").error(), "no such time: 4294967296");
  EXPECT_EQ(decodeDomainValue("did=x;until=-1").error(), "no such time: -1");
  EXPECT_EQ(decodeDomainValue(";;=;;").error(), "it names no did");
}

TEST(AttributeValue, RepeatsNamesAndEncodesWhatIsReserved) {
  v1::VirtualDomain message;
  v1::Attribute* qop = message.add_attributes();
  qop->set_name("digest.qop");
  qop->add_values()->set_text("auth");
  qop->add_values()->set_text("a;b=c d%,\"");
  v1::Attribute* more = message.add_attributes();
  more->set_name("limit");
  more->add_values()->set_integer(-7);
  more->add_values()->set_seconds(3600);
  more->add_values()->set_boolean(true);
  more->add_values()->set_text("sip:a@b.example/\xc3\xa4");
  EXPECT_EQ(encodeAttributeValue(message),
            "digest.qop=auth;digest.qop=a%3Bb%3Dc%20d%25%2C%22;limit=-7;limit=3600s;limit=true;"
            "limit=sip:a@b.example/%C3%A4");
}

// From REDIS.md: made with another SHA-256 than ours.
TEST(ContentSum, IsWhatTheContractPageComputes) {
  ContentSum content;
  content.add("domain", "example.com", "did=example.com;state=hosted;transports=udp;role=primary");
  EXPECT_EQ(content.sum(), 0x0cb698c59ac3babbu);
  content.add("attribute", "example.com", "");
  EXPECT_EQ(content.sum(), 0xed89a665fb84b415u);
}

TEST(ContentSum, DoesNotDependOnTheOrderAndIsUndoneByRemoval) {
  ContentSum one, other;
  one.add("domain", "a", "1");
  one.add("vdomain", "b", "2");
  other.add("vdomain", "b", "2");
  other.add("domain", "x", "y");
  other.add("domain", "a", "1");
  EXPECT_NE(one.sum(), other.sum());
  other.remove("domain", "x", "y");
  EXPECT_EQ(one.sum(), other.sum());
}

TEST(ContentSum, KnowsWhereAFieldEnds) {
  ContentSum one, other;
  one.add("domain", "ab", "c");
  other.add("domain", "a", "bc");
  EXPECT_NE(one.sum(), other.sum());
}

TEST(Chain, DependsOnWhatCameBefore) {
  const std::vector<std::string> entries{"one", "two"};
  const Sha256 first = nextChain({}, entries);
  EXPECT_NE(nextChain(first, entries), first);
  EXPECT_EQ(nextChain({}, entries), first);
}

TEST(RedisKeys, AllShareOneHashTag) {
  const RedisKeys keys("main");
  for (const std::string& key :
       {keys.meta(), keys.domain(), keys.attribute(), keys.virtualDomain(), keys.log(),
        keys.events(), keys.wanted(), keys.lease(), keys.answer("a.example"), keys.worker("w1"),
        keys.stage(stageStamp("3", "17"), kDomainHash), keys.aside(kDomainHash)}) {
    EXPECT_THAT(key, testing::StartsWith("zonecast:{main}:"));
  }
  EXPECT_EQ(keys.stage(stageStamp("3", "17"), kDomainHash), "zonecast:{main}:stage:3:17:domain");
}

}  // namespace
}  // namespace zonecast::schema
