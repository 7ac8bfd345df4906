// Writing messages: requests and short answers, so names are not compressed. See message.h.

#include <cassert>
#include <string>

#include <fmt/format.h>

#include "reconciler/dns/message.h"
#include "reconciler/dns/wire.h"

namespace zonecast::dns {
namespace {

constexpr std::size_t kCountsOffset = 4;  // of QDCOUNT; the other counts follow

void increment(std::vector<std::uint8_t>& message, std::size_t count) {
  std::uint8_t* const at = message.data() + kCountsOffset + 2 * count;
  if (++at[1] == 0) ++at[0];
}

}  // namespace

MessageWriter::MessageWriter(const Header& header) {
  unsigned flags = static_cast<unsigned>(header.opcode) << 11 | static_cast<unsigned>(header.rcode);
  if (header.qr) flags |= 0x8000;
  if (header.aa) flags |= 0x0400;
  if (header.tc) flags |= 0x0200;
  if (header.rd) flags |= 0x0100;
  if (header.ra) flags |= 0x0080;
  if (header.ad) flags |= 0x0020;
  if (header.cd) flags |= 0x0010;
  appendInteger<2>(message_, header.id);
  appendInteger<2>(message_, flags);
  message_.resize(kHeaderOctets);
}

void MessageWriter::question(NameView name, RrType type, RrClass rrclass) {
  appendName(message_, name);
  appendInteger<2>(message_, static_cast<std::uint16_t>(type));
  appendInteger<2>(message_, static_cast<std::uint16_t>(rrclass));
  increment(message_, 0);
}

void MessageWriter::record(Section section, const RecordView& record) {
  assert(record.rdata.size() <= 0xffff);
  appendName(message_, record.owner);
  appendInteger<2>(message_, static_cast<std::uint16_t>(record.type));
  appendInteger<2>(message_, static_cast<std::uint16_t>(record.rrclass));
  appendInteger<4>(message_, record.ttl.seconds());
  appendInteger<2>(message_, record.rdata.size());
  appendOctets(message_, record.rdata);
  increment(message_, 1 + static_cast<std::size_t>(section));
}

std::vector<std::uint8_t> MessageWriter::take() && {
  return std::move(message_);
}

std::string toText(Rcode rcode) {
  switch (rcode) {
    case Rcode::noError:
      return "NOERROR";
    case Rcode::formErr:
      return "FORMERR";
    case Rcode::servFail:
      return "SERVFAIL";
    case Rcode::nxDomain:
      return "NXDOMAIN";
    case Rcode::notImp:
      return "NOTIMP";
    case Rcode::refused:
      return "REFUSED";
    case Rcode::notAuth:
      return "NOTAUTH";
  }
  return fmt::format("RCODE{}", static_cast<unsigned>(rcode));
}

}  // namespace zonecast::dns
