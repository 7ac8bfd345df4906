// What a change set does to a table, and to another change set.
#include <utility>

#include "reconciler/plan/plan.h"

namespace zonecast::plan {
namespace {

template <typename Key, typename Value>
void applyTo(absl::btree_map<Key, Value>& values, const std::vector<Change<Key, Value>>& changes) {
  for (const auto& change : changes) {
    if (change.after) {
      values.insert_or_assign(change.key, *change.after);
    } else {
      values.erase(change.key);
    }
  }
}

// Both ascending, and so is the result.
template <typename Key, typename Value>
std::vector<Change<Key, Value>> mergeChanges(std::vector<Change<Key, Value>> earlier,
                                             std::vector<Change<Key, Value>> later) {
  std::vector<Change<Key, Value>> merged;
  merged.reserve(earlier.size() + later.size());
  auto first = earlier.begin();
  auto second = later.begin();
  while (first != earlier.end() && second != later.end()) {
    if (first->key < second->key) {
      merged.push_back(std::move(*first++));
    } else if (second->key < first->key) {
      merged.push_back(std::move(*second++));
    } else {
      first->after = std::move(second->after);
      if (first->before != first->after) merged.push_back(std::move(*first));
      ++first;
      ++second;
    }
  }
  merged.insert(merged.end(), std::move_iterator(first), std::move_iterator(earlier.end()));
  merged.insert(merged.end(), std::move_iterator(second), std::move_iterator(later.end()));
  return merged;
}

}  // namespace

void apply(const ChangeSet& changes, Table& table) {
  applyTo(table.domains, changes.domains);
  applyTo(table.virtual_domains, changes.virtual_domains);
  applyTo(table.records, changes.records);
}

ChangeSet merge(ChangeSet earlier, ChangeSet later) {
  ChangeSet merged;
  merged.domains = mergeChanges(std::move(earlier.domains), std::move(later.domains));
  merged.virtual_domains =
      mergeChanges(std::move(earlier.virtual_domains), std::move(later.virtual_domains));
  merged.records = mergeChanges(std::move(earlier.records), std::move(later.records));
  merged.causes = std::move(earlier.causes);
  merged.causes.insert(merged.causes.end(), std::move_iterator(later.causes.begin()),
                       std::move_iterator(later.causes.end()));
  return merged;
}

}  // namespace zonecast::plan
