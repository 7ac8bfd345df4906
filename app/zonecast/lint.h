// What a zone would mean here before anybody publishes it: the real core, run over the zone and the
// operator's configuration. No daemon, Redis or resolver is asked, so what lies outside of the zone
// is unknown, and so is who holds which DID by now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "absl/container/flat_hash_map.h"
#include "app/zonecast/rehearsal.h"
#include "reconciler/loop/settings.h"
#include "reconciler/view/zone.h"
#include "schema/ahead.pb.h"

namespace zonecast {

// In which line of a file an owner's first record of a type begins.
class RecordLines {
 public:
  void add(dns::NameView owner, dns::RrType type, std::uint32_t line);
  std::uint32_t of(dns::NameView owner, dns::RrType type) const;  // 0: there is none

 private:
  absl::flat_hash_map<std::uint64_t, std::uint32_t> lines_;
};

struct LintSubject {
  dns::Name zone;
  view::CustomerId customer{};
  xfr::TransferLimits limits;
};
// Whose the zone is: the customer that is named, or else (empty) the one that it is configured for.
tl::expected<LintSubject, std::string> lintSubject(const loop::Settings& settings,
                                                   const dns::Name& zone,
                                                   std::string_view customer);

// Of the operator's settings, what concerns the zone: it is the only one, and no other is held.
// `primary` is where it comes from; nothing: from a file.
loop::Settings lintSettings(loop::Settings settings, const LintSubject& subject,
                            const std::optional<xfr::PrimarySettings>& primary = std::nullopt);

// The zone that a master file has; the error begins with its line. `origin`: the zone's name, when
// it is told.
tl::expected<view::Zone, std::string> zoneFromText(std::string_view text,
                                                   const std::optional<dns::Name>& origin,
                                                   const view::ZoneLimits& limits,
                                                   RecordLines& lines);

// The zone as a copy from disk, taken into `rehearsal`, which has not begun.
void restoreInto(Rehearsal& rehearsal, const view::Zone& zone);

// `rehearsal` has finished, and holds the zone.
v1::ZoneLint lint(Rehearsal& rehearsal, const LintSubject& subject, const RecordLines& lines);

std::string lintText(const v1::ZoneLint& lint, const std::string& file);

}  // namespace zonecast
