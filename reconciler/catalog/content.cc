#include "reconciler/catalog/content.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace zonecast::catalog {
namespace {

constexpr std::string_view kVersion = "2";
constexpr std::size_t kGroupOctetsMax = 255;  // section 4.3.2

std::string textOf(const dns::RecordView& record) {
  return dns::joinTxt(record.rdata).value_or(std::string());
}

// Section 4.3.2: 255 octets at most, without white space.
bool isGroup(std::string_view text) {
  return !text.empty() && text.size() <= kGroupOctetsMax &&
         text.find_first_of(" \t\r\n\v\f") == std::string_view::npos;
}

void appendPointer(std::vector<dns::Name>& names, const dns::RecordView& record) {
  if (record.type != dns::RrType::ptr) return;
  if (const auto name = dns::parseSingleName(record.rdata)) names.emplace_back(*name);
}

}  // namespace

const MemberNode& Member::node(std::string_view label) const {
  const auto found = std::ranges::find(nodes, label, &MemberNode::label);
  return found == nodes.end() ? nodes.front() : *found;
}

Reader::Reader(dns::NameView apex, std::size_t members_max)
    : apex_(apex), members_max_(members_max) {}

// Owners below the apex are told apart by how many labels they have there.
void Reader::add(const dns::RecordView& record) {
  if (broken_ || !record.owner.isAtOrUnder(apex_)) return;
  const std::size_t above = apex_.view().labelCount();
  const std::size_t labels = record.owner.labelCount() - above;
  if (labels == 1 && record.owner.firstLabel() == "version") return addVersion(record);
  if (labels < 2 || labels > 3 || record.owner.suffix(above + 1).firstLabel() != "zones") return;
  const std::string_view label = record.owner.suffix(above + 2).firstLabel();
  if (labels == 3) return addProperty(record.owner.firstLabel(), label, record);
  if (record.type != dns::RrType::ptr) return;
  if (Node* node = nodeFor(label)) appendPointer(node->zones, record);
}

void Reader::addVersion(const dns::RecordView& record) {
  if (record.type == dns::RrType::txt) versions_.push_back(textOf(record));
}

// Section 4.3: properties that nobody knows are ignored.
void Reader::addProperty(std::string_view property, std::string_view label,
                         const dns::RecordView& record) {
  if (property == "coo" && record.type == dns::RrType::ptr) {
    if (Node* node = nodeFor(label)) appendPointer(node->coos, record);
  } else if (property == "group" && record.type == dns::RrType::txt) {
    std::string group = textOf(record);
    Node* node = isGroup(group) ? nodeFor(label) : nullptr;
    if (node != nullptr) node->groups.push_back(std::move(group));
  }
}

Reader::Node* Reader::nodeFor(std::string_view label) {
  const auto found = nodes_.find(absl::string_view(label.data(), label.size()));
  if (found != nodes_.end()) return &found->second;
  if (nodes_.size() >= members_max_) {
    breakWith(
        fmt::format("it has more than {} members (members_max of this catalog)", members_max_),
        true);
    return nullptr;
  }
  return &nodes_[std::string(label)];
}

bool Reader::settle(std::size_t nodes_max) {
  // Section 4.2.1: exactly one record, and it says 2.
  if (versions_.empty()) {
    breakWith(fmt::format("version.{} TXT is missing", apex_.toText()));
  } else if (versions_.size() > 1) {
    breakWith(fmt::format("version.{} has {} TXT records, in place of one", apex_.toText(),
                          versions_.size()));
  } else if (versions_.front() != kVersion) {
    breakWith(fmt::format("version.{} TXT is not \"2\"", apex_.toText()));
  }
  if (!settling_) settling_ = nodes_.begin();
  for (; !broken_ && nodes_max > 0 && *settling_ != nodes_.end(); ++*settling_, --nodes_max) {
    settleNode((*settling_)->first, (*settling_)->second);
  }
  return broken_ || *settling_ == nodes_.end();
}

void Reader::settleNode(const std::string& label, Node& node) {
  // Section 4.1: the record must be the only one of its RRset.
  if (node.zones.size() > 1) {
    return breakWith(
        fmt::format("{}.zones.{} has more than one PTR record", label, apex_.toText()));
  }
  if (node.coos.size() > 1) {  // section 4.3.1
    return breakWith(
        fmt::format("coo.{}.zones.{} has more than one PTR record", label, apex_.toText()));
  }
  if (node.zones.empty()) return;
  std::ranges::sort(node.groups);
  node.groups.erase(std::unique(node.groups.begin(), node.groups.end()), node.groups.end());
  MemberNode settled{label, std::move(node.groups), std::nullopt};
  if (!node.coos.empty()) settled.coo = std::move(node.coos.front());
  auto& nodes = members_[std::move(node.zones.front())].nodes;
  const auto at = std::ranges::lower_bound(nodes, label, {}, &MemberNode::label);
  nodes.insert(at, std::move(settled));
}

void Reader::breakWith(std::string text, bool is_limit) {
  if (!broken_) broken_ = Broken{std::move(text), is_limit};
}

tl::expected<Members, Broken> Reader::take() {
  if (broken_) return tl::unexpected(*std::move(broken_));
  return std::move(members_);
}

}  // namespace zonecast::catalog
