#include "reconciler/view/zone_delta.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"

namespace zonecast::view {

using dns::RrType;

namespace {

dns::RecordView viewOf(const DeltaRecord& record) {
  return {.owner = record.owner, .type = record.type, .ttl = record.ttl, .rdata = record.rdata};
}

int sign(const Edit& edit) {
  switch (edit.kind) {
    case Edit::Kind::added:
      return 1;
    case Edit::Kind::removed:
      return -1;
    default:
      return 0;
  }
}

// Sets `records` and `dname` from the edits of one node: what was removed and added again is as it
// was.
void sumUp(const RecordStore& records, std::span<Edit> edits, NameDifference& difference) {
  const auto compare = [&records](const Edit& a, const Edit& b) {
    return compareRecords(records.record(a.record).type, records.rdata(a.record),
                          records.record(b.record).type, records.rdata(b.record));
  };
  std::ranges::sort(edits, [&](const Edit& a, const Edit& b) { return compare(a, b) < 0; });
  for (std::size_t begin = 0, end = 0; begin < edits.size(); begin = end) {
    int sum = 0;
    for (; end < edits.size() && compare(edits[begin], edits[end]) == 0; ++end) {
      sum += sign(edits[end]);
    }
    const RrType type = records.record(edits[begin].record).type;
    if (sum == 0 || type == RrType::soa) continue;
    difference.records = true;
    difference.dname |= type == RrType::dname;
  }
}

void sortOnce(std::vector<NodeRef>& refs) {
  std::ranges::sort(refs);
  const auto repeated = std::unique(refs.begin(), refs.end());
  refs.erase(repeated, refs.end());
}

}  // namespace

tl::expected<ZoneChange, Refusal> Zone::apply(std::span<const Delta> chain) {
  DeltaApplication application(*content_);
  for (const Delta& delta : chain) {
    if (auto applied = application.apply(delta); !applied) {
      application.takeBack();
      return tl::unexpected(std::move(applied).error());
    }
  }
  return application.commit();
}

tl::expected<void, Refusal> DeltaApplication::apply(const Delta& delta) {
  if (const dns::Serial held = zone_.soa().serial; held != delta.from) {
    return tl::unexpected(Refusal{fmt::format("the delta is for serial {}, the zone has {}",
                                              delta.from.value(), held.value())});
  }
  for (const DeltaRecord& record : delta.removed) {
    if (auto removed = remove(record); !removed) return removed;
  }
  for (const DeltaRecord& record : delta.added) {
    if (auto added = add(record); !added) return added;
  }
  if (zone_.soaRecord() == kNone || zone_.soa().serial != delta.to) {
    return tl::unexpected(
        Refusal{fmt::format("the delta does not lead to serial {}", delta.to.value())});
  }
  return {};
}

tl::expected<void, Refusal> DeltaApplication::remove(const DeltaRecord& record) {
  const dns::NameView owner = record.owner;
  const dns::NameView apex = zone_.names.apexName();
  const NodeRef node =
      owner.isAtOrUnder(apex) ? path_.find(zone_.names, Labels(owner, apex)) : kNone;
  if (node == kNone) {
    return tl::unexpected(
        Refusal{fmt::format("{} is to be removed and is not there", owner.toText())});
  }
  return zone_.remove(node, viewOf(record)).map([this](const Edit& edit) { remember(edit); });
}

tl::expected<void, Refusal> DeltaApplication::add(const DeltaRecord& record) {
  return zone_.findOrAdd(record.owner, path_, &created_)
      .and_then([&](NodeRef node) { return zone_.add(node, viewOf(record), DuplicateTtl::later); })
      .map([this](const Edit& edit) { remember(edit); });
}

void DeltaApplication::remember(const Edit& edit) {
  if (edit.kind != Edit::Kind::none) edits_.push_back(edit);
}

void DeltaApplication::takeBack() {
  for (auto edit = edits_.rbegin(); edit != edits_.rend(); ++edit) zone_.takeBack(*edit);
  for (auto ref = created_.rbegin(); ref != created_.rend(); ++ref) zone_.names.remove(*ref);
}

ZoneChange DeltaApplication::commit() {
  const Existence existence = this->existence();
  std::vector<NodeRef> concerned = touchedNodes();
  concerned.insert(concerned.end(), existence.emptied.begin(), existence.emptied.end());
  sortOnce(concerned);
  std::ranges::stable_sort(edits_, {}, &Edit::node);
  ZoneChange change;
  auto edits = edits_.begin();
  for (const NodeRef ref : concerned) {
    const auto end =
        std::find_if(edits, edits_.end(), [&](const Edit& e) { return e.node != ref; });
    note(zone_.names, ref, differenceOf(ref, {edits, end}, existence), change);
    edits = end;
  }
  forget(existence);
  zone_.readSoa();
  return change;
}

// Those that were added or whose records were edited.
std::vector<NodeRef> DeltaApplication::touchedNodes() const {
  std::vector<NodeRef> touched = created_;
  for (const Edit& edit : edits_) touched.push_back(edit.node);
  sortOnce(touched);
  return touched;
}

// Which names came and went, counted from the first version to the last.
DeltaApplication::Existence DeltaApplication::existence() const {
  Existence existence{
      .emptied = {}, .came = {created_.begin(), created_.end()}, .went = {}, .passed = {}};
  absl::flat_hash_map<NodeRef, std::uint32_t> children_lost;
  const auto is_empty = [&](NodeRef ref) {
    const Node& node = zone_.names.node(ref);
    return ref != zone_.names.apex() && node.records == kNone &&
           node.children == children_lost[ref];
  };
  for (NodeRef ref : touchedNodes()) {
    while (is_empty(ref) && existence.went.insert(ref).second) {
      existence.emptied.push_back(ref);
      ref = zone_.names.node(ref).parent;
      ++children_lost[ref];
    }
  }
  for (const NodeRef ref : created_) {
    if (existence.went.erase(ref) == 0) continue;
    existence.came.erase(ref);
    existence.passed.insert(ref);
  }
  return existence;
}

NameDifference DeltaApplication::differenceOf(NodeRef ref, std::span<Edit> edits,
                                              const Existence& existence) const {
  NameDifference difference;
  difference.came_or_went = existence.came.contains(ref) || existence.went.contains(ref);
  difference.beside_wildcard = difference.came_or_went && isBesideWildcard(ref, existence);
  if (edits.empty()) return difference;
  const int types_changed = edits.front().types_before ^ zone_.names.node(ref).types;
  difference.cut = (types_changed & kHasNs) != 0 && ref != zone_.names.apex();
  sumUp(zone_.records, edits, difference);
  return difference;
}

bool DeltaApplication::isBesideWildcard(NodeRef ref, const Existence& existence) const {
  const NodeRef parent = zone_.names.node(ref).parent;
  if (existence.came.contains(parent) || existence.went.contains(parent)) return false;
  const NodeRef wildcard = zone_.names.wildcardOf(parent);
  return wildcard != kNone && wildcard != ref && !existence.passed.contains(wildcard);
}

void DeltaApplication::forget(const Existence& existence) {
  for (const Edit& edit : edits_) {
    if (edit.kind == Edit::Kind::removed) zone_.records.release(edit.record);
  }
  for (const NodeRef ref : existence.emptied) zone_.names.remove(ref);
}

}  // namespace zonecast::view
