// A whole transfer as a primary's TCP stream, from the socket's octets to the zone that answers:
// MessageStream, Exchange, TransferReader and ZoneIntake together, over a zone that is held.
//
// The input: what is asked (bit 0: IXFR; bit 1: under a key), which messages the primary signs, how
// the stream is cut into arrivals, and the stream. Holds: what is not taken leaves the old zone as
// it was, octet by octet; what is taken is what a naive reading of the same messages gives; neither
// depends on how the stream was cut; and under a key nothing is taken whose first and last messages
// are not signed.
#include <memory>
#include <optional>
#include <string>

#include "reconciler/dns/tsig_record.h"
#include "reconciler/loop/zone_intake.h"
#include "reconciler/xfr/exchange.h"
#include "reconciler/xfr/message_stream.h"
#include "test/fuzz/fuzzing.h"
#include "test/support/tsig_peer.h"
#include "test/unit/view/zone_model.h"

namespace zonecast::fuzz {
namespace {

using view::ZoneModel;

constexpr std::uint16_t kId = 4711;
constexpr view::ZoneIndex kZone{0};
constexpr Now kNow{Instant{}, test::kSignedAt};

struct Question {
  bool ixfr = false;
  bool under_a_key = false;
  std::uint8_t signed_messages = 0;  // bit i: the message i, modulo 8
  Octets arrivals;                   // sizes; 0 and none: all that is left
};

class NoDisk final : public ports::Disk {
 public:
  void saveZonePiece(const dns::Name&, ports::PackedRecords, bool,
                     const std::optional<xfr::HeldCopy>&) override {}
  void saveZoneDelta(const dns::Name&, std::vector<view::Delta>, const xfr::HeldCopy&) override {}
  void saveZoneTimers(const dns::Name&, const xfr::HeldCopy&) override {}
  void removeZone(const dns::Name&) override {}
  void saveBinding(const ports::SavedBinding&) override {}
  void removeBinding(const dns::Name&) override {}
  void saveDids(std::vector<ports::SavedDid>) override {}
  void savePublisher(const ports::SavedPublisher&) override {}
  void saveDirective(const derive::Domain&, const std::optional<plan::Directive>&) override {}
  void saveHold(const std::optional<plan::Deadline>&) override {}
  void saveHistory(std::vector<plan::DomainEvent>, const plan::HistoryPolicy&) override {}
};

const loop::Settings& settings() {
  static const loop::Settings kSettings = [] {
    loop::Settings settings;
    settings.customers.push_back({.name = "acme", .grants = {}, .attributes = {}});
    settings.zones.push_back({view::CustomerId{0}, false});
    settings.secondary.primaries.push_back({"ns1", {dns::Ipv4{192, 0, 2, 53}, 53}, nullptr});
    xfr::TransferLimits limits;  // so small that an input can reach them
    limits.octets_max = 1 << 16;
    limits.records_max = 100;
    limits.ixfr_deltas_max = 5;
    limits.ixfr_records_max = 50;
    settings.secondary.zones.push_back({view::name("example"), {xfr::PrimaryId{0}}, limits});
    settings.zone_limits.records_per_rrset_max = 10;
    settings.zone_limits.types_per_owner_max = 5;
    return settings;
  }();
  return kSettings;
}

// What is held when the question is asked; serial 1.
std::vector<view::DeltaRecord> heldRecords() {
  return view::recordsFrom({"example SOA 1", "example NS ns.example", "ns.example A 192.0.2.53",
                            "_sip._udp.a.example SRV 1 1 5060 sip.example", "a.example MX x",
                            "a.example MX y", "*.w.example TXT any", "cut.example NS ns.example",
                            "d.example DNAME other.example", "c.example CNAME a.example"});
}

dns::Mac macOf(const Octets& framed_request) {
  const auto tsig = dns::findTsig(std::span(framed_request).subspan(2));
  return {(*tsig)->mac.begin(), (*tsig)->mac.end()};
}

bool canBeSigned(const Octets& message) {
  return message.size() >= 12 && (message[10] != 0xff || message[11] != 0xff);
}

std::string lineOf(dns::NameView owner, dns::RrType type, const Octets& rdata) {
  return owner.toText() + " " + dns::toText(type) + " " + dns::rdataToText(type, rdata);
}

// Everything but the TTLs; of types that are not kept, how many there are.
std::vector<std::string> contentOf(const view::Zone& zone) {
  std::vector<std::string> lines;
  std::optional<std::uint64_t> cursor = 0;
  while (cursor) {
    cursor = zone.visitRecords(*cursor, 7, [&](const dns::RecordView& r) {
      lines.push_back(lineOf(r.owner, r.type, {r.rdata.begin(), r.rdata.end()}));
    });
  }
  std::ranges::sort(lines);
  return lines;
}
std::vector<std::string> contentOf(const ZoneModel& model) {
  std::vector<std::string> lines;
  for (const auto& r : model.records()) lines.push_back(lineOf(r.owner, r.type, r.rdata));
  std::ranges::sort(lines);
  return lines;
}

void checkAnswers(const view::Zone& zone, const ZoneModel& model) {
  for (const std::string& text : model.names()) {
    const dns::Name name = view::name(text);
    for (const dns::RrType type : {dns::RrType::a, dns::RrType::srv, dns::RrType::txt}) {
      require(asModelAnswer(zone.lookup(name, type)) == model.lookup(name, type),
              "a zone that was taken answers by the letter of the RFCs");
    }
  }
}

// One question at the primary, and what came of its answer.
class Dialogue {
 public:
  explicit Dialogue(const Question& question)
      : question_(question), intake_(settings(), zones_, view_, disk_, [](loop::ZoneUpdate) {}) {
    view_.addZone(view::ZoneIndex{0}, view::name("example"), view::CustomerId{0}, false);
    view_.install(kZone, std::make_unique<view::Zone>(view::zoneOf("example", heldRecords())));
    ask();
  }

