#include "config/fragments.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include "config/option.h"

namespace zonecast::config {
namespace {

// Keys from the top down, as messages name an option.
using Path = std::vector<std::string_view>;

bool isMapping(const Node& node) {
  return node.kind == Node::Kind::mapping;
}

// A single value stands for a list of one wherever a list may stand.
bool joinsAsList(const Node& a, const Node& b) {
  const auto isItems = [](const Node& node) {
    return node.kind == Node::Kind::list || node.kind == Node::Kind::scalar;
  };
  const bool has_list = a.kind == Node::Kind::list || b.kind == Node::Kind::list;
  return has_list && isItems(a) && isItems(b);
}

Node asList(Node node) {
  if (node.kind == Node::Kind::list) return node;
  Node list{.kind = Node::Kind::list, .where = node.where, .text = "", .items = {}};
  list.items.push_back(std::move(node));
  return list;
}

void append(std::vector<Node>& items, std::vector<Node> added) {
  std::ranges::move(added, std::back_inserter(items));
}

void join(Node& into, Node from, Path& path, Errors& errors);

void joinMappings(Node& into, Node from, Path& path, Errors& errors) {
  absl::flat_hash_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < into.items.size(); i += 2) places.emplace(into.items[i].text, i + 1);
  std::vector<Node> added;
  for (std::size_t i = 0; i < from.items.size(); i += 2) {
    const auto place = places.find(from.items[i].text);
    if (place == places.end()) {
      added.push_back(std::move(from.items[i]));
      added.push_back(std::move(from.items[i + 1]));
      continue;
    }
    path.push_back(place->first);
    join(into.items[place->second], std::move(from.items[i + 1]), path, errors);
    path.pop_back();
  }
  append(into.items, std::move(added));
}

void join(Node& into, Node from, Path& path, Errors& errors) {
  if (isMapping(into) && isMapping(from)) return joinMappings(into, std::move(from), path, errors);
  if (joinsAsList(into, from)) {
    into = asList(std::move(into));
    return append(into.items, asList(std::move(from)).items);
  }
  errors.add(from.where,
             fmt::format("expected {} once, but it stands at {} already: only lists and "
                         "mappings are added to",
                         shown(fmt::format("{}", fmt::join(path, "."))),
                         errors.placeOf(into.where, from.where)));
}

}  // namespace

std::vector<std::filesystem::path> findFragments(const std::filesystem::path& file,
                                                 Errors& errors) {
  const std::filesystem::path folder = file.parent_path() / kFragmentFolder;
  std::vector<std::filesystem::path> found;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    const bool is_hidden = path.filename().native().starts_with('.');
    if (path.extension() == ".yaml" && !is_hidden) found.push_back(path);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    errors.addForWholeFile("expected a folder that can be read: " + error.message(),
                           errors.addFile(folder.string()));
  }
  std::ranges::sort(found);
  return found;
}

void addFragment(Node& root, Node fragment, Errors& errors) {
  if (!checkMapping(fragment, "a mapping of options", errors)) return;
  Path path;
  if (isMapping(root)) joinMappings(root, std::move(fragment), path, errors);
}

}  // namespace zonecast::config
