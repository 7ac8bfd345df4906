#include "adapters/master_file/master_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <ldns/ldns.h>

#include "reconciler/dns/message.h"

namespace zonecast::master_file {

namespace {

struct Free {
  void operator()(ldns_rdf* rdf) const { ldns_rdf_deep_free(rdf); }
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
  void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
};
using Rdf = std::unique_ptr<ldns_rdf, Free>;
using Record = std::unique_ptr<ldns_rr, Free>;
using Buffer = std::unique_ptr<ldns_buffer, Free>;

using Done = tl::expected<void, std::string>;

// A message of one record in the answer section, and nothing else.
constexpr std::array<std::uint8_t, 12> kHeader{0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0};

std::string_view takeField(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view field = text.substr(0, text.find(' '));
  text.remove_prefix(field.size());
  return field;
}

bool isAbsolute(std::string_view name) {
  if (!name.ends_with('.')) return false;
  name.remove_suffix(1);
  const std::size_t last_other = name.find_last_not_of('\\');
  const std::size_t escapes = name.size() - (last_other == name.npos ? 0 : last_other + 1);
  return escapes % 2 == 0;
}

// The fields of an entry, from its end: RDATA has as many as its type says.
std::vector<std::string_view> lastFields(std::string_view entry, std::size_t count) {
  std::vector<std::string_view> fields;
  std::size_t begin = entry.npos;
  bool quoted = false;
  for (std::size_t i = 0; i <= entry.size(); ++i) {
    const bool ends = i == entry.size() || (entry[i] == ' ' && !quoted);
    if (ends && begin != entry.npos) {
      fields.push_back(entry.substr(begin, i - begin));
      begin = entry.npos;
    }
    if (ends) continue;
    if (begin == entry.npos) begin = i;
    if (entry[i] == '"') quoted = !quoted;
    if (entry[i] == '\\') ++i;
  }
  if (fields.size() > count) fields.erase(fields.begin(), fields.end() - static_cast<long>(count));
  return fields;
}

struct NumberFields {
  std::uint32_t type;
  std::size_t fields, first, count;  // of RDATA in all; the first that is a number, and how many
  std::uint64_t max;
};
constexpr std::array<NumberFields, 3> kNumbers{{{LDNS_RR_TYPE_SRV, 4, 0, 3, 0xffff},
                                                {LDNS_RR_TYPE_NAPTR, 6, 0, 2, 0xffff},
                                                {LDNS_RR_TYPE_SOA, 7, 2, 1, 0xffffffff}}};

// ldns takes of a number that is too large the octets that fit.
Done checkNumbers(const ldns_rr& record, std::string_view entry) {
  const auto type = static_cast<std::uint32_t>(ldns_rr_get_type(&record));
  if (type > 0xffff) return tl::unexpected(std::string("a type has at most 16 bits"));
  const auto rule = std::ranges::find(kNumbers, type, &NumberFields::type);
  if (rule == kNumbers.end() || entry.find("\\#") != entry.npos) return {};
  const auto fields = lastFields(entry, rule->fields);
  for (std::size_t i = rule->first; i < std::min(rule->first + rule->count, fields.size()); ++i) {
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(fields[i].data(), fields[i].data() + fields[i].size(), value);
    const bool is_whole = end == fields[i].data() + fields[i].size();
    if (error != std::errc() || !is_whole || value > rule->max) {
      return tl::unexpected(fmt::format("{} is no number from 0 to {}", fields[i], rule->max));
    }
  }
  return {};
}

class Reading {
 public:
  Reading(const dns::Name* origin, TakeRecord take) : take_(take), buffer_(ldns_buffer_new(512)) {
    if (origin == nullptr) return;
    const std::string_view wire = origin->view().wire();
    origin_.reset(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, wire.size(), wire.data()));
  }

  Done read(const Entry& entry) {
    return entry.text.starts_with('$') ? follow(entry.text) : readRecord(entry);
  }

 private:
  Done follow(std::string_view entry);
  Done setOrigin(std::string_view name);
  Done readRecord(const Entry& entry);
  Done takeRecord(const ldns_rr& record, std::uint32_t line);

