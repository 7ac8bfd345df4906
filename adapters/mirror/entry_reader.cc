#include "adapters/mirror/entry_reader.h"

#include <algorithm>
#include <climits>
#include <optional>

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "adapters/table/host.h"
#include "schema/attribute_value.h"
#include "schema/domain_value.h"
#include "schema/redis_keys.h"

namespace zonecast::mirror {
namespace {

constexpr std::size_t kDidOctetsMax = 253;
constexpr std::size_t kCustomerOctetsMax = 255;
constexpr std::size_t kAttributeNameOctetsMax = 255;
constexpr std::size_t kTextOctetsMax = 65'535;
constexpr std::size_t kValuesMax = 65'535;  // of all attributes together
constexpr std::size_t kShownOctetsMax = 80;

static_assert(static_cast<int>(table::State::hosted) == v1::STATE_HOSTED);
static_assert(static_cast<int>(table::State::retiring) == v1::STATE_RETIRING);
static_assert(static_cast<int>(table::Role::primary) == v1::ROLE_PRIMARY);
static_assert(static_cast<int>(table::Role::backup) == v1::ROLE_BACKUP);
static_assert(static_cast<int>(table::Transport::udp) == v1::TRANSPORT_UDP);
static_assert(static_cast<int>(table::Transport::wss) == v1::TRANSPORT_WSS);

// For people, whatever octets it has.
std::string shown(std::string_view text) {
  const std::string_view head = text.substr(0, kShownOctetsMax);
  const char* more = head.size() < text.size() ? "..." : "";
  return fmt::format("\"{}{}\"", absl::CEscape({head.data(), head.size()}), more);
}

template <typename... Arguments>
tl::unexpected<std::string> refused(fmt::format_string<Arguments...> format,
                                    Arguments&&... arguments) {
  return tl::unexpected(fmt::format(format, std::forward<Arguments>(arguments)...));
}

bool isDid(std::string_view text) {
  const auto is_octet = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("._:~-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kDidOctetsMax && std::ranges::all_of(text, is_octet);
}

bool isDomain(std::string_view text) {
  const table::Host host(text);
  return host.isValid() && host.name() == text;
}

bool isAttributeName(std::string_view text) {
  const auto is_octet = [](char c) {
    return (c >= 'a' && c <= 'z') || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           std::string_view("._-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kAttributeNameOctetsMax &&
         std::ranges::all_of(text, is_octet);
}

Read<table::DomainRow> domainRowOf(std::string_view name, const v1::DomainEntry& message) {
  if (!isDomain(name)) return refused("{} is no domain", shown(name));
  if (!isDid(message.did())) return refused("{} is no DID", shown(message.did()));
  if (message.state() != v1::STATE_HOSTED && message.state() != v1::STATE_RETIRING)
    return refused("state {} is not known", static_cast<int>(message.state()));
  if (message.role() != v1::ROLE_PRIMARY && message.role() != v1::ROLE_BACKUP)
    return refused("role {} is not known", static_cast<int>(message.role()));
  table::DomainRow row{.name = name,
                       .did = message.did(),
                       .state = static_cast<table::State>(message.state()),
                       .transports = 0,
                       .role = static_cast<table::Role>(message.role()),
                       .sum = 0};
  for (const int transport : message.transports()) {
    if (transport < v1::TRANSPORT_UDP || transport > v1::TRANSPORT_WSS)
      return refused("transport {} is not known", transport);
    row.transports |= table::maskOf(static_cast<table::Transport>(transport));
  }
  return row;
}

std::optional<table::Value> valueOf(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kInteger:
      return value.integer();
    case v1::Value::kText:
      if (value.text().size() > kTextOctetsMax) return std::nullopt;
      return std::string_view(value.text());
    case v1::Value::kBoolean:
      return value.boolean();
    case v1::Value::kSeconds:
      return table::Seconds{value.seconds()};
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return std::nullopt;
}

bool parse(std::string_view value, v1::VirtualDomain& message) {
  return value.size() <= INT_MAX &&
         message.ParseFromArray(value.data(), static_cast<int>(value.size()));
}

}  // namespace

Stored<table::DomainRow> EntryReader::domain(std::string_view field, std::string_view value) {
  const std::uint64_t sum = sumOf(schema::kDomainHash, field, value);
  auto decoded = schema::decodeDomainValue(value);
  if (!decoded) return {sum, refused("domain {}: {}", shown(field), decoded.error())};
  domain_ = std::move(*decoded);
  auto row = domainRowOf(field, domain_);
  if (!row) return {sum, refused("domain {}: {}", shown(field), row.error())};
  row->sum = sum;
  return {sum, *row};
}

Read<table::DomainRow> EntryReader::domain(const v1::DomainEntry& message) {
  auto row = domainRowOf(message.domain(), message);
  if (!row) return refused("domain {}: {}", shown(message.domain()), row.error());
  row->sum = sumOf(schema::kDomainHash, message.domain(), schema::encodeDomainValue(message));
  return row;
}

Stored<table::VirtualDomainRow> EntryReader::virtualDomain(std::string_view field,
                                                           std::string_view value) {
  const std::uint64_t own = sumOf(schema::kVirtualDomainHash, field, value);
  const auto refusal = [&](std::string_view why) {
    return Stored<table::VirtualDomainRow>{own, refused("vdomain {}: {}", shown(field), why)};
  };
  if (!parse(value, virtual_domain_)) return refusal("no VirtualDomain");
  if (virtual_domain_.did() != field) return refusal("it has another DID");
  auto row = rowOf(virtual_domain_);
  if (!row) return refusal(row.error());
  row->sum = own + attributeSum(field, schema::encodeAttributeValue(virtual_domain_));
  return {row->sum, *row};
}

Read<table::VirtualDomainRow> EntryReader::virtualDomain(const v1::VirtualDomain& message) {
  auto row = rowOf(message);
  if (!row) return refused("vdomain {}: {}", shown(message.did()), row.error());
  row->sum = sumOf(schema::kVirtualDomainHash, message.did(), message.SerializeAsString()) +
             attributeSum(message.did(), schema::encodeAttributeValue(message));
  return row;
}

std::uint64_t EntryReader::attributeSum(std::string_view did, std::string_view value) {
  return sumOf(schema::kAttributeHash, did, value);
}

Read<table::VirtualDomainRow> EntryReader::rowOf(const v1::VirtualDomain& message) {
  if (!isDid(message.did())) return refused("no DID");
  if (!isDomain(message.canonical()))
    return refused("its canonical domain {} is none", shown(message.canonical()));
  if (message.customer().size() > kCustomerOctetsMax) return refused("its customer is too long");
  if (auto collected = collectDomains(message); !collected)
    return tl::unexpected(collected.error());
  if (auto collected = collectAttributes(message); !collected)
    return tl::unexpected(collected.error());
  return table::VirtualDomainRow{.did = message.did(),
                                 .customer = message.customer(),
                                 .canonical = message.canonical(),
                                 .domains = domains_,
                                 .attributes = attributes_,
                                 .sum = 0};
}

tl::expected<void, std::string> EntryReader::collectDomains(const v1::VirtualDomain& message) {
  domains_.clear();
  for (const std::string& domain : message.domains()) {
    if (!isDomain(domain)) return refused("{} is no domain", shown(domain));
    if (!domains_.empty() && domains_.back() >= domain)
      return refused("its domains do not ascend at {}", shown(domain));
    domains_.push_back(domain);
  }
  return {};
}

tl::expected<void, std::string> EntryReader::collectAttributes(const v1::VirtualDomain& message) {
  attributes_.clear();
  std::string_view last;
  for (const v1::Attribute& attribute : message.attributes()) {
    const std::string_view name = attribute.name();
    if (!isAttributeName(name)) return refused("{} is no name of an attribute", shown(name));
    if (name <= last) return refused("its attributes do not ascend at {}", shown(name));
    if (attribute.values().empty()) return refused("attribute {} has no value", name);
    for (const v1::Value& value : attribute.values()) {
      const auto known = valueOf(value);
      if (!known) return refused("attribute {} has a value of a type that is not known", name);
      if (attributes_.size() == kValuesMax) return refused("it has too many attributes");
      attributes_.push_back({name, *known});
    }
    last = name;
  }
  return {};
}

std::uint64_t EntryReader::sumOf(std::string_view hash, std::string_view field,
                                 std::string_view value) {
  const std::uint64_t before = content_.sum();
  content_.add(hash, field, value);
  return content_.sum() - before;
}

}  // namespace zonecast::mirror
