#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

namespace zonecast::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

// Smallest first.
constexpr std::array<Unit, 5> kDurations{{{"ms", 1'000},
                                          {"s", 1'000'000},
                                          {"m", 60'000'000},
                                          {"h", 3'600'000'000},
                                          {"d", 86'400'000'000}}};
constexpr std::array<Unit, 4> kSizes{
    {{"", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}}};

std::optional<std::uint64_t> fromText(std::string_view text, std::span<const Unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = numberFromText(text.substr(0, digits));
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (!number || unit == units.end() || *number > kMax / unit->size) return std::nullopt;
  return *number * unit->size;
}

std::string toText(std::uint64_t value, std::span<const Unit> units) {
  std::size_t largest = units.size() - 1;
  while (largest > 0 && (value == 0 || value % units[largest].size != 0)) --largest;
  return fmt::format("{}{}", value / units[largest].size, units[largest].name);
}

}  // namespace

std::optional<std::uint64_t> numberFromText(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Duration> durationFromText(std::string_view text) {
  const auto microseconds = fromText(text, kDurations);
  if (!microseconds) return std::nullopt;
  return Duration(static_cast<Duration::rep>(*microseconds));
}

std::string toText(Duration duration) {
  return toText(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::optional<std::uint64_t> octetsFromText(std::string_view text) {
  return fromText(text, kSizes);
}

std::string octetsToText(std::uint64_t octets) {
  return toText(octets, kSizes);
}

std::optional<xfr::Endpoint> endpointFromText(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = numberFromText(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65'535) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 1 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  // An IPv6 address without brackets would run into its port.
  if (bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  const auto address = xfr::parseAddress(host);
  if (!address) return std::nullopt;
  return xfr::Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

bool isLoopback(const xfr::Address& address) {
  if (const auto* ipv4 = std::get_if<dns::Ipv4>(&address)) return (*ipv4)[0] == 127;
  constexpr dns::Ipv6 kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return std::get<dns::Ipv6>(address) == kLoopback;
}

std::optional<query::DnssecPolicy> dnssecFromText(std::string_view text) {
  if (text == "ignore") return query::DnssecPolicy::ignore;
  if (text == "prefer") return query::DnssecPolicy::prefer;
  if (text == "require") return query::DnssecPolicy::require;
  return std::nullopt;
}

bool isPlainName(std::string_view text) {
  const auto isPlain = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, isPlain);
}

}  // namespace zonecast::config
