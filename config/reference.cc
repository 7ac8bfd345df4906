#include "config/reference.h"

#include <span>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "config/options.h"

namespace zonecast::config {
namespace {

constexpr std::string_view kPageHead = R"(# Every option of zonecast's configuration

Made from the declarations in `config/` (`zonecast conf-help --markdown`); a test holds this page to them.
[zonecast.sample.yaml](zonecast.sample.yaml) shows the options at work. `zonecast conf-check FILE` checks a file
without starting anything; `zonecast conf-help NAME` tells the same as this page.

- **Durations** are a number and `ms`, `s`, `m`, `h` or `d`; **sizes** a number of octets, or one with `KiB`, `MiB` or `GiB`.
- **Lists**: a single item may stand without brackets.
- **Paths** are relative to the folder of the configuration file.
- **Secrets** stand in files of their own, which the configuration names.
- **conf.d**: what is in `conf.d/*.yaml` beside the file is added to it, in the order of the files' names: keys to
  mappings, items to lists. A single value stands once in all files.
- **Reload**: `zonecast reload`, or SIGHUP, reads all files anew and applies what changed, all or nothing. A change of an
  option that says `restart` has all of it refused.
)";

template <typename Target>
std::string initialOf(const Option<Target>& option) {
  if (option.required) return "required";
  Target fresh;
  const std::string shown = option.show ? option.show(fresh) : "";
  return shown.empty() ? "none" : shown;
}

template <typename Target>
OptionTable table(std::string path, std::string_view help,
                  std::span<const Option<Target>> options) {
  OptionTable result{std::move(path), std::string(help), {}};
  for (const Option<Target>& option : options) {
    const bool is_list = option.shape == Shape::list || option.shape == Shape::nonEmptyList;
    result.options.push_back({std::string(option.name),
                              (is_list ? "a list of: " : "") + option.expected, initialOf(option),
                              std::string(option.help), option.at_reload == AtReload::restart});
  }
  return result;
}

std::string asSentence(std::string text) {
  text.front() = absl::ascii_toupper(static_cast<unsigned char>(text.front()));
  return text + '.';
}

// "limits." -> "limits"
std::string_view withoutDot(std::string_view path) {
  return path.substr(0, path.size() - path.ends_with('.'));
}

// Whether an option, or all of a table, is at or below `path`.
bool isBelow(std::string_view name, std::string_view path) {
  if (!name.starts_with(path)) return false;
  const std::string_view rest = name.substr(path.size());
  return path.empty() || rest.empty() || rest.front() == '.' || rest.front() == '[';
}

}  // namespace

std::vector<OptionTable> optionTables() {
  std::vector<OptionTable> all;
  for (const Section& section : sections()) {
    all.push_back(table<Draft>(section.name.empty() ? "" : fmt::format("{}.", section.name),
                               section.help, section.options));
  }
  all.push_back(
      table("edge[].", "one rule of the edge: hosts or addresses, and ports there", edgeOptions()));
  all.push_back(table("attributes.NAME.", "one attribute that a virtual domain may have",
                      attributeOptions()));
  all.push_back(table("static[].", "one static virtual domain", staticOptions()));
  all.push_back(table("customers.NAME.", "one customer", customerOptions()));
  all.push_back(table("customers.NAME.primaries.NAME.", "one primary of a customer's zones",
                      primaryOptions()));
  all.push_back(table("customers.NAME.zones[].",
                      "one zone of a customer; its name alone may stand in place of a mapping",
                      zoneOptions()));
  all.push_back(table("customers.NAME.catalogs[].",
                      "one catalog zone of a customer, which lists further zones of it",
                      catalogOptions()));
  all.push_back(table("customers.NAME.catalogs[].groups.NAME.", "one group of a catalog's members",
                      groupOptions()));
  return all;
}

std::string referencePage() {
  std::string page(kPageHead);
  for (const OptionTable& table : optionTables()) {
    const std::string_view path = withoutDot(table.path);
    page += path.empty() ? "\n## The top level\n" : fmt::format("\n## `{}`\n", path);
    page += fmt::format("\n{}\n\n", asSentence(table.help));
    page += "| option | takes | default | reload | what it is for |\n|---|---|---|---|---|\n";
    for (const OptionHelp& option : table.options) {
      const bool is_word = option.initial == "none" || option.initial == "required";
      page += fmt::format("| `{}` | {} | {} | {} | {} |\n", option.name, option.takes,
                          is_word ? option.initial : fmt::format("`{}`", option.initial),
                          option.at_restart ? "restart" : "applied", option.help);
    }
  }
  return page;
}

std::string optionsText(std::string_view path) {
  std::string text;
  for (const OptionTable& table : optionTables()) {
    std::string rows;
    for (const OptionHelp& option : table.options) {
      const std::string name = table.path + option.name;
      if (!isBelow(name, path)) continue;
      rows +=
          fmt::format("  {}\n      {}\n      takes {}; {}{}{}\n", name, option.help, option.takes,
                      option.initial == "required" ? "" : "default: ", option.initial,
                      option.at_restart ? "; changed by a restart alone" : "");
    }
    if (rows.empty()) continue;
    const std::string_view title = withoutDot(table.path);
    text += fmt::format("{}{}: {}\n{}", text.empty() ? "" : "\n",
                        title.empty() ? "the top level" : title, table.help, rows);
  }
  return text;
}

}  // namespace zonecast::config
