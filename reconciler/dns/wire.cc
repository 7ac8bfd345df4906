#include "reconciler/dns/wire.h"

#include "reconciler/dns/ascii.h"

namespace zonecast::dns {
namespace {

// A name has at most 127 labels, and nobody needs a pointer that no label precedes. Without this
// bound a message full of pointers to pointers would cost the square of its size.
constexpr int kPointersMax = 127;

constexpr std::string_view kTruncatedName = "ends before a name is complete";
constexpr std::string_view kLongName = "name longer than 255 octets";

}  // namespace

// After a failure nothing is left to read, whatever is asked for.
void WireReader::failAt(std::string_view what, std::size_t offset) {
  if (!ok()) return;
  failure_ = {what, offset};
  octets_ = octets_.first(offset_);
}

std::span<const std::uint8_t> WireReader::octets(std::size_t count) {
  if (!has(count)) return {};
  const auto result = octets_.subspan(offset_, count);
  offset_ += count;
  return result;
}

std::span<const std::uint8_t> WireReader::characterStrings() {
  const std::size_t begin = offset_;
  do {
    characterString();
  } while (ok() && !atEnd());
  return octets_.subspan(begin, offset_ - begin);
}

WireReader WireReader::window(std::size_t count) {
  const std::size_t begin = offset_;
  octets(count);
  return WireReader(octets_.first(offset_), begin);
}

std::string_view WireReader::characterString() {
  return asChars(octets(u8()));
}

NameView WireReader::canonicalName() {
  const std::size_t begin = offset_;
  const std::size_t end = endOfLabels(begin);
  if (end >= octets_.size()) return fail(kTruncatedName), NameView();
  if (octets_[end] != 0) return failAt("label of an unknown type", end), NameView();
  const std::size_t length = end + 1 - begin;
  if (length > kNameOctetsMax) return fail(kLongName), NameView();
  if (ascii::hasUpperCase(&octets_[begin], length)) return fail("upper case in a name"), NameView();
  offset_ = end + 1;
  return NameView::fromCanonicalWire(asChars(octets_.subspan(begin, length)));
}

NameView WireReader::expandName(NameBuffer out) {
  std::size_t written = 0;
  std::size_t begin = offset_;  // of the labels being copied: each pointer leads before it
  for (int pointers = 0; pointers <= kPointersMax; ++pointers) {
    const std::size_t end = endOfLabels(begin);
    if (end >= octets_.size()) return fail(kTruncatedName), NameView();
    const std::uint8_t terminator = octets_[end];
    const std::size_t length = end - begin;
    if (written + length + 1 > kNameOctetsMax) return fail(kLongName), NameView();
    ascii::foldCopy(out.data() + written, &octets_[begin], length);
    written += length;

    const std::size_t resume = end + (terminator == 0 ? 1 : 2);
    if (resume > octets_.size()) return fail(kTruncatedName), NameView();
    if (terminator == 0) {
      if (pointers == 0) offset_ = resume;
      out[written++] = '\0';
      return NameView::fromCanonicalWire({out.data(), written});
    }
    if (terminator < 0xc0) return failAt("label of an unknown type", end), NameView();
    const std::size_t target = (terminator & 0x3fu) << 8 | octets_[end + 1];
    if (target >= begin) return failAt("compression pointer does not point back", end), NameView();
    if (target < kHeaderOctets)
      return failAt("compression pointer into the header", end), NameView();
    if (pointers == 0) offset_ = resume;
    begin = target;
  }
  return fail("compression pointers without end"), NameView();
}

void WireReader::skipName() {
  const std::size_t end = endOfLabels(offset_);
  if (end >= octets_.size()) return fail(kTruncatedName);
  if (octets_[end] != 0 && octets_[end] < 0xc0) return failAt("label of an unknown type", end);
  const std::size_t resume = end + (octets_[end] == 0 ? 1 : 2);
  if (resume > octets_.size()) return fail(kTruncatedName);
  offset_ = resume;
}

}  // namespace zonecast::dns
