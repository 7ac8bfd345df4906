// A change set, encoded for Redis: what to put and remove in each hash, the entries of the log, and
// what becomes of the content sum.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/plan/change_set.h"
#include "reconciler/plan/version.h"
#include "schema/digest.h"
#include "schema/zonecast.pb.h"

namespace zonecast::redis {

struct Header {  // what every message of a version says
  std::string lineage;
  plan::Term term{};
  plan::Version version{};
};

v1::ChangeSet changeSetOf(const Header& header);
// The causes of a version, for people. Bounded: a version can have very many.
void addCauses(const std::vector<plan::Cause>& causes, v1::ChangeSet& message);
// Carries the changes when they are one small entry.
std::string eventOf(const Header& header, const std::vector<v1::ChangeSet>& chunks);

class ChangeEncoder {
 public:
  struct HashChanges {
    std::vector<std::string> puts;  // field, value, field, value, ...
    std::vector<std::string> removals;
  };

  // `content` is the sum before the changes.
  ChangeEncoder(Header header, std::uint64_t content);

  void add(const plan::DomainChange& change);
  void add(const plan::VirtualDomainChange& change);
  void add(const plan::RecordChange& change);  // neither in the log nor in the content sum

  // After the last add(): completes the chunks.
  void finish(const std::vector<plan::Cause>& causes);
  const std::vector<v1::ChangeSet>& chunks() const { return chunks_; }
  std::vector<std::string> logEntries() const;
  const HashChanges& domains() const { return domains_; }
  const HashChanges& attributes() const { return attributes_; }
  const HashChanges& virtualDomains() const { return virtual_domains_; }
  const HashChanges& dids() const { return dids_; }
  std::uint64_t content() const { return content_.sum(); }

 private:
  // The chunk that has room for another `octets`.
  v1::ChangeSet& chunkFor(std::size_t octets);
  void change(std::string_view hash, HashChanges& changes, const std::string& field,
              const std::optional<std::string>& before, std::optional<std::string> after);

  const Header header_;
  schema::ContentSum content_;
  HashChanges domains_, attributes_, virtual_domains_, dids_;
  std::vector<v1::ChangeSet> chunks_;
  std::size_t chunk_octets_ = 0;
};

}  // namespace zonecast::redis
