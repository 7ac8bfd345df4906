// Puts the entries of the log together to whole versions (schema/REDIS.md).
//
// Invariant: versions come out in ascending order, each complete, all of one lineage. An error, a
// sentence, says why the log does not lead on; the reader is of no more use then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "schema/zonecast.pb.h"

namespace zonecast::mirror {

struct LogVersion {
  std::uint64_t term = 0;
  std::uint64_t version = 0;
  std::uint64_t content = 0;  // the content sum after it
  bool rebase = false;        // everything was replaced: there are no changes here
  std::vector<v1::ChangeSet> changes;
  std::vector<std::string> entries;  // as they stand in the log
};

class LogReader {
 public:
  LogReader() = default;
  LogReader(std::string lineage, std::uint64_t version)
      : lineage_(std::move(lineage)), version_(version) {}

  // The ID to read on after.
  std::string position() const;
  // Whether chunks of a version are still to come.
  bool isWithinVersion() const { return !pending_.entries.empty(); }

  // The version that this entry completes.
  tl::expected<std::optional<LogVersion>, std::string> take(std::string_view id,
                                                            std::string_view field,
                                                            std::string_view value);

 private:
  std::string lineage_;
  std::uint64_t version_ = 0;  // of the last whole version
  LogVersion pending_;
  std::size_t pending_octets_ = 0;
  std::uint64_t pending_chunks_ = 0;  // how many there will be
};

}  // namespace zonecast::mirror
