#include "adapters/getdns/memory.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

namespace zonecast::getdns {

Memory::~Memory() {
  for (Header* block : free_) {
    while (block != nullptr) {
      Header* const next = block->next_free;
      std::free(block);
      block = next;
    }
  }
}

// Beyond the last: a block that is not kept.
std::size_t Memory::sizeIndex(std::size_t size) {
  const std::size_t rounded = std::bit_ceil(std::max(size, kSmallest));
  return static_cast<std::size_t>(std::countr_zero(rounded) - std::countr_zero(kSmallest));
}

void* Memory::allocate(std::size_t size) {
  const std::size_t index = sizeIndex(size);
  if (index < kSizes && free_[index] != nullptr) {
    Header* const block = free_[index];
    free_[index] = block->next_free;
    void* const octets = block + 1;
    std::memset(octets, 0, block->octets);
    return octets;
  }
  const std::size_t octets = index < kSizes ? kSmallest << index : size;
  void* const memory = std::calloc(1, sizeof(Header) + octets);
  return memory == nullptr ? nullptr : new (memory) Header{octets, nullptr} + 1;
}

void* Memory::resize(void* block, std::size_t size) {
  if (block == nullptr) return allocate(size);
  const std::size_t octets = headerOf(block)->octets;
  if (size <= octets) return block;
  void* const larger = allocate(size);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, octets);
  free(block);
  return larger;
}

void Memory::free(void* block) {
  if (block == nullptr) return;
  Header* const header = headerOf(block);
  const std::size_t index = sizeIndex(header->octets);
  if (index >= kSizes) return std::free(header);
  header->next_free = free_[index];
  free_[index] = header;
}

}  // namespace zonecast::getdns
