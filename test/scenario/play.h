// The commands that move a world, as text: what scenarios are written in, and what a simulated run
// is made of and printed as.
//
//   edge hosts=NAME,.. addresses=PREFIX,.. udp=PORT tcp=PORT ..   customer NAME [dids=PATTERN,..]
//   attribute NAME TYPE [values=..] [multi] [setter=..] [default=..] [min=N] [max=N]
//   limits [did-keep=..] [did-default=name|uuid] [batch=N] [transfers=N] [refresh=N(s|m|h)]
//   [expire=..] [transports=NAME,..]
//          [ttl-min=N(s|m|h)] [ttl-max=..] [idle-interval=..]   of answers
//   primary NAME ADDRESS              zone NAME customer=NAME primaries=NAME,.. [shared]
//   catalog NAME customer=NAME primaries=NAME,.. [allow=PATTERN,..] [max=N] [group=NAME:PRIMARY]
//   resolver ADDRESS                  asked for what lies outside the zones of every customer
//   watch NAME customer=NAME          discovery [mode=listed|token|open] [allow=PATTERN,..]
//   [idle=N(s|h|d)] [max=N] serve PRIMARY ZONE SERIAL         a zone's records follow, one a line,
//   until `end` edit PRIMARY ZONE SERIAL          lines of "+ RECORD" and "- RECORD", until `end`
//   replace PRIMARY ZONE SERIAL       as `serve`, but a newer version
//   forget PRIMARY ZONE               its history: it answers IXFR in full from now on
//   mood PRIMARY serving|refusing-connections|hung|garbage|refusing-transfers|stops-half-way
//   dns                               what the resolver knows: "+ RECORD" and "- RECORD", until
//   `end` dns anew [negative-ttl=SECONDS]   its records follow, one a line, until `end`: no others
//   are left dns-mood serving|silent|servfail|garbage   or `broken NAME`, `mended NAME` want DOMAIN
//   [from WORKER]         look-up DOMAIN, by the operator hand-over DID CUSTOMER   likewise cut
//   PRIMARY                       every connection to it is closed start | kill [lost=N] a process
//   begins, or is killed: the last N writes are lost unconfigure ZONE                  between a
//   kill and a start, as `zone` may stand there too notify ZONE,.. from ADDRESS       all at once
//   advance N(ms|s|m|h|d) store down|up|wipe|save|restore   lose-reply: what was asked is done, the
//   answer is lost store taken | returned            by another leader, who holds the lease store
//   taken DOMAIN [like OTHER]   and publishes that there is no DOMAIN; or, as there is none,
//                                     one that is hosted as OTHER is, if that one is there
//   store show                        writes what it holds to the trace
//   disk wipe|full|ok
//   hold-all | release-all            by the operator, as are
//   pin DOMAIN N(s|m|h|d)|off          block DOMAIN N(s|m|h|d)|off
//   pins                              writes those that there are to the trace
//   for A..B RECORD                   in a block: one record each, its number for every '#'
//
// After each command the world settles; not between `hold` and `flow`, where these move it:
//
//   deliver N [half]                  from the Nth connection that has something under way
//   answer                            the store does, or answers, what it was asked
//   reply N                           to the Nth question that the resolver has
//   work                              a slice                settle     until all is quiet, once
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/support/world.h"

namespace zonecast::test {

struct Step {
  std::string command;             // one line
  std::vector<std::string> block;  // what follows it until `end`
};

// Not understood, or not possible here: the script is wrong, not the core.
struct ScriptError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Whether lines until `end` follow a command.
bool hasBlock(const std::string& command);

class Play {
 public:
  // Throws ScriptError, or Breach.
  void perform(const Step& step);
  World& world() { return world_; }

 private:
  using Words = std::vector<std::string>;
  using Command = void (Play::*)(const Words& words, const Step& step);
  static const std::map<std::string, Command>& commands();

  void edge(const Words& words, const Step& step);
  void customer(const Words& words, const Step& step);
  void attribute(const Words& words, const Step& step);
  void limits(const Words& words, const Step& step);
  void primary(const Words& words, const Step& step);
  void zone(const Words& words, const Step& step);
  void catalog(const Words& words, const Step& step);
  void resolver(const Words& words, const Step& step);
  void watch(const Words& words, const Step& step);
  void discovery(const Words& words, const Step& step);
  void addStatic(const Words& words, const Step& step);
  void removeStatic(const Words& words, const Step& step);
  void unconfigure(const Words& words, const Step& step);

  void serve(const Words& words, const Step& step);
  void edit(const Words& words, const Step& step);
  void replace(const Words& words, const Step& step);
  void forget(const Words& words, const Step& step);
  void mood(const Words& words, const Step& step);
  void dns(const Words& words, const Step& step);
  void dnsMood(const Words& words, const Step& step);
  void want(const Words& words, const Step& step);
  void lookUp(const Words& words, const Step& step);
  void decide(bool approve);
  void approve(const Words& words, const Step& step);
  void reject(const Words& words, const Step& step);
  void holdAll(const Words& words, const Step& step);
  void releaseAll(const Words& words, const Step& step);
  void direct(const Words& words, const Step& step);
  void pins(const Words& words, const Step& step);
  void handOver(const Words& words, const Step& step);
  void cut(const Words& words, const Step& step);
  void start(const Words& words, const Step& step);
  void kill(const Words& words, const Step& step);
  void notify(const Words& words, const Step& step);
  void advance(const Words& words, const Step& step);
  void store(const Words& words, const Step& step);
  void disk(const Words& words, const Step& step);

  void hold(const Words& words, const Step& step);
  void flow(const Words& words, const Step& step);
  void settle(const Words& words, const Step& step);
  void deliver(const Words& words, const Step& step);
  void answer(const Words& words, const Step& step);
  void reply(const Words& words, const Step& step);
  void work(const Words& words, const Step& step);

  loop::Reconciler& process();
  WorldPrimary& at(const std::string& name);
  xfr::PrimaryList primariesNamed(const std::string& names) const;
  view::CustomerId customerNamed(const std::string& name) const;
  void settleIfRunning();

  World world_;
  std::map<std::string, std::pair<std::size_t, xfr::Endpoint>> primary_ids_;
  StoreContent dump_;
};

}  // namespace zonecast::test
