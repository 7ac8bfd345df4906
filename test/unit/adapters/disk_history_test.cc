#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/disk/history_encoding.h"
#include "adapters/disk/lmdb_disk.h"
#include "test/unit/adapters/disk_testing.h"

namespace zonecast::disk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr plan::HistoryPolicy kPolicy{.per_domain = 3, .days = 10};

derive::Domain domainOf(std::string_view text) {
  return *derive::Domain::fromText(text);
}

plan::DomainEntry entryOf(std::string_view did) {
  return {.did = *identity::Did::fromText(did),
          .transports = derive::TransportSet::fromBits(3),
          .role = derive::Role::backup};
}

plan::HistoryEntry change(std::uint64_t version, std::optional<plan::DomainEntry> before,
                          std::optional<plan::DomainEntry> after, std::uint32_t at = 1'000'000) {
  return {.version = plan::Version{version},
          .time = plan::Deadline{plan::Deadline::duration(at)},
          .before = std::move(before),
          .after = std::move(after),
          .record = "_sip._udp.a.example SRV: 1 1 5060 sip.example",
          .source = "zone a.example serial 7",
          .cause = "zone a.example serial 7"};
}

class DiskHistory : public DiskTest {
 protected:
  void save(std::string_view domain, plan::HistoryEntry entry) {
    disk_->saveHistory({{domainOf(domain), std::move(entry)}}, kPolicy);
    EXPECT_THAT(troubles(), IsEmpty());
  }
};

TEST_F(DiskHistory, IsReadBackAfterARestart) {
  open();
  EXPECT_EQ(*disk_->historySince(), std::nullopt);
  EXPECT_EQ(*disk_->historyOf(domainOf("a.example")), std::nullopt);
  auto moved = change(9, entryOf("a.example"), entryOf("other"));
  moved.cause = "the operator approved plan x";
  moved.after->state = plan::State::retiring;
  moved.after->cause = plan::RetireCause::absent;
  moved.after->until = plan::Deadline{plan::Deadline::duration(77)};
  save("a.example", change(5, {}, entryOf("a.example")));
  save("a.example", moved);
  open();
  const auto found = disk_->historyOf(domainOf("a.example"));
  ASSERT_TRUE(found && *found);
  EXPECT_THAT((*found)->entries, ElementsAre(change(5, {}, entryOf("a.example")), moved));
  EXPECT_FALSE((*found)->is_cut);
  EXPECT_EQ(*disk_->historySince(), plan::Version{4});
}

TEST_F(DiskHistory, IsVisitedSomeDomainsAtATime) {
  open();
  for (const char* domain : {"c.example", "a.example", "b.example"}) {
    save(domain, change(1, {}, entryOf(domain)));
  }
  std::vector<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 3; ++pages) {
    const auto next = disk_->visitHistory(
        after, 2, [&](const auto& domain, const auto&) { seen.emplace_back(domain.text()); });
    ASSERT_TRUE(next);
    if (!*next) break;
    after = **next;
  }
  EXPECT_THAT(seen, ElementsAre("a.example", "b.example", "c.example"));
}

TEST_F(DiskHistory, WhatIsOldGoesWhenOthersAreWritten) {
  constexpr std::uint32_t kLater = 1'000'000 + 11 * 86'400;
  open();
  save("gone.example", change(1, {}, entryOf("gone.example")));
  save("gone.example", change(2, entryOf("gone.example"), {}));
  save("stays.example", change(3, {}, entryOf("stays.example")));
  save("z.example", change(4, {}, entryOf("z.example"), kLater));
  save("z.example", change(5, entryOf("z.example"), {}, kLater));
  EXPECT_EQ(*disk_->historyOf(domainOf("gone.example")), std::nullopt);
  EXPECT_EQ((*disk_->historyOf(domainOf("stays.example")))->entries.size(), 1u);
  EXPECT_EQ(*disk_->historySince(), plan::Version{2});
}

TEST(HistoryEncoding, OfWhatIsNoHistoryNothingIsTaken) {
  const derive::Domain domain = domainOf("a.example");
  plan::DomainHistory history;
  history.entries = {change(5, {}, entryOf("a.example")),
                     change(6, entryOf("a.example"), entryOf("b")), change(7, entryOf("b"), {})};
  history.is_cut = true;
  const Octets good = encode(domain, history);
  ASSERT_EQ(decodeHistory(domain, good), history);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto part = decodeHistory(domain, OctetSpan(good).first(size));
    EXPECT_TRUE(!part || part->entries.size() < 3) << size;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const std::uint8_t octet : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      Octets bad = good;
      bad[at] = octet;
      const auto read = decodeHistory(domain, bad);  // whatever it says, it is a value
      if (read) EXPECT_LE(read->entries.size(), 4u);
    }
  }
  EXPECT_THAT(decodeHistory(domain, Octets{}).error(), HasSubstr("ends"));
}

// A table as a whole that is read at first; `sizes` for the figure in the documentation.
TEST_F(DiskHistory, AFirstEntryOfADomainTakesLittle) {
  const derive::Domain domain = domainOf("d123456.customer.example");
  plan::DomainHistory history;
  auto first = change(1, {}, entryOf("d123456.customer.example"));
  first.record.clear();
  history.entries = {first};
  EXPECT_LE(encode(domain, history).size(), 64u);
}

}  // namespace
}  // namespace zonecast::disk
