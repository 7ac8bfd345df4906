// The message reader against ldns, on the corpora of the message and transfer fuzzers and on
// mutations of them: both take a message, or neither does, and they read the same questions and
// records out of it.
//
// Where they differ, kDisagreements says by which RFC ours is right, and how that is seen in the
// message itself. A difference that no row explains is a failure, and so is a row that explains
// nothing.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include "reconciler/dns/message.h"

namespace zonecast::dns {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr int kMutationsOfEach = 2000;

struct Item {  // a question, which has no TTL and no RDATA, or a record
  int section = -1;
  std::string owner;  // wire format, folded
  unsigned type = 0, rrclass = 0;
  std::uint32_t ttl_s = 0;
  std::optional<Octets> rdata;  // of the types that ours reads in class IN
  friend bool operator==(const Item&, const Item&) = default;
};

struct Reading {
  std::optional<Malformed> failure;  // theirs: without an offset
  std::vector<Item> items;
  bool lacks_fields = false;  // theirs: of an RDATA that ours looks into
};

bool isUnderstood(unsigned type, unsigned rrclass) {
  return rrclass == 1 && isRead(static_cast<RrType>(type));
}

// OPT and TSIG stand apart in ldns's packets, and are left out of the comparison.
bool isPseudo(unsigned type) {
  return type == LDNS_RR_TYPE_OPT || type == LDNS_RR_TYPE_TSIG;
}

Reading readByOurs(const Octets& message) {
  Reading reading;
  auto reader = MessageReader::open(message);
  if (!reader) return {.failure = reader.error(), .items = {}, .lacks_fields = false};
  for (auto question = reader->nextQuestion();; question = reader->nextQuestion()) {
    if (!question) return {.failure = question.error(), .items = {}, .lacks_fields = false};
    if (!*question) break;
    reading.items.push_back({-1, std::string((*question)->name.wire()),
                             static_cast<unsigned>((*question)->type),
                             static_cast<unsigned>((*question)->rrclass), 0, std::nullopt});
  }
  for (auto entry = reader->nextRecord();; entry = reader->nextRecord()) {
    if (!entry) return {.failure = entry.error(), .items = {}, .lacks_fields = false};
    if (!*entry) return reading;
    const RecordView& record = (*entry)->record;
    const auto type = static_cast<unsigned>(record.type);
    const auto rrclass = static_cast<unsigned>(record.rrclass);
    if (isPseudo(type)) continue;
    Item item{static_cast<int>((*entry)->section),
              std::string(record.owner.wire()),
              type,
              rrclass,
              record.ttl.seconds(),
              std::nullopt};
    if (isUnderstood(type, rrclass)) item.rdata.emplace(record.rdata.begin(), record.rdata.end());
    reading.items.push_back(std::move(item));
  }
}

Octets octetsOf(const ldns_rdf* field) {
  Octets octets(ldns_rdf_data(field), ldns_rdf_data(field) + ldns_rdf_size(field));
  if (ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME) {
    for (std::uint8_t& octet : octets) {
      if (octet >= 'A' && octet <= 'Z') octet |= 0x20;
    }
  }
  return octets;
}

Item itemOf(const ldns_rr* rr, int section) {
  const Octets owner = octetsOf(ldns_rr_owner(rr));
  Item item{section,
            std::string(owner.begin(), owner.end()),
            ldns_rr_get_type(rr),
            ldns_rr_get_class(rr),
            0,
            std::nullopt};
  if (section < 0) return item;
  item.ttl_s = Ttl(ldns_rr_ttl(rr)).seconds();  // RFC 2181 section 8: the top bit makes it 0
  if (!isUnderstood(item.type, item.rrclass)) return item;
  item.rdata.emplace();
  for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
    const Octets field = octetsOf(ldns_rr_rdf(rr, i));
    item.rdata->insert(item.rdata->end(), field.begin(), field.end());
  }
  return item;
}

