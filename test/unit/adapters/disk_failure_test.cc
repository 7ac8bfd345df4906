// The disk when things go wrong: full, damaged, killed.
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/unit/adapters/disk_testing.h"

namespace zonecast::disk {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const dns::Name kExample = nameOf("example.com");

// Changes a database behind the program's back.
template <typename Change>
void tamper(const TempDirectory& directory, const char* database, Change change) {
  const auto environment = openEnvironment(directory.database(), 1 << 30, 4);
  ASSERT_TRUE(environment);
  auto transaction = Transaction::begin(environment->get(), Transaction::Kind::write);
  ASSERT_TRUE(transaction);
  const auto opened = transaction->open(database);
  ASSERT_TRUE(opened);
  ASSERT_FALSE(change(*transaction, *opened));
  ASSERT_FALSE(transaction->commit());
}

// -- full

TEST_F(DiskTest, TheMapGrowsAsNeeded) {
  options_.map_octets = 256 * 1024;
  open();
  for (int i = 0; i < 20; ++i) {
    saveZone(nameOf("z" + std::to_string(i) + ".example"), {std::string(200'000, 'x')}, copyAt(1));
  }
  EXPECT_THAT(troubles(), IsEmpty());
  EXPECT_EQ(zones().size(), 20u);
  open();  // with a map smaller than the file
  EXPECT_EQ(zones().size(), 20u);
  saveZone(kExample, {std::string(200'000, 'y')}, copyAt(1));
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(DiskTest, AZoneTooLargeForTheDiskIsReportedAndTheOlderCopyStays) {
  options_.map_octets = options_.map_octets_max = 1024 * 1024;
  open();
  saveZone(kExample, {"old"}, copyAt(1));
  disk_->flush();
  // In one batch, most likely: the others must not suffer.
  saveZone(nameOf("before.example"), {"b"}, copyAt(1));
  saveZone(kExample, {"new", std::string(2'000'000, 'x')}, copyAt(2));
  saveZone(nameOf("after.example"), {"a"}, copyAt(1));
  EXPECT_THAT(troubles(), ElementsAre(AllOf(HasSubstr("zone example.com is not saved"),
                                            HasSubstr("limit of 1048576 octets; raise it"))));
  EXPECT_THAT(pieces("example.com"), ElementsAre("old"));
  EXPECT_THAT(pieces("before.example"), ElementsAre("b"));
  EXPECT_THAT(pieces("after.example"), ElementsAre("a"));
}

TEST_F(DiskTest, AZoneThatIsBehindTakesNoDeltasUntilItIsSavedWhole) {
  options_.map_octets = options_.map_octets_max = 1024 * 1024;
  open();
  saveZone(kExample, {"old"}, copyAt(1));
  // Another content under the same serial, as a forced transfer may bring.
  saveZone(kExample, {std::string(2'000'000, 'x')}, copyAt(1));
  disk_->saveZoneDelta(kExample, {deltaBetween(1, 2)}, copyAt(2));
  disk_->saveZoneTimers(kExample, copyAt(1, 99));
  EXPECT_EQ(troubles().size(), 1u);
  EXPECT_THAT(pieces("example.com"), ElementsAre("old"));
  EXPECT_THAT(zones().at("example.com").journal, IsEmpty());
  EXPECT_NE(zones().at("example.com").copy.last_success, WallTime{Duration{99}});

  saveZone(kExample, {"small again"}, copyAt(3));
  disk_->saveZoneDelta(kExample, {deltaBetween(3, 4)}, copyAt(4));
  EXPECT_THAT(troubles(), IsEmpty());
  EXPECT_EQ(zones().at("example.com").copy.serial, dns::Serial(4));
}

TEST_F(DiskTest, WhatTheQueueHasNoRoomForIsReportedAndTheZoneIsBehind) {
  options_.writer.queue_octets_max = 100'000;
  open();
  saveZone(kExample, {"old"}, copyAt(1));
  disk_->flush();
  saveZone(kExample, {std::string(200'000, 'x')}, copyAt(1));
  disk_->saveZoneDelta(kExample, {deltaBetween(1, 2)}, copyAt(2));
  disk_->savePublisher({.term = plan::Term{9}, .position = std::nullopt});
  EXPECT_THAT(troubles(), ElementsAre(AllOf(HasSubstr("zone example.com is not saved"),
                                            HasSubstr("octets wait for the disk already"))));
  EXPECT_THAT(pieces("example.com"), ElementsAre("old"));
  EXPECT_THAT(zones().at("example.com").journal, IsEmpty());
  EXPECT_EQ((*disk_->loadPublisher())->term, plan::Term{9});
}

TEST_F(DiskTest, AFloodOfTroublesIsCounted) {
  open();
  for (int i = 0; i < 100; ++i) {
    disk_->saveZoneDelta(nameOf("z" + std::to_string(i) + ".example"), {deltaBetween(1, 2)},
                         copyAt(2));
  }
  const auto told = troubles();
  EXPECT_LE(told.size(), 33u);
  EXPECT_EQ(told.back(), "and 68 more troubles with the disk");
}

// -- hanging

// A process that holds LMDB's lock on writers, so that nothing is written until it goes.
class HungDisk {
 public:
  explicit HungDisk(const TempDirectory& directory) {
    int held[2], released[2];
    EXPECT_EQ(pipe(held), 0);
    EXPECT_EQ(pipe(released), 0);
    child_ = fork();
    if (child_ == 0) {
      close(released[1]);
      hold(directory.database(), held[1], released[0]);
    }
    char octet = 0;
    close(held[1]);
    close(released[0]);
    EXPECT_EQ(read(held[0], &octet, 1), 1) << "the child could not begin to write";
    close(held[0]);
    release_ = released[1];
  }
  ~HungDisk() {
    close(release_);
    waitpid(child_, nullptr, 0);
  }
  HungDisk(const HungDisk&) = delete;
  HungDisk& operator=(const HungDisk&) = delete;

 private:
  [[noreturn]] static void hold(const std::string& database, int held, int released) {
    const auto environment = openEnvironment(database, 1 << 30, 4);
    if (!environment) _exit(1);
    {
      const auto transaction = Transaction::begin(environment->get(), Transaction::Kind::write);
      char octet = 0;
      if (!transaction || write(held, "!", 1) != 1) _exit(2);
      if (read(released, &octet, 1) != 0) _exit(3);
    }
    _exit(0);
  }

  pid_t child_ = -1;
  int release_ = -1;
};

TEST_F(DiskTest, AHungDiskIsReportedAndWhatWaitsForItStaysBounded) {
  options_.writer.hung_after = Duration{0};
  options_.writer.gather_for = Duration{0};
  open();
  saveZone(kExample, {"a"}, copyAt(1));
  EXPECT_THAT(troubles(), IsEmpty());
  {
    const HungDisk hung(directory_);
    std::int64_t checked = 0;
    uv::Timer tick(loop_, [&] {
      disk_->saveZoneTimers(kExample, copyAt(1, ++checked));
      disk_->savePublisher({.term = plan::Term{7}, .position = std::nullopt});
      if (troubles_.empty()) {
        tick.after(std::chrono::milliseconds{1});
      } else {
        loop_.stop();
      }
    });
    tick.after(std::chrono::milliseconds{1});
    loop_.run();
    EXPECT_THAT(troubles_, ElementsAre(AllOf(HasSubstr("it has not finished a write for 0 s"),
                                             HasSubstr("see to the disk"))));
    troubles_.clear();
    disk_->saveZoneTimers(kExample, copyAt(1, 99));
  }
  EXPECT_THAT(troubles(), IsEmpty());
  EXPECT_EQ(zones().at("example.com").copy.last_success, WallTime{Duration{99}});
}

// -- damaged

TEST_F(DiskTest, AZoneWithAFlippedOctetIsReportedAndDropped) {
  open();
  saveZone(nameOf("good.example"), {"fine"}, copyAt(1));
  saveZone(kExample, {"first", "a needle in the piece"}, copyAt(1));
  disk_->flush();
  disk_.reset();
  std::fstream file(directory_.database(), std::ios::in | std::ios::out | std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  std::size_t flipped = 0;
  for (std::size_t at = 0; (at = content.find("needle", at)) != std::string::npos;
       ++at, ++flipped) {
    file.seekp(static_cast<std::streamoff>(at)).put('N');
  }
  file.close();
  ASSERT_GE(flipped, 1u);

  open();
  const auto found = zones();
  EXPECT_EQ(found.size(), 1u);
  EXPECT_TRUE(found.contains("good.example"));
  EXPECT_THAT(troubles(), ElementsAre("zone example.com is damaged on disk and is transferred "
                                      "anew: piece 1: its checksum does not match"));
  EXPECT_EQ(zones().size(), 1u);
  EXPECT_THAT(troubles(), IsEmpty()) << "it was removed";
}

TEST_F(DiskTest, AZoneWithAMissingPieceOrAStrangeEntryIsDropped) {
  open();
  const dns::Name strange = nameOf("strange.example");
  saveZone(kExample, {"one", "two"}, copyAt(1));
  saveZone(strange, {"one"}, copyAt(1));
  disk_.reset();
  const std::string piece = numberedKey(kExample.view().wire(), 0);
  tamper(directory_, "piece", [&](Transaction& transaction, MDB_dbi database) {
    return transaction.remove(database, piece);
  });
  tamper(directory_, "zone", [&](Transaction& transaction, MDB_dbi database) {
    const std::string key(strange.view().wire());
    return transaction.put(database, key, seal(key, octetsOf("not an entry")));
  });
  tamper(directory_, "zone", [&](Transaction& transaction, MDB_dbi database) {
    return transaction.put(database, "\77no name", octetsOf("x"));
  });
  open();
  EXPECT_THAT(zones(), IsEmpty());
  EXPECT_THAT(troubles(),
              testing::UnorderedElementsAre(
                  AllOf(HasSubstr("zone example.com"), HasSubstr("piece 0: it is missing")),
                  AllOf(HasSubstr("zone strange.example"), HasSubstr("its entry: ")),
                  AllOf(HasSubstr("a zone without a readable name"), HasSubstr("its name: "))));
  EXPECT_THAT(zones(), IsEmpty());
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(DiskTest, AValueUnderAnothersKeyDoesNotPass) {
  open();
  saveZone(kExample, {"one", "two"}, copyAt(1));
  disk_.reset();
  const std::string zone(kExample.view().wire());
  tamper(directory_, "piece", [&](Transaction& transaction, MDB_dbi database) {
    const auto first = transaction.get(database, numberedKey(zone, 0));
    const Octets copied((*first)->begin(), (*first)->end());
    return transaction.put(database, numberedKey(zone, 1), copied);
  });
  open();
  EXPECT_THAT(zones(), IsEmpty());
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("piece 1: its checksum")));
}

TEST_F(DiskTest, AnUnknownSchemaIsRefused) {
  open();
  saveZone(kExample, {"x"}, copyAt(1));
  disk_.reset();
  tamper(directory_, "meta", [](Transaction& transaction, MDB_dbi database) {
    return transaction.put(database, "schema", seal("schema", Octets{0, 0, 0, 7}));
  });
  const auto opened = LmdbDisk::open(options_, loop_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(),
              AllOf(HasSubstr(directory_.database()), HasSubstr("its schema is 7, and this program "
                                                                "knows 1 alone")));
}

TEST_F(DiskTest, AFileThatIsNoStoreIsRefused) {
  std::ofstream(directory_.database()) << std::string(100'000, '?');
  options_.directory = directory_.path();
  options_.random = std::mt19937_64{7};
  const auto opened = LmdbDisk::open(options_, loop_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), HasSubstr("cannot open " + directory_.database()));
}

TEST_F(DiskTest, ADamagedPublisherIsAnErrorAndNotNothing) {
  open();
  disk_->savePublisher({.term = plan::Term{1}, .position = std::nullopt});
  disk_.reset();
  tamper(directory_, "meta", [](Transaction& transaction, MDB_dbi database) {
    return transaction.put(database, "publisher", Octets(16));
  });
  open();
  const auto publisher = disk_->loadPublisher();
  ASSERT_FALSE(publisher);
  EXPECT_THAT(publisher.error(), HasSubstr("checksum"));
}

// -- killed

std::string pieceOf(std::uint32_t serial, int number) {
  return std::to_string(serial) + "/" + std::to_string(number) + std::string(3000, 'x');
}

// Saves three zones, each version of three pieces and two deltas, for ever.
[[noreturn]] void saveUntilKilled(const DiskOptions& options, int started) {
  uv::Loop loop;
  auto disk = LmdbDisk::open(options, loop);
  if (!disk) _exit(1);
  if (write(started, "!", 1) != 1) _exit(2);
  for (std::uint32_t serial = 1;; serial += 3) {
    for (const char* name : {"a.example", "b.example", "c.example"}) {
      const dns::Name zone = nameOf(name);
      for (int i = 0; i < 3; ++i) {
        (*disk)->saveZonePiece(zone, octetsOf(pieceOf(serial, i)), i == 0,
                               i == 2 ? std::optional(copyAt(serial)) : std::nullopt);
      }
      for (std::uint32_t at = serial; at < serial + 2; ++at) {
        (*disk)->saveZoneDelta(zone, {deltaBetween(at, at + 1)}, copyAt(at + 1));
      }
    }
    (*disk)->flush();
  }
}

void expectWhole(const ports::SavedZone& zone) {
  const std::uint32_t base =
      zone.copy.serial.value() - static_cast<std::uint32_t>(zone.journal.size());
  EXPECT_EQ(base % 3, 1u);
  ASSERT_EQ(zone.pieces.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(zone.pieces[static_cast<std::size_t>(i)], octetsOf(pieceOf(base, i)));
  }
  for (std::size_t i = 0; i < zone.journal.size(); ++i) {
    EXPECT_EQ(zone.journal[i].front().from, dns::Serial(base + static_cast<std::uint32_t>(i)));
  }
}

TEST_F(DiskTest, AKilledProcessLeavesWholeZones) {
  options_.directory = directory_.path();
  options_.random = std::mt19937_64{7};
  std::mt19937 random{5};
  std::size_t found = 0;
  for (int round = 0; round < 12; ++round) {
    int started[2];
    ASSERT_EQ(pipe(started), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) saveUntilKilled(options_, started[1]);
    char octet = 0;
    close(started[1]);
    ASSERT_EQ(read(started[0], &octet, 1), 1) << "the child could not open the disk";
    close(started[0]);
    usleep(std::uniform_int_distribution<unsigned>(0, 40'000)(random));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    open();
    for (const auto& [name, zone] : zones()) {
      expectWhole(zone);
      ++found;
    }
    EXPECT_THAT(troubles(), IsEmpty());
    disk_.reset();
  }
  EXPECT_GT(found, 12u);
}

}  // namespace
}  // namespace zonecast::disk
