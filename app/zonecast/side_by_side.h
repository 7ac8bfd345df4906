// Two maps side by side.
#pragma once

namespace zonecast {

// Calls back, in order, for each key that is in either: with what each has, or null.
template <typename Map, typename Visit>
void visitBoth(const Map& before, const Map& after, Visit&& visit) {
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    const bool has_a = a != before.end() && (b == after.end() || !(b->first < a->first));
    const bool has_b = b != after.end() && (a == before.end() || !(a->first < b->first));
    const auto& key = has_a ? a->first : b->first;
    visit(key, has_a ? &a->second : nullptr, has_b ? &b->second : nullptr);
    if (has_a) ++a;
    if (has_b) ++b;
  }
}

}  // namespace zonecast
