// Files that are good: defaults, every option read back, and the sample.
#include <chrono>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/document.h"
#include "config/files.h"
#include "config/options.h"
#include "config/reference.h"
#include "test/unit/config/config_files.h"

namespace zonecast::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

xfr::Endpoint endpoint(std::string_view text) {
  return *endpointFromText(text);
}

std::filesystem::path sampleFile() {
  return std::filesystem::path(ZONECAST_SOURCES) / "config/zonecast.sample.yaml";
}

constexpr std::string_view kKey = "hmac-sha256:transfer.key:c2VjcmV0IHNlY3JldCBzZWNyZXQ=\n";

// Every option with a value that is not its default.
constexpr std::string_view kEverything = R"(
state_directory: state/here
state_size_max: 3GiB
control_socket: ../control.sock
control_sessions_max: 34
user: nobody
group: nogroup
pid_file: run/pid
log: {level: debug, format: json, file: log/here}
http: {listen: "[::1]:9999"}
notify: {listen: [127.0.0.1:5353, "[::1]:5354"], tsig: require, unsigned_hint_interval: 250ms, connections_max: 35, message_timeout: 36s}
redis:
  address: 127.0.0.1:6380
  user: publisher
  password_file: redis.password
  deployment: east_2
  connect_timeout: 3s
  command_timeout: 6s
  lease: 1m
edge:
  - hosts: [SIP.provider.example]
    addresses: [192.0.2.10, "2001:db8::/64"]
    udp: [5060, 5062]
    tls: 5061
  - addresses: 198.51.100.0/24
    tcp: 5060
    ws: 80
    wss: 443
derive: {transports: [udp, wss], address_step: false, srv_targets_max: 9, addresses_max: 3, lookups_max: 50, naptr_chain_max: 2, alias_chain_max: 3}
attributes:
  digest.qop: {type: enum, values: [auth, auth-int], multi: true, setter: customer, default: [auth, auth-int], help: "of: digests"}
  max_calls: {type: integer, min: -5, max: 10000, default: 100}
  greeting: {type: string, min: 1, max: 64, setter: anyone}
  peering: {type: boolean, default: true}
  expires: {type: duration, min: 1m, max: 1h, default: 3600}
undeclared_attributes: keep
publish: shadow
claims: {tags_max: 7, octets_max: 512}
discovery:
  mode: listed
  allow: [Example.net, "*.example.net"]
  deny: "*"
  token_key_file: token.key
  keep_foreign: 37s
  idle: 38d
  attributes: {max_calls: 39, colour: [red, blue]}
  total_rate: 40
  total_burst: 41
  worker_rate: 42
  worker_burst: 43
  registrable_rate: 44
  registrable_burst: 45
  workers_max: 46
  registrables_max: 47
  domains_max: 48
  repeat_after: 49ms
retire: {absent: 50s, zone_gone: 51m, on_expire: retire, expired: 52h, answer_expire: 53h}
brake: {customer_percent: 52, customer_min: 53, total_percent: 54, total_min: 55, window: 56m}
limits:
  zone_octets_max: 1MiB
  zone_records_max: 1000
  rrset_records_max: 11
  ixfr_deltas_max: 12
  ixfr_records_max: 30
  owner_types_max: 31
  transfers_max: 13
  transfers_per_primary: 14
  transfers_pipelined: 32
  connections_max: 33
  queries_per_primary: 15
  transfer_timeout: 16s
  transfer_idle_timeout: 17s
  transfer_rate_min: 18
  connect_timeout: 19s
  query_timeout: 20s
  connection_idle_timeout: 21s
  primary_hold_down: 29s
  refresh_min: 22s
  refresh_max: 23h
  retry_min: 24s
  retry_max: 25m
  expire_min: 2h
  expire_max: 27d
  publish_batch: 28
customers:
  iptel:
    dids: [iptel, "iptel-*"]
    attributes: {max_calls: -1, digest.qop: [auth-int], colour: [red, blue]}
    primaries:
      ns1: {address: 127.0.0.1, port: 5301, key_file: iptel.key}
      ns2: {address: "2001:db8::53"}
    zones:
      - Iptel.org
      - {name: example.org., primaries: [ns2, ns1], shared: true, records_max: 2000, octets_max: 8MiB}
    catalogs:
      - name: Catalog.example
        primaries: [ns2]
        allow: [iptel.net, "*.iptel.net"]
        members_max: 51
        records_max: 5200
        octets_max: 53MiB
        groups: {big: {primaries: [ns1], octets_max: 54MiB}, Small: {records_max: 55}}
  acme:
    primaries: {ns1: {address: 192.0.2.1, key_file: iptel.key}}
    zones: [acme.example]
  idle: {}
