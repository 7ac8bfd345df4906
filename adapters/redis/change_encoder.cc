#include "adapters/redis/change_encoder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/convert.h"
#include "schema/attribute_value.h"
#include "schema/did_value.h"
#include "schema/domain_value.h"
#include "schema/redis_keys.h"

namespace zonecast::redis {
namespace {

constexpr std::size_t kChunkOctetsMax = 64 * 1024;
constexpr std::size_t kEventOctetsMax = 16 * 1024;
constexpr std::size_t kCausesMax = 16;

std::size_t octetsOf(const google::protobuf::Message& message) {
  return message.ByteSizeLong();
}

template <typename Encode, typename Value>
std::optional<std::string> encoded(const Encode& encode, const std::optional<Value>& message) {
  if (!message) return std::nullopt;
  return encode(*message);
}

std::string serialized(const v1::VirtualDomain& message) {
  return message.SerializeAsString();
}

template <typename Key, typename Value>
auto messageOf(const Key& key, const std::optional<Value>& value) {
  return value ? std::optional(toMessage(key, *value)) : std::nullopt;
}

}  // namespace

v1::ChangeSet changeSetOf(const Header& header) {
  v1::ChangeSet message;
  message.set_lineage(header.lineage);
  message.set_term(static_cast<std::uint64_t>(header.term));
  message.set_version(static_cast<std::uint64_t>(header.version));
  message.set_chunk(1);
  message.set_chunks(1);
  return message;
}

void addCauses(const std::vector<plan::Cause>& causes, v1::ChangeSet& message) {
  const std::size_t count = std::min(causes.size(), kCausesMax);
  for (std::size_t i = 0; i < count; ++i) message.add_causes(causes[i].text);
  if (count < causes.size()) {
    message.add_causes(fmt::format("and {} more", causes.size() - count));
  }
}

std::string eventOf(const Header& header, const std::vector<v1::ChangeSet>& chunks) {
  v1::Event event;
  event.set_lineage(header.lineage);
  event.set_term(static_cast<std::uint64_t>(header.term));
  event.set_version(static_cast<std::uint64_t>(header.version));
  if (chunks.size() == 1 && octetsOf(chunks.front()) <= kEventOctetsMax) {
    *event.mutable_changes() = chunks.front();
  }
  return event.SerializeAsString();
}

ChangeEncoder::ChangeEncoder(Header header, std::uint64_t content)
    : header_(std::move(header)), content_(content), chunks_{changeSetOf(header_)} {}

void ChangeEncoder::add(const plan::DomainChange& change) {
  const auto before = messageOf(change.key, change.before);
  const auto after = messageOf(change.key, change.after);
  const std::string domain(change.key.text());
  this->change(schema::kDomainHash, domains_, domain, encoded(schema::encodeDomainValue, before),
               encoded(schema::encodeDomainValue, after));
  if (after) {
    *chunkFor(octetsOf(*after)).add_put_domains() = *after;
  } else {
    chunkFor(domain.size()).add_removed_domains(domain);
  }
}

void ChangeEncoder::add(const plan::VirtualDomainChange& change) {
  const std::string did(change.key.text());
  const auto before = messageOf(change.key, change.before);
  const auto after = messageOf(change.key, change.after);
  this->change(schema::kVirtualDomainHash, virtual_domains_, did, encoded(serialized, before),
               encoded(serialized, after));
  this->change(schema::kAttributeHash, attributes_, did,
               encoded(schema::encodeAttributeValue, before),
               encoded(schema::encodeAttributeValue, after));
  if (after) {
    *chunkFor(octetsOf(*after)).add_put_virtual_domains() = *after;
  } else {
    chunkFor(did.size()).add_removed_dids(did);
  }
}

void ChangeEncoder::add(const plan::RecordChange& change) {
  std::string did(change.key.text());
  if (!change.after) return dids_.removals.push_back(std::move(did));
  dids_.puts.push_back(std::move(did));
  dids_.puts.push_back(schema::encodeDidValue(toValue(*change.after)));
}

void ChangeEncoder::change(std::string_view hash, HashChanges& changes, const std::string& field,
                           const std::optional<std::string>& before,
                           std::optional<std::string> after) {
  if (before == after) return;
  if (before) content_.remove(hash, field, *before);
  if (!after) return changes.removals.push_back(field);
  content_.add(hash, field, *after);
  changes.puts.push_back(field);
  changes.puts.push_back(std::move(*after));
}

v1::ChangeSet& ChangeEncoder::chunkFor(std::size_t octets) {
  if (chunk_octets_ > 0 && chunk_octets_ + octets > kChunkOctetsMax) {
    chunks_.push_back(changeSetOf(header_));
    chunk_octets_ = 0;
  }
  chunk_octets_ += octets;
  return chunks_.back();
}

void ChangeEncoder::finish(const std::vector<plan::Cause>& causes) {
  addCauses(causes, chunks_.front());
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    chunks_[i].set_chunk(static_cast<std::uint32_t>(i + 1));
    chunks_[i].set_chunks(static_cast<std::uint32_t>(chunks_.size()));
    chunks_[i].set_content(content_.sum());
  }
}

std::vector<std::string> ChangeEncoder::logEntries() const {
  std::vector<std::string> entries;
  entries.reserve(chunks_.size());
  for (const v1::ChangeSet& chunk : chunks_) entries.push_back(chunk.SerializeAsString());
  return entries;
}

}  // namespace zonecast::redis
