#include "test/sim/outside_teller.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "reconciler/discovery/token.h"

namespace zonecast::sim {
namespace {

using test::Step;

constexpr std::size_t kNames = 5;

std::set<std::string> wordsAfter(const std::vector<Step>& steps, std::string_view command) {
  std::set<std::string> words;
  for (const Step& step : steps) {
    if (!step.command.starts_with(command)) continue;
    const std::string rest = step.command.substr(command.size());
    words.insert(rest.substr(0, rest.find(' ')));
  }
  return words;
}

bool hasResolver(const std::vector<Step>& steps) {
  return std::ranges::any_of(
      steps, [](const Step& step) { return step.command.starts_with("resolver "); });
}

}  // namespace

void OutsideTeller::setScene(Steps& setting, const std::vector<std::string>& customers,
                             std::vector<std::string> places, std::vector<std::string> dids,
                             std::vector<std::string> tags) {
  places_ = std::move(places);
  dids_ = std::move(dids);
  tags_ = std::move(tags);
  const auto say = [&setting](std::string command) { setting.push_back({std::move(command), {}}); };
  const auto watch = [&](std::string_view name) {
    say(fmt::format("watch {} customer={}", name, customers[below(customers.size())]));
  };
  say("attribute nick string setter=anyone");
  say(fmt::format("limits ttl-min={}m ttl-max=1h idle-interval=2h", oneIn(4) ? 1 : 5));
  watch("n0.watch.example");
  if (!oneIn(3)) watch("n1.watch.example");
  if (oneIn(4)) watch("watch.example");
  if (oneIn(6)) watch("n2.a.example");
  if (!oneIn(4)) {
    const std::size_t mode = below(4);
    wants_token_ = mode == 0;
    say(fmt::format("discovery mode={} idle={}h",
                    mode == 0   ? "token"
                    : mode == 1 ? "listed allow=*.open.example,n0.hub.example"
                                : "open",
                    oneIn(3) ? 1 : 200));
  }
  say("resolver 127.0.0.1");
  ZoneWriter writer(random_, places_, dids_, tags_);
  for (const char* place : kPlaces) lines_[place] = writer.fresh(place);
  setting.push_back(dnsAnew());
}

void OutsideTeller::happen(Steps& steps) {
  const auto say = [&steps](std::string command) { steps.push_back({std::move(command), {}}); };
  switch (below(20)) {
    case 0:
    case 1:
    case 2: {
      const std::string place = anyPlace();
      ZoneWriter(random_, places_, dids_, tags_).edit(place, lines_[place]);
      return steps.push_back(dnsAnew());
    }
    case 3:
    case 4:
    case 5:
      return say(fmt::format("want {} from w{}", wantedName(), 1 + below(3)));
    case 6:
      return say("look-up " + anyName());
    case 7:
      return say("dns-mood " + moodOf());
    case 8:
      return say(fmt::format("dns-mood {} {}", oneIn(2) ? "broken" : "mended", anyName()));
    case 9:
    case 10:
    case 11:
      for (std::size_t n = 1 + below(12); n > 0; --n) {
        say(fmt::format("reply {}", oneIn(2) ? 0 : below(8)));
        if (oneIn(2)) say("work");
      }
      return;
    default:
      return;
  }
}

std::string OutsideTeller::anyName() {
  return fmt::format("n{}.{}", below(kNames), anyPlace());
}

std::string OutsideTeller::wantedName() {
  static const std::vector<std::string> kNonsense{"-bad-",        "192.0.2.1",     "[2001:db8::1]",
                                                  "open.example", "x.y.z.example", "com"};
  switch (below(10)) {
    case 0:
      return kNonsense[below(kNonsense.size())];
    case 1:
      return anyName();
    case 2:
      return fmt::format("n{}.{}", below(kNames), places_[below(places_.size())]);
    default:
      return fmt::format("n{}.open.example", below(kNames));
  }
}

std::string OutsideTeller::moodOf() {
  static const std::vector<std::string> kFaults{"silent", "servfail", "garbage"};
  return oneIn(2) ? "serving" : kFaults[below(kFaults.size())];
}

// Whoever is to show a token does so mostly.
std::string OutsideTeller::withToken(const std::string& line) {
  const std::string start = "_sipvhost.";
  const std::size_t version = line.find("\"v=sipvhost1");
  if (!wants_token_ || !line.starts_with(start) || version == std::string::npos) return line;
  const std::string name = line.substr(start.size(), line.find(". IN ") - start.size());
  const auto domain = derive::Domain::fromText(name);
  if (!domain || name.size() % 7 == 0) return line;
  const std::vector<std::uint8_t> key(discovery::kTokenKeyOctetsMin, 7);
  return line + " \"; token=" + discovery::tokenFor(*domain, key) + "\"";
}

// A record has one TTL for as long as it stands.
Step OutsideTeller::dnsAnew() {
  static const std::vector<std::string> kTtls{"30", "600", "1800", "3600", "3600", "2147483647"};
  Step step{fmt::format("dns anew negative-ttl={}", oneIn(4) ? 600 : 1800), {}};
  for (const auto& [place, lines] : lines_) {
    for (const std::string& line : lines) {
      std::string& ttl = ttls_[line];
      if (ttl.empty()) ttl = kTtls[below(kTtls.size())];
      const std::string text = withToken(line);
      const std::size_t in = text.find(" IN ");
      step.block.push_back(text.substr(0, in) + " " + ttl + text.substr(in));
    }
  }
  return step;
}

void appendOutsideMended(const std::vector<Step>& steps, std::vector<Step>& ending) {
  if (!hasResolver(steps)) return;
  ending.push_back({"dns-mood serving", {}});
  for (const std::string& name : wordsAfter(steps, "dns-mood broken ")) {
    ending.push_back({"dns-mood mended " + name, {}});
  }
}

void appendLastQuestions(const std::vector<Step>& steps, std::vector<Step>& ending) {
  for (const std::string& name : wordsAfter(steps, "want ")) {
    ending.push_back({"want " + name + " from w9", {}});
  }
  for (const std::string& name : wordsAfter(steps, "look-up ")) {
    ending.push_back({"look-up " + name, {}});
  }
}

}  // namespace zonecast::sim