static:
  - did: office
    domains: [192.0.2.1, "[2001:DB8:0::1]", SIP.Office.example.]
    customer: acme
    attributes: {max_calls: 3}
    transports: [tls, wss]
    role: backup
  - {did: "2001:db8::2", domains: "2001:db8::2"}
)";

class LoadedFile : public testing::Test {
 protected:
  LoadedFile() {
    files_.write("iptel.key", kKey);
    files_.write("redis.password", "secret\n");
    files_.write("token.key", "MDEyMzQ1Njc4OWFiY2RlZg==\n");
    auto loaded = files_.load(kEverything);
    if (loaded) {
      configuration_ = *std::move(loaded);
    } else {
      for (const ConfigError& error : loaded.error()) ADD_FAILURE() << toText(error);
    }
  }

  const loop::Settings& settings() const { return configuration_.settings; }

  ConfigFiles files_;
  Configuration configuration_;
};

TEST_F(LoadedFile, HasTheDaemonsOwnOptions) {
  EXPECT_EQ(configuration_.state_directory, files_.directory() / "state/here");
  EXPECT_EQ(configuration_.state_octets_max, 3ull << 30);
  EXPECT_EQ(configuration_.control_sessions_max, 34u);
  EXPECT_EQ(configuration_.notify.connections_max, 35u);
  EXPECT_EQ(configuration_.notify.message_timeout, 36s);
  EXPECT_EQ(configuration_.control_socket, files_.directory().parent_path() / "control.sock");
  EXPECT_EQ(configuration_.log_level, "debug");
  EXPECT_EQ(configuration_.log_format, "json");
  EXPECT_EQ(configuration_.log_file, files_.directory() / "log/here");
  EXPECT_EQ(configuration_.user, "nobody");
  EXPECT_EQ(configuration_.group, "nogroup");
  EXPECT_EQ(configuration_.pid_file, files_.directory() / "run/pid");
  EXPECT_EQ(configuration_.http.listener, endpoint("[::1]:9999"));
  EXPECT_THAT(configuration_.notify.listeners,
              ElementsAre(endpoint("127.0.0.1:5353"), endpoint("[::1]:5354")));
  EXPECT_TRUE(settings().notify.require_tsig);
  EXPECT_EQ(settings().notify.unsigned_hint_interval, 250ms);
}

TEST_F(LoadedFile, HasRedis) {
  const RedisConfiguration& redis = configuration_.redis;
  EXPECT_EQ(std::get<xfr::Endpoint>(redis.address), endpoint("127.0.0.1:6380"));
  EXPECT_EQ(redis.user, "publisher");
  EXPECT_EQ(redis.password_file, files_.directory() / "redis.password");
  EXPECT_EQ(redis.deployment, "east_2");
  EXPECT_EQ(redis.connect_timeout, 3s);
  EXPECT_EQ(redis.command_timeout, 6s);
  EXPECT_EQ(redis.lease, 60s);
}

TEST_F(LoadedFile, HasTheEdgeAndHowItIsReached) {
  const derive::Edge& edge = settings().edge;
  ASSERT_EQ(edge.rules.size(), 2u);
  using derive::Transport;
  const dns::Name host = *dns::Name::fromText("sip.provider.example");
  for (const std::uint16_t port : {5060, 5062}) {
    EXPECT_EQ(edge.byHost(host, Transport::udp, port), &edge.rules[0]);
  }
  EXPECT_EQ(edge.byHost(host, Transport::tls, 5061), &edge.rules[0]);
  EXPECT_EQ(edge.byAddress(dns::Ipv4{192, 0, 2, 10}, Transport::udp, 5060), &edge.rules[0]);
  EXPECT_EQ(edge.byAddress(dns::Ipv6{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 9}, Transport::udp, 5060),
            &edge.rules[0]);
  EXPECT_EQ(edge.byAddress(dns::Ipv4{198, 51, 100, 7}, Transport::tcp, 5060), &edge.rules[1]);
  EXPECT_TRUE(edge.listensOn(Transport::ws, 80));
  EXPECT_TRUE(edge.listensOn(Transport::wss, 443));
  EXPECT_EQ(edge.rules[1].name, "edge[1]");

  const derive::DerivePolicy& policy = settings().derive;
  EXPECT_EQ(derive::toText(policy.transports), "udp,wss");
  EXPECT_FALSE(policy.address_step);
  EXPECT_EQ(policy.srv_targets_max, 9u);
  EXPECT_EQ(policy.addresses_max, 3u);
  EXPECT_EQ(policy.lookups_max, 50u);
  EXPECT_EQ(policy.naptr_chain_max, 2u);
}

