#include "adapters/journal/log.h"

#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace zonecast::journal {
namespace {

// Of a question; a few seconds late is what jitter and a busy minute make.
constexpr Duration kLatenessMax = std::chrono::seconds{10};

constexpr std::size_t kCausesOctets = 120;  // then they are cut short

std::string milliseconds(Duration duration) {
  return fmt::format("{:.3f}", static_cast<double>(duration.count()) / 1000.0);
}

template <typename Changes>
std::string tally(const Changes& changes) {
  std::size_t added = 0, removed = 0;
  for (const auto& change : changes) {
    added += !change.before;
    removed += !change.after;
  }
  return fmt::format("+{} ~{} -{}", added, changes.size() - added - removed, removed);
}

std::string listed(const std::vector<plan::Cause>& causes) {
  std::string text;
  for (const plan::Cause& cause : causes) {
    if (text.size() > kCausesOctets) return text + ", ...";
    text += (text.empty() ? "" : ", ") + cause.text;
  }
  return text;
}

}  // namespace

Log::Log(const loop::Settings& settings, const ports::Clock& clock, Output out)
    : settings_(settings), clock_(clock), out_(std::move(out)) {}

void Log::record(const ports::Fact& fact) {
  std::visit([this](const auto& what) { write(what); }, fact);
}

const std::string& Log::primaryName(xfr::PrimaryId primary) const {
  return settings_.secondary.primaries[static_cast<std::size_t>(primary)].name;
}

void Log::warnSeldom(Repeats& repeats, const std::string& subject, Line line) {
  const auto omitted = repeats.admit(subject, clock_.now().mono);
  if (!omitted) return;
  omitted->addTo(line);
  out_.warn(line);
}

void Log::write(const xfr::ZoneCurrent& fact) {
  if (!out_.wants(Output::Level::debug)) return;
  out_.debug(Line("zone is current")
                 .add("zone", fact.name.toText())
                 .add("serial", fact.serial.value())
                 .add("primary", primaryName(fact.primary)));
}

void Log::write(const xfr::ZoneTransferred& fact) {
  out_.info(Line("zone transferred")
                .add("zone", fact.name.toText())
                .add("from", fact.from ? std::to_string(fact.from->value()) : "none")
                .add("to", fact.to.value())
                .add("shape", fact.shape == xfr::TransferShape::ixfr ? "ixfr" : "axfr")
                .add("primary", primaryName(fact.primary))
                .add("records", fact.records)
                .add("octets", fact.octets)
                .add("took_ms", milliseconds(fact.took)));
}

void Log::write(const xfr::ZoneFailure& fact) {
  const std::string zone = fact.name.toText();
  warnSeldom(zone_failures_, zone + " " + fact.reason,
             Line(fact.text)
                 .add("zone", zone)
                 .add("primary", primaryName(fact.primary))
                 .add("reason", fact.reason));
}

void Log::write(const xfr::ZoneExpired& fact) {
  out_.error(Line("zone has expired: no primary has confirmed it for its EXPIRE; see to them. "
                  "Its domains stay, or retire, as retire.on_expire says")
                 .add("zone", fact.name.toText()));
}

void Log::write(const xfr::ConnectionsScarce& fact) {
  out_.warn(Line("SOA queries wait for a connection: limits.connections_max are open; raise it, or "
                 "lower limits.transfers_max")
                .add("connections_max", fact.connections_max)
                .add("servers_waiting", fact.servers_waiting));
}

void Log::write(const ports::NotifyReceived& fact) {
  const bool accepted = fact.result == xfr::NotifyResult::accepted;
  if (accepted && !out_.wants(Output::Level::debug)) return;
  const std::string result(xfr::toText(fact.result));
  Line line("NOTIFY " + result);
  line.add("zone", fact.zone.empty() ? "-" : fact.zone).add("sender", fact.sender);
  if (accepted) return out_.debug(line);
  warnSeldom(notifies_, result + " " + fact.sender, std::move(line));
}

void Log::write(const ports::Published& fact) {
  Line line(is_shadow_ ? "would be published" : "published");
  line.add("version", static_cast<std::uint64_t>(fact.version))
      .add("domains", tally(fact.changes->domains))
      .add("virtual_domains", tally(fact.changes->virtual_domains))
      .add("cause", listed(fact.changes->causes))
      .add("store_ms", milliseconds(fact.store_took));
  if (fact.rebased) line.add("rebased", "yes");
  out_.info(line);
}

void Log::write(const ports::StoreOpened& fact) {
  out_.info(Line("store open: " + fact.resumption)
                .add("term", static_cast<std::uint64_t>(fact.term))
                .add("version", static_cast<std::uint64_t>(fact.version)));
}

void Log::write(const ports::StoreLost& fact) {
  warnSeldom(store_losses_, fact.why, Line("store lost: " + fact.why));
}

