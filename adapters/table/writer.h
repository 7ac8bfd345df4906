// Writes a table file: the one process that may, the mirror.
//
// A change set is a number of puts and removals and then commit(), which shows all of it to every
// reader by one atomic store, or abandon(). Nothing of it is seen before: a writer that is killed
// at any instruction leaves what was committed last, and the next one goes on from there.
//
// What is superseded stays for those who still look at it, so a table fills up. When it is full, or
// when everything is to be replaced (beginAnew()), the change set under way goes into a new
// generation: another file, which commit() renames into place before it marks the old one
// superseded. The memory of an old generation is given back `grace` after that, whoever looks at
// it.
//
// Ownership: nothing that is passed in is kept. Thread-safety: none; readers, in any number of
// processes, need no lock. Errors are sentences for people; after one, abandon() and go on. Times
// are seconds of CLOCK_BOOTTIME, which all processes of a host share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "adapters/table/copy.h"
#include "adapters/table/generation.h"
#include "adapters/table/mapping.h"
#include "adapters/table/rows.h"

namespace zonecast::table {

struct WriterOptions {
  std::string path;                  // the table; beside it stand path.lock, path.new and path.part
  unsigned mode = 0644;              // of the file: who may read it
  std::size_t octets_min = 1 << 20;  // of a generation
  std::size_t octets_max = std::size_t{8} << 30;
  std::size_t foreign_max = 100'000;  // negative answers; the oldest go first
  std::chrono::seconds grace{60};     // how long a superseded generation can be read
};

class Writer final : public Copy {
 public:
  // Takes the lock, and goes on from the table that is there; begins an empty one, not yet to be
  // seen, when there is none or it is of no use: whyBegun() says why.
  static Expected<std::unique_ptr<Writer>> open(WriterOptions options);
  ~Writer() override;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  const std::string& whyBegun() const { return why_begun_; }  // empty: an old table goes on
  const Position& position() const override { return position_; }
  Counts counts() const override { return generation_->counts(); }
  // What the table says, with what is not yet committed; until the next call.
  View newest() const { return generation_->newest(); }
  std::uint64_t commits() const { return generation_->lastCommit(); }
  std::uint64_t generation() const { return generation_->number(); }
  std::size_t octets() const { return generation_->mapping().octets(); }
  std::size_t octetsFree() const { return generation_->freeOctets(); }

  // In another generation. The old one goes on being read until commit().
  Outcome beginAnew(std::size_t names) override;

  Replaced putDomain(const DomainRow& row) override;
  Replaced removeDomain(std::string_view name) override;
  Replaced putVirtualDomain(const VirtualDomainRow& row) override;
  Replaced removeVirtualDomain(std::string_view did) override;
  Outcome putForeign(std::string_view name, std::int64_t until) override;

  Outcome commit(const Position& position) override;
  void abandon() override;

  // No commit: readers see it at once, and what counts as too old counts from here.
  void confirm(std::int64_t now) override;

  // Gives superseded generations back whose grace has passed. Call it about once a second.
  void collect(std::int64_t now);

  // For readers in this process.
  std::shared_ptr<const Mapping> mapping() const { return generation_->shared(); }

 private:
  struct Superseded {
    std::shared_ptr<Mapping> mapping;
    std::int64_t since;
  };
  struct Foreign {
    std::int64_t until;
    std::string name;
  };

  Writer(WriterOptions options, int lock) : options_(std::move(options)), lock_(lock) {}
  void goOnOrBegin();
  Expected<std::unique_ptr<Generation>> makeGeneration(std::size_t names, std::size_t octets);
  std::size_t octetsMax() const;
  std::string wouldNeed(std::size_t octets) const;
  // Does what may not fit; in ever larger generations until it does.
  Replaced fitting(const std::function<Generation::Put(Generation&)>& change);
  Expected<void> moveOn(std::size_t octets_min);
  bool copyTo(Generation& next) const;
  // Where a generation is made, and where it stands when it is what is written to.
  std::string pathOfPart() const { return options_.path + ".part"; }
  std::string pathOfNew() const { return options_.path + ".new"; }
  Expected<void> writeTo(std::unique_ptr<Generation> next);
  Expected<void> putInPlace();
  void noteForeign();
  // As it was at the last commit.
  std::deque<Foreign> committedForeign() const;
  void settleForeign();
  Expected<void> forgetForeign();

  const WriterOptions options_;
  const int lock_;
  std::string why_begun_;
  Position position_;
  std::shared_ptr<Mapping> in_place_;       // what readers find at the path; null: nothing
  std::unique_ptr<Generation> committed_;   // of in_place_, while another is being filled
  std::unique_ptr<Generation> generation_;  // what is written to
  std::deque<Superseded> superseded_;
  std::deque<Foreign> foreign_;             // in the order of their coming
  std::size_t foreign_put_ = 0;             // of them, since the last commit
  std::vector<Foreign> foreign_forgotten_;  // since the last commit
  std::deque<Foreign> committed_foreign_;   // of committed_
};

}  // namespace zonecast::table
