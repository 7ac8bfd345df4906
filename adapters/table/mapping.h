// A table file in memory: made, or opened and checked.
//
// Ownership: the mapping and its descriptor are released with the object. Thread-safety: constant
// after it is made, but for what layout.h says of the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>
#include <tl/expected.hpp>

#include "adapters/table/layout.h"

namespace zonecast::table {

template <typename T>
using Expected = tl::expected<T, std::string>;  // errors are sentences for people

// CLOCK_BOOTTIME, and the boot that it counts from.
std::int64_t bootSeconds();
std::array<char, 16> bootId();

class Mapping {
 public:
  // For readers: a complete table that belongs to root, ourselves or `owner`, and that nobody else
  // can write. The file stays locked (shared, by the open file) as long as this lives, so that
  // others can see that somebody looks.
  static Expected<std::shared_ptr<Mapping>> openToRead(const std::string& path,
                                                       std::optional<uid_t> owner);
  // For the writer, of its own table: that belongs to ourselves, and that nobody else can write.
  static Expected<std::shared_ptr<Mapping>> openToWrite(const std::string& path);
  // A new file, all of it allocated, instead of what was there. Its header is zero.
  static Expected<std::shared_ptr<Mapping>> create(const std::string& path, unsigned mode,
                                                   std::size_t octets);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const Header& header() const { return *reinterpret_cast<const Header*>(base_); }
  Header& header() { return *reinterpret_cast<Header*>(base_); }
  const std::byte* base() const { return base_; }
  std::byte* base() { return base_; }
  std::size_t octets() const { return octets_; }
  std::uint64_t inode() const { return inode_; }
  // Whether another file stands at the path by now.
  bool isReplacedAt(const std::string& path) const;

  // Frees the memory behind the header; it reads as zeros then.
  void giveBack();

 private:
  Mapping(int descriptor, std::byte* base, std::size_t octets, std::uint64_t inode)
      : descriptor_(descriptor), base_(base), octets_(octets), inode_(inode) {}
  static Expected<std::shared_ptr<Mapping>> map(int descriptor, std::size_t octets, int protection);

  int descriptor_;
  std::byte* base_;
  std::size_t octets_;
  std::uint64_t inode_;
};

}  // namespace zonecast::table