Reading readByLdns(const Octets& message) {
  ldns_pkt* parsed = nullptr;
  const ldns_status status = ldns_wire2pkt(&parsed, message.data(), message.size());
  const std::unique_ptr<ldns_pkt, void (*)(ldns_pkt*)> packet(parsed, ldns_pkt_free);
  if (status != LDNS_STATUS_OK) {
    return {.failure = Malformed{ldns_get_errorstr_by_id(status), 0},
            .items = {},
            .lacks_fields = false};
  }
  Reading reading;
  const ldns_rr_list* sections[] = {ldns_pkt_question(parsed), ldns_pkt_answer(parsed),
                                    ldns_pkt_authority(parsed), ldns_pkt_additional(parsed)};
  for (int section = -1; section < 3; ++section) {
    const ldns_rr_list* list = sections[section + 1];
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
      const ldns_rr* rr = ldns_rr_list_rr(list, i);
      Item item = itemOf(rr, section);
      reading.lacks_fields |=
          item.rdata &&
          ldns_rr_rd_count(rr) < ldns_rr_descriptor_minimum(ldns_rr_descript(ldns_rr_get_type(rr)));
      if (section < 0 || !isPseudo(item.type)) reading.items.push_back(std::move(item));
    }
  }
  return reading;
}

// -- where they may differ

struct Case {
  const Octets& message;
  const Reading& ours;
  const Reading& theirs;

  bool theirsAlone() const { return ours.failure && !theirs.failure; }
  std::size_t at() const { return ours.failure->offset; }
  unsigned u16(std::size_t offset) const {
    if (message.size() < 2 || offset > message.size() - 2) return 0;
    return message[offset] * 256u + message[offset + 1];
  }
};

struct Rdata {
  unsigned type = 0, rrclass = 0;
  std::size_t begin = 0, length = 0;
};

// Where things stand in a message, as far as it can be stepped over; read without our reader.
struct Anatomy {
  std::vector<Rdata> rdatas;  // the last may end behind the message
  std::size_t end = 12;       // behind the last record

  explicit Anatomy(const Case& c) {
    for (unsigned i = c.u16(4); i > 0 && end < c.message.size(); --i) stepOverName(c), end += 4;
    const unsigned records = c.u16(6) + c.u16(8) + c.u16(10);
    for (unsigned i = 0; i < records && end < c.message.size(); ++i) {
      stepOverName(c);
      if (end + 10 > c.message.size()) break;
      rdatas.push_back({c.u16(end), c.u16(end + 2), end + 10, c.u16(end + 8)});
      end += 10 + rdatas.back().length;
    }
  }

 private:
  void stepOverName(const Case& c) {
    while (end < c.message.size() && c.message[end] != 0) {
      if (c.message[end] >= 0xc0) return void(end += 2);
      end += 1u + c.message[end];
    }
    ++end;
  }
};

// Steps over labels from `offset` on, up to what is none or to `limit`.
std::size_t behindLabels(const Case& c, std::size_t offset, std::size_t limit) {
  while (offset < limit && c.message[offset] != 0 && c.message[offset] < 64) {
    offset += 1u + c.message[offset];
  }
  return offset;
}

// Whether there is a pointer at `at` that leads on, or back into labels that it is part of or that
// run over it.
bool leadsNowherePrior(const Case& c, std::size_t at) {
  const unsigned pointer = c.u16(at);
  if (pointer < 0xc000) return false;
  const std::size_t target = pointer - 0xc000;
  for (std::size_t begin = 12; begin <= target && begin < at; ++begin) {
    if (behindLabels(c, begin, at) == at) return true;
  }
  return target >= at || behindLabels(c, target, at) >= at;
}

// Whether what ours complains of stands in an RDATA that it looks into.
const Rdata* rdataAt(const Case& c, const Anatomy& anatomy) {
  const auto found = std::ranges::find_if(anatomy.rdatas, [&](const Rdata& rdata) {
    return isUnderstood(rdata.type, rdata.rrclass) && rdata.begin <= c.at() &&
           c.at() < rdata.begin + rdata.length;
  });
  return found == anatomy.rdatas.end() ? nullptr : &*found;
}

