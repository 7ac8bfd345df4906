// An option: one row that says what it is called, what it may be and what it is for. Rows bind to a
// `Target`, the value that they fill in; a Target made by its default constructor has the defaults,
// so that they stand once, where the value is defined.
//
// The rows stand in options.h; this file has the row, the kinds of rows, and what reads a mapping
// by them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/document.h"
#include "config/nearest.h"
#include "config/values.h"
#include "reconciler/derive/domain.h"

namespace zonecast::config {

enum class Shape : std::uint8_t {
  single,
  list,          // or a single one, for a list of one
  nonEmptyList,  // likewise
  structure,     // has rows of its own; read elsewhere
};

// What becomes of another value when the configuration is read anew.
enum class AtReload : std::uint8_t {
  applied,
  restart,  // the whole configuration is refused: it takes a restart
};

template <typename Target>
struct Option {
  std::string_view name;
  std::string expected;  // what a value must be, in words and with its bounds: "a port"
  std::string_view help;
  Shape shape = Shape::single;
  bool required = false;
  AtReload at_reload = AtReload::applied;
  std::function<void(Target&)> clear = [](Target&) {};       // makes way for the items of a list
  std::function<bool(Target&, std::string_view)> take = {};  // false: not what was expected
  std::function<std::string(Target&)> show = {};  // as it may be written; empty: there is none
};

template <typename Target>
Option<Target> required(Option<Target> option) {
  option.required = true;
  return option;
}

template <typename Target>
Option<Target> atRestart(Option<Target> option) {
  option.at_reload = AtReload::restart;
  return option;
}

// The path to a member of a member: at(&A::b, &B::c).
template <typename... Members>
auto at(Members... members) {
  // clang-format off
  return [=](auto& target) -> auto& { return (target .* ... .* members); };
  // clang-format on
}

// -- kinds of rows. `get` finds the value in the Target: a pointer to member, or at(...)

template <typename Target, typename Get>
using ValueAt = std::remove_reference_t<std::invoke_result_t<Get, Target&>>;

// Into any std::chrono::duration of whole milliseconds or more.
template <typename Target, typename Get>
Option<Target> duration(std::string_view name, Get get, Duration min, Duration max,
                        std::string_view help) {
  using Value = ValueAt<Target, Get>;
  const auto take = [=](Target& target, std::string_view text) {
    const auto value = durationFromText(text);
    if (!value || *value < min || *value > max) return false;
    const auto rounded = std::chrono::duration_cast<Value>(*value);
    std::invoke(get, target) = rounded;
    return rounded == *value;
  };
  return {.name = name,
          .expected = fmt::format("a duration from {} to {}", toText(min), toText(max)),
          .help = help,
          .take = take,
          .show = [=](Target& target) { return toText(Duration(std::invoke(get, target))); }};
}

template <typename Target, typename Get>
Option<Target> count(std::string_view name, Get get, std::uint32_t min, std::uint32_t max,
                     std::string_view help) {
  using Value = ValueAt<Target, Get>;
  static_assert(std::is_unsigned_v<Value>);
  const auto take = [=](Target& target, std::string_view text) {
    const auto value = numberFromText(text);
    if (!value || *value < min || *value > max) return false;
    std::invoke(get, target) = static_cast<Value>(*value);
    return true;
  };
  return {.name = name,
          .expected = fmt::format("a number from {} to {}", min, max),
          .help = help,
          .take = take,
          .show = [=](Target& target) { return std::to_string(std::invoke(get, target)); }};
}

template <typename Target, typename Get>
Option<Target> size(std::string_view name, Get get, std::uint64_t min, std::uint64_t max,
                    std::string_view help) {
  const auto take = [=](Target& target, std::string_view text) {
    const auto value = octetsFromText(text);
    if (!value || *value < min || *value > max) return false;
    std::invoke(get, target) = static_cast<ValueAt<Target, Get>>(*value);
    return true;
  };
  return {.name = name,
          .expected = fmt::format("a size from {} to {}, such as 4096, 64KiB or 1GiB",
                                  octetsToText(min), octetsToText(max)),
          .help = help,
          .take = take,
          .show = [=](Target& target) { return octetsToText(std::invoke(get, target)); }};
}

template <typename Target, typename Get>
using Choices = std::vector<std::pair<std::string_view, ValueAt<Target, Get>>>;

template <typename Target, typename Get>
Option<Target> choice(std::string_view name, Get get, Choices<Target, Get> choices,
                      std::string_view help) {
  std::string words;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    words += i == 0 ? "" : i + 1 < choices.size() ? ", " : " or ";
    words += choices[i].first;
  }
  const auto take = [=](Target& target, std::string_view text) {
    for (const auto& [word, value] : choices) {
      if (word != text) continue;
      std::invoke(get, target) = value;
      return true;
    }
    return false;
  };
  const auto show = [=](Target& target) {
    for (const auto& [word, value] : choices) {
      if (value == std::invoke(get, target)) return std::string(word);
    }
    return std::string();
  };
  return {.name = name, .expected = words, .help = help, .take = take, .show = show};
}

