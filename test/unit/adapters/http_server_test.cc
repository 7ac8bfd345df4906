#include "adapters/http/http_server.h"

#include <csignal>
#include <filesystem>
#include <list>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>
#include <sys/stat.h>

#include "adapters/control/socket_path.h"
#include "test/unit/adapters/http_testing.h"
#include "test/unit/adapters/uv_testing.h"

namespace zonecast::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A socket that never waits: the test turns the loop in between.
class Client {
 public:
  explicit Client(const std::filesystem::path& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const auto address = control::toSocketAddress(path);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  }
  Client(const Client&) = delete;
  ~Client() { ::close(fd_); }

  bool isConnected() const { return connected_; }
  void write(std::string_view octets) const {
    EXPECT_EQ(::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
  }
  void get(std::string_view target, std::string_view fields = "") const {
    write(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, fields));
  }
  const std::string& read() {
    std::string space(1 << 16, '\0');
    for (;;) {
      const ssize_t n = ::recv(fd_, space.data(), space.size(), 0);
      if (n > 0) {
        text_.append(space, 0, static_cast<std::size_t>(n));
        continue;
      }
      closed_ = closed_ || n == 0 || errno != EAGAIN;
      return text_;
    }
  }
  bool isClosed() {
    read();
    return closed_;
  }

 private:
  int fd_;
  bool connected_ = false, closed_ = false;
  std::string text_;
};

class AServer : public testing::Test {
 protected:
  AServer() {
    std::signal(SIGPIPE, SIG_IGN);  // as the daemon has it
    std::string name = std::filesystem::temp_directory_path() / "zonecast-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    options_.socket = folder_ / "http.sock";
    options_.connections_max = 4;
    options_.watchers_max = 2;
    options_.request_timeout = std::chrono::minutes{5};
  }
  ~AServer() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  HttpServer::Opened tryToOpen() { return HttpServer::open(loop_, options_, handler_, registry_); }
  void open() {
    auto opened = tryToOpen();
    ASSERT_TRUE(opened) << opened.error();
    server_ = std::move(*opened);
  }
  bool until(const std::function<bool()>& condition) { return uv::runUntil(loop_, condition); }
  bool untilRead(Client& client, std::string_view words) {
    return until([&] { return client.read().find(words) != std::string::npos; });
  }
  bool metricSays(const std::string& line) const {
    return prometheus::TextSerializer().Serialize(registry_->Collect()).find("\n" + line + "\n") !=
           std::string::npos;
  }

  std::filesystem::path folder_;
  HttpOptions options_;
  uv::Loop loop_;
  FakeHandler handler_;
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  std::unique_ptr<HttpServer> server_;
};

TEST_F(AServer, AnswersOneRequestAfterAnother) {
  open();
  Client client(options_.socket);
  for (int n = 1; n <= 3; ++n) {
    client.get("/v1/status");
    ASSERT_TRUE(until([&] {
      return testing::Value(client.read(), HasSubstr("\"idle\"")) &&
             handler_.asked.size() == static_cast<std::size_t>(n);
    }));
  }
  EXPECT_THAT(client.read(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(client.read(), HasSubstr("Content-Security-Policy: default-src 'none'"));
  EXPECT_FALSE(client.isClosed());
  EXPECT_TRUE(metricSays("zonecast_http_requests_total{status=\"200\"} 3"));
}

TEST_F(AServer, AnswersWhatWasSentAhead) {
  open();
  Client client(options_.socket);
  std::string requests;
  for (int n = 0; n < 50; ++n) requests += "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.write(requests);
  EXPECT_TRUE(until([&] { return handler_.asked.size() == 50; }));
}

TEST_F(AServer, SaysThatItsPortIsTaken) {
  options_.socket.clear();
  options_.listener =
      xfr::Endpoint{dns::Ipv4{127, 0, 0, 1}, uv::TestSocket(SOCK_STREAM).listen().port};
  open();
  const auto second = tryToOpen();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "http.listen " + xfr::toText(*options_.listener) +
                                ": address already in use; stop the program that listens there, or "
                                "choose another port");
  server_.reset();
  EXPECT_TRUE(tryToOpen()) << "it frees its port when it goes";
}

TEST_F(AServer, ReplacesAStaleSocketAndNoOther) {
  open();
  struct stat status {};
  ASSERT_EQ(::stat(options_.socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
  const auto second = tryToOpen();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), EndsWith("another program listens there"));
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(options_.socket));

  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const auto address = control::toSocketAddress(options_.socket);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  ::close(stale);
  EXPECT_TRUE(tryToOpen());
}