TEST_F(LoadedFile, PublishesNothing) {
  EXPECT_TRUE(configuration_.is_shadow);
}

TEST_F(LoadedFile, HasTheAttributesSchema) {
  using identity::AttributeType;
  const auto& specs = settings().attributes.specs;
  EXPECT_EQ(settings().attributes.undeclared, identity::Undeclared::keep);
  ASSERT_EQ(specs.size(), 5u);
  const identity::AttributeSpec& qop = specs.at("digest.qop");
  EXPECT_EQ(qop.name, "digest.qop");
  EXPECT_EQ(qop.type, AttributeType::enumeration);
  EXPECT_EQ(qop.setter, identity::Setter::customer);
  EXPECT_TRUE(qop.multi);
  EXPECT_THAT(qop.values, ElementsAre("auth", "auth-int"));
  EXPECT_THAT(qop.defaults, ElementsAre(std::string("auth"), std::string("auth-int")));
  EXPECT_EQ(qop.help, "of: digests");
  const identity::AttributeSpec& calls = specs.at("max_calls");
  EXPECT_EQ(calls.setter, identity::Setter::operatorOnly);
  EXPECT_FALSE(calls.multi);
  EXPECT_EQ(calls.min, -5);
  EXPECT_EQ(calls.max, 10'000);
  EXPECT_THAT(calls.defaults, ElementsAre(std::int64_t{100}));
  EXPECT_EQ(specs.at("greeting").setter, identity::Setter::anyone);
  EXPECT_EQ(specs.at("greeting").max, 64);
  EXPECT_THAT(specs.at("greeting").defaults, testing::IsEmpty());
  EXPECT_THAT(specs.at("peering").defaults, ElementsAre(true));
  EXPECT_EQ(specs.at("expires").min, 60);
  EXPECT_THAT(specs.at("expires").defaults, ElementsAre(std::chrono::seconds(3600)));
}

TEST_F(LoadedFile, HasHowLongDomainsAreServedOn) {
  EXPECT_EQ(settings().retire.absent, 50s);
  EXPECT_EQ(settings().retire.zone_gone, 51min);
  EXPECT_EQ(settings().retire.on_expire, plan::OnExpire::retire);
  EXPECT_EQ(settings().retire.expired, 52h);
  EXPECT_EQ(settings().answers.expire, 53h);
}

TEST_F(LoadedFile, HasTheBrake) {
  EXPECT_EQ(settings().brake.customer_percent, 52u);
  EXPECT_EQ(settings().brake.customer_min, 53u);
  EXPECT_EQ(settings().brake.total_percent, 54u);
  EXPECT_EQ(settings().brake.total_min, 55u);
  EXPECT_EQ(settings().brake.window, 56min);
}

TEST_F(LoadedFile, HasWhatIsDiscovered) {
  const discovery::Settings& discovery = settings().discovery;
  const auto texts = [](const std::vector<discovery::Pattern>& patterns) {
    std::vector<std::string> all;
    for (const auto& pattern : patterns) all.push_back(pattern.toText());
    return all;
  };
  EXPECT_EQ(discovery.mode, discovery::Mode::listed);
  EXPECT_THAT(texts(discovery.allow), ElementsAre("example.net", "*.example.net"));
  EXPECT_THAT(texts(discovery.deny), ElementsAre("*"));
  EXPECT_EQ(std::string(discovery.token_key.begin(), discovery.token_key.end()),
            "0123456789abcdef");
  EXPECT_EQ(discovery.keep_foreign, 37s);
  EXPECT_EQ(discovery.idle, 38 * 24h);
  EXPECT_THAT(discovery.attributes, ElementsAre(Pair("colour", ElementsAre("red", "blue")),
                                                Pair("max_calls", ElementsAre("39"))));
  EXPECT_EQ(discovery.total.rate, 40u);
  EXPECT_EQ(discovery.total.burst, 41u);
  EXPECT_EQ(discovery.worker.rate, 42u);
  EXPECT_EQ(discovery.worker.burst, 43u);
  EXPECT_EQ(discovery.registrable.rate, 44u);
  EXPECT_EQ(discovery.registrable.burst, 45u);
  EXPECT_EQ(discovery.workers_max, 46u);
  EXPECT_EQ(discovery.registrables_max, 47u);
  EXPECT_EQ(discovery.domains_max, 48u);
  EXPECT_EQ(discovery.repeat_after, 49ms);
}

TEST_F(LoadedFile, HasEveryLimit) {
  const xfr::SecondaryLimits& limits = settings().secondary.limits;
  EXPECT_EQ(settings().claim_limits.tags_max, 7u);
  EXPECT_EQ(settings().claim_limits.octets_max, 512u);
  EXPECT_EQ(settings().zone_limits.records_per_rrset_max, 11u);
  EXPECT_EQ(settings().publish_batch_max, 28u);
  EXPECT_EQ(settings().zone_limits.types_per_owner_max, 31u);
  EXPECT_EQ(limits.transfers_max, 13u);
  EXPECT_EQ(limits.transfers_pipelined, 32u);
  EXPECT_EQ(limits.connections_max, 33u);
  EXPECT_EQ(limits.transfers_per_primary, 14u);
  EXPECT_EQ(limits.queries_in_flight_per_primary, 15u);
  EXPECT_EQ(limits.transfer_timeout, 16s);
  EXPECT_EQ(limits.transfer_idle_timeout, 17s);
  EXPECT_EQ(limits.transfer_octets_per_second_min, 18u);
  EXPECT_EQ(limits.connect_timeout, 19s);
  EXPECT_EQ(limits.query_timeout, 20s);
  EXPECT_EQ(limits.connection_idle_timeout, 21s);
  EXPECT_EQ(limits.primary_hold_down, 29s);
  const xfr::TimerClamps& clamps = settings().secondary.clamps;
  EXPECT_EQ(clamps.refresh_min, 22s);
  EXPECT_EQ(clamps.refresh_max, 23h);
  EXPECT_EQ(clamps.retry_min, 24s);
  EXPECT_EQ(clamps.retry_max, 25min);
  EXPECT_EQ(clamps.expire_min, 2h);
  EXPECT_EQ(clamps.expire_max, 27 * 24h);
}

TEST_F(LoadedFile, HasCustomersWithTheirPrimaries) {
  ASSERT_EQ(settings().customers.size(), 5u);
  EXPECT_EQ(settings().customers[0].name, "iptel");
  EXPECT_EQ(settings().customers[3].name, "static");
  EXPECT_EQ(settings().customers[4].name, "discovered");
  EXPECT_EQ(settings().discovered, view::CustomerId{4});
  EXPECT_THAT(settings().customers[0].grants.dids, ElementsAre("iptel", "iptel-*"));
  EXPECT_THAT(settings().customers[0].attributes,
              ElementsAre(Pair("colour", ElementsAre("red", "blue")),
                          Pair("digest.qop", ElementsAre("auth-int")),
                          Pair("max_calls", ElementsAre("-1"))));
  const auto& primaries = settings().secondary.primaries;
  ASSERT_EQ(primaries.size(), 3u);
  EXPECT_EQ(primaries[0].name, "ns1");
  EXPECT_EQ(primaries[0].endpoint, endpoint("127.0.0.1:5301"));
  ASSERT_NE(primaries[0].key, nullptr);
  EXPECT_EQ(primaries[0].key->name().toText(), "transfer.key");
  EXPECT_EQ(primaries[1].name, "ns2");
  EXPECT_EQ(primaries[1].endpoint, endpoint("[2001:db8::53]:53"));
  EXPECT_EQ(primaries[1].key, nullptr);
  EXPECT_EQ(primaries[2].endpoint, endpoint("192.0.2.1:53"));
  EXPECT_EQ(primaries[2].key, primaries[0].key);  // one file, one key
}

TEST_F(LoadedFile, HasZonesInTheOrderOfTheFile) {
  using xfr::PrimaryId;
  const auto& zones = settings().secondary.zones;
  ASSERT_EQ(zones.size(), 4u);
  ASSERT_EQ(settings().zones.size(), 4u);
  EXPECT_EQ(zones[0].name.toText(), "iptel.org");
  EXPECT_THAT(zones[0].primaries, ElementsAre(PrimaryId{0}, PrimaryId{1}));
  EXPECT_EQ(zones[0].limits.octets_max, 1u << 20);
  EXPECT_EQ(zones[0].limits.records_max, 1000u);
  EXPECT_EQ(zones[0].limits.ixfr_deltas_max, 12u);
  EXPECT_EQ(zones[0].limits.ixfr_records_max, 30u);
  EXPECT_FALSE(settings().zones[0].shared);
  EXPECT_EQ(zones[1].name.toText(), "example.org");
  EXPECT_THAT(zones[1].primaries, ElementsAre(PrimaryId{1}, PrimaryId{0}));
  EXPECT_EQ(zones[1].limits.records_max, 2000u);
  EXPECT_EQ(zones[1].limits.octets_max, 8u << 20);
  EXPECT_EQ(zones[1].limits.ixfr_deltas_max, 12u);
  EXPECT_TRUE(settings().zones[1].shared);
  EXPECT_EQ(zones[3].name.toText(), "acme.example");
  EXPECT_THAT(zones[3].primaries, ElementsAre(PrimaryId{2}));
  EXPECT_EQ(settings().zones[3].customer, view::CustomerId{1});
}

TEST_F(LoadedFile, HasCatalogsAmongTheZones) {
  using xfr::PrimaryId;
  ASSERT_EQ(settings().catalogs.size(), 1u);
  EXPECT_EQ(settings().secondary.zones[2].name.toText(), "catalog.example");
  EXPECT_THAT(settings().secondary.zones[2].primaries, ElementsAre(PrimaryId{1}));
  EXPECT_EQ(settings().zones[2].catalog, loop::CatalogId{0});
  EXPECT_EQ(settings().zones[1].catalog, std::nullopt);
  const loop::CatalogSettings& catalog = settings().catalogs[0];
  EXPECT_EQ(catalog.zone.toText(), "catalog.example");
  EXPECT_EQ(catalog.customer, view::CustomerId{0});
  ASSERT_EQ(catalog.allow.size(), 2u);
  EXPECT_EQ(catalog.allow[1].toText(), "*.iptel.net");
  EXPECT_EQ(catalog.members_max, 51u);
  EXPECT_THAT(catalog.members.primaries, ElementsAre(PrimaryId{1}));
  EXPECT_EQ(catalog.members.limits.records_max, 5200u);
  EXPECT_EQ(catalog.members.limits.octets_max, 53u << 20);
  ASSERT_EQ(catalog.groups.size(), 2u);
  EXPECT_EQ(catalog.groups[0].first, "big");
  EXPECT_THAT(catalog.groups[0].second.primaries, ElementsAre(PrimaryId{0}));
  EXPECT_EQ(catalog.groups[0].second.limits.octets_max, 54u << 20);
  EXPECT_EQ(catalog.groups[0].second.limits.records_max, 5200u);
  EXPECT_EQ(catalog.groups[1].first, "Small");
  EXPECT_THAT(catalog.groups[1].second.primaries, ElementsAre(PrimaryId{1}));
  EXPECT_EQ(catalog.groups[1].second.limits.records_max, 55u);
}

TEST(Catalogs, MayBringNothingWhereNothingIsSaid) {
  const ConfigFiles files;
  const auto loaded = files.load(
      std::string(kRequired) +
      "customers: {a: {primaries: {p: {address: 192.0.2.1}}, catalogs: [{name: c.example}]}}\n");
  ASSERT_TRUE(loaded) << toText(loaded.error().front());
  const loop::CatalogSettings& catalog = loaded->settings.catalogs.at(0);
  EXPECT_TRUE(catalog.allow.empty());
  EXPECT_EQ(catalog.members_max, 50'000u);
  EXPECT_TRUE(catalog.groups.empty());
}

TEST_F(LoadedFile, StaticVirtualDomains) {
  ASSERT_EQ(settings().statics.size(), 2u);
  const loop::StaticVirtualDomain& office = settings().statics[0];
  EXPECT_EQ(office.did, "office");
  EXPECT_THAT(office.domains, ElementsAre("192.0.2.1", "2001:db8::1", "sip.office.example"));
  EXPECT_EQ(office.customer, view::CustomerId{1});
  EXPECT_THAT(office.attributes, ElementsAre(Pair("max_calls", ElementsAre("3"))));
  EXPECT_EQ(derive::toText(office.transports), "tls,wss");
  EXPECT_EQ(office.role, derive::Role::backup);
  const loop::StaticVirtualDomain& other = settings().statics[1];
  EXPECT_EQ(settings().customers.at(static_cast<std::size_t>(other.customer)).name, "static");
  EXPECT_EQ(derive::toText(other.transports), "udp,tcp");
  EXPECT_EQ(other.role, derive::Role::primary);
}

// What the design promises where a file says nothing.
TEST(Defaults, AreTheDesigns) {
  const std::vector<std::pair<std::string, std::string>> design{
      {"state_directory", "/var/lib/zonecast"},
      {"state_size_max", "16GiB"},
      {"control_socket", "/run/zonecast/control.sock"},
      {"control_sessions_max", "64"},
      {"publish", "live"},
      {"undeclared_attributes", "ignore"},
      {"log.level", "info"},
      {"log.format", "auto"},
      {"http.listen", "127.0.0.1:9464"},
      {"http.connections_max", "64"},
      {"http.watchers_max", "16"},
      {"http.events_kept", "100"},
      {"http.header_octets_max", "8KiB"},
      {"http.request_timeout", "10s"},
      {"notify.tsig", "hint"},
      {"notify.unsigned_hint_interval", "5s"},
      {"notify.connections_max", "256"},
      {"notify.message_timeout", "10s"},
      {"redis.connect_timeout", "2s"},
      {"redis.command_timeout", "5s"},
      {"redis.lease", "10s"},
      {"redis.workers_interval", "5s"},
      {"redis.workers_max", "1000"},
      {"resolver.servers", "[127.0.0.1:53]"},
      {"resolver.dnssec", "prefer"},
      {"resolver.ttl_min", "30s"},
      {"resolver.ttl_max", "1d"},
      {"resolver.negative_ttl_max", "3h"},
      {"resolver.retry_min", "5s"},
      {"resolver.retry_max", "5m"},
      {"resolver.asks_max", "256"},
      {"resolver.asks_slow_max", "10000"},
      {"resolver.asks_per_second", "5000"},
      {"derive.transports", "[udp,tcp,tls,ws,wss]"},
      {"derive.address_step", "true"},
      {"derive.srv_targets_max", "32"},
      {"derive.addresses_max", "8"},
      {"derive.lookups_max", "100"},
      {"derive.naptr_chain_max", "8"},
      {"derive.alias_chain_max", "8"},
      {"claims.tags_max", "32"},
      {"claims.octets_max", "4096"},
      {"discovery.mode", "open"},
      {"discovery.keep_foreign", "5m"},
      {"discovery.idle", "30d"},
      {"discovery.idle_interval", "1d"},
      {"discovery.total_rate", "200"},
      {"discovery.total_burst", "1000"},
      {"discovery.worker_rate", "50"},
      {"discovery.worker_burst", "250"},
      {"discovery.registrable_rate", "2"},
      {"discovery.registrable_burst", "50"},
      {"discovery.workers_max", "1000"},
      {"discovery.registrables_max", "10000"},
      {"discovery.hosted_max", "100000"},
      {"discovery.hosted_per_registrable", "100"},
      {"discovery.domains_max", "10000"},
      {"discovery.repeat_after", "5s"},
      {"discovery.asks_max", "64"},
      {"did.default", "name"},
      {"did.keep", "90d"},
      {"did.discovered_max", "100000"},
      {"retire.absent", "10m"},
      {"retire.zone_gone", "1h"},
      {"retire.on_expire", "keep"},
      {"retire.expired", "1d"},
      {"retire.answer_expire", "7d"},
      {"brake.customer_percent", "30"},
      {"brake.customer_min", "10"},
      {"brake.total_percent", "5"},
      {"brake.total_min", "50"},
      {"brake.window", "1h"},
      {"operator.pins_max", "10000"},
      {"history.per_domain", "100"},
      {"history.days", "400"},
      {"limits.zone_octets_max", "64MiB"},
      {"limits.zone_records_max", "2000000"},
      {"limits.rrset_records_max", "100"},
      {"limits.owner_types_max", "256"},
      {"limits.ixfr_deltas_max", "10000"},
      {"limits.ixfr_records_max", "20000"},
      {"limits.publish_batch", "1000"},
      {"limits.transfers_max", "64"},
      {"limits.transfers_per_primary", "4"},
      {"limits.transfers_pipelined", "16"},
      {"limits.queries_per_primary", "64"},
      {"limits.connections_max", "512"},
      {"limits.transfer_timeout", "5m"},
      {"limits.transfer_idle_timeout", "15s"},
      {"limits.transfer_rate_min", "1KiB"},
      {"limits.connect_timeout", "5s"},
      {"limits.query_timeout", "5s"},
      {"limits.connection_idle_timeout", "4s"},
      {"limits.primary_hold_down", "5s"},
      {"limits.refresh_min", "30s"},
      {"limits.refresh_max", "1d"},
      {"limits.retry_min", "10s"},
      {"limits.retry_max", "1h"},
      {"limits.expire_min", "1h"},
      {"limits.expire_max", "30d"},
  };
  std::vector<std::pair<std::string, std::string>> ours;
  Draft draft;
  for (const Section& section : sections()) {
    const std::string path = section.name.empty() ? "" : fmt::format("{}.", section.name);
    for (const Option<Draft>& option : section.options) {
      const std::string text = option.show ? option.show(draft) : "";
      if (!text.empty()) ours.emplace_back(path + std::string(option.name), text);
    }
  }
  EXPECT_EQ(ours, design);
}

TEST(Defaults, StandWhereAFileHasOnlyWhatIsRequired) {
  const ConfigFiles files;
  const auto loaded = files.load(kRequired);
  ASSERT_TRUE(loaded) << toText(loaded.error().front());
  EXPECT_EQ(std::get<std::filesystem::path>(loaded->redis.address), "/run/redis.sock");
  EXPECT_TRUE(loaded->redis.password_file.empty());
  EXPECT_TRUE(loaded->notify.listeners.empty());
  EXPECT_THAT(loaded->settings.customers, SizeIs(1));  // of discovered domains
  EXPECT_TRUE(loaded->settings.watched.empty());
  EXPECT_TRUE(loaded->settings.discovery.deny.empty());
  EXPECT_TRUE(loaded->settings.discovery.attributes.empty());
}

const query::Resolver& resolverOf(const Configuration& configuration,
                                  std::optional<query::ResolverId> id) {
  return configuration.settings.resolvers.at(static_cast<std::size_t>(id.value()));
}

TEST(Resolver, IsSharedByThoseWhoAskAlike) {
  const ConfigFiles files;
  const auto loaded = files.load(std::string(kRequired) +
                                 "resolver: {servers: [127.0.0.1:5353, '[::1]:53']}\n"
                                 "customers: {a: {}, b: {dnssec: require}, c: {dnssec: prefer}}\n");
  ASSERT_TRUE(loaded) << toText(loaded.error().front());
  const auto& customers = loaded->settings.customers;
  EXPECT_EQ(customers[0].resolver, customers[2].resolver);
  EXPECT_EQ(customers[0].resolver, customers[3].resolver);  // of discovered domains
  const query::Resolver& ours = resolverOf(*loaded, customers[0].resolver);
  EXPECT_EQ(ours.upstream->kind, query::Upstream::Kind::resolver);
  EXPECT_THAT(ours.upstream->servers,
              ElementsAre(endpoint("127.0.0.1:5353"), endpoint("[::1]:53")));
  EXPECT_EQ(ours.dnssec, query::DnssecPolicy::prefer);
  EXPECT_EQ(resolverOf(*loaded, customers[1].resolver).dnssec, query::DnssecPolicy::require);
}

TEST(Resolver, IsOff) {
  const ConfigFiles files;
  const auto loaded =
      files.load(std::string(kRequired) + "resolver: {servers: off}\ncustomers: {a: {}}\n");
  ASSERT_TRUE(loaded) << toText(loaded.error().front());
  EXPECT_EQ(loaded->settings.customers.at(0).resolver, std::nullopt);
  EXPECT_EQ(loaded->settings.discovered, std::nullopt);  // nobody could be asked
}

TEST(Watched, AreTheCustomersOwnOrSpeakForThemselves) {
  const ConfigFiles files;
  const auto loaded = files.load(
      std::string(kRequired) +
      "watched: Alone.example.\n"
      "customers: {a: {watched: [a.example, b.example], servers: 192.0.2.1:53, dnssec: ignore}}\n");
  ASSERT_TRUE(loaded) << toText(loaded.error().front());
  const loop::Settings& settings = loaded->settings;
  ASSERT_THAT(settings.watched, SizeIs(3));
  EXPECT_EQ(settings.watched[0].name.toText(), "a.example");
  EXPECT_EQ(settings.watched[0].customer, view::CustomerId{0});
  EXPECT_EQ(settings.watched[2].name.toText(), "alone.example");
  EXPECT_EQ(settings.watched[2].customer, settings.discovered);
  const query::Resolver& own = resolverOf(*loaded, settings.customers[0].authoritative);
  EXPECT_EQ(own.upstream->kind, query::Upstream::Kind::authoritative);
  EXPECT_TRUE(own.speaksFor(settings.watched[1].name));
  EXPECT_FALSE(own.speaksFor(settings.watched[2].name));
}

TEST(Http, IsSwitchedOff) {
  const ConfigFiles files;
  const auto loaded = files.load(std::string(kRequired) + "http: {listen: off}\n");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->http.listener, std::nullopt);
}

TEST(Http, HasATokenFromAFileAndNamesInLowerCase) {
  const ConfigFiles files;
  files.write("token", "0123456789abcdef\n");
  const auto loaded = files.load(
      std::string(kRequired) +
      "http: {token_file: token, hosts: [Status.Provider.Example.], socket: http.sock}\n");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->http.token, "0123456789abcdef");
  EXPECT_THAT(loaded->http.hosts, ElementsAre("status.provider.example"));
  EXPECT_TRUE(loaded->http.socket.is_absolute());
}