  void receive(std::span<const std::uint8_t> stream) {
    for (std::size_t i = 0; !stream.empty() && !verdict_; ++i) {
      const std::size_t wanted =
          question_.arrivals.empty() ? 0 : question_.arrivals[i % question_.arrivals.size()];
      const std::size_t size = wanted == 0 ? stream.size() : std::min(wanted, stream.size());
      onArrival(stream.first(size));
      stream = stream.subspan(size);
    }
  }

  bool taken() const { return taken_; }
  const std::string& why() const { return why_; }
  const view::Zone& zone() const { return *view_.zone(kZone); }
  const std::vector<Octets>& messages() const { return messages_; }
  dns::Serial serial() const { return serial_; }
  bool lastWasSigned() const { return last_was_signed_; }
  bool firstWasSigned() const { return isSigned(0); }

 private:
  void ask() {
    const xfr::Errand errand{
        .kind = question_.ixfr ? xfr::Errand::Kind::ixfr : xfr::Errand::Kind::axfr,
        .zone = xfr::ZoneId{0},
        .held = question_.ixfr ? std::optional(zone().serial()) : std::nullopt};
    exchange_.emplace(errand, zones_[errand.zone], settings().secondary,
                      question_.under_a_key ? &key_ : nullptr, intake_.open(errand.zone), kId,
                      kNow);
    if (question_.under_a_key) peer_.emplace(macOf(exchange_->takeRequest()));
  }

  void onArrival(std::span<const std::uint8_t> octets) {
    while (const auto message = stream_.next(octets)) {
      onMessage({message->begin(), message->end()});
      if (verdict_) return settle();
    }
    require(octets.empty(), "what makes no message yet is kept");
    require(stream_.pendingOctets() < 2 + 0x10000, "at most one message is kept");
  }

  void onMessage(Octets message) {
    messages_.push_back(message);
    if (peer_) {
      last_was_signed_ = isSigned(messages_.size() - 1) && canBeSigned(message);
      message =
          last_was_signed_ ? peer_->sign(std::move(message)) : peer_->skip(std::move(message));
    }
    if (message.size() < 12) {  // whoever owns the connection gives it up
      verdict_ = exchange_->trouble("malformed", "no header");
    } else {
      verdict_ = exchange_->onMessage(message, kNow);
    }
  }

  bool isSigned(std::size_t message) const {
    return (question_.signed_messages >> message % 8 & 1) != 0;
  }

  void settle() {
    if (auto* delivery = std::get_if<xfr::Delivery>(&*verdict_)) {
      serial_ = delivery->serial;
      const auto committed = intake_.commit(xfr::ZoneId{0}, std::move(delivery->sink), kNow);
      taken_ = committed.has_value();
      if (!taken_) why_ = committed.error().text;
    } else {
      why_ = std::get<xfr::Trouble>(*verdict_).text;
    }
    require(taken_ || !why_.empty(), "what is not taken has a reason");
  }

