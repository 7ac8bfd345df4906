// Records for tests, from the text that stands in a zone file. What is not understood throws: a
// test with a typing error must not pass.
//
//   recordFromText("_sip._udp.example.com. 3600 IN SRV 10 5 5060 sip.example.com.")
//   recordsFromText(R"(
//     example.com.      300 IN TXT "v=sipvhost1; did=example"   ; one record a line
//     www.example.com.      IN TYPE65280 \# 2 0a0b              ; TTL 3600 when there is none
//   )")
//
// Names are absolute, with or without the final dot.
#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include "reconciler/dns/record.h"

namespace zonecast::test {

struct OwnedRecord {
  dns::Name owner;
  dns::RrType type{};
  dns::RrClass rrclass = dns::RrClass::in;
  dns::Ttl ttl;
  std::vector<std::uint8_t> rdata;  // canonical

  dns::RecordView view() const { return {owner.view(), type, rrclass, ttl, rdata}; }
};

inline dns::Name nameFromText(std::string_view text) {
  auto name = dns::Name::fromText(text);
  if (!name) throw std::invalid_argument(std::string(text) + ": " + std::string(name.error().what));
  return *std::move(name);
}

namespace detail {

inline constexpr std::uint32_t kTtlDefault_s = 3600;

template <typename Integer>
bool parseInteger(std::string_view text, Integer& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

// The fields of one line: blanks between them, "..." holds blanks, a semicolon ends the line.
inline std::vector<std::string> fieldsOf(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at < line.size() && line[at] != ';';) {
    if (std::isspace(static_cast<unsigned char>(line[at]))) {
      ++at;
      continue;
    }
    const bool quote = line[at] == '"';
    const std::string_view ends = quote ? "\"" : " \t\r\n;";
    std::string& field = fields.emplace_back();
    for (at += quote; at < line.size() && ends.find(line[at]) == ends.npos; ++at) {
      if (line[at] == '\\' && at + 1 < line.size()) field += line[at++];
      field += line[at];
    }
    if (quote && at++ == line.size()) throw std::invalid_argument("quotation without end");
  }
  return fields;
}

inline dns::RrType typeFromText(const std::string& text) {
  for (unsigned type = 0; type <= 0xffff; ++type) {
    if (dns::toText(dns::RrType(type)) == text) return dns::RrType(type);
    if (type == 255) break;  // every type that has a mnemonic is below
  }
  std::uint16_t type = 0;
  if (text == "MX") return dns::RrType{15};
  if (!text.starts_with("TYPE") || !parseInteger(std::string_view(text).substr(4), type)) {
    throw std::invalid_argument("unknown type " + text);
  }
  return dns::RrType{type};
}

// Takes fields from the front and appends their wire format.
class RdataBuilder {
 public:
  explicit RdataBuilder(std::vector<std::string> fields) : fields_(std::move(fields)) {}

  RdataBuilder& integers(int octets, int count = 1) {
    for (; count > 0; --count) {
      std::uint32_t value = 0;
      const std::string field = next();
      if (!parseInteger(field, value) || (octets < 4 && value >> 8 * octets != 0)) {
        throw std::invalid_argument("no integer: " + field);
      }
      for (int i = octets; i-- > 0;) rdata_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    }
    return *this;
  }
  RdataBuilder& name() { return append(std::string(nameFromText(next()).view().wire())); }
  RdataBuilder& string() {
    const std::string octets = unescaped(next());
    if (octets.size() > 255)
      throw std::invalid_argument("character-string of more than 255 octets");
    return append(static_cast<char>(octets.size()) + octets);
  }
  RdataBuilder& strings() {
    do {
      string();
    } while (next_ < fields_.size());
    return *this;
  }
  RdataBuilder& address(int family, std::size_t octets) {
    std::string address(octets, '\0');
    const std::string field = next();
    if (inet_pton(family, field.c_str(), address.data()) != 1) {
      throw std::invalid_argument("no address: " + field);
    }
    return append(address);
  }
  RdataBuilder& generic() {  // RFC 3597 section 5
    std::size_t count = 0;
    if (next() != "\\#" || !parseInteger(next(), count)) throw std::invalid_argument("no \\# form");
    std::string digits;
    while (next_ < fields_.size()) digits += next();
    if (digits.size() != 2 * count) throw std::invalid_argument("length and digits differ");
    for (std::size_t i = 0; i < count; ++i) {
      std::uint8_t octet = 0;
      if (!parseInteger(std::string_view(digits).substr(2 * i, 2), octet, 16)) {
        throw std::invalid_argument("no hexadecimal digits: " + digits);
      }
      rdata_.push_back(octet);
    }
    return *this;
  }

