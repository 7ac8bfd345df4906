// A table against a plain map, over random change sets, and what a writer finds of an earlier one.
#include <chrono>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "adapters/table/reader.h"
#include "adapters/table/writer.h"
#include "test/unit/table/folder.h"

namespace zonecast::table {
namespace {

using testing::HasSubstr;

struct Domain {
  std::string did;
  State state = State::hosted;
  Transports transports = 0;
  std::uint64_t sum = 0;
  friend bool operator==(const Domain&, const Domain&) = default;
};
struct VirtualDomain {
  std::string canonical;
  std::vector<std::string> domains;
  std::map<std::string, std::string> attributes;
  friend bool operator==(const VirtualDomain&, const VirtualDomain&) = default;
};
struct Model {
  std::map<std::string, Domain> domains;
  std::map<std::string, VirtualDomain> virtual_domains;
  friend bool operator==(const Model&, const Model&) = default;
};

// All that a reader finds of the names that there ever were.
Model read(const View& view, int names) {
  Model model;
  for (int i = 0; i < names; ++i) {
    const std::string name = "n" + std::to_string(i);
    const Node* node = view.find(name);
    if (node == nullptr) continue;
    const DomainRecord* domain = view.domainOf(*node);
    if (domain != nullptr && domain->kind != DomainKind::removed) {
      model.domains[name] = {std::string(view.nameOf(domain->virtual_domain)),
                             static_cast<State>(domain->kind), domain->transports,
                             domain->sum_or_until};
    }
    const VirtualDomainRecord* record = view.virtualDomainOf(*node);
    if (record == nullptr || record->removed != 0) continue;
    VirtualDomain& found = model.virtual_domains[name];
    found.canonical = view.nameOf(record->canonical);
    for (std::size_t k = 0; k < record->member_count; ++k) {
      found.domains.emplace_back(view.memberOf(*record, k));
    }
    View::Attributes attributes(view, *record);
    while (auto attribute = attributes.next()) {
      found.attributes.emplace(attribute->name, std::get<std::string_view>(attribute->value));
    }
  }
  return model;
}

class RandomTable : public testing::TestWithParam<unsigned> {
 protected:
  static constexpr int kNames = 60;

  std::string anyName() { return "n" + std::to_string(random_() % kNames); }

  // One change, in the table and in the model.
  void change(Writer& writer, Model& model) {
    const std::string name = anyName();
    switch (random_() % 5) {
      case 0:
      case 1: {
        const Domain domain{anyName(), random_() % 2 ? State::hosted : State::retiring,
                            static_cast<Transports>(random_() % 64), random_()};
        const auto before = writer.putDomain(
            {name, domain.did, domain.state, domain.transports, Role::primary, domain.sum});
        ASSERT_TRUE(before) << before.error();
        const auto it = model.domains.find(name);
        EXPECT_EQ(*before,
                  it == model.domains.end() ? std::nullopt : std::optional(it->second.sum));
        model.domains[name] = domain;
        return;
      }
      case 2:
        ASSERT_TRUE(writer.removeDomain(name));
        model.domains.erase(name);
        return;
      case 3: {
        VirtualDomain made{anyName(), {}, {}};
        for (unsigned i = random_() % 4; i > 0; --i) made.domains.push_back(anyName());
        for (unsigned i = random_() % 5; i > 0; --i) {
          made.attributes.emplace("a" + std::to_string(random_() % 9),
                                  std::string(random_() % 40, 'x'));
        }
        const std::vector<std::string_view> domains(made.domains.begin(), made.domains.end());
        std::vector<Attribute> attributes;
        for (const auto& [attribute, value] : made.attributes)
          attributes.push_back({attribute, value});
        ASSERT_TRUE(
            writer.putVirtualDomain({name, "acme", made.canonical, domains, attributes, 1}));
        model.virtual_domains[name] = made;
        return;
      }
      default:
        ASSERT_TRUE(writer.removeVirtualDomain(name));
        model.virtual_domains.erase(name);
    }
  }

