// The brake (DESIGN section 6): how many domains may go, or move to another virtual domain, within
// a sliding hour before somebody has to say yes.
//
// Counted is what went in the window and what is about to go. Over both the share and the least
// number of what a customer had at most, its domains are held. Over those of what all had when the
// window began, whatever somebody added since, the domains of the customers that contribute most
// are held, until what the others contribute is within. Who is held stays so until nothing of it is
// about to go, or release(): that the window moves on lets nobody pass. Additions are never held.
//
// Time is told by advanceTo(). Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/time.h"

namespace zonecast::plan {

struct BrakePolicy {
  std::uint32_t customer_percent = 30, customer_min = 10;
  std::uint32_t total_percent = 5, total_min = 50;
  Duration window = std::chrono::hours{1};
};

// Whose domains are counted together: a customer, by the name that is published.
enum class Party : std::uint32_t {};

class Brake {
 public:
  explicit Brake(const BrakePolicy& policy);  // outlives it

  void advanceTo(Instant now) { now_ = now; }
  void onPolicyChanged() { is_judged_ = false; }
  Party party(std::string_view customer);  // made when new
  const std::string& nameOf(Party party) const { return at(party).name; }

  // What is published. `counts`: it changed it just now; else it was found so.
  void onAppeared(Party party, bool counts);
  void onGone(Party party, bool counts);
  void onMoved(Party party);
  // What is about to go or to move.
  void pend(Party party);
  void unpend(Party party);

  bool holds(Party party);
  // Somebody said yes: what was counted of it counts no more.
  void release(Party party);

 private:
  struct Bucket {
    Instant begin{};
    std::size_t gone = 0;
    std::ptrdiff_t grown = 0;
  };
  struct Account {
    std::string name;
    std::size_t size = 0, pending = 0;
    std::size_t gone = 0;      // or moved, in the window
    std::ptrdiff_t grown = 0;  // likewise: appeared without gone
    std::deque<Bucket> buckets;
    bool is_held = false;

    std::size_t contribution() const { return gone + pending; }
    std::size_t atBegin() const {  // of the window; what came in it may be gone uncounted
      const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(size) - grown;
      return static_cast<std::size_t>(std::max<std::ptrdiff_t>(begin, 0));
    }
    std::size_t most() const { return std::max(size, atBegin()); }
  };

  Account& at(Party party) { return accounts_[static_cast<std::size_t>(party)]; }
  const Account& at(Party party) const { return accounts_[static_cast<std::size_t>(party)]; }
  Bucket& bucket(Account& account);
  void countGone(Account& account);
  void expire(Account& account);
  void judge();

  const BrakePolicy& policy_;
  Instant now_{};
  std::vector<Account> accounts_;
  std::map<std::string, Party, std::less<>> parties_;
  bool is_judged_ = true;  // nothing changed since judge(), until something leaves the window
  Instant expires_ = Instant::max();
};

}  // namespace zonecast::plan
