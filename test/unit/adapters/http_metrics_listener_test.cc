#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http/metrics_listener.h"

namespace zonecast::http {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// A socket that listens on a port which nobody else has.
class Listening {
 public:
  Listening() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listening() { ::close(fd_); }
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

xfr::Endpoint endpointOf(std::uint16_t port) {
  return {.address = dns::Ipv4{127, 0, 0, 1}, .port = port};
}

std::string get(std::uint16_t port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string page, space(65'536, '\0');
  for (ssize_t n = 0; (n = ::recv(fd, space.data(), space.size(), 0)) > 0;) {
    page.append(space, 0, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return page;
}

TEST(MetricsListener, ServesTheRegistry) {
  const auto registry = std::make_shared<prometheus::Registry>();
  auto& counter =
      prometheus::BuildCounter().Name("some_total").Help("Some.").Register(*registry).Add({});
  const std::uint16_t port = Listening().port();
  const auto listener = MetricsListener::open(endpointOf(port), registry);
  ASSERT_TRUE(listener) << listener.error();

  EXPECT_NE(get(port, "/metrics").find("\nsome_total 0\n"), std::string::npos);
  counter.Increment(17);
  const std::string page = get(port, "/metrics");
  EXPECT_TRUE(page.starts_with("HTTP/1.1 200 OK\r\n")) << page;
  EXPECT_NE(page.find("\nsome_total 17\n"), std::string::npos) << page;
  EXPECT_NE(get(port, "/elsewhere").find(" 404 "), std::string::npos);
}

TEST(MetricsListener, SaysThatItsPortIsTaken) {
  const Listening taken;
  const auto listener =
      MetricsListener::open(endpointOf(taken.port()), std::make_shared<prometheus::Registry>());
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().starts_with(
      "metrics.listen 127.0.0.1:" + std::to_string(taken.port()) + ": "))
      << listener.error();
  EXPECT_TRUE(listener.error().ends_with("is the port in use?")) << listener.error();
}

TEST(MetricsListener, FreesItsPortWhenItGoes) {
  const auto registry = std::make_shared<prometheus::Registry>();
  const std::uint16_t port = Listening().port();
  for (int time = 0; time < 2; ++time) {
    const auto listener = MetricsListener::open(endpointOf(port), registry);
    EXPECT_TRUE(listener) << listener.error();
  }
}

}  // namespace
}  // namespace zonecast::http
