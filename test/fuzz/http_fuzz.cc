// What a client sends to the HTTP server, and what the site makes of a request.
//
// The input: a block that is a Host field's value, one that is an Authorization field's, and the
// octets of a client's connection, whose first line's target is the site's, too. Holds for the
// site: what needs the token or the right host is given to nobody else, and JSON is JSON, on one
// line. Holds for the server: what comes back begins as an answer, with a status that is declared,
// and the next client is answered.
#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/control/socket_path.h"
#include "adapters/http/http_server.h"
#include "test/fuzz/fuzzing.h"

namespace zonecast::fuzz {
namespace {

const std::string kToken = "0123456789abcdef";
const std::set<unsigned> kStatuses{200, 400, 401, 404, 405, 413, 414, 421, 431, 503, 505};

// Answers with what it was asked, so that whatever was sent stands in an answer.
class Mirror final : public control::ControlHandler {
 public:
  v1::ControlResponse handle(const v1::ControlRequest& request) override {
    ++asked;
    v1::ControlResponse response;
    if (request.has_domain_show()) {
      response.mutable_domain_show()->set_domain(request.domain_show().domain());
    } else if (request.has_zone_status()) {
      response.mutable_zone_status()->set_next(request.zone_status().after());
    } else if (request.has_explain()) {
      response.mutable_failure()->set_text(request.explain().domain());
    } else if (request.has_readiness()) {
      response.mutable_readiness()->set_ready(true);
    } else {
      response.mutable_status()->set_store("idle");
    }
    return response;
  }

  std::size_t asked = 0;
};

void checkJson(const http::Answer& answer) {
  if (answer.type != "application/json") return;
  google::protobuf::Struct read;
  require(google::protobuf::util::JsonStringToMessage(answer.body, &read).ok(), "JSON is JSON");
  require(std::ranges::count(answer.body, '\n') == 1, "it is one line");
}

void askSite(std::string_view target, std::string_view host, std::string_view authorization) {
  Mirror handler;
  http::Site site({.token = kToken, .hosts = {}, .header_octets_max = 8192}, handler,
                  std::make_shared<prometheus::Registry>());
  http::Request request;
  request.method = "GET";
  request.target = target;
  request.hosts = {std::string(host)};
  request.authorization = authorization;
  const http::Answer answer = site.answer(request);
  require(kStatuses.contains(answer.status), "a status that is declared");
  checkJson(answer);

  request.authorization = "Bearer wrong";
  handler.asked = 0;
  const bool watches = site.answer(request).watch_after.has_value();
  const bool is_open =
      target.find("readyz") != std::string_view::npos || target.find('%') != std::string_view::npos;
  require(is_open || (handler.asked == 0 && !watches), "nothing without the token");
  request.hosts = {"evil.example"};
  request.authorization = "Bearer " + kToken;
  handler.asked = 0;
  const http::Answer elsewhere = site.answer(request);
  require(target.starts_with('/') ? elsewhere.status == 421 || elsewhere.status == 400 : true,
          "nothing by another name");
  require(!target.starts_with('/') || handler.asked == 0, "nobody is asked by another name");
}

class Server {
 public:
  Server() {
    std::signal(SIGPIPE, SIG_IGN);
    std::string name = std::filesystem::temp_directory_path() / "zonecast-fuzz-XXXXXX";
    require(::mkdtemp(name.data()) != nullptr, "there is a folder");
    folder_ = name;
    http::HttpOptions options;
    options.socket = folder_ / "http.sock";
    auto opened =
        http::HttpServer::open(loop_, options, handler_, std::make_shared<prometheus::Registry>());
    require(opened.has_value(), "the socket opens");
    server_ = std::move(*opened);
  }
  ~Server() {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  // All that it answers to these octets, of a client that sends no more.
  std::string answer(std::string_view octets) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto address = control::toSocketAddress(folder_ / "http.sock");
    require(::connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0,
            "it listens");
    std::string answered, space(1 << 16, '\0');
    bool shut = false;
    for (int turn = 0; turn < 200'000; ++turn) {
      const ssize_t sent =
          octets.empty() ? 0 : ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent > 0) octets.remove_prefix(static_cast<std::size_t>(sent));
      if (octets.empty() && !std::exchange(shut, true)) ::shutdown(fd, SHUT_WR);
      uv_run(loop_.raw(), UV_RUN_NOWAIT);
      const ssize_t got = ::recv(fd, space.data(), space.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN)) break;
      if (got > 0) answered.append(space, 0, static_cast<std::size_t>(got));
      // A watcher would wait for ever.
      if (answered.find("text/event-stream") != std::string::npos) break;
    }
    ::close(fd);
    return answered;
  }

 private:
  std::filesystem::path folder_;
  uv::Loop loop_;
  Mirror handler_;
  std::unique_ptr<http::HttpServer> server_;
};

void askServer(std::string_view octets) {
  static Server server;
  const std::string answered = server.answer(octets);
  if (!answered.empty()) {
    require(answered.starts_with("HTTP/1."), "what comes back is an answer");
    const unsigned status = static_cast<unsigned>(std::atoi(answered.c_str() + 9));
    require(kStatuses.contains(status), "a status that is declared");
  }
  const std::string next = server.answer("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  require(next.starts_with("HTTP/1.1 200 ") && next.ends_with("\r\n\r\nok\n"),
          "the next client is answered");
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast::fuzz;
  Input input(data, size);
  const std::string_view host = asChars(input.block());
  const std::string_view authorization = asChars(input.block());
  const std::string_view octets = asChars(input.rest());
  const std::size_t begin = octets.find(' ');
  if (begin != std::string_view::npos) {
    const std::string_view line =
        octets.substr(begin + 1, octets.find_first_of(" \r\n", begin + 1) - begin - 1);
    askSite(line, host, authorization);
  }
  askServer(octets);
  return 0;
}
