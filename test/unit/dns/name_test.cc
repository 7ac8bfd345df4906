#include "reconciler/dns/name.h"

#include <algorithm>
#include <string>
#include <vector>

#include <absl/hash/hash.h>
#include <gtest/gtest.h>

#include "test/support/octets.h"
#include "test/support/records.h"

namespace zonecast::dns {
namespace {

using namespace std::string_literals;
using test::nameFromText;

std::string_view errorOf(std::string_view text) {
  const auto name = Name::fromText(text);
  return name ? "no error" : name.error().what;
}

// `count` labels of 63 octets: 64 octets each in wire format.
std::string longLabels(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::string(63, 'a') + ".";
  return text;
}

TEST(Name, FromTextIsWireFormat) {
  EXPECT_EQ(nameFromText("Example.COM.").view().wire(), "\7example\3com\0"s);
  EXPECT_EQ(nameFromText("example.com").view().wire(), "\7example\3com\0"s);
  EXPECT_EQ(nameFromText(".").view().wire(), "\0"s);
}

TEST(Name, FoldsOnlyAsciiLetters) {
  std::string label = "@AZ[`az{\xc0\xda\x80\xff";
  EXPECT_EQ(Name::prepend(label, NameView())->view().firstLabel(), "@az[`az{\xc0\xda\x80\xff");
}

// Whatever its position among the octets that are folded at once.
TEST(Name, FoldsEveryOctetOfALabel) {
  for (std::size_t length = 1; length <= kLabelOctetsMax; ++length) {
    for (std::size_t upper = 0; upper < length; ++upper) {
      std::string label(length, 'x');
      label[upper] = 'Q';
      std::string folded = label;
      folded[upper] = 'q';
      ASSERT_EQ(Name::prepend(label, NameView())->view().firstLabel(), folded);
    }
  }
}

TEST(Name, FromTextUnderstandsEscapes) {
  EXPECT_EQ(nameFromText(R"(a\.b.c)").view().wire(), "\3a.b\1c\0"s);
  EXPECT_EQ(nameFromText(R"(\065\000.)").view().wire(), "\2a\0\0"s);
  EXPECT_EQ(nameFromText(R"(a\\)").view().firstLabel(), "a\\");
}

TEST(Name, FromTextRejectsWhatIsNoName) {
  EXPECT_EQ(errorOf(""), "empty name");
  EXPECT_EQ(errorOf(".."), "empty label");
  EXPECT_EQ(errorOf(".a"), "empty label");
  EXPECT_EQ(errorOf("a..b"), "empty label");
  EXPECT_EQ(errorOf("a.."), "empty label");
  EXPECT_EQ(errorOf("\\"), "escape is neither \\X nor \\DDD");
  EXPECT_EQ(errorOf("\\25"), "escape is neither \\X nor \\DDD");
  EXPECT_EQ(errorOf("\\2x5"), "escape is neither \\X nor \\DDD");
  EXPECT_EQ(errorOf("\\256"), "escape is neither \\X nor \\DDD");
}

TEST(Name, ALabelHasAtMost63Octets) {
  EXPECT_TRUE(Name::fromText(std::string(63, 'a')));
  EXPECT_EQ(errorOf(std::string(64, 'a')), "label longer than 63 octets");
  EXPECT_TRUE(Name::prepend(std::string(63, 'a'), NameView()));
  EXPECT_FALSE(Name::prepend(std::string(64, 'a'), NameView()));
  EXPECT_FALSE(Name::prepend("", NameView()));
}

TEST(Name, HasAtMost255Octets) {
  const std::string longest = longLabels(3) + std::string(61, 'b');
  EXPECT_EQ(nameFromText(longest).view().wire().size(), 255u);
  EXPECT_EQ(nameFromText(longest + ".").view().wire().size(), 255u);
  EXPECT_EQ(errorOf(longLabels(3) + std::string(62, 'b')), "name longer than 255 octets");
  EXPECT_EQ(errorOf(longest + ".c"), "name longer than 255 octets");

  const Name rest = nameFromText(longLabels(3));
  EXPECT_TRUE(Name::prepend(std::string(61, 'b'), rest));
  EXPECT_FALSE(Name::prepend(std::string(62, 'b'), rest));
}

TEST(Name, MayHave127Labels) {
  std::string text;
  for (int i = 0; i < 127; ++i) text += "a.";
  EXPECT_EQ(nameFromText(text).view().labelCount(), 127u);
  EXPECT_FALSE(Name::fromText(text + "a"));
}

TEST(Name, FromWireTakesTheWholeOfIt) {
  EXPECT_EQ(Name::fromWire(test::octetsOf("\3WwW\1a\0"s))->toText(), "www.a");
  EXPECT_FALSE(Name::fromWire({}));
  EXPECT_FALSE(Name::fromWire(test::octetsOf("\3www\1a"s)));
  EXPECT_FALSE(Name::fromWire(test::octetsOf("\3www\2a\0"s)));
  EXPECT_FALSE(Name::fromWire(test::octetsOf("\3www\0\0"s)));
  EXPECT_FALSE(Name::fromWire(test::octetsOf("\3www\xc0\0"s)));
  EXPECT_FALSE(Name::fromWire(test::octetsOf("\x40" + std::string(64, 'a') + '\0')));
}

TEST(Name, ToTextEscapesWhatWouldBeReadOtherwise) {
  for (const char* text :
       {R"(a\.b.c)", R"(\000\032\127\255)", R"(\"\(\)\;\\\@\$)", "_sip._udp.a-b"}) {
    EXPECT_EQ(nameFromText(text).toText(), text);
  }
  EXPECT_EQ(Name().toText(), ".");
}

TEST(Name, EveryOctetSurvivesTheWayThroughText) {
  for (int octet = 0; octet < 256; ++octet) {
    if (octet >= 'A' && octet <= 'Z') continue;
    const Name name = *Name::prepend(std::string(1, static_cast<char>(octet)), NameView());
    EXPECT_EQ(nameFromText(name.toText()), name) << octet;
  }
}

TEST(Name, IsTakenApartAtItsLabels) {
  const Name name = nameFromText("_sip._udp.example.com");
  EXPECT_EQ(name.view().labelCount(), 4u);
  EXPECT_EQ(name.view().firstLabel(), "_sip");
  EXPECT_EQ(name.view().parent().toText(), "_udp.example.com");
  EXPECT_EQ(name.view().suffix(2).toText(), "example.com");
  EXPECT_EQ(name.view().suffix(4), name.view());
  EXPECT_TRUE(name.view().suffix(0).isRoot());
  EXPECT_TRUE(name.view().startsWithUnderscore());
  EXPECT_FALSE(name.view().isWildcard());
}

TEST(Name, TheRootHasNoLabels) {
  EXPECT_EQ(NameView().labelCount(), 0u);
  EXPECT_EQ(NameView().firstLabel(), "");
  EXPECT_TRUE(NameView().isRoot());
  EXPECT_FALSE(NameView().isWildcard());
  EXPECT_FALSE(NameView().startsWithUnderscore());
}

TEST(Name, OnlyALabelThatIsAnAsteriskIsAWildcard) {
  EXPECT_TRUE(nameFromText("*.example.com").view().isWildcard());
  EXPECT_FALSE(nameFromText("*a.example.com").view().isWildcard());
  EXPECT_FALSE(nameFromText("a.*.com").view().isWildcard());
}

TEST(Name, IsAtOrUnderItsAncestors) {
  const Name name = nameFromText("www.example.com");
  EXPECT_TRUE(name.view().isAtOrUnder(name));
  EXPECT_TRUE(name.view().isAtOrUnder(nameFromText("example.com")));
  EXPECT_TRUE(name.view().isAtOrUnder(NameView()));
  EXPECT_FALSE(name.view().isAtOrUnder(nameFromText("ample.com")));
  EXPECT_FALSE(name.view().isAtOrUnder(nameFromText("a.www.example.com")));
  EXPECT_FALSE(NameView().isAtOrUnder(name));
}

TEST(Name, OctetsThatLookLikeLabelsAreNoAncestor) {
  const Name name = *Name::prepend("x\3com", NameView());  // one label, which ends like "com."
  EXPECT_FALSE(name.view().isAtOrUnder(nameFromText("com")));
}

// RFC 4034 section 6.1 has this list.
TEST(Name, SortsCanonicallyAsInTheRfc) {
  const std::vector<std::string> sorted = {
      "example",   "a.example",         "yljkjljk.a.example", "z.a.example",       "zabc.a.example",
      "z.example", R"(\001.z.example)", "*.z.example",        R"(\200.z.example)",
  };
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      EXPECT_EQ(compareCanonically(nameFromText(sorted[i]), nameFromText(sorted[k])), i <=> k)
          << sorted[i] << " and " << sorted[k];
    }
  }
}

