// A strict UTF-8 decoder (RFC 3629 section 3), one code point at a time.
#include "reconciler/identity/value_text.h"

namespace zonecast::identity {
namespace {

constexpr char32_t kIllFormed = 0xffffffff;

struct SequenceForm {
  std::size_t octets;
  char32_t least;  // a smaller code point in this form is overlong
  char32_t bits;   // of the first octet
};

std::optional<SequenceForm> formOf(unsigned char first) {
  if (first < 0x80) return SequenceForm{1, 0, first};
  if ((first & 0xe0) == 0xc0) return SequenceForm{2, 0x80, first & 0x1fu};
  if ((first & 0xf0) == 0xe0) return SequenceForm{3, 0x800, first & 0x0fu};
  if ((first & 0xf8) == 0xf0) return SequenceForm{4, 0x10000, first & 0x07u};
  return std::nullopt;
}

// Takes the first code point off a text that is not empty.
char32_t takeCodePoint(std::string_view& rest) {
  const auto form = formOf(static_cast<unsigned char>(rest.front()));
  if (!form || rest.size() < form->octets) return kIllFormed;
  char32_t point = form->bits;
  for (const char c : rest.substr(1, form->octets - 1)) {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet & 0xc0) != 0x80) return kIllFormed;
    point = point << 6 | (octet & 0x3fu);
  }
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < form->least || surrogate || point > 0x10ffff) return kIllFormed;
  rest.remove_prefix(form->octets);
  return point;
}

bool isControl(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

}  // namespace

std::optional<std::string_view> valueFault(std::string_view value) {
  if (value.size() > kValueOctetsMax) return "is longer than 255 octets";
  while (!value.empty()) {
    const char32_t point = takeCodePoint(value);
    if (point == kIllFormed) return "is not UTF-8";
    if (isControl(point)) return "has a control character in it";
  }
  return std::nullopt;
}

}  // namespace zonecast::identity
