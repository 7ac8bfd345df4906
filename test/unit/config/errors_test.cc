// Files that are not good: what is said, and where.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/document.h"
#include "test/unit/config/config_files.h"

namespace zonecast::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A fragment that stands from line 3 on, below what is required, and what is said of it.
struct Fault {
  std::string name;
  std::string fragment;
  std::vector<std::string> messages;
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.fragment;
}

const std::vector<Fault> kOptionFaults{
    {"UnknownSection", "notfy: {}", {"3:1: unknown option `notfy`; did you mean `notify`?"}},
    {"UnknownOption",
     "limits: {transfer_max: 3}",
     {"3:10: unknown option `transfer_max`; did you mean `transfers_max`?"}},
    {"UnlikeAnyOption", "limits: {colour: 3}", {"3:10: unknown option `colour`"}},
    {"MergeKey", "log: {<<: {level: info}}", {"3:7: unknown option `<<`"}},
    {"UnprintableKey", "\"a\\nb\\e[1m\": 1", {"3:1: unknown option `a\\010b\\027[1m`"}},
    {"SectionIsNoMapping", "log: info", {"3:6: expected a mapping of options, not `info`"}},
    {"SectionIsNothing", "log:", {"3:1: expected a mapping of options, not nothing"}},
    {"OptionIsNothing", "state_directory:", {"3:1: expected a path, not nothing"}},
    {"OptionIsAList",
     "log: {level: [info]}",
     {"3:14: expected debug, info, warning or error, not a list"}},
    {"OptionIsAMapping", "state_directory: {a: b}", {"3:18: expected a path, not a mapping"}},
    {"OptionIsEmpty", "state_directory: \"\"", {"3:18: expected a path, not an empty text"}},
    {"PathWithNul", "state_directory: \"/a\\0b\"", {"3:18: expected a path, not `/a\\000b`"}},
    {"Choice", "log: {level: inof}", {"3:14: expected debug, info, warning or error, not `inof`"}},
    {"Boolean", "derive: {address_step: yes}", {"3:24: expected true or false, not `yes`"}},
    {"NumberTooSmall",
     "limits: {transfers_max: 0}",
     {"3:25: expected a number from 1 to 10000, not `0`"}},
    {"NumberTooLarge",
     "limits: {transfers_max: 10001}",
     {"3:25: expected a number from 1 to 10000, not `10001`"}},
    {"NumberBeyond64Bits",
     "limits: {transfers_max: 18446744073709551617}",
     {"3:25: expected a number from 1 to 10000, not `18446744073709551617`"}},
    {"NumberNegative",
     "limits: {transfers_max: -1}",
     {"3:25: expected a number from 1 to 10000, not `-1`"}},
    {"DurationWithoutUnit",
     "limits: {query_timeout: 5}",
     {"3:25: expected a duration from 10ms to 5m, not `5`"}},
    {"DurationOfAnotherUnit",
     "limits: {query_timeout: 5 s}",
     {"3:25: expected a duration from 10ms to 5m, not `5 s`"}},
    {"DurationBeyond64Bits",
     "limits: {query_timeout: 999999999999999d}",
     {"3:25: expected a duration from 10ms to 5m, not `999999999999999d`"}},
    {"WholeSeconds",
     "limits: {refresh_min: 1500ms}",
     {"3:23: expected a duration from 1s to 365d, not `1500ms`"}},
    {"SizeOfAnotherUnit",
     "limits: {zone_octets_max: 64MB}",
     {"3:27: expected a size from 1KiB to 1GiB, such as 4096, 64KiB or 1GiB, not `64MB`"}},
    {"SizeTooLarge",
     "limits: {zone_octets_max: 2GiB}",
     {"3:27: expected a size from 1KiB to 1GiB, such as 4096, 64KiB or 1GiB, not `2GiB`"}},
    {"NoConnectionsBesideTransfers",
     "limits: {transfers_max: 64, connections_max: 64}",
     {"3:46: expected `limits.connections_max`, 64, to be more than `limits.transfers_max`, 64"}},
    {"ClampsCrossed",
     "limits: {refresh_min: 2h, refresh_max: 1h}",
     {"3:40: expected `limits.refresh_min`, 2h, to be at most `limits.refresh_max`, 1h"}},
    {"ClampCrossesADefault",
     "limits: {retry_min: 2h}",
     {"3:21: expected `limits.retry_min`, 2h, to be at most `limits.retry_max`, 1h"}},
    {"ClampsOfAnswersCrossed",
     "resolver: {ttl_min: 1h, ttl_max: 30m, retry_min: 6m}",
     {"3:34: expected `resolver.ttl_min`, 1h, to be at most `resolver.ttl_max`, 30m",
      "3:50: expected `resolver.retry_min`, 6m, to be at most `resolver.retry_max`, 5m"}},
    {"HttpToTheWorld",
     "http: {listen: 192.0.2.1:9464}",
     {"3:16: expected a loopback address and port, such as 127.0.0.1:9464 or [::1]:9464, or off, "
      "not `192.0.2.1:9464`"}},
    {"ListenerWithoutPort",
     "notify: {listen: [127.0.0.1]}",
     {"3:19: expected an address and port, such as 192.0.2.1:53 or [2001:db8::1]:53, not "
      "`127.0.0.1`"}},
    {"ListenerWithoutBrackets",
     "notify: {listen: \"::1:53\"}",
     {"3:18: expected an address and port, such as 192.0.2.1:53 or [2001:db8::1]:53, not "
      "`::1:53`"}},
    {"ListenerAtPort0",
     "notify: {listen: [\"[::1]:0\"]}",
     {"3:19: expected an address and port, such as 192.0.2.1:53 or [2001:db8::1]:53, not "
      "`[::1]:0`"}},
    {"NoTransports",
     "derive: {transports: []}",
     {"3:22: expected udp, tcp, tls, ws or wss, not an empty list"}},
    {"Transport",
     "derive: {transports: [udp, sctp]}",
     {"3:28: expected udp, tcp, tls, ws or wss, not `sctp`"}},
    {"SocketPathTooLong",
     "control_socket: /" + std::string(107, 'x'),
     {"3:17: expected the path of a socket, of at most 107 octets from the root, not `/" +
      std::string(63, 'x') + "`..."}},
    {"KeyTwice",
     "log: {level: info, level: debug}",
     {"3:20: expected every key once, but `level` stands at 3:7 already"}},
    {"RequiredKeyTwice",
     "redis: {deployment: other}",
     {"3:1: expected every key once, but `redis` stands at 1:1 already"}},
    {"ManyAtOnceInFileOrder",
     "limits: {query_timeout: 1, x: 2}\nlog: {level: 3}\nedgf: 4",
     {"3:25: expected a duration from 10ms to 5m, not `1`", "3:28: unknown option `x`",
      "4:14: expected debug, info, warning or error, not `3`",
      "5:1: unknown option `edgf`; did you mean `edge`?"}},
};

