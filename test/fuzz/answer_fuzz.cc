// What one reply to a question means.
//
// An input: an octet that says who replied and how much it must prove (see below), the type asked
// for, and the reply; the name asked for is the one in the reply's question, or www.example.
//
// Holds: an answer is to the question, and the aliases lead from it to the name that answers
// without passing a name twice; data are well-formed, sorted, each once, and stand in the reply; an
// absence has its SOA in the reply and lasts no longer than that says; validated is only what a
// trusted resolver says is, and where it must be, everything.
#include <optional>
#include <string>

#include "reconciler/dns/message.h"
#include "reconciler/query/interpret.h"
#include "test/fuzz/fuzzing.h"

namespace zonecast::fuzz {
namespace {

using query::Answer;

struct Asked {
  query::Question question;
  query::Source source;
  query::DnssecPolicy dnssec{};
};

dns::Name questionOf(std::span<const std::uint8_t> reply) {
  auto reader = dns::MessageReader::open(reply);
  if (!reader) return {};
  const auto question = reader->nextQuestion();
  return question && *question ? dns::Name((*question)->name) : dns::Name();
}

Asked askedBy(Input& input) {
  const unsigned how = input.u8();
  Asked asked;
  asked.source.kind =
      how & 1 ? query::Upstream::Kind::authoritative : query::Upstream::Kind::resolver;
  asked.source.trusted = (how & 2) != 0;
  asked.dnssec = static_cast<query::DnssecPolicy>((how >> 2) % 3);
  asked.question.type = dns::RrType{static_cast<std::uint16_t>(input.u16())};
  if ((how & 0x80) == 0) asked.question.name = *dns::Name::fromText("www.example");
  return asked;
}

// A naive look at the reply: whether it holds such a record.
template <typename Is>
bool holds(std::span<const std::uint8_t> reply, Is is) {
  auto reader = dns::MessageReader::open(reply);
  for (;;) {
    const auto entry = reader->nextRecord();
    require(entry.has_value(), "what is answered was read to its end");
    if (!*entry) return false;
    if ((*entry)->record.rrclass == dns::RrClass::in && is((*entry)->section, (*entry)->record)) {
      return true;
    }
  }
}

void checkAliases(const Answer& answer, const query::Question& question,
                  std::span<const std::uint8_t> reply) {
  std::vector<dns::Name> passed{question.name};
  for (const query::Alias& alias : answer.aliases) {
    const dns::Name& from = passed.back();
    const bool dname = alias.type == dns::RrType::dname;
    require(dname || alias.type == dns::RrType::cname, "an alias is a CNAME or a DNAME");
    require(dname ? from.view().isAtOrUnder(alias.owner) && !(from == alias.owner)
                  : from == alias.owner,
            "an alias stands where the last one led");
    require(std::ranges::find(passed, alias.leads_to) == passed.end(), "no name is passed twice");
    const bool there = holds(reply, [&](dns::Section section, const dns::RecordView& record) {
      return section == dns::Section::answer && record.type == alias.type &&
             alias.owner == record.owner && record.ttl == alias.ttl;
    });
    require(there, "an alias stands in the answer");
    passed.push_back(alias.leads_to);
  }
  require(passed.back() == answer.name, "the aliases end at the name that answers");
}

void checkData(const Answer& answer, dns::RrType type, std::span<const std::uint8_t> reply) {
  require(!answer.rrset.empty(), "data are something");
  require(std::ranges::is_sorted(answer.rrset) &&
              std::ranges::adjacent_find(answer.rrset) == answer.rrset.end(),
          "data are sorted, and each once");
  for (const query::Rdata& rdata : answer.rrset) {
    require(dns::checkCanonical(type, rdata).has_value(), "data are well-formed");
    const bool there = holds(reply, [&](dns::Section section, const dns::RecordView& record) {
      return section == dns::Section::answer && record.type == type &&
             answer.name == record.owner && std::ranges::equal(record.rdata, rdata) &&
             record.ttl >= answer.ttl;
    });
    require(there, "data stand in the answer, and last as long as it says");
  }
}

void checkAbsence(const Answer& answer, std::span<const std::uint8_t> reply) {
  require(answer.rrset.empty(), "an absence has no data");
  const bool proven = holds(reply, [&](dns::Section section, const dns::RecordView& record) {
    return section == dns::Section::authority && record.type == dns::RrType::soa &&
           answer.name.view().isAtOrUnder(record.owner) && record.ttl >= answer.ttl;
  });
  require(proven, "an absence has the SOA that proves it");
}

void check(const Answer& answer, const Asked& asked, std::span<const std::uint8_t> reply) {
  const dns::Header header = dns::MessageReader::open(reply)->header();
  require(header.qr && !header.tc && header.qdcount == 1, "an answer is one");
  require(questionOf(reply) == asked.question.name, "an answer is to the question");
  require(header.rcode == dns::Rcode::noError || header.rcode == dns::Rcode::nxDomain,
          "an error is no answer");
  require((header.rcode == dns::Rcode::nxDomain) == (answer.kind == Answer::Kind::nxdomain),
          "NXDOMAIN says that a name is not there, and nothing else does");
  const bool authority = asked.source.kind == query::Upstream::Kind::authoritative;
  require(header.aa || !authority, "an authority speaks with authority");
  require(!answer.authenticated || (header.ad && asked.source.trusted), "AD is trusted AD");
  require(answer.authenticated || asked.dnssec != query::DnssecPolicy::require,
          "what must be proven is");
  checkAliases(answer, asked.question, reply);
  switch (answer.kind) {
    case Answer::Kind::data:
      return checkData(answer, asked.question.type, reply);
    case Answer::Kind::nodata:
    case Answer::Kind::nxdomain:
      return checkAbsence(answer, reply);
    case Answer::Kind::elsewhere:
      return require(authority && !answer.aliases.empty() && answer.rrset.empty(),
                     "only an authority's alias leads elsewhere");
  }
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  Input input(data, size);
  Asked asked = askedBy(input);
  const auto reply = input.rest();
  if (asked.question.name == dns::Name()) asked.question.name = questionOf(reply);
  const query::Outcome outcome =
      query::interpret(reply, asked.question, asked.source, asked.dnssec);
  if (outcome) {
    check(*outcome, asked, reply);
  } else {
    require(!outcome.error().text.empty() && isPrintable(outcome.error().text),
            "a failure says in a line what is wrong");
  }
  return 0;
}
