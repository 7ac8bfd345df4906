// What stands in `meta`, raw and understood, and our own standing as the leader who wrote it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/redis/reply.h"
#include "reconciler/plan/version.h"

namespace zonecast::redis {

// A position as its three fields stand in meta, whatever they are; empty where there is none.
struct RawPosition {
  std::string lineage, version, chain;
  friend bool operator==(const RawPosition&, const RawPosition&) = default;
};
RawPosition toRaw(const plan::Position& position);
std::optional<plan::Position> positionIn(const RawPosition& raw);  // nothing: empty, or malformed

class Meta {
 public:
  explicit Meta(ReplyView hgetall) : fields_(toMap(hgetall)) {}

  std::string_view field(std::string_view name) const;
  RawPosition raw() const;
  bool isEmpty() const { return raw() == RawPosition{}; }
  std::optional<plan::Position> position() const { return positionIn(raw()); }

  // Whether both were read from the same content.
  bool sameContent(const Meta& other) const;

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

// What the leader knows of the store without asking: it is the only one who changes it.
struct Standing {
  plan::Term term{};
  RawPosition at;
  std::uint64_t content = 0;
};

}  // namespace zonecast::redis
