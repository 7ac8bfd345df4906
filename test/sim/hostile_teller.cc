#include "test/sim/hostile_teller.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace zonecast::sim {
namespace {

using test::Step;

constexpr std::uint32_t kSerialStep = 16;
constexpr std::size_t kNames = 5;
constexpr const char* kCrowd = "crowd.example";

struct Holding {
  const char* zone;
  const char* customer;
};
// The last one lies below a zone of another's, who delegates nothing.
constexpr std::array<Holding, 3> kHoldings{
    {{"mallory.example", "mallory"}, {"trudy.example", "trudy"}, {"n3.a.example", "mallory"}}};

// Values in DNS that no reader may stumble over (schema/TXT.md).
std::vector<std::string> oddTags() {
  return {"did=" + std::string(200, 'm'),
          "did=mallory%3Bacme",
          "did=mallory=acme",
          "did=ac%00me",
          "did=acme%0A",
          "did=%C2%85",
          "did=acme.",
          "did=ACME",
          "did=",
          "alias=",
          "alias=*.a.example",
          "alias=n0.a.example.",
          "alias=%00",
          "v=sipvhost1",
          "token=00000000000000000000000000000000"};
}

// A DID of so many octets, in two strings: one takes 255 octets at most.
std::string longClaim(std::size_t octets) {
  return R"("v=sipvhost1; did=)" + std::string(100, 'm') + R"(" ")" +
         std::string(octets - 100, 'n') + "\"";
}

std::string heavyClaim() {
  std::string text = R"("v=sipvhost1; did=acme")";
  for (int i = 0; i < 40; ++i) text += R"( "; nick=x")";
  return text;
}

std::string emptyZone(std::string_view zone) {
  return fmt::format("{}. IN NS ns.elsewhere.net.", zone);
}

bool isIn(std::string_view name, std::string_view zone) {
  return name.ends_with(zone) &&
         (name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.');
}

std::string wordAt(const std::string& text, std::size_t place) {
  std::size_t at = 0;
  for (; place > 0; --place) at = text.find(' ', at) + 1;
  return text.substr(at, text.find(' ', at) - at);
}

}  // namespace

bool isHostile(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return isIn(name, kCrowd) || std::ranges::any_of(kHoldings, [name](const Holding& holding) {
           return isIn(name, holding.zone);
         });
}

std::vector<Step> withoutHostile(std::vector<Step> steps) {
  for (Step& step : steps) {
    if (!test::hasBlock(step.command)) continue;
    const bool is_zone = !step.command.starts_with("dns");
    if (is_zone && isHostile(wordAt(step.command, 2))) {
      step.block = {emptyZone(wordAt(step.command, 2))};
    } else if (!is_zone) {
      std::erase_if(step.block, [](const std::string& line) { return isHostile(wordAt(line, 0)); });
    }
  }
  return steps;
}

void HostileTeller::setScene(Steps& setting, std::size_t primaries, std::vector<std::string> places,
                             std::vector<std::string> dids) {
  places_ = std::move(places);
  dids_ = std::move(dids);
  tags_ = oddTags();
  for (const std::string& place : places_) {
    for (std::size_t n = 0; n < kNames; ++n) {
      dids_.push_back(fmt::format("n{}.{}", n, place));
      tags_.push_back(fmt::format("alias=n{}.{}", n, place));
    }
  }
  const auto say = [&setting](std::string command) { setting.push_back({std::move(command), {}}); };
  say("customer mallory dids=mallory,evil*");
  say("customer trudy dids=trudy,evil*");
  for (const Holding& holding : kHoldings) {
    dids_.emplace_back(holding.zone);
    places_.emplace_back(holding.zone);
    const std::string primary = fmt::format("ns{}", 1 + below(primaries));
    say(fmt::format("zone {} customer={} primaries={}", holding.zone, holding.customer, primary));
    zones_.push_back({.name = holding.zone, .primary = primary, .lines = {}});
  }
  dids_.insert(dids_.end(), {"mallory", "trudy", "evil", "evil-2"});
  places_.emplace_back(kCrowd);
  for (Zone& zone : zones_) {
    zone.lines = anew(zone.name);
    bring(zone, "serve", setting);
  }
}

void HostileTeller::setCrowd(OutsideTeller* outside) {
  outside_ = outside;
  if (outside_ != nullptr) outside_->tellOf(kCrowd, anew(kCrowd));
}

ZoneWriter::Lines HostileTeller::anew(const std::string& place) {
  ZoneWriter::Lines lines = writer().fresh(place);
  const std::string owner = fmt::format("_sipvhost.n{}.{}. IN TXT ", below(kNames), place);
  if (oneIn(3)) lines.insert(owner + longClaim(253 + below(2)));
  if (oneIn(6)) lines.insert(owner + heavyClaim());
  if (oneIn(6)) {
    for (int n = 0; n < 20; ++n) {
      lines.insert(
          fmt::format("_sip._udp.many{}.{}. IN SRV 1 1 5060 sip.provider.example.", n, place));
    }
  }
  return lines;
}

void HostileTeller::bring(Zone& zone, std::string_view verb, Steps& steps) {
  zone.serial += kSerialStep;
  steps.push_back({fmt::format("{} {} {} {}", verb, zone.primary, zone.name, zone.serial),
                   {zone.lines.begin(), zone.lines.end()}});
}

void HostileTeller::happen(Steps& steps) {
  const auto say = [&steps](std::string command) { steps.push_back({std::move(command), {}}); };
  if (outside_ != nullptr && oneIn(8)) {
    crowd_ = anew(kCrowd);
    outside_->tellOf(kCrowd, crowd_);
    steps.push_back(outside_->dnsAnew());
    return say(fmt::format("want n{}.{} from w{}", below(kNames), kCrowd, 1 + below(3)));
  }
  if (!oneIn(5)) return;
  Zone& zone = zones_[below(zones_.size())];
  if (oneIn(3)) {
    // It is emptied, and filled again at once.
    const ZoneWriter::Lines lines = zone.lines;
    zone.lines = {emptyZone(zone.name)};
    bring(zone, "replace", steps);
    say(fmt::format("notify {} from 192.0.2.5{}", zone.name, zone.primary.substr(2)));
    zone.lines = lines;
  } else if (oneIn(3)) {
    zone.lines = anew(zone.name);
  } else {
    writer().edit(zone.name, zone.lines);
  }
  bring(zone, "replace", steps);
  if (!oneIn(4)) say(fmt::format("notify {} from 192.0.2.5{}", zone.name, zone.primary.substr(2)));
}

}  // namespace zonecast::sim
