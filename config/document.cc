#include "config/document.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace zonecast::config {
namespace {

// yaml-cpp has -1 where it knows no place.
Position positionOf(const YAML::Mark& mark, std::uint32_t file) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1, file};
}

// Builds the tree from yaml-cpp's events. What it refuses it throws as yaml-cpp throws its own
// errors; parseDocument() catches both.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Errors& errors, std::uint32_t file) : errors_(errors), file_(file) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) refuse(mark, "expected one YAML document, not a second one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    checkPlain(mark, anchor, "");
    Node node = begin(mark, Node::Kind::nothing);
    if (expectsValue()) node.where = open_.back().items.back().where;
    add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "expected a value itself, not an alias");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    checkPlain(mark, anchor, tag);
    Node node = begin(mark, Node::Kind::scalar);
    node.text = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    checkPlain(mark, anchor, tag);
    open(mark, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    checkPlain(mark, anchor, tag);
    open(mark, Node::Kind::mapping);
  }
  void OnMapEnd() override {
    dropRepeatedKeys(open_.back());
    close();
  }

  Node takeRoot() {
    root_.where.file = file_;  // also of an empty document
    return std::move(root_);
  }
  // Where the innermost list or mapping began that the file left open.
  std::optional<Position> unclosed() const {
    return open_.empty() ? std::nullopt : std::optional(open_.back().where);
  }

 private:
  [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& why) {
    throw YAML::ParserException(mark, why);
  }

  // "?" and "!" stand for no tag, on a plain and on a quoted scalar.
  static void checkPlain(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
    if (anchor != 0) refuse(mark, "expected a value without an anchor");
    if (tag.size() > 1) refuse(mark, "expected a value without a tag");
  }

  bool expectsValue() const {
    return !open_.empty() && open_.back().kind == Node::Kind::mapping &&
           open_.back().items.size() % 2 == 1;
  }

  Node begin(const YAML::Mark& mark, Node::Kind kind) {
    if (++nodes_ > kNodesMax) refuse(mark, fmt::format("expected at most {} values", kNodesMax));
    const bool is_key =
        !open_.empty() && open_.back().kind == Node::Kind::mapping && !expectsValue();
    if (is_key && kind != Node::Kind::scalar) refuse(mark, "expected a name as key");
    Node node;
    node.kind = kind;
    node.where = positionOf(mark, file_);
    return node;
  }

  void open(const YAML::Mark& mark, Node::Kind kind) {
    if (open_.size() == kLevelsMax) {
      refuse(mark, fmt::format("expected at most {} levels of nesting", kLevelsMax));
    }
    open_.push_back(begin(mark, kind));
  }

  void close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    (open_.empty() ? root_ : open_.back().items.emplace_back()) = std::move(node);
  }

  void dropRepeatedKeys(Node& mapping) {
    absl::flat_hash_map<std::string_view, Position> seen;
    std::vector<std::size_t> repeated;
    for (std::size_t i = 0; i < mapping.items.size(); i += 2) {
      const Node& key = mapping.items[i];
      const auto [first, is_new] = seen.emplace(key.text, key.where);
      if (is_new) continue;
      errors_.add(key.where,
                  fmt::format("expected every key once, but {} stands at {} already",
                              shown(key.text), errors_.placeOf(first->second, key.where)));
      repeated.push_back(i);
    }
    if (!repeated.empty()) eraseEntries(mapping, repeated);
  }

  static void eraseEntries(Node& mapping, const std::vector<std::size_t>& entries) {
    std::vector<Node> kept;
    for (std::size_t i = 0; i < mapping.items.size(); i += 2) {
      if (std::ranges::binary_search(entries, i)) continue;
      kept.push_back(std::move(mapping.items[i]));
      kept.push_back(std::move(mapping.items[i + 1]));
    }
    mapping.items = std::move(kept);
  }

  Errors& errors_;
  const std::uint32_t file_;
  Node root_;
  std::vector<Node> open_;  // the lists and mappings that have not ended, innermost last
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

// yaml-cpp takes U+0004 for the end of the file, which would hide the rest of it.
bool refuseControlCharacters(std::string_view text, Errors& errors, std::uint32_t file) {
  Position where{.file = file};
  for (const char c : text) {
    const bool is_control = (c >= 0 && c < ' ') || c == '\x7f';
    if (is_control && c != '\n' && c != '\r' && c != '\t') {
      errors.add(where, fmt::format("expected text, not the control character {:#04x}", c));
      return true;
    }
    where.column = c == '\n' ? 1 : where.column + 1;
    where.line += c == '\n';
  }
  return false;
}

// What yaml-cpp names behind a colon stands there as it is in the file, a control character too.
std::string wordsOf(std::string_view message) {
  const std::size_t colon = message.find(": ");
  if (colon == std::string_view::npos) return std::string(message);
  return fmt::format("{}: {}", message.substr(0, colon), shown(message.substr(colon + 2)));
}

void addParserError(const YAML::Exception& error, const TreeBuilder& tree, Errors& errors,
                    std::uint32_t file) {
  const std::string& words = error.msg;
  const Position where = positionOf(error.mark, file);
  if (words.starts_with("expected ")) return errors.add(where, words);
  if (words.starts_with("end of ")) {
    return errors.add(tree.unclosed().value_or(Position{.file = file}),
                      "expected YAML, but: " + words);
  }
  if (words.ends_with('\x04')) {  // no character of the file, which has no control characters
    return errors.add({where.line, where.column - 1, file},
                      "expected YAML, but: the file ends in an escape");
  }
  errors.add(where, "expected YAML, but: " + wordsOf(words));
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  if (kind != Kind::mapping) return nullptr;
  for (std::size_t i = 0; i < items.size(); i += 2) {
    if (items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::nothing:
      return "nothing";
    case Node::Kind::scalar:
      return node.text.empty() ? "an empty text" : shown(node.text);
    case Node::Kind::list:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
  }
  return "something else";
}

std::optional<Node> parseDocument(const std::string& text, Errors& errors, std::uint32_t file) {
  if (refuseControlCharacters(text, errors, file)) return std::nullopt;
  TreeBuilder tree(errors, file);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(tree)) continue;
  } catch (const YAML::Exception& error) {
    addParserError(error, tree, errors, file);
    return std::nullopt;
  }
  Node root = tree.takeRoot();
  if (root.kind == Node::Kind::nothing) root.kind = Node::Kind::mapping;
  return root;
}

}  // namespace zonecast::config
