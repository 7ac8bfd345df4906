// Beside a Kamailio of straw: a datagram socket that answers as the test says.
#include "adapters/kamailio/domain_reload.h"

#include <array>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/unit/table/folder.h"

namespace zonecast::kamailio {
namespace {

using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(JudgeAnswer, KnowsWhatKamailioSays) {
  const auto judged = [](std::string_view json) { return judgeAnswer(json, 7); };
  EXPECT_EQ(judged("{\n\t\"jsonrpc\":\t\"2.0\",\n\t\"result\":\t{\n\t},\n\t\"id\":\t7\n}").answer,
            Answer::done);
  const auto refused = judged(
      R"({"jsonrpc":"2.0","error":{"code":400,"message":"Reload of domain tables failed"},"id":7})");
  EXPECT_EQ(refused.answer, Answer::refused);
  EXPECT_EQ(refused.why, "Reload of domain tables failed");
  EXPECT_EQ(judged(R"({"error":"x\u0000\n","id":7})").answer, Answer::refused);
  EXPECT_EQ(judged(R"({"error":{"message":"a\nb"},"id":7})").why, "a b");
  for (const std::string_view other :
       {R"({"result":{},"id":8})", R"({"result":{}})", R"({"id":7})", R"([])", R"("x")", "", "{",
        R"({"result":{},"id":"seven"})", R"({"result":{},"id":{}})", "\xff\xfe"}) {
    EXPECT_EQ(judged(other).answer, Answer::other) << other;
  }
  std::string deep = R"({"id":7,"result":)" + std::string(30'000, '[');
  EXPECT_EQ(judged(deep).answer, Answer::other);
}

class Straw {
 public:
  Straw(uv::Loop& loop, std::string path) : loop_(loop), path_(std::move(path)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    poll_ = uv::mustOpenHandle<uv_poll_t>(this, "uv_poll_init", [&](uv_poll_t* handle) {
      return uv_poll_init(loop.raw(), handle, socket_);
    });
    uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
      static_cast<Straw*>(handle->data)->onReadable();
    });
  }
  ~Straw() {
    poll_.reset();
    ::close(socket_);
    ::unlink(path_.c_str());
  }

  // The n-th call, from 0, and who made it.
  std::function<void(std::size_t call)> when_called;
  std::vector<std::string> calls;
  std::vector<Instant> times;

  // As Kamailio does it, from another socket.
  void answer(std::string_view member, std::uint32_t id) {
    const std::string text = fmt::format(R"({{"jsonrpc":"2.0",{},"id":{}}})", member, id);
    const int other = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    ::sendto(other, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&caller_),
             caller_length_);
    ::close(other);
  }

 private:
  void onReadable() {
    std::array<char, 1000> octets;
    caller_length_ = sizeof caller_;
    const ssize_t count = ::recvfrom(socket_, octets.data(), octets.size(), 0,
                                     reinterpret_cast<sockaddr*>(&caller_), &caller_length_);
    if (count < 0) return;
    calls.emplace_back(octets.data(), static_cast<std::size_t>(count));
    times.push_back(loop_.now().mono);
    when_called(calls.size() - 1);
  }

  uv::Loop& loop_;
  const std::string path_;
  int socket_ = -1;
  uv::Handle<uv_poll_t> poll_;
  sockaddr_un caller_{};
  socklen_t caller_length_ = 0;
};

class DomainReloadTest : public ::testing::Test {
 protected:
  DomainReloadOptions options() const {
    return {.socket = path,
            .interval = milliseconds(30),
            .timeout = milliseconds(1000),
            .retry_max = milliseconds(60),
            .first_id = 100};
  }
  void observe(const std::string& trouble) {
    observed.push_back(trouble);
    if (when_observed) when_observed();
  }
  static constexpr std::string_view kDone = R"("result":{})";
  static constexpr std::string_view kRefused = R"("error":{"code":400,"message":"no"})";

  table::Folder folder;
  const std::string path = folder.file("rpc.sock");
  uv::Loop loop;
  std::vector<std::string> observed;
  std::function<void()> when_observed;
  DomainReload reload{loop, options(), [this](const std::string& trouble) { observe(trouble); }};
};

TEST_F(DomainReloadTest, IsCalledAsKamailioUnderstandsIt) {
  Straw kamailio(loop, path);
  kamailio.when_called = [&](std::size_t) { kamailio.answer(kDone, 101); };
  when_observed = [&] { loop.stop(); };
  reload.request();
  loop.run();
  EXPECT_THAT(kamailio.calls,
              ElementsAre(R"({"jsonrpc":"2.0","method":"domain.reload","id":101})"));
  EXPECT_THAT(observed, ElementsAre(""));
}

TEST_F(DomainReloadTest, ManyRequestsAreOneCallAndThoseDuringACallAnotherAfterTheInterval) {
  Straw kamailio(loop, path);
  kamailio.when_called = [&](std::size_t call) {
    if (call == 0) {
      for (int i = 0; i < 100; ++i) reload.request();
    }
    kamailio.answer(kDone, static_cast<std::uint32_t>(101 + call));
  };
  when_observed = [&] {
    if (observed.size() == 2) loop.stop();
  };
  for (int i = 0; i < 100; ++i) reload.request();
  loop.run();
  ASSERT_THAT(kamailio.calls, SizeIs(2));
  EXPECT_GE(kamailio.times[1] - kamailio.times[0], options().interval);
  EXPECT_THAT(observed, Each(""));
}

TEST_F(DomainReloadTest, WhatFailsIsTriedUntilItSucceeds) {
  std::optional<Straw> kamailio;
  when_observed = [&] {
    if (observed.size() == 2) {
      kamailio.emplace(loop, path);
      kamailio->when_called = [&](std::size_t call) {
        const auto id = static_cast<std::uint32_t>(103 + call);
        if (call == 0) kamailio->answer(kRefused, id);
        if (call == 2) kamailio->answer(kDone, id);  // and the second one never
      };
    }
    if (observed.size() == 5) loop.stop();
  };
  reload.request();
  loop.run();
  EXPECT_THAT(observed,
              ElementsAre(HasSubstr("rpc.sock: No such file or directory"),
                          HasSubstr("rpc.sock: No such file or directory"),
                          "Kamailio refuses domain.reload: no", "Kamailio does not answer", ""));
}

TEST_F(DomainReloadTest, AnAnswerToAnotherCallIsNone) {
  Straw kamailio(loop, path);
  kamailio.when_called = [&](std::size_t call) {
    kamailio.answer(kDone, 1);
    kamailio.answer("\"what\":", 101);
    if (call == 1) kamailio.answer(kDone, 102);
  };
  when_observed = [&] {
    if (observed.size() == 2) loop.stop();
  };
  reload.request();
  loop.run();
  EXPECT_THAT(observed, ElementsAre("Kamailio does not answer", ""));
}

TEST_F(DomainReloadTest, APathThatIsTooLongIsTrouble) {
  DomainReloadOptions settings = options();
  settings.socket = std::string(200, 'x');
  DomainReload other(loop, settings, [&](const std::string& trouble) {
    observed.push_back(trouble);
    loop.stop();
  });
  other.request();
  loop.run();
  EXPECT_THAT(observed, ElementsAre(HasSubstr("its path is too long")));
}

}  // namespace
}  // namespace zonecast::kamailio
