// What documents the options: their declarations, as tables and as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zonecast::config {

struct OptionHelp {
  std::string name;
  std::string takes;    // in words, with its bounds
  std::string initial;  // the default, as it may be written; "none", or "required"
  std::string help;
  bool at_restart = false;  // it is changed by a restart alone, not by a reload
};

struct OptionTable {
  std::string path;  // before its options' names: "", "limits.", "customers.NAME.zones[]."
  std::string help;
  std::vector<OptionHelp> options;
};

std::vector<OptionTable> optionTables();

// config/REFERENCE.md.
std::string referencePage();

// The options at and below a path as NAME.OPTION, all for an empty one; empty when there are none.
std::string optionsText(std::string_view path);

}  // namespace zonecast::config
