#include "app/zonecast/preview.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "adapters/logging/printable.h"
#include "adapters/redis/convert.h"
#include "app/zonecast/side_by_side.h"
#include "app/zonecast/words.h"

namespace zonecast {
namespace {

constexpr std::size_t kAtOnce = 10'000;  // names
constexpr int kUnknownShown = 20;        // to people

class Preview {
 public:
  Preview(const plan::Table& before, const plan::Table& after) : before_(before), after_(after) {}

  void fill(v1::PlannedConfiguration& to) && {
    visitBoth(before_.domains, after_.domains, [this](const auto& domain, auto* was, auto* is) {
      if (was == nullptr || is == nullptr || *was != *is) addDomain(domain, was, is);
    });
    visitBoth(before_.virtual_domains, after_.virtual_domains,
              [this](const auto& did, auto* was, auto* is) {
                if (was == nullptr || is == nullptr) return;  // its domains say it
                if ((*was)->attributes != (*is)->attributes) addAttributes(did, *was, *is);
              });
    for (auto& [name, customer] : customers_) {
      customer.set_customer(name);
      *to.add_customers() = std::move(customer);
    }
  }

 private:
  static std::string customerOf(const plan::Table& table, const plan::DomainEntry& entry) {
    const auto found = table.virtual_domains.find(entry.did);
    return found == table.virtual_domains.end() ? std::string() : found->second->customer;
  }

  void addDomain(const derive::Domain& domain, const plan::DomainEntry* was,
                 const plan::DomainEntry* is) {
    v1::PlannedCustomer& customer =
        customers_[is != nullptr ? customerOf(after_, *is) : customerOf(before_, *was)];
    v1::WatchEvent::DomainChange& change = *customer.add_domains();
    if (was != nullptr) *change.mutable_before() = redis::toMessage(domain, *was);
    if (is != nullptr) *change.mutable_after() = redis::toMessage(domain, *is);
    if (was == nullptr) {
      customer.set_added(customer.added() + 1);
    } else if (is == nullptr) {
      customer.set_removed(customer.removed() + 1);
    } else if (was->did != is->did) {
      customer.set_moved(customer.moved() + 1);
    } else {
      customer.set_changed(customer.changed() + 1);
    }
  }

  void addAttributes(const identity::Did& did, const plan::SharedVirtualDomain& was,
                     const plan::SharedVirtualDomain& is) {
    v1::WatchEvent::VirtualDomainChange& change = *customers_[is->customer].add_virtual_domains();
    *change.mutable_before() = redis::toMessage(did, *was);
    *change.mutable_after() = redis::toMessage(did, *is);
  }

  const plan::Table& before_;
  const plan::Table& after_;
  std::map<std::string, v1::PlannedCustomer> customers_;
};

void addUnknown(const loop::Reconciler& core, v1::PlannedConfiguration& to) {
  std::optional<dns::Name> at;
  do {
    loop::Reconciler::DomainPage page = core.domains(at ? &*at : nullptr, kAtOnce);
    for (const derive::Domain& domain : page.domains) {
      const loop::DomainReport report = core.domainReport(domain);
      if (report.standing != "unknown") continue;
      v1::PlannedUnknown& unknown = *to.add_unknown();
      unknown.set_domain(std::string(domain.text()));
      unknown.set_customer(report.customer);
      unknown.set_missing(report.missing);
      unknown.set_published(report.published.has_value());
    }
    at = std::move(page.next);
  } while (at);
}

std::string customerText(const v1::PlannedCustomer& customer) {
  std::string text = logging::printable(fmt::format(
                         "customer {}: {} added, {} removed, {} moved, {} changed; the attributes "
                         "of {} virtual domains",
                         orDash(customer.customer()), customer.added(), customer.removed(),
                         customer.moved(), customer.changed(), customer.virtual_domains_size())) +
                     '\n';
  for (const auto& change : customer.domains())
    text += logging::printable(domainLine(change)) + '\n';
  for (const auto& change : customer.virtual_domains()) {
    text += logging::printable(attributesLine(change)) + '\n';
  }
  return text;
}

}  // namespace

v1::PlannedConfiguration preview(Rehearsal& rehearsal, const plan::Table& before) {
  v1::PlannedConfiguration planned;
  loop::Reconciler& core = rehearsal.core();
  Preview(before, core.published()).fill(planned);
  addUnknown(core, planned);
  for (const xfr::ZoneSettings& zone : rehearsal.settings().secondary.zones) {
    if (core.content(zone.name) == nullptr) planned.add_zones_missing(zone.name.toText());
  }
  return planned;
}

bool hasChanges(const v1::PlannedConfiguration& planned) {
  return planned.customers_size() > 0;
}

std::string previewText(const v1::PlannedConfiguration& planned) {
  std::string text;
  for (const v1::PlannedCustomer& customer : planned.customers()) text += customerText(customer);
  if (text.empty()) text = "nothing would change\n";
  for (const std::string& zone : planned.zones_missing()) {
    text += fmt::format("zone {} is not held here: what it would bring is not known\n", zone);
  }
  if (planned.unknown_size() > 0) {
    text += fmt::format("{} domains are not known without asking, and would stay as they are\n",
                        planned.unknown_size());
  }
  for (int i = 0; i < std::min(kUnknownShown, planned.unknown_size()); ++i) {
    const v1::PlannedUnknown& unknown = planned.unknown(i);
    text +=
        logging::printable(fmt::format("  ? {}  {}", unknown.domain(), unknown.missing())) + '\n';
  }
  if (planned.unknown_size() > kUnknownShown) text += "  ... and more: --json shows all\n";
  return text;
}

}  // namespace zonecast
