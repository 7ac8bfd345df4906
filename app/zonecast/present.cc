#include "app/zonecast/present.h"

#include <algorithm>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "adapters/logging/printable.h"
#include "app/zonecast/columns.h"
#include "app/zonecast/words.h"
#include "schema/json.h"

namespace zonecast {
namespace {

// Prints one JSON array over any number of pages.
class JsonArray {
 public:
  JsonArray() { std::cout << '['; }
  ~JsonArray() { std::cout << (first_ ? "]\n" : "\n]\n"); }
  void add(const google::protobuf::Message& message) {
    std::cout << (std::exchange(first_, false) ? "\n  " : ",\n  ") << toJson(message);
  }

 private:
  bool first_ = true;
};

// Asks for page after page; `ask` makes the request for what comes after a name, `take` prints a
// page and returns the last name, or nothing when there is no more.
template <typename Ask, typename Take>
int pages(Session& session, Ask&& ask, Take&& take) {
  std::optional<std::string> after = "";
  while (after) {
    const auto response = session.ask(ask(*after));
    if (!response) return session.exitCode();
    after = take(*response);
  }
  return kExitDone;
}

int printDone(Session& session, const v1::ControlRequest& request, bool json) {
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  std::cout << (json ? toJson(response->done()) : logging::printable(response->done().text()))
            << '\n';
  return kExitDone;
}

std::string timeText(std::uint64_t seconds_since_1970) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC",
                     fmt::gmtime(static_cast<std::time_t>(seconds_since_1970)));
}

void printReport(const v1::DomainReport& report) {
  Columns columns;
  columns.row({"domain", report.domain()});
  columns.row({"customer", orDash(report.customer())});
  columns.row({"DNS says", report.missing().empty() ? orDash(report.standing())
                                                    : report.standing() + ": " + report.missing()});
  columns.row({"published", report.has_published() ? entryText(report.published()) : "no"});
  if (report.has_pin()) {
    columns.row({"operator", fmt::format("{} until {}",
                                         report.pin().kind() == "block"
                                             ? "blocked it: it is not hosted,"
                                             : "pinned it: it stays as it is published,",
                                         timeText(report.pin().until()))});
  }
  if (!report.held().empty()) columns.row({"held", report.held()});
  if (report.has_virtual_domain()) {
    const v1::VirtualDomain& virtual_domain = report.virtual_domain();
    columns.row({"DID", virtual_domain.did()});
    columns.row({"canonical", virtual_domain.canonical()});
    columns.row({"domains", joined(virtual_domain.domains())});
    for (const v1::Attribute& attribute : virtual_domain.attributes()) {
      columns.row({attribute.name(), valuesText(attribute)});
    }
  }
  for (const std::string& warning : report.warnings()) columns.row({"warning", warning});
  columns.print(std::cout);
}

std::vector<std::string> didRow(const v1::DidReport& report) {
  return {report.did(),
          report.customer(),
          report.state(),
          report.kept_until() != 0 ? timeText(report.kept_until()) : "-",
          std::to_string(report.domains_count()),
          orDash(report.canonical())};
}

std::vector<std::string> watchedRow(const v1::Watched& watched) {
  const std::string next = watched.has_next_question_seconds()
                               ? "in " + durationText(watched.next_question_seconds())
                               : "-";
  return {watched.domain(),
          orDash(watched.customer()),
          watched.standing(),
          watched.published() ? (watched.idle() ? "idle" : "yes") : "no",
          next,
          std::to_string(watched.questions()),
          orDash(watched.missing())};
}

int printExplanation(const v1::Explanation& explanation, bool json) {
  const bool hosted = explanation.report().has_published() || explanation.report().has_desired();
  if (json) {
    std::cout << toJson(explanation) << '\n';
    return hosted ? kExitDone : kExitNotFound;
  }
  printReport(explanation.report());
  std::cout << '\n';
  for (const v1::ExplanationStep& step : explanation.steps()) std::cout << stepText(step) << '\n';
  if (!explanation.first_failure().empty())
    std::cout << "\nNot hosted: " << logging::printable(explanation.first_failure()) << '\n';
  if (explanation.remedy_size() > 0) std::cout << "\nThe zone's owner could add:\n";
  for (const std::string& record : explanation.remedy())
    std::cout << "  " << logging::printable(record) << '\n';
  return hosted ? kExitDone : kExitNotFound;
}

}  // namespace

