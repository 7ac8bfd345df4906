#include "test/sim/generator.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "test/sim/hostile_teller.h"
#include "test/sim/outside_teller.h"
#include "test/sim/zone_writer.h"

namespace zonecast::sim {
namespace {

using test::Step;

// Serials grow in steps; a zone whose serial went back goes on beside those that it had.
constexpr std::uint32_t kSerialStep = 16;
// The others tell of zones alone.
constexpr std::uint64_t kOutsideEvery = 2;
constexpr int kApprovals = 4;
// The tales of many: hostile ones among them, DIDs that are shared, handed over and kept for a
// short time. In every second of these everything flows, so that they are comparable.
constexpr std::uint64_t kManyEvery = 5;

struct Zone {
  std::string name;
  std::vector<std::string> primaries;
  ZoneWriter::Lines lines;
  std::uint32_t serial = kSerialStep;
  std::uint32_t greatest = kSerialStep;
  std::uint32_t setbacks = 0;
  std::map<std::string, std::uint32_t> serials;  // by primary
};

class Teller {
 public:
  explicit Teller(std::uint64_t seed) : random_(seed) {
    if (seed % kOutsideEvery == 0) outside_.emplace(seed);
    if (seed % kManyEvery != 0) return;
    hostile_.emplace(seed);
    many_.emplace(seed ^ 0x6d616e79u);
    tale_.is_comparable = seed / kManyEvery % 4 < 2;
  }

  Tale tell() {
    setScene();
    happen_ = &tale_.steps;
    if (!oneIn(8) && !tale_.is_comparable) say("hold");
    say("start");
    for (std::size_t n = 20 + below(60); n > 0; --n) {
      if (outside_) outside_->happen(tale_.steps);
      if (hostile_) hostile_->happen(tale_.steps);
      if (many_) handOver();
      happen();
    }
    return std::move(tale_);
  }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  bool oneIn(std::size_t n) { return below(n) == 0; }
  void say(std::string command, std::vector<std::string> block = {}) {
    happen_->push_back({std::move(command), std::move(block)});
  }

  void setScene();
  void addZone(const std::string& name, std::string options);
  void happen();
  void editZone();
  void bring(Zone& zone, const std::string& primary, std::string_view verb);
  void move();
  void shakeNetwork();
  void shakeStore();
  void takeStore();
  void noticeLoss();
  void shakeDisk();
  void restart();
  void passTime();
  void handOver();
  void keepDidsForLess();
  std::vector<std::string> placesToPointAt() const;
  std::vector<std::string> aliases() const;

  Zone& anyZone() { return zones_[below(zones_.size())]; }
  std::string anyPrimary() { return fmt::format("ns{}", 1 + below(primaries_)); }
  static std::string addressOf(const std::string& primary) {
    return "192.0.2.5" + primary.substr(2);
  }

