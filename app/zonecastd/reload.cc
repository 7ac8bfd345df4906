#include "app/zonecastd/reload.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "config/difference.h"

namespace zonecast {
namespace {

constexpr std::size_t kErrorsShown = 100;  // conf-check shows all

void tell(const std::vector<config::ConfigError>& errors, v1::ReloadReport& report) {
  for (const config::ConfigError& error : errors) {
    if (static_cast<std::size_t>(report.errors_size()) == kErrorsShown) {
      report.add_errors(fmt::format("and {} more errors: zonecast conf-check shows them",
                                    errors.size() - kErrorsShown));
      return;
    }
    report.add_errors(config::toText(error));
  }
}

}  // namespace

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
  if (!next) return tell(next.error(), outcome_.report);
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
