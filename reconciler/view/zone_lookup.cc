// A question to one zone: RFC 1034 section 4.3.2 as RFC 4592 section 3.3.1 and RFC 6672 section 3.2
// have it. The way leads down from the apex, so the topmost cut or DNAME is the one that counts.

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "reconciler/view/labels.h"
#include "reconciler/view/tree_path.h"
#include "reconciler/view/zone.h"
#include "reconciler/view/zone_content.h"

namespace zonecast::view {

using dns::Name;
using dns::NameView;
using dns::RrType;

namespace {

using Kind = ZoneAnswer::Kind;

ZoneAnswer answerFrom(Name source, Kind kind) {
  ZoneAnswer answer;
  answer.kind = kind;
  answer.source = std::move(source);
  return answer;
}

RrsetView rrsetOf(const RecordStore& records, const Node& node, RrType type) {
  RrsetView rrset;
  std::uint32_t ttl = std::numeric_limits<std::int32_t>::max();
  for (RecordRef ref = records.firstOf(node, type); ref != kNone; ref = records.nextOf(ref)) {
    rrset.rdatas.push_back(records.rdata(ref));
    ttl = std::min(ttl, records.record(ref).value);
  }
  rrset.ttl = dns::Ttl(ttl);
  return rrset;
}

// A zone may hold several CNAMEs or DNAMEs at one owner, though none should: the first one counts.
NameView targetOf(const RrsetView& rrset) {
  const auto target = dns::parseSingleName(rrset.rdatas.front());
  assert(target.has_value());
  return *target;
}

// The name exists, or a wildcard stands in for it.
ZoneAnswer answerAt(const ZoneContent& zone, NodeRef ref, Name source, RrType type) {
  const Node& node = zone.names.node(ref);
  ZoneAnswer answer = answerFrom(std::move(source), Kind::nodata);
  if ((node.types & kHasCname) != 0 && type != RrType::cname) {
    answer.kind = Kind::cname;
    answer.rrset = rrsetOf(zone.records, node, RrType::cname);
    answer.target = Name(targetOf(answer.rrset));
  } else if (const RecordRef first = zone.records.firstOf(node, type); first != kNone) {
    answer.kind = Kind::data;
    if (zone.keeps(type)) answer.rrset = rrsetOf(zone.records, node, type);
  }
  return answer;
}

ZoneAnswer redirect(const ZoneContent& zone, NodeRef ref, NameView question) {
  ZoneAnswer answer = answerFrom(zone.names.name(ref), Kind::dname);
  answer.rrset = rrsetOf(zone.records, zone.names.node(ref), RrType::dname);
  if (auto target = Name::substitute(question, answer.source, targetOf(answer.rrset))) {
    answer.target = *std::move(target);
  } else {
    answer.kind = Kind::tooLong;
  }
  return answer;
}

}  // namespace

TreePath Zone::pathFromApex() const {
  return TreePath(content_->names.apex());
}

ZoneAnswer Zone::lookup(NameView name, RrType type) const {
  TreePath path = pathFromApex();
  return lookup(name, type, path);
}

ZoneAnswer Zone::lookup(NameView name, RrType type, TreePath& path) const {
  const NameTree& names = content_->names;
  assert(name.isAtOrUnder(apex()));
  const Labels labels(name, apex());
  path.find(names, labels);
  for (std::size_t depth = 0; depth <= path.depth(); ++depth) {
    const NodeRef ref = path[depth];
    const std::uint8_t types = names.node(ref).types;
    if ((types & kHasNs) != 0 && depth > 0) {
      return answerFrom(Name(labels.nameAt(depth)), Kind::delegated);
    }
    if (depth == labels.size()) return answerAt(*content_, ref, Name(name), type);
    if ((types & kHasDname) != 0) return redirect(*content_, ref, name);
  }
  const NodeRef wildcard = names.wildcardOf(path.deepest());
  if (wildcard != kNone) return answerAt(*content_, wildcard, names.name(wildcard), type);
  return answerFrom(Name(labels.nameAt(path.depth())), Kind::nxdomain);
}

}  // namespace zonecast::view
