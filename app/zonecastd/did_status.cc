#include "app/zonecastd/did_status.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace zonecast {
namespace {

std::uint64_t secondsSince1970(WallTime time) {
  return static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

std::string_view stateOf(const loop::DidReport& report) {
  if (report.dispute) return "disputed";
  if (report.in_use) return report.record ? "handed over" : "in use";
  return !report.record->freed || report.kept_until ? "kept" : "reserved";
}

}  // namespace

v1::DidReport toMessage(const loop::DidReport& report, std::size_t domains_max) {
  v1::DidReport message;
  message.set_did(std::string(report.did.text()));
  message.set_state(std::string(stateOf(report)));
  if (report.record) message.set_customer(report.record->customer);
  if (report.in_use) {
    const identity::VirtualDomain& used = *report.in_use;
    message.set_customer(used.customer);
    message.set_canonical(std::string(used.canonical.text()));
    message.set_domains_count(used.domains.size());
    const std::size_t shown = std::min(domains_max, used.domains.size());
    for (std::size_t i = 0; i < shown; ++i) {
      message.add_domains(std::string(used.domains[i].text()));
    }
    if (report.record) message.set_handed_over_to(report.record->customer);
  }
  if (report.record && report.record->freed)
    message.set_freed(secondsSince1970(*report.record->freed));
  if (report.kept_until) message.set_kept_until(secondsSince1970(*report.kept_until));
  if (report.dispute) message.set_on_disk(report.dispute->on_disk);
  return message;
}

}  // namespace zonecast
