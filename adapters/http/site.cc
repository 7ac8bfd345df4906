#include "adapters/http/site.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include "adapters/http/page.h"
#include "schema/json.h"

namespace zonecast::http {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::array kVerbs{
    Verb{"/readyz", "readiness"},
    Verb{"/v1/status", "status"},
    Verb{"/v1/zones", "zone_status"},
    Verb{"/v1/domains", "domain_list"},
    Verb{"/v1/domains/{domain}", "domain_show"},
    Verb{"/v1/explain/{domain}", "explain"},
    Verb{"/v1/history/{domain}", "history"},
    Verb{"/v1/plan", "plan"},
    Verb{"/v1/pins", "pins"},
    Verb{"/v1/dids", "did_list"},
    Verb{"/v1/dids/{did}", "did_show"},
    Verb{"/v1/workers", "workers"},
};

constexpr std::string_view kJson = "application/json";

template <typename Number>
std::optional<Number> numberFromText(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

const FieldDescriptor& fieldOf(const google::protobuf::Descriptor& type, std::string_view name) {
  return *type.FindFieldByName(std::string(name));
}

// False when the text is not of the field's type.
bool setField(Message& message, const FieldDescriptor& field, const std::string& text) {
  const auto& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    const auto number = numberFromText<std::uint32_t>(text);
    if (number) reflection.SetUInt32(&message, &field, *number);
    return number.has_value();
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    reflection.SetBool(&message, &field, text == "true");
    return text == "true" || text == "false";
  }
  reflection.SetString(&message, &field, text);
  return true;
}

using Arguments = std::vector<std::pair<std::string, std::string>>;

// What stands for the names in braces; nothing when the path is another.
std::optional<Arguments> match(std::string_view pattern, const std::vector<std::string>& path) {
  const std::vector<std::string> expected = targetFromText(pattern)->path;
  if (expected.size() != path.size()) return std::nullopt;
  Arguments arguments;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (expected[i].starts_with('{') && !path[i].empty()) {
      arguments.emplace_back(expected[i].substr(1, expected[i].size() - 2), path[i]);
    } else if (expected[i] != path[i]) {
      return std::nullopt;
    }
  }
  return arguments;
}

bool isPath(const Target& target, std::string_view path) {
  return match(path, target.path).has_value();
}

std::string parameterNames(const Message& message, const Arguments& in_path) {
  std::string names;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const std::string& name = message.GetDescriptor()->field(i)->name();
    if (std::ranges::find(in_path, name, &Arguments::value_type::first) == in_path.end())
      names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}

// What is wrong with the parameters; empty: nothing.
std::string fill(Message& message, const Arguments& in_path, const Target& target) {
  const auto& type = *message.GetDescriptor();
  for (const auto& [name, value] : in_path) setField(message, fieldOf(type, name), value);
  std::vector<std::string> given(in_path.size());
  std::ranges::transform(in_path, given.begin(), [](const auto& pair) { return pair.first; });
  for (const auto& [name, value] : target.query) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    const bool is_given = std::ranges::find(given, name) != given.end();
    if (field == nullptr || is_given || !setField(message, *field, value)) {
      return fmt::format("parameter {}: not known, given twice, or not of its type; there are: {}",
                         name, parameterNames(message, in_path));
    }
    given.push_back(name);
  }
  return {};
}

bool asksWithoutToken(const Target& target) {
  return pageFile(target.path) != nullptr || isPath(target, "/healthz") ||
         isPath(target, "/readyz");
}

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

Site::Site(SiteOptions options, control::ControlHandler& handler,
           std::shared_ptr<prometheus::Registry> registry)
    : options_(std::move(options)),
      token_(options_.token),
      handler_(handler),
      registry_(std::move(registry)) {}

std::span<const std::pair<const char*, const char*>> Site::headers() {
  static constexpr std::array<std::pair<const char*, const char*>, 5> kHeaders{{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
       "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cache-Control", "no-store"},
  }};
  return kHeaders;
}

Answer Site::failure(unsigned status, std::string text) {
  v1::Failure failure;
  failure.set_kind(status == 404 ? v1::Failure::NOT_FOUND : v1::Failure::INVALID);
  failure.set_text(std::move(text));
  return {.status = status, .type = std::string(kJson), .body = toJson(failure) + '\n'};
}

