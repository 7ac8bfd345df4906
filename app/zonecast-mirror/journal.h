// What a mirror tells of, as lines of the log: one fact, one line.
#pragma once

#include <functional>
#include <string>

#include <spdlog/logger.h>

#include "adapters/mirror/listener.h"

namespace zonecast {

class Journal final : public mirror::Listener {
 public:
  explicit Journal(spdlog::logger& out) : out_(out) {}

  void whenCurrent(std::function<void()> then) { when_current_ = std::move(then); }

  void onLoading(const std::string& why) override;
  void onLoaded(const mirror::Serving& serving) override;
  void onVersion(const mirror::Serving& serving) override;
  void onCurrent(const mirror::Serving& serving) override;
  void onTrouble(const std::string& why) override;
  void onRelayTrouble(const std::string& why) override;

 private:
  void tellRefusals(const mirror::Serving& serving);

  spdlog::logger& out_;
  std::function<void()> when_current_;
  std::string last_refusal_;
};

}  // namespace zonecast