bool nameRunsOutOfItsRdata(const Case& c) {
  const Anatomy anatomy(c);
  const Rdata* rdata = rdataAt(c, anatomy);
  if (rdata == nullptr) return false;
  const std::size_t end = behindLabels(c, c.at(), c.message.size());
  const std::size_t terminator = c.u16(end) >= 0xc000 ? 2 : 1;
  return end + terminator > rdata->begin + rdata->length;
}

struct Disagreement {
  const char* what;
  const char* rfc;
  bool (*explains)(const Case&);
};

bool explainedOnceOpaque(const Case& c);

const Disagreement kDisagreements[] = {
    {"a pointer that does not lead to a prior occurrence of a name", "RFC 1035 section 4.1.4",
     [](const Case& c) {
       return c.theirsAlone() && (leadsNowherePrior(c, c.at()) || leadsNowherePrior(c, c.at() - 2));
     }},
    {"a pointer into the header, where no name stands", "RFC 1035 section 4.1.4",
     [](const Case& c) {
       const unsigned pointer = c.u16(c.at());
       return c.theirsAlone() && pointer >= 0xc000 && pointer - 0xc000 < 12;
     }},
    {"octets behind the last of the records that the header counts", "RFC 1035 section 4.1.1",
     [](const Case& c) {
       return c.theirsAlone() && Anatomy(c).end < c.message.size() && c.at() == Anatomy(c).end;
     }},
    {"RDATA without all the fields of its type", "RFC 1035 section 3.3",
     [](const Case& c) { return c.theirsAlone() && c.theirs.lacks_fields; }},
    {"a name in RDATA that runs on behind RDLENGTH", "RFC 1035 section 3.2.1",
     [](const Case& c) { return c.theirsAlone() && nameRunsOutOfItsRdata(c); }},
    {"RDATA that goes on behind the last field of its type", "RFC 1035 section 3.2.1",
     [](const Case& c) {
       return c.theirsAlone() && c.ours.failure->what.starts_with("octets left over") &&
              rdataAt(c, Anatomy(c)) != nullptr;
     }},
    {"a record of a type or class that ours takes as opaque, and ldns looks into",
     "RFC 3597 section 3", explainedOnceOpaque},
};

bool agree(const Reading& ours, const Reading& theirs) {
  return ours.failure.has_value() == theirs.failure.has_value() && ours.items == theirs.items;
}

const Disagreement* explanationOf(const Case& c) {
  const auto found = std::ranges::find_if(kDisagreements,
                                          [&](const Disagreement& row) { return row.explains(c); });
  return found == std::end(kDisagreements) ? nullptr : found;
}

// Whether nothing is left to be explained once every record that ours does not look into is of a
// type that nobody knows.
bool explainedOnceOpaque(const Case& c) {
  Octets opaque = c.message;
  for (const Rdata& rdata : Anatomy(c).rdatas) {
    if (isUnderstood(rdata.type, rdata.rrclass)) continue;
    opaque[rdata.begin - 10] = 0xff;
    opaque[rdata.begin - 9] = 0;
  }
  if (opaque == c.message) return false;
  const Reading ours = readByOurs(opaque), theirs = readByLdns(opaque);
  return agree(ours, theirs) || explanationOf({opaque, ours, theirs}) != nullptr;
}

// -- the comparison

using Named = std::vector<std::pair<std::string, Octets>>;

Named inputsOf(const std::filesystem::path& corpus) {
  Named inputs;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(entry.path().filename(), Octets{std::istreambuf_iterator<char>(file), {}});
  }
  std::ranges::sort(inputs);
  return inputs;
}

