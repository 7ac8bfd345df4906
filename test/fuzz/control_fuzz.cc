// The control socket: what any local client may send to the real server, session and service, over
// a reconciler that hosts a few domains.
//
// The input is the client's octets, in arrivals behind their lengths. Holds: every whole request is
// answered, in order, by one well-formed answer, until one that is too long or a watch; a request
// that is too long is answered by a failure and the end; nothing else ends the session; and asking
// changes nothing that is published.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "adapters/control/control_server.h"
#include "adapters/control/frame.h"
#include "app/zonecastd/control_service.h"
#include "test/fuzz/fuzzing.h"
#include "test/support/sample_world.h"
#include "test/unit/adapters/control_testing.h"

namespace zonecast::fuzz {
namespace {

constexpr std::size_t kQuietTurns = 3;  // without anything to read: nothing more comes

class Daemon {
 public:
  Daemon() {
    std::signal(SIGPIPE, SIG_IGN);
    test::fillSampleWorld(world_);
    world_.start();
    world_.settle();
    published_ = world_.store.table();
    require(!published_.domains.empty(), "the sample world hosts something");
    service_.emplace(world_.reconciler(), world_.clock, workers_, "0");
    auto opened = control::ControlServer::open(loop_, path_, *service_);
    require(opened.has_value(), "the socket opens");
    server_ = std::move(*opened);
  }

  uv::Loop& loop() { return loop_; }
  const std::filesystem::path& path() const { return path_; }
  void turn() { uv_run(loop_.raw(), UV_RUN_NOWAIT); }

  // What was asked for is done, and the next client finds everything as this one did.
  void settle() {
    world_.settle();
    world_.trace.clear();
    require(world_.store.table() == published_, "asking changes nothing that is published");
  }

 private:
  test::World world_;
  plan::Table published_;
  control::TestFolder folder_;
  std::filesystem::path path_ = folder_ / "control.sock";
  uv::Loop loop_;
  redis::SeenWorkers workers_;
  std::optional<ControlService> service_;
  std::unique_ptr<control::ControlServer> server_;
};

// The frames of all that the client sent, read without any of the server's code.
struct Requests {
  std::size_t answered = 0;  // whole ones, up to what ends it
  bool too_long = false;
  bool watches = false;
};

Requests requestsIn(std::string_view octets) {
  Requests requests;
  while (octets.size() >= 4) {
    std::size_t length = 0;
    for (const char c : octets.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(c);
    requests.too_long = length > control::kRequestOctetsMax;
    if (requests.too_long || octets.size() < 4 + length) break;
    v1::ControlRequest request;
    const bool parsed = request.ParseFromString(std::string(octets.substr(4, length)));
    requests.watches = parsed && request.has_watch();
    if (requests.watches) break;
    ++requests.answered;
    octets.remove_prefix(4 + length);
  }
  return requests;
}

class Client {
 public:
  explicit Client(Daemon& daemon) : daemon_(daemon), socket_(daemon.path()) {}

  // False once the server has closed.
  bool send(std::string_view octets) {
    if (octets.empty()) return true;
    return socket_.write(octets) && readAll();
  }
  bool readAll() {
    for (std::size_t quiet = 0; quiet < kQuietTurns; ++quiet) {
      daemon_.turn();
      if (!socket_.read()) return takeAnswers(), false;
      if (takeAnswers()) quiet = 0;
    }
    return true;
  }

  std::size_t answers() const { return answers_; }
  bool lastWasInvalid() const { return last_was_invalid_; }

 private:
  bool takeAnswers() {
    const std::size_t before = answers_;
    while (const auto answer = socket_.next()) {
      require(answer->answer_case() != v1::ControlResponse::ANSWER_NOT_SET,
              "an answer says something");
      last_was_invalid_ = answer->has_failure() && answer->failure().kind() == v1::Failure::INVALID;
      require(!answer->has_failure() || !answer->failure().text().empty(), "a failure says why");
      ++answers_;
    }
    return answers_ > before;
  }

  Daemon& daemon_;
  control::RawClient socket_;
  std::size_t answers_ = 0;
  bool last_was_invalid_ = false;
};

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  static Daemon* const kDaemon = new Daemon;  // libFuzzer ends without destructors
  Input input(data, size);
  std::string sent;
  bool open = true;
  {
    Client client(*kDaemon);
    while (open && !input.empty()) {
      const auto arrival = asChars(input.block());
      sent += arrival;
      open = client.send(arrival);
    }
    const Requests requests = requestsIn(sent);
    require(client.answers() == requests.answered + (requests.too_long ? 1 : 0),
            "every request has one answer");
    require(open != requests.too_long, "a request that is too long ends the session, and no other");
    require(!requests.too_long || client.lastWasInvalid(), "and is told so");
  }
  for (std::size_t i = 0; i < kQuietTurns; ++i) kDaemon->turn();  // the server notices that it left
  kDaemon->settle();
  return 0;
}
