// Zones that no primary has confirmed for their EXPIRE (RFC 1035 section 3.3.13): which they are,
// and what may be published of what rests on them.
//
// A copy from the disk may have expired while nobody asked, and its primaries may be well: it
// counts as expired only when a whole round at them has failed. A catalog that expires keeps its
// members.

#include <fmt/format.h>

#include "reconciler/loop/reconciler.h"

namespace zonecast::loop {

void Reconciler::onExpired(xfr::ZoneId zone) {
  const auto catalog = zones_.entry(zone).binding.catalog;
  if (!catalog) return lookAtExpiry(zone);
  ports_.journal.record(ports::CatalogExpired{zones_.settings(zone).name.toText(),
                                              zones_.membersOf(*catalog).size()});
}

// Anything was heard of the zone, or not.
void Reconciler::lookAtExpiry(xfr::ZoneId zone) {
  const xfr::ZoneStatus status = secondary_.status(zone, ports_.clock.now());
  const bool has_failed = status.failures > 0 && !unanswered_.contains(zone);
  const bool is_expired = status.expired && has_failed && !zones_.entry(zone).binding.catalog;
  if (is_expired == expired_.contains(zone)) return;
  is_expired ? static_cast<void>(expired_.insert(zone)) : static_cast<void>(expired_.erase(zone));
  if (settings_.retire.on_expire == plan::OnExpire::keep) return;
  const dns::Name& name = zones_.settings(zone).name;
  begin(ZoneExpiry{name},
        {fmt::format("zone {} {}", name.toText(), is_expired ? "has expired" : "is back"),
         std::nullopt},
        false);
}

bool Reconciler::expires(view::ZoneIndex zone) const {
  return settings_.retire.on_expire == plan::OnExpire::retire && expired_.contains(idOf(zone));
}

// Nobody is going to confirm the zone before what has expired with it goes, or is no more to go.
bool Reconciler::goesUnconfirmed(std::optional<DomainId> id, view::ZoneIndex zone) const {
  if (!id) return false;
  return (expires(zone) && book_.lapses(*id)) || book_.isReprieved(book_.node(*id));
}

// What comes of a zone's expiry, or of its return, is not known yet; nor is anything new published
// that rests on it.
std::string Reconciler::expiryHold(DomainId id) const {
  const DomainNode& node = book_.node(id);
  if (book_.lapses(id)) return book_.hasExpired(node) ? "" : "it waits to be derived again";
  if (node.published || givesBack(node.domain)) return "";
  for (const view::ZoneIndex zone : node.verdict.sources) {
    if (expires(zone)) return fmt::format("zone {} has expired", view_.apex(zone).toText());
  }
  return "";
}

}  // namespace zonecast::loop
