// The format of a table file (format 2), for those who write it and those who read it.
//
// A file is one generation: a header, an index, an arena of two ends. Everything is in the host's
// own byte order: a table never leaves its host.
//
//     header  4096 octets
//     index   slots of 4 octets: open addressing, linear probing from where a name's hash says
//     names   nodes of domains and DIDs, each with room for its first record as a domain: what a
//             look-up of a host reads, dense and in whole cache lines, so that it reads few of them
//             and few pages
//             (free)
//     rest    all else, from the end of the file downwards
//
// Nodes and records are added one after the other, never moved, never used again.
//
// A node is a name, and has two heads: the newest of its records as a domain, and as a DID, which
// most often is the name of a domain. A record tells of one node since one commit and leads to the
// one before. So a reader that looks at commit C takes the first record of a chain that is not
// newer than C, and sees the table as it was then, whatever a writer does meanwhile. Domains refer
// to the node of their DID, so that a change of a virtual domain is one new record, however many
// domains it has.
//
// Invariants:
// - Slots, heads and `committed` are written by an atomic store after what they lead to. A slot is
//   written once.
// - Commits of a chain strictly decrease. A record whose commit is above `committed` was never
// shown.
// - `committed` holds a commit and where its CommitRecord is: one store shows a whole change set.
// - All is allocated on the disk before it is mapped, and the file is never truncated.
// - What `superseded` generations held can be read until they are `given_back`; after that it reads
//   as zeros. A reader that finds `given_back` set after its look-up takes nothing from it.
//
// A file may be anything: readers check each reference against the file's size, and a chain or a
// probe ends after what the file can hold.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zonecast::table {

inline constexpr std::array<char, 8> kMagic{'z', 'o', 'n', 'e', 'c', 'a', 's', 't'};
inline constexpr std::uint32_t kFormat = 2;
inline constexpr std::size_t kUnit = 8;   // octets; everything in the arena begins at a multiple
inline constexpr std::size_t kLine = 64;  // octets; a multiple of kUnit
inline constexpr std::size_t kNameOctetsMax = 255;
inline constexpr std::size_t kPredecessors = 8;

using Ref = std::uint32_t;     // a place in the file, in units; 0: none
using Commit = std::uint32_t;  // counted from the header's first_commit

constexpr std::size_t unitsOf(std::size_t octets) {
  return (octets + kUnit - 1) / kUnit;
}
constexpr std::size_t inLines(std::size_t octets) {
  return (octets + kLine - 1) / kLine * kLine;
}

// A generation that was superseded, for those who look at what is pinned.
struct Predecessor {
  std::uint64_t generation, inode, octets;
  std::int64_t since;  // CLOCK_BOOTTIME, seconds; 0: no entry
};

struct Header {
  // Written once, and covered by `checksum`.
  std::array<char, 8> magic;
  std::uint32_t format;
  std::uint32_t header_octets;
  std::uint64_t octets;        // of the file
  std::uint64_t generation;    // counts the files
  std::uint64_t first_commit;  // commits before this file
  std::uint64_t seed;          // of the hash
  std::uint64_t slots;
  std::uint64_t ref_bits;     // of a slot; those above are a tag
  std::array<char, 16> boot;  // whose CLOCK_BOOTTIME the times are of
  std::uint64_t checksum;     // of all before

  // Written while readers look.
  alignas(
      64) std::uint64_t committed;  // the commit in the upper half, its CommitRecord in the lower
  alignas(64) std::int64_t confirmed;  // CLOCK_BOOTTIME, seconds: current with Redis then; 0: never
  std::uint32_t superseded;            // 1: another file is in place
  std::uint32_t given_back;            // 1: the rest of the file reads as zeros
  // The free octets, in units of the file; never more than what was not written.
  alignas(64) std::uint64_t free_from;
  std::uint64_t free_until;
  std::array<Predecessor, kPredecessors> predecessors;
};
inline constexpr std::size_t kHeaderOctets = 4096;
static_assert(sizeof(Header) <= kHeaderOctets);

// Followed by the name.
struct Node {
  Ref domain;          // the head of its records as a domain
  Ref virtual_domain;  // and as a DID
  std::uint8_t length;
};
inline constexpr std::size_t kNodeOctets = 9;  // before the name

enum class DomainKind : std::uint8_t { removed = 0, hosted = 1, retiring = 2, foreign = 3 };

struct DomainRecord {
  Commit commit;
  Ref previous;
  Ref virtual_domain;  // a node; 0 unless hosted or retiring
  DomainKind kind;
  std::uint8_t transports;
  std::uint8_t role;
  std::uint8_t reserved;
  std::uint64_t sum_or_until;  // foreign: until when, CLOCK_BOOTTIME in seconds
};

// Followed by its attributes.
struct VirtualDomainRecord {
  Commit commit;
  Ref previous;
  Ref customer;   // a node
  Ref canonical;  // a node
  Ref members;    // an array of references to domains; 0: there are none
  std::uint32_t member_count;
  std::uint32_t attribute_octets;
  std::uint16_t attribute_count;
  std::uint16_t removed;
  std::uint64_t sum;
};

enum class ValueType : std::uint8_t { integer = 1, text = 2, boolean = 3, seconds = 4 };

// Followed by `octets` octets of value, padded to a unit: a text, or a number of 8 octets.
struct AttributeRecord {
  Ref name;  // a node
  ValueType type;
  std::uint8_t reserved;
  std::uint16_t octets;
};

struct CommitRecord {
  std::uint64_t term, version, content;
  std::uint32_t domains, virtual_domains, foreign;
  std::uint32_t lineage_octets;
  std::array<char, 40> lineage;
  std::array<char, 32> chain;
};

// A slot: below, where the node is; above, as many bits of the name's hash as there is room for, so
// that few nodes are looked at in vain. The upper bits of the hash say where probing begins.
using Slot = std::uint32_t;
class Slots {
 public:
  Slots(std::uint64_t hash, const Header& header)
      : bits_(static_cast<unsigned>(header.ref_bits)),
        tag_(bits_ < 32 ? static_cast<Slot>(hash << bits_) : 0),
        first_(firstOf(hash, header.slots)) {}

  std::size_t first() const { return first_; }
  bool mayBe(Slot slot) const { return bits_ == 32 || (slot ^ tag_) >> bits_ == 0; }
  Ref nodeIn(Slot slot) const { return nodeIn(slot, bits_); }
  static Ref nodeIn(Slot slot, std::uint64_t bits) {
    return bits == 32 ? slot : slot & ((Slot{1} << bits) - 1);
  }
  Slot leadingTo(Ref node) const { return tag_ | node; }

 private:
  static std::size_t firstOf(std::uint64_t hash, std::uint64_t slots) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>(static_cast<Wide>(hash) * slots >> 64);
  }

  unsigned bits_;
  Slot tag_;
  std::size_t first_;
};
constexpr std::size_t indexOctets(std::size_t slots) {
  return inLines(slots * sizeof(Slot));
}

std::uint64_t hashOf(std::string_view name, std::uint64_t seed);
std::uint64_t checksumOf(const Header& header);

// Shared memory, which other processes write: only by these.
template <typename T>
T loadShared(const T& from) {
  return std::atomic_ref<T>(const_cast<T&>(from)).load(std::memory_order_acquire);
}
template <typename T>
void storeShared(T& to, T value) {
  std::atomic_ref<T>(to).store(value, std::memory_order_release);
}

}  // namespace zonecast::table
