#include "adapters/redis/server_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace zonecast::redis {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kNameOctetsMax = 64;

std::optional<std::uint16_t> portFromText(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stopped != end || port == 0) return std::nullopt;
  return port;
}

}  // namespace

tl::expected<Server, std::string> serverFromText(std::string_view text) {
  const auto fail = [&] {
    return tl::unexpected(
        fmt::format("{}: unix:PATH, ADDRESS:PORT or [IPV6]:PORT is expected", text));
  };
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty()) return fail();
    return UnixSocket{std::string(path)};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail();
  std::string_view host = text.substr(0, colon);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  const auto address = xfr::parseAddress(host);
  const auto port = portFromText(text.substr(colon + 1));
  if (!address || !port) return fail();
  if (has_brackets != std::holds_alternative<dns::Ipv6>(*address)) return fail();
  return xfr::Endpoint{*address, *port};
}

bool isWord(std::string_view text, std::size_t octets_max) {
  const auto is_octet = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= octets_max && text.front() != '.' &&
         std::ranges::all_of(text, is_octet);
}

std::string validDeployment(const std::string& name) {
  if (isWord(name, kNameOctetsMax)) return {};
  return fmt::format("{}: 1 to {} letters, digits, '.', '_' or '-' are expected", name,
                     kNameOctetsMax);
}

}  // namespace zonecast::redis