TEST(Sample, Loads) {
  const auto loaded = load(sampleFile());
  ASSERT_TRUE(loaded) << toText(loaded.error().front());
  EXPECT_EQ(loaded->settings.secondary.zones.size(), 3u);
}

TEST(Sample, HasEveryOptionWithItsDefault) {
  const std::string text = readFile(sampleFile(), kFileOctetsMax).value_or("");
  Errors errors("sample");
  const auto root = parseDocument(text, errors);
  ASSERT_TRUE(root);
  Draft draft;
  for (const Section& section : sections()) {
    const Node* mapping = section.name.empty() ? &*root : root->find(section.name);
    ASSERT_NE(mapping, nullptr) << section.name;
    for (const Option<Draft>& option : section.options) {
      EXPECT_NE(text.find(fmt::format("{}:", option.name)), std::string::npos) << option.name;
      const Node* value = mapping->find(option.name);
      if (!option.show || option.show(draft).empty()) continue;
      ASSERT_NE(value, nullptr) << option.name;
      if (option.shape != Shape::single) continue;
      EXPECT_EQ(value->text, option.show(draft)) << option.name;
    }
  }
}

TEST(Sample, HasWhatThereMayBeSeveralOf) {
  const std::string text = readFile(sampleFile(), kFileOctetsMax).value_or("");
  for (const OptionTable& table : optionTables()) {
    for (const OptionHelp& option : table.options) {
      EXPECT_NE(text.find(option.name + ":"), std::string::npos) << table.path << option.name;
    }
  }
}

TEST(Load, TakesAHundredThousandZonesInSeconds) {
  const ConfigFiles files;
  std::string text(kRequired);
  text += "customers:\n  big:\n    primaries: {ns1: {address: 192.0.2.1}}\n    zones:\n";
  for (int i = 0; i < 50'000; ++i) {
    text += fmt::format("      - a{0}.example\n      - {{name: b{0}.example, shared: true}}\n", i);
  }
  const auto start = std::chrono::steady_clock::now();
  const auto loaded = files.load(text);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.secondary.zones.size(), 100'000u);
  EXPECT_LT(took.count(), 30) << "seconds, also under a sanitizer on a busy machine";
  RecordProperty("seconds", fmt::format("{:.2f}", took.count()));
}

}  // namespace
}  // namespace zonecast::config
