#include "app/zonecast/table_file.h"

#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <sys/stat.h>

#include "adapters/table/reader.h"
#include "adapters/worker/zonecast.h"
#include "app/zonecast/columns.h"
#include "app/zonecast/session.h"
#include "app/zonecast/words.h"
#include "schema/control.pb.h"
#include "schema/json.h"

namespace zonecast {
namespace {

struct CloseTable {
  void operator()(zonecast_table* table) const { zonecast_close(table); }
};
using Handle = std::unique_ptr<zonecast_table, CloseTable>;

zonecast_table* open(const TableFile& file, char* error, std::size_t error_size) {
  zonecast_options options{};
  options.size = sizeof(options);
  if (!file.owner.empty()) options.owner = file.owner.c_str();
  return zonecast_open(file.path.c_str(), &options, error, error_size);
}

std::string text(zonecast_text from) {
  return std::string(from.octets, from.length);
}

const char* answerText(zonecast_answer answer) {
  switch (answer) {
    case ZONECAST_HOSTED:
      return "hosted";
    case ZONECAST_FOREIGN:
      return "foreign";
    case ZONECAST_UNKNOWN:
      return "unknown";
    case ZONECAST_TOO_OLD:
      return "too-old";
    case ZONECAST_INVALID:
      return "invalid";
  }
  return "unknown";
}

v1::DomainEntry toMessage(const zonecast_domain& domain) {
  v1::DomainEntry entry;
  entry.set_domain(text(domain.name));
  entry.set_did(text(domain.did));
  entry.set_state(static_cast<v1::State>(domain.state));
  entry.set_role(static_cast<v1::Role>(domain.role));
  for (int i = v1::TRANSPORT_UDP; i <= v1::TRANSPORT_WSS; ++i) {
    if ((domain.transports & 1U << i) != 0) entry.add_transports(static_cast<v1::Transport>(i));
  }
  return entry;
}

void setValue(const zonecast_value& from, v1::Value& to) {
  switch (from.type) {
    case ZONECAST_INTEGER:
      return to.set_integer(from.number);
    case ZONECAST_BOOLEAN:
      return to.set_boolean(from.number != 0);
    case ZONECAST_DURATION:
      return to.set_seconds(from.number);
    case ZONECAST_STRING:
      return to.set_text(text(from.text));
  }
}

v1::VirtualDomain toMessage(const zonecast_table* table, const zonecast_virtual_domain& found) {
  v1::VirtualDomain message;
  message.set_did(text(found.did));
  message.set_customer(text(found.customer));
  message.set_canonical(text(found.canonical));
  zonecast_text member;
  for (std::size_t k = 0; zonecast_member(table, &found, k, &member); ++k)
    message.add_domains(text(member));
  zonecast_value value;
  for (std::size_t k = 0; zonecast_attribute(table, &found, k, &value); ++k) {
    const std::string name = text(value.name);
    const int count = message.attributes_size();
    v1::Attribute* attribute = count > 0 && message.attributes(count - 1).name() == name
                                   ? message.mutable_attributes(count - 1)
                                   : message.add_attributes();
    attribute->set_name(name);
    setValue(value, *attribute->add_values());
  }
  return message;
}

void print(const v1::TableLookup& found) {
  Columns columns;
  columns.row({"host", found.host()});
  columns.row({"answer", found.answer()});
  if (found.has_domain()) columns.row({"domain", entryText(found.domain())});
  if (found.has_virtual_domain()) {
    columns.row({"canonical", found.virtual_domain().canonical()});
    columns.row({"domains", joined(found.virtual_domain().domains())});
    for (const v1::Attribute& attribute : found.virtual_domain().attributes()) {
      columns.row({attribute.name(), valuesText(attribute)});
    }
  }
  columns.row({"version", std::to_string(found.version())});
  columns.row({"age", found.has_age() ? durationText(static_cast<std::uint64_t>(found.age()))
                                      : "not known"});
  columns.print(std::cout);
}

// Inode -> how many hold it open to read. Each reader holds a lock, and the kernel lists them.
std::map<std::uint64_t, std::uint32_t> readersByInode() {
  std::map<std::uint64_t, std::uint32_t> readers;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    // "1: OFDLCK ADVISORY  READ -1 00:1a:4711 0 EOF"
    std::istringstream words(line);
    std::string number, kind, manner, access, process, file;
    words >> number >> kind >> manner >> access >> process >> file;
    const std::size_t colon = file.rfind(':');
    if (kind != "OFDLCK" || access != "READ" || colon == std::string::npos) continue;
    ++readers[std::strtoull(file.c_str() + colon + 1, nullptr, 10)];
  }
  return readers;
}

v1::TableReport reportOn(const table::Reader& reader) {
  const table::Header& header = reader.mapping().header();
  v1::TableReport report;
  if (const table::CommitRecord* record = reader.commitRecord()) {
    report.set_lineage(record->lineage.data(),
                       std::min<std::size_t>(record->lineage_octets, record->lineage.size()));
    report.set_term(record->term);
    report.set_version(record->version);
    report.set_domains(record->domains);
    report.set_virtual_domains(record->virtual_domains);
    report.set_foreign(record->foreign);
  }
  report.set_commit(reader.commit());
  if (const auto age = reader.age()) report.set_age(*age);
  const std::uint64_t free_from = table::loadShared(header.free_from);
  const std::uint64_t free_until = table::loadShared(header.free_until);
  const std::uint64_t free =
      std::min((free_until - std::min(free_from, free_until)) * table::kUnit, header.octets);
  report.set_octets_used(header.octets - free);
  report.set_octets_free(free);

  auto readers = readersByInode();
  v1::TableGeneration* newest = report.add_generations();
  newest->set_generation(header.generation);
  newest->set_octets(header.octets);
  const std::uint32_t others = readers[reader.mapping().inode()];
  newest->set_readers(others > 0 ? others - 1 : 0);  // one of them is ourselves
  for (const table::Predecessor& old : header.predecessors) {
    if (old.since == 0 || readers[old.inode] == 0) continue;
    v1::TableGeneration* generation = report.add_generations();
    generation->set_generation(old.generation);
    generation->set_octets(old.octets);
    generation->set_readers(readers[old.inode]);
    generation->set_superseded(table::bootSeconds() - old.since);
  }
  return report;
}

void print(const v1::TableReport& report) {
  Columns columns;
  columns.row({"version", fmt::format("{} (term {}) of lineage {}", report.version(), report.term(),
                                      orDash(report.lineage()))});
  columns.row({"age", report.has_age() ? durationText(static_cast<std::uint64_t>(report.age()))
                                       : "not known"});
  columns.row({"commits", std::to_string(report.commit())});
  columns.row({"domains", std::to_string(report.domains())});
  columns.row({"virtual domains", std::to_string(report.virtual_domains())});
  columns.row({"negative answers", std::to_string(report.foreign())});
  columns.row(
      {"octets", fmt::format("{} used, {} free", report.octets_used(), report.octets_free())});
  for (const v1::TableGeneration& generation : report.generations()) {
    const std::string since =
        generation.has_superseded()
            ? fmt::format("superseded {} ago",
                          durationText(static_cast<std::uint64_t>(generation.superseded())))
            : "in place";
    columns.row({fmt::format("generation {}", generation.generation()),
                 fmt::format("{} octets, {} readers, {}", generation.octets(), generation.readers(),
                             since)});
  }
  columns.print(std::cout);
}

int cannotRead(std::string_view why) {
  std::cerr << why << '\n';
  return kExitUnreachable;
}

}  // namespace