const std::vector<Fault> kAttributeFaults{
    {"NoMapping", "attributes: [a]", {"3:13: expected a mapping of attributes' names, not a list"}},
    {"DeclarationIsNoMapping",
     "attributes: {a: integer}",
     {"3:17: expected a mapping of options, not `integer`"}},
    {"WithoutType",
     "attributes: {a: {max: 3}}",
     {"3:17: `type` is missing: expected integer, string, boolean, enum or duration"}},
    {"UpperCaseName",
     "attributes: {maxCalls: {type: integer}}",
     {"3:14: expected a name of an attribute, a lower-case letter and at most 31 lower-case "
      "letters, digits, `.`, `_` or `-`, not `maxCalls`"}},
    {"ReservedName",
     "attributes: {did: {type: string}}",
     {"3:14: expected a name of an attribute, a lower-case letter and at most 31 lower-case "
      "letters, digits, `.`, `_` or `-`, not `did`"}},
    {"EnumWithoutValues",
     "attributes: {a: {type: enum}}",
     {"3:17: `values` is missing: expected what an enum's values may be"}},
    {"ValuesOfNoEnum",
     "attributes: {a: {type: string, values: [x]}}",
     {"3:40: expected no `values` for the type string"}},
    {"ValueTwice",
     "attributes: {a: {type: enum, values: [x, x]}}",
     {"3:42: expected a value that stands here once, not `x`"}},
    {"BoundOfABoolean",
     "attributes: {a: {type: boolean, min: 1}}",
     {"3:38: expected no `min` for the type boolean"}},
    {"BoundIsNoNumber",
     "attributes: {a: {type: integer, min: x}}",
     {"3:38: expected an integer, not `x`"}},
    {"BoundsCrossed",
     "attributes: {a: {type: duration, min: 1h, max: 60s}}",
     {"3:48: expected `max` to be at least `min`, 3600, not 60"}},
    {"DefaultOutOfBounds",
     "attributes: {a: {type: integer, min: 0, max: 9, default: 10}}",
     {"3:58: expected an integer from 0 to 9, not `10`"}},
    {"DefaultOfAnotherType",
     "attributes: {a: {type: boolean, default: perhaps}}",
     {"3:42: expected true, yes, on, 1, false, no, off or 0, not `perhaps`"}},
    {"SeveralDefaults",
     "attributes: {a: {type: integer, default: [1, 2]}}",
     {"3:42: expected one value, not a list of 2"}},
    {"Setter",
     "attributes: {a: {type: integer, setter: all}}",
     {"3:41: expected operator, customer or anyone, not `all`"}},
    {"OperatorsValue",
     "attributes: {a: {type: integer, max: 9}}\ncustomers: {c: {attributes: {a: 10}}}",
     {"4:33: expected an integer of at most 9, not `10`"}},
    {"OperatorsUndeclared",
     "customers: {c: {attributes: {max_cals: 10}}}\nattributes: {max_calls: {type: integer}}",
     {"3:30: unknown attribute `max_cals`; did you mean `max_calls`?"}},
    {"OneMistakeIsOneMessage",
     "attributes: {a: {type: enum}}\ncustomers: {c: {attributes: {a: [x, y]}}}",
     {"3:17: `values` is missing: expected what an enum's values may be"}},
};

