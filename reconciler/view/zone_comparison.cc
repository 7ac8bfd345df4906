// First every name of the later zone is looked for in the earlier one, then the other way round.

#include <algorithm>

#include "reconciler/view/tree_path.h"
#include "reconciler/view/zone.h"
#include "reconciler/view/zone_change.h"
#include "reconciler/view/zone_content.h"

namespace zonecast::view {

using dns::RrType;

namespace {

// Of one chain, from `ref` on, the first record that is not a SOA.
RecordRef skipSoa(const RecordStore& records, RecordRef ref) {
  while (ref != kNone && records.record(ref).type == RrType::soa) ref = records.record(ref).next;
  return ref;
}

bool sameRecord(const RecordStore& a, RecordRef a_ref, const RecordStore& b, RecordRef b_ref) {
  return a.record(a_ref).type == b.record(b_ref).type &&
         std::ranges::equal(a.rdata(a_ref), b.rdata(b_ref));
}

bool sameRecords(const RecordStore& a, RecordRef a_ref, const RecordStore& b, RecordRef b_ref) {
  while (true) {
    a_ref = skipSoa(a, a_ref);
    b_ref = skipSoa(b, b_ref);
    if (a_ref == kNone || b_ref == kNone) return a_ref == b_ref;
    if (!sameRecord(a, a_ref, b, b_ref)) return false;
    a_ref = a.record(a_ref).next;
    b_ref = b.record(b_ref).next;
  }
}

bool sameRrset(const RecordStore& a, RecordRef a_ref, const RecordStore& b, RecordRef b_ref) {
  while (a_ref != kNone && b_ref != kNone && sameRecord(a, a_ref, b, b_ref)) {
    a_ref = a.nextOf(a_ref);
    b_ref = b.nextOf(b_ref);
  }
  return a_ref == kNone && b_ref == kNone;
}

}  // namespace

class ZoneComparison::Walk {
 public:
  Walk(const ZoneContent& before, const ZoneContent& after)
      : before_(before),
        after_(after),
        before_path_(before.names.apex()),
        after_path_(after.names.apex()),
        at_(after.names.start()) {}

  // True while there are names left.
  bool step() {
    if (in_after_) {
      compareNode();
      at_ = after_.names.firstFrom(after_.names.following(at_));
      if (at_ != kNone) return true;
      in_after_ = false;
      at_ = before_.names.start();
      return true;
    }
    noteIfOnlyIn(before_, at_, after_, after_path_);
    at_ = before_.names.firstFrom(before_.names.following(at_));
    return at_ != kNone;
  }

  ZoneChange takeChange() { return std::move(change_); }

 private:
  void compareNode() {
    const NodeRef was = noteIfOnlyIn(after_, at_, before_, before_path_);
    if (was == kNone) return;
    const Node& old_node = before_.names.node(was);
    const Node& new_node = after_.names.node(at_);
    if (sameRecords(before_.records, old_node.records, after_.records, new_node.records)) return;
    const bool has_cut_changed = ((old_node.types ^ new_node.types) & kHasNs) != 0;
    const NameDifference difference{
        .records = true,
        .cut = has_cut_changed && at_ != after_.names.apex(),
        .dname = !sameRrset(before_.records, before_.records.firstOf(old_node, RrType::dname),
                            after_.records, after_.records.firstOf(new_node, RrType::dname))};
    note(after_.names, at_, difference, change_);
  }

  // Returns the node of the same name in the other zone; notes the name when there is none.
  NodeRef noteIfOnlyIn(const ZoneContent& here, NodeRef ref, const ZoneContent& there,
                       TreePath& path) {
    NameBuffer buffer;
    const Labels labels(here.names.name(ref, buffer), here.names.apexName());
    if (const NodeRef other = path.find(there.names, labels); other != kNone) return other;
    const std::uint8_t types = here.names.node(ref).types;
    const bool is_topmost = path.depth() + 1 == labels.size();
    const NameDifference difference{
        .came_or_went = true,
        .beside_wildcard = is_topmost && (hasWildcardBeside(here.names, ref) ||
                                          there.names.wildcardOf(path.deepest()) != kNone),
        .cut = (types & kHasNs) != 0,
        .dname = (types & kHasDname) != 0};
    note(here.names, ref, difference, change_);
    return kNone;
  }

  static bool hasWildcardBeside(const NameTree& names, NodeRef ref) {
    const NodeRef wildcard = names.wildcardOf(names.node(ref).parent);
    return wildcard != kNone && wildcard != ref;
  }

  const ZoneContent& before_;
  const ZoneContent& after_;
  TreePath before_path_, after_path_;
  bool in_after_ = true;
  NodeRef at_;
  ZoneChange change_;
};

ZoneComparison::ZoneComparison(const Zone& before, const Zone& after)
    : walk_(std::make_unique<Walk>(*before.content_, *after.content_)) {}
ZoneComparison::~ZoneComparison() = default;
ZoneComparison::ZoneComparison(ZoneComparison&&) noexcept = default;
ZoneComparison& ZoneComparison::operator=(ZoneComparison&&) noexcept = default;

std::optional<ZoneChange> ZoneComparison::advance(std::size_t names_max) {
  for (; names_max > 0; --names_max) {
    if (!walk_->step()) return walk_->takeChange();
  }
  return std::nullopt;
}

}  // namespace zonecast::view
