#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/redis/reply_reader.h"

namespace zonecast::redis {
namespace {

using testing::ElementsAre;

constexpr ReplyLimits kSmall{.elements_max = 6, .octets_max = 100};

// What is read of the octets when they come in pieces of so many: texts of replies, then the
// refusal, or "..." when more is awaited.
std::vector<std::string> readIn(std::string_view octets, std::size_t piece, ReplyLimits limits) {
  ReplyReader reader(limits);
  std::vector<std::string> seen;
  for (; !octets.empty(); octets.remove_prefix(std::min(piece, octets.size()))) {
    reader.feed(octets.substr(0, piece));
    for (;;) {
      const auto reply = reader.next();
      if (!reply) {
        EXPECT_FALSE(reader.next()) << "an error is final";
        seen.push_back(reply.error());
        return seen;
      }
      if (!*reply) break;
      const ReplyView view = (*reply)->view();
      seen.push_back(view.isArray() ? "array of " + std::to_string(view.size())
                                    : std::string(view.text()));
    }
  }
  return seen;
}

std::vector<std::string> read(std::string_view octets, ReplyLimits limits = kSmall) {
  const auto seen = readIn(octets, octets.size(), limits);
  EXPECT_EQ(readIn(octets, 1, limits), seen) << "octet by octet";
  return seen;
}

std::string bulk(std::size_t size) {
  return "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
}

TEST(ReplyReader, ReadsRepliesOneByOne) {
  EXPECT_THAT(read("+OK\r\n*2\r\n$1\r\na\r\n:3\r\n$-1\r\n*0\r\n-ERR no\r\n"),
              ElementsAre("OK", "array of 2", "", "array of 0", "ERR no"));
}

TEST(ReplyReader, AnArrayIsRefusedByWhatItAnnounces) {
  EXPECT_THAT(
      read("*709551615\r\n", ReplyLimits()),
      ElementsAre("the reply announces 709551615 elements: more than 1048576 are not taken"));
  EXPECT_THAT(read("*7\r\n"),
              ElementsAre("the reply announces 7 elements: more than 6 are not taken"));
  EXPECT_THAT(read("*6\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n"), ElementsAre("array of 6"));
}

TEST(ReplyReader, NestedArraysCountTogether) {
  EXPECT_THAT(read("*2\r\n*2\r\n:1\r\n:1\r\n*3\r\n"),
              ElementsAre("the reply announces 7 elements: more than 6 are not taken"));
  EXPECT_THAT(read("*2\r\n*2\r\n:1\r\n:1\r\n*2\r\n:1\r\n:1\r\n"), ElementsAre("array of 2"));
}

TEST(ReplyReader, ATextIsRefusedByWhatItAnnounces) {
  const std::string most =
      "the reply has 999999999999 octets or more: more than 268435456 are not taken";
  EXPECT_THAT(readIn("$999999999999\r\n", 100, ReplyLimits()), ElementsAre(most));
  EXPECT_THAT(readIn("*2\r\n:1\r\n$999999999999\r\n", 100, ReplyLimits()), ElementsAre(most));
  EXPECT_THAT(readIn("$9223372036854775807\r\n", 100, ReplyLimits()),
              ElementsAre("the reply has 9223372036854775807 octets or more: more than 268435456 "
                          "are not taken"));
}

TEST(ReplyReader, TextsOfOneReplyCountTogether) {
  EXPECT_THAT(read("*2\r\n" + bulk(60) + bulk(40)), ElementsAre("array of 2"));
  EXPECT_THAT(read("*2\r\n" + bulk(60) + bulk(41)),
              ElementsAre("the reply has 101 octets or more: more than 100 are not taken"));
  EXPECT_THAT(read("*2\r\n" + bulk(60) + "$41\r\n"),
              ElementsAre("the reply has 101 octets or more: more than 100 are not taken"));
}

TEST(ReplyReader, ALineThatDoesNotEndIsRefused) {
  EXPECT_THAT(read("+" + std::string(100, 'x') + "\r\n"), ElementsAre(std::string(100, 'x')));
  EXPECT_THAT(read("+" + std::string(102, 'x')),
              ElementsAre("the reply has 101 octets or more: more than 100 are not taken"));
}

TEST(ReplyReader, ALengthThatDoesNotEndIsRefused) {
  EXPECT_THAT(read("$1" + std::string(105, 'x')),
              ElementsAre("the reply has 101 octets or more: more than 100 are not taken"));
}

TEST(ReplyReader, EachReplyCountsForItself) {
  const std::string array = "*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n", text = bulk(80);
  EXPECT_THAT(read(array + array + text + text),
              ElementsAre("array of 4", "array of 4", std::string(80, 'x'), std::string(80, 'x')));
}

TEST(ReplyReader, WhatIsNotTheProtocolIsToldAsSuch) {
  EXPECT_THAT(read("HTTP/1.1 400 Bad Request\r\n\r\n"),
              ElementsAre("not the Redis protocol: Protocol error, got \"H\" as reply type byte"));
}

}  // namespace
}  // namespace zonecast::redis