const std::vector<Fault> kStaticFaults{
    {"NoList",
     "static: {did: a}",
     {"3:9: expected a list of static virtual domains, not a mapping"}},
    {"NoMapping", "static: [a]", {"3:10: expected a mapping of options, not `a`"}},
    {"Incomplete",
     "static: [{}]",
     {"3:10: `did` is missing: expected a DID",
      "3:10: `domains` is missing: expected a host name or an IP address"}},
    {"Did", "static: [{did: a b, domains: [a.test]}]", {"3:16: expected a DID, not `a b`"}},
    {"Domain",
     "static: [{did: a, domains: [192.0.2.256]}]",
     {"3:29: expected a host name or an IP address, not `192.0.2.256`"}},
    {"DomainWithPort",
     "static: [{did: a, domains: ['[2001:db8::1]:5060']}]",
     {"3:29: expected a host name or an IP address, not `[2001:db8::1]:5060`"}},
    {"Customer",
     "customers: {acme: {}}\nstatic: [{did: a, domains: [a.test], customer: acne}]",
     {"4:48: unknown customer `acne`; did you mean `acme`?"}},
    {"Attribute",
     "static: [{did: a, domains: [a.test], attributes: {colour: red}}]",
     {"3:51: unknown attribute `colour`"}},
    {"SameDid",
     "static: [{did: a, domains: [a.test]}, {did: a, domains: [b.test]}]",
     {"3:45: expected every DID once among the static domains, but `a` stands at 3:16 already"}},
    {"SameDomain",
     "static: [{did: a, domains: ['2001:db8::1', b.test]}, {did: b, domains: '[2001:DB8::1]'}]",
     {"3:72: expected every domain once among the static domains, but `2001:db8::1` stands at 3:29 "
      "already"}},
    {"ReservedName",
     "customers: {static: {}}",
     {"3:13: expected another name: `static` is what the customer of static virtual domains is "
      "called"}},
};

