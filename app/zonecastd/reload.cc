#include "app/zonecastd/reload.h"

#include <cassert>
#include <utility>

#include "config/difference.h"

namespace zonecast {

Reload::Reload(uv::Loop& loop, std::filesystem::path file, const config::Configuration& present,
               std::function<void(Outcome)> on_read)
    : file_(std::move(file)),
      present_(present),
      on_read_(std::move(on_read)),
      done_(loop, [this] { onRead(); }) {}

Reload::~Reload() {
  if (thread_.joinable()) thread_.join();
}

void Reload::begin() {
  assert(!isUnderWay());
  thread_ = std::thread([this] {
    read();
    done_.wake();
  });
}

void Reload::read() {
  auto next = config::load(file_);
  if (!next) {
    for (const config::ConfigError& error : next.error()) {
      outcome_.report.add_errors(config::toText(error));
    }
    return;
  }
  const config::Difference found = config::difference(present_, *next);
  for (const std::string& sentence : found.changed) outcome_.report.add_changed(sentence);
  for (const std::string& sentence : found.at_restart) outcome_.report.add_at_restart(sentence);
  if (!found.at_restart.empty()) return;
  outcome_.news = loop::reconfigured(present_.settings, std::move(next->settings));
  outcome_.next = std::move(*next);
}

void Reload::onRead() {
  if (!isUnderWay()) return;
  thread_.join();
  on_read_(std::exchange(outcome_, {}));
}

}  // namespace zonecast
