#include "app/zonecast-mirror/journal.h"

#include "adapters/process/service_manager.h"

namespace zonecast {

void Journal::onLoading(const std::string& why) {
  out_.info("loading everything: {}", why);
  process::tellStatus("loading everything: " + why);
}

void Journal::onLoaded(const mirror::Serving& serving) {
  out_.info("loaded lineage={} version={} domains={}", serving.position.lineage,
            serving.position.version, serving.domains);
  tellRefusals(serving);
}

void Journal::onVersion(const mirror::Serving& serving) {
  out_.debug("version={} domains={}", serving.position.version, serving.domains);
  tellRefusals(serving);
}

void Journal::onCurrent(const mirror::Serving& serving) {
  out_.info("the table is current lineage={} version={} domains={}", serving.position.lineage,
            serving.position.version, serving.domains);
  process::tellStatus("the table is current");
  if (when_current_) when_current_();
}

void Journal::onTrouble(const std::string& why) {
  out_.warn("the table stays as it is: {}", why);
  process::tellStatus("the table stays as it is: " + why);
}

void Journal::onRelayTrouble(const std::string& why) {
  out_.warn("not told to Redis: {}", why);
}

void Journal::tellRefusals(const mirror::Serving& serving) {
  if (serving.refused == 0 || serving.last_refusal == last_refusal_) return;
  last_refusal_ = serving.last_refusal;
  out_.warn("{} published entries are not served, among them: {}", serving.refused, last_refusal_);
}

}  // namespace zonecast
