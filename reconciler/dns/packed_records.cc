#include "reconciler/dns/packed_records.h"

#include <cassert>

#include "reconciler/dns/wire.h"

namespace zonecast::dns {

void pack(const RecordView& record, std::vector<std::uint8_t>& out) {
  assert(record.rrclass == RrClass::in);
  assert(record.rdata.size() <= 0xffff);
  appendName(out, record.owner);
  appendInteger<2>(out, static_cast<std::uint16_t>(record.type));
  appendInteger<4>(out, record.ttl.seconds());
  appendInteger<2>(out, record.rdata.size());
  appendOctets(out, record.rdata);
}

tl::expected<std::optional<RecordView>, Malformed> PackedReader::next() {
  if (offset_ == packed_.size()) return std::nullopt;
  WireReader in(packed_, offset_);
  RecordView record;
  record.owner = in.canonicalName();
  record.type = RrType{in.u16()};
  record.ttl = Ttl(in.u32());
  const std::uint16_t rdlength = in.u16();
  const std::size_t rdata_offset = in.offset();
  record.rdata = in.octets(rdlength);
  if (!in.ok()) return in.unexpected();
  if (const auto checked = checkCanonical(record.type, record.rdata); !checked) {
    return tl::unexpected(Malformed{checked.error().what, rdata_offset + checked.error().offset});
  }
  offset_ = in.offset();
  return record;
}

}  // namespace zonecast::dns
