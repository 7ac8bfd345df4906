#include "test/scenario/play.h"

#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "reconciler/discovery/token.h"

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
  if (!result) throw ScriptError("cannot read " + what);
  return std::move(*result);
}

template <typename T>
T must(std::optional<T> result, const std::string& what) {
  if (!result) throw ScriptError("cannot read " + what);
  return std::move(*result);
}

template <typename Integer>
Integer number(const std::string& text) {
  std::uint32_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) throw ScriptError("not a number: " + text);
  return static_cast<Integer>(value);
}

Duration duration(const std::string& text) {
  const std::size_t unit = text.find_first_not_of("0123456789");
  if (unit == std::string::npos) throw ScriptError("a duration has a unit: " + text);
  const auto count = number<std::int64_t>(text.substr(0, unit));
  static const std::map<std::string, Duration> kUnits{{"ms", std::chrono::milliseconds(1)},
                                                      {"s", std::chrono::seconds(1)},
                                                      {"m", std::chrono::minutes(1)},
                                                      {"h", std::chrono::hours(1)},
                                                      {"d", std::chrono::hours(24)}};
  const auto known = kUnits.find(text.substr(unit));
  if (known == kUnits.end()) throw ScriptError("no such unit: " + text);
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

// "for 1..3 d#.example. IN A 192.0.2.1" is three lines, d1 to d3.
std::vector<std::string> repeated(const std::string& line) {
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

std::vector<OwnedRecord> recordsOf(const Step& step) {
  std::vector<OwnedRecord> records;
  for (const std::string& line : step.block) {
    for (const std::string& one : repeated(trimmed(line))) records.push_back(recordFromText(one));
  }
  return records;
}

void change(std::vector<OwnedRecord>& records, bool added, OwnedRecord record) {
  if (added) return records.push_back(std::move(record));
  const auto same = [&](const OwnedRecord& r) {
    return r.owner == record.owner && r.type == record.type && r.rdata == record.rdata;
  };
  if (std::erase_if(records, same) != 1) {
    throw ScriptError("not in the zone: " + record.owner.toText());
  }
}

}  // namespace

const std::map<std::string, Play::Command>& Play::commands() {
  static const std::map<std::string, Command> kCommands{{"edge", &Play::edge},
                                                        {"customer", &Play::customer},
                                                        {"attribute", &Play::attribute},
                                                        {"limits", &Play::limits},
                                                        {"primary", &Play::primary},
                                                        {"zone", &Play::zone},
                                                        {"catalog", &Play::catalog},
                                                        {"static", &Play::addStatic},
                                                        {"remove-static", &Play::removeStatic},
                                                        {"unconfigure", &Play::unconfigure},
                                                        {"resolver", &Play::resolver},
                                                        {"watch", &Play::watch},
                                                        {"discovery", &Play::discovery},
                                                        {"want", &Play::want},
                                                        {"look-up", &Play::lookUp},
                                                        {"approve", &Play::approve},
                                                        {"reject", &Play::reject},
                                                        {"hold-all", &Play::holdAll},
                                                        {"release-all", &Play::releaseAll},
                                                        {"pin", &Play::direct},
                                                        {"block", &Play::direct},
                                                        {"pins", &Play::pins},
                                                        {"hand-over", &Play::handOver},
                                                        {"dns", &Play::dns},
                                                        {"dns-mood", &Play::dnsMood},
                                                        {"reply", &Play::reply},
                                                        {"serve", &Play::serve},
                                                        {"edit", &Play::edit},
                                                        {"replace", &Play::replace},
                                                        {"forget", &Play::forget},
                                                        {"mood", &Play::mood},
                                                        {"cut", &Play::cut},
                                                        {"start", &Play::start},
                                                        {"kill", &Play::kill},
                                                        {"notify", &Play::notify},
                                                        {"advance", &Play::advance},
                                                        {"store", &Play::store},
                                                        {"disk", &Play::disk},
                                                        {"hold", &Play::hold},
                                                        {"flow", &Play::flow},
                                                        {"settle", &Play::settle},
                                                        {"deliver", &Play::deliver},
                                                        {"answer", &Play::answer},
                                                        {"work", &Play::work}};
  return kCommands;
}

bool hasBlock(const std::string& command) {
  const Words words = wordsOf(command);
  return words.at(0) == "serve" || words.at(0) == "edit" || words.at(0) == "replace" ||
         words.at(0) == "dns";
}

void Play::perform(const Step& step) {
  try {
    const Words words = wordsOf(step.command);
    const auto command = commands().find(words.at(0));
    if (command == commands().end()) throw ScriptError("no such command");
    (this->*command->second)(words, step);
  } catch (const std::out_of_range& error) {
    throw ScriptError(error.what());
  } catch (const std::invalid_argument& error) {
    throw ScriptError(error.what());
  }
}

loop::Reconciler& Play::process() {
  if (!world_.isRunning()) throw ScriptError("no process runs");
  return world_.reconciler();
}

void Play::settleIfRunning() {
  if (world_.isRunning()) world_.settle();
}

// -- the world's settings

void Play::edge(const Words& words, const Step&) {
  derive::EdgeRule rule;
  rule.name = "edge[" + std::to_string(world_.settings.edge.rules.size()) + "]";
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

void Play::customer(const Words& words, const Step&) {
  auto options = optionsOf(words, 2);
  world_.settings.customers.push_back(
      {.name = words.at(1), .grants = {.dids = listOf(options["dids"])}, .attributes = {}});
}

void Play::attribute(const Words& words, const Step&) {
  identity::AttributeSpec spec;
  spec.name = words.at(1);
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

void Play::limits(const Words& words, const Step&) {
  auto options = optionsOf(words, 1);
  loop::Settings& settings = world_.settings;
  if (options.contains("batch")) {
    settings.publish_batch_max = number<std::uint32_t>(options["batch"]);
  }
  if (options.contains("transports")) {
    settings.derive.transports = {};
    for (const std::string& name : listOf(options["transports"])) {
      settings.derive.transports.insert(must(derive::transportFromText(name), name));
    }
  }
  if (options.contains("transfers")) {
    settings.secondary.limits.transfers_per_primary = number<std::uint32_t>(options["transfers"]);
  }
  if (options.contains("refresh")) {
    settings.secondary.clamps.refresh_max =
        std::chrono::duration_cast<std::chrono::seconds>(duration(options["refresh"]));
  }
  if (options.contains("retire-absent")) {
    settings.retire.absent = duration(options["retire-absent"]);
  }
  if (options.contains("retire-zone-gone")) {
    settings.retire.zone_gone = duration(options["retire-zone-gone"]);
  }
  if (options.contains("on-expire")) {
    settings.retire.on_expire =
        options["on-expire"] == "retire" ? plan::OnExpire::retire : plan::OnExpire::keep;
  }
  if (options.contains("retire-expired")) {
    settings.retire.expired = duration(options["retire-expired"]);
  }
  if (options.contains("did-default")) {
    settings.did_kind =
        options["did-default"] == "uuid" ? identity::DidKind::uuid : identity::DidKind::name;
  }
  if (options.contains("pins")) settings.pins_max = number<std::uint32_t>(options["pins"]);
  if (options.contains("did-keep")) settings.did_keep = duration(options["did-keep"]);
  const auto takeBrake = [&](const char* name, std::uint32_t& percent, std::uint32_t& least) {
    if (!options.contains(name)) return;
    const Words parts = listOf(options[name]);
    percent = number<std::uint32_t>(parts.at(0));
    least = number<std::uint32_t>(parts.at(1));
  };
  takeBrake("brake", settings.brake.customer_percent, settings.brake.customer_min);
  takeBrake("brake-total", settings.brake.total_percent, settings.brake.total_min);
  if (options.contains("expire")) {
    settings.secondary.clamps.expire_max =
        std::chrono::duration_cast<std::chrono::seconds>(duration(options["expire"]));
  }
  query::AnswerSettings& answers = settings.answers;
  if (options.contains("ttl-min")) answers.ttl_min = duration(options["ttl-min"]);
  if (options.contains("ttl-max")) answers.ttl_max = duration(options["ttl-max"]);
  if (options.contains("answers-expire")) answers.expire = duration(options["answers-expire"]);
  if (options.contains("idle-interval")) answers.idle_interval = duration(options["idle-interval"]);
}

void Play::primary(const Words& words, const Step&) {
  const xfr::Endpoint endpoint{must(xfr::parseAddress(words.at(2)), words.at(2)), 53};
  world_.primaries[endpoint].first = words.at(1);
  primary_ids_.emplace(words.at(1),
                       std::pair{world_.settings.secondary.primaries.size(), endpoint});
  world_.settings.secondary.primaries.push_back({words.at(1), endpoint, nullptr});
}

void Play::zone(const Words& words, const Step&) {
  auto options = optionsOf(words, 2);
  const view::CustomerId owner = customerNamed(options.at("customer"));
  world_.settings.secondary.zones.push_back({.name = nameFromText(words.at(1)),
                                             .primaries = primariesNamed(options.at("primaries")),
                                             .limits = {}});
  world_.settings.zones.push_back({owner, options.contains("shared")});
}

void Play::catalog(const Words& words, const Step& step) {
  auto options = optionsOf(words, 2);
  loop::CatalogSettings catalog;
  catalog.zone = nameFromText(words.at(1));
  catalog.customer = customerNamed(options.at("customer"));
  catalog.members.primaries = primariesNamed(options.at("primaries"));
  for (const std::string& pattern : listOf(options["allow"])) {
    catalog.allow.push_back(must(discovery::Pattern::fromText(pattern), pattern));
  }
  if (options.contains("max")) catalog.members_max = number<std::uint32_t>(options["max"]);
  if (options.contains("group")) {
    const std::string group = options["group"];
    const std::size_t colon = group.find(':');
    catalog.groups.emplace_back(group.substr(0, colon),
                                loop::MemberSettings{primariesNamed(group.substr(colon + 1)), {}});
  }
  zone(words, step);
  world_.settings.zones.back().catalog =
      loop::CatalogId{static_cast<std::uint32_t>(world_.settings.catalogs.size())};
  world_.settings.catalogs.push_back(std::move(catalog));
}

xfr::PrimaryList Play::primariesNamed(const std::string& names) const {
  xfr::PrimaryList primaries;
  for (const std::string& name : listOf(names)) {
    primaries.push_back(xfr::PrimaryId{static_cast<std::uint32_t>(primary_ids_.at(name).first)});
  }
  return primaries;
}

view::CustomerId Play::customerNamed(const std::string& name) const {
  const auto& customers = world_.settings.customers;
  const auto found = std::ranges::find(customers, name, &loop::CustomerSettings::name);
  if (found == customers.end()) throw ScriptError("no such customer");
  return view::CustomerId{static_cast<std::uint32_t>(found - customers.begin())};
}

void Play::resolver(const Words& words, const Step&) {
  const xfr::Endpoint endpoint{must(xfr::parseAddress(words.at(1)), words.at(1)), 53};
  world_.settings.resolvers.push_back(
      {query::Upstream{query::Upstream::Kind::resolver, {endpoint}}, {}, {}});
  for (loop::CustomerSettings& customer : world_.settings.customers) {
    customer.resolver = query::ResolverId{0};
  }
}

void Play::watch(const Words& words, const Step&) {
  auto options = optionsOf(words, 2);
  world_.settings.watched.push_back(
      {nameFromText(words.at(1)), customerNamed(options.at("customer"))});
}

void Play::unconfigure(const Words& words, const Step&) {
  auto& zones = world_.settings.secondary.zones;
  const auto zone = std::ranges::find(zones, nameFromText(words.at(1)), &xfr::ZoneSettings::name);
  if (zone == zones.end()) throw ScriptError("no such zone");
  world_.settings.zones.erase(world_.settings.zones.begin() + (zone - zones.begin()));
  zones.erase(zone);
}

// static DID DOMAIN,... [customer=NAME] [ATTRIBUTE=VALUE]...
void Play::addStatic(const Words& words, const Step&) {
  auto& customers = world_.settings.customers;
  auto options = optionsOf(words, 3);
  const std::string customer = options.contains("customer") ? options["customer"] : "static";
  options.erase("customer");
  const auto is_it = [&](const loop::CustomerSettings& one) { return one.name == customer; };
  if (customer == "static" && std::ranges::none_of(customers, is_it)) {
    customers.push_back({.name = customer, .grants = {}, .attributes = {}});
  }
  loop::StaticVirtualDomain entry{
      .did = words.at(1), .domains = {}, .customer = customerNamed(customer), .attributes = {}};
  for (const std::string& text : listOf(words.at(2))) {
    entry.domains.emplace_back(must(derive::Domain::fromHost(text), text).text());
  }
  for (const auto& [name, value] : options) entry.attributes[name] = {value};
  world_.settings.statics.push_back(std::move(entry));
}

void Play::removeStatic(const Words& words, const Step&) {
  const auto removed = std::erase_if(world_.settings.statics,
                                     [&](const auto& entry) { return entry.did == words.at(1); });
  if (removed != 1) throw ScriptError("no such static virtual domain");
}

// -- what happens

WorldPrimary& Play::at(const std::string& name) {
  return world_.primaries.at(primary_ids_.at(name).second).second;
}

void Play::serve(const Words& words, const Step& step) {
  at(words.at(1))
      .serve(nameFromText(words.at(2)),
             {dns::Serial(number<std::uint32_t>(words.at(3))), recordsOf(step)});
}

void Play::replace(const Words& words, const Step& step) {
  at(words.at(1))
      .add(nameFromText(words.at(2)),
           {dns::Serial(number<std::uint32_t>(words.at(3))), recordsOf(step)});
}

void Play::discovery(const Words& words, const Step&) {
  auto options = optionsOf(words, 1);
  loop::Settings& settings = world_.settings;
  static const std::map<std::string, discovery::Mode> kModes{{"listed", discovery::Mode::listed},
                                                             {"token", discovery::Mode::token},
                                                             {"open", discovery::Mode::open}};
  settings.discovery.mode = kModes.at(options.contains("mode") ? options["mode"] : "open");
  settings.discovery.token_key.assign(discovery::kTokenKeyOctetsMin, 7);
  for (const std::string& pattern : listOf(options["allow"])) {
    settings.discovery.allow.push_back(must(discovery::Pattern::fromText(pattern), pattern));
  }
  if (options.contains("max")) {
    settings.discovery.hosted_per_registrable = number<std::uint32_t>(options["max"]);
  }
  if (options.contains("idle")) settings.discovery.idle = duration(options["idle"]);
  settings.discovered = view::CustomerId{static_cast<std::uint32_t>(settings.customers.size())};
  settings.customers.push_back({.name = "discovered", .grants = {}, .attributes = {}});
  settings.customers.back().grants.setter = identity::Setter::anyone;
}

void Play::want(const Words& words, const Step&) {
  process().onWanted(words.at(1), words.size() > 3 ? words[3] : "w1");
  settleIfRunning();
}

// All that the brake holds, customer by customer.
void Play::decide(bool approve) {
  constexpr std::size_t kShown = 100;
  for (const loop::PlanReport& plan : process().plans(kShown)) {
    std::vector<std::string>& trace = world_.trace;
    trace.push_back(fmt::format("plan of {}: {} domains", plan.customer, plan.size));
    for (const loop::PlanReport::Line& line : plan.domains) {
      trace.push_back(fmt::format("  {} {}", line.domain.text(),
                                  line.moves_to ? line.moves_to->text() : "goes"));
    }
    process().decide(plan.digest, approve);
  }
  settleIfRunning();
}

void Play::approve(const Words&, const Step&) {
  if (world_.isRunning()) decide(true);
}

void Play::reject(const Words&, const Step&) {
  if (world_.isRunning()) decide(false);
}

void Play::holdAll(const Words&, const Step&) {
  if (!process().hold()) world_.trace.push_back("it was held already");
  settleIfRunning();
}

void Play::releaseAll(const Words&, const Step&) {
  if (!process().release()) world_.trace.push_back("it was not held");
  settleIfRunning();
}

void Play::direct(const Words& words, const Step&) {
  using Kind = plan::Directive::Kind;
  const Kind kind = words.at(0) == "pin" ? Kind::pin : Kind::block;
  const auto domain = must(derive::Domain::fromText(words.at(1)), words.at(1));
  if (words.at(2) == "off") {
    if (!process().endDirective(domain, kind)) world_.trace.push_back("there is no such thing");
  } else {
    const plan::Deadline until = plan::deadlineAt(world_.clock.now().wall + duration(words.at(2)));
    const auto done = process().direct(domain, {kind, until});
    if (!done) world_.trace.push_back("refused: " + done.error());
  }
  settleIfRunning();
}

void Play::pins(const Words&, const Step&) {
  constexpr std::size_t kShown = 100;
  for (const loop::DirectiveReport& report : process().directives(nullptr, kShown)) {
    world_.trace.push_back(
        fmt::format("{} of {}", plan::toText(report.directive.kind), report.domain.text()));
  }
}

void Play::lookUp(const Words& words, const Step&) {
  const auto domain = must(derive::Domain::fromText(words.at(1)), words.at(1));
  if (!process().lookUp(domain)) world_.trace.push_back("there is nobody to ask");
  settleIfRunning();
}

namespace {

void editRecords(const Step& step, std::vector<OwnedRecord>& records) {
  for (const std::string& raw : step.block) {
    const std::string line = trimmed(raw);
    for (const std::string& one : repeated(trimmed(line.substr(1)))) {
      change(records, line[0] == '+', recordFromText(one));
    }
  }
}

}  // namespace

void Play::edit(const Words& words, const Step& step) {
  const dns::Name zone = nameFromText(words.at(2));
  ZoneVersion version = at(words.at(1)).newest(zone);
  version.serial = dns::Serial(number<std::uint32_t>(words.at(3)));
  editRecords(step, version.records);
  at(words.at(1)).add(zone, std::move(version));
}

void Play::forget(const Words& words, const Step&) {
  at(words.at(1)).forgetHistory(nameFromText(words.at(2)));
}

void Play::mood(const Words& words, const Step&) {
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

void Play::dns(const Words& words, const Step& step) {
  if (words.size() == 1) return editRecords(step, world_.dns.records);
  if (words[1] != "anew") throw ScriptError("dns, or dns anew");
  auto options = optionsOf(words, 2);
  world_.dns.records = recordsOf(step);
  if (options.contains("negative-ttl")) {
    world_.dns.negative_ttl = dns::Ttl(number<std::uint32_t>(options["negative-ttl"]));
  }
}

void Play::dnsMood(const Words& words, const Step&) {
  if (words.at(1) == "broken") {
    world_.dns.broken.insert(nameFromText(words.at(2)));
  } else if (words.at(1) == "mended") {
    world_.dns.broken.erase(nameFromText(words.at(2)));
  } else {
    static const std::map<std::string, WorldDns::Mood> kMoods{
        {"serving", WorldDns::Mood::serving},
        {"silent", WorldDns::Mood::silent},
        {"servfail", WorldDns::Mood::servfail},
        {"garbage", WorldDns::Mood::garbage}};
    world_.dns.mood = kMoods.at(words.at(1));
  }
}

void Play::reply(const Words& words, const Step&) {
  world_.resolver().deliverAt(number<std::size_t>(words.at(1)), process());
  settleIfRunning();
}

void Play::handOver(const Words& words, const Step&) {
  const auto did = must(identity::Did::fromText(words.at(1)), words.at(1));
  const auto done = process().handOver(did, words.at(2));
  world_.trace.push_back(done ? *done : "refused: " + done.error());
  settleIfRunning();
}

void Play::cut(const Words& words, const Step&) {
  const xfr::Endpoint& endpoint = primary_ids_.at(words.at(1)).second;
  process();
  world_.transport().closeAll(endpoint, "connection reset by peer");
  world_.settle();
}

void Play::start(const Words&, const Step&) {
  if (world_.isRunning()) throw ScriptError("a process runs already");
  world_.start();
  world_.settle();
}

void Play::kill(const Words& words, const Step&) {
  process();
  auto options = optionsOf(words, 1);
  world_.stop(options.contains("lost") ? number<std::size_t>(options["lost"]) : 0);
}

void Play::notify(const Words& words, const Step&) {
  process();
  for (const std::string& zone : listOf(words.at(1))) {
    world_.notify(nameFromText(zone), must(xfr::parseAddress(words.at(3)), words.at(3)));
  }
  world_.settle();
}

void Play::advance(const Words& words, const Step&) {
  world_.advance(duration(words.at(1)));
}

void Play::store(const Words& words, const Step&) {
  const auto take = [&words](Play& play) {
    WorldStore& store = play.world_.store;
    store.takeOver();
    if (words.size() <= 2) return;
    const derive::Domain domain = must(derive::Domain::fromText(words[2]), words[2]);
    if (store.dropAsAnother(domain) || words.size() <= 3) return;
    store.addAsAnother(domain, must(derive::Domain::fromText(words.at(4)), words.at(4)));
  };
  const std::map<std::string, std::function<void(Play&)>> verbs{
      {"down", [](Play& p) { p.world_.store.goDown(); }},
      {"up", [](Play& p) { p.world_.store.comeBack(); }},
      {"lose-reply", [](Play& p) { p.world_.store.loseReply(); }},
      {"taken", take},
      {"returned", [](Play& p) { p.world_.store.giveUp(); }},
      {"wipe", [](Play& p) { p.world_.store.wipe(); }},
      {"show", [](Play& p) { p.world_.showStore(); }},
      {"save", [](Play& p) { p.dump_ = p.world_.store.content(); }},
      {"restore", [](Play& p) { p.world_.store.restore(p.dump_); }}};
  verbs.at(words.at(1))(*this);
  settleIfRunning();
}

void Play::disk(const Words& words, const Step&) {
  static const std::map<std::string, void (WorldDisk::*)()> kVerbs{
      {"wipe", &WorldDisk::wipe}, {"full", &WorldDisk::fill}, {"ok", &WorldDisk::empty}};
  (world_.disk.*kVerbs.at(words.at(1)))();
}

// -- what moves a world that does not flow

void Play::hold(const Words&, const Step&) {
  world_.flows = false;
}

void Play::flow(const Words&, const Step&) {
  world_.flows = true;
  settleIfRunning();
}

void Play::settle(const Words&, const Step&) {
  process();
  world_.drain();
}

void Play::deliver(const Words& words, const Step&) {
  const auto portion = words.size() > 2 && words[2] == "half" ? WorldTransport::Portion::half
                                                              : WorldTransport::Portion::whole;
  const auto place = number<std::size_t>(words.at(1));
  loop::Reconciler& reconciler = process();
  world_.transport().deliverAt(place, portion, reconciler);
}

void Play::answer(const Words&, const Step&) {
  loop::Reconciler& reconciler = process();
  world_.store.deliver(reconciler);
}

void Play::work(const Words&, const Step&) {
  if (process().hasWork()) process().work();
}

}  // namespace zonecast::test
