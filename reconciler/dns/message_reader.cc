// Reading messages: the innermost loop of every transfer. See message.h.

#include <algorithm>

#include "reconciler/dns/message.h"
#include "reconciler/dns/wire.h"

namespace zonecast::dns {
namespace {

constexpr std::uint16_t kPointerBits = 0xc000;

Header parseHeader(WireReader& in) {
  Header header;
  header.id = in.u16();
  const std::uint16_t flags = in.u16();
  header.qr = (flags & 0x8000) != 0;
  header.opcode = static_cast<Opcode>(flags >> 11 & 0xf);
  header.aa = (flags & 0x0400) != 0;
  header.tc = (flags & 0x0200) != 0;
  header.rd = (flags & 0x0100) != 0;
  header.ra = (flags & 0x0080) != 0;
  header.ad = (flags & 0x0020) != 0;
  header.cd = (flags & 0x0010) != 0;
  header.rcode = static_cast<Rcode>(flags & 0xf);
  header.qdcount = in.u16();
  header.ancount = in.u16();
  header.nscount = in.u16();
  header.arcount = in.u16();
  return header;
}

// Puts the fields of compressed RDATA one behind the other into a buffer that is large enough for
// the longest of them.
class Expansion {
 public:
  Expansion(WireReader& in, std::uint8_t* out) : in_(in), out_(out) {}

  Expansion& octets(std::size_t count) {
    const auto octets = in_.octets(count);
    std::copy(octets.begin(), octets.end(), out_ + used_);
    used_ += octets.size();
    return *this;
  }
  Expansion& characterString() {
    const std::string_view text = in_.characterString();
    out_[used_++] = static_cast<std::uint8_t>(text.size());
    std::copy(text.begin(), text.end(), out_ + used_);
    used_ += text.size();
    return *this;
  }
  Expansion& name() {
    char* const at = reinterpret_cast<char*>(out_ + used_);
    used_ += in_.expandName(NameBuffer(at, kNameOctetsMax)).wire().size();
    return *this;
  }
  std::span<const std::uint8_t> result() const { return {out_, used_}; }

 private:
  WireReader& in_;
  std::uint8_t* out_;
  std::size_t used_ = 0;
};

}  // namespace

tl::expected<MessageReader, Malformed> MessageReader::open(std::span<const std::uint8_t> message) {
  WireReader in(message);
  const Header header = parseHeader(in);
  if (!in.ok()) return in.unexpected();
  tl::expected<MessageReader, Malformed> reader{MessageReader(message)};
  reader->header_ = header;
  reader->offset_ = in.offset();
  return reader;
}

tl::expected<std::optional<Question>, Malformed> MessageReader::nextQuestion() {
  if (questions_read_ == header_.qdcount) return std::nullopt;
  WireReader in(message_, offset_);
  Question question;
  question.name = readOwner(in);
  question.type = RrType{in.u16()};
  question.rrclass = RrClass{in.u16()};
  if (!in.ok()) return in.unexpected();
  offset_ = in.offset();
  ++questions_read_;
  return question;
}

tl::expected<std::optional<MessageReader::Entry>, Malformed> MessageReader::nextRecord() {
  while (questions_read_ != header_.qdcount) {
    if (const auto skipped = nextQuestion(); !skipped) return tl::unexpected(skipped.error());
  }
  WireReader in(message_, offset_);
  const std::optional<Section> section = sectionOf(records_read_);
  if (!section) return in.finish(std::optional<Entry>());

  Entry entry;
  entry.section = *section;
  entry.offset = offset_;
  entry.record.owner = readOwner(in);
  entry.record.type = RrType{in.u16()};
  entry.record.rrclass = RrClass{in.u16()};
  entry.record.ttl = Ttl(in.u32());
  const std::uint16_t rdlength = in.u16();
  WireReader rdata = in.window(rdlength);
  if (!in.ok()) return in.unexpected();
  const bool understood = entry.record.rrclass == RrClass::in && isRead(entry.record.type);
  entry.record.rdata = understood ? readRdata(rdata, entry.record.type) : rdata.octets(rdlength);
  rdata.expectEnd();
  if (!rdata.ok()) return rdata.unexpected();

  offset_ = in.offset();
  ++records_read_;
  return entry;
}

std::optional<Section> MessageReader::sectionOf(std::uint32_t record) const {
  if (record < header_.ancount) return Section::answer;
  record -= header_.ancount;
  if (record < header_.nscount) return Section::authority;
  record -= header_.nscount;
  if (record < header_.arcount) return Section::additional;
  return std::nullopt;
}

// Most owners are a pointer to the one before, which then is in owner_ already.
NameView MessageReader::readOwner(WireReader& in) {
  const std::size_t begin = in.offset();
  const std::uint16_t pointer = WireReader(message_, begin).u16();
  const bool only_pointer = pointer >= kPointerBits;
  const std::size_t labels = only_pointer ? pointer - kPointerBits : begin;
  if (only_pointer && labels == owner_offset_) {
    in.octets(2);
  } else {
    owner_octets_ = in.expandName(owner_).wire().size();
    owner_offset_ = in.ok() ? labels : kNowhere;
  }
  return NameView::fromCanonicalWire({owner_.data(), owner_octets_});
}

// RFC 1035 allows compression in SOA, NS, PTR and CNAME; in SRV, NAPTR and DNAME it is forbidden,
// and accepted (RFC 3597 section 4 says SHOULD for SRV and NAPTR).
std::span<const std::uint8_t> MessageReader::readRdata(WireReader& in, RrType type) {
  Expansion expansion(in, rdata_.data());
  switch (type) {
    case RrType::a:
      return in.octets(4);
    case RrType::aaaa:
      return in.octets(16);
    case RrType::txt:
      return in.characterStrings();
    case RrType::ns:
    case RrType::cname:
    case RrType::dname:
    case RrType::ptr:
      return expansion.name().result();
    case RrType::soa:
      return expansion.name().name().octets(20).result();
    case RrType::srv:
      return expansion.octets(6).name().result();
    case RrType::naptr:
      expansion.octets(4).characterString().characterString().characterString();
      return expansion.name().result();
    default:
      return in.fail("type is not read"), std::span<const std::uint8_t>();
  }
}

}  // namespace zonecast::dns
