// What reading one record of a transfer costs: TransferReader, and ldns on the same messages.
//
// The messages are those of an AXFR as knotd sends it, of the kind of zone that the other figures
// have: eight records a domain, messages as full as they can be, owners compressed where a pointer
// reaches (RFC 1035 section 4.1.4), names in SRV and NAPTR not (RFC 2782, RFC 3403). TransferReader
// does all that it does in the daemon (bounds, names expanded and folded, zone and class checked,
// RDATA of kept types canonical); ldns does as much of that as ldns_wire2pkt() does. Each item is a
// record, so `items_per_second` is the figure.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "reconciler/xfr/transfer_reader.h"
#include "test/bench/ldns_reader.h"

namespace zonecast {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::string_view kZone = "sip.example";
constexpr std::string_view kEdge = "sip.provider.example";
constexpr std::uint16_t kId = 4711;
constexpr std::size_t kDomains = 12'500;
constexpr std::size_t kMessageOctetsMax = 65'535;
constexpr std::size_t kPointerReach = 0x4000;
constexpr std::size_t kRecordOctetsMax = 256;

void append(Octets& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value & 0xff));
}
void append(Octets& out, std::uint32_t value) {
  append(out, static_cast<std::uint16_t>(value >> 16));
  append(out, static_cast<std::uint16_t>(value & 0xffff));
}
void appendString(Octets& out, std::string_view text) {
  out.push_back(static_cast<std::uint8_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
}
// The labels of a name, without what ends it.
void appendLabels(Octets& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t dot = text.find('.');
    appendString(out, text.substr(0, dot));
    text = dot == text.npos ? std::string_view{} : text.substr(dot + 1);
  }
}
Octets name(std::string_view text) {
  Octets out;
  appendLabels(out, text);
  out.push_back(0);
  return out;
}

// Puts records into messages, a new one when the last is full.
class TransferMessages {
 public:
  TransferMessages() { begin(); }

  // `below` stands in front of the domain's own label; both empty: the apex.
  void record(std::string_view below, std::string_view label, dns::RrType type,
              const Octets& rdata) {
    if (message_.size() + kRecordOctetsMax > kMessageOctetsMax) {
      end();
      begin();
    }
    appendLabels(message_, below);
    label.empty() ? appendPointer(kApexAt) : appendOwnLabel(label);
    append(message_, static_cast<std::uint16_t>(type));
    append(message_, static_cast<std::uint16_t>(dns::RrClass::in));
    append(message_, std::uint32_t{3600});
    append(message_, static_cast<std::uint16_t>(rdata.size()));
    message_.insert(message_.end(), rdata.begin(), rdata.end());
    ++records_;
    ++total_;
  }

  std::vector<Octets> take() && {
    end();
    return std::move(messages_);
  }
  std::size_t total() const { return total_; }

 private:
  static constexpr std::uint16_t kApexAt = 12;  // the question's name

  void begin() {
    message_.clear();
    records_ = 0;
    label_.clear();
    for (const std::uint16_t field : {kId, std::uint16_t{0x8400}, std::uint16_t{1}}) {
      append(message_, field);
    }
    message_.resize(12);
    const Octets zone = name(kZone);
    message_.insert(message_.end(), zone.begin(), zone.end());
    append(message_, static_cast<std::uint16_t>(dns::RrType::axfr));
    append(message_, static_cast<std::uint16_t>(dns::RrClass::in));
  }

  void appendPointer(std::size_t offset) {
    append(message_, static_cast<std::uint16_t>(0xc000 | offset));
  }

  void appendOwnLabel(std::string_view label) {
    if (label == label_ && label_at_ < kPointerReach) return appendPointer(label_at_);
    label_ = label;
    label_at_ = message_.size();
    appendString(message_, label);
    appendPointer(kApexAt);
  }

  void end() {
    message_[6] = static_cast<std::uint8_t>(records_ >> 8);
    message_[7] = static_cast<std::uint8_t>(records_ & 0xff);
    messages_.push_back(message_);
  }

  std::vector<Octets> messages_;
  Octets message_;
  std::size_t records_ = 0, total_ = 0;
  std::string label_;
  std::size_t label_at_ = 0;
};

