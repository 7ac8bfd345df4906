#include "schema/domain_value.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace zonecast::schema {
namespace {

constexpr std::array<std::pair<v1::State, std::string_view>, 2> kStates{
    {{v1::STATE_HOSTED, "hosted"}, {v1::STATE_RETIRING, "retiring"}}};
constexpr std::array<std::pair<v1::Transport, std::string_view>, 5> kTransports{
    {{v1::TRANSPORT_UDP, "udp"},
     {v1::TRANSPORT_TCP, "tcp"},
     {v1::TRANSPORT_TLS, "tls"},
     {v1::TRANSPORT_WS, "ws"},
     {v1::TRANSPORT_WSS, "wss"}}};
constexpr std::array<std::pair<v1::Role, std::string_view>, 2> kRoles{
    {{v1::ROLE_PRIMARY, "primary"}, {v1::ROLE_BACKUP, "backup"}}};
constexpr std::array<std::pair<v1::RetireCause, std::string_view>, 4> kCauses{
    {{v1::RETIRE_CAUSE_ELSEWHERE, "elsewhere"},
     {v1::RETIRE_CAUSE_ABSENT, "absent"},
     {v1::RETIRE_CAUSE_ZONE_GONE, "zone_gone"},
     {v1::RETIRE_CAUSE_EXPIRED, "expired"}}};

std::string_view textOf(const auto& names, auto value) {
  for (const auto& [known, text] : names) {
    if (known == value) return text;
  }
  return "";
}

auto valueOf(const auto& names, std::string_view text)
    -> std::optional<std::remove_cvref_t<decltype(names[0].first)>> {
  for (const auto& [value, known] : names) {
    if (known == text) return value;
  }
  return std::nullopt;
}

// Splits off what stands before `separator`, which is dropped.
std::string_view takeUntil(char separator, std::string_view& rest) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view head = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return head;
}

tl::unexpected<std::string> unknown(std::string_view what, std::string_view text) {
  return tl::unexpected(fmt::format("no such {}: {}", what, text));
}

tl::expected<void, std::string> decodeTransports(std::string_view text, v1::DomainEntry& entry) {
  while (!text.empty()) {
    const std::string_view name = takeUntil(',', text);
    const auto transport = valueOf(kTransports, name);
    if (!transport) return unknown("transport", name);
    entry.add_transports(*transport);
  }
  return {};
}

std::optional<std::uint32_t> decodeSeconds(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_plain = error == std::errc() && end == text.data() + text.size();
  return is_plain ? std::optional(seconds) : std::nullopt;
}

tl::expected<void, std::string> decodeField(std::string_view name, std::string_view value,
                                            v1::DomainEntry& entry) {
  if (name == "did") {
    entry.set_did(std::string(value));
  } else if (name == "state") {
    const auto state = valueOf(kStates, value);
    if (!state) return unknown("state", value);
    entry.set_state(*state);
  } else if (name == "role") {
    const auto role = valueOf(kRoles, value);
    if (!role) return unknown("role", value);
    entry.set_role(*role);
  } else if (name == "cause") {
    const auto cause = valueOf(kCauses, value);
    if (!cause) return unknown("cause", value);
    entry.set_cause(*cause);
  } else if (name == "until") {
    const auto until = decodeSeconds(value);
    if (!until) return unknown("time", value);
    entry.set_until(*until);
  } else if (name == "transports") {
    return decodeTransports(value, entry);
  }
  return {};
}

}  // namespace

std::string encodeDomainValue(const v1::DomainEntry& entry) {
  std::string transports;
  for (const int transport : entry.transports()) {
    if (!transports.empty()) transports += ',';
    transports += textOf(kTransports, static_cast<v1::Transport>(transport));
  }
  std::string text =
      fmt::format("did={};state={};transports={};role={}", entry.did(),
                  textOf(kStates, entry.state()), transports, textOf(kRoles, entry.role()));
  if (entry.cause() != v1::RETIRE_CAUSE_UNSPECIFIED) {
    text += fmt::format(";cause={};until={}", textOf(kCauses, entry.cause()), entry.until());
  }
  return text;
}

tl::expected<v1::DomainEntry, std::string> decodeDomainValue(std::string_view text) {
  v1::DomainEntry entry;
  while (!text.empty()) {
    std::string_view value = takeUntil(';', text);
    const std::string_view name = takeUntil('=', value);
    const auto decoded = decodeField(name, value, entry);
    if (!decoded) return tl::unexpected(decoded.error());
  }
  if (entry.did().empty()) return tl::unexpected(std::string("it names no did"));
  if (entry.state() == v1::STATE_UNSPECIFIED) return tl::unexpected(std::string("no state"));
  if (entry.role() == v1::ROLE_UNSPECIFIED) return tl::unexpected(std::string("no role"));
  return entry;
}

}  // namespace zonecast::schema
