#include <algorithm>
#include <memory>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/derive/derive.h"
#include "test/unit/derive/fake_dns.h"

namespace zonecast::derive {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Explanation explainFrom(std::string_view records, const Edge& edge = providerEdge()) {
  return explain(domainOf("example.com"), FakeDns("example.com", records), edge, {});
}

std::string toText(Step::Outcome outcome) {
  switch (outcome) {
    case Step::Outcome::leadsOn:
      return "leads on";
    case Step::Outcome::reachesEdge:
      return "EDGE";
    case Step::Outcome::elsewhere:
      return "elsewhere";
    case Step::Outcome::closed:
      return "closed";
    case Step::Outcome::missing:
      return "missing";
    case Step::Outcome::ignored:
      return "ignored";
  }
  return "";
}

std::vector<std::string> linesOf(const Explanation& explanation) {
  std::vector<std::string> lines;
  for (const Step& step : explanation.steps) {
    std::string line(2 * static_cast<std::size_t>(step.depth), ' ');
    line += step.question + ": " + step.answer + " -> " + toText(step.outcome);
    if (!step.note.empty()) line += " (" + step.note + ")";
    lines.push_back(line);
  }
  return lines;
}

TEST(Explain, TellsTheWholeTreeDepthFirst) {
  EXPECT_THAT(
      linesOf(explainFrom(R"(
        example.com. IN NAPTR 1 1 "u" "E2U+sip" "!^.*$!sip:x@example.net!" .
        example.com. IN NAPTR 1 1 "s" "SIP+D2U" "" _sip._udp.example.com.
        example.com. IN NAPTR 2 1 "s" "SIP+D2U" "" _sip._udp.example.net.
        _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
        _sip._udp.example.com. IN SRV 2 1 5060 sip.provider.example.
        sip.example.com.       IN A 203.0.113.1
        _sip._tcp.example.com. IN SRV 0 0 0 .
      )")),
      ElementsAre(
          R"(example.com NAPTR: 1 1 "u" "E2U+sip" "!^.*$!sip:x@example.net!" . -> ignored (not a service of SIP))",
          R"(example.com NAPTR: 1 1 "s" "SIP+D2U" "" _sip._udp.example.com -> leads on)",
          "  _sip._udp.example.com SRV: 1 1 5060 sip.example.com -> leads on",
          "    sip.example.com A: 203.0.113.1 -> elsewhere (not an address of the edge there)",
          "    sip.example.com AAAA: none (NODATA) -> leads on",
          "  _sip._udp.example.com SRV: 2 1 5060 sip.provider.example -> leads on",
          "    sip.provider.example:5060/udp: a host name of the edge -> EDGE",
          R"(example.com NAPTR: 2 1 "s" "SIP+D2U" "" _sip._udp.example.net -> ignored (a record of lower ORDER is used))",
          "_sip._tcp.example.com SRV: 0 0 0 . -> closed (the service is closed)",
          "_sips._tcp.example.com SRV: none (NXDOMAIN) -> leads on",
          "_sip._ws.example.com SRV: none (NXDOMAIN) -> leads on",
          "_sips._ws.example.com SRV: none (NXDOMAIN) -> leads on"));
}

TEST(Explain, NamesSourceAndTtlOfEachAnswerAndTheRuleThatMatched) {
  const Explanation explanation = explainFrom("example.com. IN A 192.0.2.1");
  const Step& address = explanation.steps[6];  // after NAPTR and five SRV
  EXPECT_EQ(address.question, "example.com A");
  EXPECT_EQ(address.source, "zone example.com serial 17");
  EXPECT_EQ(address.ttl, dns::Ttl(300));
  EXPECT_EQ(address.outcome, Step::Outcome::reachesEdge);
  EXPECT_EQ(address.note, "edge[0]");
  EXPECT_EQ(explanation.first_failure, "");
  EXPECT_THAT(explanation.remedy, IsEmpty());
}

TEST(Explain, TellsTheWayThroughAliases) {
  const Explanation explanation = explainFrom(R"(
    _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
    sip.example.com.       IN CNAME sip.provider.example.
  )");
  EXPECT_THAT(
      linesOf(explanation),
      ::testing::Contains("  sip.example.com A: an alias of a host name of the edge -> EDGE "
                          "(by CNAME at sip.example.com; edge[0])"));
}

TEST(Explain, IgnoresADotBesideOtherTargets) {
  const Explanation explanation = explainFrom(R"(
    _sip._udp.example.com. IN SRV 0 0 0 .
    _sip._udp.example.com. IN SRV 1 1 5060 sip.example.net.
  )");
  EXPECT_THAT(linesOf(explanation),
              ::testing::Contains(
                  "_sip._udp.example.com SRV: 0 0 0 . -> ignored (no target, beside others)"));
}

TEST(Explain, NamesTheFirstStepThatFailed) {
  EXPECT_EQ(explainFrom(R"(
              _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
              sip.example.com. IN A 203.0.113.1
            )")
                .first_failure,
            "sip.example.com A: 203.0.113.1: not an address of the edge there.");
  EXPECT_EQ(
      explainFrom("_sip._udp.example.com. IN SRV 1 1 5080 sip.provider.example.").first_failure,
      "sip.provider.example:5080/udp: not a port of the edge.");
  EXPECT_EQ(explainFrom("_sip._udp.example.com. IN SRV 1 1 5060 gone.example.com.").first_failure,
            "gone.example.com AAAA: none (NXDOMAIN): the target has no address.");
  EXPECT_EQ(explainFrom("_sip._udp.example.com. IN SRV 0 0 0 .").first_failure,
            "_sip._udp.example.com SRV: 0 0 0 .: the service is closed.");
  EXPECT_EQ(explainFrom("_sip._udp.example.com. IN SRV 1 1 5060 sip.example.net.").first_failure,
            "Not known: sip.example.net A: outside the customer's zones: sip.example.net.");
  EXPECT_EQ(
      explainFrom("").first_failure,
      "example.com has no SRV record and no NAPTR record for SIP, nor an address at the edge.");
}

TEST(Explain, OffersRecordsThatMend) {
  const Explanation explanation = explainFrom("");
  EXPECT_THAT(
      explanation.remedy,
      ElementsAre(
          "; in place of any SRV records at these names and SIP NAPTR records at example.com",
          "_sip._udp.example.com. 3600 IN SRV 10 10 5060 sip.provider.example.",
          "_sip._tcp.example.com. 3600 IN SRV 10 10 5060 sip.provider.example.",
          "_sips._tcp.example.com. 3600 IN SRV 10 10 5061 sip.provider.example."));
}

TEST(Explain, OffersNothingForTransportsThatAreNotTried) {
  DerivePolicy policy;
  policy.transports = *transportSetFromText("tcp");
  EXPECT_THAT(
      explain(domainOf("example.com"), FakeDns("example.com"), providerEdge(), policy).remedy,
      ElementsAre(HasSubstr("; in place of"),
                  "_sip._tcp.example.com. 3600 IN SRV 10 10 5060 sip.provider.example."));
}

TEST(Explain, OffersAddressesWhereTheEdgeHasNoHostName) {
  Edge edge = providerEdge();
  edge.rules[0].hosts.clear();
  EXPECT_THAT(explainFrom("", edge).remedy, IsEmpty()) << "no whole address to point at";
  edge.rules[0].prefixes.push_back(*prefixFromText("2001:db8:5::1"));
  edge.rules[0].ports = {{Transport::udp, 5060}};
  EXPECT_THAT(explainFrom("", edge).remedy,
              ElementsAre(HasSubstr("; in place of"), "sip.example.com. 3600 IN AAAA 2001:db8:5::1",
                          "_sip._udp.example.com. 3600 IN SRV 10 10 5060 sip.example.com."));
}

// Pastes the remedy in place of what stood there, as the comment on it says.
TEST(Explain, TheRemedyMakesADomainHosted) {
  for (const bool with_hosts : {true, false}) {
    Edge edge = providerEdge();
    edge.rules[0].prefixes.push_back(*prefixFromText("192.0.2.1"));
    if (!with_hosts) edge.rules[0].hosts.clear();
    FakeDns dns("example.com");
    for (const std::string& record : explainFrom("", edge).remedy) dns.add(record);
    const Verdict verdict = derive(domainOf("example.com"), dns, edge, {});
    EXPECT_EQ(verdict.standing, Standing::hosted);
    EXPECT_EQ(derive::toText(verdict.transports), "udp,tcp,tls");
  }
}

TEST(Explain, FailsExactlyWhereDeriveDoesNotHost) {
  for (const char* records :
       {"", "example.com. IN A 192.0.2.1", "_sip._udp.example.com. IN SRV 0 0 0 .",
        "_sip._udp.example.com. IN SRV 1 1 5060 sip.provider.example.",
        "_sip._udp.example.com. IN SRV 1 1 5060 sip.example.net."}) {
    const bool hosted =
        derive(domainOf("example.com"), FakeDns("example.com", records), providerEdge(), {})
            .standing == Standing::hosted;
    EXPECT_EQ(explainFrom(records).first_failure.empty(), hosted) << records;
    EXPECT_EQ(explainFrom(records).remedy.empty(), hosted) << records;
  }
}

constexpr std::string_view kUdpAndTcp = R"(
        _sip._udp.example.com. IN SRV 1 1 5060 sip.example.com.
        _sip._udp.example.com. IN SRV 2 1 5060 sip.provider.example.
        _sip._tcp.example.com. IN SRV 1 1 5060 sip.provider.example.
      )";

std::vector<std::string> linesToEdge(std::string_view records) {
  return linesOf({.steps = stepsToEdge(domainOf("example.com"), FakeDns("example.com", records),
                                       providerEdge(), {}),
                  .first_failure = {},
                  .remedy = {}});
}

TEST(StepsToEdge, EndWithTheFirstTransportThatReachesIt) {
  const auto all = linesOf(explainFrom(kUdpAndTcp));
  const auto some = linesToEdge(kUdpAndTcp);
  ASSERT_LT(some.size(), all.size());
  EXPECT_TRUE(std::ranges::equal(some, std::span(all).first(some.size())));
  EXPECT_THAT(some.back(), HasSubstr("EDGE"));
}

TEST(StepsToEdge, AreAllStepsWhereNoneReachesIt) {
  constexpr std::string_view kElsewhere = "_sip._tcp.example.com. IN SRV 1 1 5060 sip.example.net.";
  EXPECT_EQ(linesToEdge(kElsewhere), linesOf(explainFrom(kElsewhere)));
}

}  // namespace
}  // namespace zonecast::derive
