#include "adapters/redis/meta.h"

#include "adapters/redis/convert.h"

namespace zonecast::redis {

RawPosition toRaw(const plan::Position& position) {
  return {position.lineage.uuid, toText(position.version), toText(position.chain)};
}

std::optional<plan::Position> positionIn(const RawPosition& raw) {
  const auto version = numberFromText(raw.version);
  const auto chain = chainFromText(raw.chain);
  if (raw.lineage.empty() || !version || !chain) return std::nullopt;
  plan::Position position{{raw.lineage}, plan::Version{*version}, *chain};
  if (toRaw(position) != raw) return std::nullopt;  // what we would compare it by
  return position;
}

std::string_view Meta::field(std::string_view name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? std::string_view() : std::string_view(found->second);
}

RawPosition Meta::raw() const {
  return {std::string(field("lineage")), std::string(field("version")),
          std::string(field("chain"))};
}

bool Meta::sameContent(const Meta& other) const {
  return raw() == other.raw() && field("content") == other.field("content") &&
         field("generation") == other.field("generation");
}

}  // namespace zonecast::redis
