#include "test/scenario/script.h"

#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "test/support/world.h"

namespace zonecast::test {
namespace {

using Words = std::vector<std::string>;

std::string trimmed(std::string_view line) {
  return std::string(absl::StripAsciiWhitespace(absl::string_view(line.data(), line.size())));
}

Words wordsOf(const std::string& line) {
  return absl::StrSplit(line, ' ', absl::SkipEmpty());
}
Words listOf(const std::string& text) {
  return absl::StrSplit(text, ',', absl::SkipEmpty());
}

template <typename T, typename E>
T must(tl::expected<T, E> result, const std::string& what) {
  if (!result) throw std::runtime_error("cannot read " + what);
  return std::move(*result);
}

template <typename T>
T must(std::optional<T> result, const std::string& what) {
  if (!result) throw std::runtime_error("cannot read " + what);
  return std::move(*result);
}

template <typename Integer>
Integer number(const std::string& text) {
  std::uint32_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) throw std::runtime_error("not a number: " + text);
  return static_cast<Integer>(value);
}

Duration duration(const std::string& text) {
  const std::size_t unit = text.find_first_not_of("0123456789");
  if (unit == std::string::npos) throw std::runtime_error("a duration has a unit: " + text);
  const auto count = number<std::int64_t>(text.substr(0, unit));
  static const std::map<std::string, Duration> kUnits{{"ms", std::chrono::milliseconds(1)},
                                                      {"s", std::chrono::seconds(1)},
                                                      {"m", std::chrono::minutes(1)},
                                                      {"h", std::chrono::hours(1)},
                                                      {"d", std::chrono::hours(24)}};
  const auto known = kUnits.find(text.substr(unit));
  if (known == kUnits.end()) throw std::runtime_error("no such unit: " + text);
  return count * known->second;
}

// "key=value" words after the first `skip` ones.
std::map<std::string, std::string> optionsOf(const Words& words, std::size_t skip) {
  std::map<std::string, std::string> options;
  for (std::size_t i = skip; i < words.size(); ++i) {
    const std::size_t at = words[i].find('=');
    options[words[i].substr(0, at)] = at == std::string::npos ? "" : words[i].substr(at + 1);
  }
  return options;
}

class Runner {
 public:
  Runner(std::vector<std::string> lines, bool rewrite)
      : lines_(std::move(lines)), rewrite_(rewrite) {}

