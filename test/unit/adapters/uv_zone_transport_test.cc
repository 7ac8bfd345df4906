#include <functional>
#include <map>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/uv/zone_transport.h"
#include "test/unit/adapters/uv_testing.h"

namespace zonecast::uv {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr xfr::ConnectionId kFirst{1};

// Remembers what it is told; `on_*` are for what a listener does in answer.
struct Recorder final : ports::ZoneTransportListener {
  void onConnected(xfr::ConnectionId id) override {
    EXPECT_FALSE(inside_call);
    connected.insert(id);
    if (on_connected) on_connected(id);
  }
  void onReceived(xfr::ConnectionId id, std::span<const std::uint8_t> data) override {
    EXPECT_FALSE(inside_call);
    EXPECT_EQ(closed.count(id), 0u) << "reported after the end";
    received[id] += text(data);
    if (on_received) on_received(id);
  }
  void onConnectionClosed(xfr::ConnectionId id, std::string_view why) override {
    EXPECT_FALSE(inside_call);
    EXPECT_TRUE(closed.emplace(id, why).second) << "closed twice";
  }
  void onNotifyMessage(ports::NotifySource source, const xfr::Address& sender,
                       std::span<const std::uint8_t> data) override {
    messages.push_back(text(data));
    senders.push_back(sender);
    sources.push_back(source);
    if (on_message) on_message(source);
  }
  bool quiet() const { return connected.empty() && received.empty() && closed.empty(); }

  bool inside_call = false;
  std::set<xfr::ConnectionId> connected;
  std::map<xfr::ConnectionId, std::string> received, closed;
  std::vector<std::string> messages;
  std::vector<xfr::Address> senders;
  std::vector<ports::NotifySource> sources;
  std::function<void(xfr::ConnectionId)> on_connected, on_received;
  std::function<void(ports::NotifySource)> on_message;
};

class UvZoneTransportTest : public testing::Test {
 protected:
  void SetUp() override { make({}); }
  void make(const ZoneTransportLimits& limits) {
    transport = std::make_unique<UvZoneTransport>(loop, limits);
    transport->reportTo(recorder);
  }
  void connect(xfr::ConnectionId id, const xfr::Endpoint& peer) {
    recorder.inside_call = true;
    transport->connect(id, peer);
    recorder.inside_call = false;
  }
  void send(xfr::ConnectionId id, std::vector<std::uint8_t> data) {
    recorder.inside_call = true;
    transport->send(id, std::move(data));
    recorder.inside_call = false;
  }
  NotifyEndpoints listen() { return *transport->listen(loopback()); }
  bool runUntilMessages(std::size_t count) {
    return runUntil(loop, [&] { return recorder.messages.size() >= count; });
  }
  void answerEverything() {
    recorder.on_message = [this](ports::NotifySource source) {
      transport->answerNotify(source, octets("re: " + recorder.messages.back()));
    };
  }

  Loop loop;
  Recorder recorder;
  std::unique_ptr<UvZoneTransport> transport;
};

// -- connections to primaries

TEST_F(UvZoneTransportTest, ConnectsSendsAndReceives) {
  TestSocket listener(SOCK_STREAM);
  connect(kFirst, listener.listen());
  EXPECT_TRUE(recorder.quiet());
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.connected.contains(kFirst); }));
  TestSocket peer = listener.accept();

  send(kFirst, octets("ques"));
  send(kFirst, octets("tion"));
  uv_run(loop.raw(), UV_RUN_NOWAIT);  // what is sent within a turn leaves with it
  EXPECT_EQ(peer.readExactly(8), "question");
  peer.write("ans");
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.received[kFirst] == "ans"; }));
  peer.write("wer");
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.received[kFirst] == "answer"; }));

  peer.close();
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.closed.contains(kFirst); }));
  EXPECT_EQ(recorder.closed[kFirst], "closed by the peer");
}

TEST_F(UvZoneTransportTest, WhatIsSentBeforeTheConnectionStandsIsKept) {
  TestSocket listener(SOCK_STREAM);
  connect(kFirst, listener.listen());
  send(kFirst, octets("ea"));
  send(kFirst, octets("rly"));
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.connected.contains(kFirst); }));
  runFor(loop, milliseconds{2});
  EXPECT_EQ(listener.accept().readExactly(5), "early");
}

TEST_F(UvZoneTransportTest, ARefusedConnectionIsReportedOnce) {
  TestSocket unused(SOCK_STREAM);
  connect(kFirst, unused.bind());  // bound, so that nobody else has it, and not listening
  EXPECT_TRUE(recorder.quiet());
  ASSERT_TRUE(runUntil(loop, [&] { return !recorder.closed.empty(); }));
  EXPECT_THAT(recorder.closed[kFirst], HasSubstr("connection refused"));
  EXPECT_TRUE(recorder.connected.empty());
}

