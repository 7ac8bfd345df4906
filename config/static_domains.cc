// The virtual domains that the operator configures: whose each is, and what it is.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include "config/nearest.h"
#include "config/readers.h"

namespace zonecast::config {
namespace {

class StaticReader {
 public:
  StaticReader(loop::Settings& settings, Errors& errors) : settings_(settings), errors_(errors) {
    for (const loop::CustomerSettings& customer : settings.customers) {
      customers_.push_back(customer.name);
    }
  }

  void read(const Node& node) {
    StaticEntry entry;
    const std::size_t errors_before = errors_.count();
    readOptions(node, staticOptions(), entry, errors_);
    if (const Node* attributes = node.find("attributes")) {
      entry.attributes = readOperatorAttributes(*attributes, settings_.attributes, errors_);
    }
    const auto customer = customerOf(node, entry.customer_name);
    if (!customer || errors_.count() != errors_before) return;
    entry.customer = *customer;
    const Node& did = *node.find("did");
    if (!claim(dids_, entry.did, did.where, "DID")) return;
    if (!claimDomains(*node.find("domains"), entry.domains)) return;
    settings_.statics.push_back(std::move(entry));
  }

 private:
  using Places = absl::flat_hash_map<std::string, Position>;

  std::optional<view::CustomerId> customerOf(const Node& node, const std::string& name) {
    const auto idOf = [](std::size_t index) {
      return view::CustomerId{static_cast<std::uint32_t>(index)};
    };
    if (name.empty()) return idOf(ownCustomer());
    const auto found = std::ranges::find(customers_, name);
    if (found != customers_.end()) {
      return idOf(static_cast<std::size_t>(found - customers_.begin()));
    }
    const std::vector<std::string_view> known(customers_.begin(), customers_.end());
    addUnknown(*node.find("customer"), "customer", known, errors_);
    return std::nullopt;
  }

  // Of those that name none; made for the first of them.
  std::size_t ownCustomer() {
    if (settings_.customers.size() == customers_.size()) {
      settings_.customers.push_back(
          {.name = std::string(kStaticCustomer), .grants = {}, .attributes = {}});
    }
    return customers_.size();
  }

  bool claimDomains(const Node& node, const std::vector<std::string>& domains) {
    bool is_good = true;
    for (std::size_t i = 0; i < domains.size(); ++i) {
      const Position where = node.kind == Node::Kind::list ? node.items[i].where : node.where;
      is_good &= claim(domains_, domains[i], where, "domain");
    }
    return is_good;
  }

  // False, and an error: it stands elsewhere already.
  bool claim(Places& places, const std::string& text, Position where, std::string_view what) {
    const auto [first, is_new] = places.emplace(text, where);
    if (is_new) return true;
    errors_.add(where, fmt::format("expected every {} once among the static domains, but {} stands "
                                   "at {} already",
                                   what, shown(text), errors_.placeOf(first->second, where)));
    return false;
  }

  loop::Settings& settings_;
  Errors& errors_;
  std::vector<std::string> customers_;
  Places dids_, domains_;
};

}  // namespace

void readStatic(const Node& list, loop::Settings& settings, Errors& errors) {
  if (list.kind != Node::Kind::list) {
    return addMismatch(list, "a list of static virtual domains", errors);
  }
  StaticReader reader(settings, errors);
  for (const Node& node : list.items) reader.read(node);
}

}  // namespace zonecast::config