  std::vector<Mismatch> run() {
    while (next_ < lines_.size()) {
      const std::string& raw = lines_[next_++];
      const std::string line = trimmed(raw.substr(0, raw.find('#')));
      if (line.empty()) continue;
      try {
        perform(wordsOf(line));
      } catch (const std::exception& error) {
        throw std::runtime_error(std::to_string(next_) + ": " + line + ": " + error.what());
      }
    }
    return std::move(mismatches_);
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  void perform(const Words& words) {
    static const std::map<std::string, void (Runner::*)(const Words&)> kCommands{
        {"edge", &Runner::edge},           {"customer", &Runner::customer},
        {"attribute", &Runner::attribute}, {"primary", &Runner::primary},
        {"zone", &Runner::zone},           {"unconfigure", &Runner::unconfigure},
        {"serve", &Runner::serve},         {"edit", &Runner::edit},
        {"replace", &Runner::replace},     {"forget", &Runner::forget},
        {"mood", &Runner::mood},           {"cut", &Runner::cut},
        {"start", &Runner::start},         {"kill", &Runner::kill},
        {"notify", &Runner::notify},       {"advance", &Runner::advance},
        {"store", &Runner::store},         {"disk", &Runner::disk},
        {"expect", &Runner::expect}};
    const auto command = kCommands.find(words[0]);
    if (command == kCommands.end()) throw std::runtime_error("no such command");
    (this->*command->second)(words);
  }

  std::vector<std::string> block() {
    std::vector<std::string> lines;
    while (next_ < lines_.size() && trimmed(lines_[next_]) != "end") {
      if (!trimmed(lines_[next_]).empty()) lines.push_back(lines_[next_]);
      ++next_;
    }
    if (next_ == lines_.size()) throw std::runtime_error("no end");
    ++next_;
    return lines;
  }

  // "for 1..3 d#.example. IN A 192.0.2.1" is three lines, d1 to d3.
  static std::vector<std::string> repeated(const std::string& line) {
    const Words words = wordsOf(line);
    if (words.at(0) != "for") return {line};
    const std::vector<std::string> bounds = absl::StrSplit(words.at(1), "..");
    const std::string text = line.substr(line.find(words[1]) + words[1].size());
    std::vector<std::string> lines;
    for (auto n = number<int>(bounds.at(0)); n <= number<int>(bounds.at(1)); ++n) {
      lines.push_back(absl::StrReplaceAll(text, {{"#", std::to_string(n)}}));
    }
    return lines;
  }

  std::vector<OwnedRecord> records() {
    std::vector<OwnedRecord> records;
    for (const std::string& line : block()) {
      for (const std::string& one : repeated(trimmed(line))) records.push_back(recordFromText(one));
    }
    return records;
  }

  // -- the world's settings
  void edge(const Words& words) {
    derive::EdgeRule rule{.name =
                              "edge[" + std::to_string(world_.settings.edge.rules.size()) + "]"};
    for (const auto& [key, value] : optionsOf(words, 1)) {
      for (const std::string& item : listOf(value)) {
        if (key == "hosts") {
          rule.hosts.push_back(nameFromText(item));
        } else if (key == "addresses") {
          rule.prefixes.push_back(must(derive::prefixFromText(item), item));
        } else {
          rule.ports.push_back(
              {must(derive::transportFromText(key), key), number<std::uint16_t>(item)});
        }
      }
    }
    world_.settings.edge.rules.push_back(std::move(rule));
  }

  void customer(const Words& words) {
    auto options = optionsOf(words, 2);
    world_.settings.customers.push_back(
        {.name = words.at(1), .grants = {.dids = listOf(options["dids"])}, .attributes = {}});
  }

  void attribute(const Words& words) {
    identity::AttributeSpec spec{.name = words.at(1)};
    static const std::map<std::string, identity::AttributeType> kTypes{
        {"integer", identity::AttributeType::integer},
        {"string", identity::AttributeType::string},
        {"boolean", identity::AttributeType::boolean},
        {"enum", identity::AttributeType::enumeration},
        {"duration", identity::AttributeType::duration}};
    static const std::map<std::string, identity::Setter> kSetters{
        {"operator", identity::Setter::operatorOnly},
        {"customer", identity::Setter::customer},
        {"anyone", identity::Setter::anyone}};
    spec.type = kTypes.at(words.at(2));
    auto options = optionsOf(words, 3);
    spec.multi = options.contains("multi");
    spec.values = listOf(options["values"]);
    if (options.contains("setter")) spec.setter = kSetters.at(options["setter"]);
    if (options.contains("min")) spec.min = number<std::int64_t>(options["min"]);
    if (options.contains("max")) spec.max = number<std::int64_t>(options["max"]);
    for (const std::string& text : listOf(options["default"])) {
      spec.defaults.push_back(must(identity::parseValue(spec, text), text));
    }
    world_.settings.attributes.specs.emplace(spec.name, std::move(spec));
  }

  void primary(const Words& words) {
    const xfr::Endpoint endpoint{must(xfr::parseAddress(words.at(2)), words.at(2)), 53};
    world_.primaries[endpoint].first = words.at(1);
    primary_ids_.emplace(words.at(1),
                         std::pair{world_.settings.secondary.primaries.size(), endpoint});
    world_.settings.secondary.primaries.push_back({words.at(1), endpoint, nullptr});
  }

  void zone(const Words& words) {
    auto options = optionsOf(words, 2);
    xfr::ZoneSettings zone{.name = nameFromText(words.at(1)), .primaries = {}, .limits = {}};
    for (const std::string& name : listOf(options.at("primaries"))) {
      zone.primaries.push_back(
          xfr::PrimaryId{static_cast<std::uint32_t>(primary_ids_.at(name).first)});
    }
    const auto& customers = world_.settings.customers;
    const auto owner =
        std::ranges::find(customers, options.at("customer"), &loop::CustomerSettings::name);
    if (owner == customers.end()) throw std::runtime_error("no such customer");
    world_.settings.secondary.zones.push_back(std::move(zone));
    world_.settings.zones.push_back(
        {view::CustomerId{static_cast<std::uint32_t>(owner - customers.begin())},
         options.contains("shared")});
  }

  void unconfigure(const Words& words) {
    auto& zones = world_.settings.secondary.zones;
    const auto zone = std::ranges::find(zones, nameFromText(words.at(1)), &xfr::ZoneSettings::name);
    if (zone == zones.end()) throw std::runtime_error("no such zone");
    world_.settings.zones.erase(world_.settings.zones.begin() + (zone - zones.begin()));
    zones.erase(zone);
  }

  // -- what happens
  WorldPrimary& at(const std::string& name) {
    return world_.primaries.at(primary_ids_.at(name).second).second;
  }

  void serve(const Words& words) {
    at(words.at(1))
        .serve(nameFromText(words.at(2)),
               {dns::Serial(number<std::uint32_t>(words.at(3))), records()});
  }
  void replace(const Words& words) {
    at(words.at(1))
        .add(nameFromText(words.at(2)),
             {dns::Serial(number<std::uint32_t>(words.at(3))), records()});
  }
  void edit(const Words& words) {
    const dns::Name zone = nameFromText(words.at(2));
    ZoneVersion version = at(words.at(1)).newest(zone);
    version.serial = dns::Serial(number<std::uint32_t>(words.at(3)));
    for (const std::string& raw : block()) {
      const std::string line = trimmed(raw);
      for (const std::string& one : repeated(trimmed(line.substr(1)))) {
        change(version.records, line[0] == '+', recordFromText(one));
      }
    }
    at(words.at(1)).add(zone, std::move(version));
  }
  static void change(std::vector<OwnedRecord>& records, bool added, OwnedRecord record) {
    if (added) return records.push_back(std::move(record));
    const auto same = [&](const OwnedRecord& r) {
      return r.owner == record.owner && r.type == record.type && r.rdata == record.rdata;
    };
    if (std::erase_if(records, same) != 1) {
      throw std::runtime_error("not in the zone: " + record.owner.toText());
    }
  }
  void forget(const Words& words) { at(words.at(1)).forgetHistory(nameFromText(words.at(2))); }
  void mood(const Words& words) {
    using Mood = WorldPrimary::Mood;
    static const std::map<std::string, Mood> kMoods{
        {"serving", Mood::serving},
        {"refusing-connections", Mood::refusingConnections},
        {"hung", Mood::hung},
        {"garbage", Mood::garbage},
        {"refusing-transfers", Mood::refusingTransfers},
        {"stops-half-way", Mood::stopsHalfWay}};
    at(words.at(1)).mood = kMoods.at(words.at(2));
  }
  void cut(const Words& words) {
    world_.transport().closeAll(primary_ids_.at(words.at(1)).second, "connection reset by peer");
    world_.settle();
  }
  void start(const Words&) {
    world_.start();
    world_.settle();
  }
  void kill(const Words&) { world_.stop(); }
  void notify(const Words& words) {
    for (const std::string& zone : listOf(words.at(1))) {
      world_.notify(nameFromText(zone), must(xfr::parseAddress(words.at(3)), words.at(3)));
    }
    world_.settle();
  }
  void advance(const Words& words) { world_.advance(duration(words.at(1))); }
  void store(const Words& words) {
    static const std::map<std::string, std::function<void(Runner&)>> kVerbs{
        {"down", [](Runner& r) { r.world_.store.goDown(); }},
        {"up", [](Runner& r) { r.world_.store.comeBack(); }},
        {"wipe", [](Runner& r) { r.world_.store.wipe(); }},
        {"show", [](Runner& r) { r.world_.showStore(); }},
        {"save", [](Runner& r) { r.dump_ = r.world_.store.snapshot(); }},
        {"restore", [](Runner& r) { r.world_.store.restore(r.dump_); }}};
    kVerbs.at(words.at(1))(*this);
    if (world_.isRunning()) world_.settle();
  }
  void disk(const Words&) { world_.disk.wipe(); }

  // -- what must be seen
  void expect(const Words&) {
    const std::size_t from = next_;
    Mismatch found{static_cast<int>(from), {}, std::exchange(world_.trace, {})};
    for (const std::string& line : block()) {
      const std::string_view text(line);
      found.expected.emplace_back(
          text.substr(std::min<std::size_t>(text.find_first_not_of(' '), 2)));
    }
    if (found.expected == found.seen) return;
    if (rewrite_) {
      const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(from);
      const auto at = lines_.erase(begin, lines_.begin() + static_cast<std::ptrdiff_t>(next_ - 1));
      std::vector<std::string> indented;
      for (const std::string& line : found.seen) indented.push_back("  " + line);
      lines_.insert(at, indented.begin(), indented.end());
      next_ = from + indented.size() + 1;
    }
    mismatches_.push_back(std::move(found));
  }

  std::vector<std::string> lines_;
  bool rewrite_;
  std::size_t next_ = 0;
  World world_;
  std::map<std::string, std::pair<std::size_t, xfr::Endpoint>> primary_ids_;
  WorldStore::Snapshot dump_;
  std::vector<Mismatch> mismatches_;
};

}  // namespace

std::vector<Mismatch> runScript(const std::filesystem::path& file, bool rewrite) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  Runner runner(std::move(lines), rewrite);
  std::vector<Mismatch> mismatches;
  try {
    mismatches = runner.run();
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(file.string() + ":" + error.what());
  }
  if (rewrite && !mismatches.empty()) {
    std::ofstream out(file);
    for (const std::string& line : runner.lines()) out << line << '\n';
  }
  return mismatches;
}

}  // namespace zonecast::test
