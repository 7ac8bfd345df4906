#include "adapters/control/control_client.h"

#include <thread>

#include "test/unit/adapters/control_testing.h"

namespace zonecast::control {
namespace {

using std::chrono::milliseconds;

v1::ControlRequest refresh(const std::string& zone) {
  v1::ControlRequest request;
  request.mutable_zone_refresh()->set_zone(zone);
  return request;
}

// The client blocks, so it has a thread of its own; the loop turns until it has ended.
void talk(uv::Loop& loop, const std::function<void()>& client) {
  uv::Wakeup done(loop, [&] { loop.stop(); });
  std::thread thread([&] {
    client();
    done.wake();
  });
  loop.run();
  thread.join();
}

class ControlClientTest : public ControlTest {};

TEST_F(ControlClientTest, AsksOneThingAfterTheOther) {
  talk(loop_, [&] {
    auto client = ControlClient::connect(path_);
    ASSERT_TRUE(client) << client.error();
    for (const char* zone : {"a.example", "b.example"}) {
      ASSERT_TRUE(client->send(refresh(zone)));
      const auto response = client->receive(milliseconds{5'000});
      ASSERT_TRUE(response) << response.error();
      EXPECT_EQ(response->done().text(), zone);
    }
  });
}

TEST_F(ControlClientTest, HearsWhyItsRequestIsTooLarge) {
  talk(loop_, [&] {
    auto client = ControlClient::connect(path_);
    ASSERT_TRUE(client);
    ASSERT_TRUE(client->send(refresh(std::string(100'000, 'z'))));
    const auto response = client->receive(milliseconds{5'000});
    ASSERT_TRUE(response) << response.error();
    EXPECT_EQ(response->failure().kind(), v1::Failure::INVALID);
    const auto after = client->receive(milliseconds{5'000});
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error(), "zonecastd closed the connection");
  });
}

// The loop does not turn: zonecastd hangs.
TEST_F(ControlClientTest, GivesUpInTime) {
  auto client = ControlClient::connect(path_);
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->send(refresh("a.example")));
  const auto response = client->receive(milliseconds{20});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error(), "zonecastd did not answer within 20 ms");
}

TEST(ControlClient, SaysThatNobodyIsThere) {
  TestFolder folder;
  const auto client = ControlClient::connect(folder / "control.sock");
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().find("No such file or directory; is it running"), std::string::npos)
      << client.error();
  EXPECT_FALSE(ControlClient::connect(folder / std::string(200, 'x')));
}

// Someone else's protocol at the other end: 'HTTP' is a length of a gigabyte.
TEST(ControlClient, RefusesAnAnswerThatIsTooLong) {
  TestFolder folder;
  const auto path = folder / "control.sock";
  const auto address = toSocketAddress(path);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  auto client = ControlClient::connect(path);
  ASSERT_TRUE(client);
  const int peer = ::accept(listener, nullptr, nullptr);
  ASSERT_EQ(::send(peer, "HTTP/1.1 200 OK", 15, 0), 15);
  const auto response = client->receive(milliseconds{5'000});
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().starts_with("zonecastd answers a message of 1213486160 octets"))
      << response.error();
  ::close(peer);
  ::close(listener);
}

}  // namespace
}  // namespace zonecast::control
