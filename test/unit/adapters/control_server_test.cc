#include <fstream>
#include <vector>

#include <sys/stat.h>

#include "test/unit/adapters/control_testing.h"

namespace zonecast::control {
namespace {

TEST_F(ControlTest, AnswersWhatItIsAsked) {
  RawClient client(path_);
  ASSERT_TRUE(client.write(refreshRequest("a.example")));
  EXPECT_EQ(client.await(loop_)->done().text(), "a.example");
  ASSERT_TRUE(client.write(refreshRequest("b.example")));
  EXPECT_EQ(client.await(loop_)->done().text(), "b.example");
}

TEST_F(ControlTest, WaitsForTheRestOfARequest) {
  RawClient client(path_);
  const std::string request = refreshRequest("a.example");
  ASSERT_TRUE(client.write(request.substr(0, 2)));
  uv::runFor(loop_, Duration{5'000});
  ASSERT_TRUE(client.write(request.substr(2, 5)));
  uv::runFor(loop_, Duration{5'000});
  EXPECT_TRUE(client.read());
  EXPECT_EQ(handler_.requests, 0);
  ASSERT_TRUE(client.write(request.substr(7)));
  EXPECT_EQ(client.await(loop_)->done().text(), "a.example");
}

TEST_F(ControlTest, AnswersManyRequestsOfOneWriteInOrder) {
  RawClient client(path_);
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += refreshRequest("zone" + std::to_string(i));
  ASSERT_TRUE(client.write(requests));
  for (int i = 0; i < 500; ++i) {
    const auto response = client.await(loop_);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->done().text(), "zone" + std::to_string(i));
  }
}

TEST_F(ControlTest, TakesNoFurtherRequestWhileAnAnswerIsUnread) {
  RawClient greedy(path_);
  const std::string large(60'000, 'z');
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(greedy.write(refreshRequest(large)));
  ASSERT_TRUE(uv::runUntil(loop_, [&] { return handler_.requests >= 3; }));
  for (int i = 0; i < 20; ++i) {
    if (!greedy.write(refreshRequest(large))) break;
    uv::runFor(loop_, Duration{1'000});
  }
  EXPECT_LT(handler_.requests, 15) << "the socket's buffers hold some answers, and then it waits";

  RawClient other(path_);
  ASSERT_TRUE(other.write(refreshRequest("other")));
  EXPECT_EQ(other.await(loop_)->done().text(), "other");
}

TEST_F(ControlTest, SaysWhyItRefusesAnOversizeRequestAndCutsIt) {
  RawClient client(path_);
  ASSERT_TRUE(client.write(std::string("\x00\x01\x00\x01", 4) + "and more of it"));
  const auto response = client.await(loop_);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->failure().kind(), v1::Failure::INVALID);
  EXPECT_EQ(response->failure().text(), "a message of 65537 octets; at most 65536 are taken");
  EXPECT_TRUE(client.awaitClose(loop_));
}

TEST_F(ControlTest, RefusesAMessageThatIsNoRequestAndListensOn) {
  RawClient client(path_);
  for (const std::string garbage : {std::string("\x00\x00\x00\x03\xff\xff\xff", 7),  // no message
                                    std::string("\x00\x00\x00\x00", 4),              // no verb
                                    std::string("\x00\x00\x00\x03\xfa\x3e\x00", 7)}) {  // unknown
    ASSERT_TRUE(client.write(garbage));
    const auto response = client.await(loop_);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->failure().kind(), v1::Failure::INVALID);
  }
  EXPECT_EQ(handler_.requests, 0);
  ASSERT_TRUE(client.write(statusRequest()));
  EXPECT_EQ(client.await(loop_)->done().text(), "1");
}

TEST_F(ControlTest, SurvivesAClientThatLeavesWithoutItsAnswer) {
  {
    RawClient client(path_);
    ASSERT_TRUE(client.write(statusRequest() + statusRequest() + statusRequest().substr(0, 3)));
  }
  EXPECT_TRUE(uv::runUntil(loop_, [&] { return handler_.requests > 0; }));
  uv::runFor(loop_, Duration{5'000});
  RawClient client(path_);
  ASSERT_TRUE(client.write(refreshRequest("still")));
  EXPECT_EQ(client.await(loop_)->done().text(), "still");
}

TEST_F(ControlTest, CutsTheSessionBeyondTheLimitAndHasRoomAgainLater) {
  const std::filesystem::path path = folder_ / "few.sock";
  const auto server = ControlServer::open(loop_, path, handler_, 3);
  ASSERT_TRUE(server) << server.error();
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(path);
    ASSERT_TRUE(clients.back().write(refreshRequest("in")));
    ASSERT_TRUE(clients.back().await(loop_));
  }
  RawClient one_too_many(path);
  EXPECT_TRUE(one_too_many.awaitClose(loop_));

  clients.front().close();
  uv::runFor(loop_, Duration{5'000});
  RawClient next(path);
  ASSERT_TRUE(next.write(refreshRequest("next")));
  EXPECT_EQ(next.await(loop_)->done().text(), "next");
  ASSERT_TRUE(clients.back().write(refreshRequest("old")));
  EXPECT_EQ(clients.back().await(loop_)->done().text(), "old");
}

TEST_F(ControlTest, TellsWatchersAndNobodyElse) {
  RawClient watcher(path_), asker(path_);
  ASSERT_TRUE(asker.write(statusRequest()));
  ASSERT_TRUE(asker.await(loop_));
  EXPECT_FALSE(server_->hasWatchers());
  ASSERT_TRUE(watcher.write(watchRequest()));
  ASSERT_TRUE(uv::runUntil(loop_, [&] { return server_->hasWatchers(); }));
  server_->broadcast(eventOf(1));
  server_->broadcast(eventOf(2));
  EXPECT_EQ(watcher.await(loop_)->event().version(), 1U);
  EXPECT_EQ(watcher.await(loop_)->event().version(), 2U);
  EXPECT_TRUE(asker.read());
  EXPECT_FALSE(asker.next());
}

TEST_F(ControlTest, AWatcherAsksNoMore) {
  RawClient watcher(path_);
  ASSERT_TRUE(watcher.write(watchRequest() + statusRequest()));
  ASSERT_TRUE(uv::runUntil(loop_, [&] { return server_->hasWatchers(); }));
  ASSERT_TRUE(watcher.write(statusRequest() + "\xff\xff\xff\xff\xff"));
  uv::runFor(loop_, Duration{5'000});
  EXPECT_EQ(handler_.requests, 0);
  EXPECT_TRUE(server_->hasWatchers());
}

TEST_F(ControlTest, ForgetsAWatcherThatLeft) {
  RawClient watcher(path_);
  ASSERT_TRUE(watcher.write(watchRequest()));
  ASSERT_TRUE(uv::runUntil(loop_, [&] { return server_->hasWatchers(); }));
  watcher.close();
  EXPECT_TRUE(uv::runUntil(loop_, [&] { return !server_->hasWatchers(); }));
}

TEST_F(ControlTest, CutsAWatcherThatNeverReadsAndHarmsNobody) {
  RawClient deaf(path_), good(path_);
  ASSERT_TRUE(deaf.write(watchRequest()));
  uv::runFor(loop_, Duration{5'000});
  ASSERT_TRUE(good.write(watchRequest()));
  uv::runFor(loop_, Duration{5'000});
  for (std::uint64_t version = 1; version <= 40; ++version) {
    server_->broadcast(eventOf(version, 1 << 20));
    const auto response = good.await(loop_);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->event().version(), version);
  }
  EXPECT_TRUE(deaf.awaitClose(loop_)) << "40 MiB unread";
  EXPECT_TRUE(server_->hasWatchers());
}

// A handler may publish, and so cut a watcher, while another session's request is answered.
TEST_F(ControlTest, CutsASessionFromWithinAnother) {
  RawClient deaf(path_), asker(path_);
  ASSERT_TRUE(deaf.write(watchRequest()));
  ASSERT_TRUE(uv::runUntil(loop_, [&] { return server_->hasWatchers(); }));
  handler_.on_request = [&] {
    for (int i = 0; i < 40; ++i) server_->broadcast(eventOf(1, 1 << 20));
  };
  ASSERT_TRUE(asker.write(refreshRequest("done")));
  EXPECT_EQ(asker.await(loop_)->done().text(), "done");
  EXPECT_FALSE(server_->hasWatchers());
}

// The answer is too large to leave unread: the session ends while it is being answered.
TEST_F(ControlTest, EndsASessionInsideItsOwnCallback) {
  class Huge final : public ControlHandler {
   public:
    v1::ControlResponse handle(const v1::ControlRequest&) override {
      v1::ControlResponse response;
      response.mutable_done()->set_text(std::string(40 << 20, 'x'));
      return response;
    }
  } huge;
  auto server = ControlServer::open(loop_, folder_ / "huge.sock", huge);
  ASSERT_TRUE(server);
  RawClient client(folder_ / "huge.sock");
  ASSERT_TRUE(client.write(statusRequest() + statusRequest()));
  EXPECT_TRUE(client.awaitClose(loop_));
}

// What takes long is answered when it is done, to whoever is still there.
TEST_F(ControlTest, AnAnswerMayComeLater) {
  class Slow final : public ControlHandler {
   public:
    v1::ControlResponse handle(const v1::ControlRequest&) override { return {}; }
    void answer(const v1::ControlRequest&, const Reply& reply) override {
      replies.push_back(reply);
    }
    std::vector<Reply> replies;
  } slow;
  auto server = ControlServer::open(loop_, folder_ / "slow.sock", slow);
  ASSERT_TRUE(server);
  RawClient stays(folder_ / "slow.sock");
  ASSERT_TRUE(stays.write(statusRequest() + statusRequest()));
  {
    RawClient leaves(folder_ / "slow.sock");
    ASSERT_TRUE(leaves.write(statusRequest()));
    ASSERT_TRUE(uv::runUntil(loop_, [&] { return slow.replies.size() == 2; }));
  }
  v1::ControlResponse response;
  response.mutable_done()->set_text("done");
  for (const ControlHandler::Reply& reply : std::exchange(slow.replies, {})) reply(response);
  EXPECT_EQ(stays.await(loop_)->done().text(), "done");
  ASSERT_TRUE(uv::runUntil(loop_, [&] { return slow.replies.size() == 1; })) << "the second one";
  server->reset();
  slow.replies.front()(response);
  EXPECT_TRUE(stays.awaitClose(loop_));
}

TEST_F(ControlTest, ClosesItsSessionsWhenItGoes) {
  RawClient idle(path_), watcher(path_);
  ASSERT_TRUE(watcher.write(watchRequest()));
  ASSERT_TRUE(uv::runUntil(loop_, [&] { return server_->hasWatchers(); }));
  server_->broadcast(eventOf(1, 4 << 20));  // part of it is still to be written
  server_.reset();
  EXPECT_TRUE(idle.awaitClose(loop_));
  EXPECT_TRUE(watcher.awaitClose(loop_));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ControlTest, OnlyItsOwnerAndGroupMayOpenIt) {
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660U);
}

TEST_F(ControlTest, LeavesTheSocketOfARunningServerAlone) {
  const auto second = ControlServer::open(loop_, path_, handler_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(),
            "control socket " + path_.native() + ": another zonecastd listens there");
  RawClient client(path_);
  ASSERT_TRUE(client.write(refreshRequest("first")));
  EXPECT_EQ(client.await(loop_)->done().text(), "first");
}

// Nobody accepts, and the backlog is full: connect() would wait for ever.
TEST(ControlServer, DoesNotWaitForARunningServerThatHangs) {
  TestFolder folder;
  const auto path = folder / "control.sock";
  const auto address = toSocketAddress(path);
  const int hangs = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(hangs, reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  ASSERT_EQ(::listen(hangs, 0), 0);
  RawClient waits(path);
  uv::Loop loop;
  Echo handler;
  EXPECT_FALSE(ControlServer::open(loop, path, handler));
  EXPECT_TRUE(std::filesystem::exists(path));
  ::close(hangs);
}

TEST(ControlServer, ReplacesASocketThatNobodyListensOn) {
  TestFolder folder;
  const auto path = folder / "control.sock";
  const auto address = toSocketAddress(path);
  const int stale = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  ASSERT_EQ(::listen(stale, 1), 0);
  ::close(stale);
  ASSERT_TRUE(std::filesystem::is_socket(path));

  uv::Loop loop;
  Echo handler;
  const auto server = ControlServer::open(loop, path, handler);
  ASSERT_TRUE(server) << server.error();
  RawClient client(path);
  ASSERT_TRUE(client.write(refreshRequest("new")));
  EXPECT_EQ(client.await(loop)->done().text(), "new");
}

TEST(ControlServer, DoesNotReplaceWhatIsNoSocket) {
  TestFolder folder;
  const auto path = folder / "control.sock";
  std::ofstream(path) << "precious";
  uv::Loop loop;
  Echo handler;
  const auto server = ControlServer::open(loop, path, handler);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error(), "control socket " + path.native() + ": address already in use");
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
}

TEST(ControlServer, RefusesAPathThatIsTooLongOrNowhere) {
  uv::Loop loop;
  Echo handler;
  const auto longest = ControlServer::open(loop, "/tmp/" + std::string(103, 'x'), handler);
  ASSERT_FALSE(longest);
  EXPECT_TRUE(longest.error().ends_with("the path is longer than 107 octets")) << longest.error();
  const auto nowhere = ControlServer::open(loop, "/nonexistent/control.sock", handler);
  ASSERT_FALSE(nowhere);
  EXPECT_TRUE(nowhere.error().starts_with("control socket /nonexistent/control.sock: "));
}

}  // namespace
}  // namespace zonecast::control