  std::vector<std::uint8_t> take() {
    if (next_ != fields_.size()) throw std::invalid_argument("too many fields");
    return std::move(rdata_);
  }

  bool isGeneric() const { return !fields_.empty() && fields_[0] == "\\#"; }

 private:
  std::string next() {
    if (next_ == fields_.size()) throw std::invalid_argument("too few fields");
    return fields_[next_++];
  }
  RdataBuilder& append(const std::string& octets) {
    rdata_.insert(rdata_.end(), octets.begin(), octets.end());
    return *this;
  }
  static std::string unescaped(const std::string& field) {
    std::string octets;
    for (std::size_t at = 0; at < field.size(); ++at) {
      std::uint8_t octet = 0;
      if (field[at] != '\\') {
        octets += field[at];
      } else if (parseInteger(std::string_view(field).substr(at + 1, 3), octet)) {
        octets += static_cast<char>(octet);
        at += 3;
      } else {
        octets += field.at(++at);
      }
    }
    return octets;
  }

  std::vector<std::string> fields_;
  std::size_t next_ = 0;
  std::vector<std::uint8_t> rdata_;
};

inline std::vector<std::uint8_t> rdataFromFields(dns::RrType type,
                                                 std::vector<std::string> fields) {
  RdataBuilder rdata(std::move(fields));
  if (rdata.isGeneric()) return rdata.generic().take();
  switch (type) {
    case dns::RrType::a:
      return rdata.address(AF_INET, 4).take();
    case dns::RrType::aaaa:
      return rdata.address(AF_INET6, 16).take();
    case dns::RrType::ns:
    case dns::RrType::cname:
    case dns::RrType::dname:
    case dns::RrType::ptr:
      return rdata.name().take();
    case dns::RrType::soa:
      return rdata.name().name().integers(4, 5).take();
    case dns::RrType::srv:
      return rdata.integers(2, 3).name().take();
    case dns::RrType::naptr:
      return rdata.integers(2, 2).string().string().string().name().take();
    case dns::RrType::txt:
      return rdata.strings().take();
    default:
      if (type == dns::RrType{15}) return rdata.integers(2).name().take();  // MX
      throw std::invalid_argument("RDATA of this type must be in \\# form");
  }
}

}  // namespace detail

inline OwnedRecord recordFromText(std::string_view text) {
  std::vector<std::string> fields = detail::fieldsOf(text);
  const auto take = [&fields, text] {
    if (fields.empty()) throw std::invalid_argument("incomplete record: " + std::string(text));
    std::string field = std::move(fields.front());
    fields.erase(fields.begin());
    return field;
  };
  OwnedRecord record;
  record.owner = nameFromText(take());
  std::uint32_t ttl = detail::kTtlDefault_s;
  std::string field = take();
  if (detail::parseInteger(field, ttl)) field = take();
  record.ttl = dns::Ttl(ttl);
  if (field == "IN") field = take();
  record.type = detail::typeFromText(field);
  record.rdata = detail::rdataFromFields(record.type, std::move(fields));
  return record;
}

// One record a line; lines that are empty or only a comment count for nothing.
inline std::vector<OwnedRecord> recordsFromText(std::string_view text) {
  std::vector<OwnedRecord> records;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!detail::fieldsOf(line).empty()) records.push_back(recordFromText(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return records;
}

}  // namespace zonecast::test
