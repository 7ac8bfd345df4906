// The message reader against ldns, on the fuzzers' corpus and on mutations of it: both take a
// message, or neither does, and they read the same questions and records out of it.
//
// Where they differ, kDisagreements says by which RFC ours is right, and how that is seen in the
// message itself. A difference that no row explains is a failure, and so is a row that explains
// nothing.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <ldns/ldns.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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
  return rrclass == 1 && isKept(static_cast<RrType>(type));
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
    return offset + 2 > message.size() ? 0u : message[offset] * 256u + message[offset + 1];
  }
};

struct Rdata {
  unsigned type = 0, rrclass = 0;
  std::size_t begin = 0, length = 0;
};

// Where things stand in a message, as far as it can be stepped over; read without our reader.
struct Anatomy {
  std::vector<Rdata> rdatas;
  std::size_t end = 12;  // behind the last record

  explicit Anatomy(const Case& c) {
    for (unsigned i = c.u16(4); i > 0 && end < c.message.size(); --i) stepOverName(c), end += 4;
    const unsigned records = c.u16(6) + c.u16(8) + c.u16(10);
    for (unsigned i = 0; i < records && end < c.message.size(); ++i) {
      stepOverName(c);
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

// Whether both read the same once every record that ours does not look into is of a type that
// nobody knows.
bool agreeOnceOpaque(const Case& c) {
  Octets opaque = c.message;
  for (const Rdata& rdata : Anatomy(c).rdatas) {
    if (isUnderstood(rdata.type, rdata.rrclass)) continue;
    opaque[rdata.begin - 10] = 0xff;
    opaque[rdata.begin - 9] = 0;
  }
  const Reading ours = readByOurs(opaque), theirs = readByLdns(opaque);
  return ours.failure.has_value() == theirs.failure.has_value() && ours.items == theirs.items;
}

struct Disagreement {
  const char* what;
  const char* rfc;
  bool (*explains)(const Case&);
};

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
     "RFC 3597 section 3", [](const Case& c) { return agreeOnceOpaque(c); }},
};

// -- the comparison

std::vector<std::pair<std::string, Octets>> corpus() {
  std::vector<std::pair<std::string, Octets>> messages;
  for (const auto& entry : std::filesystem::directory_iterator(ZONECAST_CORPUS "/message")) {
    std::ifstream file(entry.path(), std::ios::binary);
    messages.emplace_back(entry.path().filename(),
                          Octets{std::istreambuf_iterator<char>(file), {}});
  }
  std::ranges::sort(messages);
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

// What came of one message.
enum class Judgment : int {
  none,
  agree,
  unexplained,
  explained
};  // explained: and the row's number

int judge(const Octets& message) {
  const Reading ours = readByOurs(message), theirs = readByLdns(message);
  if (ours.failure.has_value() == theirs.failure.has_value() && ours.items == theirs.items) {
    return static_cast<int>(Judgment::agree);
  }
  const Case c{message, ours, theirs};
  for (std::size_t row = 0; row < std::size(kDisagreements); ++row) {
    if (kDisagreements[row].explains(c)) {
      return static_cast<int>(Judgment::explained) + static_cast<int>(row);
    }
  }
  return static_cast<int>(Judgment::unexplained);
}

// Where a child writes what came of each message: what it wrote outlives it.
class Board {
 public:
  explicit Board(std::size_t size)
      : octets_(size * sizeof(int)),
        judgments_(static_cast<int*>(
            ::mmap(nullptr, octets_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Board() { ::munmap(judgments_, octets_); }
  Board(const Board&) = delete;
  int& operator[](std::size_t place) { return judgments_[place]; }

 private:
  std::size_t octets_;
  int* judgments_;
};

// On some mutated messages ldns writes past its own heap: it reads in a child, which may end at any
// message, and whose judgments may be wrong from one on. What looks wrong is judged again by a
// child of its own.
class Comparison {
 public:
  void compare(const std::string& name, const std::vector<Octets>& messages) {
    Board board(messages.size());
    for (std::size_t from = 0; from < messages.size();) {
      inChild([&] {
        for (std::size_t i = from; i < messages.size(); ++i) board[i] = judge(messages[i]);
      });
      while (from < messages.size() && board[from] != static_cast<int>(Judgment::none)) ++from;
      if (from < messages.size()) board[from++] = static_cast<int>(Judgment::unexplained);
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (board[i] == static_cast<int>(Judgment::unexplained)) board[i] = alone(messages[i]);
      count(fmt::format("{}, mutation {}", name, i), messages[i], board[i]);
    }
  }
  int compared() const { return compared_; }
  int lost() const { return lost_; }
  bool wasUsed(std::size_t row) const { return explained_.contains(static_cast<int>(row)); }

 private:
  template <typename Work>
  static void inChild(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      work();
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  }

  static int alone(const Octets& message) {
    Board board(1);
    inChild([&] { board[0] = judge(message); });
    return board[0];
  }

  void count(const std::string& name, const Octets& message, int judgment) {
    if (judgment == static_cast<int>(Judgment::none)) return void(++lost_);  // ldns ended itself
    ++compared_;
    if (judgment >= static_cast<int>(Judgment::explained)) {
      explained_.insert(judgment - static_cast<int>(Judgment::explained));
    } else if (judgment == static_cast<int>(Judgment::unexplained) && ++unexplained_ <= kToldMax) {
      const Reading ours = readByOurs(message);
      ADD_FAILURE() << name << ", and no row says why; ours: "
                    << (ours.failure
                            ? fmt::format("{} at {}", ours.failure->what, ours.failure->offset)
                            : "taken")
                    << "\n"
                    << fmt::format("{:02x}", fmt::join(message, ""));
    }
  }

  static constexpr int kToldMax = 10;
  int compared_ = 0, lost_ = 0, unexplained_ = 0;
  std::set<int> explained_;
};

TEST(MessageReaderAndLdns, AgreeButForWhatAnRfcExplains) {
  Comparison comparison;
  std::mt19937 random(1);
  for (const auto& [name, message] : corpus()) {
    std::vector<Octets> messages{message};
    for (int i = 0; i < kMutationsOfEach; ++i) messages.push_back(mutated(message, random));
    comparison.compare(name, messages);
  }
  EXPECT_GT(comparison.compared(), 50'000);
  EXPECT_LT(comparison.lost(), comparison.compared() / 100);
  for (std::size_t row = 0; row < std::size(kDisagreements); ++row) {
    EXPECT_TRUE(comparison.wasUsed(row)) << kDisagreements[row].what << " explains nothing";
  }
}

}  // namespace
}  // namespace zonecast::dns
