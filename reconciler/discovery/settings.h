// What the operator lays down for domains that nobody configured and workers ask about: plain
// values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/time.h"

namespace zonecast::discovery {

enum class Mode : std::uint8_t {
  off,     // nothing is looked up
  listed,  // what `allow` covers
  token,   // anything; it is hosted when its owner shows the operator's token for it
  open,    // anything
};

// "example.com": that name. "*.example.com": all names below it, not itself. "*": all names.
class Pattern {
 public:
  enum class Scope : std::uint8_t { name, below, all };

  static tl::expected<Pattern, std::string> fromText(std::string_view text);

  Scope scope() const { return scope_; }
  const std::string& name() const { return name_; }  // as a domain is written; empty for all
  std::string toText() const;

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  Pattern(Scope scope, std::string_view name) : scope_(scope), name_(name) {}

  Scope scope_;
  std::string name_;
};

// A rate that may be exceeded for a while: `burst` at once when nothing was asked before. Neither
// is 0.
struct Quota {
  std::uint32_t rate;  // look-ups a second
  std::uint32_t burst;

  friend bool operator==(const Quota&, const Quota&) = default;
};

struct Settings {
  Mode mode = Mode::open;
  std::vector<Pattern> allow;           // what mode `listed` looks up
  std::vector<Pattern> deny;            // is never looked up, whatever else is said
  std::vector<std::uint8_t> token_key;  // see token.h

  Quota total{.rate = 200, .burst = 1000};
  Quota worker{.rate = 50, .burst = 250};
  Quota registrable{.rate = 2, .burst = 50};   // a registrable domain and all below it
  std::uint32_t workers_max = 1000;            // remembered, beyond these they share one quota
  std::uint32_t registrables_max = 10'000;     // likewise
  std::uint32_t hosted_max = 100'000;          // discovered domains; then no more are looked up
  std::uint32_t hosted_per_registrable = 100;  // likewise, at and below a registrable domain
  std::uint32_t domains_max = 10'000;          // remembered as asked about lately
  // Until a domain is looked up again. Less than the 10 s after which mirrors ask again.
  Duration repeat_after = std::chrono::seconds{5};

  Duration keep_foreign = std::chrono::minutes{5};  // how long "not hosted" is told
  Duration idle = std::chrono::hours{24 * 30};      // unasked for so long: refreshed less often
  std::map<std::string, std::vector<std::string>> attributes;  // of discovered domains; they win

  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace zonecast::discovery