void Log::write(const ports::StoreTrouble& fact) {
  warnSeldom(store_troubles_, fact.why, Line("store: " + fact.why));
}

void Log::write(const ports::DiskTrouble& fact) {
  warnSeldom(disk_troubles_, fact.why, Line("disk: " + fact.why));
}

void Log::write(const ports::BrakeHolds& fact) {
  out_.warn(Line("the brake holds what would go or move: zonecast plan shows it, and zonecast "
                 "approve or reject decides")
                .add("customer", fact.customer)
                .add("domains", fact.domains)
                .add("digest", fact.digest));
}

void Log::write(const ports::DidDisputed& fact) {
  out_.error(Line("disk and store name different customers for a DID: nothing about it is "
                  "published until zonecast did transfer says whose it is")
                 .add("did", fact.did)
                 .add("on_disk", fact.on_disk)
                 .add("in_store", fact.in_store));
}

void Log::write(const ports::DidForgotten& fact) {
  warnSeldom(
      dids_forgotten_, "",
      Line("more discovered domains are gone than did.discovered_max remembers: whoever takes "
           "up the name of a forgotten one gets its DID; raise it, or bound discovery")
          .add("did", fact.did));
}

void Log::write(const ports::BrakeDecided& fact) {
  out_.info(Line(fact.approved ? "plan approved" : "plan rejected")
                .add("customer", fact.customer)
                .add("domains", fact.domains));
}

void Log::write(const ports::OperatorHolds& fact) {
  if (fact.holds) {
    out_.warn(Line("held by the operator: nothing is published until zonecast release"));
  } else {
    out_.info(Line("released by the operator: what has gathered is published"));
  }
}

void Log::write(const ports::Directed& fact) {
  Line line(fact.until ? fmt::format("{} of a domain", plan::toText(fact.kind))
                       : fmt::format("{} of a domain ended", plan::toText(fact.kind)));
  line.add("domain", fact.domain).add("by", fact.who);
  if (fact.until)
    line.add("until", fmt::format("{:%FT%TZ}", std::chrono::sys_seconds(*fact.until)));
  out_.info(line);
}

void Log::write(const ports::ClaimWarning& fact) {
  warnSeldom(claims_, fact.domain + " " + fact.text,
             Line("claim not honoured in full: " + fact.text).add("domain", fact.domain));
}

void Log::write(const ports::Answered& fact) {
  if (fact.lateness >= kLatenessMax) {
    warnSeldom(
        answers_, "late",
        Line("questions are asked late: raise resolver.asks_max, asks_slow_max or asks_per_second")
            .add("seconds", std::chrono::floor<std::chrono::seconds>(fact.lateness).count()));
  }
  if (!fact.why) return;
  const std::string question = fact.name.toText() + ' ' + std::string(dns::toText(fact.type));
  warnSeldom(answers_, question, Line("not answered: " + fact.text).add("question", question));
}

void Log::write(const ports::Wanted& fact) {
  if (fact.refused != discovery::Refusal::full) return;
  warnSeldom(wanted_, "full",
             Line("a domain that a worker met is not looked up: as many are discovered as "
                  "discovery.hosted_max or discovery.hosted_per_registrable let"));
}

void Log::write(const ports::ZoneAdded& fact) {
  out_.info(Line("zone " + fact.how)
                .add("zone", fact.zone)
                .add("customer", fact.customer)
                .add("catalog", fact.catalog.empty() ? "-" : fact.catalog));
}

void Log::write(const ports::ZoneLeaves& fact) {
  out_.warn(Line("zone leaves, and is served for some time yet: " + fact.cause)
                .add("zone", fact.zone)
                .add("seconds", std::chrono::floor<std::chrono::seconds>(fact.kept).count()));
}

void Log::write(const ports::ZoneRemoved& fact) {
  out_.warn(Line("zone removed: " + fact.cause).add("zone", fact.zone));
}

void Log::write(const ports::CatalogBroken& fact) {
  out_.error(Line("catalog is broken, and its members stay as they are: " + fact.text)
                 .add("catalog", fact.catalog));
}

void Log::write(const ports::CatalogRead& fact) {
  out_.info(Line("catalog read")
                .add("catalog", fact.catalog)
                .add("serial", fact.serial.value())
                .add("members", fact.members)
                .add("refused", fact.refused));
}

void Log::write(const ports::CatalogExpired& fact) {
  out_.error(Line("catalog has expired: its members stay as they are; see to its primaries")
                 .add("catalog", fact.catalog)
                 .add("members", fact.members));
}

void Log::write(const ports::MemberRefused& fact) {
  warnSeldom(
      members_refused_, fact.catalog + " " + fact.zone,
      Line("member refused: " + fact.why).add("zone", fact.zone).add("catalog", fact.catalog));
}

void Log::write(const ports::WantedTrouble& fact) {
  warnSeldom(wanted_troubles_, fact.why, Line("wanted: " + fact.why));
}

}  // namespace zonecast::journal
