#include "reconciler/query/interpret.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "reconciler/dns/message.h"

namespace zonecast::query {
namespace {

using Why = Failure::Why;

// Longer than anybody follows; a DNAME that leads below itself would go on until names are full.
constexpr std::size_t kAliasesMax = 32;

tl::unexpected<Failure> failure(Why why, std::string text) {
  return tl::unexpected(Failure{why, std::move(text)});
}

tl::unexpected<Failure> malformed(const dns::Malformed& what) {
  return failure(Why::malformed, fmt::format("{} (octet {})", what.what, what.offset));
}

tl::expected<void, Failure> checkHeader(const dns::Header& header) {
  if (!header.qr) return failure(Why::malformed, "a request instead of an answer");
  if (header.opcode != dns::Opcode::query) {
    return failure(Why::malformed, fmt::format("opcode {}", static_cast<unsigned>(header.opcode)));
  }
  if (header.qdcount != 1) return failure(Why::malformed, "not exactly one question");
  return {};
}

tl::expected<void, Failure> checkQuestion(dns::MessageReader& reader, const Question& asked) {
  const auto read = reader.nextQuestion();
  if (!read) return malformed(read.error());
  const dns::Question& question = **read;
  if (asked.name == question.name && question.type == asked.type &&
      question.rrclass == dns::RrClass::in) {
    return {};
  }
  return failure(Why::malformed, fmt::format("answer to another question: {} {}",
                                             question.name.toText(), toText(question.type)));
}

struct Record {
  dns::Name owner;
  dns::RrType type{};
  dns::Ttl ttl;
  Rdata rdata;
};

// The records of a reply that could matter.
struct Content {
  std::vector<Record> answers;
  std::vector<Record> soas;     // of the authority section
  unsigned extended_rcode = 0;  // the octet above the header's four bits: RFC 6891 section 6.1.3
};

// Of an OPT, whose owner is the root in one octet; what follows are type and class, then the octet.
unsigned extendedRcode(std::span<const std::uint8_t> reply, std::size_t offset) {
  constexpr std::size_t kOwnerTypeClass = 5;
  return reply[offset] == 0 ? reply[offset + kOwnerTypeClass] : 0u;
}

// Reads to the end, so that a reply with a bad octet anywhere counts for nothing.
tl::expected<Content, Failure> readContent(dns::MessageReader& reader,
                                           std::span<const std::uint8_t> reply) {
  Content content;
  for (;;) {
    const auto next = reader.nextRecord();
    if (!next) return malformed(next.error());
    if (!*next) return content;
    const auto& [section, record, offset] = **next;
    if (record.type == dns::RrType::opt && section == dns::Section::additional) {
      content.extended_rcode = extendedRcode(reply, offset);
    }
    if (record.rrclass != dns::RrClass::in) continue;
    const bool soa = section == dns::Section::authority && record.type == dns::RrType::soa;
    if (section != dns::Section::answer && !soa) continue;
    (soa ? content.soas : content.answers)
        .push_back({dns::Name(record.owner), record.type, record.ttl,
                    Rdata(record.rdata.begin(), record.rdata.end())});
  }
}

tl::expected<void, Failure> checkRcode(const dns::Header& header, const Content& content) {
  if (content.extended_rcode != 0) {
    const unsigned rcode = content.extended_rcode << 4 | static_cast<unsigned>(header.rcode);
    return failure(Why::refused, fmt::format("RCODE{}", rcode));
  }
  switch (header.rcode) {
    case dns::Rcode::noError:
    case dns::Rcode::nxDomain:
      return {};
    case dns::Rcode::servFail:
      return failure(Why::servfail, dns::toText(header.rcode));
    default:
      return failure(Why::refused, dns::toText(header.rcode));
  }
}

// The one record of a type of which an owner has no two (RFC 2181 section 10.1, RFC 6672 section
// 2.4); nothing when there is none.
tl::expected<const Record*, Failure> onlyRecord(const std::vector<Record>& records,
                                                dns::NameView owner, dns::RrType type) {
  const Record* only = nullptr;
  for (const Record& record : records) {
    if (record.type != type || !(record.owner == owner)) continue;
    if (only != nullptr && only->rdata != record.rdata) {
      return failure(Why::malformed,
                     fmt::format("two {} at {}", dns::toText(type), owner.toText()));
    }
    if (only == nullptr || record.ttl < only->ttl) only = &record;
  }
  return only;
}

// Follows the aliases among the records of an answer section, whatever their order.
class Chain {
 public:
  Chain(const Question& question, const std::vector<Record>& records)
      : question_(question), records_(records), name_(question.name) {}

