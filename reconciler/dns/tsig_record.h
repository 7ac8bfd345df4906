// The TSIG record itself, and what of it and of its message is signed (RFC 8945 section 4). Used
// inside dns.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/hmac.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/tsig.h"
#include "reconciler/time.h"

namespace zonecast::dns {

// Section 3, and 5.2.4.
enum class TsigError : std::uint16_t {
  none = 0,
  badSig = 16,
  badKey = 17,
  badTime = 18,
  badTrunc = 22,
};

struct TsigVariables {
  Name key;
  Name algorithm;
  std::uint64_t time_s = 0;  // 48 bits
  std::uint16_t fudge_s = 0;
  TsigError error = TsigError::none;
  std::vector<std::uint8_t> other;
};

struct TsigRecord {
  TsigVariables variables;
  std::span<const std::uint8_t> mac;  // in the message
  std::uint16_t original_id = 0;
  std::size_t offset = 0;  // of the record in the message
};

const Name& nameOf(TsigAlgorithm algorithm);
std::optional<TsigAlgorithm> algorithmNamed(NameView name);

std::uint64_t secondsOf(WallTime time);

// The TSIG record of a message, or nothing when there is none. Fails with `misplaced` when there is
// one where none may be, and when the message or the record is malformed.
tl::expected<std::optional<TsigRecord>, TsigFailure> findTsig(
    std::span<const std::uint8_t> message);

// Appends a TSIG record to a message, and counts it in the header.
void appendTsig(std::vector<std::uint8_t>& message, const TsigVariables& variables, const Mac& mac);

// The digest's components, section 4.3.
void digestMac(Hmac& hmac, std::span<const std::uint8_t> mac);
// The message as it was before TSIG was put in: its original ID, and one record less.
void digestMessage(Hmac& hmac, std::span<const std::uint8_t> message, const TsigRecord& tsig);
void digestVariables(Hmac& hmac, const TsigVariables& variables);
void digestTimers(Hmac& hmac, const TsigVariables& variables);  // of later messages of a stream

}  // namespace zonecast::dns
