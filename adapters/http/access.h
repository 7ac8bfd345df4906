// Who is let in: by the name that the server is called by, which keeps out web pages whose own name
// was made to lead here (DNS rebinding), and by a token.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace zonecast::http {

// `host` is a Host field's value (RFC 9110 section 7.2): localhost, a loopback address or one of
// `names`, which are in lower case; with any port, since it may come through a tunnel.
bool isOwnHost(std::string_view host, const std::vector<std::string>& names);

class Token {
 public:
  explicit Token(std::string_view token);  // empty: everybody is let in

  // `authorization` is that field's value (RFC 6750 section 2.1). Takes as long for any token.
  bool admits(std::string_view authorization) const;

 private:
  bool is_asked_for_;
  std::array<unsigned char, 32> digest_{};
};

}  // namespace zonecast::http