template <typename Target, typename Get>
Option<Target> toggle(std::string_view name, Get get, std::string_view help) {
  return choice<Target>(name, get, {{"true", true}, {"false", false}}, help);
}

// For what has a meaning of its own: `take` says what is accepted.
template <typename Target, typename Take>
Option<Target> text(std::string_view name, std::string_view expected, Take take,
                    std::string_view help, std::function<std::string(Target&)> show = {}) {
  return {.name = name,
          .expected = std::string(expected),
          .help = help,
          .take = take,
          .show = std::move(show)};
}

template <typename Target, typename Take>
Option<Target> list(std::string_view name, std::string_view expected, Take take,
                    std::string_view help, std::function<std::string(Target&)> show = {}) {
  return {.name = name,
          .expected = std::string(expected),
          .help = help,
          .shape = Shape::nonEmptyList,
          .take = take,
          .show = std::move(show)};
}

// "[a, b]", each as `write` has it; empty for none.
template <typename Items, typename Write>
std::string listed(const Items& items, Write write) {
  std::vector<std::string> texts;
  for (const auto& item : items) texts.push_back(write(item));
  return texts.empty() ? std::string() : fmt::format("[{}]", fmt::join(texts, ", "));
}

template <typename Target>
Option<Target> structure(std::string_view name, std::string_view expected, std::string_view help) {
  return {.name = name, .expected = std::string(expected), .help = help, .shape = Shape::structure};
}

// Names of domains; each may stand there once.
template <typename Target>
Option<Target> watchedNames(std::vector<dns::Name> Target::*names, std::string_view help) {
  const auto add = [names](Target& target, std::string_view text) {
    const auto domain = derive::Domain::fromText(text);
    if (domain) (target.*names).emplace_back(domain->name());
    return domain.has_value();
  };
  Option<Target> option = list<Target>("watched", "the name of a domain", add, help);
  option.shape = Shape::list;
  return option;
}

// -- reading

// False, and an error: this is no mapping.
bool checkMapping(const Node& node, std::string_view expected, Errors& errors);
void addUnknown(const Node& key, std::string_view what, std::span<const std::string_view> known,
                Errors& errors);
void addMismatch(const Node& node, std::string_view expected, Errors& errors);

template <typename Target>
void readValue(const Node& node, const Option<Target>& option, Target& target, Errors& errors) {
  const auto readItem = [&](const Node& item) {
    const bool taken = item.kind == Node::Kind::scalar && option.take(target, item.text);
    if (!taken) addMismatch(item, option.expected, errors);
  };
  if (option.shape == Shape::structure) return;
  option.clear(target);
  const bool is_list = node.kind == Node::Kind::list && option.shape != Shape::single;
  if (!is_list) return readItem(node);
  if (node.items.empty() && option.shape == Shape::nonEmptyList) {
    errors.add(node.where, fmt::format("expected {}, not an empty list", option.expected));
  }
  for (const Node& item : node.items) readItem(item);
}

// Reads every key of a mapping by its row; a key without a row, and a required row without a key,
// is an error. `path` stands before the options' names in messages ("redis."); `others` are keys
// that are read elsewhere.
template <typename Target>
void readOptions(const Node& mapping, std::span<const Option<Target>> options, Target& target,
                 Errors& errors, std::string_view path = "",
                 std::span<const std::string_view> others = {}) {
  if (!checkMapping(mapping, "a mapping of options", errors)) return;
  for (std::size_t i = 0; i < mapping.items.size(); i += 2) {
    const Node& key = mapping.items[i];
    const auto option = std::ranges::find(options, key.text, &Option<Target>::name);
    if (option != options.end()) {
      readValue(mapping.items[i + 1], *option, target, errors);
    } else if (std::ranges::find(others, key.text) == others.end()) {
      std::vector<std::string_view> known(others.begin(), others.end());
      for (const Option<Target>& row : options) known.push_back(row.name);
      addUnknown(key, "option", known, errors);
    }
  }
  for (const Option<Target>& option : options) {
    if (!option.required || mapping.find(option.name) != nullptr) continue;
    errors.add(mapping.where,
               fmt::format("`{}{}` is missing: expected {}", path, option.name, option.expected));
  }
}

}  // namespace zonecast::config
