#include "reconciler/discovery/pattern_set.h"

namespace zonecast::discovery {
namespace {

bool holds(const absl::flat_hash_set<std::string>& names, std::string_view name) {
  return names.contains(absl::string_view(name.data(), name.size()));
}

}  // namespace

PatternSet::PatternSet(std::span<const Pattern> patterns) {
  for (const Pattern& pattern : patterns) {
    switch (pattern.scope()) {
      case Pattern::Scope::name:
        names_.insert(pattern.name());
        break;
      case Pattern::Scope::below:
        below_.insert(pattern.name());
        break;
      case Pattern::Scope::all:
        all_ = true;
        break;
    }
  }
}

bool PatternSet::matches(std::string_view domain) const {
  if (all_ || holds(names_, domain)) return true;
  if (below_.empty()) return false;
  for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.')) {
    domain.remove_prefix(dot + 1);
    if (holds(below_, domain)) return true;
  }
  return false;
}

}  // namespace zonecast::discovery
