#include "test/support/described.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace zonecast::test {
namespace {

template <typename Changes>
void describeInto(std::vector<std::string>& lines, std::string_view what, const Changes& changes) {
  for (const auto& change : changes) {
    std::string line;
    if (!change.before) {
      line = fmt::format("+ {} {} {}", what, change.key.text(), describe(*change.after));
    } else if (!change.after) {
      line = fmt::format("- {} {}", what, change.key.text());
    } else {
      line = fmt::format("~ {} {} {}", what, change.key.text(), describe(*change.after));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
}

}  // namespace

std::string describe(const plan::DomainEntry& entry) {
  std::string text =
      fmt::format("{} {} {} did={}", plan::toText(entry.state), derive::toText(entry.transports),
                  derive::toText(entry.role), entry.did.text());
  if (entry.cause != plan::RetireCause::none) {
    text += fmt::format(" {} until={}", plan::toText(entry.cause),
                        entry.until.time_since_epoch().count());
  }
  return text;
}

std::string describe(const identity::VirtualDomain& virtual_domain) {
  std::vector<std::string> domains, attributes;
  for (const derive::Domain& domain : virtual_domain.domains) domains.emplace_back(domain.text());
  for (const auto& [name, values] : virtual_domain.attributes) {
    for (const auto& value : values) attributes.push_back(name + "=" + identity::toText(value));
  }
  return fmt::format("canonical={} domains={} customer={} {}", virtual_domain.canonical.text(),
                     fmt::join(domains, ","), virtual_domain.customer, fmt::join(attributes, " "));
}

std::string describe(const plan::DidRecord& record) {
  std::string text = "customer=" + record.customer;
  if (!record.from.empty()) text += " from=" + record.from;
  if (record.freed) text += " freed";
  return text;
}

std::vector<std::string> describe(const plan::ChangeSet& changes) {
  std::vector<std::string> lines;
  describeInto(lines, "domain", changes.domains);
  describeInto(lines, "did", changes.virtual_domains);
  describeInto(lines, "record", changes.records);
  return lines;
}

}  // namespace zonecast::test
