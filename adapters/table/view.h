// What one generation says at one commit.
//
// A view is two words and a pointer: cheap to make and to copy, and never changed. It trusts
// nothing in the file: what leads out of it, or cannot be, is not there. What it gives points into
// the mapping and lives as long as that (but see layout.h, `given_back`). No call allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "adapters/table/layout.h"
#include "adapters/table/rows.h"

namespace zonecast::table {

class View {
 public:
  View() = default;
  // Of a file whose header was checked. Above all commits: with what is not yet committed.
  View(const std::byte* base, std::size_t octets, Commit commit)
      : base_(base), octets_(octets), commit_(commit) {}

  Commit commit() const { return commit_; }
  const Header& header() const { return *reinterpret_cast<const Header*>(base_); }

  // The node with a name, or null.
  const Node* find(std::string_view name) const {
    return findHashed(name, hashOf(name, header().seed));
  }
  const Node* findHashed(std::string_view name, std::uint64_t hash) const;
  std::string_view nameOf(const Node& node) const;
  std::string_view nameOf(Ref ref) const;

  // The record that holds at this commit, or null; a removal is a record, too.
  const DomainRecord* domainOf(const Node& node) const;
  const VirtualDomainRecord* virtualDomainOf(const Node& node) const;
  const Node* nodeAt(Ref ref) const;

  // References to its domains; none when they are not all in the file.
  std::span<const Ref> membersOf(const VirtualDomainRecord& record) const;
  std::string_view memberOf(const VirtualDomainRecord& record, std::size_t k) const;

  // The attributes of a record, one after the other.
  class Attributes {
   public:
    Attributes(const View& view, const VirtualDomainRecord& record);
    std::optional<Attribute> next();
    Ref name() const { return name_; }  // of the one that next() gave

   private:
    const View& view_;
    const std::byte* at_;
    std::size_t left_;  // octets
    Ref name_ = 0;
  };

  const CommitRecord* commitRecord(Ref ref) const { return at<CommitRecord>(ref); }

  // What a reference leads to, if it is all inside the file.
  template <typename T>
  const T* at(Ref ref, std::size_t more = 0) const {
    return reinterpret_cast<const T*>(octetsAt(ref, sizeof(T) + more));
  }

 private:
  const std::byte* octetsAt(Ref ref, std::size_t count) const {
    const std::size_t from = std::size_t{ref} * kUnit;
    const bool fits = from >= kHeaderOctets && from <= octets_ && octets_ - from >= count;
    return fits ? base_ + from : nullptr;
  }
  template <typename Record>
  const Record* newest(const Ref& head) const;

  const std::byte* base_ = nullptr;
  std::size_t octets_ = 0;
  Commit commit_ = 0;
};

}  // namespace zonecast::table
