// The keys under which a deployment's state stands in Redis. All share one hash tag, so that they
// live in one slot and one Function changes them together. REDIS.md tells readers how to use them.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace zonecast::schema {

inline constexpr std::string_view kSchemaVersion = "1";  // `schema` in meta

// The hashes that make up the content, by the names that go into the content sum.
inline constexpr std::string_view kDomainHash = "domain";
inline constexpr std::string_view kAttributeHash = "attribute";
inline constexpr std::string_view kVirtualDomainHash = "vdomain";
// The publisher's own beside them.
inline constexpr std::string_view kDidHash = "did";

// Field names of an entry of the log; the value of either is a zonecast.v1.ChangeSet.
inline constexpr std::string_view kLogChanges = "changes";
inline constexpr std::string_view kLogRebase = "rebase";

class RedisKeys {
 public:
  explicit RedisKeys(std::string_view deployment)
      : prefix_(fmt::format("zonecast:{{{}}}:", deployment)) {}

  const std::string& prefix() const { return prefix_; }

  // hash: schema, lineage, term, version, generation, chain, content, leader, updated, domains,
  // virtual_domains, dids; while a large change set is prepared, staging.
  std::string meta() const { return key("meta"); }
  // hash: domain -> "did=iptel;state=hosted;transports=udp,tcp;role=primary" (domain_value.h)
  std::string domain() const { return key(kDomainHash); }
  // hash: DID -> "name=value;name=value" (attribute_value.h)
  std::string attribute() const { return key(kAttributeHash); }
  // hash: DID -> zonecast.v1.VirtualDomain
  std::string virtualDomain() const { return key(kVirtualDomainHash); }
  // hash: DID -> "customer=acme;freed=1700000000" (did_value.h)
  std::string did() const { return key(kDidHash); }
  // stream: "<version>-<chunk>" -> changes or rebase: zonecast.v1.ChangeSet
  std::string log() const { return key("log"); }
  // pub/sub channel: zonecast.v1.Event
  std::string events() const { return key("events"); }
  // stream: domains that workers met and do not know; bounded by its writers
  std::string wanted() const { return key("wanted"); }
  // string, expiring: the negative answer to such a question
  std::string answer(std::string_view name) const { return key("answer:").append(name); }
  // hash, expiring: what version a mirror serves, and what it refused and why
  std::string worker(std::string_view id) const { return key("worker:").append(id); }
  // string, expiring: the instance that leads
  std::string lease() const { return key("lease"); }

  // hash, expiring: the next content of `hash` while it is being prepared. `stamp` is
  // "<term>:<version>", as it stands in meta's field staging.
  std::string stage(std::string_view stamp, std::string_view hash) const {
    return fmt::format("{}stage:{}:{}", prefix_, stamp, hash);
  }
  // hash, for a moment inside a Function: the content of `hash` on its way out.
  std::string aside(std::string_view hash) const { return key("aside:").append(hash); }

 private:
  std::string key(std::string_view name) const { return std::string(prefix_).append(name); }

  std::string prefix_;
};

inline std::string stageStamp(std::string_view term, std::string_view version) {
  return fmt::format("{}:{}", term, version);
}

}  // namespace zonecast::schema
