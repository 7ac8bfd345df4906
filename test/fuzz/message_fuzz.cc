// The message reader, on one message.
//
// Holds: what is read is what the headers promise (canonical names, well-formed RDATA, as many
// records as counted, in their order); a failure is final; and what was read, written and read
// again, is the same.
#include <optional>

#include "reconciler/dns/message.h"
#include "reconciler/dns/packed_records.h"
#include "test/fuzz/fuzzing.h"

namespace zonecast::fuzz {
namespace {

struct OwnedQuestion {
  dns::Name name;
  dns::RrType type{};
  dns::RrClass rrclass{};
  friend bool operator==(const OwnedQuestion&, const OwnedQuestion&) = default;
};

struct OwnedRecord {
  dns::Section section{};
  dns::Name owner;
  dns::RrType type{};
  dns::RrClass rrclass{};
  std::uint32_t ttl_s = 0;
  Octets rdata;
  friend bool operator==(const OwnedRecord&, const OwnedRecord&) = default;

  dns::RecordView view() const { return {owner, type, rrclass, dns::Ttl(ttl_s), rdata}; }
};

struct Content {
  std::vector<OwnedQuestion> questions;
  std::vector<OwnedRecord> records;
  bool whole = false;  // read to its end
  friend bool operator==(const Content&, const Content&) = default;
};

void checkName(dns::NameView name) {
  const std::string_view wire = name.wire();
  const auto again =
      dns::Name::fromWire({reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size()});
  require(again && *again == name, "a name that was read is a name, and folded");
  const auto from_text = dns::Name::fromText(name.toText());
  require(from_text && *from_text == name, "a name's text says the same name");
}

void checkRecord(const dns::RecordView& record) {
  checkName(record.owner);
  const bool understood = record.rrclass == dns::RrClass::in && dns::isRead(record.type);
  if (!understood) return;
  require(dns::checkCanonical(record.type, record.rdata).has_value(),
          "RDATA that is read is canonical");
  require(!dns::rdataToText(record.type, record.rdata).empty(), "RDATA that is read has a text");

  Octets packed;
  dns::pack(record, packed);
  dns::PackedReader reader(packed);
  const auto again = reader.next();
  require(again && *again && (*again)->owner == record.owner && (*again)->type == record.type &&
              std::ranges::equal((*again)->rdata, record.rdata),
          "a record comes back from disk as it was");
}

bool same(const dns::Malformed& a, const dns::Malformed& b) {
  return a.what == b.what && a.offset == b.offset;
}

void checkFailure(dns::MessageReader& reader, const dns::Malformed& failure, std::size_t size) {
  require(!failure.what.empty() && failure.offset <= size, "a failure says what is wrong where");
  const auto again = reader.nextRecord();
  require(!again && same(again.error(), failure), "the same call fails again");
}

bool readQuestions(dns::MessageReader& reader, Content& content, std::size_t size) {
  for (;;) {
    const auto question = reader.nextQuestion();
    if (!question) return checkFailure(reader, question.error(), size), false;
    if (!*question) break;
    checkName((*question)->name);
    content.questions.push_back(
        {dns::Name((*question)->name), (*question)->type, (*question)->rrclass});
  }
  require(content.questions.size() == reader.header().qdcount, "as many questions as counted");
  return true;
}

bool readRecords(dns::MessageReader& reader, Content& content, std::size_t size) {
  std::size_t behind = 0;
  for (;;) {
    const auto entry = reader.nextRecord();
    if (!entry) return checkFailure(reader, entry.error(), size), false;
    if (!*entry) break;
    const auto& [section, record, offset] = **entry;
    require(offset >= behind && offset + 11 <= size, "records stand one behind the other");
    require(content.records.empty() || content.records.back().section <= section,
            "sections come in their order");
    behind = offset + 11;
    checkRecord(record);
    content.records.push_back({section,
                               dns::Name(record.owner),
                               record.type,
                               record.rrclass,
                               record.ttl.seconds(),
                               {record.rdata.begin(), record.rdata.end()}});
  }
  const dns::Header& header = reader.header();
  require(content.records.size() == std::size_t{header.ancount} + header.nscount + header.arcount,
          "as many records as counted");
  return true;
}

Content read(std::span<const std::uint8_t> message, bool ask_for_questions) {
  Content content;
  auto reader = dns::MessageReader::open(message);
  require(reader.has_value() == (message.size() >= 12), "twelve octets are a header");
  if (!reader) return content;
  content.whole = (!ask_for_questions || readQuestions(*reader, content, message.size())) &&
                  readRecords(*reader, content, message.size());
  return content;
}

Octets write(const dns::Header& header, const Content& content) {
  dns::MessageWriter writer(header);
  for (const OwnedQuestion& q : content.questions) writer.question(q.name, q.type, q.rrclass);
  for (const OwnedRecord& r : content.records) writer.record(r.section, r.view());
  return std::move(writer).take();
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  const std::span<const std::uint8_t> message(data, size);
  const Content content = read(message, true);
  const Content records_only = read(message, false);
  require(records_only.records == content.records && records_only.whole == content.whole,
          "questions that nobody asks for change nothing");
  if (!content.whole) return 0;
  const Octets again = write(dns::MessageReader::open(message)->header(), content);
  require(read(again, true) == content, "written and read again, a message is the same");
  return 0;
}
