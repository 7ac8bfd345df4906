#include "app/zonecast/words.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "adapters/logging/printable.h"

namespace zonecast {
namespace {

constexpr int kDepthMax = 40;  // of indentation

// "STATE_HOSTED" -> "hosted"; an enumerator that this version does not know has no name.
std::string enumeratorText(std::string name) {
  if (name.empty()) return "?";
  name.erase(0, name.find('_') + 1);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return name;
}

std::string transportsText(const v1::DomainEntry& entry) {
  std::string text;
  for (int i = 0; i < entry.transports_size(); ++i) {
    text += (i == 0 ? "" : ",") + enumeratorText(v1::Transport_Name(entry.transports(i)));
  }
  return text;
}

std::string stateText(const v1::DomainEntry& entry) {
  return enumeratorText(v1::State_Name(entry.state()));
}
std::string roleText(const v1::DomainEntry& entry) {
  return enumeratorText(v1::Role_Name(entry.role()));
}

// Why it is retiring.
std::string causeText(const v1::DomainEntry& entry) {
  switch (entry.cause()) {
    case v1::RETIRE_CAUSE_ELSEWHERE:
      return "DNS points it elsewhere";
    case v1::RETIRE_CAUSE_ABSENT:
      return "its records are gone";
    case v1::RETIRE_CAUSE_ZONE_GONE:
      return "nobody speaks for its name";
    case v1::RETIRE_CAUSE_EXPIRED:
      return "what DNS said of it has expired";
    default:
      return "?";
  }
}

std::string valueText(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kInteger:
      return std::to_string(value.integer());
    case v1::Value::kText:
      return value.text();
    case v1::Value::kBoolean:
      return value.boolean() ? "true" : "false";
    case v1::Value::kSeconds:
      return fmt::format("{}s", value.seconds());
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "?";
}

std::string zoneState(const v1::ZoneStatus& zone) {
  if (zone.has_leaves_in_seconds()) return "leaving";
  if (zone.activity() != "waiting") return zone.activity();
  if (zone.expired()) return "expired";
  if (!zone.has_serial()) return "empty";
  return zone.confirmed() ? "current" : "unconfirmed";
}

// A wall clock that was set back makes a time of the past look like one of the future.
std::string sinceText(std::int64_t seconds) {
  return durationText(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
}

std::string virtualDomainLine(const v1::WatchEvent::VirtualDomainChange& change) {
  if (!change.has_after()) return fmt::format("  - DID {}", change.before().did());
  return fmt::format("  {} DID {}  domains={}{}", change.has_before() ? '~' : '+',
                     change.after().did(), joined(change.after().domains()),
                     attributesText(change.after()));
}

}  // namespace

std::string domainLine(const v1::WatchEvent::DomainChange& change) {
  if (!change.has_before())
    return fmt::format("  + {}  {}", change.after().domain(), entryText(change.after()));
  if (!change.has_after())
    return fmt::format("  - {}  was {}", change.before().domain(), entryText(change.before()));
  return fmt::format("  ~ {}  {} -> {}", change.after().domain(), entryText(change.before()),
                     entryText(change.after()));
}

std::string attributesLine(const v1::WatchEvent::VirtualDomainChange& change) {
  const v1::VirtualDomain &was = change.before(), &is = change.after();
  std::string text = fmt::format("  ~ DID {}", is.did());
  if (was.customer() != is.customer())
    text += fmt::format("  customer {} -> {}", orDash(was.customer()), orDash(is.customer()));
  if (was.canonical() != is.canonical())
    text += fmt::format("  canonical {} -> {}", orDash(was.canonical()), orDash(is.canonical()));
  const std::string had = attributesText(was), has = attributesText(is);
  return had == has ? text : text + fmt::format(" {} ->{}", had, has);
}

std::string attributesText(const v1::VirtualDomain& virtual_domain) {
  std::string text;
  for (const v1::Attribute& attribute : virtual_domain.attributes()) {
    text += fmt::format(" {}={}", attribute.name(), valuesText(attribute));
  }
  return text;
}

std::string orDash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string workText(const v1::Status& status) {
  std::string text;
  const auto add = [&](std::uint64_t amount, std::string words) {
    if (amount > 0) text += (text.empty() ? "" : ", ") + std::move(words);
  };
  add(status.transfers_under_way(),
      fmt::format("{} transfers, {} records so far", status.transfers_under_way(),
                  status.records_arriving()));
  add(status.domains_to_derive(), fmt::format("{} domains to derive", status.domains_to_derive()));
  add(status.store_entries(), fmt::format("{} of {} entries read or staged in Redis",
                                          status.store_entries_done(), status.store_entries()));
  return text;
}

std::string durationText(std::uint64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h {}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds % 86400 / 3600);
}

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts.begin(), texts.end(), ", "));
}

