// The memory of getdns: zeroed, since it relies on that here and there, and kept for the next
// look-up, since allocating is two fifths of its work.
//
// Blocks come in sizes of powers of two; what is freed waits in a list of its size. Nothing is
// given back before the end: the look-ups under way are bounded, and so is this.
#pragma once

#include <array>
#include <cstddef>

namespace zonecast::getdns {

class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // As malloc(), realloc() and free() are, with zeros in all that is new.
  void* allocate(std::size_t size);
  void* resize(void* block, std::size_t size);
  void free(void* block);

 private:
  struct alignas(std::max_align_t) Header {
    std::size_t octets = 0;  // that can be used, behind this
    Header* next_free = nullptr;
  };
  static constexpr std::size_t kSmallest = 64;
  static constexpr std::size_t kSizes = 11;  // up to 64 KiB

  static std::size_t sizeIndex(std::size_t size);
  static Header* headerOf(void* block) { return static_cast<Header*>(block) - 1; }

  std::array<Header*, kSizes> free_{};
};

}  // namespace zonecast::getdns
