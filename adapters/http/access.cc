#include "adapters/http/access.h"

#include <algorithm>

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <strings.h>

namespace zonecast::http {
namespace {

std::array<unsigned char, 32> digestOf(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

bool isLoopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// Nothing that could be a host: "".
std::string withoutPort(std::string_view host) {
  const bool in_brackets = host.starts_with('[');
  const std::size_t end = in_brackets ? host.find(']') : std::min(host.find(':'), host.size());
  if (end == std::string_view::npos) return "";
  const std::string_view rest = host.substr(in_brackets ? end + 1 : end);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!rest.empty() && (rest[0] != ':' || !std::ranges::all_of(rest.substr(1), is_digit)))
    return "";
  std::string name(host.substr(in_brackets, end - in_brackets));
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return name;
}

}  // namespace

bool isOwnHost(std::string_view host, const std::vector<std::string>& names) {
  std::string name = withoutPort(host);
  if (name.ends_with('.')) name.pop_back();
  return name == "localhost" || isLoopback(name) ||
         (!name.empty() && std::ranges::find(names, name) != names.end());
}

Token::Token(std::string_view token) : is_asked_for_(!token.empty()), digest_(digestOf(token)) {}

bool Token::admits(std::string_view authorization) const {
  if (!is_asked_for_) return true;
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() < kScheme.size() ||
      ::strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    return false;
  }
  const auto given = digestOf(authorization.substr(kScheme.size()));
  return CRYPTO_memcmp(given.data(), digest_.data(), digest_.size()) == 0;
}

}  // namespace zonecast::http
