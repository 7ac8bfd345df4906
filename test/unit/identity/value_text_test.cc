#include "reconciler/identity/value_text.h"

#include <string>

#include <gtest/gtest.h>

namespace zonecast::identity {
namespace {

std::string encoded(char32_t point) {
  const auto tail = [point](unsigned shift) {
    return static_cast<char>(0x80 | (point >> shift & 0x3f));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST(ValueText, TakesEveryCodePointButControlsAndSurrogates) {
  for (char32_t point = 0; point <= 0x110000; ++point) {
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    const bool allowed = !control && !surrogate && point <= 0x10ffff;
    ASSERT_EQ(!valueFault(encoded(point)), allowed) << static_cast<std::uint32_t>(point);
  }
}

// RFC 3629 sections 3 and 10.
TEST(ValueText, RefusesWhatOnlyLooksLikeUtf8) {
  for (const auto* text : {
           "\xc0\x80",          // U+0000, overlong
           "\xc0\xae",          // '.', overlong
           "\xc1\xbf",          // U+007F, overlong
           "\xe0\x80\xae",      // '.', overlong in three
           "\xe0\x9f\xbf",      // U+07FF, overlong
           "\xf0\x8f\xbf\xbf",  // U+FFFF, overlong
           "\xed\xa0\x80",      // a surrogate
           "\xed\xbf\xbf",      // the last one
           "\xf4\x90\x80\x80",  // U+110000
           "\xf7\xbf\xbf\xbf",  // U+1FFFFF
           "\xf8\x88\x80\x80\x80",
           "\xfe",
           "\xff",
           "\x80",  // a tail without a head
           "\xbf",
           "a\xc3",  // a head without a tail
           "\xe2\x82",
           "\xf0\x9f\x98",
           "\xc3(",
           "\xe2(\xa1",
           "\xe2\x82(",
       }) {
    EXPECT_EQ(valueFault(text), "is not UTF-8") << text;
  }
}

TEST(ValueText, HasAtMost255Octets) {
  EXPECT_FALSE(valueFault(std::string(255, 'x')));
  EXPECT_TRUE(valueFault(std::string(256, 'x')));
  EXPECT_FALSE(valueFault(""));
}

}  // namespace
}  // namespace zonecast::identity