// The kernel refuses TCP to a broadcast address inside the call.
TEST_F(UvZoneTransportTest, AnErrorInsideTheCallIsReportedInTheNextTurn) {
  connect(kFirst, {.address = dns::Ipv4{255, 255, 255, 255}, .port = 53});
  EXPECT_TRUE(recorder.quiet());
  send(kFirst, octets("into the void"));
  ASSERT_TRUE(runUntil(loop, [&] { return !recorder.closed.empty(); }));
  EXPECT_THAT(recorder.closed[kFirst], HasSubstr("cannot connect"));
}

TEST_F(UvZoneTransportTest, NothingIsReportedAfterClose) {
  TestSocket listener(SOCK_STREAM);
  const xfr::Endpoint endpoint = listener.listen();
  TestSocket unused(SOCK_STREAM);
  connect(kFirst, endpoint);
  connect(xfr::ConnectionId{2}, unused.bind());
  connect(xfr::ConnectionId{3}, {.address = dns::Ipv4{255, 255, 255, 255}, .port = 53});
  send(kFirst, octets("never"));
  for (const std::uint64_t id : {1, 2, 3, 4}) transport->close(xfr::ConnectionId{id});
  runFor(loop, milliseconds{20});
  EXPECT_TRUE(recorder.quiet());
}

TEST_F(UvZoneTransportTest, MayBeClosedInsideItsOwnReports) {
  TestSocket listener(SOCK_STREAM);
  const xfr::Endpoint endpoint = listener.listen();
  const xfr::ConnectionId second{2};
  recorder.on_connected = [&](xfr::ConnectionId id) {
    if (id == kFirst) transport->close(id);
  };
  recorder.on_received = [&](xfr::ConnectionId id) {
    transport->close(id);
    transport->send(id, octets("too late"));
  };
  connect(kFirst, endpoint);
  TestSocket first_peer = listener.accept();
  first_peer.write("unread");
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.connected.contains(kFirst); }));
  connect(second, endpoint);
  TestSocket peer = listener.accept();
  peer.write(std::string(300'000, 'x'));  // several reads
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.received.contains(second); }));
  runFor(loop, milliseconds{10});
  EXPECT_LE(recorder.received[second].size(), 65'536u);
  EXPECT_TRUE(recorder.closed.empty());
  EXPECT_FALSE(recorder.received.contains(kFirst));
}

TEST_F(UvZoneTransportTest, ManyOctetsArriveInOrder) {
  TestSocket listener(SOCK_STREAM);
  connect(kFirst, listener.listen());
  TestSocket peer = listener.accept();
  std::string sent;
  for (int i = 0; sent.size() < 3'000'000; ++i) sent += std::to_string(i) + " ";
  std::thread writer([&] { peer.write(sent); });
  EXPECT_TRUE(runUntil(loop, [&] { return recorder.received[kFirst].size() >= sent.size(); }));
  writer.join();
  EXPECT_EQ(recorder.received[kFirst], sent);
}

