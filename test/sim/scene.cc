#include "test/sim/scene.h"

#include <algorithm>
#include <stdexcept>

#include "reconciler/discovery/token.h"

namespace zonecast::sim {
namespace {

std::vector<std::string> textsOf(const identity::AttributeValues& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(identity::toText(value));
  return texts;
}

EdgeRow rowOf(const derive::EdgeRule& rule) {
  EdgeRow row{.hosts = rule.hosts, .addresses = {}, .ports = {}};
  for (const derive::Prefix& prefix : rule.prefixes) {
    row.addresses.emplace_back(prefix.octets.begin(), prefix.octets.begin() + (prefix.v6 ? 16 : 4));
  }
  for (const derive::EdgePort& port : rule.ports) {
    row.ports.insert({Transport(static_cast<int>(port.transport)), port.port});
  }
  return row;
}

AttributeRule ruleOf(const identity::AttributeSpec& spec) {
  return {.type = std::string(identity::toText(spec.type)),
          .multi = spec.multi,
          .settable = spec.setter != identity::Setter::operatorOnly,
          .settable_by_anyone = spec.setter == identity::Setter::anyone,
          .min = spec.min,
          .max = spec.max,
          .words = spec.values,
          .defaults = textsOf(spec.defaults)};
}

}  // namespace

void ZoneHistory::learn(const dns::Name& zone, const test::ZoneVersion& version) {
  versions_.try_emplace({zone.toText(), version.serial.value()},
                        std::make_shared<const ZoneRecords>(version.records));
}

std::shared_ptr<const ZoneRecords> ZoneHistory::at(const dns::Name& zone,
                                                   dns::Serial serial) const {
  return versions_.at({zone.toText(), serial.value()});
}

Scene sceneOf(const loop::Settings& settings, const ZoneHistory& history,
              const std::vector<std::optional<dns::Serial>>& held) {
  Scene scene;
  for (std::size_t i = 0; i < settings.zones.size(); ++i) {
    const dns::Name& apex = settings.secondary.zones[i].name;
    scene.zones.push_back({.apex = apex,
                           .customer = static_cast<std::size_t>(settings.zones[i].customer),
                           .shared = settings.zones[i].shared,
                           .records = held[i] ? history.at(apex, *held[i]) : nullptr});
  }
  for (const loop::CustomerSettings& customer : settings.customers) {
    scene.customers.push_back(customer.name);
    scene.did_patterns.push_back(customer.grants.dids);
  }
  for (const derive::EdgeRule& rule : settings.edge.rules) scene.edge.push_back(rowOf(rule));
  for (const auto& [name, spec] : settings.attributes.specs) {
    scene.attributes[name] = ruleOf(spec);
  }
  for (const loop::WatchedName& watched : settings.watched) {
    scene.watched.push_back({watched.name, static_cast<std::size_t>(watched.customer)});
  }
  if (settings.discovered) scene.discovered = static_cast<std::size_t>(*settings.discovered);
  if (settings.discovery.mode == discovery::Mode::token) {
    scene.token = [key = settings.discovery.token_key](const std::string& domain) {
      return discovery::tokenFor(derive::Domain::fromText(domain).value(), key);
    };
  }
  return scene;
}

std::optional<OutsideAnswer> outsideOf(const query::Outcome& outcome) {
  if (!outcome) return std::nullopt;
  OutsideAnswer answer;
  for (const query::Alias& alias : outcome->aliases) {
    answer.aliases.push_back({alias.owner, alias.leads_to, alias.type == dns::RrType::cname});
  }
  answer.rdatas = outcome->rrset;
  return answer;
}

bool mayBeLookedUp(const loop::Settings& settings, const derive::Domain& domain) {
  if (!settings.discovered) return false;
  if (settings.discovery.mode != discovery::Mode::listed) return true;
  return std::ranges::any_of(settings.discovery.allow, [&](const discovery::Pattern& pattern) {
    const std::string end = "." + pattern.name();
    const bool is_below = domain.text().ends_with(end);
    return pattern.scope() == discovery::Pattern::Scope::below ? is_below
                                                               : domain.text() == pattern.name();
  });
}

AttributeTexts textsOf(const identity::Attributes& attributes) {
  AttributeTexts texts;
  for (const auto& [name, values] : attributes) texts[name] = textsOf(values);
  return texts;
}

}  // namespace zonecast::sim