TEST_F(AServer, OneMoreConnectionEndsTheOneThatAsksForNothingLongest) {
  open();
  std::list<Client> clients;
  for (int n = 0; n < 4; ++n) {
    clients.emplace_back(options_.socket);
    clients.back().get("/healthz");
    ASSERT_TRUE(untilRead(clients.back(), "ok\n"));
  }
  clients.front().get("/healthz");  // now the second is the one
  ASSERT_TRUE(until(
      [&] { return clients.front().read().find("ok\n") != clients.front().read().rfind("ok\n"); }));
  Client one_more(options_.socket);
  one_more.get("/healthz");
  EXPECT_TRUE(untilRead(one_more, "ok\n"));
  EXPECT_TRUE(until([&] { return std::next(clients.begin())->isClosed(); }));
  EXPECT_FALSE(clients.front().isClosed());
  EXPECT_TRUE(metricSays("zonecast_http_cuts_total{reason=\"crowd\"} 1"));
}

TEST_F(AServer, CutsWhoSendsItsRequestTooSlowly) {
  options_.request_timeout = std::chrono::seconds{1};
  open();
  Client slow(options_.socket), idle(options_.socket);
  std::size_t sent = 0;
  const std::string request = "GET /v1/status HTTP/1.1\r\nX: " + std::string(100'000'000, 'x');
  EXPECT_TRUE(until([&] {
    if (slow.isClosed()) return true;
    slow.write(request.substr(sent++, 1));  // never silent for long
    return false;
  }));
  EXPECT_TRUE(until([&] { return idle.isClosed(); }));
  EXPECT_TRUE(handler_.asked.empty());
}

TEST_F(AServer, TellsWatchersWhatWasAndWhatComes) {
  open();
  server_->publish(eventOf(1));
  server_->publish(eventOf(2));
  Client all(options_.socket), newer(options_.socket);
  all.get("/v1/events");
  newer.get("/v1/events", "Last-Event-ID: 1\r\n");
  ASSERT_TRUE(untilRead(all, "id: 2\n"));
  ASSERT_TRUE(untilRead(newer, "id: 2\n"));
  EXPECT_THAT(all.read(), HasSubstr("id: 1\n"));
  EXPECT_THAT(newer.read(), testing::Not(HasSubstr("id: 1\n")));
  server_->publish(eventOf(3));
  EXPECT_TRUE(untilRead(all, "id: 3\n"));
  EXPECT_TRUE(untilRead(newer, "id: 3\n"));
}

TEST_F(AServer, HasSoManyWatchers) {
  open();
  std::optional<Client> first(std::in_place, options_.socket);
  Client second(options_.socket), third(options_.socket);
  for (Client* client : {&*first, &second}) {
    client->get("/v1/events");
    ASSERT_TRUE(untilRead(*client, "text/event-stream"));
  }
  third.get("/v1/events");
  ASSERT_TRUE(untilRead(third, "503 "));
  EXPECT_TRUE(untilRead(third, "raise http.watchers_max"));
  first.reset();
  third.get("/v1/events");
  EXPECT_TRUE(untilRead(third, "text/event-stream")) << "a watcher that has gone makes room";
}

TEST_F(AServer, CutsAWatcherThatDoesNotRead) {
  options_.events_kept = 3;
  open();
  Client reads(options_.socket), sleeps(options_.socket);
  for (Client* client : {&reads, &sleeps}) {
    client->get("/v1/events");
    ASSERT_TRUE(untilRead(*client, "text/event-stream"));
  }
  std::uint64_t version = 0;
  EXPECT_TRUE(until([&] {
    const std::string id = fmt::format("id: {}\n", version);
    if (version == 0 || reads.read().find(id) != std::string::npos)
      server_->publish(eventOf(++version, std::string(50'000, 'x')));
    return metricSays("zonecast_http_watchers 1");
  }));
  EXPECT_TRUE(metricSays("zonecast_http_cuts_total{reason=\"lag\"} 1"));
  EXPECT_FALSE(reads.isClosed());
  EXPECT_TRUE(until([&] { return sleeps.isClosed(); }));
}

TEST_F(AServer, GoesWithRequestsAndWatchersUnderWay) {
  open();
  Client watcher(options_.socket), asks(options_.socket), silent(options_.socket);
  watcher.get("/v1/events");
  ASSERT_TRUE(untilRead(watcher, "text/event-stream"));
  asks.get("/v1/status");
  silent.write("GET /");
  uv_run(loop_.raw(), UV_RUN_NOWAIT);
  server_.reset();
  EXPECT_TRUE(watcher.isClosed());
  EXPECT_TRUE(silent.isClosed());
}

}  // namespace
}  // namespace zonecast::http
