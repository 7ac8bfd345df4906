#include "adapters/disk/encoding.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <memory>
#include <utility>

#include <openssl/evp.h>

#include "reconciler/dns/packed_records.h"
#include "reconciler/dns/wire.h"

namespace zonecast::disk {

namespace {

using dns::appendInteger;
using dns::appendOctets;
using dns::WireReader;

using Checksum = std::array<std::uint8_t, 8>;

OctetSpan asOctets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The key is part of it, so that a value under another's key shows.
Checksum checksum(std::string_view key, OctetSpan content) {
  // Found once: that costs more than to hash what is short.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> sha256(
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  const bool done = context && EVP_DigestInit_ex(context.get(), sha256.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), key.data(), key.size()) == 1 &&
                    EVP_DigestUpdate(context.get(), content.data(), content.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!done) std::abort();  // for want of memory
  Checksum result;
  std::copy_n(digest.begin(), result.size(), result.begin());
  return result;
}

std::uint64_t readU64(WireReader& in) {
  const std::uint64_t high = in.u32();
  return high << 32 | in.u32();
}

std::chrono::seconds readSeconds(WireReader& in) {
  return std::chrono::seconds{static_cast<std::int64_t>(readU64(in))};
}

void appendSeconds(Octets& out, std::chrono::seconds seconds) {
  appendInteger<8>(out, static_cast<std::uint64_t>(seconds.count()));
}

template <typename T>
tl::expected<T, std::string> withText(tl::expected<T, dns::Malformed> result) {
  if (!result) return tl::unexpected(std::string(result.error().what));
  return std::move(*result);
}

void appendRecords(Octets& out, const std::vector<view::DeltaRecord>& records) {
  Octets packed;
  for (const view::DeltaRecord& record : records) {
    dns::pack(
        {.owner = record.owner, .type = record.type, .ttl = record.ttl, .rdata = record.rdata},
        packed);
  }
  assert(packed.size() <= UINT32_MAX);
  appendInteger<4>(out, packed.size());
  appendOctets(out, packed);
}

tl::expected<std::vector<view::DeltaRecord>, dns::Malformed> readRecords(WireReader& in) {
  const std::uint32_t length = in.u32();
  dns::PackedReader packed(in.octets(length));
  if (!in.ok()) return in.unexpected();
  std::vector<view::DeltaRecord> records;
  for (;;) {
    const auto record = packed.next();
    if (!record) return tl::unexpected(record.error());
    if (!*record) return records;
    const auto& [owner, type, rrclass, ttl, rdata] = **record;
    records.push_back({dns::Name(owner), type, ttl, Octets(rdata.begin(), rdata.end())});
  }
}

tl::expected<std::vector<view::Delta>, dns::Malformed> readChain(OctetSpan octets) {
  WireReader in(octets);
  std::vector<view::Delta> chain;
  while (!in.atEnd()) {
    view::Delta delta;
    delta.from = dns::Serial(in.u32());
    delta.to = dns::Serial(in.u32());
    auto removed = readRecords(in);
    if (!removed) return tl::unexpected(removed.error());
    auto added = readRecords(in);
    if (!added) return tl::unexpected(added.error());
    delta.removed = std::move(*removed);
    delta.added = std::move(*added);
    chain.push_back(std::move(delta));
  }
  return chain;
}

}  // namespace

std::string numberedKey(std::string_view zone, std::uint32_t number) {
  std::string key(zone);
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}

Octets seal(std::string_view key, OctetSpan content) {
  const Checksum sum = checksum(key, content);
  Octets value;
  value.reserve(sum.size() + content.size());
  appendOctets(value, sum);
  appendOctets(value, content);
  return value;
}

tl::expected<OctetSpan, std::string> unseal(std::string_view key, OctetSpan value) {
  if (value.size() < sizeof(Checksum)) return tl::unexpected<std::string>("too short");
  const OctetSpan content = value.subspan(sizeof(Checksum));
  const Checksum sum = checksum(key, content);
  if (!std::equal(sum.begin(), sum.end(), value.begin())) {
    return tl::unexpected<std::string>("its checksum does not match");
  }
  return content;
}

