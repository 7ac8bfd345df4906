// What there is under which path, and who may see it: a request's answer, without any socket.
//
// A verb of schema/control.proto is one row of verbs(): its parameters are the fields of its
// request, of which those in braces stand in the path, and its answer is JSON. schema/openapi.yaml
// describes the same, and a test holds the two together. Only reads: GET and HEAD.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/registry.h>

#include "adapters/control/control_server.h"
#include "adapters/http/access.h"
#include "adapters/http/target.h"

namespace zonecast::http {

struct Verb {
  std::string_view path;     // "/v1/explain/{domain}"
  std::string_view request;  // the field of ControlRequest
};
std::span<const Verb> verbs();

struct Request {
  std::string method, target;
  bool is_local = false;  // by the unix socket, where no browser comes from
  bool has_body = false;
  std::size_t header_octets = 0;
  std::vector<std::string> hosts;  // every Host field
  std::string authorization, last_event_id;
};

struct Answer {
  unsigned status = 200;
  std::string type;
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  // In place of a body: what was published after this version, and what will be.
  std::optional<std::uint64_t> watch_after{};
};

struct SiteOptions {
  std::string token;               // empty: none is asked for
  std::vector<std::string> hosts;  // beside loopback's, in lower case
  std::size_t header_octets_max = 8192;
};

class Site {
 public:
  // The handler must outlive the site.
  Site(SiteOptions options, control::ControlHandler& handler,
       std::shared_ptr<prometheus::Registry> registry);

  Answer answer(const Request& request);
  // What every answer carries, MHD's own excepted.
  static std::span<const std::pair<const char*, const char*>> headers();
  static Answer failure(unsigned status, std::string text);

 private:
  std::optional<Answer> refusal(const Request& request, const Target& target) const;
  Answer route(const Request& request, const Target& target);
  std::optional<Answer> askVerb(const Target& target);
  Answer ask(const v1::ControlRequest& request);
  Answer events(const Request& request, const Target& target) const;
  Answer metrics() const;

  const SiteOptions options_;
  const Token token_;
  control::ControlHandler& handler_;
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace zonecast::http
