// `zonecast`: the operator's command. It asks the running zonecastd over its control socket, checks
// a configuration file without one, or exports what is in Redis. Exit codes stand in --help.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "adapters/logging/printable.h"
#include "app/version.h"
#include "app/zonecast/compare.h"
#include "app/zonecast/export.h"
#include "app/zonecast/lint_zone.h"
#include "app/zonecast/look_back.h"
#include "app/zonecast/plan_configuration.h"
#include "app/zonecast/present.h"
#include "app/zonecast/session.h"
#include "app/zonecast/table_file.h"
#include "config/configuration.h"
#include "config/reference.h"

namespace zonecast {
namespace {

constexpr const char* kFooter = R"(EXIT STATUS
  0  it is done, or the answer is printed
  1  there is no such zone, domain or option, or the domain is not hosted; for plan --config:
     something would change; for compare: they differ
  2  the command line or the request is wrong; for plan --config and
     compare: it cannot be told
  3  zonecastd (for export: Redis) cannot be reached, or did not answer in time; the table
     cannot be read, or what is exported not written
  4  the configuration file has errors; of reload: nothing is applied
  5  reload: what changed takes a restart, and nothing is applied

EXAMPLES
  zonecast status
  zonecast explain sip.example.com
  zonecast zone-status --json | jq '.[] | select(.trouble)'
  zonecast lookup sip.example.com
  zonecast export --help
  zonecast lint-zone example.com.zone
  zonecast watch)";

struct Options {
  std::filesystem::path socket = kDefaultControlSocket;
  bool json = false;
  int timeout_ms = 5000;
  TableFile table;
  ExportOptions exported;
  CompareOptions compared;
  LintOptions linted;
  Directing directing;
  std::string zone, domain, digest, did, customer, file, option, planned;
  bool markdown = false;
  std::uint64_t from = 0, to = 0;
};

int checkConfiguration(const Options& options) {
  const auto configuration = config::load(options.file);
  if (!configuration) {
    for (const config::ConfigError& error : configuration.error())
      std::cerr << config::toText(error) << '\n';
    return kExitConfiguration;
  }
  for (const std::string& warning : configuration->warnings)
    std::cerr << "zonecast: " << logging::printable(warning) << '\n';
  const loop::Settings& settings = configuration->settings;
  const bool has_own_statics = std::ranges::any_of(
      settings.customers, [](const auto& one) { return one.name == config::kStaticCustomer; });
  const std::size_t customers =
      settings.customers.size() - (settings.discovered ? 1 : 0) - (has_own_statics ? 1 : 0);
  std::cout << options.file << ": good: " << customers << " customers, " << settings.zones.size()
            << " zones, " << settings.secondary.primaries.size() << " primaries, "
            << settings.watched.size() << " watched names\n";
  return kExitDone;
}

int showOptions(const Options& options) {
  const std::string text =
      options.markdown ? config::referencePage() : config::optionsText(options.option);
  std::cout << text;
  if (!text.empty()) return kExitDone;
  std::cerr << "zonecast: there is no option " << logging::printable(options.option) << '\n';
  return kExitNotFound;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Asks zonecastd which SIP domains are hosted, and why.", "zonecast"};
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("zonecast ") + kVersion);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-s,--socket", options.socket, "control socket of zonecastd")
      ->capture_default_str()
      ->envname("ZONECAST_SOCKET");
  app.add_flag("--json", options.json, "print JSON (field names as in schema/control.proto)");
  app.add_option("--timeout", options.timeout_ms, "milliseconds to wait for an answer")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600000));

  std::function<int()> action;
  const auto verb = [&](const char* name, const char* help, std::function<int()> what) {
    CLI::App* subcommand = app.add_subcommand(name, help);
    subcommand->callback([&action, what = std::move(what)] { action = what; });
    return subcommand;
  };
  const auto ask = [&](auto&& question) {
    return [&options, question] {
      Session session(options.socket, std::chrono::milliseconds(options.timeout_ms));
      return question(session);
    };
  };

  verb("status", "how zonecastd stands: store, zones, domains",
       ask([&](Session& s) { return showStatus(s, options.json); }));
  verb("conf-check", "check a configuration file without starting anything",
       [&] { return checkConfiguration(options); })
      ->add_option("FILE", options.file, "configuration file")
      ->required();
  CLI::App* conf_help = verb("conf-help", "the options of a configuration file, or what one takes",
                             [&] { return showOptions(options); });
  conf_help->add_option("NAME", options.option,
                        "an option or section, such as limits or customers.NAME.zones[].shared");
  conf_help->add_flag("--markdown", options.markdown, "all of them, as config/REFERENCE.md");
  verb("zone-status", "serial, age and trouble of each zone, or of one",
       ask([&](Session& s) { return showZones(s, options.zone, options.json); }))
      ->add_option("ZONE", options.zone, "only this zone");
  verb("zone-refresh", "check a zone's serial at its primaries now",
       ask([&](Session& s) { return refreshZone(s, options.zone, options.json); }))
      ->add_option("ZONE", options.zone, "the zone")
      ->required();
  verb("zone-retransfer", "transfer a zone in full now, whatever its serial",
       ask([&](Session& s) { return retransferZone(s, options.zone, options.json); }))
      ->add_option("ZONE", options.zone, "the zone")
      ->required();
  verb("domain-list", "the published domains with their DIDs",
       ask([&](Session& s) { return listDomains(s, options.json); }));
  verb("domain-show", "one domain: its virtual domain and attributes",
       ask([&](Session& s) { return showDomain(s, options.domain, options.json); }))
      ->add_option("DOMAIN", options.domain, "the domain")
      ->required();
  verb("explain", "why a domain is hosted or not: every question, answer and source",
       ask([&](Session& s) { return explainDomain(s, options.domain, options.json); }))
      ->add_option("DOMAIN", options.domain, "the domain")
      ->required();
  verb("lookup-now", "ask DNS about a domain without waiting for any TTL, and explain the answer",
       ask([&](Session& s) {
         return lookUpNow(s, options.domain, std::chrono::milliseconds(options.timeout_ms),
                          options.json);
       }))
      ->add_option("DOMAIN", options.domain, "the domain")
      ->required();
  verb("history", "what became of a domain: when, and because of which record",
       ask([&](Session& s) { return showHistory(s, options.domain, options.json); }))
      ->add_option("DOMAIN", options.domain, "the domain")
      ->required();
  CLI::App* diff =
      verb("diff", "what changed between two published versions",
           ask([&](Session& s) { return showDiff(s, options.from, options.to, options.json); }));
  diff->add_option("V1", options.from, "a version")->required();
  diff->add_option("V2", options.to, "a later one")->required();
  verb("plan",
       "what the brake holds, by customer, and the digests to decide by; or what another "
       "configuration would change",
       [&, held = ask([&](Session& s) { return showPlans(s, options.json); })] {
         if (options.planned.empty()) return held();
         return planConfiguration(options.planned, options.timeout_ms, options.json);
       })
      ->add_option("-c,--config", options.planned,
                   "what this configuration would change in what is published, once every grace is "
                   "over; nothing is touched");
  describeCompare(
      *verb("compare", "what zonecastd published, or would have, against what is held elsewhere",
            ask([&](Session& s) {
              return compareHeld(s, options.compared, options.timeout_ms, options.json);
            })),
      options.compared);
  verb("approve", "let go and move what a plan shows",
       ask([&](Session& s) { return approvePlan(s, options.digest, options.json); }))
      ->add_option("DIGEST", options.digest, "of the plan, as zonecast plan shows it")
      ->required();
  verb("reject", "keep what a plan shows as it is, until DNS says something else of it",
       ask([&](Session& s) { return rejectPlan(s, options.digest, options.json); }))
      ->add_option("DIGEST", options.digest, "of the plan, as zonecast plan shows it")
      ->required();
  verb("hold", "publish nothing from now on, until release; it outlasts a restart",
       ask([&](Session& s) { return holdAll(s, options.json); }));
  verb("release", "publish again, and what has gathered first",
       ask([&](Session& s) { return releaseAll(s, options.json); }));
  const auto describeDirecting = [&](CLI::App* subcommand) {
    subcommand->add_option("DOMAIN", options.directing.domain, "the domain")->required();
    CLI::Option* until = subcommand->add_option(
        "--until", options.directing.until,
        "2026-12-24 (when that day begins, UTC), 2026-12-24T18:00:00Z, or a span such as 2h or 3d");
    subcommand->add_flag("--off", options.directing.off, "end it now")->excludes(until);
  };
  describeDirecting(
      verb("pin", "keep a domain as it is published, whatever DNS says, until a time",
           ask([&](Session& s) { return pinDomain(s, options.directing, options.json); })));
  describeDirecting(
      verb("block", "host a domain no more, whatever DNS says, until a time",
           ask([&](Session& s) { return blockDomain(s, options.directing, options.json); })));
  verb("pins", "the domains that are pinned or blocked, and until when",
       ask([&](Session& s) { return listPins(s, options.json); }));
  CLI::App* did = app.add_subcommand("did", "the permanent ids of virtual domains: whose each is");
  did->require_subcommand(1);
  const auto didVerb = [&](const char* name, const char* help, std::function<int()> what) {
    CLI::App* subcommand = did->add_subcommand(name, help);
    subcommand->callback([&action, what = std::move(what)] { action = what; });
    return subcommand;
  };
  didVerb("list", "all that are in use, kept for their customer or reserved",
          ask([&](Session& s) { return listDids(s, options.json); }));
  didVerb("show", "one of them, with its domains",
          ask([&](Session& s) { return showDid(s, options.did, options.json); }))
      ->add_option("DID", options.did, "the DID")
      ->required();
  CLI::App* transfer = didVerb(
      "transfer", "hand one over to another customer, or settle whose a disputed one is",
      ask([&](Session& s) { return transferDid(s, options.did, options.customer, options.json); }));
  transfer->add_option("DID", options.did, "the DID")->required();
  transfer->add_option("CUSTOMER", options.customer, "who is to have it, as configured")
      ->required();
  verb("reload", "have zonecastd read its configuration anew: all of it is applied, or nothing",
       ask([&](Session& s) { return reloadConfiguration(s, options.json); }));
  verb("watched", "the domains that are asked about, having no zone here: watched and discovered",
       ask([&](Session& s) { return listWatched(s, options.json); }));
  verb("workers", "who reads what is published, and how far behind each is",
       ask([&](Session& s) { return listWorkers(s, options.json); }));
  const auto readTable = [&](CLI::App* subcommand, const char* name) {
    subcommand->add_option(name, options.table.path, "table file of zonecast-mirror")
        ->capture_default_str()
        ->envname("ZONECAST_TABLE");
    subcommand->add_option("--owner", options.table.owner,
                           "the user that the table must belong to (default: root or yourself)");
  };
  CLI::App* lookup = verb("lookup", "look a host up in the table file, as a worker does",
                          [&] { return lookUp(options.table, options.domain, options.json); });
  lookup->add_option("HOST", options.domain, "host part of a SIP URI")->required();
  readTable(lookup, "--table");
  readTable(verb("table", "a table file: generations, who reads them, what is free, how old it is",
                 [&] { return showTable(options.table, options.json); }),
            "FILE");
  describeExport(*verb("export", "what is published, as the tables of Kamailio's module domain",
                       [&] { return exportPublished(options.exported, options.timeout_ms); }),
                 options.exported);
  describeLintZone(*verb("lint-zone", "what a zone would mean here, before it is published",
                         [&] { return lintZone(options.linted, options.json); }),
                   options.linted);
  verb("watch", "print change sets as they are published, until interrupted",
       ask([&](Session& s) { return watch(s, options.json); }));

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  return action();
}

}  // namespace
}  // namespace zonecast

int main(int argc, char** argv) {
  return zonecast::run(argc, argv);
}
