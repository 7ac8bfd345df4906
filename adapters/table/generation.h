// One table file, as its writer sees it: appends nodes and records, and leads to them.
//
// Nothing here is shown to a reader that looks at a commit: putting makes records of commit
// `next()`, show() makes it the newest. Errors: nothing fits any more, which is no failure of the
// file; put again in a larger one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/table/copy.h"
#include "adapters/table/layout.h"
#include "adapters/table/mapping.h"
#include "adapters/table/rows.h"
#include "adapters/table/view.h"

namespace zonecast::table {

// Names in the index, and octets in the arena.
struct Extent {
  std::size_t names = 0, octets = 0;
};

class Generation {
 public:
  // Whether a file that another writer left can be gone on from: what its header says of what was
  // written is possible, and its last commit is there.
  static bool canGoOn(const Mapping& mapping);
  // Goes on in such a file: what that writer did not commit is taken back.
  explicit Generation(std::shared_ptr<Mapping> mapping);
  // In a new file, for so many names.
  struct Beginning {
    std::uint64_t number;
    std::uint64_t first_commit;
    std::uint64_t seed;
    std::size_t names;
  };
  Generation(std::shared_ptr<Mapping> mapping, const Beginning& beginning);

  // How large a file should be for so many names and so many octets in the arena.
  static std::size_t octetsFor(std::size_t names, std::size_t arena_octets);

  Mapping& mapping() { return *mapping_; }
  const Mapping& mapping() const { return *mapping_; }
  std::shared_ptr<Mapping> shared() const { return mapping_; }
  View newest() const { return View(mapping_->base(), mapping_->octets(), UINT32_MAX); }
  View committed() const;

  std::uint64_t number() const { return mapping_->header().generation; }
  std::uint64_t lastCommit() const { return mapping_->header().first_commit + commit_; }
  const Counts& counts() const { return counts_; }
  std::size_t freeOctets() const { return (free_until_ - free_from_) * kUnit; }
  // What another file must hold that says the same; found by looking at all of it.
  Extent live() const;
  // What the last put asked for that did not fit, at most.
  const Extent& missed() const { return missed_; }

  // Each puts a record that holds from the next commit on, and tells the sum of what was there.
  struct Put {
    bool fits = true;  // false: nothing was put
    std::optional<std::uint64_t> replaced = std::nullopt;
  };
  Put putDomain(const DomainRow& row);
  Put putVirtualDomain(const VirtualDomainRow& row);
  Put removeDomain(std::string_view name);
  Put removeVirtualDomain(std::string_view did);
  // Nothing happens to a domain that is ours.
  Put putForeign(std::string_view name, std::int64_t until);

  // Shows what was put. False: it does not fit. Of a file that nobody can find yet it can be hidden
  // again; settle() makes it what abandon() goes back to.
  bool show(const Position& position);
  void hide();
  void settle();
  void abandon();

  // Calls `visit` with each node, in no order, until it says false.
  template <typename Visit>
  bool eachNode(Visit&& visit) const;

 private:
  struct Touched {
    Ref* head;
    Ref before;
  };
  enum class Place : std::uint8_t { names, rest };

  std::span<Slot> slots();
  bool hasRoom(const Extent& wanted) const;
  // Whether it has, and if not, what was missed.
  bool mayTake(const Extent& most);
  Extent wantedFor(const VirtualDomainRow& row, bool only_new) const;
  Ref allocate(std::size_t octets);
  Ref allocateLines(std::size_t octets);
  std::byte* place(Ref ref) { return mapping_->base() + std::size_t{ref} * kUnit; }
  Node& node(Ref ref) { return *reinterpret_cast<Node*>(place(ref)); }
  Ref refOf(const void* place) const;
  // Finds or makes; there must be room for it.
  Ref nodeFor(std::string_view name, Place place);
  Ref membersFor(const VirtualDomainRow& row, const VirtualDomainRecord* before);
  void findAttributeNames(std::span<const Attribute> attributes);
  static std::byte* writeAttribute(std::byte* at, const Attribute& attribute, Ref name);
  // Makes the record a head of its node.
  template <typename Record>
  void lead(Ref& head, Ref record);
  Put putDomainRecord(Ref node, DomainRecord record);
  void count(DomainKind before, DomainKind after);
  static std::size_t recordUnits(const VirtualDomainRecord& record);
  void takeBackUncommitted();
  void takeBackTo(const void* record, Ref& head);

  std::shared_ptr<Mapping> mapping_;
  Commit commit_ = 0;  // the newest that is shown
  std::uint64_t shown_before_ = 0;
  std::size_t free_from_ = 0, free_until_ = 0;  // units
  std::size_t names_ = 0;
  Counts counts_, committed_counts_;
  Extent missed_;
  std::vector<Touched> touched_;      // since the last commit
  std::vector<Ref> attribute_names_;  // of the virtual domain that was put last
};

template <typename Visit>
bool Generation::eachNode(Visit&& visit) const {
  const auto* slots = reinterpret_cast<const Slot*>(mapping_->base() + kHeaderOctets);
  const View view = newest();
  for (std::uint64_t i = 0; i < mapping_->header().slots; ++i) {
    const Ref ref = Slots::nodeIn(slots[i], mapping_->header().ref_bits);
    const Node* found = ref == 0 ? nullptr : view.nodeAt(ref);
    if (found != nullptr && !visit(*found)) return false;
  }
  return true;
}

}  // namespace zonecast::table