Octets soa() {
  Octets rdata = name("ns1.sip.example");
  const Octets mailbox = name("hostmaster.sip.example");
  rdata.insert(rdata.end(), mailbox.begin(), mailbox.end());
  for (const std::uint32_t field : {1u, 3600u, 600u, 1209600u, 300u}) append(rdata, field);
  return rdata;
}
Octets naptr(std::uint16_t order, std::string_view service, std::string_view replacement) {
  Octets rdata;
  append(rdata, order);
  append(rdata, std::uint16_t{10});
  for (const std::string_view text : {std::string_view{"s"}, service, std::string_view{}}) {
    appendString(rdata, text);
  }
  const Octets target = name(replacement);
  rdata.insert(rdata.end(), target.begin(), target.end());
  return rdata;
}
Octets srv(std::uint16_t port) {
  Octets rdata;
  for (const std::uint16_t field : {std::uint16_t{10}, std::uint16_t{5}, port})
    append(rdata, field);
  const Octets target = name(kEdge);
  rdata.insert(rdata.end(), target.begin(), target.end());
  return rdata;
}
Octets txt(std::string_view text) {
  Octets rdata;
  appendString(rdata, text);
  return rdata;
}
Octets address(std::size_t octets, std::size_t number) {
  Octets rdata(octets, 0x20);
  for (std::size_t i = 0; i < 3; ++i) {
    rdata[octets - 1 - i] = static_cast<std::uint8_t>(number >> 8 * i);
  }
  return rdata;
}

void addDomain(TransferMessages& to, std::size_t number) {
  const std::string label = fmt::format("d{}", number);
  const std::string domain = fmt::format("{}.{}", label, kZone);
  to.record("", label, dns::RrType::a, address(4, number));
  to.record("", label, dns::RrType::aaaa, address(16, number));
  to.record("", label, dns::RrType::naptr, naptr(10, "SIP+D2U", "_sip._udp." + domain));
  to.record("", label, dns::RrType::naptr, naptr(20, "SIP+D2T", "_sip._tcp." + domain));
  to.record("_sip._tcp", label, dns::RrType::srv, srv(5060));
  to.record("_sips._tcp", label, dns::RrType::srv, srv(5061));
  to.record("_sip._udp", label, dns::RrType::srv, srv(5060));
  to.record("_sipvhost", label, dns::RrType::txt,
            txt(fmt::format("v=sipvhost1; greeting=Welcome to {}; max_calls={}", number,
                            number % 1000 + 1)));
}

struct Transfer {
  std::vector<Octets> messages;
  std::size_t records = 0;
};

const Transfer& transfer() {
  static const Transfer kTransfer = [] {
    TransferMessages messages;
    messages.record("", "", dns::RrType::soa, soa());
    messages.record("", "", dns::RrType::ns, name("ns1.sip.example"));
    for (std::size_t number = 0; number < kDomains; ++number) addDomain(messages, number);
    messages.record("", "", dns::RrType::soa, soa());
    const std::size_t records = messages.total();
    return Transfer{std::move(messages).take(), records};
  }();
  return kTransfer;
}

void countRecords(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * transfer().records));
}

// Looks at each record, so that nothing of its reading can be left out.
struct Looking final : xfr::TransferSink {
  void beginFull() override {}
  void beginDelta(dns::Serial, dns::Serial) override {}
  void add(const dns::RecordView& record) override {
    octets += record.owner.wire().size() + record.rdata.size();
    ++records;
  }
  void remove(const dns::RecordView&) override {}
  std::size_t octets = 0, records = 0;
};

void zonecastReads(benchmark::State& state) {
  const dns::Name zone = dns::Name::fromText(kZone).value();
  for (auto _ : state) {
    Looking sink;
    xfr::TransferReader reader({.zone = zone, .id = kId, .ixfr_from = {}, .limits = {}});
    auto progress = xfr::TransferReader::Progress::more;
    for (const Octets& message : transfer().messages) {
      const auto read = reader.feed(message, sink);
      if (!read) return state.SkipWithError(read.error().text.c_str());
      progress = *read;
    }
    if (progress != xfr::TransferReader::Progress::complete ||
        sink.records + 1 != transfer().records) {  // the closing SOA is not told
      return state.SkipWithError("the transfer was not read to its end");
    }
    benchmark::DoNotOptimize(sink.octets);
  }
  countRecords(state);
}
BENCHMARK(zonecastReads)->Name("zonecast");

void ldnsReads(benchmark::State& state) {
  for (auto _ : state) {
    std::size_t records = 0;
    for (const Octets& message : transfer().messages) {
      const auto read = readByLdns(message);
      if (!read) return state.SkipWithError("ldns does not take a message");
      records += *read;
    }
    if (records != transfer().records) return state.SkipWithError("ldns read too little");
  }
  countRecords(state);
}
BENCHMARK(ldnsReads)->Name("ldns");

}  // namespace
}  // namespace zonecast

BENCHMARK_MAIN();
