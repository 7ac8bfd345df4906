// The NOTIFY gate, over a sequence of messages from primaries and strangers.
//
// The input: the policy, then for each message who sends it, how much later, and the message; a
// primary may sign it. Holds, as DESIGN section 7 and notify_gate.h have it: only a primary of the
// zone hints; what is signed and does not verify never does; unsigned hints for a zone with a key
// are so many per interval, or none; an answer is one, to this message, and no amplifier.
#include <map>
#include <memory>
#include <optional>

#include "reconciler/dns/message.h"
#include "reconciler/dns/tsig_record.h"
#include "reconciler/xfr/notify_gate.h"
#include "test/fuzz/fuzzing.h"
#include "test/support/tsig_peer.h"

namespace zonecast::fuzz {
namespace {

using xfr::NotifyResult;

constexpr std::size_t kMessagesMax = 16;
constexpr std::size_t kTsigOctets = 10 + 16 + 2 * 255 + 64;  // of an answer's, at most
constexpr xfr::ZoneId kOpenZone{0}, kKeyedZone{1};

const xfr::Address kSenders[] = {
    dns::Ipv4{192, 0, 2, 1},                                                // of open.example
    dns::Ipv4{192, 0, 2, 2},                                                // of keyed.example
    dns::Ipv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2},      // it as well
    dns::Ipv6{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},  // of both
    dns::Ipv4{198, 51, 100, 1},                                             // a stranger
};

xfr::SecondarySettings settingsOf() {
  const auto key = std::make_shared<const dns::TsigKey>(test::peerKey());
  xfr::SecondarySettings settings;
  settings.primaries.push_back({"plain", {kSenders[0], 53}, nullptr});
  settings.primaries.push_back({"keyed", {kSenders[1], 53}, key});
  settings.primaries.push_back({"both", {kSenders[3], 53}, nullptr});
  settings.zones.push_back(
      {test::nameFromText("open.example"), {xfr::PrimaryId{0}, xfr::PrimaryId{2}}, {}});
  settings.zones.push_back(
      {test::nameFromText("keyed.example"), {xfr::PrimaryId{1}, xfr::PrimaryId{2}}, {}});
  return settings;
}

bool isPrimary(std::size_t sender, xfr::ZoneId zone) {
  return zone == kOpenZone ? sender == 0 || sender == 3 : sender >= 1 && sender <= 3;
}

struct Arrival {
  std::size_t sender = 0;
  bool is_signed = false;  // by the key of keyed.example, now or when the input was made
  Octets message;
};

Arrival nextArrival(Input& input, Now& now) {
  Arrival arrival;
  const std::uint8_t who = input.u8();
  arrival.sender = who % std::size(kSenders);
  now.mono += std::chrono::milliseconds(100) * input.u8();
  const auto message = input.block();
  arrival.message.assign(message.begin(), message.end());
  const bool can_be_signed =
      dns::findTsig(message).has_value() && !*dns::findTsig(message) && message.size() < 0xff00;
  if ((who & 0x80) != 0 && can_be_signed) {
    dns::signRequest(arrival.message, test::peerKey(), now.wall);
  }
  const dns::TsigKey key = test::peerKey();
  const dns::TsigKey* keys[] = {&key};
  const auto verified = dns::verifyRequest(arrival.message, keys, now.wall);
  arrival.is_signed = verified.has_value() && verified->key != nullptr;
  return arrival;
}

// RFC 1996 section 3.7; RFC 9619 for the one question.
bool isNotifyFor(const Octets& message, const dns::Name& zone) {
  auto reader = dns::MessageReader::open(message);
  if (!reader || reader->header().qr || reader->header().opcode != dns::Opcode::notify ||
      reader->header().qdcount != 1) {
    return false;
  }
  const auto question = reader->nextQuestion();
  return question && *question && (*question)->name == zone.view() &&
         (*question)->type == dns::RrType::soa && (*question)->rrclass == dns::RrClass::in;
}

void checkAnswer(const Octets& message, const xfr::NotifyOutcome& outcome) {
  const auto request = dns::MessageReader::open(message);
  const bool silent = !request || request->header().qr;
  require(outcome.answer.empty() == silent, "all that is a request is answered, and nothing else");
  if (silent) return;
  auto answer = dns::MessageReader::open(outcome.answer);
  require(answer && answer->header().qr && answer->header().id == request->header().id &&
              answer->header().opcode == request->header().opcode,
          "an answer echoes ID and opcode");
  auto record = answer->nextRecord();
  while (record && *record) record = answer->nextRecord();
  require(record.has_value(), "an answer is a well-formed message");
  const auto tsig = dns::findTsig(outcome.answer);
  require(tsig.has_value(), "an answer's TSIG record stands where it may");
  require(outcome.answer.size() <= message.size() + (*tsig ? kTsigOctets : 0),
          "an answer is no longer than its request");
  const bool positive = answer->header().rcode == dns::Rcode::noError;
  require(positive == (outcome.result == NotifyResult::accepted ||
                       outcome.result == NotifyResult::rateLimited),
          "NOERROR says that all is well");
}

// Hints for the zone with a key that nobody signed, and when the last one was.
class UnsignedHints {
 public:
  void onHint(const xfr::NotifyPolicy& policy, Instant now) {
    require(!policy.require_tsig, "where a signature is required, unsigned ones do not hint");
    require(!last_ || now - *last_ >= policy.unsigned_hint_interval, "unsigned hints are paced");
    last_ = now;
  }

