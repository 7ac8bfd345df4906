// What happens outside of the zones: the DNS of others, which a resolver is asked about, and how it
// does; watched names; workers who ask about domains. A second stream of random numbers, so that
// the rest of a tale is the same with and without it.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "test/scenario/play.h"
#include "test/sim/zone_writer.h"

namespace zonecast::sim {

class OutsideTeller {
 public:
  using Steps = std::vector<test::Step>;
  // Of watched names, of names that nobody speaks for, and of whoever others point at.
  static constexpr std::array kPlaces{"watch.example", "open.example", "hub.example"};

  explicit OutsideTeller(std::uint64_t seed) : random_(seed ^ 0x6f757473696465u) {}

  // Follows what says who there is. `places` are all that records may point at.
  void setScene(Steps& setting, const std::vector<std::string>& customers,
                std::vector<std::string> places, std::vector<std::string> dids,
                std::vector<std::string> tags = {});
  void happen(Steps& steps);

  // What the DNS of another place says from now on; dnsAnew() brings it to pass.
  void tellOf(const std::string& place, ZoneWriter::Lines lines) {
    lines_[place] = std::move(lines);
  }
  test::Step dnsAnew();

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  bool oneIn(std::size_t n) { return below(n) == 0; }
  std::string anyPlace() { return kPlaces[below(kPlaces.size())]; }
  std::string anyName();
  std::string wantedName();
  std::string moodOf();
  std::string withToken(const std::string& line);

  Random random_;
  std::vector<std::string> places_, dids_, tags_;
  std::map<std::string, ZoneWriter::Lines> lines_;  // by place
  std::map<std::string, std::string> ttls_;         // of a line, once it has one
  bool wants_token_ = false;
};

// The end of all faults of the outside, for a tale with a resolver.
void appendOutsideMended(const std::vector<test::Step>& steps, std::vector<test::Step>& ending);
// Each domain that a worker, or the operator, asked about is asked about again.
void appendLastQuestions(const std::vector<test::Step>& steps, std::vector<test::Step>& ending);

}  // namespace zonecast::sim