  std::mt19937 random_{GetParam()};
  Folder folder_;
};

TEST_P(RandomTable, EqualsAMapAtEverySnapshot) {
  WriterOptions options;
  options.path = folder_.file("table");
  options.octets_min = 32 << 10;  // so that it is often full
  auto writer = mustOpen(options);
  Model model;
  struct Snapshot {
    std::shared_ptr<const Mapping> mapping;
    Commit commit;
    Model model;
  };
  std::vector<Snapshot> snapshots;
  std::optional<Reader> reader;
  std::uint64_t commits = 0;
  for (std::uint64_t version = 1; version < 400; ++version) {
    const Model before = model;
    if (random_() % 40 == 0) {
      ASSERT_TRUE(writer->beginAnew(random_() % 100));
      model = {};
    }
    for (unsigned i = random_() % 12; i > 0; --i) change(*writer, model);
    const unsigned end = random_() % 10;
    if (end == 0) {
      writer->abandon();
      model = before;
    } else {
      const auto committed = writer->commit(positionAt(version));
      ASSERT_TRUE(committed) << committed.error();
      EXPECT_GT(writer->commits(), commits);
      commits = writer->commits();
    }
    EXPECT_EQ(writer->counts().domains, model.domains.size());
    EXPECT_EQ(writer->counts().virtual_domains, model.virtual_domains.size());
    if (end == 1) {  // as if it were another process
      writer.reset();
      writer = mustOpen(options);
      EXPECT_EQ(writer->whyBegun(), "");
      EXPECT_EQ(writer->position(), positionAt(version));
    }
    if (!reader) {
      auto opened = Reader::open({options.path, {}, 0});
      if (!opened) continue;  // nothing was committed yet
      reader = std::move(*opened);
    }
    ASSERT_TRUE(reader->refresh());
    EXPECT_EQ(read(reader->view(), kNames), model) << "version " << version;
    snapshots.push_back({writer->mapping(), reader->view().commit(), model});
  }
  // What a reader that never refreshed sees has not changed.
  for (const Snapshot& old : snapshots) {
    EXPECT_EQ(read(View(old.mapping->base(), old.mapping->octets(), old.commit), kNames),
              old.model);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTable, testing::Range(1U, 21U));

class TableFile : public testing::Test {
 protected:
  WriterOptions options() {
    WriterOptions options;
    options.path = folder_.file("table");
    options.octets_min = 64 << 10;
    return options;
  }
  void writeOne() {
    auto writer = mustOpen(options());
    ASSERT_TRUE(writer->putDomain({"a.example", "a", State::hosted, 2, Role::primary, 5}));
    ASSERT_TRUE(writer->putVirtualDomain({"a", "acme", "a.example", {}, {}, 6}));
    ASSERT_TRUE(writer->commit(positionAt(1)));
  }
  std::string whyNot() {
    auto reader = Reader::open({options().path, {}, 0});
    return reader ? "" : reader.error();
  }
  void overwrite(std::size_t at, std::uint8_t octet) {
    std::fstream file(options().path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(octet));
  }

  Folder folder_;
};

// The first text lies at the very end of the file.
TEST_F(TableFile, HoldsTextsOfAllLengths) {
  auto writer = mustOpen(options());
  for (std::size_t length = 1; length <= kNameOctetsMax; ++length) {
    ASSERT_TRUE(writer->beginAnew(10));
    const std::string name(length, 'x');
    const std::vector<Attribute> attributes{{name, std::int64_t{1}}};
    ASSERT_TRUE(writer->putVirtualDomain({"a", name, "a", {}, attributes, 6}));
    const Node* node = writer->newest().find("a");
    ASSERT_NE(node, nullptr);
    const VirtualDomainRecord* record = writer->newest().virtualDomainOf(*node);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(writer->newest().nameOf(record->customer), name);
    const View view = writer->newest();
    EXPECT_EQ(View::Attributes(view, *record).next().value().name, name);
  }
}

TEST_F(TableFile, TellsADomainFromADidOfTheSameName) {
  auto writer = mustOpen(options());
  ASSERT_TRUE(writer->putVirtualDomain({"a.example", "acme", "a.example", {}, {}, 6}));
  const Node* node = writer->newest().find("a.example");
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(writer->newest().domainOf(*node), nullptr);
  ASSERT_TRUE(writer->putDomain({"a.example", "b", State::hosted, 2, Role::primary, 5}));
  ASSERT_TRUE(writer->removeVirtualDomain("a.example"));
  EXPECT_EQ(writer->newest().find("a.example"), node);
  EXPECT_EQ(writer->newest().domainOf(*node)->kind, DomainKind::hosted);
  EXPECT_NE(writer->newest().virtualDomainOf(*node)->removed, 0);
}

TEST_F(TableFile, IsRefusedWithTheReason) {
  EXPECT_THAT(whyNot(), HasSubstr("cannot be opened: No such file"));
  std::ofstream(options().path) << "hello";
  EXPECT_THAT(whyNot(), HasSubstr("too short for a table"));
  std::ofstream(options().path) << std::string(8192, 'x');
  EXPECT_THAT(whyNot(), HasSubstr("no table of zonecast"));
  std::filesystem::remove(options().path);

  writeOne();
  EXPECT_EQ(whyNot(), "");
  std::filesystem::permissions(options().path, std::filesystem::perms::group_write,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(whyNot(), HasSubstr("others than its owner may write it"));
  std::filesystem::permissions(options().path, std::filesystem::perms::group_write,
                               std::filesystem::perm_options::remove);
  auto foreign_owner = Reader::open({options().path, geteuid() + 1, 0});
  EXPECT_THAT(foreign_owner ? "" : foreign_owner.error(), HasSubstr("belongs to user"));

  overwrite(offsetof(Header, format), 9);
  EXPECT_THAT(whyNot(), HasSubstr("has format 9, and we read 2"));
  overwrite(offsetof(Header, format), 2);
  overwrite(offsetof(Header, seed), 0xff);
  EXPECT_THAT(whyNot(), HasSubstr("the checksum of its header is wrong"));
}

TEST_F(TableFile, ThatIsCutShortIsRefused) {
  writeOne();
  std::filesystem::resize_file(options().path, 32 << 10);
  EXPECT_THAT(whyNot(), HasSubstr("not as long as its header says"));
}

TEST_F(TableFile, ThatIsDamagedIsBegunAnewByAWriterAndReadAgain) {
  writeOne();
  auto reader = Reader::open({options().path, {}, 0});
  overwrite(offsetof(Header, magic), 'Z');
  auto writer = mustOpen(options());
  EXPECT_THAT(writer->whyBegun(), HasSubstr("no table of zonecast"));
  ASSERT_TRUE(writer->putDomain({"b.example", "b", State::hosted, 2, Role::primary, 5}));
  ASSERT_TRUE(writer->commit(positionAt(2)));
  EXPECT_EQ(whyNot(), "");
}

// Every octet behind the header may be anything: nothing is read beyond the file, and every look-up
// ends.
TEST_F(TableFile, ThatIsDamagedBehindItsHeaderHarmsNobody) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::filesystem::remove(options().path);
    writeOne();
    const auto size = std::filesystem::file_size(options().path);
    for (int i = 0; i < 40; ++i) {
      const std::size_t arena = kHeaderOctets + random() % 2000;
      overwrite(i % 4 == 0 ? random() % (size - kHeaderOctets) + kHeaderOctets : arena,
                static_cast<std::uint8_t>(random()));
    }
    auto reader = Reader::open({options().path, {}, 0});
    ASSERT_TRUE(reader) << reader.error();
    read(reader->view(), 3);
    if (const Node* node = reader->view().find("a.example")) {
      reader->view().domainOf(*node);
    }
    auto writer = mustOpen(options());
    (void)writer->putDomain({"b.example", "b", State::hosted, 2, Role::primary, 5});
  }
}

TEST_F(TableFile, HasOneWriter) {
  auto writer = mustOpen(options());
  auto second = Writer::open(options());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("another mirror writes this table"));
}

// In a folder where others may write, too.
TEST_F(TableFile, MakesNoLockWhereALinkLeads) {
  std::filesystem::create_symlink(options().path + ".elsewhere", options().path + ".lock");
  const auto writer = Writer::open(options());
  ASSERT_FALSE(writer);
  EXPECT_THAT(writer.error(), HasSubstr("cannot be opened"));
  EXPECT_FALSE(std::filesystem::exists(options().path + ".elsewhere"));
}

TEST_F(TableFile, SaysWhenItMayNotGrow) {
  WriterOptions small = options();
  small.octets_max = 128 << 10;
  auto writer = mustOpen(small);
  ASSERT_TRUE(writer->putDomain({"a.example", "a", State::hosted, 2, Role::primary, 5}));
  ASSERT_TRUE(writer->commit(positionAt(1)));
  auto reader = Reader::open({small.path, {}, 0});
  ASSERT_TRUE(reader);
  std::string why;
  for (int i = 0; i < 10'000 && why.empty(); ++i) {
    const std::string name = "name-" + std::to_string(i);
    const auto put = writer->putDomain({name, name, State::hosted, 2, Role::primary, 5});
    if (!put) why = put.error();
  }
  EXPECT_THAT(why, HasSubstr("raise the limit"));
  writer->abandon();
  EXPECT_EQ(writer->counts().domains, 1U);
  ASSERT_TRUE(writer->commit(positionAt(2)));
  ASSERT_TRUE(reader->refresh());
  EXPECT_EQ(reader->commitRecord()->domains, 1U);
}

TEST_F(TableFile, GivesASupersededGenerationBackAfterItsGrace) {
  writeOne();
  auto reader = Reader::open({options().path, {}, 0});
  ASSERT_TRUE(reader);
  auto writer = mustOpen(options());
  ASSERT_TRUE(writer->beginAnew(10));
  ASSERT_TRUE(writer->commit(positionAt(2)));
  const std::int64_t now = bootSeconds();
  writer->collect(now);
  EXPECT_TRUE(reader->current());
  EXPECT_NE(reader->view().find("a.example"), nullptr);
  writer->collect(now + 61);
  EXPECT_FALSE(reader->current());
  EXPECT_EQ(reader->view().find("a.example"), nullptr);
  ASSERT_TRUE(reader->refresh());
  EXPECT_TRUE(reader->current());
  EXPECT_EQ(reader->commitRecord()->version, 2U);
}

// Killed after the new file was put in place, before the old one was marked.
TEST_F(TableFile, ThatWasReplacedButNotMarkedIsLeft) {
  writeOne();
  auto reader = Reader::open({options().path, {}, 0});
  ASSERT_TRUE(reader);
  {
    auto writer = mustOpen(options());
    const auto old = writer->mapping();
    ASSERT_TRUE(writer->beginAnew(10));
    ASSERT_TRUE(writer->commit(positionAt(2)));
    storeShared<std::uint32_t>(const_cast<Header&>(old->header()).superseded, 0);
  }
  auto writer = mustOpen(options());
  writer->confirm(bootSeconds());
  ASSERT_TRUE(reader->refresh());
  EXPECT_EQ(reader->commitRecord()->version, 2U);
}

TEST_F(TableFile, ThatWasRemovedIsReadUntilThereIsAnother) {
  writeOne();
  auto reader = Reader::open({options().path, {}, 0});
  ASSERT_TRUE(reader);
  std::filesystem::remove(options().path);
  EXPECT_TRUE(reader->refresh());
  EXPECT_EQ(reader->commitRecord()->version, 1U);
  auto writer = mustOpen(options());
  ASSERT_TRUE(writer->commit(positionAt(2)));
  for (int i = 0; i < 30 && reader->commitRecord()->version == 1; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(reader->refresh());
  }
  EXPECT_EQ(reader->commitRecord()->version, 2U);
}

TEST_F(TableFile, LeavesNothingBesideItThatNobodyNeeds) {
  const std::string beside = options().path + ".new", part = options().path + ".part";
  const auto is_beside = [&] {
    return std::filesystem::exists(beside) || std::filesystem::exists(part);
  };
  for (const std::string& left : {beside, part}) {
    std::filesystem::remove(options().path);
    std::ofstream(left) << "of a mirror that was killed";
    writeOne();
    EXPECT_FALSE(is_beside());
    std::ofstream(left) << "of a mirror that was killed";
    mustOpen(options());
    EXPECT_FALSE(is_beside());
  }
  auto writer = mustOpen(options());
  ASSERT_TRUE(writer->beginAnew(10));
  EXPECT_TRUE(std::filesystem::exists(beside));
  writer->abandon();
  EXPECT_FALSE(std::filesystem::exists(beside));
}

TEST_F(TableFile, ThatCouldNotBePutInPlaceShowsNothingOfItLater) {
  auto writer = mustOpen(options());
  std::filesystem::create_directory(options().path);  // by somebody else, meanwhile
  ASSERT_TRUE(writer->putDomain({"a.example", "a", State::hosted, 2, Role::primary, 5}));
  EXPECT_FALSE(writer->commit(positionAt(1)));
  writer->abandon();
  EXPECT_EQ(writer->counts(), Counts());
  std::filesystem::remove(options().path);
  ASSERT_TRUE(writer->putDomain({"b.example", "b", State::hosted, 2, Role::primary, 5}));
  ASSERT_TRUE(writer->commit(positionAt(2)));
  EXPECT_EQ(writer->counts().domains, 1U);
}

// How many there are is what somebody's Redis says.
TEST_F(TableFile, IsNotBegunForMoreNamesThanItCanEverHold) {
  auto writer = mustOpen(options());
  ASSERT_TRUE(writer->putDomain({"a.example", "a", State::hosted, 2, Role::primary, 5}));
  ASSERT_TRUE(writer->commit(positionAt(1)));
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  for (const std::size_t names : {kMost, kMost - 1, kMost / 2, kMost / 160 + 1, kMost / 1024}) {
    EXPECT_FALSE(writer->beginAnew(names)) << names;
  }
  ASSERT_TRUE(writer->putDomain({"b.example", "b", State::hosted, 2, Role::primary, 5}));
  ASSERT_TRUE(writer->commit(positionAt(2)));
  EXPECT_EQ(writer->counts().domains, 2U);
}

TEST_F(TableFile, KeepsAccountOfNegativeAnswersWhenOneIsAbandoned) {
  WriterOptions few = options();
  few.foreign_max = 2;
  auto writer = mustOpen(few);
  const std::int64_t until = bootSeconds() + 100;
  for (const char* name : {"a", "b"}) ASSERT_TRUE(writer->putForeign(name, until));
  ASSERT_TRUE(writer->commit(positionAt(1)));
  for (const char* name : {"c", "d", "e"}) ASSERT_TRUE(writer->putForeign(name, until));
  writer->abandon();
  ASSERT_TRUE(writer->putForeign("f", until));
  ASSERT_TRUE(writer->beginAnew(10));
  writer->abandon();
  for (const char* name : {"g", "h"}) ASSERT_TRUE(writer->putForeign(name, until));
  EXPECT_EQ(writer->counts().foreign, 2U);
  ASSERT_TRUE(writer->commit(positionAt(2)));
}

// A writer goes on only from what it can trust; nothing is written outside the file.
TEST_F(TableFile, WhoseAccountOfItselfIsWrongIsBegunAnew) {
  const auto set = [&](std::size_t at, std::uint64_t value) {
    for (int i = 0; i < 8; ++i) overwrite(at + i, static_cast<std::uint8_t>(value >> 8 * i));
  };
  const std::uint64_t from = offsetof(Header, free_from), until = offsetof(Header, free_until),
                      committed = offsetof(Header, committed);
  for (const auto& [at, value] : {std::pair{from, UINT64_MAX},
                                  {from, std::uint64_t{(64 << 10) / kUnit + kLine / kUnit}},
                                  {from, std::uint64_t{0}},
                                  {from, std::uint64_t{(32 << 10) / kUnit + 1}},
                                  {until, UINT64_MAX},
                                  {until, std::uint64_t{(64 << 10) / kUnit + 1}},
                                  {until, std::uint64_t{(64 << 10) / kUnit}},
                                  {until, std::uint64_t{1}},
                                  {committed, UINT64_MAX},
                                  {committed, std::uint64_t{1} << 32},
                                  {committed, (std::uint64_t{UINT32_MAX} << 32) + 1000}}) {
    std::filesystem::remove(options().path);
    writeOne();
    set(at, value);
    auto writer = mustOpen(options());
    EXPECT_THAT(writer->whyBegun(), HasSubstr("is damaged")) << at << " " << value;
    for (int i = 0; i < 100; ++i) {
      const std::string name = std::to_string(i);
      ASSERT_TRUE(writer->putDomain({name, name, State::hosted, 2, Role::primary, 5}));
    }
    ASSERT_TRUE(writer->commit(positionAt(2)));
  }
}

TEST_F(TableFile, ThatOthersMayWriteIsNotGoneOnFrom) {
  writeOne();
  std::filesystem::permissions(options().path, std::filesystem::perms::group_write,
                               std::filesystem::perm_options::add);
  auto writer = mustOpen(options());
  EXPECT_THAT(writer->whyBegun(), HasSubstr("others than its owner may write it"));
}

TEST_F(TableFile, ThatBelongsToSomebodyElseIsNotGoneOnFrom) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  writeOne();
  ASSERT_EQ(chown(options().path.c_str(), 12345, 0), 0);
  auto writer = mustOpen(options());
  EXPECT_THAT(writer->whyBegun(), HasSubstr("belongs to user 12345"));
}

