// How a table grows: by what it must hold, not by what went through it, and up to its limit.
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "adapters/table/reader.h"
#include "adapters/table/writer.h"
#include "test/unit/table/folder.h"

namespace zonecast::table {
namespace {

using testing::HasSubstr;

class Growth : public testing::Test {
 protected:
  static std::vector<std::string> namesOf(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back("alias-" + std::to_string(i) + ".example");
    return names;
  }
  WriterOptions options(std::size_t octets_min, std::size_t octets_max) {
    WriterOptions options;
    options.path = folder_.file("table");
    options.octets_min = octets_min;
    options.octets_max = octets_max;
    return options;
  }
  static std::string whyNot(const Writer::Replaced& put) { return put ? "" : put.error(); }

  Folder folder_;
};

TEST_F(Growth, AVirtualDomainMayHaveMoreDomainsThanTheTableHadNames) {
  auto writer = mustOpen(options(64 << 10, 8 << 20));
  const auto names = namesOf(2000);
  const std::vector<std::string_view> domains(names.begin(), names.end());
  ASSERT_EQ(whyNot(writer->putVirtualDomain({"big", "acme", names[0], domains, {}, 1})), "");
  ASSERT_TRUE(writer->commit(positionAt(1)));
  EXPECT_LT(writer->octets(), std::size_t{2} << 20);
}

TEST_F(Growth, ATableThatIsOneVirtualDomainIsCompacted) {
  auto writer = mustOpen(options(64 << 10, 4 << 20));
  const auto names = namesOf(500);
  const std::vector<std::string_view> domains(names.begin(), names.end());
  for (const std::string& name : names) {
    ASSERT_EQ(whyNot(writer->putDomain({name, "big", State::hosted, 2, Role::primary, 5})), "");
  }
  const std::uint64_t first = writer->generation();
  for (std::uint64_t version = 1; version < 4000; ++version) {
    const std::vector<Attribute> attributes{{"version", static_cast<std::int64_t>(version)}};
    ASSERT_EQ(whyNot(writer->putVirtualDomain({"big", "acme", names[0], domains, attributes, 1})),
              "")
        << version;
    ASSERT_TRUE(writer->commit(positionAt(version)));
    ASSERT_LT(writer->octets(), std::size_t{1} << 20) << version;
  }
  EXPECT_GT(writer->generation(), first + 3);
}

TEST_F(Growth, NamesThatAreGoneTakeNoRoom) {
  WriterOptions few = options(64 << 10, 8 << 20);
  few.foreign_max = 10;
  auto writer = mustOpen(few);
  for (std::uint64_t version = 1; version < 300; ++version) {
    for (std::uint64_t i = 0; i < 100; ++i) {
      const std::string name = std::to_string(version * 1000 + i) + std::string(240, 'f');
      ASSERT_TRUE(writer->putForeign(name, bootSeconds() + 100));
    }
    ASSERT_TRUE(writer->commit(positionAt(version)));
  }
  EXPECT_LE(writer->octets(), std::size_t{128} << 10);
}

// A file that cannot be made takes nothing with it.
TEST_F(Growth, GoesOnWhenThereIsNoRoomToBeginAnew) {
  auto writer = mustOpen(options(64 << 10, 8 << 20));
  rlimit unlimited{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const rlimit little{1 << 20, unlimited.rlim_max};
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto begun = writer->beginAnew(20'000);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error(), HasSubstr("no room for its"));

  ASSERT_EQ(whyNot(writer->putDomain({"a", "b", State::hosted, 2, Role::primary, 5})), "");
  const auto committed = writer->commit(positionAt(1));
  EXPECT_EQ(committed ? "" : committed.error(), "");
  EXPECT_TRUE(Reader::open({folder_.file("table"), {}, 0}));
}

// Each generation may be as large as the limit, and is not refused for wanting more.
TEST_F(Growth, GoesUpToTheLimit) {
  constexpr std::size_t kLimit = 1000 << 10;
  auto writer = mustOpen(options(64 << 10, kLimit));
  std::string why;
  std::size_t names = 0;
  for (; why.empty(); ++names) {
    const std::string name = "name-" + std::to_string(names);
    why = whyNot(writer->putDomain({name, "one", State::hosted, 2, Role::primary, 5}));
  }
  EXPECT_THAT(why, HasSubstr("raise the limit"));
  EXPECT_GT(names * (kLine + 6), kLimit * 9 / 10);
  writer->abandon();
  ASSERT_TRUE(writer->beginAnew(names));
  EXPECT_EQ(whyNot(writer->putDomain({"a", "b", State::hosted, 2, Role::primary, 5})), "");
  ASSERT_TRUE(writer->commit(positionAt(1)));
}

}  // namespace
}  // namespace zonecast::table