int showStatus(Session& session, bool json) {
  v1::ControlRequest request;
  request.mutable_status();
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  const v1::Status& status = response->status();
  if (json) {
    std::cout << toJson(status) << '\n';
    return kExitDone;
  }
  Columns columns;
  columns.row({"zonecastd", fmt::format("{}, up {}", status.daemon_version(),
                                        durationText(status.uptime_seconds()))});
  if (status.shadow())
    columns.row({"SHADOW", "nothing is published: what is told here would be; zonecast compare"});
  if (status.held_since() != 0) {
    columns.row({"HELD", fmt::format("by the operator since {}: nothing is published until "
                                     "zonecast release",
                                     timeText(status.held_since()))});
  }
  columns.row({"store", status.store()});
  columns.row({"lineage", orDash(status.lineage())});
  columns.row({"version", fmt::format("{} (term {})", status.version(), status.term())});
  columns.row(
      {"zones",
       fmt::format("{}: {} loaded, {} confirmed, {} in work, {} in trouble, {} expired, {} leaving",
                   status.zones(), status.zones_loaded(), status.zones_confirmed(),
                   status.zones_in_work(), status.zones_in_trouble(), status.zones_expired(),
                   status.zones_leaving())});
  columns.row({"catalogs", fmt::format("{} zones from catalogs; {} refused or listed twice",
                                       status.members(), status.members_refused())});
  columns.row(
      {"domains",
       fmt::format("{} in {} virtual domains; {} retiring, {} braked, {} held, {} waiting",
                   status.domains(), status.virtual_domains(), status.domains_retiring(),
                   status.domains_braked(), status.domains_held(), status.domains_waiting())});
  if (const std::string work = workText(status); !work.empty()) columns.row({"under way", work});
  if (status.domains_directed() != 0) {
    columns.row({"pins", fmt::format("{} domains pinned or blocked by the operator: zonecast pins",
                                     status.domains_directed())});
  }
  columns.row({"claims", fmt::format("{} contested; {} DIDs kept or reserved, {} disputed",
                                     status.domains_contested(), status.dids_kept(),
                                     status.dids_disputed())});
  columns.row(
      {"asked about", fmt::format("{} watched, {} discovered; {} that workers met are looked up",
                                  status.domains_watched(), status.domains_discovered(),
                                  status.domains_wanted())});
  columns.row({"questions", fmt::format("{} to resolvers; {} unanswered, {} failing, {} waiting",
                                        status.questions(), status.questions_unanswered(),
                                        status.questions_failing(), status.questions_waiting())});
  columns.print(std::cout);
  return kExitDone;
}

int showZones(Session& session, const std::string& zone, bool json) {
  std::optional<JsonArray> array;
  if (json) array.emplace();
  Columns columns;
  columns.row({"ZONE", "CUSTOMER", "FROM", "SERIAL", "STATE", "PRIMARY", "CHECKED", "NEXT",
               "RECORDS", "TROUBLE"});
  const int code = pages(
      session,
      [&](const std::string& after) {
        v1::ControlRequest request;
        request.mutable_zone_status()->set_zone(zone);
        request.mutable_zone_status()->set_after(after);
        return request;
      },
      [&](const v1::ControlResponse& response) -> std::optional<std::string> {
        const v1::ZoneStatusList& list = response.zone_status();
        for (const v1::ZoneStatus& one : list.zones()) {
          json ? array->add(one) : columns.row(zoneRow(one));
        }
        return list.more() && list.zones_size() > 0 ? std::optional(list.zones().rbegin()->zone())
                                                    : std::nullopt;
      });
  if (!json && code == kExitDone) columns.print(std::cout);
  return code;
}

int refreshZone(Session& session, const std::string& zone, bool json) {
  v1::ControlRequest request;
  request.mutable_zone_refresh()->set_zone(zone);
  return printDone(session, request, json);
}

int retransferZone(Session& session, const std::string& zone, bool json) {
  v1::ControlRequest request;
  request.mutable_zone_retransfer()->set_zone(zone);
  return printDone(session, request, json);
}

int listDomains(Session& session, bool json) {
  std::optional<JsonArray> array;
  if (json) array.emplace();
  Columns columns;
  columns.row({"DOMAIN", "DID", "STATE", "TRANSPORTS", "ROLE"});
  const int code = pages(
      session,
      [](const std::string& after) {
        v1::ControlRequest request;
        request.mutable_domain_list()->set_after(after);
        return request;
      },
      [&](const v1::ControlResponse& response) -> std::optional<std::string> {
        const v1::DomainList& list = response.domain_list();
        for (const v1::DomainEntry& entry : list.domains()) {
          json ? array->add(entry) : columns.row(domainRow(entry));
        }
        return list.more() && list.domains_size() > 0
                   ? std::optional(list.domains().rbegin()->domain())
                   : std::nullopt;
      });
  if (!json && code == kExitDone) columns.print(std::cout);
  return code;
}

