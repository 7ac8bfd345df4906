#include "reconciler/loop/directives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zonecast::loop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = plan::Directive::Kind;

derive::Domain domain(std::string_view text) {
  return derive::Domain::fromText(text).value();
}

plan::Deadline at(std::uint32_t seconds) {
  return plan::Deadline(plan::Deadline::duration(seconds));
}

TEST(Directives, AreOverInTheOrderOfTheirTimes) {
  Directives directives;
  directives.set(domain("a.example"), plan::Directive{Kind::pin, at(30)});
  directives.set(domain("b.example"), plan::Directive{Kind::block, at(10)});
  directives.set(domain("c.example"), plan::Directive{Kind::pin, at(20)});
  EXPECT_EQ(directives.nextEnd(), at(10));
  EXPECT_THAT(directives.over(WallTime(at(9)), 5), IsEmpty());
  EXPECT_THAT(directives.over(WallTime(at(20)), 5),
              ElementsAre(domain("b.example"), domain("c.example")));
  EXPECT_THAT(directives.over(WallTime(at(99)), 1), ElementsAre(domain("b.example")));
}

TEST(Directives, OneTakesThePlaceOfAnother) {
  Directives directives;
  directives.set(domain("a.example"), plan::Directive{Kind::pin, at(10)});
  directives.set(domain("a.example"), plan::Directive{Kind::block, at(40)});
  EXPECT_EQ(*directives.find(domain("a.example")), (plan::Directive{Kind::block, at(40)}));
  EXPECT_THAT(directives.over(WallTime(at(20)), 5), IsEmpty());
  directives.set(domain("a.example"), std::nullopt);
  EXPECT_EQ(directives.find(domain("a.example")), nullptr);
  EXPECT_EQ(directives.nextEnd(), std::nullopt);
  EXPECT_EQ(directives.size(), 0u);
}

}  // namespace
}  // namespace zonecast::loop
