#include "app/zonecast/lint_zone.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "adapters/logging/printable.h"
#include "adapters/uv/loop.h"
#include "adapters/uv/zone_transport.h"
#include "app/zonecast/lint.h"
#include "app/zonecast/session.h"
#include "config/configuration.h"
#include "config/files.h"
#include "schema/json.h"

namespace zonecast {
namespace {

constexpr const char* kFooter =
    R"(zonecast lint-zone tells what a zone would mean here before anybody publishes it: which
domains would be hosted, under which DID and with which attributes, which are SIP domains that
point elsewhere and why, and what is wrong with what it says, with the line and what to do.

The zone is a master file (RFC 1035 section 5; $INCLUDE and $GENERATE are refused), or is
transferred from a primary, and is read by the operator's configuration as zonecastd would read
it. Nothing else is asked: a target in another zone is not known, and who has which DID by now
is not looked up. The zone must fit within the limits that are configured.

EXIT STATUS
  0  there is nothing to warn of
  1  there are warnings
  2  the zone or the command line cannot be used
  4  the configuration file has errors

EXAMPLES
  zonecast lint-zone example.com.zone
  named-compilezone -o - example.com example.com.zone | zonecast lint-zone --zone example.com -
  zonecast lint-zone --from 192.0.2.53 --zone example.com --key-file example.key)";

constexpr int kExitWarnings = 1;
constexpr std::uint64_t kTextPerTransferred = 8;  // octets of a text for one of a transfer
constexpr std::size_t kKeyOctetsMax = 64 * 1024;
constexpr std::uint16_t kDnsPort = 53;

using Failed = tl::unexpected<std::string>;

struct Source {
  std::unique_ptr<Rehearsal> rehearsal;
  LintSubject subject;
  RecordLines lines;
};

std::string nameOf(const LintOptions& options) {
  return options.file == "-" ? "stdin" : options.file;
}

tl::expected<std::string, std::string> readText(const std::string& file, std::uint64_t octets_max) {
  std::ifstream opened;
  if (file != "-") opened.open(file, std::ios::binary);
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text;
  for (char buffer[1 << 16]; in && text.size() <= octets_max;) {
    in.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad() || (file != "-" && !opened.is_open())) return Failed("it cannot be read");
  if (text.size() > octets_max) {
    return Failed(fmt::format("it has more than {} octets, {} times limits.zone_octets_max",
                              octets_max, kTextPerTransferred));
  }
  return text;
}

// The largest that any zone may be: whose it is, is not known before it is read.
xfr::TransferLimits largest(const loop::Settings& settings) {
  xfr::TransferLimits limits;
  for (const xfr::ZoneSettings& zone : settings.secondary.zones) {
    limits.octets_max = std::max(limits.octets_max, zone.limits.octets_max);
    limits.records_max = std::max(limits.records_max, zone.limits.records_max);
  }
  return limits;
}

tl::expected<Source, std::string> fromFile(const LintOptions& options,
                                           const loop::Settings& settings,
                                           const std::optional<dns::Name>& origin) {
  const xfr::TransferLimits limits = largest(settings);
  auto text = readText(options.file, kTextPerTransferred * limits.octets_max);
  if (!text) return Failed(fmt::format("{}: {}", nameOf(options), text.error()));
  view::ZoneLimits zone_limits = settings.zone_limits;
  zone_limits.records_max = limits.records_max;
  zone_limits.octets_max = 8 * limits.octets_max;
  Source source;
  auto zone = zoneFromText(*text, origin, zone_limits, source.lines);
  if (!zone) return Failed(fmt::format("{}:{}", nameOf(options), zone.error()));
  text->clear();
  text->shrink_to_fit();
  auto subject = lintSubject(settings, dns::Name(zone->apex()), options.customer);
  if (!subject) return Failed(subject.error());
  source.subject = *std::move(subject);
  source.rehearsal = std::make_unique<Rehearsal>(lintSettings(settings, source.subject));
  restoreInto(*source.rehearsal, *zone);
  if (!source.rehearsal->trouble().empty()) return Failed(source.rehearsal->trouble());
  source.rehearsal->begin();
  return source;
}

// "192.0.2.1", "2001:db8::1#5353", as dig has it.
tl::expected<xfr::Endpoint, std::string> endpointFrom(const std::string& text) {
  const std::size_t mark = text.find('#');
  auto address = xfr::parseAddress(text.substr(0, mark));
  if (!address) return Failed(fmt::format("--from takes ADDRESS[#PORT]: {}", address.error()));
  std::uint16_t port = kDnsPort;
  if (mark != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data() + mark + 1, end, port);
    if (error != std::errc() || read != end || port == 0) {
      return Failed("--from takes ADDRESS[#PORT]: a port is a number from 1 to 65535");
    }
  }
  return xfr::Endpoint{*address, port};
}

