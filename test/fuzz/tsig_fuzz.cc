// TSIG: what is not exactly what its peer signed is never vouched for, and what is, always.
//
// The input's first octet says which of three dialogues it is:
//   0  a stream of messages that a peer signs, on whose way to us the input changes octets, loses,
//      repeats and swaps messages
//   1  octets that nobody signed, as an answer
//   2  octets that nobody signed, as a request; and the answer to it
#include <optional>

#include "reconciler/dns/message.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/dns/tsig_record.h"
#include "test/fuzz/fuzzing.h"
#include "test/support/tsig_peer.h"

namespace zonecast::fuzz {
namespace {

constexpr WallTime kNow = test::kSignedAt;
constexpr std::size_t kMessagesMax = 8;

// A message with one record, whose RDATA says what the input says.
Octets plainMessage(std::span<const std::uint8_t> text) {
  dns::MessageWriter writer({.id = 0x1234, .qr = true});
  writer.record(dns::Section::answer, {test::nameFromText("t.example"), dns::RrType{65280},
                                       dns::RrClass::in, dns::Ttl(60), text});
  return std::move(writer).take();
}

Octets queryOf(const dns::TsigKey& key, dns::Mac& mac) {
  dns::MessageWriter writer({.id = 0x1234});
  writer.question(test::nameFromText("example"), dns::RrType::axfr);
  Octets query = std::move(writer).take();
  mac = dns::signRequest(query, key, kNow);
  return query;
}

struct Sent {
  Octets octets;
  bool is_signed = false;
};

std::vector<Sent> signedStream(Input& input, const dns::Mac& request_mac) {
  test::TsigPeer peer(request_mac);
  std::vector<Sent> stream;
  const std::size_t count = 1 + input.u8() % kMessagesMax;
  const std::uint8_t signed_ones = input.u8();
  for (std::size_t i = 0; i < count; ++i) {
    Octets message = plainMessage(input.octets(input.u8() % 32));
    const bool is_signed = i == 0 || (signed_ones >> i & 1) != 0;
    message = is_signed ? peer.sign(std::move(message)) : peer.skip(std::move(message));
    stream.push_back({std::move(message), is_signed});
  }
  return stream;
}

std::vector<Sent> changedOnTheWay(std::vector<Sent> stream, Input& input) {
  while (!input.empty()) {
    const std::uint8_t how = input.u8() % 5;
    const std::size_t at = input.u8() % stream.size();
    Octets& octets = stream[at].octets;
    switch (how) {
      case 0:
        octets[input.u16() % octets.size()] ^= input.u8();
        break;
      case 1:
        octets.resize(1 + input.u16() % octets.size());
        break;
      case 2:
        stream.erase(stream.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 3:
        stream.push_back(stream[at]);
        break;
      default:
        std::swap(stream[at], stream[input.u8() % stream.size()]);
        break;
    }
    if (stream.empty() || stream.size() > 2 * kMessagesMax) break;
  }
  return stream;
}

// What of a message is under the signature: not its ID, not the case of the key's name.
Octets signedPart(const Octets& message) {
  const auto tsig = dns::findTsig(message);
  if (!tsig || !*tsig) return message;
  Octets part(message.begin(), message.begin() + static_cast<std::ptrdiff_t>((*tsig)->offset));
  part[0] = static_cast<std::uint8_t>((*tsig)->original_id >> 8);
  part[1] = static_cast<std::uint8_t>((*tsig)->original_id);
  return part;
}

bool same(const std::vector<Sent>& a, const std::vector<Sent>& b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i >= b.size() || signedPart(a[i].octets) != signedPart(b[i].octets)) return false;
  }
  return true;
}

void checkStream(Input& input) {
  const dns::TsigKey key = test::peerKey();
  dns::Mac mac;
  queryOf(key, mac);
  const std::vector<Sent> sent = signedStream(input, mac);
  const std::vector<Sent> received = changedOnTheWay(sent, input);

  dns::TsigVerifier verifier(key, mac);
  bool failed = false;
  for (std::size_t i = 0; i < received.size(); ++i) {
    const bool taken = verifier.next(received[i].octets, kNow).has_value();
    require(!failed || !taken, "a stream that failed stays failed");
    require(taken || !verifier.isSettled(), "a stream that failed is not settled");
    failed |= !taken;
    if (verifier.isSettled()) {
      require(same(received, sent, i + 1), "what is vouched for is what was signed, in its order");
    }
    const bool untouched = i < sent.size() && received[i].octets == sent[i].octets;
    if (!untouched) continue;
    bool all_untouched = true;
    for (std::size_t k = 0; k <= i; ++k) all_untouched &= received[k].octets == sent[k].octets;
    require(!all_untouched || (taken && verifier.isSettled() == sent[i].is_signed),
            "what was signed is vouched for");
  }
}

// A secret that nothing was ever signed with.
dns::TsigKey ownKey() {
  return dns::TsigKey(test::nameFromText("transfer.example"), dns::TsigAlgorithm::hmacSha256,
                      Octets(32, 0x5a));
}

void checkHostileAnswer(Input& input) {
  const dns::TsigKey key = ownKey();
  dns::Mac mac;
  queryOf(key, mac);
  dns::TsigVerifier verifier(key, mac);
  while (!input.empty()) {
    require(!verifier.next(input.block(), kNow), "nobody else's octets are signed by our peer");
    require(!verifier.isSettled(), "nor vouched for");
  }
}

bool hasTsig(std::span<const std::uint8_t> message) {
  auto reader = dns::MessageReader::open(message);
  if (!reader) return false;
  for (auto entry = reader->nextRecord(); entry && *entry; entry = reader->nextRecord()) {
    if ((*entry)->record.type == dns::RrType::tsig) return true;
  }
  return false;
}

void checkAnswerTo(std::span<const std::uint8_t> request, const dns::RequestFailure& failure) {
  Octets answer = plainMessage({});
  const Octets before = answer;
  dns::appendTsigError(answer, request, failure, kNow);
  const auto tsig = dns::findTsig(answer);
  require(tsig.has_value(), "an error's TSIG record is well-formed");
  require(tsig->has_value() == (answer != before), "and found again");
  const bool misplaced = failure.failure == dns::TsigFailure::misplaced;
  require(misplaced != tsig->has_value(), "only a malformed request is answered without");
  const bool unsigned_error = failure.key == nullptr;
  require(!*tsig || (*tsig)->mac.empty() == unsigned_error, "who is not known gets no MAC of ours");
}

void checkHostileRequest(Input& input) {
  const dns::TsigKey ours = ownKey();
  const dns::TsigKey* const keys[] = {&ours};
  const auto request = input.rest();
  const auto verified = dns::verifyRequest(request, keys, kNow);
  if (verified) {
    require(verified->key == nullptr, "nobody else's octets are signed by our key");
    require(!hasTsig(request), "a request with a signature is verified or refused");
  } else {
    require(verified.error().key == nullptr, "a MAC that is not ours names no key");
    checkAnswerTo(request, verified.error());
  }
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast::fuzz;
  Input input(data, size);
  switch (input.u8() % 3) {
    case 0:
      checkStream(input);
      break;
    case 1:
      checkHostileAnswer(input);
      break;
    default:
      checkHostileRequest(input);
      break;
  }
  return 0;
}
