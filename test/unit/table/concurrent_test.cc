// Readers against a writer: threads on one mapping (for ThreadSanitizer), and processes of which
// the writer is killed.
//
// What is written can be checked by whoever reads it: in each commit all domains have the same
// number, as their sum, and in two attributes of their virtual domains.
#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/table/reader.h"
#include "adapters/table/writer.h"
#include "test/unit/table/folder.h"

namespace zonecast::table {
namespace {

constexpr int kDomains = 10;

std::string nameOf(int i) {
  return "domain-" + std::to_string(i) + ".example";
}

void putAll(Writer& writer, std::uint64_t number) {
  const std::string text = std::to_string(number);
  const std::vector<Attribute> attributes{{"number", static_cast<std::int64_t>(number)},
                                          {"text", text}};
  for (int i = 0; i < kDomains; ++i) {
    const std::string name = nameOf(i);
    const std::vector<std::string_view> domains{name};
    if (!writer.putDomain({name, name, State::hosted, 2, Role::primary, number}) ||
        !writer.putVirtualDomain({name, "acme", name, domains, attributes, number})) {
      std::abort();
    }
  }
}

// The number of this snapshot; a reason for none.
tl::expected<std::uint64_t, std::string> numberIn(const View& view, std::uint64_t version) {
  for (int i = 0; i < kDomains; ++i) {
    const Node* node = view.find(nameOf(i));
    const DomainRecord* record = node == nullptr ? nullptr : view.domainOf(*node);
    if (record == nullptr) return tl::unexpected<std::string>("no domain");
    if (record->sum_or_until != version)
      return tl::unexpected<std::string>("a domain of another version");
    const Node* of = view.nodeAt(record->virtual_domain);
    const VirtualDomainRecord* found = of == nullptr ? nullptr : view.virtualDomainOf(*of);
    if (found == nullptr || found->sum != version)
      return tl::unexpected<std::string>("another virtual domain");
    View::Attributes attributes(view, *found);
    const auto number = attributes.next();
    const auto text = attributes.next();
    if (!number || std::get<std::int64_t>(number->value) != static_cast<std::int64_t>(version) ||
        !text || std::get<std::string_view>(text->value) != std::to_string(version)) {
      return tl::unexpected<std::string>("other attributes");
    }
  }
  return version;
}

// Looks once; what it finds must be whole, and never older than what it found before.
std::string faultIn(Reader& reader, std::uint64_t& newest_commit) {
  if (auto refreshed = reader.refresh(); !refreshed) return refreshed.error();
  if (!reader.isFilled()) return "";
  const auto number = numberIn(reader.view(), reader.commitRecord()->version);
  if (!reader.current()) return "";  // too slow for this generation
  if (!number) return number.error();
  if (reader.commit() < newest_commit) return "a commit that counts back";
  newest_commit = reader.commit();
  return "";
}

TEST(Concurrent, ThreadsSeeWholeCommitsOnly) {
  constexpr std::uint64_t kCommits = 50'000;  // a million changes
  Folder folder;
  WriterOptions options;
  options.path = folder.file("table");
  options.octets_min = 16 << 20;
  auto writer = mustOpen(options);
  // All of one process, so that ThreadSanitizer sees one memory; a new generation is handed over.
  std::mutex mutex;
  std::shared_ptr<const Mapping> mapping = writer->mapping();
  std::atomic<bool> done = false;
  const auto read = [&] {
    std::uint64_t last = 0, looked = 0;
    while (!done) {
      std::shared_ptr<const Mapping> current;
      {
        const std::lock_guard lock(mutex);
        current = mapping;
      }
      Reader reader({options.path, {}, 0}, current);
      if (!reader.isFilled()) continue;
      const auto number = numberIn(reader.view(), reader.commitRecord()->version);
      ASSERT_TRUE(number) << number.error();
      ASSERT_GE(reader.commit(), last);
      last = reader.commit();
      ++looked;
    }
    EXPECT_GT(looked, 0U);
  };
  std::thread first(read), second(read);
  for (std::uint64_t number = 1; number <= kCommits; ++number) {
    putAll(*writer, number);
    ASSERT_TRUE(writer->commit(positionAt(number)));
    if (writer->mapping() != mapping) {
      const std::lock_guard lock(mutex);
      mapping = writer->mapping();
    }
  }
  done = true;
  first.join();
  second.join();
  EXPECT_GT(writer->generation(), 3U);
}

// Writes until it is killed.
[[noreturn]] void writeForEver(const WriterOptions& options) {
  auto opened = Writer::open(options);
  if (!opened) _exit(3);
  Writer& writer = **opened;
  for (std::uint64_t number = writer.position().version + 1;; ++number) {
    putAll(writer, number);
    if (number % 97 == 0) {
      writer.abandon();
      continue;
    }
    if (!writer.commit(positionAt(number))) _exit(4);
  }
}

// A fresh process for each writer, which is killed at a time that nobody chose.
TEST(Concurrent, AKilledWriterLeavesWhatItCommitted) {
  Folder folder;
  WriterOptions options;
  options.path = folder.file("table");
  options.octets_min = 1 << 20;
  options.grace = std::chrono::seconds(1);
  {
    auto writer = mustOpen(options);
    putAll(*writer, 1);
    ASSERT_TRUE(writer->commit(positionAt(1)));
  }
  auto reader = Reader::open({options.path, {}, 0});
  ASSERT_TRUE(reader) << reader.error();
  std::mt19937 random(3);
  std::uint64_t newest = 0, generations = 0;
  for (int round = 0; round < 200; ++round) {
    const pid_t child = fork();
    if (child == 0) writeForEver(options);
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 20'000);
    do {
      ASSERT_EQ(faultIn(*reader, newest), "") << "round " << round;
    } while (std::chrono::steady_clock::now() < end);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
    ASSERT_EQ(faultIn(*reader, newest), "") << "after round " << round;
    generations = reader->mapping().header().generation;
  }
  EXPECT_GT(generations, 5U);
  EXPECT_GT(newest, 1000U);
}

TEST(Concurrent, SeveralProcessesReadWhileGenerationsChange) {
  Folder folder;
  WriterOptions options;
  options.path = folder.file("table");
  options.octets_min = 1 << 20;
  auto writer = mustOpen(options);
  putAll(*writer, 1);
  ASSERT_TRUE(writer->commit(positionAt(1)));
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      auto reader = Reader::open({options.path, {}, 0});
      std::uint64_t newest = 0;
      while (reader && faultIn(*reader, newest).empty()) {
        if (reader->commitRecord()->version >= 20'000) _exit(0);
      }
      _exit(1);
    }
    children.push_back(child);
  }
  for (std::uint64_t number = 2; number <= 20'000; ++number) {
    putAll(*writer, number);
    ASSERT_TRUE(writer->commit(positionAt(number)));
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

}  // namespace
}  // namespace zonecast::table