TEST_F(UvZoneTransportTest, APeerThatDoesNotReadLosesItsConnection) {
  make({.unsent_octets_max = 100'000, .notify = {}});
  TestSocket listener(SOCK_STREAM);
  connect(kFirst, listener.listen());
  TestSocket peer = listener.accept();
  ASSERT_TRUE(runUntil(loop, [&] { return recorder.connected.contains(kFirst); }));
  int sends = 0;
  ASSERT_TRUE(runUntil(loop, [&] {
    if (recorder.closed.empty()) send(kFirst, std::vector<std::uint8_t>(64'000)), ++sends;
    return !recorder.closed.empty() || sends > 1000;
  }));
  EXPECT_THAT(recorder.closed[kFirst], HasSubstr("does not read"));
}

TEST_F(UvZoneTransportTest, AnUnknownConnectionIsIgnored) {
  send(kFirst, octets("x"));
  transport->close(kFirst);
  runFor(loop, milliseconds{3});
  EXPECT_TRUE(recorder.quiet());
}

TEST_F(UvZoneTransportTest, MayGoWhileConnectionsAreOpen) {
  TestSocket listener(SOCK_STREAM);
  connect(kFirst, listener.listen());
  send(kFirst, octets("x"));
  listen();
  transport.reset();
  runFor(loop, milliseconds{3});
  EXPECT_TRUE(recorder.quiet());
}

// -- NOTIFY

TEST_F(UvZoneTransportTest, AnswersNotifyOverUdpFromTheSameSocket) {
  const NotifyEndpoints endpoints = listen();
  answerEverything();
  TestSocket client(SOCK_DGRAM);
  client.connect(endpoints.udp);  // connected: takes answers from that address and port alone
  client.write("one");
  client.write("two");
  ASSERT_TRUE(runUntilMessages(2));
  EXPECT_THAT(recorder.messages, testing::ElementsAre("one", "two"));
  EXPECT_EQ(recorder.senders[0], xfr::Address{loopback().address});
  EXPECT_EQ(client.read(), "re: one");
  EXPECT_EQ(client.read(), "re: two");
}

TEST_F(UvZoneTransportTest, UdpMessagesOfAnySizeArriveWhole) {
  const NotifyEndpoints endpoints = listen();
  TestSocket client(SOCK_DGRAM);
  client.connect(endpoints.udp);
  std::vector<std::string> sent;
  for (const std::size_t size : {1u, 12u, 512u, 1500u, 40'000u, 65'000u}) {
    sent.emplace_back(size, 'a');
    client.write(sent.back());
  }
  ASSERT_TRUE(runUntilMessages(sent.size()));
  EXPECT_EQ(recorder.messages, sent);
}

TEST_F(UvZoneTransportTest, TheRecentUdpSendersCanBeAnsweredLater) {
  const NotifyEndpoints endpoints = listen();
  TestSocket client(SOCK_DGRAM);
  client.connect(endpoints.udp);
  for (std::size_t i = 1; i <= 1200; ++i) {
    client.write(std::to_string(i));
    if (i % 50 == 0) {
      ASSERT_TRUE(runUntilMessages(i));
    }
  }
  transport->answerNotify(recorder.sources.front(), octets("long ago"));
  transport->answerNotify(recorder.sources[300], octets("lately"));
  transport->answerNotify(ports::NotifySource{99'999}, octets("never seen"));
  EXPECT_EQ(client.read(), "lately");
  EXPECT_FALSE(client.readable());
}

TEST_F(UvZoneTransportTest, AnswersNotifyOverTcp) {
  const NotifyEndpoints endpoints = listen();
  answerEverything();
  TestSocket client(SOCK_STREAM);
  client.connect(endpoints.tcp);
  client.write(std::string_view("\0\3one\0\3two", 10));
  ASSERT_TRUE(runUntilMessages(2));
  EXPECT_THAT(recorder.messages, testing::ElementsAre("one", "two"));
  EXPECT_EQ(recorder.sources[0], recorder.sources[1]);
  EXPECT_EQ(recorder.senders[0], xfr::Address{loopback().address});
  EXPECT_EQ(client.readExactly(18), std::string_view("\0\7re: one\0\7re: two", 18));
}

TEST_F(UvZoneTransportTest, ATcpMessageMayComeOctetByOctet) {
  const NotifyEndpoints endpoints = listen();
  TestSocket client(SOCK_STREAM);
  client.connect(endpoints.tcp);
  const std::string sent("\0\5hello\0\1", 9);
  for (const char octet : sent) {
    client.write({&octet, 1});
    runFor(loop, milliseconds{1});
  }
  ASSERT_TRUE(runUntilMessages(1));
  EXPECT_THAT(recorder.messages, testing::ElementsAre("hello"));
  client.write("!");
  ASSERT_TRUE(runUntilMessages(2));
  EXPECT_EQ(recorder.messages.back(), "!");
}

TEST_F(UvZoneTransportTest, TheLargestTcpMessageArrivesWhole) {
  const NotifyEndpoints endpoints = listen();
  TestSocket client(SOCK_STREAM);
  client.connect(endpoints.tcp);
  const std::string largest(0xffff, 'z');
  std::thread writer([&] { client.write("\xff\xff" + largest); });
  EXPECT_TRUE(runUntilMessages(1));
  writer.join();
  EXPECT_THAT(recorder.messages, testing::ElementsAre(largest));
}

TEST_F(UvZoneTransportTest, ATcpMessageWithoutOctetsEndsTheConnection) {
  const NotifyEndpoints endpoints = listen();
  TestSocket client(SOCK_STREAM);
  client.connect(endpoints.tcp);
  client.write(std::string_view("\0\0\0\1x", 5));
  ASSERT_TRUE(runUntil(loop, [&] { return client.readable(); }));
  EXPECT_EQ(client.read(), "");
  EXPECT_TRUE(recorder.messages.empty());
}

TEST_F(UvZoneTransportTest, AnAnswerToAClosedTcpConnectionIsIgnored) {
  const NotifyEndpoints endpoints = listen();
  TestSocket client(SOCK_STREAM);
  client.connect(endpoints.tcp);
  client.write(std::string_view("\0\1x", 3));
  ASSERT_TRUE(runUntilMessages(1));
  client.close();
  runFor(loop, milliseconds{5});
  transport->answerNotify(recorder.sources[0], octets("late"));
  runFor(loop, milliseconds{5});
}

TEST_F(UvZoneTransportTest, AClientThatReadsNoAnswersLosesItsConnection) {
  const NotifyEndpoints endpoints = listen();
  recorder.on_message = [this](ports::NotifySource source) {
    for (int i = 0; i < 200; ++i) {
      transport->answerNotify(source, std::vector<std::uint8_t>(0xffff));
    }
  };
  TestSocket client(SOCK_STREAM);
  client.connect(endpoints.tcp);
  client.write(std::string_view("\0\1x\0\1y", 6));
  ASSERT_TRUE(runUntilMessages(1));
  runFor(loop, milliseconds{5});
  EXPECT_EQ(recorder.messages.size(), 1u) << "y came after the connection was dropped";
}

TEST_F(UvZoneTransportTest, ATcpConnectionThatCompletesNoMessageInTimeIsClosed) {
  make({.notify = {.message_timeout = milliseconds{250}}});
  const NotifyEndpoints endpoints = listen();
  TestSocket silent(SOCK_STREAM);
  silent.connect(endpoints.tcp);
  TestSocket dripping(SOCK_STREAM);
  dripping.connect(endpoints.tcp);
  TestSocket busy(SOCK_STREAM);
  busy.connect(endpoints.tcp);
  dripping.write(std::string_view("\0\xff", 2));
  for (int i = 0; i < 7; ++i) {
    busy.write(std::string_view("\0\1m", 3));
    runFor(loop, milliseconds{50});
    if (!dripping.readable()) dripping.write(".");
  }
  EXPECT_TRUE(silent.readable());  // at its end
  EXPECT_TRUE(dripping.readable());
  EXPECT_FALSE(busy.readable());
}

TEST_F(UvZoneTransportTest, ATcpConnectionTooManyTakesThePlaceOfTheMostSilent) {
  make({.notify = {.connections_max = 2}});
  const NotifyEndpoints endpoints = listen();
  std::vector<TestSocket> clients;
  for (std::size_t i = 0; i < 3; ++i) {
    clients.emplace_back(SOCK_STREAM).connect(endpoints.tcp);
    clients.back().write(std::string_view("\0\1m", 3));
    ASSERT_TRUE(runUntilMessages(i + 1));
    runFor(loop, milliseconds{2});
  }
  ASSERT_TRUE(runUntil(loop, [&] { return clients[0].readable(); }));
  EXPECT_EQ(clients[0].read(), "");
  clients[1].write(std::string_view("\0\1m", 3));
  ASSERT_TRUE(runUntilMessages(4));
  EXPECT_FALSE(clients[2].readable());
}

TEST_F(UvZoneTransportTest, ListensOnSeveralEndpointsAndBothFamilies) {
  const NotifyEndpoints first = listen();
  const NotifyEndpoints second = listen();
  EXPECT_NE(first.udp.port, second.udp.port);
  const auto v6 = transport->listen(
      {.address = dns::Ipv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, .port = 0});
  if (!v6) GTEST_SKIP() << "no IPv6 here: " << v6.error();
  const int client = ::socket(AF_INET6, SOCK_DGRAM, 0);
  const SocketAddress address = toSocketAddress(v6->udp);
  ASSERT_EQ(::sendto(client, "six", 3, 0, &address.generic, sizeof address.v6), 3);
  ::close(client);
  ASSERT_TRUE(runUntilMessages(1));
  EXPECT_EQ(recorder.senders[0], v6->udp.address);
}

TEST_F(UvZoneTransportTest, ABindErrorSaysWhatAndWhatToDo) {
  const NotifyEndpoints taken = listen();
  const auto again = transport->listen(taken.udp);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error(), HasSubstr("cannot listen for NOTIFY on 127.0.0.1:"));
  EXPECT_THAT(again.error(), HasSubstr(std::to_string(taken.udp.port)));
  EXPECT_THAT(again.error(), HasSubstr("(UDP): address already in use; stop the program"));
  const auto tcp = transport->listen(taken.tcp);
  if (taken.tcp.port != taken.udp.port) {
    ASSERT_FALSE(tcp);
    EXPECT_THAT(tcp.error(), HasSubstr("(TCP): address already in use"));
  }
  const auto elsewhere = transport->listen({.address = dns::Ipv4{192, 0, 2, 1}, .port = 0});
  ASSERT_FALSE(elsewhere);
  EXPECT_THAT(elsewhere.error(), HasSubstr("192.0.2.1"));
  EXPECT_THAT(elsewhere.error(), HasSubstr("choose an address that this host has"));
}

}  // namespace
}  // namespace zonecast::uv
