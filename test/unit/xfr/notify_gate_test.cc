#include "reconciler/xfr/notify_gate.h"

#include <random>
#include <utility>

#include <gtest/gtest.h>

namespace zonecast::xfr {
namespace {

using namespace std::chrono_literals;
using dns::Name;
using dns::Opcode;
using dns::Rcode;
using dns::RrClass;
using dns::RrType;
using dns::Section;
using dns::TsigFailure;
using Octets = std::vector<std::uint8_t>;

constexpr std::uint16_t kId = 1996;

Name name(std::string_view text) {
  return Name::fromText(text).value();
}
Address address(std::string_view text) {
  return parseAddress(text).value();
}
Now at(Duration since_start) {
  return {Instant(1h) + since_start, WallTime(24h * 20'000) + since_start};
}

std::shared_ptr<const dns::TsigKey> key(std::string_view key_name, std::uint8_t secret) {
  return std::make_shared<dns::TsigKey>(name(key_name), dns::TsigAlgorithm::hmacSha256,
                                        Octets(32, secret));
}

const auto kAlphaKey = key("alpha.key", 1);
const auto kBetaKey = key("beta.key", 2);
const auto kForgedKey = key("alpha.key", 3);
const auto kUnknownKey = key("gamma.key", 4);

const Address kOpen = address("192.0.2.1");
const Address kAlpha = address("192.0.2.2");
const Address kBeta = address("2001:db8::3");
const Address kStranger = address("198.51.100.1");

SecondarySettings makeSettings() {
  SecondarySettings settings;
  settings.primaries = {{"open", {kOpen, 53}, nullptr},
                        {"alpha", {kAlpha, 53}, kAlphaKey},
                        {"beta", {kBeta, 5353}, kBetaKey}};
  settings.zones = {{name("open.example"), {PrimaryId{0}}, {}},
                    {name("alpha.example"), {PrimaryId{1}}, {}},
                    {name("both.example"), {PrimaryId{1}, PrimaryId{2}}, {}}};
  return settings;
}

struct Notify {
  std::string_view zone;
  RrType type = RrType::soa;
  RrClass rrclass = RrClass::in;
  Opcode opcode = Opcode::notify;
  bool with_opt = false;

  Octets octets() const {
    dns::MessageWriter writer(
        dns::Header{.id = kId, .aa = true, .opcode = opcode, .rcode = Rcode::noError});
    writer.question(name(zone), type, rrclass);
    if (with_opt) {
      writer.record(Section::additional,
                    {dns::NameView{}, RrType::opt, static_cast<RrClass>(4096), dns::Ttl{}, {}});
    }
    return std::move(writer).take();
  }
};

struct Signed {
  Octets octets;
  dns::Mac mac;
};
Signed sign(Octets octets, const dns::TsigKey& key, WallTime when = at(0s).wall) {
  dns::Mac mac = dns::signRequest(octets, key, when);
  return {std::move(octets), std::move(mac)};
}

struct Answer {
  dns::Header header;
  std::optional<Name> question;
  bool has_opt = false;
  bool has_tsig = false;
};

Answer readAnswer(const Octets& octets) {
  auto reader = dns::MessageReader::open(octets).value();
  Answer answer{.header = reader.header(), .question = {}};
  if (const auto question = reader.nextQuestion().value()) {
    EXPECT_EQ(question->type, RrType::soa);
    answer.question = Name(question->name);
  }
  while (const auto entry = reader.nextRecord().value()) {
    EXPECT_EQ(entry->section, Section::additional);
    answer.has_opt |= entry->record.type == RrType::opt;
    answer.has_tsig |= entry->record.type == RrType::tsig;
  }
  return answer;
}

// Checks what every outcome with an answer has in common, and returns that answer.
Answer expectOutcome(const NotifyOutcome& outcome, NotifyResult result, Rcode rcode) {
  EXPECT_EQ(toText(outcome.result), toText(result));
  EXPECT_EQ(outcome.hint.has_value(), result == NotifyResult::accepted);
  const Answer answer = readAnswer(outcome.answer);
  EXPECT_EQ(answer.header.id, kId);
  EXPECT_TRUE(answer.header.qr);
  EXPECT_EQ(answer.header.rcode, rcode);
  EXPECT_EQ(answer.header.aa, rcode == Rcode::noError);
  EXPECT_EQ(answer.header.ancount, 0);
  return answer;
}

class NotifyGateTest : public testing::Test {
 protected:
  NotifyOutcome receive(const Octets& message, const Address& sender, Duration when = 0s) {
    return gate_.onMessage(message, sender, at(when));
  }

  const SecondarySettings settings_ = makeSettings();
  const ZoneTable zones_{settings_.zones};
  NotifyGate gate_{settings_, zones_, NotifyPolicy{}};
};

TEST_F(NotifyGateTest, APrimaryWithoutKeyHints) {
  const auto outcome = receive(Notify{"OPEN.example"}.octets(), kOpen);
  const auto answer = expectOutcome(outcome, NotifyResult::accepted, Rcode::noError);
  EXPECT_EQ(outcome.hint, ZoneId{0});
  EXPECT_EQ(outcome.zone, name("open.example"));
  EXPECT_EQ(answer.header.opcode, Opcode::notify);
  EXPECT_EQ(answer.question, name("open.example"));
  EXPECT_FALSE(answer.has_tsig);
  EXPECT_FALSE(answer.has_opt);
}

TEST_F(NotifyGateTest, AZoneWithoutKeyIsNotRateLimited) {
  for (int i = 0; i < 3; ++i) {
    expectOutcome(receive(Notify{"open.example"}.octets(), kOpen), NotifyResult::accepted,
                  Rcode::noError);
  }
}

TEST_F(NotifyGateTest, ASenderThatADualStackSocketReportsAsMappedIsKnown) {
  const dns::Ipv6 mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  expectOutcome(receive(Notify{"open.example"}.octets(), mapped), NotifyResult::accepted,
                Rcode::noError);
}

TEST_F(NotifyGateTest, OptIsAnsweredWithOpt) {
  const auto outcome = receive(Notify{.zone = "open.example", .with_opt = true}.octets(), kOpen);
  EXPECT_TRUE(expectOutcome(outcome, NotifyResult::accepted, Rcode::noError).has_opt);
}

TEST_F(NotifyGateTest, TwoOptRecordsAreMalformed) {
  auto message = Notify{.zone = "open.example", .with_opt = true}.octets();
  const Octets opt(message.end() - 11, message.end());
  message.insert(message.end(), opt.begin(), opt.end());
  ++message[11];  // ARCOUNT
  expectOutcome(receive(message, kOpen), NotifyResult::malformed, Rcode::formErr);
}

TEST_F(NotifyGateTest, TheSoaInItIsNotBelievedButMustBeWellFormed) {
  for (const bool whole : {true, false}) {
    dns::MessageWriter writer(dns::Header{.id = kId, .opcode = Opcode::notify});
    writer.question(name("open.example"), RrType::soa);
    const Octets rdata(whole ? 22 : 21, 0);
    const Name owner = name("open.example");
    writer.record(Section::answer, {owner, RrType::soa, RrClass::in, dns::Ttl{}, rdata});
    const auto outcome = receive(std::move(writer).take(), kOpen);
    if (whole) {
      expectOutcome(outcome, NotifyResult::accepted, Rcode::noError);
    } else {
      expectOutcome(outcome, NotifyResult::malformed, Rcode::formErr);
    }
  }
}

TEST_F(NotifyGateTest, ASignedNotifyHintsAndIsAnsweredSigned) {
  const auto request = sign(Notify{"alpha.example"}.octets(), *kAlphaKey);
  const auto outcome = receive(request.octets, kAlpha);
  EXPECT_TRUE(expectOutcome(outcome, NotifyResult::accepted, Rcode::noError).has_tsig);
  EXPECT_EQ(outcome.hint, ZoneId{1});
  dns::TsigVerifier verifier(*kAlphaKey, request.mac);
  EXPECT_TRUE(verifier.next(outcome.answer, at(0s).wall).has_value());
  EXPECT_TRUE(verifier.isSettled());
}

TEST_F(NotifyGateTest, SignedNotifiesAreNotRateLimited) {
  const auto request = sign(Notify{"alpha.example"}.octets(), *kAlphaKey);
  for (int i = 0; i < 3; ++i) {
    expectOutcome(receive(request.octets, kAlpha), NotifyResult::accepted, Rcode::noError);
  }
}

TEST_F(NotifyGateTest, AnyKeyOfTheZonesPrimariesSpeaksForTheZone) {
  for (const auto& zone_key : {kAlphaKey, kBetaKey}) {
    const auto request = sign(Notify{"both.example"}.octets(), *zone_key);
    const auto outcome = receive(request.octets, kBeta);
    expectOutcome(outcome, NotifyResult::accepted, Rcode::noError);
    dns::TsigVerifier verifier(*zone_key, request.mac);
    EXPECT_TRUE(verifier.next(outcome.answer, at(0s).wall).has_value());
  }
}

TEST_F(NotifyGateTest, TheKeyOfAnotherZonesPrimaryDoesNot) {
  const auto request = sign(Notify{"alpha.example"}.octets(), *kBetaKey);
  const auto answer =
      expectOutcome(receive(request.octets, kAlpha), NotifyResult::badSignature, Rcode::notAuth);
  EXPECT_TRUE(answer.has_tsig);
}

struct BadSignature {
  std::shared_ptr<const dns::TsigKey> key;
  std::string_view zone;
  Address sender;
  Duration signed_at;
  TsigFailure seen_by_peer;
};

TEST_F(NotifyGateTest, ABadSignatureIsAnsweredWithTheTsigErrorThatItIs) {
  for (const auto& bad :
       {BadSignature{kUnknownKey, "alpha.example", kAlpha, 0s, TsigFailure::peerBadKey},
        BadSignature{kForgedKey, "alpha.example", kAlpha, 0s, TsigFailure::peerBadSignature},
        BadSignature{kAlphaKey, "alpha.example", kAlpha, -301s, TsigFailure::peerBadTime},
        BadSignature{kAlphaKey, "alpha.example", kAlpha, 301s, TsigFailure::peerBadTime},
        BadSignature{kAlphaKey, "open.example", kOpen, 0s, TsigFailure::peerBadKey}}) {
    const auto request = sign(Notify{bad.zone}.octets(), *bad.key, at(bad.signed_at).wall);
    const auto outcome = receive(request.octets, bad.sender);
    const auto answer = expectOutcome(outcome, NotifyResult::badSignature, Rcode::notAuth);
    EXPECT_TRUE(answer.has_tsig);
    EXPECT_EQ(answer.question, name(bad.zone));
    dns::TsigVerifier verifier(*bad.key, request.mac);
    const auto verified = verifier.next(outcome.answer, at(bad.signed_at).wall);
    ASSERT_FALSE(verified.has_value());
    EXPECT_EQ(dns::describe(verified.error()), dns::describe(bad.seen_by_peer));
  }
}

TEST_F(NotifyGateTest, ATamperedNotifyIsABadSignature) {
  auto request = sign(Notify{"alpha.example"}.octets(), *kAlphaKey);
  request.octets[2] ^= 0x04;  // AA
  expectOutcome(receive(request.octets, kAlpha), NotifyResult::badSignature, Rcode::notAuth);
}

TEST_F(NotifyGateTest, ATsigThatIsNotLastIsMalformed) {
  auto request = sign(Notify{"alpha.example"}.octets(), *kAlphaKey);
  const Octets opt = {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
  request.octets.insert(request.octets.end(), opt.begin(), opt.end());
  ++request.octets[11];  // ARCOUNT
  expectOutcome(receive(request.octets, kAlpha), NotifyResult::malformed, Rcode::formErr);
}

TEST_F(NotifyGateTest, AnUnsignedNotifyForAZoneWithAKeyHintsOnceInAnInterval) {
  const auto message = Notify{"alpha.example"}.octets();
  expectOutcome(receive(message, kAlpha), NotifyResult::accepted, Rcode::noError);
  expectOutcome(receive(message, kAlpha, 1s), NotifyResult::rateLimited, Rcode::noError);
  expectOutcome(receive(message, kAlpha, 5s - 1us), NotifyResult::rateLimited, Rcode::noError);
  expectOutcome(receive(message, kAlpha, 5s), NotifyResult::accepted, Rcode::noError);
  expectOutcome(receive(message, kAlpha, 6s), NotifyResult::rateLimited, Rcode::noError);
}

TEST_F(NotifyGateTest, TheIntervalIsEachZonesOwn) {
  expectOutcome(receive(Notify{"alpha.example"}.octets(), kAlpha), NotifyResult::accepted,
                Rcode::noError);
  expectOutcome(receive(Notify{"both.example"}.octets(), kAlpha), NotifyResult::accepted,
                Rcode::noError);
}

TEST_F(NotifyGateTest, RequiringTsigRefusesUnsignedNotifiesForZonesWithAKey) {
  NotifyGate gate(settings_, zones_, {.require_tsig = true});
  const auto answer =
      expectOutcome(gate.onMessage(Notify{"alpha.example"}.octets(), kAlpha, at(0s)),
                    NotifyResult::unsignedRefused, Rcode::refused);
  EXPECT_EQ(answer.question, name("alpha.example"));
  const auto signed_request = sign(Notify{"alpha.example"}.octets(), *kAlphaKey);
  expectOutcome(gate.onMessage(signed_request.octets, kAlpha, at(0s)), NotifyResult::accepted,
                Rcode::noError);
  expectOutcome(gate.onMessage(Notify{"open.example"}.octets(), kOpen, at(0s)),
                NotifyResult::accepted, Rcode::noError);
}

TEST_F(NotifyGateTest, AStrangerIsRefusedHoweverItSigns) {
  const auto plain = Notify{"alpha.example"}.octets();
  for (const auto& sender : {kStranger, kOpen, kBeta}) {
    for (const auto& message : {plain, sign(plain, *kAlphaKey).octets}) {
      const auto outcome = receive(message, sender);
      const auto answer = expectOutcome(outcome, NotifyResult::stranger, Rcode::refused);
      EXPECT_EQ(outcome.zone, name("alpha.example"));
      EXPECT_FALSE(answer.has_tsig);
    }
  }
}

TEST_F(NotifyGateTest, AnUnknownZoneIsNotAuth) {
  for (const auto* zone : {"example", "x.open.example", "."}) {
    const auto outcome = receive(Notify{zone}.octets(), kOpen);
    const auto answer = expectOutcome(outcome, NotifyResult::unknownZone, Rcode::notAuth);
    EXPECT_EQ(outcome.zone, name(zone));
    EXPECT_EQ(answer.question, name(zone));
  }
}

TEST_F(NotifyGateTest, AZoneOfAnotherClassIsUnknown) {
  const auto message = Notify{"open.example", RrType::soa, static_cast<RrClass>(3)}.octets();
  expectOutcome(receive(message, kOpen), NotifyResult::unknownZone, Rcode::notAuth);
}

TEST_F(NotifyGateTest, OtherOpcodesAreNotImplemented) {
  for (const int opcode : {0, 1, 2, 3, 5, 6, 15}) {
    const Notify message{.zone = "open.example", .opcode = static_cast<Opcode>(opcode)};
    const auto answer = expectOutcome(receive(message.octets(), kOpen),
                                      NotifyResult::notImplemented, Rcode::notImp);
    EXPECT_EQ(answer.header.opcode, static_cast<Opcode>(opcode));
    EXPECT_EQ(answer.header.qdcount, 0);
  }
}

TEST_F(NotifyGateTest, ANotifyOfAnotherTypeIsMalformed) {
  for (const auto type : {RrType::a, RrType::any, RrType::axfr}) {
    const auto answer = expectOutcome(receive(Notify{"open.example", type}.octets(), kOpen),
                                      NotifyResult::malformed, Rcode::formErr);
    EXPECT_EQ(answer.header.opcode, Opcode::notify);
    EXPECT_EQ(answer.header.qdcount, 0);
  }
}

TEST_F(NotifyGateTest, NoQuestionOrTwoAreMalformed) {
  for (const int questions : {0, 2}) {
    dns::MessageWriter writer(dns::Header{.id = kId, .opcode = Opcode::notify});
    for (int i = 0; i < questions; ++i) writer.question(name("open.example"), RrType::soa);
    expectOutcome(receive(std::move(writer).take(), kOpen), NotifyResult::malformed,
                  Rcode::formErr);
  }
}

TEST_F(NotifyGateTest, AnAnswerIsNeverAnswered) {
  for (const auto opcode : {Opcode::notify, Opcode::query, Opcode::update}) {
    auto message = Notify{.zone = "open.example", .opcode = opcode}.octets();
    message[2] |= 0x80;  // QR
    const auto outcome = receive(message, kOpen);
    EXPECT_EQ(outcome.result, NotifyResult::malformed);
    EXPECT_TRUE(outcome.answer.empty());
    EXPECT_FALSE(outcome.hint.has_value());
  }
}

TEST_F(NotifyGateTest, EveryTruncationIsMalformedAndSilentWithoutAHeader) {
  const auto request = sign(Notify{"alpha.example"}.octets(), *kAlphaKey);
  for (std::size_t size = 0; size < request.octets.size(); ++size) {
    const auto outcome = gate_.onMessage(std::span(request.octets).first(size), kAlpha, at(0s));
    EXPECT_EQ(outcome.result, NotifyResult::malformed) << size;
    EXPECT_EQ(outcome.answer.empty(), size < 12) << size;
    EXPECT_FALSE(outcome.hint.has_value());
  }
}

TEST_F(NotifyGateTest, NoDamagedSignedNotifyHintsWhereTsigIsRequired) {
  NotifyGate gate(settings_, zones_, {.require_tsig = true});
  std::mt19937 random(8945);
  const auto request = sign(Notify{"alpha.example"}.octets(), *kAlphaKey);
  for (int round = 0; round < 20'000; ++round) {
    auto damaged = request.octets;
    // Not the ID, which the signature does not cover as such, and not a zone's name that differs in
    // case.
    const std::size_t place = 2 + random() % (damaged.size() - 2);
    damaged[place] = static_cast<std::uint8_t>(damaged[place] ^ (1u << (random() % 5)));
    const auto outcome = gate.onMessage(damaged, kAlpha, at(0s));
    EXPECT_FALSE(outcome.hint.has_value()) << "octet " << place;
    if (!outcome.answer.empty()) readAnswer(outcome.answer);
  }
}

TEST_F(NotifyGateTest, NoiseNeverHints) {
  std::mt19937 random(8906);
  for (int round = 0; round < 20'000; ++round) {
    Octets noise(random() % 64);
    for (auto& octet : noise) octet = static_cast<std::uint8_t>(random());
    const auto outcome = receive(noise, kAlpha);
    EXPECT_FALSE(outcome.hint.has_value());
    EXPECT_TRUE(outcome.answer.empty() || readAnswer(outcome.answer).header.qr);
  }
}

TEST(NotifyResult, EveryResultHasALabelOfItsOwn) {
  EXPECT_EQ(toText(NotifyResult::accepted), "accepted");
  EXPECT_EQ(toText(NotifyResult::rateLimited), "rate-limited");
  EXPECT_EQ(toText(NotifyResult::unknownZone), "unknown-zone");
  EXPECT_EQ(toText(NotifyResult::stranger), "stranger");
  EXPECT_EQ(toText(NotifyResult::unsignedRefused), "unsigned-refused");
  EXPECT_EQ(toText(NotifyResult::badSignature), "bad-signature");
  EXPECT_EQ(toText(NotifyResult::notImplemented), "not-implemented");
  EXPECT_EQ(toText(NotifyResult::malformed), "malformed");
}

TEST(NotifyGateScale, AHundredThousandZonesAreToldApart) {
  SecondarySettings settings = makeSettings();
  settings.zones.clear();
  for (int i = 0; i < 100'000; ++i) {
    settings.zones.push_back({name("z" + std::to_string(i) + ".example"), {PrimaryId{1}}, {}});
  }
  const ZoneTable zones(settings.zones);
  NotifyGate gate(settings, zones, NotifyPolicy{});
  for (const std::uint32_t i : {0u, 1u, 54'321u, 99'999u}) {
    const std::string zone = "z" + std::to_string(i) + ".example";
    EXPECT_EQ(gate.onMessage(Notify{zone}.octets(), kAlpha, at(0s)).hint, ZoneId{i});
  }
  EXPECT_EQ(gate.onMessage(Notify{"z100000.example"}.octets(), kAlpha, at(0s)).result,
            NotifyResult::unknownZone);
}

}  // namespace
}  // namespace zonecast::xfr
