#include "reconciler/discovery/gate.h"

#include <algorithm>
#include <cassert>

#include <libpsl.h>

#include "reconciler/derive/edge.h"

namespace zonecast::discovery {
namespace {

// More of a worker's name is not looked at; mirrors have shorter ones.
constexpr std::size_t kWorkerOctetsMax = 128;
constexpr std::size_t kAddressOctetsMax = 64;

// "192.0.2.1", "2001:db8::1", "[2001:db8::1]" (RFC 3261 section 25.1 `host`).
bool isAddress(std::string_view text) {
  if (text.size() > kAddressOctetsMax || text.find('/') != std::string_view::npos) return false;
  const bool is_reference = text.size() > 1 && text.front() == '[' && text.back() == ']';
  if (is_reference) text = text.substr(1, text.size() - 2);
  const auto prefix = derive::prefixFromText(text);
  return prefix && (prefix->v6 || !is_reference);
}

}  // namespace

std::string_view toText(Refusal refusal) {
  switch (refusal) {
    case Refusal::off:
      return "off";
    case Refusal::malformed:
      return "malformed";
    case Refusal::address:
      return "address";
    case Refusal::denied:
      return "denied";
    case Refusal::notListed:
      return "not_listed";
    case Refusal::recent:
      return "recent";
    case Refusal::workerRate:
      return "worker_rate";
    case Refusal::registrableRate:
      return "registrable_rate";
    case Refusal::totalRate:
      return "total_rate";
    case Refusal::full:
      break;
  }
  return "full";
}

std::string registrableOf(const derive::Domain& domain) {
  const psl_ctx_t* list = psl_builtin();
  assert(list != nullptr);  // Debian's library has it
  std::string text(domain.text());
  const char* registrable = psl_registrable_domain(list, text.c_str());
  return registrable == nullptr ? text : std::string(registrable);
}

Gate::Gate(const Settings& settings)
    : settings_(settings),
      allow_(settings.allow),
      deny_(settings.deny),
      workers_(settings.worker, settings.workers_max),
      registrables_(settings.registrable, settings.registrables_max) {}

tl::expected<derive::Domain, Refusal> Gate::admit(std::string_view text, std::string_view worker,
                                                  Instant now) {
  auto domain = read(text);
  if (!domain) return domain;
  if (isRecent(*domain, now)) return tl::unexpected(Refusal::recent);

  worker = worker.substr(0, kWorkerOctetsMax);
  const Allowance of_worker = workers_.of(worker, now);
  if (!of_worker.hasToken(settings_.worker, 0, now)) return tl::unexpected(Refusal::workerRate);
  const bool is_quiet = of_worker.holdsMoreThan(
      settings_.worker, settings_.worker.burst - settings_.worker.burst / 2, now);
  const std::uint32_t kept = is_quiet ? 0 : settings_.total.burst / 4;
  if (!total_.hasToken(settings_.total, kept, now)) {
    workers_.takeInVain(worker, now);
    return tl::unexpected(Refusal::totalRate);
  }
  const std::string registrable = registrableOf(*domain);
  if (!registrables_.of(registrable, now).hasToken(settings_.registrable, 0, now))
    return tl::unexpected(Refusal::registrableRate);

  workers_.take(worker, now);
  total_.take(settings_.total, now);
  registrables_.take(registrable, now);
  remember(*domain, now);
  return domain;
}

// The domain, if any may have it looked up.
tl::expected<derive::Domain, Refusal> Gate::read(std::string_view text) const {
  if (settings_.mode == Mode::off) return tl::unexpected(Refusal::off);
  auto domain = derive::Domain::fromText(text);
  if (!domain) return tl::unexpected(isAddress(text) ? Refusal::address : Refusal::malformed);
  if (deny_.matches(domain->text())) return tl::unexpected(Refusal::denied);
  if (settings_.mode == Mode::listed && !allow_.matches(domain->text()))
    return tl::unexpected(Refusal::notListed);
  return *std::move(domain);
}

bool Gate::isRecent(const derive::Domain& domain, Instant now) {
  while (!by_age_.empty() && now - by_age_.front().first >= settings_.repeat_after) {
    recent_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  return recent_.contains(domain);
}

void Gate::remember(const derive::Domain& domain, Instant now) {
  if (recent_.size() >= settings_.domains_max) {
    recent_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  recent_.insert(domain);
  by_age_.emplace_back(now, domain);
}

}  // namespace zonecast::discovery
