// DNS compares names without regard to the case of the ASCII letters, and of nothing else (RFC
// 4343).
//
// Eight octets are folded at a time. The length octet of a label is below 'A', so whole stretches
// of wire format may be folded without looking where their labels begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace zonecast::dns::ascii {

// 0x80 in each octet of `word` that is A-Z.
constexpr std::uint64_t upperCaseMask(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  const std::uint64_t low = word & 0x7f * kOnes;
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;
  const std::uint64_t above_z = low + (0x7f - 'Z') * kOnes;
  return (from_a ^ above_z) & ~word & 0x80 * kOnes;
}

template <typename Word>
Word load(const void* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

template <typename Word>
void foldWord(void* to, const void* from) {
  const Word word = load<Word>(from);
  const Word folded = word | static_cast<Word>(upperCaseMask(word) >> 2);  // 0x80 >> 2 is 'a' ^ 'A'
  std::memcpy(to, &folded, sizeof folded);
}

// Copies `count` octets with A-Z made a-z. The last word overlaps the one before it, so that no
// octet outside is touched; folding twice is harmless, so `to` may be `from`.
inline void foldCopy(void* to, const void* from, std::size_t count) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (count >= 8) {
    for (std::size_t i = 0; i + 8 < count; i += 8) foldWord<std::uint64_t>(out + i, in + i);
    foldWord<std::uint64_t>(out + count - 8, in + count - 8);
  } else if (count >= 4) {
    foldWord<std::uint32_t>(out, in);
    foldWord<std::uint32_t>(out + count - 4, in + count - 4);
  } else {
    for (std::size_t i = 0; i < count; ++i) foldWord<std::uint8_t>(out + i, in + i);
  }
}

inline bool hasUpperCase(const void* octets, std::size_t count) {
  const auto* in = static_cast<const unsigned char*>(octets);
  std::size_t i = 0;
  std::uint64_t found = 0;
  for (; i + 8 <= count; i += 8) found |= upperCaseMask(load<std::uint64_t>(in + i));
  for (; i < count; ++i) found |= upperCaseMask(in[i]);
  return found != 0;
}

}  // namespace zonecast::dns::ascii