tl::expected<xfr::PrimarySettings, std::string> primaryFrom(const LintOptions& options) {
  auto endpoint = endpointFrom(options.primary);
  if (!endpoint) return Failed(endpoint.error());
  xfr::PrimarySettings primary{"--from", *endpoint, nullptr};
  if (options.key_file.empty()) return primary;
  const auto text = config::readFile(options.key_file, kKeyOctetsMax);
  if (!text) return Failed(fmt::format("{}: {}", options.key_file.string(), text.error()));
  auto key = dns::parseTsigKey(*text);
  if (!key) return Failed(fmt::format("{}: {}", options.key_file.string(), key.error()));
  primary.key = std::make_shared<const dns::TsigKey>(*std::move(key));
  return primary;
}

// Runs until the zone is here, or its primary has failed.
class Transfer {
 public:
  Transfer(const loop::Settings& settings, uv::Loop& loop, uv::UvZoneTransport& transport)
      : loop_(loop),
        rehearsal_(
            std::make_unique<Rehearsal>(settings, plan::Table{}, std::nullopt,
                                        Rehearsal::Outside{.clock = loop, .transport = transport})),
        deadline_(loop, [this] { rehearsal_->core().onTimer(); }) {
    transport.reportTo(rehearsal_->core());
  }

  std::unique_ptr<Rehearsal> run() && {
    loop_.observeTurns([this](Duration) { afterTurn(); });
    rehearsal_->begin();
    afterTurn();
    loop_.run();
    loop_.observeTurns({});
    return std::move(rehearsal_);
  }

 private:
  void afterTurn() {
    if (rehearsal_->hasTransferred() || !rehearsal_->trouble().empty()) return loop_.stop();
    if (const auto deadline = rehearsal_->core().nextDeadline()) deadline_.startAt(*deadline);
  }

  uv::Loop& loop_;
  std::unique_ptr<Rehearsal> rehearsal_;
  uv::Timer deadline_;
};

tl::expected<Source, std::string> fromPrimary(const LintOptions& options,
                                              const loop::Settings& settings, const dns::Name& zone,
                                              uv::Loop& loop, uv::UvZoneTransport& transport) {
  auto primary = primaryFrom(options);
  if (!primary) return Failed(primary.error());
  auto subject = lintSubject(settings, zone, options.customer);
  if (!subject) return Failed(subject.error());
  Source source{.rehearsal = nullptr, .subject = *std::move(subject), .lines = {}};
  source.rehearsal =
      Transfer(lintSettings(settings, source.subject, *primary), loop, transport).run();
  if (!source.rehearsal->hasTransferred()) return Failed(source.rehearsal->trouble());
  return source;
}

int refuse(const std::string& why) {
  std::cerr << "zonecast: " << logging::printable(why) << '\n';
  return kExitUsage;
}

}  // namespace

void describeLintZone(CLI::App& verb, LintOptions& options) {
  verb.footer(kFooter);
  CLI::Option* file =
      verb.add_option("FILE", options.file, "the zone's master file; -: standard input");
  verb.add_option("-c,--config", options.configuration, "configuration file of zonecastd")
      ->capture_default_str()
      ->envname("ZONECAST_CONFIG");
  CLI::Option* zone = verb.add_option("--zone", options.zone,
                                      "the zone's name; of a file, default: the owner of its SOA");
  verb.add_option("--customer", options.customer,
                  "whose the zone is; default: the customer that it is configured for");
  CLI::Option* from =
      verb.add_option("--from", options.primary, "ADDRESS[#PORT] of a primary to transfer it from");
  from->needs(zone)->excludes(file);
  verb.add_option("--key-file", options.key_file, "TSIG key for the transfer")->needs(from);
}

int lintZone(const LintOptions& options, bool json) {
  if (options.file.empty() == options.primary.empty()) {
    return refuse("lint-zone takes a FILE, or --from and --zone");
  }
  auto configuration = config::load(options.configuration);
  if (!configuration) {
    for (const config::ConfigError& error : configuration.error())
      std::cerr << config::toText(error) << '\n';
    return kExitConfiguration;
  }
  std::optional<dns::Name> name;
  if (!options.zone.empty()) {
    auto parsed = dns::Name::fromText(options.zone);
    if (!parsed) return refuse(fmt::format("{}: {}", options.zone, parsed.error().what));
    name = *std::move(parsed);
  }
  uv::Loop loop;
  uv::UvZoneTransport transport(loop);
  auto source = options.primary.empty()
                    ? fromFile(options, configuration->settings, name)
                    : fromPrimary(options, configuration->settings, *name, loop, transport);
  if (!source) return refuse(source.error());
  source->rehearsal->finish();
  const v1::ZoneLint found = lint(*source->rehearsal, source->subject, source->lines);
  std::cout << (json ? toJson(found) + "\n" : lintText(found, nameOf(options)));
  return found.warnings().empty() ? kExitDone : kExitWarnings;
}

}  // namespace zonecast