  Random random_;
  Tale tale_;
  std::vector<Step>* happen_ = &tale_.setting;
  std::size_t primaries_ = 1;
  std::vector<Zone> zones_;
  std::optional<OutsideTeller> outside_;
  std::optional<HostileTeller> hostile_;
  std::optional<Random> many_;
  std::vector<std::string> dids_, customers_;
  bool store_saved_ = false;
};

void Teller::setScene() {
  static const std::vector<std::string> kEdges{
      "edge hosts=sip.provider.example addresses=192.0.2.10 udp=5060",
      "edge hosts=sip.provider.example addresses=192.0.2.10,2001:db8::10 udp=5060 tcp=5060",
      "edge addresses=192.0.2.10 udp=5060 tcp=5060 tls=5061"};
  say(kEdges[below(kEdges.size())]);
  if (oneIn(4)) say("edge addresses=192.0.2.20 udp=5070");
  static const std::vector<std::string> kCustomers{"acme", "beta", "provider"};
  const std::size_t customers = 1 + below(3);
  for (std::size_t i = 0; i < customers; ++i) {
    customers_.push_back(kCustomers[i]);
    say(fmt::format("customer {} dids={},shared*", kCustomers[i], kCustomers[i]));
  }
  dids_ = {"acme", "beta", "shared", "shared-2"};
  say("attribute greeting string setter=customer");
  say("attribute max integer setter=customer min=1 max=100 default=10");
  say("attribute qop enum values=auth,auth-int multi setter=customer");
  say("attribute relay boolean default=false");
  say("attribute expires duration setter=customer default=1h");
  static const std::vector<std::string> kGraces{"0s", "1m", "10m"};
  say(fmt::format("limits batch={} transfers={} refresh={}m retire-absent={}", 1 + below(5),
                  1 + below(4), 1 + below(60), kGraces[below(kGraces.size())]));
  if (oneIn(3)) {
    say(fmt::format("limits brake={},{} brake-total={},{}", below(60), below(4), below(60),
                    below(8)));
  }
  if (many_) keepDidsForLess();
  primaries_ = 1 + below(3);
  for (std::size_t i = 1; i <= primaries_; ++i) {
    say(fmt::format("primary ns{} 192.0.2.5{}", i, i));
  }
  const auto customer = [&] { return "customer=" + kCustomers[below(customers)]; };
  addZone("a.example", customer());
  if (!oneIn(3)) addZone("b.example", customer());
  if (oneIn(2)) addZone("n1.a.example", customer());
  if (oneIn(3)) addZone("shared.example", customer() + " shared");
  const std::vector<std::string> names = placesToPointAt();
  ZoneWriter writer(random_, names, dids_, aliases());
  for (Zone& zone : zones_) {
    zone.lines = writer.fresh(zone.name);
    for (const std::string& primary : zone.primaries) bring(zone, primary, "serve");
  }
  if (hostile_) hostile_->setScene(tale_.setting, primaries_, names, dids_);
  if (!outside_) return;
  if (hostile_) hostile_->setCrowd(&*outside_);
  outside_->setScene(tale_.setting, customers_, names, dids_, aliases());
}

// Whom innocents let in, if they do: few, so that both sides say so now and then.
std::vector<std::string> Teller::aliases() const {
  std::vector<std::string> tags;
  for (const Zone& zone : zones_) {
    if (!many_) break;
    tags.push_back("alias=" + zone.name);
    for (int n = 0; n < 2; ++n) tags.push_back(fmt::format("alias=n{}.{}", n, zone.name));
  }
  return tags;
}

void Teller::keepDidsForLess() {
  static const std::vector<std::string> kKeeps{"1m", "1h", "30h"};
  if ((*many_)() % 3 != 0) say("limits did-keep=" + kKeeps[(*many_)() % kKeeps.size()]);
  // The limit of all together is one that everybody takes part in.
  if (tale_.is_comparable) say("limits brake-total=100,1000");
}

// To whoever is innocent, and a DID that somebody may have.
void Teller::handOver() {
  Random& random = *many_;
  if (random() % 12 != 0) return;
  const std::string& zone = zones_[random() % zones_.size()].name;
  const std::string name = random() % 4 == 0 ? zone : fmt::format("n{}.{}", random() % 5, zone);
  const std::string did = random() % 2 == 0 ? name : dids_[random() % dids_.size()];
  say(fmt::format("hand-over {} {}", did, customers_[random() % customers_.size()]));
}

std::vector<std::string> Teller::placesToPointAt() const {
  std::vector<std::string> names;
  for (const Zone& zone : zones_) names.push_back(zone.name);
  if (!outside_) return names;
  names.insert(names.end(), OutsideTeller::kPlaces.begin(), OutsideTeller::kPlaces.end());
  return names;
}

void Teller::addZone(const std::string& name, std::string options) {
  Zone zone{.name = name, .primaries = {}, .lines = {}, .serials = {}};
  for (std::size_t i = 1; i <= primaries_; ++i) {
    if (oneIn(2)) zone.primaries.push_back(fmt::format("ns{}", i));
  }
  if (zone.primaries.empty()) zone.primaries.push_back(anyPrimary());
  const std::size_t space = options.find(' ');
  say(fmt::format("zone {} {} primaries={}{}", name, options.substr(0, space),
                  fmt::join(zone.primaries, ","),
                  space == std::string::npos ? "" : options.substr(space)));
  zones_.push_back(std::move(zone));
}

void Teller::bring(Zone& zone, const std::string& primary, std::string_view verb) {
  zone.serials[primary] = zone.serial;
  say(fmt::format("{} {} {} {}", verb, primary, zone.name, zone.serial),
      {zone.lines.begin(), zone.lines.end()});
}

void Teller::happen() {
  switch (below(20)) {
    case 0:
    case 1:
    case 2:
      return editZone();
    case 3: {
      Zone& zone = anyZone();
      const std::string primary = zone.primaries[below(zone.primaries.size())];
      return say(fmt::format("notify {} from {}", zone.name, addressOf(primary)));
    }
    case 4:
      return shakeNetwork();
    case 5:
    case 6:
      return shakeStore();
    case 7:
      return oneIn(2) ? shakeDisk() : restart();
    case 8:
    case 9:
      return passTime();
    default:
      return move();
  }
}

void Teller::editZone() {
  const std::vector<std::string> names = placesToPointAt();
  Zone& zone = anyZone();
  const std::string primary = zone.primaries[below(zone.primaries.size())];
  if (zone.serials[primary] != zone.serial && oneIn(2)) {
    bring(zone, primary, "replace");  // it catches up
  } else {
    ZoneWriter(random_, names, dids_, aliases()).edit(zone.name, zone.lines);
    zone.serial += kSerialStep * static_cast<std::uint32_t>(1 + below(2));
    if (oneIn(25) && zone.setbacks + 1 < kSerialStep) {
      zone.serial = kSerialStep + ++zone.setbacks;
    }
    zone.greatest = std::max(zone.greatest, zone.serial);
    bring(zone, primary, "replace");
  }
  if (zone.setbacks > 0 || oneIn(6)) say(fmt::format("forget {} {}", primary, zone.name));
  if (!oneIn(3)) say(fmt::format("notify {} from {}", zone.name, addressOf(primary)));
}

// Some of what is under way goes on.
void Teller::move() {
  if (oneIn(5)) return say("settle");
  for (std::size_t n = 1 + below(8); n > 0; --n) {
    switch (below(6)) {
      case 0:
        say("answer");
        break;
      case 1:
      case 2:
        say("work");
        break;
      default:
        say(fmt::format("deliver {}{}", below(3), oneIn(12) ? " half" : ""));
        break;
    }
  }
}

void Teller::shakeNetwork() {
  static const std::vector<std::string> kMoods{"refusing-connections", "hung", "garbage",
                                               "refusing-transfers", "stops-half-way"};
  const std::string primary = anyPrimary();
  if (oneIn(3)) return say("cut " + primary);
  say(fmt::format("mood {} {}", primary, oneIn(2) ? "serving" : kMoods[below(kMoods.size())]));
}

// What another leader publishes is as good as any: none of it may be taken for ours.
void Teller::takeStore() {
  const int domain = static_cast<int>(below(3));
  say(fmt::format("store taken n{}.a.example like n{}.a.example", domain, (domain + 1) % 3));
}

// A loss is noticed by whoever's publication comes next, or at once.
void Teller::noticeLoss() {
  if (!tale_.is_comparable) return;
  say("store down");
  say("store up");
}

void Teller::shakeStore() {
  switch (below(12)) {
    case 0:
      say("store wipe");
      return noticeLoss();
    case 1:
      store_saved_ = true;
      return say("store save");
    case 2:
      // Whether a dump is taken for ours tells its version, which everybody's publications count.
      if (store_saved_ && !tale_.is_comparable) say("store restore");
      return;
    case 3:
      return takeStore();
    case 4:
    case 5:
      return say("store returned");
    case 6:
    case 7:
      return say("store lose-reply");
    case 8:
      return say("store down");
    default:
      return say("store up");
  }
}

void Teller::shakeDisk() {
  if (oneIn(6)) return say("disk wipe");
  say(oneIn(3) ? "disk full" : "disk ok");
}

void Teller::restart() {
  const bool loses = oneIn(3);
  const std::string kill = loses ? fmt::format("kill lost={}", 1 + below(12)) : "kill";
  say(tale_.is_comparable ? "kill" : kill);  // which writes are the last is everybody's doing
  if (oneIn(4)) shakeDisk();
  if (oneIn(4)) shakeStore();
  if (oneIn(4)) say(fmt::format("advance {}m", 1 + below(30)));
  say("start");
}

void Teller::passTime() {
  static const std::vector<std::string> kTimes{"1ms", "100ms", "2s",  "6s",
                                               "20s", "2m",    "20m", "2h"};
  const char* const long_time = outside_ ? "1d" : "15d";  // TTLs are shorter than timers of zones
  say("advance " + (oneIn(40) ? long_time : kTimes[below(kTimes.size())]));
}

}  // namespace

Tale taleOf(std::uint64_t seed) {
  return Teller(seed).tell();
}

std::vector<Step> endingOf(const std::vector<Step>& steps) {
  struct Last {
    std::set<std::string> primaries;
    std::uint32_t greatest = 0;
    std::vector<std::string> block;
  };
  std::map<std::string, Last> zones;
  std::set<std::string> primaries;
  bool runs = false;
  for (const Step& step : steps) {
    if (step.command == "start") runs = true;
    if (step.command.starts_with("kill")) runs = false;
    if (!test::hasBlock(step.command) || step.command.starts_with("dns")) continue;
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= step.command.size();) {
      const std::size_t end = std::min(step.command.find(' ', at), step.command.size());
      words.push_back(step.command.substr(at, end - at));
      at = end + 1;
    }
    Last& zone = zones[words[2]];
    zone.primaries.insert(words[1]);
    zone.greatest = std::max(zone.greatest, static_cast<std::uint32_t>(std::stoul(words[3])));
    zone.block = step.block;
    primaries.insert(words[1]);
  }
  std::vector<Step> ending;
  for (const std::string& primary : primaries)
    ending.push_back({"mood " + primary + " serving", {}});
  for (const auto& [name, zone] : zones) {
    for (const std::string& primary : zone.primaries) {
      ending.push_back({fmt::format("replace {} {} {}", primary, name, zone.greatest + kSerialStep),
                        zone.block});
    }
  }
  appendOutsideMended(steps, ending);
  ending.push_back({"disk ok", {}});
  ending.push_back({"store returned", {}});
  ending.push_back({"store down", {}});  // a wipe that nobody noticed is noticed now
  ending.push_back({"store up", {}});
  ending.push_back({"flow", {}});
  if (!runs) ending.push_back({"start", {}});
  // Each lets something go that was held, and that may have kept others.
  for (int i = 0; i < kApprovals; ++i) {
    ending.push_back({"advance 4h", {}});
    ending.push_back({"approve", {}});
  }
  ending.push_back({"advance 4h", {}});
  appendLastQuestions(steps, ending);
  return ending;
}

}  // namespace zonecast::sim