int showDomain(Session& session, const std::string& domain, bool json) {
  v1::ControlRequest request;
  request.mutable_domain_show()->set_domain(domain);
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  if (json) {
    std::cout << toJson(response->domain_show()) << '\n';
  } else {
    printReport(response->domain_show());
  }
  return kExitDone;
}

int explainDomain(Session& session, const std::string& domain, bool json) {
  v1::ControlRequest request;
  request.mutable_explain()->set_domain(domain);
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  return printExplanation(response->explain(), json);
}

int lookUpNow(Session& session, const std::string& domain, std::chrono::milliseconds patience,
              bool json) {
  constexpr std::chrono::milliseconds kInterval{20};
  v1::ControlRequest request;
  request.mutable_lookup_now()->set_domain(domain);
  if (!session.ask(request)) return session.exitCode();
  request.mutable_explain()->set_domain(domain);
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto response = session.ask(request);
    if (!response) return session.exitCode();
    const bool is_over = std::chrono::steady_clock::now() >= end;
    if (!response->explain().report().looked_up() || is_over) {
      return printExplanation(response->explain(), json);
    }
    std::this_thread::sleep_for(kInterval);
  }
}

int listWatched(Session& session, bool json) {
  std::optional<JsonArray> array;
  if (json) array.emplace();
  Columns columns;
  columns.row({"DOMAIN", "CUSTOMER", "DNS SAYS", "PUBLISHED", "NEXT", "QUESTIONS", "MISSING"});
  const int code = pages(
      session,
      [](const std::string& after) {
        v1::ControlRequest request;
        request.mutable_watched()->set_after(after);
        return request;
      },
      [&](const v1::ControlResponse& response) -> std::optional<std::string> {
        const v1::WatchedList& list = response.watched();
        for (const v1::Watched& one : list.domains()) {
          json ? array->add(one) : columns.row(watchedRow(one));
        }
        return list.next().empty() ? std::nullopt : std::optional(list.next());
      });
  if (!json && code == kExitDone) columns.print(std::cout);
  return code;
}

int listDids(Session& session, bool json) {
  std::optional<JsonArray> array;
  if (json) array.emplace();
  Columns columns;
  columns.row({"DID", "CUSTOMER", "STATE", "UNTIL", "DOMAINS", "CANONICAL"});
  const int code = pages(
      session,
      [](const std::string& after) {
        v1::ControlRequest request;
        request.mutable_did_list()->set_after(after);
        return request;
      },
      [&](const v1::ControlResponse& response) -> std::optional<std::string> {
        const v1::DidList& list = response.did_list();
        for (const v1::DidReport& one : list.dids()) {
          json ? array->add(one) : columns.row(didRow(one));
        }
        return list.more() && list.dids_size() > 0 ? std::optional(list.dids().rbegin()->did())
                                                   : std::nullopt;
      });
  if (!json && code == kExitDone) columns.print(std::cout);
  return code;
}

int showDid(Session& session, const std::string& did, bool json) {
  v1::ControlRequest request;
  request.mutable_did_show()->set_did(did);
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  const v1::DidReport& report = response->did_show();
  if (json) {
    std::cout << toJson(report) << '\n';
    return kExitDone;
  }
  Columns columns;
  columns.row({"did", report.did()});
  columns.row({"state", report.state()});
  columns.row({"customer", report.customer()});
  if (!report.on_disk().empty()) columns.row({"customer on disk", report.on_disk()});
  if (!report.handed_over_to().empty()) columns.row({"handed over to", report.handed_over_to()});
  if (report.freed() != 0) columns.row({"free since", timeText(report.freed())});
  if (report.kept_until() != 0) columns.row({"kept until", timeText(report.kept_until())});
  if (!report.canonical().empty()) columns.row({"canonical", report.canonical()});
  for (const std::string& domain : report.domains()) columns.row({"domain", domain});
  const auto shown = static_cast<std::uint64_t>(report.domains_size());
  if (shown < report.domains_count()) {
    columns.row({"", fmt::format("and {} more", report.domains_count() - shown)});
  }
  columns.print(std::cout);
  return kExitDone;
}

