// What a mirror tells of, as lines of the log: one fact, one line. Not thread-safe; on the loop.
#pragma once

#include <functional>
#include <string>

#include "adapters/logging/output.h"
#include "adapters/logging/progress.h"
#include "adapters/logging/repeats.h"
#include "adapters/mirror/listener.h"
#include "adapters/mirror/loading.h"
#include "adapters/uv/loop.h"

namespace zonecast {

class Journal final : public mirror::Listener {
 public:
  // `table` is where it is. The loop must outlive the journal.
  Journal(logging::Output out, const uv::Loop& loop, std::string table)
      : out_(std::move(out)), loop_(loop), table_(std::move(table)) {}

  void whenCurrent(std::function<void()> then) { when_current_ = std::move(then); }

  void onLoading(const std::string& why) override;
  void onLoaded(const mirror::Serving& serving) override;
  void onVersion(const mirror::Serving& serving) override;
  void onCurrent(const mirror::Serving& serving) override;
  void onTrouble(const std::string& why) override;
  void onRelayTrouble(const std::string& why) override;

  // How far a load is: told now and then, and to the service manager each time.
  void tellProgress(const mirror::Loading& loading);

 private:
  logging::Line line(const std::string& words) const;
  logging::Line line(const std::string& words, const mirror::Serving& serving) const;
  void tellRefusals(const mirror::Serving& serving);
  void warnSeldom(logging::Repeats& repeats, const std::string& subject, logging::Line line);

  const logging::Output out_;
  const uv::Loop& loop_;
  const std::string table_;
  std::function<void()> when_current_;
  std::string last_refusal_;
  logging::Progress loading_;
  logging::Repeats refusals_, relay_troubles_;
};

}  // namespace zonecast