TEST(Name, SubstitutesAtTheEndAsInRfc6672) {
  const auto substitute = [](const char* name, const char* owner, const char* target) {
    return Name::substitute(nameFromText(name), nameFromText(owner), nameFromText(target))
        ->toText();
  };
  // RFC 6672 section 2.2, table 1.
  EXPECT_EQ(substitute("a.x", "x", "y"), "a.y");
  EXPECT_EQ(substitute("foo.example.com", "example.com", "example.net"), "foo.example.net");
  EXPECT_EQ(substitute("a.b.example.com", "b.example.com", "example.net"), "a.example.net");
  EXPECT_EQ(substitute("foo.example.com", "example.com", "."), "foo");
  EXPECT_EQ(substitute("cyc.example.com", "example.com", "example.com"), "cyc.example.com");
}

TEST(Name, SubstitutionMayExceedTheLimit) {
  const Name name = nameFromText(std::string(61, 'b') + ".short");
  EXPECT_TRUE(Name::substitute(name, nameFromText("short"), nameFromText(longLabels(3))));
  const Name longer = nameFromText(std::string(62, 'b') + ".short");
  EXPECT_FALSE(Name::substitute(longer, nameFromText("short"), nameFromText(longLabels(3))));
}

TEST(Name, HashesAsItsView) {
  const Name name = nameFromText("example.com");
  EXPECT_EQ(absl::HashOf(name), absl::HashOf(name.view()));
  EXPECT_EQ(NameHash()(name), NameHash()(nameFromText("EXAMPLE.com")));
}

}  // namespace
}  // namespace zonecast::dns