constexpr std::uint32_t kOdd = 0x80000000;

Octets encode(const ZoneEntry& entry) {
  Octets out;
  appendInteger<4>(out, entry.copy.serial.value());
  appendSeconds(out, entry.copy.intervals.refresh);
  appendSeconds(out, entry.copy.intervals.retry);
  appendSeconds(out, entry.copy.intervals.expire);
  appendInteger<8>(out,
                   static_cast<std::uint64_t>(entry.copy.last_success.time_since_epoch().count()));
  appendInteger<4>(out, entry.pieces | (entry.odd ? kOdd : 0));
  appendInteger<4>(out, entry.chains);
  return out;
}

tl::expected<ZoneEntry, std::string> decodeZoneEntry(OctetSpan octets) {
  WireReader in(octets);
  ZoneEntry entry;
  entry.copy.serial = dns::Serial(in.u32());
  entry.copy.intervals.refresh = readSeconds(in);
  entry.copy.intervals.retry = readSeconds(in);
  entry.copy.intervals.expire = readSeconds(in);
  entry.copy.last_success = WallTime{Duration{static_cast<std::int64_t>(readU64(in))}};
  const std::uint32_t pieces = in.u32();
  entry.odd = (pieces & kOdd) != 0;
  entry.pieces = pieces & ~kOdd;
  entry.chains = in.u32();
  return withText(in.finish(entry));
}

Octets encode(const std::vector<view::Delta>& chain) {
  Octets out;
  for (const view::Delta& delta : chain) {
    appendInteger<4>(out, delta.from.value());
    appendInteger<4>(out, delta.to.value());
    appendRecords(out, delta.removed);
    appendRecords(out, delta.added);
  }
  return out;
}

tl::expected<std::vector<view::Delta>, std::string> decodeChain(OctetSpan octets) {
  return withText(readChain(octets));
}

namespace {

constexpr unsigned kInUse = 1, kRecorded = 2, kFreed = 4;

void appendText(Octets& out, std::string_view text) {
  const std::string_view kept = text.substr(0, UINT16_MAX);
  appendInteger<2>(out, kept.size());
  appendOctets(out, asOctets(kept));
}

std::string readText(WireReader& in) {
  const OctetSpan octets = in.octets(in.u16());
  return {octets.begin(), octets.end()};
}

}  // namespace

Octets encode(const ports::SavedBinding& binding) {
  Octets out;
  for (const auto* text : {&binding.customer, &binding.catalog, &binding.label, &binding.cause}) {
    appendText(out, *text);
  }
  assert(binding.groups.size() <= UINT16_MAX);
  appendInteger<2>(out, binding.groups.size());
  for (const std::string& group : binding.groups) appendText(out, group);
  const WallTime since = binding.leaving_since.value_or(WallTime{});
  appendInteger<1>(out, binding.leaving_since.has_value());
  appendInteger<8>(out, static_cast<std::uint64_t>(since.time_since_epoch().count()));
  return out;
}

tl::expected<ports::SavedBinding, std::string> decodeBinding(OctetSpan octets) {
  WireReader in(octets);
  ports::SavedBinding binding;
  for (auto* text : {&binding.customer, &binding.catalog, &binding.label, &binding.cause}) {
    *text = readText(in);
  }
  for (std::uint16_t groups = in.u16(); in.ok() && groups > 0; --groups) {
    binding.groups.push_back(readText(in));
  }
  const bool leaves = in.u8() != 0;
  const WallTime since{Duration{static_cast<std::int64_t>(readU64(in))}};
  if (leaves) binding.leaving_since = since;
  return withText(in.finish(std::move(binding)));
}