// The messages of a TCP stream, behind what a transfer's input says about it (transfer_fuzz.cc).
std::vector<Octets> messagesOf(const Octets& transfer) {
  std::vector<Octets> messages;
  const std::size_t arrivals = transfer.size() < 3 ? 0 : transfer[2] % 8;
  for (std::size_t at = 3 + arrivals; at + 2 <= transfer.size();) {
    const std::size_t length = transfer[at] * 256u + transfer[at + 1];
    const auto begin = transfer.begin() + static_cast<std::ptrdiff_t>(at + 2);
    const std::size_t there = std::min(length, transfer.size() - at - 2);
    messages.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(there));
    at += 2 + length;
  }
  return messages;
}

Named corpus() {
  Named messages = inputsOf(ZONECAST_CORPUS "/message");
  for (const auto& [name, transfer] : inputsOf(ZONECAST_CORPUS "/transfer")) {
    for (const Octets& message : messagesOf(transfer)) messages.emplace_back(name, message);
  }
  return messages;
}

// What goes wrong on a wire, and what somebody hostile would try: some octets changed, and lengths,
// counts and pointers among them to what is special about them.
Octets mutated(Octets message, std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
  for (std::size_t times = 1 + below(4); times > 0 && !message.empty(); --times) {
    const std::size_t at = below(message.size());
    const auto there = message.begin() + static_cast<std::ptrdiff_t>(at);
    constexpr std::uint8_t kSpecial[] = {0, 1, 12, 63, 64, 0xc0, 0xff};
    switch (below(6)) {
      case 0:
        *there ^= static_cast<std::uint8_t>(1u << below(8));
        break;
      case 1:
        *there = kSpecial[below(std::size(kSpecial))];
        break;
      case 2:
        message.erase(there, there + static_cast<std::ptrdiff_t>(below(message.size() - at)));
        break;
      case 3:
        message.insert(there, message.begin(),
                       message.begin() + static_cast<std::ptrdiff_t>(below(message.size())));
        break;
      case 4:
        *there = 0xc0;
        if (at + 1 < message.size()) there[1] = static_cast<std::uint8_t>(below(message.size()));
        break;
      default:
        if (message.size() >= 12) message[5 + 2 * below(4)] = static_cast<std::uint8_t>(below(4));
        break;
    }
  }
  return message;
}

class Comparison {
 public:
  void compare(const std::string& name, const Octets& message) {
    const Reading ours = readByOurs(message), theirs = readByLdns(message);
    ++compared_;
    if (agree(ours, theirs)) return;
    const Case c{message, ours, theirs};
    if (const Disagreement* row = explanationOf(c)) return void(++explained_[row]);
    const std::string why = fmt::format("ours: {}; ldns: {}", textOf(ours), textOf(theirs));
    if (++unexplained_[why] == 1) {
      ADD_FAILURE() << name << ": " << why << (ours.failure ? fmt::format(" at {}", c.at()) : "")
                    << "\n"
                    << fmt::format("{:02x}", fmt::join(message, ""));
    }
  }
  int compared() const { return compared_; }
  int explained(const Disagreement& row) const {
    const auto found = explained_.find(&row);
    return found == explained_.end() ? 0 : found->second;
  }

 private:
  static std::string textOf(const Reading& reading) {
    return reading.failure ? std::string(reading.failure->what) : "taken";
  }

  int compared_ = 0;
  std::map<const Disagreement*, int> explained_;
  std::map<std::string, int> unexplained_;
};

TEST(MessageReaderAndLdns, AgreeButForWhatAnRfcExplains) {
  Comparison comparison;
  std::mt19937 random(1);
  for (const auto& [name, message] : corpus()) {
    comparison.compare(name, message);
    for (int i = 0; i < kMutationsOfEach; ++i) {
      comparison.compare(fmt::format("{}, mutation {}", name, i), mutated(message, random));
    }
  }
  EXPECT_GT(comparison.compared(), 200'000);
  fmt::print("{} messages; they differ on\n", comparison.compared());
  for (const Disagreement& row : kDisagreements) {
    const int times = comparison.explained(row);
    EXPECT_GT(times, 0) << row.what << " explains nothing";
    fmt::print("{:7} {} ({})\n", times, row.what, row.rfc);
  }
}

}  // namespace
}  // namespace zonecast::dns