  const Question& question_;
  const dns::TsigKey key_ = test::peerKey();
  view::View view_;
  NoDisk disk_;
  const xfr::ZoneTable zones_{settings().secondary.zones};
  loop::ZoneIntake intake_;
  xfr::MessageStream stream_;
  std::optional<test::TsigPeer> peer_;
  std::optional<xfr::Exchange> exchange_;
  std::optional<xfr::Verdict> verdict_;
  std::vector<Octets> messages_;
  bool last_was_signed_ = false, taken_ = false;
  std::string why_;
  dns::Serial serial_;
};

// The answer sections of all messages, one behind the other.
std::vector<view::DeltaRecord> answersOf(const std::vector<Octets>& messages) {
  std::vector<view::DeltaRecord> records;
  for (const Octets& message : messages) {
    auto reader = dns::MessageReader::open(message);
    for (auto entry = reader->nextRecord(); entry && *entry; entry = reader->nextRecord()) {
      if ((*entry)->section != dns::Section::answer) continue;
      const dns::RecordView& r = (*entry)->record;
      records.push_back({dns::Name(r.owner), r.type, r.ttl, {r.rdata.begin(), r.rdata.end()}});
    }
  }
  return records;
}

bool isSoa(const view::DeltaRecord& record) {
  return record.type == dns::RrType::soa;
}
bool same(const view::DeltaRecord& a, const view::DeltaRecord& b) {
  return a.owner == b.owner && a.type == b.type && a.rdata == b.rdata;
}

// RFC 1995 section 4 and RFC 5936 section 2.2, for an answer that is known to be good.
ZoneModel naiveReading(const Question& question, const std::vector<view::DeltaRecord>& records) {
  require(records.size() >= 2 && isSoa(records.front()) && same(records.front(), records.back()),
          "what is taken begins and ends with the same SOA");
  ZoneModel model("example");
  const bool full = !question.ixfr || !isSoa(records[1]) || same(records[0], records[1]);
  if (full) {
    for (std::size_t i = 0; i + 1 < records.size(); ++i) model.add(records[i]);
    return model;
  }
  for (const auto& record : heldRecords()) model.add(record);
  for (std::size_t i = 1, soas = 0; i + 1 < records.size(); ++i) {
    if (isSoa(records[i])) ++soas;
    if (soas % 2 == 1) {
      require(model.remove(records[i]), "what is removed was there");
    } else {
      model.add(records[i]);
    }
  }
  return model;
}

void checkTaken(const Question& question, const Dialogue& dialogue) {
  require(!question.under_a_key || (dialogue.firstWasSigned() && dialogue.lastWasSigned()),
          "under a key, the first and the last message of what is taken are signed");
  const std::vector<view::DeltaRecord> records = answersOf(dialogue.messages());
  const ZoneModel model = naiveReading(question, records);
  require(contentOf(dialogue.zone()) == contentOf(model), "what is taken is what was sent");
  require(dns::parseSoa(records.front().rdata)->serial == dialogue.zone().serial() &&
              dialogue.serial() == dialogue.zone().serial(),
          "the serial is the opening SOA's");
  checkAnswers(dialogue.zone(), model);
}

Question questionOf(Input& input) {
  Question question;
  const std::uint8_t what = input.u8();
  question.ixfr = (what & 1) != 0;
  question.under_a_key = (what & 2) != 0;
  question.signed_messages = input.u8();
  const auto arrivals = input.octets(input.u8() % 8);
  question.arrivals.assign(arrivals.begin(), arrivals.end());
  return question;
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  Input input(data, size);
  Question question = questionOf(input);
  const auto stream = input.rest();

  Dialogue dialogue(question);
  const std::vector<std::string> before = view::dump(dialogue.zone());
  dialogue.receive(stream);
  const std::vector<std::string> after = view::dump(dialogue.zone());
  if (dialogue.taken()) {
    checkTaken(question, dialogue);
  } else {
    require(after == before, "what is not taken leaves the zone as it was");
  }

  question.arrivals.clear();
  Dialogue at_once(question);
  at_once.receive(stream);
  require(at_once.taken() == dialogue.taken() && at_once.why() == dialogue.why() &&
              view::dump(at_once.zone()) == after,
          "how the stream was cut makes no difference");
  return 0;
}
