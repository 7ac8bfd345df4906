// The configuration loader, on the text of one file.
//
// The file is in memory (a memfd), and names no file that exists. Holds: an error says where in the
// file it is and is one printable sentence, and errors come in the file's order; what is loaded is
// complete, within its bounds, and consistent; and a comment in front moves every error by one line
// and changes nothing else. Of a file in which nothing stands, what is missing stands at its
// beginning.
#include <set>
#include <string>

#include <absl/container/flat_hash_set.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/configuration.h"
#include "reconciler/discovery/token.h"
#include "test/fuzz/fuzzing.h"

namespace zonecast::fuzz {
namespace {

using Loaded = tl::expected<config::Configuration, std::vector<config::ConfigError>>;

class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("configuration", MFD_CLOEXEC)) {
    require(fd_ >= 0, "there is memory for a file");
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  Loaded load(std::string_view text) const {
    require(::ftruncate(fd_, 0) == 0 &&
                ::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
            "a file in memory can be written");
    return config::load("/proc/self/fd/" + std::to_string(fd_));
  }

 private:
  int fd_;
};

// The length of each line, without its end.
std::vector<std::size_t> linesOf(std::string_view text) {
  std::vector<std::size_t> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    lines.push_back(std::min(end, text.size()));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

bool isBefore(const config::ConfigError& a, const config::ConfigError& b) {
  return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void checkErrors(const std::vector<config::ConfigError>& errors, std::string_view text) {
  require(!errors.empty(), "what is not loaded has an error");
  require(std::ranges::is_sorted(errors, isBefore), "errors come in the file's order");
  const std::vector<std::size_t> lines = linesOf(text);
  for (const config::ConfigError& error : errors) {
    require(!error.text.empty() && isPrintable(error.text), "an error is one printable sentence");
    if (error.line == 0) continue;  // of the file as a whole
    require(error.line >= 1 && static_cast<std::size_t>(error.line) <= lines.size(),
            "an error stands on a line of the file");
    require(error.column >= 1 && static_cast<std::size_t>(error.column) <=
                                     lines[static_cast<std::size_t>(error.line) - 1] + 1,
            "and in a column of that line");
  }
}

void checkSecondary(const config::Configuration& configuration) {
  const xfr::SecondarySettings& secondary = configuration.settings.secondary;
  require(secondary.zones.size() == configuration.settings.zones.size(), "every zone is bound");
  for (std::size_t i = 0; i < secondary.zones.size(); ++i) {
    const xfr::ZoneSettings& zone = secondary.zones[i];
    const auto customer = static_cast<std::size_t>(configuration.settings.zones[i].customer);
    require(customer < configuration.settings.customers.size(), "a zone has a customer");
    require(!zone.primaries.empty(), "a zone has a primary");
    for (const xfr::PrimaryId id : zone.primaries) {
      require(static_cast<std::size_t>(id) < secondary.primaries.size(), "that exists");
    }
    for (std::size_t k = 0; k < i; ++k) {
      require(zone.name != secondary.zones[k].name.view(), "a zone is configured once");
    }
    require(zone.limits.octets_max > 0 && zone.limits.records_max > 0, "a limit lets something by");
  }
  const xfr::TimerClamps& clamps = secondary.clamps;
  require(clamps.refresh_min <= clamps.refresh_max && clamps.retry_min <= clamps.retry_max &&
              clamps.expire_min <= clamps.expire_max,
          "a minimum is no more than its maximum");
  require(secondary.limits.transfers_max > 0 && secondary.limits.transfers_per_primary > 0,
          "something may be transferred");
}

void checkResolver(const query::Resolver& resolver) {
  const query::Upstream& upstream = *resolver.upstream;
  require(!upstream.servers.empty(), "a resolver has a server");
  if (resolver.dnssec != query::DnssecPolicy::require) return;
  require(upstream.kind == query::Upstream::Kind::resolver, "authorities validate nothing");
  for (const xfr::Endpoint& server : upstream.servers) {
    require(query::isLoopback(server.address), "what is required is believed on loopback alone");
  }
}

void checkResolvers(const loop::Settings& settings) {
  for (const query::Resolver& resolver : settings.resolvers) checkResolver(resolver);
  std::set<query::ResolverId> authoritative;
  const auto has = [&](std::optional<query::ResolverId> id, query::Upstream::Kind kind) {
    if (!id) return;
    const auto index = static_cast<std::size_t>(*id);
    require(index < settings.resolvers.size(), "who is asked is configured");
    require(settings.resolvers[index].upstream->kind == kind, "as what it is asked");
  };
  for (const loop::CustomerSettings& customer : settings.customers) {
    has(customer.resolver, query::Upstream::Kind::resolver);
    has(customer.authoritative, query::Upstream::Kind::authoritative);
    if (!customer.authoritative) continue;
    require(authoritative.insert(*customer.authoritative).second,
            "no customer's authorities speak for another");
  }
}

void checkWatched(const loop::Settings& settings) {
  absl::flat_hash_set<dns::Name, dns::NameHash, dns::NameEqual> claimed;
  for (const xfr::ZoneSettings& zone : settings.secondary.zones) claimed.insert(zone.name);
  for (const loop::WatchedName& watched : settings.watched) {
    require(claimed.insert(watched.name).second, "a name is watched, or a zone, once");
    const auto index = static_cast<std::size_t>(watched.customer);
    require(index < settings.customers.size(), "a watched name has a customer");
    const loop::CustomerSettings& customer = settings.customers[index];
    require(customer.resolver || customer.authoritative, "and somebody to ask about it");
    if (!customer.authoritative) continue;
    const auto& asked = settings.resolvers[static_cast<std::size_t>(*customer.authoritative)];
    require(asked.speaksFor(watched.name.view()), "who may speak for it");
  }
}

void checkDiscovery(const loop::Settings& settings) {
  const discovery::Settings& discovery = settings.discovery;
  using discovery::Mode;
  require(discovery.mode != Mode::listed || !discovery.allow.empty(), "a list lists something");
  require(
      discovery.mode != Mode::token || discovery.token_key.size() >= discovery::kTokenKeyOctetsMin,
      "tokens have a key");
  for (const discovery::Quota& quota : {discovery.total, discovery.worker, discovery.registrable}) {
    require(quota.rate > 0 && quota.burst > 0, "a quota lets something by");
  }
  for (std::size_t i = 0; i < settings.customers.size(); ++i) {
    const bool is_discovered = settings.discovered == view::CustomerId{static_cast<unsigned>(i)};
    require((settings.customers[i].name == "discovered") == is_discovered,
            "one customer is that of discovered domains");
    require(!is_discovered || i + 1 == settings.customers.size(), "the last");
  }
  for (const loop::ZoneBinding& zone : settings.zones) {
    require(zone.customer != settings.discovered, "it has no zone");
  }
}

void checkAnswers(const query::AnswerSettings& answers) {
  require(answers.ttl_min <= answers.ttl_max && answers.retry_min <= answers.retry_max,
          "a minimum is no more than its maximum");
  require(answers.asks_max > 0 && answers.asks_per_second > 0, "something may be asked");
}

void checkAttributes(const identity::AttributeSchema& schema) {
  for (const auto& [name, spec] : schema.specs) {
    require(name == spec.name && !name.empty(), "an attribute stands under its name");
    require(spec.multi || spec.defaults.size() <= 1, "one default, unless there may be several");
    for (const auto& value : spec.defaults) {
      const auto again = identity::parseValue(spec, identity::toText(value));
      require(again && *again == value, "a default is within its schema");
    }
  }
}

void checkConfiguration(const config::Configuration& configuration) {
  require(!configuration.settings.edge.rules.empty(), "there is an edge");
  require(!configuration.redis.deployment.empty(), "a deployment has a name");
  require(!configuration.state_directory.empty() && !configuration.control_socket.empty(),
          "what has a default has a value");
  checkSecondary(configuration);
  checkResolvers(configuration.settings);
  checkWatched(configuration.settings);
  checkDiscovery(configuration.settings);
  checkAnswers(configuration.settings.answers);
  checkAttributes(configuration.settings.attributes);
}

// No more than blanks, comments and YAML's directives.
bool saysNothing(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t first = line.find_first_not_of(" \t\r");
    const bool says = first != std::string_view::npos && line[first] != '#' && line[0] != '%';
    if (says) return false;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return true;
}

void checkShift(std::string_view text, const Loaded& loaded, const Loaded& shifted) {
  require(loaded.has_value() == shifted.has_value(), "a comment makes nothing good or bad");
  if (loaded) return;
  const bool says_nothing = saysNothing(text);
  require(loaded.error().size() == shifted.error().size(), "nor more or fewer errors");
  for (std::size_t i = 0; i < loaded.error().size(); ++i) {
    const config::ConfigError& was = loaded.error()[i];
    const config::ConfigError& is = shifted.error()[i];
    require(is.column == was.column, "an error stays in its column");
    const bool may_stay = was.line == 0 || (says_nothing && was.line == 1 && was.column == 1);
    require(is.line == was.line + 1 || (may_stay && is.line == was.line),
            "and moves with its line");
  }
}

}  // namespace
}  // namespace zonecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zonecast;
  using namespace zonecast::fuzz;
  static const MemoryFile kFile;
  const std::string text(asChars({data, size}));
  const Loaded loaded = kFile.load(text);
  if (loaded) {
    checkConfiguration(*loaded);
  } else {
    checkErrors(loaded.error(), text);
  }
  // The first octets may say that it is UTF-16 or UTF-32, which a comment in front would change.
  const std::string_view first = std::string_view(text).substr(0, 4);
  const bool is_ascii = std::ranges::all_of(first, [](char c) { return c > 0; });
  if (is_ascii) checkShift(text, loaded, kFile.load("# a comment\n" + text));
  return 0;
}