 private:
  std::optional<Instant> last_;
};

void checkHint(const xfr::SecondarySettings& settings, const Arrival& arrival,
               const xfr::NotifyOutcome& outcome) {
  require(outcome.hint.has_value() == (outcome.result == NotifyResult::accepted),
          "who is accepted hints, and nobody else");
  if (!outcome.hint) return;
  require(isPrimary(arrival.sender, *outcome.hint), "only a primary of the zone hints");
  const auto& zone = settings.zones[static_cast<std::size_t>(*outcome.hint)];
  require(isNotifyFor(arrival.message, zone.name), "a hint is a NOTIFY for its zone");
  const auto tsig = dns::findTsig(arrival.message);
  require(tsig && (!*tsig || (arrival.is_signed && outcome.hint == kKeyedZone)),
          "what is signed hints only by the zone's own key");
}

void checkSigned(const Arrival& arrival, const xfr::NotifyOutcome& outcome, const Now& now) {
  if (!arrival.is_signed || outcome.result != NotifyResult::accepted) return;
  const auto tsig = dns::findTsig(arrival.message);
  const dns::TsigKey key = test::peerKey();
  dns::TsigVerifier verifier(key, dns::Mac((*tsig)->mac.begin(), (*tsig)->mac.end()));
  require(verifier.next(outcome.answer, now.wall).has_value(),
          "the answer to a signed one is signed");
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  static const xfr::SecondarySettings kSettings = settingsOf();
  Input input(data, size);
  const xfr::NotifyPolicy policy{.require_tsig = (input.u8() & 1) != 0};
  static const xfr::ZoneTable kZones(kSettings.zones);
  xfr::NotifyGate gate(kSettings, kZones, policy);
  UnsignedHints unsigned_hints;
  Now now{Instant{}, test::kSignedAt};
  for (std::size_t i = 0; i < kMessagesMax && !input.empty(); ++i) {
    const Arrival arrival = nextArrival(input, now);
    const auto outcome = gate.onMessage(arrival.message, kSenders[arrival.sender], now);
    checkAnswer(arrival.message, outcome);
    checkHint(kSettings, arrival, outcome);
    checkSigned(arrival, outcome, now);
    if (outcome.hint == kKeyedZone && !arrival.is_signed) {
      unsigned_hints.onHint(policy, now.mono);
    }
  }
  return 0;
}