Octets encode(const ports::SavedDid& saved) {
  Octets out;
  const bool is_freed = saved.record && saved.record->freed;
  appendInteger<1>(
      out, (saved.use ? kInUse : 0) | (saved.record ? kRecorded : 0) | (is_freed ? kFreed : 0));
  if (saved.use) {
    appendText(out, saved.use->customer);
    appendText(out, saved.use->canonical.text());
  }
  if (saved.record) {
    appendText(out, saved.record->customer);
    appendText(out, saved.record->from);
  }
  if (is_freed) appendInteger<4>(out, saved.record->freed->time_since_epoch().count());
  return out;
}

tl::expected<ports::SavedDid, std::string> decodeDid(std::string_view key, OctetSpan octets) {
  auto did = identity::Did::fromText(key);
  if (!did) return tl::unexpected(did.error());
  WireReader in(octets);
  ports::SavedDid saved{*std::move(did), std::nullopt, std::nullopt};
  const unsigned flags = in.u8();
  if ((flags & kInUse) != 0) {
    std::string customer = readText(in);
    auto canonical = derive::Domain::fromHost(readText(in));
    if (!canonical) return tl::unexpected(canonical.error());
    saved.use = {std::move(customer), *std::move(canonical)};
  }
  if ((flags & kRecorded) != 0) {
    saved.record.emplace();
    saved.record->customer = readText(in);
    saved.record->from = readText(in);
    if ((flags & kFreed) != 0) saved.record->freed = WallSecond(WallSecond::duration(in.u32()));
  }
  return withText(in.finish(std::move(saved)));
}

Octets encode(const plan::Directive& directive) {
  Octets out;
  appendInteger<1>(out, directive.kind == plan::Directive::Kind::block);
  appendInteger<4>(out, directive.until.time_since_epoch().count());
  return out;
}

tl::expected<plan::Directive, std::string> decodeDirective(OctetSpan octets) {
  WireReader in(octets);
  plan::Directive directive;
  const std::uint8_t kind = in.u8();
  if (kind > 1) return tl::unexpected<std::string>("there is no such kind of directive");
  directive.kind = kind == 1 ? plan::Directive::Kind::block : plan::Directive::Kind::pin;
  directive.until = plan::Deadline(plan::Deadline::duration(in.u32()));
  return withText(in.finish(directive));
}

Octets encode(plan::Deadline since) {
  Octets out;
  appendInteger<4>(out, since.time_since_epoch().count());
  return out;
}

tl::expected<plan::Deadline, std::string> decodeHold(OctetSpan octets) {
  WireReader in(octets);
  const plan::Deadline since{plan::Deadline::duration(in.u32())};
  return withText(in.finish(since));
}

Octets encode(const ports::SavedPublisher& publisher) {
  Octets out;
  appendInteger<8>(out, static_cast<std::uint64_t>(publisher.term));
  const std::string begun = publisher.begun.value_or(plan::Lineage{}).uuid;
  assert(begun.size() <= UINT8_MAX);
  appendInteger<1>(out, begun.size());
  appendOctets(out, asOctets(begun));
  if (const auto& position = publisher.position) {
    appendInteger<8>(out, static_cast<std::uint64_t>(position->version));
    appendOctets(out, position->chain);
    appendOctets(out, asOctets(position->lineage.uuid));
  }
  return out;
}

tl::expected<ports::SavedPublisher, std::string> decodePublisher(OctetSpan octets) {
  WireReader in(octets);
  ports::SavedPublisher publisher{.term = plan::Term{readU64(in)}, .position = std::nullopt};
  const OctetSpan begun = in.octets(in.u8());
  if (!begun.empty()) publisher.begun = plan::Lineage{std::string(begun.begin(), begun.end())};
  if (in.ok() && !in.atEnd()) {
    plan::Position position;
    position.version = plan::Version{readU64(in)};
    const OctetSpan chain = in.octets(position.chain.size());
    if (in.ok()) std::copy(chain.begin(), chain.end(), position.chain.begin());
    const OctetSpan lineage = in.octets(octets.size() - in.offset());
    position.lineage.uuid.assign(lineage.begin(), lineage.end());
    publisher.position = std::move(position);
  }
  return withText(in.finish(std::move(publisher)));
}

}  // namespace zonecast::disk
