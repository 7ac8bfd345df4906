#include "reconciler/plan/retirement.h"

#include <gtest/gtest.h>

namespace zonecast::plan {
namespace {

using derive::Leading;
using derive::LeadingByTransport;
using derive::Transport;
using derive::TransportSet;

TransportSet set(std::initializer_list<Transport> transports) {
  TransportSet all;
  for (const Transport transport : transports) all.insert(transport);
  return all;
}

LeadingByTransport leading(Leading udp, Leading tcp = Leading::nothing) {
  LeadingByTransport all{};
  all[static_cast<std::size_t>(Transport::udp)] = udp;
  all[static_cast<std::size_t>(Transport::tcp)] = tcp;
  return all;
}

constexpr auto kBySrv = Leading::services;

TEST(Retirement, TheStepThatHostedItSaysElsewhere) {
  const auto udp = set({Transport::udp});
  EXPECT_EQ(retireCause(udp, leading(kBySrv), leading(kBySrv)), RetireCause::elsewhere);
}

TEST(Retirement, AnEarlierStepSaysElsewhere) {
  const auto udp = set({Transport::udp});
  EXPECT_EQ(retireCause(udp, leading(kBySrv), leading(Leading::pointers)), RetireCause::elsewhere);
}

TEST(Retirement, FallingThroughToALaterStepIsAnAbsence) {
  const auto udp = set({Transport::udp});
  EXPECT_EQ(retireCause(udp, leading(kBySrv), leading(Leading::addresses)), RetireCause::absent);
  EXPECT_EQ(retireCause(udp, leading(kBySrv), leading(Leading::nothing)), RetireCause::absent);
}

TEST(Retirement, EachTransportThatWasServedMustSayElsewhere) {
  const auto both = set({Transport::udp, Transport::tcp});
  EXPECT_EQ(retireCause(both, leading(kBySrv, kBySrv), leading(Leading::nothing, kBySrv)),
            RetireCause::absent);
  EXPECT_EQ(retireCause(set({Transport::tcp}), leading(kBySrv, kBySrv),
                        leading(Leading::nothing, kBySrv)),
            RetireCause::elsewhere);
}

TEST(Retirement, ADeadlineIsAWholeSecondWithinItsRange) {
  EXPECT_EQ(deadlineAt(WallTime(std::chrono::milliseconds(1500))).time_since_epoch().count(), 2u);
  EXPECT_EQ(deadlineAt(WallTime(std::chrono::seconds(-5))).time_since_epoch().count(), 0u);
  EXPECT_EQ(deadlineAt(WallTime(std::chrono::hours(24 * 365 * 300))).time_since_epoch().count(),
            0xffffffffu);
}

}  // namespace
}  // namespace zonecast::plan
