// Entries as Redis may have them, well-formed or not: each is a row, or a sentence that says why
// not.
#include "adapters/mirror/entry_reader.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/attribute_value.h"
#include "schema/domain_value.h"

namespace zonecast::mirror {
namespace {

using ::testing::HasSubstr;

v1::VirtualDomain sample() {
  v1::VirtualDomain message;
  message.set_did("iptel");
  message.set_customer("acme");
  message.set_canonical("iptel.example");
  message.add_domains("iptel.example");
  message.add_domains("sip.iptel.example");
  v1::Attribute& qop = *message.add_attributes();
  qop.set_name("digest.qop");
  qop.add_values()->set_text("auth");
  qop.add_values()->set_text("auth-int");
  v1::Attribute& ttl = *message.add_attributes();
  ttl.set_name("expires");
  ttl.add_values()->set_seconds(3600);
  return message;
}

std::uint64_t termOf(std::string_view hash, std::string_view field, std::string_view value) {
  schema::ContentSum sum;
  sum.add(hash, field, value);
  return sum.sum();
}

TEST(EntryReader, ADomainIsWhatItsValueSays) {
  EntryReader reader;
  const auto stored =
      reader.domain("example.com", "did=iptel;state=retiring;transports=udp,tls;role=backup;new=1");
  ASSERT_TRUE(stored.row) << stored.row.error();
  EXPECT_EQ(stored.row->name, "example.com");
  EXPECT_EQ(stored.row->did, "iptel");
  EXPECT_EQ(stored.row->state, table::State::retiring);
  EXPECT_EQ(stored.row->role, table::Role::backup);
  EXPECT_EQ(stored.row->transports, 1 << 1 | 1 << 3);
}

TEST(EntryReader, AnAddressIsADomainInItsOneForm) {
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    EntryReader reader;
    const auto stored =
        reader.domain(address, "did=iptel;state=hosted;transports=udp;role=primary");
    ASSERT_TRUE(stored.row) << stored.row.error();
    EXPECT_EQ(stored.row->name, address);
  }
}

TEST(EntryReader, TheSumOfADomainIsThatOfTheContract) {
  EntryReader reader;
  constexpr std::string_view kValue = "did=example.com;state=hosted;transports=udp;role=primary";
  const auto stored = reader.domain("example.com", kValue);
  ASSERT_TRUE(stored.row);
  EXPECT_EQ(stored.sum, 0x0cb698c59ac3babbULL) << "schema/REDIS.md";
  EXPECT_EQ(stored.row->sum, stored.sum);
  v1::DomainEntry message = *schema::decodeDomainValue(kValue);
  message.set_domain("example.com");
  EXPECT_EQ(reader.domain(message)->sum, stored.sum) << "the log tells it as well";
}

struct Hostile {
  const char* field;
  const char* value;
  const char* said;
};

TEST(EntryReader, ADomainThatIsNotUnderstoodIsNoRowAndCountsAllTheSame) {
  constexpr const char* kGood = "did=a;state=hosted;transports=udp;role=primary";
  for (const Hostile& hostile : std::initializer_list<Hostile>{
           {"", kGood, "no domain"},
           {"Example.com", kGood, "no domain"},
           {"example.com.", kGood, "no domain"},
           {"_sip.example", kGood, "no domain"},
           {"[2001:db8::1]", kGood, "no domain"},
           {"2001:DB8::1", kGood, "no domain"},
           {"a b\n\x01", kGood, "a b\\n\\001"},
           {"example.com", "", "no did"},
           {"example.com", "garbage", "no did"},
           {"example.com", "did=a b;state=hosted;transports=udp;role=primary", "no DID"},
           {"example.com", "did=a;state=frozen;transports=udp;role=primary", "no such state"},
           {"example.com", "did=a;state=hosted;transports=quic;role=primary", "no such transport"},
           {"example.com", "did=a;state=hosted;transports=udp;role=spare", "no such role"},
           {"example.com", "did=a;transports=udp;role=primary", "no state"},
       }) {
    EntryReader reader;
    const auto stored = reader.domain(hostile.field, hostile.value);
    ASSERT_FALSE(stored.row) << hostile.field << " " << hostile.value;
    EXPECT_THAT(stored.row.error(), HasSubstr(hostile.said));
    EXPECT_EQ(stored.sum, termOf("domain", hostile.field, hostile.value));
  }
}

TEST(EntryReader, EnumeratorsOfTheLogThatAreNotKnownAreNoRow) {
  EntryReader reader;
  v1::DomainEntry good;
  good.set_domain("a.example");
  good.set_did("a");
  good.set_state(v1::STATE_HOSTED);
  good.set_role(v1::ROLE_PRIMARY);
  good.add_transports(v1::TRANSPORT_UDP);
  ASSERT_TRUE(reader.domain(good));
  v1::DomainEntry entry = good;
  entry.set_state(static_cast<v1::State>(3));
  EXPECT_THAT(reader.domain(entry).error(), HasSubstr("state 3"));
  entry = good;
  entry.set_role(v1::ROLE_UNSPECIFIED);
  EXPECT_THAT(reader.domain(entry).error(), HasSubstr("role 0"));
  entry = good;
  entry.add_transports(static_cast<v1::Transport>(-7));
  EXPECT_THAT(reader.domain(entry).error(), HasSubstr("transport -7"));
}

TEST(EntryReader, AVirtualDomainIsWhatItsMessageSays) {
  EntryReader reader;
  const v1::VirtualDomain message = sample();
  const std::string value = message.SerializeAsString();
  const auto stored = reader.virtualDomain("iptel", value);
  ASSERT_TRUE(stored.row) << stored.row.error();
  EXPECT_EQ(stored.row->customer, "acme");
  EXPECT_EQ(stored.row->canonical, "iptel.example");
  ASSERT_EQ(stored.row->domains.size(), 2U);
  EXPECT_EQ(stored.row->domains[1], "sip.iptel.example");
  ASSERT_EQ(stored.row->attributes.size(), 3U) << "one per value";
  EXPECT_EQ(stored.row->attributes[1].name, "digest.qop");
  EXPECT_EQ(std::get<std::string_view>(stored.row->attributes[1].value), "auth-int");
  EXPECT_EQ(std::get<table::Seconds>(stored.row->attributes[2].value).count, 3600);
  EXPECT_EQ(stored.sum, termOf("vdomain", "iptel", value) +
                            termOf("attribute", "iptel", schema::encodeAttributeValue(message)));
  EXPECT_EQ(reader.virtualDomain(message)->sum, stored.sum);
}

TEST(EntryReader, AVirtualDomainThatIsNotUnderstoodIsNoRow) {
  const auto refusalOf = [](auto&& change) {
    v1::VirtualDomain message = sample();
    change(message);
    EntryReader reader;
    const std::string value = message.SerializeAsString();
    const auto stored = reader.virtualDomain("iptel", value);
    EXPECT_EQ(stored.sum, termOf("vdomain", "iptel", value));
    return stored.row ? std::string("a row") : stored.row.error();
  };
  EXPECT_THAT(refusalOf([](auto& m) { m.set_did("other"); }), HasSubstr("another DID"));
  EXPECT_THAT(refusalOf([](auto& m) { m.set_canonical(""); }), HasSubstr("canonical"));
  EXPECT_THAT(refusalOf([](auto& m) { m.set_customer(std::string(256, 'x')); }),
              HasSubstr("customer"));
  EXPECT_THAT(refusalOf([](auto& m) { m.add_domains("Z.example"); }), HasSubstr("no domain"));
  EXPECT_THAT(refusalOf([](auto& m) { m.add_domains("a.example"); }), HasSubstr("ascend"));
  EXPECT_THAT(refusalOf([](auto& m) { m.add_attributes()->set_name("zeta"); }),
              HasSubstr("no value"));
  EXPECT_THAT(refusalOf([](auto& m) { m.mutable_attributes(0)->set_name("A"); }),
              HasSubstr("no name"));
  EXPECT_THAT(refusalOf([](auto& m) { m.mutable_attributes(1)->set_name("digest.qop"); }),
              HasSubstr("ascend"));
  EXPECT_THAT(refusalOf([](auto& m) { m.mutable_attributes(1)->add_values(); }),
              HasSubstr("type that is not known"));
  EXPECT_THAT(refusalOf([](auto& m) {
                m.mutable_attributes(1)->add_values()->set_text(std::string(70'000, 'x'));
              }),
              HasSubstr("not known"));
}

TEST(EntryReader, OctetsOfAnyKindAreNoRowAndNoCrash) {
  std::mt19937_64 random(20);
  const std::string good = sample().SerializeAsString();
  EntryReader reader;
  for (int i = 0; i < 20'000; ++i) {
    std::string value = good;
    for (int changes = 0; changes < 3; ++changes)
      value[random() % value.size()] = static_cast<char>(random());
    value.resize(random() % (value.size() + 1));
    static_cast<void>(reader.virtualDomain("iptel", value));
    static_cast<void>(reader.domain(value, value));
    static_cast<void>(reader.domain("a.example", value));
  }
}

}  // namespace
}  // namespace zonecast::mirror
