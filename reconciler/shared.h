// Values that many hold and nobody changes: a domain stands in the book, in the published table, in
// change sets and in member lists, and is in memory once.
//
// Copies are a counted pointer, and compare as what they hold, at once where they hold the same.
// Immutable. All copies of a text belong to one thread.
#pragma once

#include <algorithm>
#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace zonecast {

// A text, and behind it, in the same block, whatever else is made of it.
class SharedText {
 public:
  // At most 65,535 octets each.
  explicit SharedText(std::string_view text, std::string_view tail = {});
  SharedText(const SharedText& other) noexcept : block_(other.block_), begin_(other.begin_) {
    ++block_->holders;
  }
  SharedText(SharedText&& other) noexcept : SharedText(std::as_const(other)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(block_, other.block_);
    std::swap(begin_, other.begin_);
    return *this;
  }
  ~SharedText() {
    if (--block_->holders == 0) release(block_);
  }

  // Of its own, for another thread to have.
  SharedText detached() const { return SharedText(text(), tail()); }

  std::string_view text() const { return {octets(), block_->text_size}; }
  std::string_view tail() const { return {octets() + block_->text_size, block_->tail_size}; }

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.block_ == b.block_ || (a.begin_ == b.begin_ && a.text() == b.text());
  }
  friend std::strong_ordering operator<=>(const SharedText& a, const SharedText& b) {
    if (a.begin_ != b.begin_) return a.begin_ <=> b.begin_;
    if (a.block_ == b.block_) return std::strong_ordering::equal;
    return a.text() <=> b.text();
  }
  template <typename H>
  friend H AbslHashValue(H h, const SharedText& t) {
    return H::combine(std::move(h), t.text());
  }

 private:
  struct Block {
    std::uint32_t holders = 1;
    std::uint16_t text_size = 0, tail_size = 0;
    // the octets of both follow
  };
  // Not inline: GCC 12 would warn falsely that another holder uses what was freed here.
  [[gnu::noinline]] static void release(Block* block) noexcept {
    block->~Block();
    ::operator delete(block);
  }
  const char* octets() const { return reinterpret_cast<const char*>(block_ + 1); }

  // The first octets as a number that is ordered as they are; a shorter text is filled with zeros.
  static std::uint64_t beginOf(std::string_view text) {
    std::uint64_t begin = 0;
    for (std::size_t i = 0; i < sizeof begin; ++i) {
      begin = begin << 8 | (i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0);
    }
    return begin;
  }

  Block* block_;
  std::uint64_t begin_;  // so that a search in a tree seldom has to look into the block
};

inline SharedText::SharedText(std::string_view text, std::string_view tail)
    : begin_(beginOf(text)) {
  assert(text.size() <= 0xffff && tail.size() <= 0xffff);
  block_ = new (::operator new(sizeof(Block) + text.size() + tail.size())) Block;
  block_->text_size = static_cast<std::uint16_t>(text.size());
  block_->tail_size = static_cast<std::uint16_t>(tail.size());
  char* at = reinterpret_cast<char*>(block_ + 1);
  at = std::copy(text.begin(), text.end(), at);
  std::copy(tail.begin(), tail.end(), at);
}

// Any other value. Never empty.
template <typename T>
class Shared {
 public:
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: is a T

  const T& operator*() const { return *value_; }
  operator const T&() const { return *value_; }  // NOLINT: usable wherever a T is read
  const T* operator->() const { return value_.get(); }
  friend bool operator==(const Shared& a, const Shared& b) {
    return a.value_ == b.value_ || *a == *b;
  }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace zonecast
