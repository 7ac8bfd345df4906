#include "adapters/redis/opening.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "adapters/redis/convert.h"
#include "schema/functions.h"

namespace zonecast::redis {
namespace {

constexpr std::uint64_t kRedisMajorMin = 7;  // Functions

Expected<std::string> readPassword(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string password{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    return tl::unexpected(fmt::format("password file {}: {}", path, std::strerror(errno)));
  }
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  return password;
}

// The value of a line "name:value" of INFO.
std::string_view infoField(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const std::string_view line = info.substr(0, info.find('\n'));
    info.remove_prefix(std::min(line.size() + 1, info.size()));
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with(':')) continue;
    const std::string_view value = line.substr(name.size() + 1);
    return value.substr(0, value.find('\r'));
  }
  return {};
}

Outcome checkInfo(std::string_view info) {
  const std::string_view version = infoField(info, "redis_version");
  const auto major = numberFromText(version.substr(0, version.find('.')));
  if (!major || *major < kRedisMajorMin) {
    return tl::unexpected(fmt::format("it is Redis {}: at least version 7 is needed", version));
  }
  if (infoField(info, "role") != "master") {
    return tl::unexpected(std::string("it is a replica: publish to its master"));
  }
  const std::string_view policy = infoField(info, "maxmemory_policy");
  if (policy != "noeviction") {
    return tl::unexpected(fmt::format("maxmemory-policy is {}: set noeviction", policy));
  }
  return {};
}

std::uint64_t milliseconds(Duration duration) {
  using std::chrono::milliseconds;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(duration).count());
}

Command acquisition(const Place& place, plan::Term term_known) {
  const schema::RedisKeys& keys = place.keys;
  Command command("FCALL");
  command.subject(schema::functionName("acquire")).add(9);
  command.add(keys.meta()).add(keys.lease()).add(keys.domain()).add(keys.attribute());
  command.add(keys.virtualDomain()).add(keys.did()).add(keys.log());
  command.add(keys.stage("0:0", schema::kDomainHash)).add(keys.aside(schema::kDomainHash));
  command.add(place.options.instance_id).add(milliseconds(place.options.lease_ttl));
  command.add(toText(term_known)).add(keys.events());
  return command;
}

bool says(ReplyView reply, std::string_view words) {
  return reply.isError() && reply.text().find(words) != std::string_view::npos;
}

Task<Outcome> loadFunctions(Place place) {
  Command command("FUNCTION");
  command.subject("LOAD").add(schema::kFunctionSource);
  const Reply reply = co_await place.session.answer(command);
  // Somebody else may have been faster. The name is the content, so theirs is ours.
  if (says(reply, "already exists")) co_return Outcome();
  co_return errorIn("FUNCTION LOAD", reply);
}

}  // namespace

Task<Outcome> authenticate(Place place) {
  const RedisOptions& options = place.options;
  if (options.password_file.empty()) co_return Outcome();
  const auto password = readPassword(options.password_file);
  if (!password) co_return tl::unexpected(password.error());
  Command command("AUTH");
  if (!options.user.empty()) command.subject(options.user);
  command.add(*password);
  const auto reply = co_await place.session.ask(std::move(command));
  if (!reply) co_return tl::unexpected(reply.error());
  co_return Outcome();
}

Task<Expected<std::string>> checkServer(Place place) {
  const auto info = co_await place.session.ask(Command("INFO"));
  if (!info) co_return tl::unexpected(info.error());
  if (auto fit = checkInfo(info->view().text()); !fit) co_return tl::unexpected(fit.error());
  if (infoField(info->view().text(), "aof_enabled") == "1") co_return std::string();

  Command command("CONFIG");
  command.subject("GET").subject("save");
  const auto save = co_await place.session.ask(std::move(command));
  if (!save)
    co_return fmt::format("whether Redis persists its data is not known: {}", save.error());
  if (!save->view()[1].text().empty()) co_return std::string();
  co_return std::string(
      "Redis keeps no data on disk: after a restart it is empty until zonecast has published "
      "everything again; set appendonly yes");
}

Duration renewalInterval(const RedisOptions& options) {
  return std::min(options.lease_ttl / 3, options.renewal_interval_max);
}

Task<Expected<plan::Term>> takeLease(Place place, plan::Term term_known,
                                     std::function<void(std::string)> tell) {
  const std::string title = "FCALL acquire";
  for (bool is_loaded = false;;) {
    const Reply reply = co_await place.session.answer(acquisition(place, term_known));
    if (says(reply, "Function not found") && !std::exchange(is_loaded, true)) {
      const Outcome loaded = co_await loadFunctions(place);
      if (!loaded) co_return tl::unexpected(loaded.error());
      continue;
    }
    const Outcome taken = refusalIn(title, reply);
    if (taken) {
      const auto term = numberFromText(reply.view()[1].text());
      if (!term) co_return tl::unexpected(std::string("a term that is no number"));
      co_return plan::Term{*term};
    }
    if (reply.view()[0].text() != "held") co_return tl::unexpected(taken.error());
    tell(taken.error());
    co_await place.session.sleep(renewalInterval(place.options));
  }
}

Command renewal(const Place& place, plan::Term term) {
  Command command("FCALL");
  command.subject(schema::functionName("renew")).add(2);
  command.add(place.keys.meta()).add(place.keys.lease());
  command.add(place.options.instance_id).add(toText(term));
  command.add(milliseconds(place.options.lease_ttl));
  return command;
}

Command watching(const Place& place) {
  const schema::RedisKeys& keys = place.keys;
  Command command("WATCH");
  command.add(keys.meta()).add(keys.domain()).add(keys.attribute()).add(keys.virtualDomain());
  command.add(keys.did()).add(keys.log());
  return command;
}

}  // namespace zonecast::redis
