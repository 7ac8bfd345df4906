// Reads the messages that answer one AXFR or IXFR request (RFC 5936, RFC 1995), as a pure
// interpreter: messages go in, records go to a sink, and the verdict on the whole comes out.
//
// Invariants: the sink sees only records that are inside the zone, of class IN and well-formed; it
// sees them in order, and must not act on them before the reader says `complete` *and* the caller
// has settled the TSIG. After an error the reader takes nothing more. No IO, clock, allocation per
// record or log.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/message.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"

namespace zonecast::xfr {

// Where a transfer's records go. Either beginFull and then add for every record of the zone, SOA
// first and once; or, for each delta of a chain, beginDelta, then remove and add, the old SOA first
// of the removed and the new one first of the added.
class TransferSink {
 public:
  virtual ~TransferSink() = default;
  virtual void beginFull() = 0;
  virtual void beginDelta(dns::Serial from, dns::Serial to) = 0;
  virtual void add(const dns::RecordView& record) = 0;
  virtual void remove(const dns::RecordView& record) = 0;
};

struct TransferLimits {
  std::uint64_t octets_max = 64ull << 20;  // of messages
  std::uint64_t records_max = 2'000'000;
  std::uint32_t ixfr_deltas_max = 10'000;
  // Differences are applied in one go, so they are bounded: what has more comes by AXFR, in pieces.
  std::uint32_t ixfr_records_max = 20'000;

  friend bool operator==(const TransferLimits&, const TransferLimits&) = default;
};

struct TransferRequest {
  dns::Name zone;
  std::uint16_t id = 0;
  std::optional<dns::Serial> ixfr_from;  // nothing: AXFR
  TransferLimits limits;
};

// Wire format of the request; RFC 5936 section 2.1, RFC 1995 section 3 (the SOA that we hold stands
// in the authority section).
std::vector<std::uint8_t> encode(const TransferRequest& request);

struct TransferFailure {
  enum class Kind : std::uint8_t {
    refused,    // the primary says it will not or cannot (RCODE): ask another one
    malformed,  // the data is wrong: reject the whole
    limit,      // the data is more than an option allows
  } kind{};
  std::string text;  // "answer to another question: example.net SOA"
};

class TransferReader {
 public:
  explicit TransferReader(TransferRequest request);

  enum class Progress : std::uint8_t {
    more,      // the next message, please
    upToDate,  // IXFR only: what we hold is what the primary has
    complete,  // the sink holds all of it
  };
  tl::expected<Progress, TransferFailure> feed(std::span<const std::uint8_t> message,
                                               TransferSink& sink);

  // Known once complete or up to date: the primary's serial.
  dns::Serial serial() const { return serial_; }
  std::uint64_t recordCount() const { return records_; }  // added and removed ones
  std::uint64_t octetCount() const { return octets_; }

 private:
  using Step = tl::expected<void, TransferFailure>;

  enum class State : std::uint8_t {
    opening,    // nothing yet: the opening SOA is next
    undecided,  // IXFR, after the opening SOA: the second record tells the shape
    full,       // in the zone's records
    removing,   // in the first half of a difference sequence
    adding,     // in its second half
    upToDate,   // from here on no message is taken
    complete,
    failed,
  };

  Step readMessage(std::span<const std::uint8_t> message, TransferSink& sink);
  Step checkHeader(const dns::Header& header) const;
  Step checkQuestion(dns::MessageReader& reader) const;
  Step readRecords(dns::MessageReader& reader, TransferSink& sink);
  Step onAnswer(const dns::RecordView& record, TransferSink& sink);
  Step checkPlace(const dns::RecordView& record) const;
  Step onSoa(const dns::RecordView& record, TransferSink& sink);
  Step onData(const dns::RecordView& record, TransferSink& sink);
  Step onEndOfMessage();

  Step open(const dns::RecordView& soa, dns::Serial serial, TransferSink& sink);
  Step startFull(TransferSink& sink);
  Step startRemovals(const dns::RecordView& soa, dns::Serial from);
  Step startAdditions(const dns::RecordView& soa, dns::Serial to, TransferSink& sink);
  Step close(const dns::RecordView& soa);
  Step add(const dns::RecordView& record, TransferSink& sink);
  Step remove(const dns::RecordView& record);
  Step count();

  bool isOpeningSoa(const dns::RecordView& soa) const;
  bool offersNewer() const { return serial_ > reached_; }

  TransferRequest request_;
  State state_ = State::opening;
  dns::Serial serial_;   // of the opening SOA: where the transfer leads
  dns::Serial reached_;  // IXFR: what we hold once the deltas so far are applied
  dns::Ttl soa_ttl_;     // of the opening SOA,
  std::vector<std::uint8_t>
      soa_rdata_;                      // for a full zone's first record and the closing comparison
  std::vector<std::uint8_t> removed_;  // packed: kept back until the delta's new serial is known
  std::uint64_t records_ = 0;
  std::uint64_t octets_ = 0;
  std::uint32_t deltas_ = 0;
};

}  // namespace zonecast::xfr