  TakeRecord take_;
  Buffer buffer_;
  Rdf origin_, owner_;
  std::uint32_t ttl_ = LDNS_DEFAULT_TTL;
};

Done Reading::follow(std::string_view entry) {
  const std::string_view directive = takeField(entry);
  const std::string value(takeField(entry));
  if (entry.find_first_not_of(' ') != entry.npos || value.empty()) {
    if (directive == "$ORIGIN" || directive == "$TTL") {
      return tl::unexpected(fmt::format("{} takes one value", directive));
    }
  }
  if (directive == "$ORIGIN") return setOrigin(value);
  if (directive == "$TTL") {
    const char* end = nullptr;
    ttl_ = ldns_str2period(value.c_str(), &end);
    if (*end != '\0')
      return tl::unexpected(std::string("$TTL takes seconds, or the like of 1h30m"));
    return {};
  }
  return tl::unexpected(
      fmt::format("{} is not followed here: write out what it stands for", directive));
}

// RFC 1035 section 5.1: a relative one is relative to the one before.
Done Reading::setOrigin(std::string_view name) {
  if (name == "@") return {};
  Rdf origin(ldns_dname_new_frm_str(std::string(name).c_str()));
  if (!origin) return tl::unexpected(fmt::format("$ORIGIN: {} is no name", name));
  if (!isAbsolute(name)) {
    if (!origin_)
      return tl::unexpected(std::string("$ORIGIN: a relative name, and no zone is told"));
    if (ldns_dname_cat(origin.get(), origin_.get()) != LDNS_STATUS_OK) {
      return tl::unexpected(fmt::format("$ORIGIN: {} is too long a name", name));
    }
  }
  origin_ = std::move(origin);
  return {};
}

Done Reading::readRecord(const Entry& entry) {
  if (!entry.text.starts_with(' ')) {
    std::string_view rest = entry.text;
    const std::string_view owner = takeField(rest);
    if (!origin_ && !isAbsolute(owner)) {
      return tl::unexpected(fmt::format("{} is relative, and no zone is told", owner));
    }
    if (!origin_) origin_.reset(ldns_dname_new_frm_str(std::string(owner).c_str()));
  } else if (!owner_) {
    return tl::unexpected(std::string("it leaves the owner out, and there is none before it"));
  }
  ldns_rr* read = nullptr;
  ldns_rdf* owner = owner_.release();
  const ldns_status status =
      ldns_rr_new_frm_str(&read, entry.text.c_str(), ttl_, origin_.get(), &owner);
  owner_.reset(owner);
  const Record record(status == LDNS_STATUS_OK ? read : nullptr);
  if (!record) return tl::unexpected(std::string(ldns_get_errorstr_by_id(status)));
  if (auto checked = checkNumbers(*record, entry.text); !checked) return checked;
  return takeRecord(*record, entry.line);
}

// By the reader of messages: what it lets pass is canonical, and within what a zone may have.
Done Reading::takeRecord(const ldns_rr& record, std::uint32_t line) {
  if (ldns_rr_get_class(&record) != LDNS_RR_CLASS_IN) {
    return tl::unexpected(std::string("its class is not IN"));
  }
  ldns_buffer_clear(buffer_.get());
  ldns_buffer_write(buffer_.get(), kHeader.data(), kHeader.size());
  const ldns_status status = ldns_rr2buffer_wire(buffer_.get(), &record, LDNS_SECTION_ANSWER);
  if (status != LDNS_STATUS_OK) {
    return tl::unexpected(std::string(ldns_get_errorstr_by_id(status)));
  }
  const std::span message(ldns_buffer_begin(buffer_.get()), ldns_buffer_position(buffer_.get()));
  auto reader = dns::MessageReader::open(message);
  if (!reader) return tl::unexpected(std::string(reader.error().what));
  const auto parsed = reader->nextRecord();
  if (!parsed) return tl::unexpected(std::string(parsed.error().what));
  return take_((*parsed)->record, line);
}

}  // namespace

tl::expected<void, Trouble> read(std::string_view text, const dns::Name* origin, TakeRecord take) {
  EntrySplitter entries(text);
  Reading reading(origin, take);
  for (;;) {
    auto entry = entries.next();
    if (!entry) return tl::unexpected(std::move(entry.error()));
    if (!*entry) return {};
    if (auto done = reading.read(**entry); !done) {
      return tl::unexpected(Trouble{(*entry)->line, std::move(done.error())});
    }
  }
}

}  // namespace zonecast::master_file
