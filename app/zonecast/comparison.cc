#include "app/zonecast/comparison.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "adapters/logging/printable.h"
#include "adapters/redis/convert.h"
#include "app/zonecast/side_by_side.h"
#include "app/zonecast/words.h"

namespace zonecast {
namespace {

bool isSame(const v1::DomainEntry& a, const v1::DomainEntry& b) {
  return a.did() == b.did() && a.state() == b.state() && a.role() == b.role() &&
         a.cause() == b.cause() && std::ranges::equal(a.transports(), b.transports());
}

bool isSame(const v1::VirtualDomain& a, const v1::VirtualDomain& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

std::string section(std::string_view title, const std::string& lines, int count) {
  return count == 0 ? std::string() : fmt::format("{}: {}\n{}", title, count, lines);
}

// As what would be added, or would go, if what is here were published there.
std::string onlyText(const v1::DomainEntry& entry, bool is_here) {
  v1::WatchEvent::DomainChange change;
  *(is_here ? change.mutable_after() : change.mutable_before()) = entry;
  return logging::printable(domainLine(change)) + '\n';
}

}  // namespace

Holding holdingOf(const plan::Table& table) {
  Holding holding;
  for (const auto& [domain, entry] : table.domains) {
    v1::DomainEntry message = redis::toMessage(domain, entry);
    std::string name = message.domain();
    holding.domains.emplace(std::move(name), std::move(message));
  }
  for (const auto& [did, virtual_domain] : table.virtual_domains) {
    v1::VirtualDomain message = redis::toMessage(did, *virtual_domain);
    message.clear_domains();
    std::string key = message.did();
    holding.virtual_domains.emplace(std::move(key), std::move(message));
  }
  return holding;
}

void compare(const Holding& here, const Holding& there, v1::Comparison& to) {
  visitBoth(there.domains, here.domains, [&to](const auto&, const auto* was, const auto* is) {
    if (was == nullptr) {
      *to.add_only_here() = *is;
    } else if (is == nullptr) {
      *to.add_only_there() = *was;
    } else if (!isSame(*was, *is)) {
      v1::WatchEvent::DomainChange& change = *to.add_different();
      *change.mutable_before() = *was;
      *change.mutable_after() = *is;
    } else {
      to.set_alike(to.alike() + 1);
    }
  });
  visitBoth(there.virtual_domains, here.virtual_domains,
            [&to](const auto&, const auto* was, const auto* is) {
              // Where one has it alone, its domains say it.
              if (was == nullptr || is == nullptr || isSame(*was, *is)) return;
              v1::WatchEvent::VirtualDomainChange& change = *to.add_virtual_domains();
              *change.mutable_before() = *was;
              *change.mutable_after() = *is;
            });
}

bool hasDifferences(const v1::Comparison& comparison) {
  return comparison.only_here_size() > 0 || comparison.only_there_size() > 0 ||
         comparison.different_size() > 0 || comparison.virtual_domains_size() > 0;
}

std::string comparisonText(const v1::Comparison& comparison) {
  std::string here, there, different;
  for (const auto& entry : comparison.only_here()) here += onlyText(entry, true);
  for (const auto& entry : comparison.only_there()) there += onlyText(entry, false);
  for (const auto& change : comparison.different())
    different += logging::printable(domainLine(change)) + '\n';
  for (const auto& change : comparison.virtual_domains())
    different += logging::printable(attributesLine(change)) + '\n';
  std::string text = section("only here", here, comparison.only_here_size()) +
                     section("only there", there, comparison.only_there_size()) +
                     section("different (there -> here)", different,
                             comparison.different_size() + comparison.virtual_domains_size());
  text += logging::printable(fmt::format(
              "here: version {}, {}; there: {}", comparison.version(),
              comparison.shadow() ? "which nobody published (publish: shadow)" : "as published",
              comparison.there())) +
          '\n';
  text += fmt::format(
      "{} domains alike, {} only here, {} only there, {} different; {} virtual domains different",
      comparison.alike(), comparison.only_here_size(), comparison.only_there_size(),
      comparison.different_size(), comparison.virtual_domains_size());
  if (comparison.retiring() > 0)
    text += fmt::format("; {} are retiring here, and will go", comparison.retiring());
  text += '\n';
  for (const std::string& note : comparison.notes())
    text += "note: " + logging::printable(note) + '\n';
  return text;
}

}  // namespace zonecast
