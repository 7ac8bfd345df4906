#include "adapters/redis/convert.h"

#include <charconv>
#include <utility>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

namespace zonecast::redis {
namespace {

// The core's enumerators and the contract's: the order is the core's own.
constexpr v1::State kStates[] = {v1::STATE_HOSTED, v1::STATE_RETIRING};
constexpr v1::Role kRoles[] = {v1::ROLE_PRIMARY, v1::ROLE_BACKUP};
constexpr v1::Transport kTransports[] = {v1::TRANSPORT_UDP, v1::TRANSPORT_TCP, v1::TRANSPORT_TLS,
                                         v1::TRANSPORT_WS, v1::TRANSPORT_WSS};
static_assert(std::size(kTransports) == derive::kTransports.size());

template <typename Core, std::size_t n, typename Message>
std::optional<Core> coreValue(const Message (&messages)[n], int wanted) {
  for (std::size_t i = 0; i < n; ++i) {
    if (messages[i] == wanted) return static_cast<Core>(i);
  }
  return std::nullopt;
}

struct SetValue {
  v1::Value& message;
  void operator()(std::int64_t value) const { message.set_integer(value); }
  void operator()(const std::string& value) const { message.set_text(value); }
  void operator()(bool value) const { message.set_boolean(value); }
  void operator()(std::chrono::seconds value) const { message.set_seconds(value.count()); }
};

tl::expected<identity::AttributeValue, std::string> fromMessage(const v1::Value& message) {
  switch (message.kind_case()) {
    case v1::Value::kInteger:
      return message.integer();
    case v1::Value::kText:
      return message.text();
    case v1::Value::kBoolean:
      return message.boolean();
    case v1::Value::kSeconds:
      return std::chrono::seconds(message.seconds());
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return tl::unexpected(std::string("an attribute value of no known type"));
}

tl::expected<identity::Attributes, std::string> attributesOf(const v1::VirtualDomain& message) {
  identity::Attributes attributes;
  for (const v1::Attribute& attribute : message.attributes()) {
    auto& values = attributes[attribute.name()];
    for (const v1::Value& value : attribute.values()) {
      auto decoded = fromMessage(value);
      if (!decoded) return tl::unexpected(decoded.error());
      values.push_back(std::move(*decoded));
    }
    if (values.empty()) return tl::unexpected(std::string("an attribute without a value"));
  }
  return attributes;
}

}  // namespace

v1::DomainEntry toMessage(const derive::Domain& domain, const plan::DomainEntry& entry) {
  v1::DomainEntry message;
  message.set_domain(std::string(domain.text()));
  message.set_did(std::string(entry.did.text()));
  message.set_state(kStates[static_cast<std::size_t>(entry.state)]);
  message.set_role(kRoles[static_cast<std::size_t>(entry.role)]);
  if (entry.cause != plan::RetireCause::none) {
    message.set_cause(static_cast<v1::RetireCause>(entry.cause));
    message.set_until(entry.until.time_since_epoch().count());
  }
  for (const derive::Transport transport : derive::kTransports) {
    if (entry.transports.contains(transport)) {
      message.add_transports(kTransports[static_cast<std::size_t>(transport)]);
    }
  }
  return message;
}

v1::VirtualDomain toMessage(const identity::Did& did,
                            const identity::VirtualDomain& virtual_domain) {
  v1::VirtualDomain message;
  message.set_did(std::string(did.text()));
  message.set_customer(virtual_domain.customer);
  message.set_canonical(std::string(virtual_domain.canonical.text()));
  for (const derive::Domain& domain : virtual_domain.domains) {
    message.add_domains(std::string(domain.text()));
  }
  for (const auto& [name, values] : virtual_domain.attributes) {
    v1::Attribute& attribute = *message.add_attributes();
    attribute.set_name(name);
    for (const identity::AttributeValue& value : values) {
      std::visit(SetValue{*attribute.add_values()}, value);
    }
  }
  return message;
}

schema::DidValue toValue(const plan::DidRecord& record) {
  schema::DidValue value{record.customer, record.from, std::nullopt};
  if (record.freed) value.freed = record.freed->time_since_epoch().count();
  return value;
}

plan::DidRecord fromValue(const schema::DidValue& value) {
  plan::DidRecord record{value.customer, value.from, std::nullopt};
  if (value.freed) record.freed = WallSecond(WallSecond::duration(*value.freed));
  return record;
}

tl::expected<plan::DomainEntry, std::string> fromMessage(const v1::DomainEntry& message) {
  auto did = identity::Did::fromText(message.did());
  if (!did) return tl::unexpected(did.error());
  const auto state = coreValue<plan::State>(kStates, message.state());
  const auto role = coreValue<derive::Role>(kRoles, message.role());
  if (!state || !role) return tl::unexpected(std::string("a state or role that is not known"));
  if (!v1::RetireCause_IsValid(message.cause())) {
    return tl::unexpected(std::string("a cause that is not known"));
  }
  plan::DomainEntry entry{.did = std::move(*did),
                          .state = *state,
                          .transports = {},
                          .role = *role,
                          .cause = static_cast<plan::RetireCause>(message.cause()),
                          .until = plan::Deadline(plan::Deadline::duration(message.until()))};
  for (const int wanted : message.transports()) {
    const auto transport = coreValue<derive::Transport>(kTransports, wanted);
    if (!transport) return tl::unexpected(std::string("a transport that is not known"));
    entry.transports.insert(*transport);
  }
  return entry;
}

tl::expected<identity::VirtualDomain, std::string> fromMessage(const v1::VirtualDomain& message) {
  auto canonical = derive::Domain::fromHost(message.canonical());
  if (!canonical) return tl::unexpected("canonical: " + canonical.error());
  auto attributes = attributesOf(message);
  if (!attributes) return tl::unexpected(attributes.error());
  identity::VirtualDomain result{.canonical = std::move(*canonical),
                                 .customer = message.customer(),
                                 .domains = {},
                                 .attributes = std::move(*attributes)};
  for (const std::string& text : message.domains()) {
    auto domain = derive::Domain::fromHost(text);
    if (!domain) return tl::unexpected(domain.error());
    result.domains.push_back(std::move(*domain));
  }
  return result;
}

std::string toText(plan::Version version) {
  return fmt::format("{}", static_cast<std::uint64_t>(version));
}

std::string toText(plan::Term term) {
  return fmt::format("{}", static_cast<std::uint64_t>(term));
}

std::string toText(const plan::Chain& chain) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(chain.data()), chain.size()});
}

std::string contentText(std::uint64_t sum) {
  return fmt::format("{:016x}", sum);
}

std::optional<std::uint64_t> numberFromText(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || stopped != end || padded) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> contentFromText(std::string_view text) {
  std::uint64_t sum = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, sum, 16);
  if (text.size() != 16 || error != std::errc() || stopped != end) return std::nullopt;
  return sum;
}

std::optional<plan::Chain> chainFromText(std::string_view text) {
  plan::Chain chain{};
  if (text.size() != 2 * chain.size()) return std::nullopt;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const char* octet = text.data() + 2 * i;
    const auto [stopped, error] = std::from_chars(octet, octet + 2, chain[i], 16);
    if (error != std::errc() || stopped != octet + 2) return std::nullopt;
  }
  return chain;
}

}  // namespace zonecast::redis
