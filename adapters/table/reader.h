// Reads a table: what a worker holds, one for each thread.
//
// All look-ups between two refresh() see one state; nothing but refresh() opens or maps a file.
// A failed refresh() leaves what was read last. What a look-up gives lives until the next
// refresh(), and reads as zeros when its generation was given back meanwhile: current() says
// whether it was. Thread-safety: none. Errors are sentences for people.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/table/layout.h"
#include "adapters/table/mapping.h"
#include "adapters/table/view.h"

namespace zonecast::table {

struct ReaderOptions {
  std::string path;
  std::optional<uid_t> owner;  // whose the table must be; nothing: ours or root's
  std::int64_t max_age = 0;    // seconds; 0: nothing is too old
};

class Reader {
 public:
  static Expected<Reader> open(ReaderOptions options);
  // Of a table that is mapped already, by a writer in this process.
  Reader(ReaderOptions options, std::shared_ptr<const Mapping> mapping);

  Expected<void> refresh();

  const View& view() const { return view_; }
  const Mapping& mapping() const { return *mapping_; }

  // Of what refresh() found.
  bool isFilled() const { return commit_record_ != nullptr; }
  const CommitRecord* commitRecord() const { return commit_record_; }
  std::uint64_t commit() const { return mapping_->header().first_commit + view_.commit(); }
  std::optional<std::int64_t> age() const;  // seconds; nothing: never known to be current
  bool isTooOld() const { return is_too_old_; }

  // False: what was looked up since refresh() may read as zeros; refresh and look again.
  bool current() const {
    // What was looked up was read before this is.
#ifndef __SANITIZE_THREAD__  // which knows no fences
    std::atomic_thread_fence(std::memory_order_acquire);
#endif
    return loadShared(mapping_->header().given_back) == 0;
  }

 private:
  void look();
  bool mustMove();

  ReaderOptions options_;
  std::shared_ptr<const Mapping> mapping_;
  bool is_of_this_boot_;
  View view_;
  const CommitRecord* commit_record_ = nullptr;
  bool is_too_old_ = true;
  std::int64_t path_looked_at_ = 0;
};

}  // namespace zonecast::table