// Its clock was another.
TEST_F(TableFile, OfAnEarlierBootConfirmsNothing) {
  writeOne();
  {
    auto writer = mustOpen(options());
    writer->confirm(1);
    Header& header = const_cast<Header&>(writer->mapping()->header());
    header.boot[0] ^= 1;
    header.checksum = checksumOf(header);
  }
  auto writer = mustOpen(options());
  EXPECT_THAT(writer->whyBegun(), HasSubstr("of an earlier boot"));
  ASSERT_TRUE(writer->commit(positionAt(2)));
  EXPECT_EQ(loadShared(writer->mapping()->header().confirmed), 0);
  EXPECT_EQ(writer->mapping()->header().predecessors[0].generation, 0U);
}

TEST_F(TableFile, ForgetsTheOldestNegativeAnswers) {
  WriterOptions few = options();
  few.foreign_max = 3;
  auto writer = mustOpen(few);
  const std::int64_t until = bootSeconds() + 100;
  for (const char* name : {"a", "b", "c", "d", "a"}) ASSERT_TRUE(writer->putForeign(name, until));
  ASSERT_TRUE(writer->putDomain({"c", "c", State::hosted, 2, Role::primary, 5}));
  ASSERT_TRUE(writer->putForeign("c", until));
  ASSERT_TRUE(writer->commit(positionAt(1)));
  EXPECT_EQ(writer->counts().foreign, 2U);
  EXPECT_EQ(writer->counts().domains, 1U);
}

}  // namespace
}  // namespace zonecast::table
