// Random zones and random edits of them, as lines of a zone file: services, pointers, addresses,
// aliases, cuts, wildcards and claims, right ones and wrong ones, among few names, so that they
// meet.
#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

namespace zonecast::sim {

using Random = std::mt19937_64;

class ZoneWriter {
 public:
  // `zones` are all apexes that records may point to; `dids` what claims may ask for; `tags` what
  // else they may say.
  ZoneWriter(Random& random, std::vector<std::string> zones, std::vector<std::string> dids,
             std::vector<std::string> tags = {})
      : random_(random), zones_(std::move(zones)), dids_(std::move(dids)), tags_(std::move(tags)) {}

  using Lines = std::set<std::string>;
  Lines fresh(const std::string& zone);
  void edit(const std::string& zone, Lines& lines);

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  bool oneIn(std::size_t n) { return below(n) == 0; }
  template <typename T>
  const T& any(const std::vector<T>& of) {
    return of[below(of.size())];
  }
  std::string nameIn(const std::string& zone);
  std::string target();
  std::string address();
  std::string claim();
  std::string pointer(const std::string& owner);
  void add(const std::string& zone, Lines& lines);

  Random& random_;
  std::vector<std::string> zones_, dids_, tags_;
};

}  // namespace zonecast::sim
