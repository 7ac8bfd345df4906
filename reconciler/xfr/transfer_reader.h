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

#include <tl/expected.hpp>

#include "reconciler/dns/message.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"

namespace zonecast::xfr {

// Where a transfer's records go. Either beginFull and then add for every record of the zone, SOA
// first and once; or, for each delta of a chain, beginDelta, then remove and add, the old SOA among
// the removed and the new one among the added.
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
  dns::Serial serial() const;
  std::uint64_t recordCount() const;
  std::uint64_t octetCount() const;

 private:
  // to be laid out by the implementation
};

}  // namespace zonecast::xfr
