// What a catalog zone of version 2 says (RFC 9432): which zones are its members, and each one's
// unique label, groups and change of ownership.
//
//   version.$CATZ              TXT  "2"
//   LABEL.zones.$CATZ          PTR  the member
//   group.LABEL.zones.$CATZ    TXT  a group
//   coo.LABEL.zones.$CATZ      PTR  the catalog that shall have the member
//
// Whatever else stands in the zone is ignored, as section 4.4 has it, and so are TTLs. A catalog is
// broken as a whole or read as a whole: a broken one changes nothing (section 5.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "reconciler/dns/record.h"

namespace zonecast::catalog {

struct MemberNode {
  std::string label;                // in lower case
  std::vector<std::string> groups;  // in ascending order, each once
  std::optional<dns::Name> coo;
};

// A zone, and the nodes that name it, by label: more than one when it stands there twice, which
// makes it no less a member (section 5.2 has the later one ignored).
struct Member {
  absl::InlinedVector<MemberNode, 1> nodes;

  // The one with this label, or else the first.
  const MemberNode& node(std::string_view label) const;
};
using Members = absl::btree_map<dns::Name, Member, dns::CanonicalLess>;

struct Broken {
  std::string text;       // what is wrong, for people
  bool is_limit = false;  // with us: `members_max` allows no more
};

// Reads a catalog from its records, which come in any order: add() all, then settle() until it is
// true, then take(). Each is short, so that a large catalog can be read in slices.
class Reader {
 public:
  Reader(dns::NameView apex, std::size_t members_max);

  void add(const dns::RecordView& record);
  bool settle(std::size_t nodes_max);
  tl::expected<Members, Broken> take();

 private:
  struct Node {
    std::vector<dns::Name> zones, coos;
    std::vector<std::string> groups;
  };
  using Nodes = absl::flat_hash_map<std::string, Node>;

  Node* nodeFor(std::string_view label);
  void addVersion(const dns::RecordView& record);
  void addProperty(std::string_view property, std::string_view label,
                   const dns::RecordView& record);
  void settleNode(const std::string& label, Node& node);
  void breakWith(std::string text, bool is_limit = false);

  dns::Name apex_;
  std::size_t members_max_;
  std::vector<std::string> versions_;
  Nodes nodes_;
  std::optional<Nodes::iterator> settling_;
  Members members_;
  std::optional<Broken> broken_;
};

}  // namespace zonecast::catalog
