// The options of the daemon itself.
#include <algorithm>

#include "config/options.h"

namespace zonecast::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1u << 10;
constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kGiB = 1u << 30;
constexpr Duration kDay = 24h;
constexpr std::size_t kSocketOctetsMax = 107;  // of sockaddr_un.sun_path, without its final NUL

const auto kSettings = [](auto... members) {
  return at(&Draft::result, &Configuration::settings, members...);
};
const auto kSecondary = [](auto member) {
  return kSettings(&loop::Settings::secondary, &xfr::SecondarySettings::limits, member);
};
const auto kClamp = [](auto member) {
  return kSettings(&loop::Settings::secondary, &xfr::SecondarySettings::clamps, member);
};
const auto kDerive = [](auto member) { return kSettings(&loop::Settings::derive, member); };
const auto kDiscovery = [](auto... members) {
  return kSettings(&loop::Settings::discovery, members...);
};
const auto kNotify = [](auto member) { return at(&Draft::result, &Configuration::notify, member); };
const auto kHttp = [](auto member) { return at(&Draft::result, &Configuration::http, member); };
const auto kRedis = [](auto member) { return at(&Draft::result, &Configuration::redis, member); };

bool isGraphic(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool isPath(std::string_view text) {
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

std::filesystem::path resolved(const Draft& draft, std::string_view text) {
  return (draft.directory / text).lexically_normal();
}

template <typename Get>
Option<Draft> path(std::string_view name, Get get, std::string_view help) {
  const auto take = [=](Draft& draft, std::string_view text) {
    std::invoke(get, draft) = resolved(draft, text);
    return isPath(text);
  };
  return {
      .name = name, .expected = "a path", .help = help, .take = take, .show = [=](Draft& draft) {
        return std::invoke(get, draft).string();
      }};
}

// Into a path, or what holds one.
template <typename Get>
Option<Draft> socketPath(std::string_view name, Get get, std::string_view help,
                         std::function<std::string(Draft&)> show) {
  const auto take = [=](Draft& draft, std::string_view given) {
    const std::filesystem::path socket = resolved(draft, given);
    std::invoke(get, draft) = socket;
    return isPath(given) && socket.native().size() <= kSocketOctetsMax;
  };
  return text<Draft>(name, "the path of a socket, of at most 107 octets from the root", take, help,
                     std::move(show));
}

// Whether there is such a user or group is asked where it is needed, not where a file is checked.
Option<Draft> account(std::string_view name, std::string Configuration::*at,
                      std::string_view expected, std::string_view help) {
  const auto take = [at](Draft& draft, std::string_view text) {
    draft.result.*at = text;
    return !text.empty() && text.size() <= 128 && isGraphic(text);
  };
  const auto show = [at](Draft& draft) { return draft.result.*at; };
  return atRestart(text<Draft>(name, expected, take, help, show));
}

std::vector<Option<Draft>> topLevel() {
  Option<Draft> control =
      socketPath("control_socket", at(&Draft::result, &Configuration::control_socket),
                 "where `zonecast` asks the daemon",
                 [](Draft& draft) { return draft.result.control_socket.string(); });
  return {
      atRestart(path("state_directory", at(&Draft::result, &Configuration::state_directory),
                     "the folder of zone copies, DIDs and timers, which outlive a restart")),
      atRestart(size<Draft>("state_size_max", at(&Draft::result, &Configuration::state_octets_max),
                            kMiB, 1024 * kGiB, "what the state in `state_directory` may grow to")),
      atRestart(control),
      atRestart(count<Draft>("control_sessions_max",
                             at(&Draft::result, &Configuration::control_sessions_max), 1, 10'000,
                             "sessions of `zonecast` at a time; one more is closed at once")),
      atRestart(choice<Draft>("publish", at(&Draft::result, &Configuration::is_shadow),
                              {{"live", false}, {"shadow", true}},
                              "whether it is published; shadow: everything else is done, and "
                              "`zonecast compare` shows what would be")),
      account("user", &Configuration::user, "the name of a user of this host",
              "whom the daemon becomes when root starts it; not with systemd, whose unit says it"),
      account("group", &Configuration::group, "the name of a group of this host",
              "the group that it becomes then; the user's own without"),
      atRestart(path("pid_file", at(&Draft::result, &Configuration::pid_file),
                     "where the daemon writes its process ID, before it becomes `user`")),
      choice<Draft>(
          "undeclared_attributes",
          kSettings(&loop::Settings::attributes, &identity::AttributeSchema::undeclared),
          {{"ignore", identity::Undeclared::ignore}, {"keep", identity::Undeclared::keep}},
          "what becomes of attributes that the schema does not have"),
      required(structure<Draft>("edge", "a list of at least one edge rule",
                                "the provider's own SIP entry points")),
      structure<Draft>("attributes", "a mapping of attributes' names",
                       "the attributes that a virtual domain may have"),
      watchedNames<Draft>(&Draft::watched,
                          "domains of no customer that are asked about; each speaks for itself"),
      structure<Draft>("customers", "a mapping of customers' names",
                       "whose zones there are, and where they are transferred from"),
      structure<Draft>("static", "a list of static virtual domains",
                       "virtual domains that are served whatever DNS says, also IP addresses"),
  };
}

std::vector<Option<Draft>> logOptions() {
  return {
      choice<Draft>(
          "level", at(&Draft::result, &Configuration::log_level),
          {{"debug", "debug"}, {"info", "info"}, {"warning", "warning"}, {"error", "error"}},
          "the least that is logged"),
      atRestart(choice<Draft>(
          "format", at(&Draft::result, &Configuration::log_format),
          {{"auto", "auto"}, {"text", "text"}, {"json", "json"}, {"journald", "journald"}},
          "lines of text, JSON objects, or records with fields for systemd's journal; auto: these "
          "when systemd started it, else text")),
      atRestart(path("file", at(&Draft::result, &Configuration::log_file),
                     "where it is logged, in place of standard error; opened anew at SIGUSR1")),
  };
}

Option<Draft> httpListener() {
  const auto take = [](Draft& draft, std::string_view given) {
    auto& listener = draft.result.http.listener;
    listener = endpointFromText(given);
    return listener ? isLoopback(listener->address) : given == "off";
  };
  Option<Draft> listen = text<Draft>(
      "listen", "a loopback address and port, such as 127.0.0.1:9464 or [::1]:9464, or off", take,
      "where the status page, /metrics and /v1/ are served");
  listen.show = [](Draft& draft) {
    const auto& listener = draft.result.http.listener;
    return listener ? xfr::toText(*listener) : std::string("off");
  };
  return listen;
}

std::vector<Option<Draft>> httpOptions() {
  const auto addHost = [](Draft& draft, std::string_view given) {
    const auto name = derive::Domain::fromText(given);
    if (name) draft.result.http.hosts.emplace_back(name->text());
    return name.has_value();
  };
  Option<Draft> hosts =
      list<Draft>("hosts", "the name of a host", addHost,
                  "that browsers may call it by, beside localhost and addresses", [](Draft& draft) {
                    return listed(draft.result.http.hosts, [](const auto& host) { return host; });
                  });
  hosts.shape = Shape::list;
  std::vector<Option<Draft>> rows{
      httpListener(),
      socketPath("socket", kHttp(&HttpConfiguration::socket),
                 "a unix socket for the same, for its owner and group",
                 [](Draft& draft) { return draft.result.http.socket.string(); }),
      structure<Draft>("token_file", "the path of a file that holds a token",
                       "what all but the page itself, /healthz and /readyz ask for"),
      hosts,
      count<Draft>("connections_max", kHttp(&HttpConfiguration::connections_max), 4, 10'000,
                   "at a time; one more ends the one that asks for nothing longest"),
      count<Draft>("watchers_max", kHttp(&HttpConfiguration::watchers_max), 1, 1000,
                   "of /v1/events at a time; fewer than connections_max"),
      count<Draft>("events_kept", kHttp(&HttpConfiguration::events_kept), 10, 10'000,
                   "the last publications, which the status page shows"),
      size<Draft>("header_octets_max", kHttp(&HttpConfiguration::header_octets_max), kKiB, kMiB,
                  "of a request"),
      duration<Draft>("request_timeout", kHttp(&HttpConfiguration::request_timeout), 1s, 5min,
                      "for a request to come in, and for its answer to be taken"),
  };
  for (Option<Draft>& row : rows) row.at_reload = AtReload::restart;
  return rows;
}

std::vector<Option<Draft>> notifyOptions() {
  const auto addListener = [](Draft& draft, std::string_view text) {
    const auto endpoint = endpointFromText(text);
    if (endpoint) draft.result.notify.listeners.push_back(*endpoint);
    return endpoint.has_value();
  };
  Option<Draft> listen =
      list<Draft>("listen", "an address and port, such as 192.0.2.1:53 or [2001:db8::1]:53",
                  addListener, "where NOTIFY is received, by UDP and TCP", [](Draft& draft) {
                    return listed(draft.result.notify.listeners,
                                  [](const xfr::Endpoint& each) { return xfr::toText(each); });
                  });
  listen.shape = Shape::list;
  return {
      atRestart(listen),
      choice<Draft>("tsig", kSettings(&loop::Settings::notify, &xfr::NotifyPolicy::require_tsig),
                    {{"hint", false}, {"require", true}},
                    "what an unsigned NOTIFY for a zone with a key is: a hint, or refused"),
      duration<Draft>(
          "unsigned_hint_interval",
          kSettings(&loop::Settings::notify, &xfr::NotifyPolicy::unsigned_hint_interval), 100ms, 1h,
          "how often an unsigned NOTIFY for a zone with a key is followed, per zone"),
      atRestart(count<Draft>(
          "connections_max", kNotify(&NotifyConfiguration::connections_max), 1, 100'000,
          "connections at a time; one more takes the place of the one that is silent longest")),
      atRestart(duration<Draft>("message_timeout", kNotify(&NotifyConfiguration::message_timeout),
                                100ms, 1h,
                                "on a connection, from one message to the end of the next")),
  };
}

std::vector<Option<Draft>> redisOptions() {
  const auto takeAddress = [](Draft& draft, std::string_view text) {
    const auto endpoint = endpointFromText(text);
    if (endpoint) draft.result.redis.address = *endpoint;
    return endpoint.has_value();
  };
  const auto takeUser = [](Draft& draft, std::string_view text) {
    draft.result.redis.user = text;
    return text.size() <= 128 && isGraphic(text);
  };
  const auto takeDeployment = [](Draft& draft, std::string_view text) {
    draft.result.redis.deployment = text;
    return isPlainName(text);
  };
  const auto showSocket = [](Draft& draft) {
    const auto* socket = std::get_if<std::filesystem::path>(&draft.result.redis.address);
    return socket ? socket->string() : std::string();
  };
  const auto showAddress = [](Draft& draft) {
    const auto* address = std::get_if<xfr::Endpoint>(&draft.result.redis.address);
    return address ? xfr::toText(*address) : std::string();
  };
  return {
      socketPath("unix", kRedis(&RedisConfiguration::address), "Redis's socket; or `address`",
                 showSocket),
      text<Draft>("address", "an address and port, such as 127.0.0.1:6379 or [::1]:6379",
                  takeAddress, "Redis's TCP address; or `unix`", showAddress),
      text<Draft>("user", "the name of an ACL user, without blanks", takeUser,
                  "the ACL user; the default one without",
                  [](Draft& draft) { return draft.result.redis.user; }),
      path("password_file", kRedis(&RedisConfiguration::password_file),
           "the file that holds the user's password, alone"),
      atRestart(required(text<Draft>("deployment", "1 to 64 letters, digits, `_`, `.` or `-`",
                                     takeDeployment, "NAME in the keys zonecast:{NAME}:*",
                                     [](Draft& draft) { return draft.result.redis.deployment; }))),
      duration<Draft>("connect_timeout", kRedis(&RedisConfiguration::connect_timeout), 10ms, 1min,
                      "for a connection to Redis"),
      duration<Draft>("command_timeout", kRedis(&RedisConfiguration::command_timeout), 10ms, 5min,
                      "without any answer from Redis while some are due"),
      duration<Draft>("lease", kRedis(&RedisConfiguration::lease), 1s, 10min,
                      "how long a leader leads that is not heard of"),
      duration<Draft>("workers_interval", kRedis(&RedisConfiguration::workers_interval), 100ms, 1h,
                      "between two looks at what workers tell of themselves"),
      count<Draft>("workers_max", kRedis(&RedisConfiguration::workers_max), 1, 100'000,
                   "workers that are looked at"),
  };
}

std::vector<Option<Draft>> resolverOptions() {
  using Answers = query::AnswerSettings;
  const auto answers = [](auto member) { return kSettings(&loop::Settings::answers, member); };
  const auto addServer = [](Draft& draft, std::string_view text) {
    auto& servers = draft.resolver.servers;
    const auto endpoint = endpointFromText(text);
    if (endpoint) servers.push_back(*endpoint);
    return endpoint.has_value() || (text == "off" && servers.empty());
  };
  Option<Draft> servers =
      list<Draft>("servers", "an address and port, such as 127.0.0.1:53 or [::1]:53, or off",
                  addServer, "recursive resolvers, asked in this order");
  servers.clear = [](Draft& draft) { draft.resolver.servers.clear(); };
  servers.show = [](Draft& draft) {
    std::vector<std::string> texts;
    for (const xfr::Endpoint& server : draft.resolver.servers) texts.push_back(xfr::toText(server));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  };
  return {
      servers,
      choice<Draft>("dnssec", at(&Draft::resolver, &ResolverConfiguration::dnssec),
                    {{"ignore", query::DnssecPolicy::ignore},
                     {"prefer", query::DnssecPolicy::prefer},
                     {"require", query::DnssecPolicy::require}},
                    "what is bogus is taken all the same, or not; or only what is secure is"),
      duration<Draft>("ttl_min", answers(&Answers::ttl_min), 1s, kDay,
                      "the least that an answer's TTL counts for"),
      duration<Draft>("ttl_max", answers(&Answers::ttl_max), 1s, 7 * kDay,
                      "the most that an answer's TTL counts for"),
      duration<Draft>(
          "negative_ttl_max", answers(&Answers::negative_ttl_max), 1s, kDay,
          "the most that an absence's TTL counts for (RFC 2308), if that is more than ttl_min"),
      duration<Draft>("retry_min", answers(&Answers::retry_min), 1s, 1h,
                      "wait until a question that failed is asked again; doubled each time"),
      duration<Draft>("retry_max", answers(&Answers::retry_max), 1s, kDay,
                      "the most that this wait grows to"),
      count<Draft>("asks_max", answers(&Answers::asks_max), 1, 10'000,
                   "questions under way, beside those for workers"),
      count<Draft>("asks_slow_max", answers(&Answers::asks_slow_max), 1, 1'000'000,
                   "questions under way beyond these, that nobody answered within seconds"),
      count<Draft>("asks_per_second", answers(&Answers::asks_per_second), 1, 1'000'000,
                   "questions begun; what is due beyond that waits, hosted domains least"),
  };
}

std::vector<Option<Draft>> deriveOptions() {
  const auto addTransport = [](Draft& draft, std::string_view text) {
    const auto transport = derive::transportFromText(text);
    if (transport) draft.result.settings.derive.transports.insert(*transport);
    return transport.has_value();
  };
  Option<Draft> transports = list<Draft>("transports", "udp, tcp, tls, ws or wss", addTransport,
                                         "the transports that are tried");
  transports.clear = [](Draft& draft) { draft.result.settings.derive.transports = {}; };
  transports.show = [](Draft& draft) {
    return fmt::format("[{}]", derive::toText(draft.result.settings.derive.transports));
  };
  return {
      transports,
      toggle<Draft>("address_step", kDerive(&derive::DerivePolicy::address_step),
                    "whether a domain without SRV is hosted by its addresses"),
      count<Draft>("srv_targets_max", kDerive(&derive::DerivePolicy::srv_targets_max), 1, 1000,
                   "targets of one SRV set that are tried; if none is the edge's, more make the "
                   "domain unknown"),
      count<Draft>("addresses_max", kDerive(&derive::DerivePolicy::addresses_max), 1, 1000,
                   "addresses of one target that are tried; if none is the edge's, more make the "
                   "domain unknown"),
      count<Draft>("lookups_max", kDerive(&derive::DerivePolicy::lookups_max), 1, 10'000,
                   "look-ups for one domain; one that takes more is unknown"),
      count<Draft>("naptr_chain_max", kDerive(&derive::DerivePolicy::naptr_chain_max), 1, 64,
                   "NAPTRs in a row; a domain with more is unknown"),
      count<Draft>("alias_chain_max", kDerive(&derive::DerivePolicy::alias_chain_max), 1, 64,
                   "CNAMEs and DNAMEs in a row; a domain with more is unknown"),
  };
}

std::vector<Option<Draft>> claimOptions() {
  const auto limit = [](auto member) { return kSettings(&loop::Settings::claim_limits, member); };
  return {
      count<Draft>("tags_max", limit(&identity::ClaimLimits::tags_max), 1, 1000,
                   "tags of one `_sipvhost` record"),
      count<Draft>("octets_max", limit(&identity::ClaimLimits::octets_max), 64, 65'535,
                   "octets of one `_sipvhost` record"),
  };
}

Option<Draft> patterns(std::string_view name,
                       std::vector<discovery::Pattern> discovery::Settings::*at,
                       std::string_view help) {
  const auto add = [at](Draft& draft, std::string_view text) {
    auto pattern = discovery::Pattern::fromText(text);
    if (pattern) (draft.result.settings.discovery.*at).push_back(*std::move(pattern));
    return pattern.has_value();
  };
  const auto show = [at](Draft& draft) {
    return listed(draft.result.settings.discovery.*at,
                  [](const discovery::Pattern& pattern) { return pattern.toText(); });
  };
  return list<Draft>(name, "a domain, `*.` and a domain for all below it, or `*`", add, help, show);
}

std::vector<Option<Draft>> discoveryQuotas() {
  using discovery::Quota, discovery::Settings;
  constexpr std::uint32_t kMax = 1'000'000;
  const auto quota = [](std::string_view name, auto member, auto part, std::string_view help) {
    return count<Draft>(name, kDiscovery(member, part), 1, kMax, help);
  };
  return {
      quota("total_rate", &Settings::total, &Quota::rate, "look-ups a second, in all"),
      quota("total_burst", &Settings::total, &Quota::burst,
            "look-ups at once after a quiet time, in all"),
      quota("worker_rate", &Settings::worker, &Quota::rate, "look-ups a second, for one worker"),
      quota("worker_burst", &Settings::worker, &Quota::burst,
            "look-ups at once after a quiet time, for one worker"),
      quota("registrable_rate", &Settings::registrable, &Quota::rate,
            "look-ups a second, at and below one registrable domain"),
      quota("registrable_burst", &Settings::registrable, &Quota::burst,
            "look-ups at once after a quiet time, at and below one registrable domain"),
      count<Draft>("workers_max", kDiscovery(&Settings::workers_max), 1, kMax,
                   "workers that are remembered; further ones share one quota"),
      count<Draft>("registrables_max", kDiscovery(&Settings::registrables_max), 1, kMax,
                   "registrable domains that are remembered; further ones share one quota"),
      count<Draft>("hosted_max", kDiscovery(&Settings::hosted_max), 1, 100'000'000,
                   "discovered domains that are hosted, beyond which no more are looked up"),
      count<Draft>("hosted_per_registrable", kDiscovery(&Settings::hosted_per_registrable), 1,
                   100'000'000, "hosted ones at and below each registrable domain, likewise"),
      count<Draft>("domains_max", kDiscovery(&Settings::domains_max), 1, kMax,
                   "domains that are remembered as looked up lately"),
      duration<Draft>("repeat_after", kDiscovery(&Settings::repeat_after), 1ms, 1h,
                      "time until a domain is looked up again because a worker asks"),
      count<Draft>("asks_max",
                   kSettings(&loop::Settings::answers, &query::AnswerSettings::wanted_asks_max), 1,
                   10'000, "questions under way about domains that workers want"),
  };
}

std::vector<Option<Draft>> discoveryOptions() {
  using discovery::Mode, discovery::Settings;
  std::vector<Option<Draft>> all{
      choice<Draft>("mode", kDiscovery(&Settings::mode),
                    {{"off", Mode::off},
                     {"listed", Mode::listed},
                     {"token", Mode::token},
                     {"open", Mode::open}},
                    "which domains are looked up that a worker does not know: none, those that "
                    "`allow` covers, those with the operator's token, or any"),
      patterns("allow", &Settings::allow, "what the mode `listed` looks up"),
      patterns("deny", &Settings::deny, "what is never looked up"),
      structure<Draft>("token_key_file", "the path of a file that holds a key in base64",
                       "from which the tokens of the mode `token` are made"),
      duration<Draft>("keep_foreign", kDiscovery(&Settings::keep_foreign), 1s, kDay,
                      "how long workers are told that a domain is not hosted"),
      duration<Draft>("idle", kDiscovery(&Settings::idle), 1s, 3650 * kDay,
                      "after which a domain that nobody asks for is refreshed less often"),
      duration<Draft>("idle_interval",
                      kSettings(&loop::Settings::answers, &query::AnswerSettings::idle_interval),
                      1s, 365 * kDay, "least time between two questions about such an idle domain"),
      structure<Draft>("attributes", "a mapping of attributes' names",
                       "what the operator sets for all discovered domains"),
  };
  std::ranges::move(discoveryQuotas(), std::back_inserter(all));
  return all;
}

std::vector<Option<Draft>> zoneLimits() {
  const auto transfer = [](auto member) { return at(&Draft::transfer_limits, member); };
  return {
      size<Draft>("zone_octets_max", transfer(&xfr::TransferLimits::octets_max), kKiB, kGiB,
                  "octets of one transfer of a zone; a larger one is refused"),
      count<Draft>("zone_records_max", transfer(&xfr::TransferLimits::records_max), 1, 100'000'000,
                   "records of a zone; a transfer with more is refused"),
      count<Draft>(
          "rrset_records_max",
          kSettings(&loop::Settings::zone_limits, &view::ZoneLimits::records_per_rrset_max), 1,
          65'535, "records of one name and type; a transfer with more is refused"),
      count<Draft>("owner_types_max",
                   kSettings(&loop::Settings::zone_limits, &view::ZoneLimits::types_per_owner_max),
                   1, 65'535,
                   "types of one name that are of no use here; a transfer with more is refused"),
      count<Draft>("ixfr_deltas_max", transfer(&xfr::TransferLimits::ixfr_deltas_max), 1, 1'000'000,
                   "differences in one IXFR; what has more is transferred whole"),
      count<Draft>("ixfr_records_max", transfer(&xfr::TransferLimits::ixfr_records_max), 1,
                   1'000'000,
                   "records removed and added by one IXFR; what has more is transferred whole"),
      count<Draft>("publish_batch", kSettings(&loop::Settings::publish_batch_max), 1, 100'000,
                   "changes that small publications are gathered up to"),
  };
}

std::vector<Option<Draft>> transferLimits() {
  using Limits = xfr::SecondaryLimits;
  return {
      count<Draft>("transfers_max", kSecondary(&Limits::transfers_max), 1, 10'000,
                   "transfers at a time, in all"),
      count<Draft>("transfers_per_primary", kSecondary(&Limits::transfers_per_primary), 1, 1000,
                   "transfers at a time from one primary; all at one address and port are one"),
      count<Draft>(
          "transfers_pipelined", kSecondary(&Limits::transfers_pipelined), 1, 1000,
          "transfers asked for on one connection before the first is answered; 1: none ahead"),
      count<Draft>("queries_per_primary", kSecondary(&Limits::queries_in_flight_per_primary), 1,
                   10'000, "SOA queries in flight to one primary"),
      count<Draft>("connections_max", kSecondary(&Limits::connections_max), 2, 1'000'000,
                   "connections to primaries, in all; more than transfers_max"),
      duration<Draft>("transfer_timeout", kSecondary(&Limits::transfer_timeout), 1s, kDay,
                      "for a whole transfer"),
      duration<Draft>("transfer_idle_timeout", kSecondary(&Limits::transfer_idle_timeout), 100ms,
                      1h, "without an octet of a transfer"),
      size<Draft>("transfer_rate_min", kSecondary(&Limits::transfer_octets_per_second_min), 1, kGiB,
                  "octets a second, below which a transfer is given up"),
      duration<Draft>("connect_timeout", kSecondary(&Limits::connect_timeout), 10ms, 5min,
                      "for a connection to a primary"),
      duration<Draft>("query_timeout", kSecondary(&Limits::query_timeout), 10ms, 5min,
                      "for a SOA query"),
      duration<Draft>("connection_idle_timeout", kSecondary(&Limits::connection_idle_timeout),
                      100ms, 1h, "after which an unused connection is closed"),
      duration<Draft>("primary_hold_down", kSecondary(&Limits::primary_hold_down), 100ms, 1h,
                      "after which a primary that could not be reached is tried again"),
  };
}

std::vector<Option<Draft>> timerLimits() {
  using Clamps = xfr::TimerClamps;
  return {
      duration<Draft>("refresh_min", kClamp(&Clamps::refresh_min), 1s, 365 * kDay,
                      "the least that a SOA's refresh counts for"),
      duration<Draft>("refresh_max", kClamp(&Clamps::refresh_max), 1s, 365 * kDay,
                      "the most that a SOA's refresh counts for"),
      duration<Draft>("retry_min", kClamp(&Clamps::retry_min), 1s, 365 * kDay,
                      "the least that a SOA's retry counts for"),
      duration<Draft>("retry_max", kClamp(&Clamps::retry_max), 1s, 365 * kDay,
                      "the most that a SOA's retry counts for"),
      duration<Draft>("expire_min", kClamp(&Clamps::expire_min), 1s, 3650 * kDay,
                      "the least that a SOA's expire counts for"),
      duration<Draft>("expire_max", kClamp(&Clamps::expire_max), 1s, 3650 * kDay,
                      "the most that a SOA's expire counts for"),
  };
}

std::vector<Option<Draft>> didOptions() {
  return {
      choice<Draft>(
          "default", kSettings(&loop::Settings::did_kind),
          {{"name", identity::DidKind::name}, {"uuid", identity::DidKind::uuid}},
          "what a domain gets that names none: its own name, or a UUID made of it; one that "
          "was given stays"),
      duration<Draft>(
          "keep", kSettings(&loop::Settings::did_keep), 0s, 3650 * kDay,
          "how long a DID that no domain has any more is kept for its customer; then, and "
          "at once where nobody speaks for the domain, it is reserved for ever"),
      count<Draft>("discovered_max", kSettings(&loop::Settings::dids_discovered_max), 0, 10'000'000,
                   "DIDs of discovered domains that are gone: those that went last are remembered"),
  };
}

std::vector<Option<Draft>> retireOptions() {
  const auto retire = [](auto member) { return kSettings(&loop::Settings::retire, member); };
  return {
      duration<Draft>(
          "absent", retire(&plan::RetirePolicy::absent), 0s, 30 * kDay,
          "whose records are gone: until DNS has said so twice, and so long; 0s: at once"),
      duration<Draft>("zone_gone", retire(&plan::RetirePolicy::zone_gone), 0s, 30 * kDay,
                      "whose name no customer speaks for any more"),
      choice<Draft>("on_expire", retire(&plan::RetirePolicy::on_expire),
                    {{"keep", plan::OnExpire::keep}, {"retire", plan::OnExpire::retire}},
                    "domains whose zone no primary has confirmed for its EXPIRE, or whose answers "
                    "no server has renewed for answer_expire: served on, or, after a grace, not"),
      duration<Draft>("expired", retire(&plan::RetirePolicy::expired), 0s, 30 * kDay,
                      "that grace, with on_expire: retire"),
      duration<Draft>("answer_expire",
                      kSettings(&loop::Settings::answers, &query::AnswerSettings::expire), 1s,
                      365 * kDay, "how long an answer holds while asking again fails"),
  };
}

std::vector<Option<Draft>> brakeOptions() {
  using plan::BrakePolicy;
  const auto brake = [](auto member) { return kSettings(&loop::Settings::brake, member); };
  return {
      count<Draft>("customer_percent", brake(&BrakePolicy::customer_percent), 0, 100,
                   "of a customer's domains: more of them are held"),
      count<Draft>("customer_min", brake(&BrakePolicy::customer_min), 0, 1'000'000'000,
                   "of a customer's domains: so many are never held"),
      count<Draft>("total_percent", brake(&BrakePolicy::total_percent), 0, 100,
                   "of all domains: of more, those of who contributes most are held"),
      count<Draft>("total_min", brake(&BrakePolicy::total_min), 0, 1'000'000'000,
                   "of all domains: so many are never held"),
      duration<Draft>("window", brake(&BrakePolicy::window), 1min, 30 * kDay,
                      "in which they are counted"),
  };
}

std::vector<Option<Draft>> operatorOptions() {
  return {
      count<Draft>("pins_max", kSettings(&loop::Settings::pins_max), 0, 1'000'000,
                   "domains that are pinned or blocked at a time"),
  };
}

std::vector<Option<Draft>> historyOptions() {
  using plan::HistoryPolicy;
  const auto history = [](auto member) { return kSettings(&loop::Settings::history, member); };
  return {
      count<Draft>("per_domain", history(&HistoryPolicy::per_domain), 0, 10'000,
                   "changes of one domain; the oldest go first; 0: none is kept"),
      count<Draft>("days", history(&HistoryPolicy::days), 1, 36'500, "for which a change is kept"),
  };
}

std::vector<Option<Draft>> limitOptions() {
  std::vector<Option<Draft>> all = zoneLimits();
  std::ranges::move(transferLimits(), std::back_inserter(all));
  std::ranges::move(timerLimits(), std::back_inserter(all));
  return all;
}

}  // namespace

std::span<const Section> sections() {
  static const std::vector<Section> kSections{
      {"", "the daemon", topLevel()},
      {"log", "what is told", logOptions()},
      {"http", "the status page, JSON and metrics, on this host", httpOptions()},
      {"notify", "being told that a zone changed (RFC 1996)", notifyOptions()},
      {"redis", "where the state of all domains is published", redisOptions()},
      {"resolver", "what lies outside of all zones is asked for", resolverOptions()},
      {"derive", "how RFC 3263 is followed", deriveOptions()},
      {"claims", "what a zone owner may say", claimOptions()},
      {"discovery", "domains that nobody configured, and that workers meet", discoveryOptions()},
      {"did", "the permanent identifiers of virtual domains", didOptions()},
      {"retire", "how long a domain is served on that DNS points here no more", retireOptions()},
      {"brake", "how many domains may go, or move to another DID, before somebody says yes",
       brakeOptions()},
      {"operator", "what the operator says whatever DNS says (zonecast pin, block)",
       operatorOptions()},
      {"history", "what is kept of what became of each domain (zonecast history, diff)",
       historyOptions()},
      {"limits", "so that no zone and no primary is a burden to the others", limitOptions()},
  };
  return kSections;
}

}  // namespace zonecast::config
