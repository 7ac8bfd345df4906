// DNS messages (RFC 1035 section 4), read in place and written into a vector.
//
// MessageReader checks every bound before it reads, follows compression pointers only backwards
// (each one to an offset before the labels that led to it, so a loop cannot exist), and allocates
// nothing: names, and RDATA of kept types that has names in it, are expanded into buffers inside
// the reader, all else is read where it stands, and the RecordView it returns is valid until the
// next call or until the reader moves. The message must outlive the reader. After a failure the
// same call fails again. Not thread-safe; make one reader per message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/dns/malformed.h"
#include "reconciler/dns/name.h"
#include "reconciler/dns/record.h"

namespace zonecast::dns {

class WireReader;

enum class Opcode : std::uint8_t { query = 0, notify = 4, update = 5 };

enum class Rcode : std::uint8_t {
  noError = 0,
  formErr = 1,
  servFail = 2,
  nxDomain = 3,
  notImp = 4,
  refused = 5,
  notAuth = 9,
};

std::string toText(Rcode rcode);  // "SERVFAIL", or "RCODE11"

enum class Section : std::uint8_t { answer, authority, additional };

struct Header {
  std::uint16_t id = 0;
  bool qr = false, aa = false, tc = false, rd = false, ra = false;
  bool ad = false, cd = false;  // RFC 4035 section 3.2
  Opcode opcode = Opcode::query;
  Rcode rcode = Rcode::noError;
  std::uint16_t qdcount = 0, ancount = 0, nscount = 0, arcount = 0;
};

struct Question {
  NameView name;  // valid until the reader's next call
  RrType type{};
  RrClass rrclass{};
};

class MessageReader {
 public:
  // Reads the header; fails on fewer than 12 octets.
  static tl::expected<MessageReader, Malformed> open(std::span<const std::uint8_t> message);

  const Header& header() const { return header_; }

  // The next question, or nothing when all qdcount of them were read. Questions come before
  // records: nextRecord() skips those that were not asked for.
  tl::expected<std::optional<Question>, Malformed> nextQuestion();

  struct Entry {
    Section section{};
    RecordView record;
    std::size_t offset = 0;  // of the record's first octet (TSIG signs what stands before itself)
  };
  // The next record, or nothing after the last; fails on octets left over behind it.
  tl::expected<std::optional<Entry>, Malformed> nextRecord();

  // OPT and TSIG are returned like every other record; they say something else with class and TTL.
  // RDATA of a kept type is canonical, hence well-formed, if the class is IN; otherwise it is
  // opaque.

 private:
  // A NAPTR of three character-strings and a name is the longest that has to be expanded.
  static constexpr std::size_t kExpandedOctetsMax = 4 + 3 * 256 + kNameOctetsMax;

  static constexpr std::size_t kNowhere = 0xffff;  // no compression pointer leads there

  explicit MessageReader(std::span<const std::uint8_t> message) : message_(message) {}

  std::optional<Section> sectionOf(std::uint32_t record) const;
  NameView readOwner(WireReader& in);
  std::span<const std::uint8_t> readRdata(WireReader& in, RrType type);

  std::span<const std::uint8_t> message_;
  Header header_;
  std::size_t offset_ = 0;
  std::uint16_t questions_read_ = 0;
  std::uint32_t records_read_ = 0;
  std::size_t owner_offset_ = kNowhere;  // where the labels of the name in owner_ begin
  std::size_t owner_octets_ = 0;
  std::array<char, kNameOctetsMax> owner_;
  std::array<std::uint8_t, kExpandedOctetsMax> rdata_;
};

// Appends one message to a vector; names are written uncompressed.
class MessageWriter {
 public:
  explicit MessageWriter(const Header& header);  // counts are kept by the writer

  void question(NameView name, RrType type, RrClass rrclass = RrClass::in);
  void record(Section section, const RecordView& record);

  std::vector<std::uint8_t> take() &&;

 private:
  std::vector<std::uint8_t> message_;
};

}  // namespace zonecast::dns
