// Whoever may put anything into their zones: two hostile customers, one of them with a zone below
// another's, and a crowd of domains that nobody speaks for. They claim what is others', point at
// others and make a noise; nobody innocent points at them or lets them in, so that nothing of what
// they do may change what is published of the others (`withoutHostile()`). A third stream of random
// numbers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "test/scenario/play.h"
#include "test/sim/outside_teller.h"
#include "test/sim/zone_writer.h"

namespace zonecast::sim {

// Of a domain or an owner: it lies in a zone of theirs, or in the crowd.
bool isHostile(std::string_view name);
// The same steps, and none of their records.
std::vector<test::Step> withoutHostile(std::vector<test::Step> steps);

class HostileTeller {
 public:
  using Steps = std::vector<test::Step>;

  explicit HostileTeller(std::uint64_t seed) : random_(seed ^ 0x686f7374696c65u) {}

  // Follows what says which customers and primaries there are. `places` are all zones and places of
  // others, `dids` what these claim.
  void setScene(Steps& setting, std::size_t primaries, std::vector<std::string> places,
                std::vector<std::string> dids);
  // Nothing where nobody is asked.
  void setCrowd(OutsideTeller* outside);
  void happen(Steps& steps);

 private:
  struct Zone {
    std::string name, primary;
    ZoneWriter::Lines lines;
    std::uint32_t serial = 0;
  };

  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  bool oneIn(std::size_t n) { return below(n) == 0; }
  ZoneWriter writer() { return ZoneWriter(random_, places_, dids_, tags_); }
  ZoneWriter::Lines anew(const std::string& place);
  void bring(Zone& zone, std::string_view verb, Steps& steps);

  Random random_;
  std::vector<std::string> places_, dids_, tags_;
  std::vector<Zone> zones_;
  OutsideTeller* outside_ = nullptr;
  ZoneWriter::Lines crowd_;
};

}  // namespace zonecast::sim
