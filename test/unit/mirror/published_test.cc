#include "adapters/mirror/published.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/mirror/reply.h"

namespace zonecast::mirror {
namespace {

using ::testing::HasSubstr;
using Fields = std::map<std::string, std::string>;

Fields sample() {
  return {{"schema", "1"},
          {"lineage", "3f0f6c0a-9a52-4f7e-8f63-0d9b7d0c6a11"},
          {"term", "3"},
          {"version", "18446744073709551615"},
          {"generation", "7"},
          {"chain", std::string(62, '0') + "a1"},
          {"content", "00000000000000ff"},
          {"domains", "2"},
          {"virtual_domains", "1"},
          {"unknown", "?"}};
}

tl::expected<Published, std::string> published(const Fields& fields) {
  return publishedIn(redis::Meta(replyOf(fields)));
}

TEST(Published, IsWhatMetaSays) {
  const auto read = published(sample());
  ASSERT_TRUE(read) << read.error();
  EXPECT_FALSE(read->isNothing());
  EXPECT_EQ(read->position.version, 18446744073709551615U);
  EXPECT_EQ(read->position.term, 3U);
  EXPECT_EQ(read->position.content, 0xffU);
  EXPECT_EQ(read->position.chain, std::string(31, '\0') + "\xa1");
  EXPECT_EQ(read->generation, "7");
  EXPECT_EQ(read->domains, 2U);
}

TEST(Published, WithoutALineageThereIsNothing) {
  EXPECT_TRUE(published({})->isNothing());
  EXPECT_TRUE(published({{"term", "3"}, {"schema", "9"}})->isNothing());
}

TEST(Published, AnotherSchemaIsNotRead) {
  Fields fields = sample();
  fields["schema"] = "2";
  EXPECT_THAT(published(fields).error(), HasSubstr("schema \"2\" is not ours"));
}

TEST(Published, WhatIsMalformedIsNotRead) {
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
           {"lineage", std::string(37, 'x')},
           {"term", ""},
           {"version", "-1"},
           {"version", "01"},
           {"version", "18446744073709551616"},
           {"chain", "00"},
           {"chain", std::string(64, 'g')},
           {"content", "ff"},
           {"domains", "2 "},
           {"virtual_domains", ""}}) {
    Fields fields = sample();
    fields[name] = value;
    EXPECT_FALSE(published(fields)) << name << "=" << value;
  }
}

}  // namespace
}  // namespace zonecast::mirror