Answer Site::answer(const Request& request) {
  if (request.header_octets > options_.header_octets_max) {
    return failure(431, fmt::format("the request's header has {} octets, and {} may have: "
                                    "http.header_octets_max",
                                    request.header_octets, options_.header_octets_max));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    Answer answer = failure(405, "everything here is read: GET or HEAD");
    answer.headers.emplace_back("Allow", "GET, HEAD");
    return answer;
  }
  if (request.has_body) return failure(400, "a request for what is here has no content");
  const auto target = targetFromText(request.target);
  if (!target) return failure(400, target.error());
  if (auto refused = refusal(request, *target)) return *std::move(refused);
  return route(request, *target);
}

std::optional<Answer> Site::refusal(const Request& request, const Target& target) const {
  // RFC 9112 section 3.2: two of them are malformed. HTTP/1.0 may have none; no browser speaks it.
  if (request.hosts.size() > 1) return failure(400, "the request has more than one Host field");
  const std::string host = !target.authority.empty() ? target.authority
                           : request.hosts.empty()   ? "localhost"
                                                     : request.hosts[0];
  if (!request.is_local && !isOwnHost(host, options_.hosts)) {
    return failure(421,
                   "this is zonecastd, under a name that it does not know: call it by localhost, a "
                   "loopback address or one of http.hosts");
  }
  if (asksWithoutToken(target) || token_.admits(request.authorization)) return std::nullopt;
  Answer answer = failure(401, "a token is needed, as in: Authorization: Bearer TOKEN");
  answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"zonecast\"");
  return answer;
}

Answer Site::route(const Request& request, const Target& target) {
  if (auto asked = askVerb(target)) return *std::move(asked);
  if (isPath(target, "/v1/events")) return events(request, target);
  if (isPath(target, "/metrics")) return metrics();
  // Whoever is answered sees that the loop turns: it is the loop that answers.
  if (isPath(target, "/healthz")) return {.type = "text/plain; charset=utf-8", .body = "ok\n"};
  if (const PageFile* file = pageFile(target.path))
    return {.type = std::string(file->type), .body = std::string(file->content)};
  return failure(404, "there is nothing here; schema/openapi.yaml says what there is");
}

std::optional<Answer> Site::askVerb(const Target& target) {
  for (const Verb& verb : kVerbs) {
    const auto arguments = match(verb.path, target.path);
    if (!arguments) continue;
    v1::ControlRequest request;
    Message& message = *request.GetReflection()->MutableMessage(
        &request, &fieldOf(*request.GetDescriptor(), verb.request));
    std::string wrong = fill(message, *arguments, target);
    return wrong.empty() ? ask(request) : failure(400, std::move(wrong));
  }
  return std::nullopt;
}

Answer Site::ask(const v1::ControlRequest& request) {
  const v1::ControlResponse response = handler_.handle(request);
  if (response.has_failure()) {
    const bool is_missing = response.failure().kind() == v1::Failure::NOT_FOUND;
    return failure(is_missing ? 404 : 400, response.failure().text());
  }
  const auto& reflection = *response.GetReflection();
  const FieldDescriptor* field = reflection.GetOneofFieldDescriptor(
      response, response.GetDescriptor()->FindOneofByName("answer"));
  Answer answer{.type = std::string(kJson),
                .body = toJson(reflection.GetMessage(response, field)) + '\n'};
  if (response.has_readiness() && !response.readiness().ready()) answer.status = 503;
  return answer;
}

Answer Site::events(const Request& request, const Target& target) const {
  if (!target.query.empty()) return failure(400, "there are no parameters");
  Answer answer{.type = "text/event-stream", .body = ""};
  const auto after = request.last_event_id.empty()
                         ? std::optional<std::uint64_t>(0)
                         : numberFromText<std::uint64_t>(request.last_event_id);
  if (!after) return failure(400, "Last-Event-ID: expected a version");
  if (request.method == "GET") answer.watch_after = after;
  return answer;
}

Answer Site::metrics() const {
  return {.type = "text/plain; version=0.0.4; charset=utf-8",
          .body = prometheus::TextSerializer().Serialize(registry_->Collect())};
}

}  // namespace zonecast::http
