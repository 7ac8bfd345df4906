#include "adapters/disk/history_encoding.h"

#include <algorithm>
#include <utility>

#include "reconciler/dns/wire.h"

namespace zonecast::disk {

namespace {

using dns::appendInteger;
using dns::appendOctets;
using dns::WireReader;

constexpr std::uint8_t kCut = 1;  // of a history
constexpr std::uint8_t kContinues = 1, kHasBefore = 2, kHasAfter = 4;
constexpr std::uint8_t kTransportBits = 0x1f;

OctetSpan asOctets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void appendText(Octets& out, std::string_view text) {
  const std::string_view kept = text.substr(0, UINT16_MAX);
  appendInteger<2>(out, kept.size());
  appendOctets(out, asOctets(kept));
}

std::string textFrom(OctetSpan octets) {
  return {octets.begin(), octets.end()};
}

void appendState(Octets& out, const derive::Domain& domain, const plan::DomainEntry& entry) {
  const std::string_view did = entry.did.text() == domain.text() ? "" : entry.did.text();
  appendInteger<1>(out, did.size());
  appendOctets(out, asOctets(did));
  appendInteger<1>(out, static_cast<std::uint8_t>(entry.state));
  appendInteger<1>(out, entry.transports.bits());
  appendInteger<1>(out, static_cast<std::uint8_t>(entry.role));
  appendInteger<1>(out, static_cast<std::uint8_t>(entry.cause));
  appendInteger<4>(out, entry.until.time_since_epoch().count());
}

// Of an enumeration that ends with `last`.
template <typename Enum>
Enum readEnum(WireReader& in, Enum last) {
  const std::uint8_t number = in.u8();
  if (number > static_cast<std::uint8_t>(last)) in.fail("no such state");
  return static_cast<Enum>(std::min(number, static_cast<std::uint8_t>(last)));
}

std::optional<plan::DomainEntry> readState(WireReader& in, const derive::Domain& domain) {
  const OctetSpan text = in.octets(in.u8());
  const auto did =
      text.empty() ? identity::Did::of(domain) : identity::Did::fromText(textFrom(text));
  const auto state = readEnum(in, plan::State::retiring);
  const std::uint8_t transports = in.u8();
  const auto role = readEnum(in, derive::Role::backup);
  const auto cause = readEnum(in, plan::RetireCause::expired);
  const plan::Deadline until{plan::Deadline::duration(in.u32())};
  if (!did || (transports & ~kTransportBits) != 0) in.fail("no such DID or transport");
  if (!in.ok()) return std::nullopt;
  return plan::DomainEntry{.did = *did,
                           .state = state,
                           .transports = derive::TransportSet::fromBits(transports),
                           .role = role,
                           .cause = cause,
                           .until = until};
}

void appendEntry(Octets& out, const derive::Domain& domain, const plan::HistoryEntry& entry,
                 const plan::HistoryEntry* former) {
  const bool continues = former != nullptr && former->after == entry.before;
  const bool has_before = entry.before && !continues;
  appendInteger<8>(out, static_cast<std::uint64_t>(entry.version));
  appendInteger<4>(out, entry.time.time_since_epoch().count());
  appendInteger<1>(out, (continues ? kContinues : 0) | (has_before ? kHasBefore : 0) |
                            (entry.after ? kHasAfter : 0));
  if (has_before) appendState(out, domain, *entry.before);
  if (entry.after) appendState(out, domain, *entry.after);
  appendText(out, entry.record);
  appendText(out, entry.source);
  appendText(out, entry.cause == entry.source ? "" : entry.cause);
}

plan::HistoryEntry readEntry(WireReader& in, const derive::Domain& domain,
                             const plan::HistoryEntry* former) {
  plan::HistoryEntry entry;
  const std::uint64_t high = in.u32();
  entry.version = plan::Version{high << 32 | in.u32()};
  entry.time = plan::Deadline{plan::Deadline::duration(in.u32())};
  const std::uint8_t flags = in.u8();
  if ((flags & kContinues) != 0) {
    if (former == nullptr) in.fail("it continues what is not there");
    if (former != nullptr) entry.before = former->after;
  }
  if ((flags & kHasBefore) != 0) entry.before = readState(in, domain);
  if ((flags & kHasAfter) != 0) entry.after = readState(in, domain);
  entry.record = textFrom(in.octets(in.u16()));
  entry.source = textFrom(in.octets(in.u16()));
  entry.cause = textFrom(in.octets(in.u16()));
  if (entry.cause.empty()) entry.cause = entry.source;
  return entry;
}

}  // namespace

Octets encode(const derive::Domain& domain, const plan::DomainHistory& history) {
  Octets out;
  appendInteger<1>(out, history.is_cut ? kCut : 0);
  const plan::HistoryEntry* former = nullptr;
  for (const plan::HistoryEntry& entry : history.entries) {
    appendEntry(out, domain, entry, former);
    former = &entry;
  }
  return out;
}

tl::expected<plan::DomainHistory, std::string> decodeHistory(const derive::Domain& domain,
                                                             OctetSpan octets) {
  WireReader in(octets);
  plan::DomainHistory history;
  history.is_cut = (in.u8() & kCut) != 0;
  while (in.ok() && !in.atEnd()) {
    const plan::HistoryEntry* former = history.entries.empty() ? nullptr : &history.entries.back();
    plan::HistoryEntry entry = readEntry(in, domain, former);
    if (former != nullptr && entry.version <= former->version) in.fail("versions do not ascend");
    history.entries.push_back(std::move(entry));
  }
  if (!in.ok()) return tl::unexpected(std::string(in.failure().what));
  return history;
}

}  // namespace zonecast::disk
