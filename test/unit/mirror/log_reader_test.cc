#include "adapters/mirror/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast::mirror {
namespace {

using ::testing::HasSubstr;

constexpr const char* kLineage = "3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11";

v1::ChangeSet chunkOf(std::uint64_t version, std::uint32_t chunk, std::uint32_t chunks) {
  v1::ChangeSet message;
  message.set_lineage(kLineage);
  message.set_term(1);
  message.set_version(version);
  message.set_chunk(chunk);
  message.set_chunks(chunks);
  message.set_content(version * 100);
  return message;
}

auto take(LogReader& reader, const char* id, const v1::ChangeSet& message,
          const char* field = "changes") {
  return reader.take(id, field, message.SerializeAsString());
}

TEST(LogReader, AVersionComesWithItsLastChunk) {
  LogReader reader(kLineage, 4);
  EXPECT_EQ(reader.position(), "4-18446744073709551615");
  auto first = take(reader, "6-1", chunkOf(6, 1, 2));
  ASSERT_TRUE(first) << first.error();
  EXPECT_FALSE(*first);
  EXPECT_TRUE(reader.isWithinVersion());
  EXPECT_EQ(reader.position(), "6-1");
  auto second = take(reader, "6-2", chunkOf(6, 2, 2));
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->version, 6U);
  EXPECT_EQ((*second)->content, 600U);
  EXPECT_EQ((*second)->entries.size(), 2U);
  EXPECT_FALSE((*second)->rebase);
  EXPECT_FALSE(reader.isWithinVersion());
  EXPECT_EQ(reader.position(), "6-18446744073709551615");
}

TEST(LogReader, ARebaseIsTold) {
  LogReader reader(kLineage, 4);
  const auto taken = take(reader, "5-1", chunkOf(5, 1, 1), "rebase");
  ASSERT_TRUE(taken && *taken);
  EXPECT_TRUE((*taken)->rebase);
}

std::string refusal(const char* id, const v1::ChangeSet& message, const char* field = "changes") {
  LogReader reader(kLineage, 4);
  const auto taken = take(reader, id, message, field);
  return taken ? std::string("taken") : taken.error();
}

TEST(LogReader, WhatDoesNotLeadOnIsSaid) {
  EXPECT_THAT(refusal("5-2", chunkOf(5, 2, 2)), HasSubstr("parts of a version are missing"));
  EXPECT_THAT(refusal("5-1", chunkOf(5, 1, 0)), HasSubstr("parts of a version are missing"));
  EXPECT_THAT(refusal("4-1", chunkOf(4, 1, 1)), HasSubstr("none of ours"));
  EXPECT_THAT(refusal("", chunkOf(5, 1, 1)), HasSubstr("none of ours"));
  EXPECT_THAT(refusal("5", chunkOf(5, 1, 1)), HasSubstr("none of ours"));
  EXPECT_THAT(refusal("5-1x", chunkOf(5, 1, 1)), HasSubstr("none of ours"));
  EXPECT_THAT(refusal("99999999999999999999-1", chunkOf(5, 1, 1)), HasSubstr("none of ours"));
  EXPECT_THAT(refusal("5-1", chunkOf(6, 1, 1)), HasSubstr("says that it is another"));
  EXPECT_THAT(refusal("5-1", chunkOf(5, 1, 1), "mystery"), HasSubstr("not of a kind"));
  v1::ChangeSet foreign = chunkOf(5, 1, 1);
  foreign.set_lineage("another");
  EXPECT_THAT(refusal("5-1", foreign), HasSubstr("another lineage"));
  LogReader reader(kLineage, 4);
  EXPECT_THAT(reader.take("5-1", "changes", "\xff\xff garbage").error(), HasSubstr("no ChangeSet"));
}

TEST(LogReader, ChunksOfTwoVersionsAreNotMixed) {
  LogReader reader(kLineage, 4);
  ASSERT_TRUE(take(reader, "5-1", chunkOf(5, 1, 2)));
  EXPECT_FALSE(take(reader, "6-1", chunkOf(6, 1, 1)));
  LogReader contradicted(kLineage, 4);
  ASSERT_TRUE(take(contradicted, "5-1", chunkOf(5, 1, 3)));
  EXPECT_THAT(take(contradicted, "5-2", chunkOf(5, 2, 2)).error(), HasSubstr("contradict"));
}

}  // namespace
}  // namespace zonecast::mirror