  tl::expected<void, Failure> follow() {
    while (!hasAnswer()) {
      auto alias = next();
      if (!alias) return tl::unexpected(std::move(alias.error()));
      if (!*alias) return {};
      if (aliases_.size() == kAliasesMax || isBehind((*alias)->leads_to)) {
        return failure(Why::malformed, "aliases that do not end, at " + name_.toText());
      }
      name_ = (*alias)->leads_to;
      aliases_.push_back(*std::move(*alias));
    }
    return {};
  }

  bool hasAnswer() const {
    return std::any_of(records_.begin(), records_.end(),
                       [this](const Record& record) { return answers(record); });
  }
  bool answers(const Record& record) const {
    return record.type == question_.type && record.owner == name_;
  }

  const dns::Name& name() const { return name_; }
  std::vector<Alias>& aliases() { return aliases_; }

 private:
  using Next = tl::expected<std::optional<Alias>, Failure>;

  // A DNAME comes before the CNAME that was made of it for those who do not know DNAMEs (RFC 6672
  // section 3.1).
  Next next() const {
    auto substituted = nextByDname();
    if (!substituted || *substituted) return substituted;
    const auto cname = onlyRecord(records_, name_, dns::RrType::cname);
    if (!cname) return tl::unexpected(cname.error());
    if (*cname == nullptr) return std::nullopt;
    return Alias{dns::RrType::cname, name_, targetOf(**cname), (*cname)->ttl};
  }

  Next nextByDname() const {
    for (dns::NameView owner = name_; !owner.isRoot();) {
      owner = owner.parent();
      const auto dname = onlyRecord(records_, owner, dns::RrType::dname);
      if (!dname) return tl::unexpected(dname.error());
      if (*dname == nullptr) continue;
      auto name = dns::Name::substitute(name_, owner, targetOf(**dname));
      if (!name)
        return failure(Why::malformed, "a DNAME makes too long a name of " + name_.toText());
      return Alias{dns::RrType::dname, dns::Name(owner), *std::move(name), (*dname)->ttl};
    }
    return std::nullopt;
  }

  // The reader let only canonical RDATA through.
  static dns::Name targetOf(const Record& record) {
    return dns::Name(*dns::parseSingleName(record.rdata));
  }

  bool isBehind(const dns::Name& name) const {
    return name == question_.name ||
           std::any_of(aliases_.begin(), aliases_.end(),
                       [&](const Alias& a) { return a.leads_to == name; });
  }

