#include "test/support/world_primary.h"

#include <algorithm>

#include <fmt/format.h>

#include "reconciler/dns/message.h"

namespace zonecast::test {
namespace {

OwnedRecord soaRecord(const dns::Name& zone, dns::Serial serial) {
  return recordFromText(
      fmt::format("{}. 3600 IN SOA ns1.{}. hostmaster.{}. {} 3600 600 1209600 300", zone.toText(),
                  zone.toText(), zone.toText(), serial.value()));
}

// What `a` has and `b` has not.
std::vector<OwnedRecord> without(const std::vector<OwnedRecord>& a,
                                 const std::vector<OwnedRecord>& b) {
  std::vector<OwnedRecord> rest;
  for (const OwnedRecord& record : a) {
    const bool kept = std::ranges::any_of(b, [&](const OwnedRecord& other) {
      return other.owner == record.owner && other.type == record.type &&
             other.rdata == record.rdata;
    });
    if (!kept) rest.push_back(record);
  }
  return rest;
}

}  // namespace

void WorldPrimary::forgetHistory(const dns::Name& zone) {
  auto& versions = zones_.at(zone);
  versions.erase(versions.begin(), versions.end() - 1);
}

std::vector<OwnedRecord> WorldPrimary::transfer(const dns::Name& zone, dns::RrType type,
                                                std::optional<dns::Serial> from) const {
  const std::vector<ZoneVersion>& versions = zones_.at(zone);
  const OwnedRecord newest = soaRecord(zone, versions.back().serial);
  std::vector<OwnedRecord> records{newest};
  const auto append = [&](std::vector<OwnedRecord> more) {
    std::ranges::move(more, std::back_inserter(records));
  };
  if (type == dns::RrType::soa || from == versions.back().serial) return records;
  auto version =
      std::ranges::find_if(versions, [&](const ZoneVersion& v) { return from == v.serial; });
  if (version == versions.end()) {
    append(versions.back().records);
  }
  for (; version != versions.end() && version + 1 != versions.end(); ++version) {
    records.push_back(soaRecord(zone, version->serial));
    append(without(version->records, (version + 1)->records));
    records.push_back(soaRecord(zone, (version + 1)->serial));
    append(without((version + 1)->records, version->records));
  }
  records.push_back(newest);
  return records;
}

std::vector<std::vector<std::uint8_t>> WorldPrimary::answer(std::span<const std::uint8_t> request,
                                                            Trace& trace,
                                                            const std::string& name) const {
  auto reader = dns::MessageReader::open(request);
  if (!reader) throw Breach("the core sent what is no DNS message");
  const auto question = reader->nextQuestion();
  if (!question || !*question) throw Breach("the core sent a message without a question");
  const dns::Name zone((*question)->name);
  const dns::RrType type = (*question)->type;
  std::optional<dns::Serial> from;
  while (true) {
    const auto entry = reader->nextRecord();
    if (!entry || !*entry) break;
    if ((*entry)->record.type == dns::RrType::soa)
      from = dns::parseSoa((*entry)->record.rdata)->serial;
  }
  trace.push_back(fmt::format("{} asked {} {}{}", name, zone.toText(), dns::toText(type),
                              from ? fmt::format(" from {}", from->value()) : ""));
  dns::Header header{.id = reader->header().id, .qr = true, .aa = true};
  const bool is_transfer = type != dns::RrType::soa;
  if (!zones_.contains(zone) || (is_transfer && mood == Mood::refusingTransfers)) {
    header.rcode = dns::Rcode::refused;
    dns::MessageWriter writer(header);
    writer.question(zone, type);
    return {std::move(writer).take()};
  }
  std::vector<std::vector<std::uint8_t>> messages;
  std::vector<OwnedRecord> records = transfer(zone, type, from);
  if (is_transfer && mood == Mood::garbage) {
    records.insert(records.end() - 1, recordFromText("elsewhere.invalid. 60 IN A 192.0.2.66"));
  }
  if (is_transfer && mood == Mood::stopsHalfWay) records.resize(records.size() - 1);
  for (const OwnedRecord& record : records) {
    dns::MessageWriter writer(header);
    writer.question(zone, type);
    writer.record(dns::Section::answer, record.view());
    messages.push_back(std::move(writer).take());
  }
  return messages;
}

}  // namespace zonecast::test
