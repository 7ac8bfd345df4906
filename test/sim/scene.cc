#include "test/sim/scene.h"

#include <stdexcept>

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
  return scene;
}

AttributeTexts textsOf(const identity::Attributes& attributes) {
  AttributeTexts texts;
  for (const auto& [name, values] : attributes) texts[name] = textsOf(values);
  return texts;
}

}  // namespace zonecast::sim