const std::vector<Fault> kCustomerFaults{
    {"NoMapping", "customers: [a]", {"3:12: expected a mapping of customers' names, not a list"}},
    {"Name",
     "customers: {a b: {}}",
     {"3:13: expected a name of a customer, 1 to 64 letters, digits, `_`, `.` or `-`, not `a b`"}},
    {"DidPattern",
     "customers: {a: {dids: [a/b]}}",
     {"3:24: expected a DID, in which `*` stands for any run of characters, not `a/b`"}},
    {"PrimaryWithoutAddress",
     "customers: {a: {primaries: {p: {port: 53}}}}",
     {"3:32: `address` is missing: expected an IP address"}},
    {"PrimaryByName",
     "customers: {a: {primaries: {p: {address: ns1.example}}}}",
     {"3:42: expected an IP address, not `ns1.example`"}},
    {"PrimarysPort",
     "customers: {a: {primaries: {p: {address: 192.0.2.1, port: 65536}}}}",
     {"3:59: expected a number from 1 to 65535, not `65536`"}},
    {"PrimaryTwice",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}, p: {address: 192.0.2.2}}}}",
     {"3:54: expected every key once, but `p` stands at 3:29 already"}},
    {"ZonesWithoutPrimaries",
     "customers: {a: {zones: [a.example, b.example]}}",
     {"3:24: expected `primaries` beside these zones, at least one"}},
    {"ZonesName",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, zones: [a..example]}}",
     {"3:63: expected the name of a zone, not `a..example`"}},
    {"ZoneWithoutName",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, zones: [{shared: true}]}}",
     {"3:63: `name` is missing: expected the name of a zone"}},
    {"UnknownPrimary",
     "customers:\n  a:\n    primaries: {ns1: {address: 192.0.2.1}}\n    zones:\n"
     "    - {name: a.example, primaries: [nss]}\n    - {name: b.example, primaries: [zz]}\n",
     {"7:37: unknown primary `nss`; did you mean `ns1`?", "8:37: unknown primary `zz`"}},
    {"PrimaryWithAControlCharacterInItsName",
     "customers:\n  a:\n    primaries: {\"ns1\\r\": {address: 192.0.2.1}}\n    zones:\n"
     "    - {name: a.example, primaries: [ns1]}\n",
     {"5:17: expected a name of a primary, 1 to 64 letters, digits, `_`, `.` or `-`, not "
      "`ns1\\013`",
      "7:37: unknown primary `ns1`; did you mean `ns1\\013`?"}},
    {"AnotherCustomersPrimary",
     "customers:\n  a: {primaries: {mine: {address: 192.0.2.1}}}\n"
     "  b: {primaries: {p: {address: 192.0.2.1}}, zones: [{name: b.example, primaries: [mine]}]}",
     {"5:83: unknown primary `mine`"}},
    {"ZonesPrimaryTwice",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, zones: [{name: a.example, primaries: "
     "[p, p]}]}}",
     {"3:96: expected every primary once, not `p` again"}},
    {"ZoneWithEmptyPrimaries",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, zones: [{name: a.example, primaries: "
     "[]}]}}",
     {"3:92: expected a list of primaries' names, not an empty one"}},
    {"ZoneTwice",
     "customers:\n  a: {primaries: {p: {address: 192.0.2.1}}, zones: [a.example, A.example.]}\n"
     "  b: {primaries: {p: {address: 192.0.2.1}}, zones: [{name: a.example}]}",
     {"4:64: expected every name once, but `a.example` stands at 4:53 already, for customer `a`",
      "5:60: expected every name once, but `a.example` stands at 4:53 already, for customer `a`"}},
    {"CatalogsWithoutPrimaries",
     "customers: {a: {catalogs: [{name: c.example}]}}",
     {"3:27: expected `primaries` beside these catalogs, at least one"}},
    {"CatalogThatIsAName",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, catalogs: [c.example]}}",
     {"3:66: expected a mapping of options, not `c.example`"}},
    {"CatalogWithoutName",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, catalogs: [{members_max: 0}]}}",
     {"3:66: `name` is missing: expected the name of a zone",
      "3:80: expected a number from 1 to 1000000, not `0`"}},
    {"CatalogThatIsAZone",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, zones: [a.example], catalogs: [{name: "
     "a.example}]}}",
     {"3:93: expected every name once, but `a.example` stands at 3:63 already, for customer `a`"}},
    {"CatalogsGrants",
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, catalogs: [{name: c.example, allow: "
     "[\"*.*\"], groups: {g: {primarys: [p]}, h: {primaries: [q]}}}]}}",
     {"3:92: expected a name, *. and a name for all below it, or *, not `*.*`",
      "3:113: unknown option `primarys`; did you mean `primaries`?", "3:145: unknown primary `q`"}},
    {"WatchedTwice",
     "watched: [b.example]\n"
     "customers: {a: {primaries: {p: {address: 192.0.2.1}}, zones: [a.example], watched: "
     "[a.example, b.example]}}",
     {"3:11: expected every name once, but `b.example` stands at 4:96 already, for customer `a`",
      "4:63: expected every name once, but `a.example` stands at 4:85 already, for customer `a`"}},
    {"WatchedIsNoDomain",
     "customers: {a: {watched: [_sip._udp.a.example]}}",
     {"3:27: expected the name of a domain, not `_sip._udp.a.example`"}},
    {"WatchedWithoutResolver",
     "resolver: {servers: off}\ncustomers: {a: {watched: [a.example]}}",
     {"4:26: expected `resolver.servers`, to ask about these names"}},
    {"RequiredOfAuthorities",
     "customers: {a: {watched: [a.example], servers: [192.0.2.1:53], dnssec: require}}",
     {"3:72: expected `dnssec` to be ignore or prefer beside `servers`: nobody has validated what "
      "authoritative servers say"}},
    {"RequiredOfADistantResolver",
     "resolver: {servers: [192.0.2.1:53]}\ndiscovery: {mode: off}\n"
     "customers: {a: {dnssec: require}}",
     {"5:25: expected `dnssec` to be ignore or prefer: that a resolver has validated is believed "
      "on "
      "loopback alone"}},
    {"CustomerNamedDiscovered",
     "customers: {discovered: {}}",
     {"3:13: expected another name: `discovered` is what the customer of discovered domains is "
      "called"}},
    {"KeyFileMissing",
     "customers: {a: {primaries: {p: {address: 192.0.2.1, key_file: no.key}}}}",
     {"3:63: expected a key file that can be read: No such file or directory"}},
};

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, IsSaidWhereItStands) {
  const ConfigFiles files;
  EXPECT_EQ(files.errors(std::string(kRequired) + GetParam().fragment), GetParam().messages);
}

std::string nameOf(const testing::TestParamInfo<Fault>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Option, Faults, testing::ValuesIn(kOptionFaults), nameOf);
INSTANTIATE_TEST_SUITE_P(Attribute, Faults, testing::ValuesIn(kAttributeFaults), nameOf);
INSTANTIATE_TEST_SUITE_P(Static, Faults, testing::ValuesIn(kStaticFaults), nameOf);
INSTANTIATE_TEST_SUITE_P(Customer, Faults, testing::ValuesIn(kCustomerFaults), nameOf);

TEST(UndeclaredAttributes, AreKeptAsTexts) {
  const ConfigFiles files;
  const auto withValue = [&](std::string_view value) {
    return files.errors(
        fmt::format("{}undeclared_attributes: keep\ncustomers: {{c: {{attributes: {{x: {}}}}}}}",
                    kRequired, value));
  };
  EXPECT_THAT(withValue("[red, blue]"), IsEmpty());
  EXPECT_THAT(
      withValue("\"a\\eb\""),
      ElementsAre(AllOf(
          HasSubstr("4:33: expected a text of at most 255 octets UTF-8 without control characters"),
          HasSubstr("not `a\\027b`"))));
}

const std::string kRedis = "redis: {unix: /s, deployment: m}\n";

TEST(Required, IsMissingFromAnEmptyFile) {
  EXPECT_THAT(ConfigFiles().errors(""),
              ElementsAre("1:1: `edge` is missing: expected a list of at least one edge rule",
                          "1:1: `redis.deployment` is missing: expected 1 to 64 letters, digits, "
                          "`_`, `.` or `-`",
                          "1:1: `redis.unix` is missing: expected it, or `redis.address`"));
}

TEST(Redis, IsAtOnePlace) {
  const std::string edge = "edge: [{hosts: a.example, udp: 5060}]\n";
  const ConfigFiles files;
  EXPECT_THAT(files.errors(edge + "redis: {unix: /s, address: 127.0.0.1:6379, deployment: m}"),
              ElementsAre("2:28: expected one of `redis.unix` and `redis.address`, not both"));
  EXPECT_THAT(files.errors(edge + "redis: {deployment: a b}"),
              ElementsAre("2:8: `redis.unix` is missing: expected it, or `redis.address`",
                          "2:21: expected 1 to 64 letters, digits, `_`, `.` or `-`, not `a b`"));
  EXPECT_THAT(files.errors(edge + "redis: {address: localhost:6379, deployment: m, user: a b}"),
              ElementsAre("2:18: expected an address and port, such as 127.0.0.1:6379 or "
                          "[::1]:6379, not `localhost:6379`",
                          "2:55: expected the name of an ACL user, without blanks, not `a b`"));
}

TEST(Edge, HasWhatAClientCanReach) {
  const ConfigFiles files;
  EXPECT_THAT(files.errors(kRedis + "edge: []"),
              ElementsAre("2:7: expected a list of at least one edge rule, not an empty one"));
  EXPECT_THAT(files.errors(kRedis + "edge: {hosts: [a.example], udp: 5060}"),
              ElementsAre("2:7: expected a list of at least one edge rule, not a mapping"));
  EXPECT_THAT(
      files.errors(kRedis + "edge:\n  - udp: 5060\n  - hosts: [a.example]\n  - nothing\n"),
      ElementsAre("3:5: expected `hosts` or `addresses` in an edge rule",
                  "4:5: expected a port in an edge rule: `udp`, `tcp`, `tls`, `ws` or `wss`",
                  "5:5: expected a mapping of options, not `nothing`"));
  EXPECT_THAT(
      files.errors(kRedis + "edge: [{hosts: [a..b, .], addresses: 192.0.2.1/24, udp: [0, 65536]}]"),
      ElementsAre("2:17: expected a host name, not `a..b`", "2:23: expected a host name, not `.`",
                  "2:38: expected an IP address, or a prefix without host bits such as "
                  "192.0.2.0/24, not `192.0.2.1/24`",
                  "2:58: expected a port from 1 to 65535, not `0`",
                  "2:61: expected a port from 1 to 65535, not `65536`"));
}

TEST(Secrets, AreNotShown) {
  const ConfigFiles files;
  files.write("bad.key", "hmac-sha256:name:TOPSECRET!\n");
  files.write("big.key", std::string(5000, 'x'));
  const auto withKey = [&](std::string_view key) {
    return files.errors(
        fmt::format("{}customers: {{a: {{primaries: {{p: {{address: 192.0.2.1, "
                    "key_file: \"{}\"}}}}}}}}",
                    kRequired, key));
  };
  EXPECT_THAT(withKey("bad.key"), ElementsAre("3:63: expected a TSIG key in the key file: expected "
                                              "the secret to be in base64"));
  EXPECT_THAT(withKey("big.key"), ElementsAre("3:63: expected a key file that can be read: it is "
                                              "longer than 4096 octets"));
  EXPECT_THAT(withKey("."),
              ElementsAre("3:63: expected a key file that can be read: Is a directory"));
  EXPECT_THAT(withKey("hmac-sha256:name:TOPSECRET"),
              ElementsAre(Not(HasSubstr("TOPSECRET"))));  // a key in place of its file
  EXPECT_THAT(
      files.errors("redis: {unix: /s, deployment: m, password_file: TOPSECRET}\n"
                   "edge: [{hosts: [a.example], udp: 5060}]"),
      ElementsAre("1:49: expected a password file that can be read: No such file or directory"));
}

TEST(Http, TokenFilesAreReadAndNotShown) {
  const ConfigFiles files;
  const auto http = [&](std::string_view options) {
    return files.errors(fmt::format("{}http: {{{}}}\n", kRequired, options));
  };
  const std::string unfit =
      "expected at least 16 printable characters without blanks in the token file";
  EXPECT_THAT(
      http("token_file: TOPSECRET"),
      ElementsAre("3:20: expected a token file that can be read: No such file or directory"));
  files.write("short", "0123456789abcde\n");
  EXPECT_THAT(http("token_file: short"), ElementsAre("3:20: " + unfit));
  files.write("blank", "0123456789 abcdef");
  EXPECT_THAT(http("token_file: blank"), ElementsAre("3:20: " + unfit));
  EXPECT_THAT(http("token_file: [a]"),
              ElementsAre("3:20: expected the path of a token file, not a list"));
  files.write("good", "0123456789abcdef\r\n");
  EXPECT_THAT(http("token_file: good"), IsEmpty());
}

TEST(Http, LeavesConnectionsBesideWatchers) {
  const ConfigFiles files;
  EXPECT_THAT(
      files.errors(std::string(kRequired) + "http: {connections_max: 8, watchers_max: 8}\n"),
      ElementsAre("3:42: expected `http.watchers_max`, 8, to be less than "
                  "`http.connections_max`, 8"));
}

TEST(Discovery, HasWhatItsModeAsksFor) {
  const ConfigFiles files;
  const auto with = [&](std::string_view discovery) {
    return files.errors(fmt::format("{}discovery: {{{}}}", kRequired, discovery));
  };
  EXPECT_THAT(with("mode: listed"),
              ElementsAre("3:19: expected `discovery.allow` beside the mode listed"));
  EXPECT_THAT(with("allow: a.example"),
              ElementsAre("3:20: expected `discovery.allow` beside `mode: listed` alone: in other "
                          "modes it restricts nothing"));
  EXPECT_THAT(with("mode: token"),
              ElementsAre("3:19: expected `discovery.token_key_file` beside the mode token"));
  EXPECT_THAT(with("mode: listed, allow: [a..b]"),
              ElementsAre("3:35: expected a domain, `*.` and a domain for all below it, or `*`, "
                          "not `a..b`"));
  EXPECT_THAT(with("attributes: {nothing: 1}"), ElementsAre(HasSubstr("3:26:")));
  EXPECT_THAT(with("total_rate: 0"),
              ElementsAre("3:25: expected a number from 1 to 1000000, not `0`"));
  EXPECT_THAT(with("mode: off"), IsEmpty());
}

TEST(Discovery, ShowsNothingOfItsKey) {
  const ConfigFiles files;
  files.write("good.key", "MDEyMzQ1Njc4OWFiY2RlZg==");
  files.write("short.key", "U0VDUkVU\n");
  files.write("bad.key", "TOPSECRET!TOPSECRET!TOPSECRET!\n");
  const auto with = [&](std::string_view file) {
    return files.errors(
        fmt::format("{}discovery: {{mode: token, token_key_file: \"{}\"}}", kRequired, file));
  };
  EXPECT_THAT(with("good.key"), IsEmpty());
  for (const auto* file : {"short.key", "bad.key"}) {
    EXPECT_THAT(with(file),
                ElementsAre("3:42: expected at least 16 octets in base64 in the key file"));
  }
  EXPECT_THAT(with("TOPSECRET"), ElementsAre("3:42: expected a key file that can be read: No such "
                                             "file or directory"));
}

TEST(File, ThatCannotBeReadIsSaidAsAWhole) {
  const auto loaded = load("/nonexistent/zonecast.yaml");
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1u);
  EXPECT_EQ(toText(loaded.error().front()),
            "/nonexistent/zonecast.yaml: expected a file that can be read: No such file or "
            "directory");
}

TEST(File, LargerThanTheLimitIsNotRead) {
  EXPECT_THAT(ConfigFiles().errors(std::string(kFileOctetsMax + 1, '#')),
              ElementsAre(" expected a file that can be read: it is longer than 67108864 octets"));
}

TEST(Yaml, FaultsAreSaidWhereTheyStand) {
  const ConfigFiles files;
  EXPECT_THAT(files.errors("a: b: c"), ElementsAre("1:5: expected YAML, but: illegal map value"));
  EXPECT_THAT(files.errors("a: 1\nb: \"x"),
              ElementsAre("2:6: expected YAML, but: illegal EOF in scalar"));
  EXPECT_THAT(files.errors("a: 1\nlog: {level: info,\n"),
              ElementsAre("2:6: expected YAML, but: end of map flow not found"));
  EXPECT_THAT(files.errors("- a"), ElementsAre("1:1: expected a mapping of options, not a list"));
  EXPECT_THAT(files.errors("a: 1\n---\nb: 2"),
              ElementsAre("2:1: expected one YAML document, not a second one"));
  EXPECT_THAT(files.errors("? [a]\n: b"), ElementsAre("1:3: expected a name as key"));
  EXPECT_THAT(files.errors("a: !!int 3"), ElementsAre("1:4: expected a value without a tag"));
}

TEST(Yaml, ControlCharactersDoNotHideTheRest) {
  const ConfigFiles files;
  EXPECT_THAT(files.errors("log: {}\n  \x04 nonsense: ["),
              ElementsAre("2:3: expected text, not the control character 0x04"));
  EXPECT_THAT(files.errors(std::string("a\0b", 3)),
              ElementsAre("1:2: expected text, not the control character 0x00"));
}

TEST(Yaml, WhatTheParserNamesIsPrintable) {
  const ConfigFiles files;
  EXPECT_THAT(files.errors("a: \"b\\"),
              ElementsAre("1:7: expected YAML, but: the file ends in an escape"));
  EXPECT_THAT(files.errors("a: \"\\q\""),
              ElementsAre("1:7: expected YAML, but: unknown escape character: `q`"));
}

TEST(Yaml, BombsDoNotGoOff) {
  const ConfigFiles files;
  EXPECT_THAT(files.errors("a: &a [x, x]\nb: [*a, *a]"),
              ElementsAre("1:4: expected a value without an anchor"));
  EXPECT_THAT(files.errors("a: *a"), ElementsAre(HasSubstr("1:4: ")));
  const std::string deep = "16 levels of nesting";
  const std::string lists = "a: " + std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(files.errors(lists), ElementsAre(HasSubstr(deep)));
  EXPECT_THAT(files.errors(std::string(1'000'000, '[')), testing::SizeIs(1));
  std::string block, flow = "a: ";
  for (int i = 0; i < 100'000; ++i) block += "- ", flow += "{a: ";
  EXPECT_THAT(files.errors(block), ElementsAre(HasSubstr(deep)));
  EXPECT_THAT(files.errors(flow), ElementsAre(HasSubstr(deep)));
}

// Cut anywhere, and with any octet replaced, a file is loaded or refused, with a place.
TEST(Yaml, DamagedFilesAreRefusedInOrder) {
  const ConfigFiles files;
  const std::string whole = std::string(kRequired) +
                            "customers:\n  a:\n    dids: [\"x-*\"]\n"
                            "    primaries: {p: {address: 192.0.2.1}}\n    zones: [a.example]\n";
  constexpr std::string_view kOctets = "\"'[]{}:,-&*!|>%@`#?\n\t \\\xff\xc3";
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = kOctets[at % kOctets.size()];
    for (const std::string& text : {whole.substr(0, at), damaged}) {
      const auto loaded = files.load(text);
      if (loaded) continue;
      ++refused;
      const auto& errors = loaded.error();
      ASSERT_FALSE(errors.empty());
      for (std::size_t i = 0; i < errors.size(); ++i) {
        EXPECT_GE(errors[i].line, i == 0 ? 1 : errors[i - 1].line) << text;
        EXPECT_GE(errors[i].column, 1) << text;
        EXPECT_FALSE(errors[i].text.empty()) << text;
      }
    }
  }
  EXPECT_GT(refused, whole.size());
}

}  // namespace
}  // namespace zonecast::config