int transferDid(Session& session, const std::string& did, const std::string& customer, bool json) {
  v1::ControlRequest request;
  request.mutable_did_transfer()->set_did(did);
  request.mutable_did_transfer()->set_customer(customer);
  return printDone(session, request, json);
}

int listWorkers(Session& session, bool json) {
  std::optional<JsonArray> array;
  if (json) array.emplace();
  Columns columns;
  columns.row({"WORKER", "VERSION", "BEHIND", "CURRENT", "DOMAINS", "HEARD", "REFUSED", "TROUBLE"});
  std::string trouble;
  const int code = pages(
      session,
      [](const std::string& after) {
        v1::ControlRequest request;
        request.mutable_workers()->set_after(after);
        return request;
      },
      [&](const v1::ControlResponse& response) -> std::optional<std::string> {
        const v1::WorkerList& list = response.workers();
        trouble = list.trouble();
        for (const v1::Worker& one : list.workers()) {
          json ? array->add(one) : columns.row(workerRow(one));
        }
        return list.more() && list.workers_size() > 0
                   ? std::optional(list.workers().rbegin()->worker())
                   : std::nullopt;
      });
  if (!trouble.empty()) std::cerr << "zonecast: " << logging::printable(trouble) << '\n';
  if (!json && code == kExitDone) columns.print(std::cout);
  return code;
}

int showPlans(Session& session, bool json) {
  v1::ControlRequest request;
  request.mutable_plan();
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  if (json) {
    std::cout << toJson(response->plan()) << '\n';
    return kExitDone;
  }
  if (response->plan().plans().empty()) std::cout << "nothing is held by the brake\n";
  for (const v1::Plan& plan : response->plan().plans()) std::cout << planText(plan);
  return kExitDone;
}

int approvePlan(Session& session, const std::string& digest, bool json) {
  v1::ControlRequest request;
  request.mutable_approve()->set_digest(digest);
  return printDone(session, request, json);
}

int rejectPlan(Session& session, const std::string& digest, bool json) {
  v1::ControlRequest request;
  request.mutable_reject()->set_digest(digest);
  return printDone(session, request, json);
}

int holdAll(Session& session, bool json) {
  v1::ControlRequest request;
  request.mutable_hold();
  return printDone(session, request, json);
}

int releaseAll(Session& session, bool json) {
  v1::ControlRequest request;
  request.mutable_release();
  return printDone(session, request, json);
}

namespace {

template <typename Request>
void fill(Request& request, const Directing& directing) {
  request.set_domain(directing.domain);
  request.set_until(directing.until);
  request.set_off(directing.off);
}

}  // namespace

int pinDomain(Session& session, const Directing& directing, bool json) {
  v1::ControlRequest request;
  fill(*request.mutable_pin(), directing);
  return printDone(session, request, json);
}

int blockDomain(Session& session, const Directing& directing, bool json) {
  v1::ControlRequest request;
  fill(*request.mutable_block(), directing);
  return printDone(session, request, json);
}

int listPins(Session& session, bool json) {
  std::optional<JsonArray> array;
  if (json) array.emplace();
  Columns columns;
  columns.row({"DOMAIN", "KIND", "UNTIL"});
  const int code = pages(
      session,
      [](const std::string& after) {
        v1::ControlRequest request;
        request.mutable_pins()->set_after(after);
        return request;
      },
      [&](const v1::ControlResponse& response) -> std::optional<std::string> {
        const v1::PinList& list = response.pins();
        for (const v1::Pin& one : list.pins()) {
          json ? array->add(one) : columns.row({one.domain(), one.kind(), timeText(one.until())});
        }
        return list.more() && list.pins_size() > 0 ? std::optional(list.pins().rbegin()->domain())
                                                   : std::nullopt;
      });
  if (!json && code == kExitDone) columns.print(std::cout);
  return code;
}

int reloadConfiguration(Session& session, bool json) {
  v1::ControlRequest request;
  request.mutable_reload();
  const auto response = session.ask(request);
  if (!response) return session.exitCode();
  const v1::ReloadReport& report = response->reload();
  if (json) {
    std::cout << toJson(report) << '\n';
  } else {
    (report.applied() ? std::cout : std::cerr) << reloadText(report);
  }
  return report.applied() ? kExitDone : report.errors().empty() ? kExitRestart : kExitConfiguration;
}

int watch(Session& session, bool json) {
  return session.follow([&](const v1::WatchEvent& event) {
    std::cout << (json ? toJson(event) + "\n" : eventText(event)) << std::flush;
  });
}

}  // namespace zonecast