  const Question& question_;
  const std::vector<Record>& records_;
  dns::Name name_;
  std::vector<Alias> aliases_;
};

Answer takeRrset(Answer answer, const Chain& chain, std::vector<Record> records) {
  answer.kind = Answer::Kind::data;
  answer.ttl = dns::Ttl(0x7fffffff);
  for (Record& record : records) {
    if (!chain.answers(record)) continue;
    answer.ttl = std::min(answer.ttl, record.ttl);  // RFC 2181 section 5.2
    answer.rrset.push_back(std::move(record.rdata));
  }
  std::sort(answer.rrset.begin(), answer.rrset.end());
  answer.rrset.erase(std::unique(answer.rrset.begin(), answer.rrset.end()), answer.rrset.end());
  return answer;
}

// RFC 2308 section 5; nothing when no SOA, or more than one zone's, vouches for the absence.
std::optional<dns::Ttl> negativeTtl(const std::vector<Record>& soas, const dns::Name& name) {
  if (soas.empty()) return std::nullopt;
  dns::Ttl ttl(0x7fffffff);
  for (const Record& record : soas) {
    const auto soa = dns::parseSoa(record.rdata);
    if (!soa || !(record.owner == soas[0].owner)) return std::nullopt;
    if (!name.view().isAtOrUnder(record.owner)) return std::nullopt;
    ttl = std::min({ttl, record.ttl, dns::Ttl(soa->minimum_s)});
  }
  return ttl;
}

Outcome withoutRrset(Answer answer, const Content& content, const dns::Header& header,
                     Upstream::Kind kind) {
  const bool exists = header.rcode == dns::Rcode::noError;
  if (const auto ttl = negativeTtl(content.soas, answer.name)) {
    answer.kind = exists ? Answer::Kind::nodata : Answer::Kind::nxdomain;
    answer.ttl = *ttl;
    return answer;
  }
  // RFC 1034 section 4.3.2, step 3a: it goes on with the alias's target only where it serves it.
  if (exists && !answer.aliases.empty() && kind == Upstream::Kind::authoritative) {
    answer.kind = Answer::Kind::elsewhere;
    return answer;
  }
  return failure(Why::lame,
                 fmt::format("{} without the SOA that proves it", exists ? "no data" : "NXDOMAIN"));
}

Outcome concluded(Content content, const dns::Header& header, const Question& question,
                  const Source& source) {
  Chain chain(question, content.answers);
  if (auto followed = chain.follow(); !followed) return tl::unexpected(followed.error());
  Answer answer;
  answer.name = chain.name();
  answer.aliases = std::move(chain.aliases());
  answer.authenticated = header.ad && source.trusted;
  if (!chain.hasAnswer()) return withoutRrset(std::move(answer), content, header, source.kind);
  if (header.rcode == dns::Rcode::nxDomain) {
    return failure(Why::malformed, "NXDOMAIN with data at " + answer.name.toText());
  }
  return takeRrset(std::move(answer), chain, std::move(content.answers));
}

Outcome underPolicy(Answer answer, DnssecPolicy dnssec) {
  if (dnssec == DnssecPolicy::ignore) answer.authenticated = false;
  if (dnssec == DnssecPolicy::require && !answer.authenticated) {
    return failure(Why::unproven, "not validated by a trusted resolver");
  }
  return answer;
}

}  // namespace

bool isLoopback(const xfr::Address& address) {
  const xfr::Address plain = xfr::unmapped(address);
  if (const auto* v4 = std::get_if<dns::Ipv4>(&plain)) return (*v4)[0] == 127;
  return std::get<dns::Ipv6>(plain) == dns::Ipv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
}

std::string_view toText(Failure::Why why) {
  switch (why) {
    case Why::timeout:
      return "timeout";
    case Why::unreachable:
      return "unreachable";
    case Why::truncated:
      return "truncated";
    case Why::servfail:
      return "servfail";
    case Why::refused:
      return "refused";
    case Why::lame:
      return "lame";
    case Why::malformed:
      return "malformed";
    case Why::unproven:
      return "unproven";
  }
  return "malformed";
}

Outcome interpret(std::span<const std::uint8_t> reply, const Question& question,
                  const Source& source, DnssecPolicy dnssec) {
  auto reader = dns::MessageReader::open(reply);
  if (!reader) return malformed(reader.error());
  const dns::Header header = reader->header();
  if (auto good = checkHeader(header); !good) return tl::unexpected(good.error());
  if (auto good = checkQuestion(*reader, question); !good) return tl::unexpected(good.error());
  if (header.tc) return failure(Why::truncated, "truncated");
  auto content = readContent(*reader, reply);
  if (!content) return tl::unexpected(std::move(content.error()));
  if (auto good = checkRcode(header, *content); !good) return tl::unexpected(good.error());
  if (source.kind == Upstream::Kind::authoritative && !header.aa) {
    return failure(Why::lame, "not authoritative");
  }
  return concluded(*std::move(content), header, question, source).and_then([&](Answer answer) {
    return underPolicy(std::move(answer), dnssec);
  });
}

}  // namespace zonecast::query