std::string valuesText(const v1::Attribute& attribute) {
  std::string text;
  for (const v1::Value& value : attribute.values())
    text += (text.empty() ? "" : ", ") + valueText(value);
  return text;
}

std::string entryText(const v1::DomainEntry& entry) {
  // A table of Kamailio's says no more of a domain.
  if (entry.state() == v1::STATE_UNSPECIFIED) return fmt::format("did={}", entry.did());
  std::string text = fmt::format("{} {} {} did={}", stateText(entry), transportsText(entry),
                                 roleText(entry), entry.did());
  if (entry.cause() != v1::RETIRE_CAUSE_UNSPECIFIED) {
    text += fmt::format(", {}, until {:%FT%TZ} at least", causeText(entry),
                        std::chrono::sys_seconds(std::chrono::seconds(entry.until())));
  }
  return text;
}

std::string stepText(const v1::ExplanationStep& step) {
  std::string text(static_cast<std::size_t>(2 * std::clamp(step.depth(), 0, kDepthMax)), ' ');
  text += fmt::format("{}: {}", step.question(), step.answer());
  if (step.has_ttl()) text += fmt::format("  ttl {}", step.ttl());
  if (!step.source().empty()) text += fmt::format("  [{}]", step.source());
  text += fmt::format("  {}", step.outcome());
  if (!step.note().empty()) text += fmt::format(": {}", step.note());
  return logging::printable(text);
}

std::string planText(const v1::Plan& plan) {
  std::string text =
      fmt::format("{}: {} domains would go or move; zonecast approve {} or reject {}",
                  plan.customer(), plan.domains(), plan.digest(), plan.digest());
  text = logging::printable(text) + '\n';
  for (const v1::PlanLine& line : plan.lines()) {
    const std::string where =
        line.moves_to().empty() ? "would go" : "would move to did=" + line.moves_to();
    text += logging::printable(fmt::format("  {}  {}", line.domain(), where)) + '\n';
  }
  const auto shown = static_cast<std::uint64_t>(plan.lines_size());
  if (shown < plan.domains()) text += fmt::format("  ... and {} more\n", plan.domains() - shown);
  return text;
}

std::string reloadText(const v1::ReloadReport& report) {
  std::string text;
  const auto list = [&text](const auto& sentences) {
    for (const std::string& sentence : sentences)
      text += "  " + logging::printable(sentence) + '\n';
  };
  if (report.applied()) {
    text = report.changed().empty() ? "reloaded: nothing changed\n" : "reloaded:\n";
    list(report.changed());
    return text;
  }
  if (!report.errors().empty()) text += "not reloaded: the configuration has errors\n";
  list(report.errors());
  if (!report.at_restart().empty()) text += "not reloaded: this takes a restart\n";
  list(report.at_restart());
  if (!report.changed().empty()) text += "with it waits\n";
  list(report.changed());
  return text;
}

std::string eventText(const v1::WatchEvent& event) {
  std::string text =
      fmt::format("version {}{}  {}", event.version(), event.rebased() ? " (everything anew)" : "",
                  joined(event.causes()));
  if (event.has_edit_seconds()) {
    text += fmt::format("  {:.1f} ms from edit to published", event.edit_seconds() * 1000);
  }
  text = logging::printable(text) + '\n';
  for (const auto& change : event.domains()) text += logging::printable(domainLine(change)) + '\n';
  for (const auto& change : event.virtual_domains()) {
    text += logging::printable(virtualDomainLine(change)) + '\n';
  }
  if (event.truncated()) text += "  ... and more: zonecast domain-list shows all\n";
  return text;
}

std::vector<std::string> zoneRow(const v1::ZoneStatus& zone) {
  return {zone.zone(),
          zone.customer(),
          zone.from().empty() ? "config" : zone.from(),
          zone.has_serial() ? std::to_string(zone.serial()) : "-",
          zoneState(zone),
          orDash(zone.primary()),
          zone.has_checked_seconds_ago() ? sinceText(zone.checked_seconds_ago()) + " ago" : "never",
          sinceText(zone.next_check_seconds()),
          std::to_string(zone.records()),
          orDash(zone.trouble())};
}

std::vector<std::string> workerRow(const v1::Worker& worker) {
  const std::string refused =
      worker.refused() == 0 ? "0"
                            : fmt::format("{}: {}", worker.refused(), worker.refused_reason());
  return {worker.worker(),
          std::to_string(worker.version()),
          worker.has_versions_behind() ? std::to_string(worker.versions_behind()) : "?",
          worker.has_age() ? sinceText(worker.age()) + " ago" : "never",
          std::to_string(worker.domains()),
          sinceText(worker.heard_seconds_ago()) + " ago",
          refused,
          orDash(worker.trouble())};
}

std::vector<std::string> domainRow(const v1::DomainEntry& entry) {
  return {entry.domain(), entry.did(), stateText(entry), transportsText(entry), roleText(entry)};
}

}  // namespace zonecast