int lookUp(const TableFile& file, const std::string& host, bool json) {
  char error[512];
  const Handle table(open(file, error, sizeof(error)));
  if (!table) return cannotRead(error);
  zonecast_domain domain;
  const zonecast_answer answer = zonecast_lookup(table.get(), host.data(), host.size(), &domain);
  zonecast_status status;
  zonecast_status_of(table.get(), &status);

  v1::TableLookup found;
  found.set_host(host);
  found.set_answer(answerText(answer));
  found.set_version(status.version);
  if (status.age >= 0) found.set_age(status.age);
  if (answer == ZONECAST_HOSTED) {
    *found.mutable_domain() = toMessage(domain);
    zonecast_virtual_domain of;
    if (zonecast_virtual_domain_of(table.get(), &domain, &of)) {
      *found.mutable_virtual_domain() = toMessage(table.get(), of);
    }
  }
  if (json) {
    std::cout << toJson(found) << '\n';
  } else {
    print(found);
  }
  return answer == ZONECAST_HOSTED ? kExitDone : kExitNotFound;
}

int showTable(const TableFile& file, bool json) {
  // The library judges whether this is a table that one may trust.
  char error[512];
  if (const Handle trusted(open(file, error, sizeof(error))); !trusted) return cannotRead(error);
  struct stat status {};
  stat(file.path.c_str(), &status);
  const auto reader = table::Reader::open({file.path, status.st_uid, 0});
  if (!reader) return cannotRead(reader.error());
  const v1::TableReport report = reportOn(*reader);
  if (json) {
    std::cout << toJson(report) << '\n';
  } else {
    print(report);
  }
  return kExitDone;
}

}  // namespace zonecast
