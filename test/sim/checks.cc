#include "test/sim/checks.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "test/sim/hostile_teller.h"
#include "test/support/described.h"

namespace zonecast::sim {
namespace {

template <typename... Parts>
[[noreturn]] void fail(fmt::format_string<Parts...> text, Parts&&... parts) {
  throw Failure(fmt::format(text, std::forward<Parts>(parts)...));
}

bool starts(const test::Step& step, std::string_view words) {
  return step.command.starts_with(words);
}

std::string toText(const std::optional<plan::DomainEntry>& entry) {
  return entry ? test::describe(*entry) : std::string("nothing");
}

std::string toText(const Finding& finding) {
  switch (finding.standing) {
    case Finding::Standing::unknown:
      return "unknown";
    case Finding::Standing::absent:
      return "not hosted";
    case Finding::Standing::hosted:
      break;
  }
  return "hosted " + sim::toText(finding.transports) + (finding.preferred ? " primary" : " backup");
}

bool agrees(const Finding& finding, const std::optional<plan::DomainEntry>& entry) {
  if (finding.standing == Finding::Standing::absent) return !entry;
  if (finding.standing == Finding::Standing::unknown || !entry) return false;
  const bool primary = entry->role == derive::Role::primary;
  return derive::toText(entry->transports) == toText(finding.transports) &&
         primary == finding.preferred;
}

template <typename Key, typename Value>
std::optional<Value> find(const absl::btree_map<Key, Value>& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Checks::Checks(test::World& world) : world_(world) {
  world_.journal.on_fact = [this](const ports::Fact& fact) { onFact(fact); };
  world_.store.on_asked = [this](const test::WorldStore::Asked& asked) { onAsked(asked); };
  world_.store.on_applied = [this](bool rebased) { onApplied(rebased); };
  world_.dns.on_asked = [this](const query::Question& question) { onQuestion(question); };
  world_.dns.on_answered = [this](const query::Question& question, const query::Outcome& outcome) {
    onAnswer(question, outcome);
  };
  world_.workers.on_told = [this](const derive::Domain& domain) { onTold(domain); };
}

void Checks::before(const test::Step& step) {
  if (std::exchange(is_settled_, false)) reference_.reset();
  if (starts(step, "start")) beginProcess();
  had_work_ = world_.isRunning() && world_.reconciler().hasWork();
  looks_up_ = starts(step, "want ") || starts(step, "look-up ");
  if (looks_up_ || had_work_) pace_.disturb(world_.clock.now().mono);
  if (starts(step, "approve") && world_.isRunning()) noteApproved();
  asking_.reset();
  if (looks_up_) beginLookUp(step);
  if (starts(step, "store wipe") || starts(step, "store restore")) {
    store_lost_ = true;
    reopened_ = false;
  }
  position_before_ = world_.store.content().position;
  noteLosses(step);
  noteHandOver(step);
}

void Checks::noteLosses(const test::Step& step) {
  const bool loses_disk =
      starts(step, "disk wipe") || starts(step, "disk full") || starts(step, "kill lost=");
  if (starts(step, "disk ")) disk_full_ = starts(step, "disk full");
  disk_lost_ |= loses_disk;
  dids_lost_ |= loses_disk;
  const bool loses_store =
      starts(step, "store wipe") || starts(step, "store restore") || store_lost_;
  // Another leader gives DIDs as it likes.
  if ((loses_store && dids_lost_) || starts(step, "store taken")) {
    owners_.clear();
    for (auto& [did, tenure] : tenures_) tenure.is_reserved = false;
    tenures_known_ = false;
  }
}

void Checks::checkOwners() {
  const auto& discovered = world_.settings.discovered;
  for (const auto& [did, virtual_domain] : world_.store.table().virtual_domains) {
    const std::string& customer = virtual_domain->customer;
    std::string& owner = owners_.try_emplace(std::string(did.text()), customer).first->second;
    const bool was_discovered =
        discovered &&
        owner == world_.settings.customers[static_cast<std::size_t>(*discovered)].name;
    const auto found = found_holders_.find(std::string(did.text()));
    const bool was_found_so = found != found_holders_.end() && found->second == customer;
    const auto handed_over = handed_over_.find(std::string(did.text()));
    const bool may_change = handed_over != handed_over_.end() && handed_over->second == customer;
    if (owner != customer && !was_discovered && !was_found_so && !may_change) {
      fail("identity: DID {} was {}'s, and is {}'s", did.text(), owner, customer);
    }
    owner = customer;
  }
}

void Checks::noteHandOver(const test::Step& step) {
  if (!starts(step, "hand-over ")) return;
  const std::size_t space = step.command.rfind(' ');
  const std::size_t first = step.command.find(' ') + 1;
  const std::string did = step.command.substr(first, space - first);
  handed_over_[did] = step.command.substr(space + 1);
  tenures_[did].is_reserved = false;
  tenures_[did].customers.insert(handed_over_[did]);
  tenures_[did].freed.reset();
}

// -- DIDs that nobody has

void Checks::noteTenures(const plan::Table& was, const plan::Table& is) {
  for (const auto& [did, virtual_domain] : is.virtual_domains) {
    Tenure& tenure = tenures_[std::string(did.text())];
    // What the store had all the time, or again, it keeps.
    if (tenure.is_reserved && !found_holders_.contains(std::string(did.text()))) {
      fail("tombstone: {} has DID {}, which nobody had for too long",
           virtual_domain->canonical.text(), did.text());
    }
    tenure.customers.insert(virtual_domain->customer);
    tenure.freed.reset();
    tenure.is_reserved = false;
  }
  for (const auto& [did, virtual_domain] : was.virtual_domains) {
    if (!is.virtual_domains.contains(did)) {
      tenures_[std::string(did.text())].freed = world_.clock.now().wall;
    }
  }
}

// All that was to be published is, and nobody waits for anything.
bool Checks::isQuiet() const {
  if (!world_.isRunning() || !world_.flows || world_.reconciler().hasWork()) return false;
  const loop::Overview overview = world_.reconciler().overview();
  return overview.store == loop::StoreState::idle && overview.domains_held == 0 &&
         overview.domains_braked == 0 && overview.domains_waiting == 0 &&
         ours_ == world_.store.content().position && !store_lost_;
}

void Checks::noteReserved() {
  const WallTime now = world_.clock.now().wall;
  for (auto& [did, tenure] : tenures_) {
    if (!tenure.freed || tenure.is_reserved) continue;
    if (*tenure.freed + world_.settings.did_keep > now) continue;
    tenure.was_long_free = true;
    const auto key = identity::Did::fromText(did).value();
    const auto record = world_.store.table().records.find(key);
    const bool is_known = record != world_.store.table().records.end() && record->second.freed;
    if (is_known && isQuiet()) tenure.is_reserved = true;
  }
}

// -- of those who are not hostile

std::vector<std::string> Checks::publishedOfInnocents() const {
  std::vector<std::string> lines;
  const plan::Table& table = world_.store.table();
  for (const auto& [domain, entry] : table.domains) {
    if (isHostile(domain.text())) continue;
    lines.push_back(fmt::format("{} {}", domain.text(), test::describe(entry)));
  }
  for (const auto& [did, virtual_domain] : table.virtual_domains) {
    if (isHostile(virtual_domain->canonical.text())) continue;
    lines.push_back(fmt::format("{} {}", did.text(), test::describe(*virtual_domain)));
  }
  return lines;
}

void Checks::noteParted(const plan::Table& was, const plan::Table& is) {
  // When a question is asked again is drawn by lot, from what all draw from: what was between two
  // answers is seen or not.
  if (!world_.settings.resolvers.empty()) return;
  for (const auto& [domain, entry] : was.domains) {
    if (isHostile(domain.text())) continue;
    const auto after = find(is.domains, domain);
    if (after && after->did == entry.did) continue;
    parted_.insert(fmt::format("{} {} {}", domain.text(), entry.did.text(),
                               after ? after->did.text() : "goes"));
  }
}

void Checks::after(const test::Step& step) {
  if (!tenures_.empty()) noteReserved();
  if (world_.isRunning() && world_.reconciler().hasWork()) pace_.disturb(world_.clock.now().mono);
  if (asking_) endWant();
  others_published_ |=
      starts(step, "store taken") && world_.store.content().position != position_before_;
  for (const auto& zone : world_.settings.secondary.zones) {
    const bool is_version = starts(step, "serve ") || starts(step, "replace ");
    if (!is_version || step.command.find(" " + zone.name.toText() + " ") == std::string::npos)
      continue;
    for (auto& [endpoint, primary] : world_.primaries) {
      if (!step.command.starts_with("serve " + primary.first + " ") &&
          !step.command.starts_with("replace " + primary.first + " "))
        continue;
      history_.learn(zone.name, primary.second.newest(zone.name));
    }
  }
  if (const std::string why = reader_.advance(world_.store.content()); !why.empty()) {
    fail("a reader sees half a change: {}", why);
  }
}

void Checks::beginProcess() {
  const auto& zones = world_.settings.secondary.zones;
  is_new_process_ = true;
  held_.assign(zones.size(), std::nullopt);
  confirmed_.assign(zones.size(), false);
  memory_.reset();
  meant_.reset();
  went_.clear();
  approved_.clear();
  reference_.reset();
  planned_reference_.reset();
  answered_.clear();
  pace_.begin(world_.settings.answers);
  pace_.disturb(world_.clock.now().mono);
  for (std::size_t i = 0; i < zones.size(); ++i) {
    const auto saved = world_.disk.zones().find(zones[i].name);
    if (saved != world_.disk.zones().end()) held_[i] = saved->second.copy.serial;
  }
  known_ = {};
  const auto& publisher = world_.disk.publisher();
  if (publisher && publisher->position) known_ = publisher->position->version;
  ours_ = publisher ? publisher->position : std::nullopt;
}

// A worker's question goes through the gate, the operator's past it, but only about what nobody
// speaks for.
void Checks::beginLookUp(const test::Step& step) {
  const std::string rest = step.command.substr(step.command.find(' ') + 1);
  const auto domain = derive::Domain::fromText(rest.substr(0, rest.find(' ')));
  const bool is_workers = starts(step, "want ");
  if (!world_.isRunning()) return;
  if (!domain || (is_workers && !mayBeLookedUp(world_.settings, *domain))) return;
  if (!is_workers && !isAnyones(*domain)) return;
  if (wanted_.emplace(domain->text()).second) reference_.reset();
  if (is_workers) asking_ = domain->text();
  is_owed_ = false;
}

bool Checks::isAnyones(const derive::Domain& domain) const {
  const Scene scene = sceneNow();
  return world_.settings.discovered &&
         ReferenceDns(scene.zones, scene.watched, scene.outside).speaker(domain.name()) ==
             ReferenceDns::kNobody;
}

// Who asks while all is well is answered at once: it is told, or the domain is published.
void Checks::endWant() {
  const bool is_well = world_.flows && world_.dns.mood == test::WorldDns::Mood::serving &&
                       world_.dns.broken.empty() && !had_work_ &&
                       ours_ == world_.store.content().position;  // nothing lost unnoticed
  // What failed lately is not asked again yet.
  const bool may_be_paused =
      world_.clock.now().mono < last_failure_ + 2 * world_.settings.answers.retry_max;
  if (!is_well || may_be_paused || !is_owed_) return;
  // What was forgotten is asked anew: as it is now, not as it was answered last.
  is_settled_ = true;
  const Scene scene = sceneNow();
  is_settled_ = false;
  const Finding finding = Reference(scene).of(*asking_);
  const bool is_held = std::ranges::any_of(finding.zones, [this](std::size_t zone) {
    return zone != ReferenceDns::kNobody && !confirmed_[zone];
  });
  const bool is_published =
      world_.store.table().domains.contains(derive::Domain::fromText(*asking_).value());
  if (is_published || is_held || finding.standing == Finding::Standing::unknown) return;
  fail("patience: a worker asked about {}, and hears nothing; DNS says: {}", *asking_,
       toText(finding));
}

void Checks::onQuestion(const query::Question& question) {
  const std::string why = pace_.onAsked(question, world_.clock.now().mono);
  if (!why.empty()) fail("pace: {}", why);
}

void Checks::onAnswer(const query::Question& question, const query::Outcome& outcome) {
  const Instant now = world_.clock.now().mono;
  pace_.onAnswered(question, outcome, now);
  auto answer = outsideOf(outcome);
  if (!answer) {
    last_failure_ = now;
    return;
  }
  auto& of_type = answered_[question.type];
  const auto known = of_type.find(question.name);
  if (known != of_type.end() && known->second == *answer) return;
  pace_.disturb(now);
  rememberPlanned();
  of_type.insert_or_assign(question.name, *std::move(answer));
  reference_.reset();
}

// A zone or an answer that has just come may say otherwise than what was worked off.
void Checks::onTold(const derive::Domain& domain) {
  const std::string text(domain.text());
  if (asking_ == text) is_owed_ = false;
  const Finding finding = reference().of(text);
  const bool is_behind = looks_up_ && had_work_;
  const bool is_target = !finding.has_records && mayLeanOnUnknown(finding);
  if (finding.standing != Finding::Standing::absent && !is_behind && !is_target) {
    fail("told: workers hear that {} is not hosted; DNS says: {}", text, toText(finding));
  }
  const bool is_quiet = world_.reconciler().overview().store == loop::StoreState::idle;
  if (is_quiet && ours_ == world_.store.content().position &&
      world_.store.table().domains.contains(domain)) {
    fail("told: workers hear that {} is not hosted, and it is published", text);
  }
}

void Checks::onFact(const ports::Fact& fact) {
  const bool is_of_store = std::holds_alternative<ports::StoreOpened>(fact) ||
                           std::holds_alternative<ports::Published>(fact);
  const bool is_of_zone = std::holds_alternative<xfr::ZoneTransferred>(fact);
  if (is_of_store || is_of_zone) pace_.disturb(world_.clock.now().mono);
  if (const auto* wanted = std::get_if<ports::Wanted>(&fact)) {
    is_owed_ = asking_ && !wanted->refused;
  } else if (const auto* current = std::get_if<xfr::ZoneCurrent>(&fact)) {
    confirmed_[static_cast<std::size_t>(current->zone)] = true;
  } else if (const auto* transferred = std::get_if<xfr::ZoneTransferred>(&fact)) {
    const auto zone = static_cast<std::size_t>(transferred->zone);
    rememberPlanned();
    confirmed_[zone] = true;
    held_[zone] = transferred->to;
    reference_.reset();
  } else if (std::holds_alternative<ports::StoreOpened>(fact)) {
    reopened_ = true;
    // A new process has the disk learn what the store knows.
    if (std::exchange(is_new_process_, false) && !disk_full_) dids_lost_ = false;
    if (!memory_ || !store_lost_) memory_ = world_.store.table();
    const auto& position = world_.store.content().position;
    if (std::exchange(others_published_, false) && position != ours_) {
      confirmed_.assign(confirmed_.size(), false);
    }
    ours_ = position;
    if (position) known_ = std::max(known_, position->version);
  } else if (std::holds_alternative<ports::Published>(fact)) {
    const auto& saved = world_.disk.publisher();
    const auto& position = world_.store.content().position;
    if (saved && saved->position == position) disk_lost_ = false;
    ours_ = position;
  }
}

Scene Checks::sceneNow() const {
  Scene scene = sceneOf(world_.settings, history_, held_);
  scene.wanted = wanted_;
  if (world_.settings.resolvers.empty()) return scene;
  if (is_settled_) {
    scene.outside = [this](dns::NameView name, dns::RrType type) {
      return outsideOf(world_.dns.answer({dns::Name(name), type}));
    };
    return scene;
  }
  // A copy: while a publication is planned, more is answered.
  scene.outside = [answered = answered_](dns::NameView name, dns::RrType type) {
    const auto of_type = answered.find(type);
    if (of_type == answered.end()) return std::optional<OutsideAnswer>();
    const auto known = of_type->second.find(name);
    return known == of_type->second.end() ? std::nullopt : std::optional(known->second);
  };
  return scene;
}

const Reference& Checks::reference() {
  if (!reference_) {
    scene_ = std::make_unique<Scene>(sceneNow());
    reference_ = std::make_unique<Reference>(*scene_);
  }
  return *reference_;
}

void Checks::onAsked(const test::WorldStore::Asked& asked) {
  const std::string why = inconsistency(asked.after);
  if (!why.empty()) fail("inconsistent: {}", why);
  if (asked.possible && asked.rebased) checkLineage();
  if (asked.possible) checkPlanned(asked.after);
  found_holders_.clear();
  for (const auto& [did, virtual_domain] : world_.store.table().virtual_domains) {
    found_holders_.emplace(did.text(), virtual_domain->customer);
  }
  meant_ = asked.after;
}

void Checks::rememberPlanned() {
  if (world_.reconciler().overview().store != loop::StoreState::planning) {
    planned_reference_.reset();
  } else if (!planned_reference_) {
    reference();
    planned_scene_ = std::move(scene_);
    planned_reference_ = std::move(reference_);
  }
}

void Checks::checkPlanned(const plan::Table& is) {
  try {
    checkChanges(is);
  } catch (const Failure&) {
    if (!planned_reference_) throw;
    scene_ = std::move(planned_scene_);
    reference_ = std::move(planned_reference_);
    checkChanges(is);
    reference_.reset();
  }
  planned_reference_.reset();
}

void Checks::onApplied(bool rebased) {
  ++publications_;
  checkVersion(rebased);
  checkOwners();
  if (memory_) noteTenures(*memory_, world_.store.table());
  if (memory_) noteParted(*memory_, world_.store.table());
  if (memory_ && !store_lost_ && !rebased) checkBrake(*memory_, world_.store.table());
  memory_ = world_.store.table();
  if (reopened_) store_lost_ = false;
  reopened_ = false;
}

void Checks::noteApproved() {
  constexpr std::size_t kAll = 10'000;
  for (const loop::PlanReport& plan : world_.reconciler().plans(kAll)) {
    for (const auto& line : plan.domains) approved_.emplace(line.domain.text());
    std::erase_if(went_, [&](const Went& went) { return went.customer == plan.customer; });
  }
}

void Checks::checkBrake(const plan::Table& was, const plan::Table& is) {
  const plan::BrakePolicy& policy = world_.settings.brake;
  const Instant now = world_.clock.now().mono;
  std::erase_if(went_, [&](const Went& went) { return went.when + policy.window < now; });
  std::map<std::string, std::size_t> sizes;
  for (const auto& [domain, entry] : was.domains) {
    const std::string& customer = was.virtual_domains.at(entry.did)->customer;
    ++sizes[customer];
    const auto after = find(is.domains, domain);
    if (after && after->did == entry.did) continue;
    if (approved_.erase(std::string(domain.text())) == 0) went_.push_back({now, customer});
  }
  for (const auto& [customer, size] : sizes) {
    std::size_t& most = most_[customer];
    most = std::max(most, size);
    const auto gone = static_cast<std::size_t>(
        std::ranges::count(went_, customer, [](const Went& went) { return went.customer; }));
    if (gone <= policy.customer_min || gone * 100 <= most * policy.customer_percent) continue;
    fail("brake: {} domains of {} went or moved, of {}", gone, customer, most);
  }
}

void Checks::checkVersion(bool rebased) {
  const plan::Position& position = *world_.store.content().position;
  const auto version = static_cast<std::uint64_t>(position.version);
  if (position.version <= known_) {
    fail("version: {} is published after {} was seen", version, static_cast<std::uint64_t>(known_));
  }
  known_ = position.version;
  const bool is_new =
      contents_.try_emplace({position.lineage.uuid, version}, position.chain).second;
  if (rebased && !is_new) fail("version: a lineage begins twice");
}

void Checks::checkLineage() const {
  if (!world_.store.content().position || store_lost_ || disk_lost_) return;
  fail("lineage: a new one begins, though neither store nor disk has lost anything");
}

void Checks::checkChanges(const plan::Table& is) {
  const plan::Table& was = world_.store.table();
  std::set<derive::Domain> domains;
  for (const auto& [domain, entry] : was.domains) domains.insert(domain);
  for (const auto& [domain, entry] : is.domains) domains.insert(domain);
  for (const derive::Domain& domain : domains) {
    const auto entry_before = find(was.domains, domain);
    const auto entry = find(is.domains, domain);
    if (entry == entry_before) continue;
    const auto remembers = [&](const std::optional<plan::Table>& table) {
      return table && find(table->domains, domain) == entry;
    };
    const bool given_back = store_lost_ && (remembers(memory_) || remembers(meant_));
    if (given_back) continue;
    // What the process had published, or meant to, it goes on from, though the store lost it.
    auto base = entry_before;
    for (const auto* table : {&memory_, &meant_}) {
      if (!store_lost_ || !*table) continue;
      const auto known = find((*table)->domains, domain);
      const bool was_told = !entry && known && known->state == plan::State::retiring;
      if (!base || was_told) base = known;
    }
    checkDomain(domain, base, entry, is);
  }
  for (const auto& [did, virtual_domain] : is.virtual_domains) {
    const auto known = memory_ ? find(memory_->virtual_domains, did) : std::nullopt;
    const auto stored = find(was.virtual_domains, did);
    const auto meant = meant_ && store_lost_ ? find(meant_->virtual_domains, did) : std::nullopt;
    if (stored == virtual_domain || known == virtual_domain || meant == virtual_domain) continue;
    const auto& base = known && store_lost_ ? known : stored;
    checkVirtualDomain(did, base ? &**base : nullptr, virtual_domain);
  }
}

void Checks::checkDomain(const derive::Domain& domain,
                         const std::optional<plan::DomainEntry>& before,
                         const std::optional<plan::DomainEntry>& after, const plan::Table& is) {
  const Finding finding = reference().of(std::string(domain.text()));
  const bool may_stay = before && after && !finding.has_records && mayLeanOnUnknown(finding);
  const bool is_absent = finding.standing == Finding::Standing::absent;
  if (is_absent && before && after && after->state == plan::State::retiring) {
    checkRetiring(domain, *before, *after);
  } else if (!agrees(finding, after) && !may_stay) {
    fail("{}: {} becomes {}; it had {}, and DNS says: {}",
         after ? "derivation" : "removal without evidence", domain.text(), toText(after),
         toText(before), toText(finding));
  }
  if (before && !after) checkRemoval(domain, *before, finding);
  checkSources(domain, finding, world_.store.table().domains.contains(domain));
  const bool is_as_it_was = after && after->state == plan::State::retiring;
  if (!after || is_as_it_was || finding.customer == ReferenceDns::kNobody) return;
  const bool moves = !before || before->did != after->did;
  if (moves && !isEntitled(std::string(domain.text()), finding, after->did, is)) {
    fail("identity: {} is under {}, which is of customer {}", domain.text(), after->did.text(),
         is.virtual_domains.at(after->did)->customer);
  }
}

// Its customer has the DID, or it was handed over to it, or who has it lets the domain in.
bool Checks::isEntitled(const std::string& domain, const Finding& finding, const identity::Did& did,
                        const plan::Table& table) {
  const std::string& customer = world_.settings.customers[finding.customer].name;
  if (table.virtual_domains.at(did)->customer == customer) return true;
  const auto handed_over = handed_over_.find(std::string(did.text()));
  if (handed_over != handed_over_.end() && handed_over->second == customer) return true;
  return letIn(domain, finding, did.text(), table) != LetIn::no;
}

// What a domain says that others name as their target, or that was discovered, binds nobody else.
bool Checks::hasSay(const Finding& other) const {
  return other.customer != ReferenceDns::kNobody && other.customer != scene_->discovered &&
         other.named_by.empty();
}

// schema/TXT.md, `alias`: across customers both sides say so, the holder by `alias`, the other one
// by `did`.
Checks::LetIn Checks::letIn(const std::string& domain, const Finding& finding,
                            std::string_view did_text, const plan::Table& table) {
  const auto did = identity::Did::fromText(did_text);
  const auto held = did ? find(table.virtual_domains, *did) : std::nullopt;
  if (!held || finding.customer == scene_->discovered) return LetIn::no;
  const auto asked = didAsked(finding.claim);
  if (finding.standing != Finding::Standing::unknown && asked != did_text) return LetIn::no;
  LetIn is_let_in = LetIn::no;
  for (const derive::Domain& member : (*held)->domains) {
    const std::string text(member.text());
    const Finding other = reference().of(text);
    if (text == domain || other.customer == ReferenceDns::kNobody) continue;
    const std::string& holder = world_.settings.customers[other.customer].name;
    if (!isFreeFor(holder, did_text)) continue;
    const bool stays = other.standing == Finding::Standing::unknown || isKept(other, text) ||
                       mayLeanOnUnknown(other);
    if (hasSay(other) && hasAlias(other.claim, domain)) {
      if (!stays) return LetIn::yes;
      is_let_in = LetIn::perhaps;
    }
    if (stays) is_let_in = LetIn::perhaps;
  }
  return is_let_in;
}

void Checks::checkRetiring(const derive::Domain& domain, const plan::DomainEntry& before,
                           const plan::DomainEntry& after) {
  plan::DomainEntry as_before = after;
  as_before.state = before.state;
  as_before.cause = before.cause;
  as_before.until = before.until;
  if (as_before != before) {
    fail("retiring: {} becomes {}, and had {}", domain.text(), toText(after), toText(before));
  }
  const plan::RetirePolicy& policy = world_.settings.retire;
  const WallTime most = world_.clock.now().wall + std::max(policy.absent, policy.zone_gone);
  if (after.until > plan::deadlineAt(most)) {
    fail("retiring: {} becomes {}, which is too long", domain.text(), toText(after));
  }
}

void Checks::checkRemoval(const derive::Domain& domain, const plan::DomainEntry& before,
                          const Finding& finding) {
  const bool is_over = before.state == plan::State::retiring &&
                       before.until <= plan::deadlineAt(world_.clock.now().wall);
  const bool is_led_away = std::ranges::all_of(derive::kTransports, [&](auto transport) {
    return !before.transports.contains(transport) ||
           finding.led_away.contains(static_cast<Transport>(transport));
  });
  const bool is_at_once = world_.settings.retire.absent == Duration::zero();
  if (is_over || is_led_away || is_at_once || !finding.has_records) return;
  fail("retirement: {} goes, and had {}", domain.text(), toText(before));
}

// DNS does not point it here, and it is still there.
bool Checks::isKept(const Finding& finding, const std::string& domain) {
  return finding.standing == Finding::Standing::absent &&
         world_.store.table().domains.contains(derive::Domain::fromText(domain).value());
}

void Checks::checkSources(const derive::Domain& domain, const Finding& finding, bool was_there) {
  if (store_lost_ && !was_there) return;  // it may be given back from the last good copies
  std::set<std::size_t> zones = finding.zones;
  for (const std::string& namer : finding.named_by) {
    const Finding other = reference().of(namer);
    zones.insert(other.zones.begin(), other.zones.end());
  }
  for (const std::size_t zone : zones) {
    if (zone == ReferenceDns::kNobody || confirmed_[zone]) continue;
    fail("not confirmed: {} changes, and zone {} is not confirmed yet", domain.text(),
         world_.settings.secondary.zones[zone].name.toText());
  }
}

void Checks::checkVirtualDomain(const identity::Did& did, const identity::VirtualDomain* before,
                                const identity::VirtualDomain& after) {
  const auto is_member = [&](const derive::Domain& domain) {
    return std::ranges::count(after.domains, domain) > 0;
  };
  if (before && is_member(before->canonical) && before->canonical != after.canonical) {
    fail("canonical: {} has {} instead of {}, which is still there", did.text(),
         after.canonical.text(), before->canonical.text());
  }
  const Finding finding = reference().of(std::string(after.canonical.text()));
  const AttributeTexts last = before ? textsOf(before->attributes) : AttributeTexts{};
  // Who was let in does not speak for it.
  const bool is_guest = finding.customer == ReferenceDns::kNobody ||
                        world_.settings.customers[finding.customer].name != after.customer;
  const bool stays = finding.standing == Finding::Standing::unknown || is_guest ||
                     isKept(finding, std::string(after.canonical.text()));
  const AttributeTexts said = stays ? last
                                    : attributesOf(finding.claim, scene_->attributes, last,
                                                   finding.customer != scene_->discovered);
  const AttributeTexts found = textsOf(after.attributes);
  const bool leans = !finding.has_records && mayLeanOnUnknown(finding) && found == last;
  if (found != said && !leans) {
    fail("attributes: {} has {}; it had {}", did.text(), test::describe(after),
         before ? test::describe(*before) : std::string("nothing"));
  }
}

// -- when all is quiet

void Checks::settled() {
  is_settled_ = true;
  reference_.reset();
  const plan::Table& table = world_.store.table();
  if (const std::string why = inconsistency(table); !why.empty()) fail("inconsistent: {}", why);
  std::set<std::string> domains;
  for (const auto& [domain, finding] : reference().findings()) domains.insert(domain);
  for (const auto& [domain, entry] : table.domains) domains.emplace(domain.text());
  for (const std::string& domain : domains) checkSettledDomain(domain, reference().of(domain));
  for (const auto& [did, virtual_domain] : table.virtual_domains) {
    checkVirtualDomain(did, &*virtual_domain, virtual_domain);
  }
}

void Checks::checkSettledDomain(const std::string& text, const Finding& finding) {
  const auto domain = derive::Domain::fromText(text);
  if (!domain) fail("reference: {} is no domain", text);
  const auto entry = find(world_.store.table().domains, *domain);
  if (finding.standing == Finding::Standing::unknown) return;  // as it was
  const bool leans = !finding.has_records && entry && mayLeanOnUnknown(finding);
  if (leans && !agrees(finding, entry)) return;
  if (!agrees(finding, entry)) {
    fail("settled: {} has {}; DNS says: {}", text, toText(entry), toText(finding));
  }
  if (entry) checkSettledDid(text, finding, entry->did);
}

// A domain that is unknown, or kept, keeps what it had, and with it the targets that it named then.
bool Checks::mayLeanOnUnknown(const Finding& finding) {
  const auto stays = [&](const std::string& domain, const Finding& other) {
    return other.customer == finding.customer &&
           (other.standing == Finding::Standing::unknown || isKept(other, domain));
  };
  return std::ranges::any_of(reference().findings(),
                             [&](const auto& found) { return stays(found.first, found.second); }) ||
         std::ranges::any_of(world_.store.table().domains, [&](const auto& published) {
           const std::string domain(published.first.text());
           return stays(domain, reference().of(domain));
         });
}

bool Checks::onlyForgot(const plan::Table& before) {
  const plan::Table& now = world_.store.table();
  const auto may_be_forgotten = [&](const derive::Domain& domain) {
    const Finding finding = reference().of(std::string(domain.text()));
    const bool is_in_both = now.domains.contains(domain) && before.domains.contains(domain);
    return (is_in_both || !finding.has_records) && mayLeanOnUnknown(finding);
  };
  const auto is_the_same = [](const auto& entry, const plan::Table& other) {
    return find(other.domains, entry.first) == entry.second;
  };
  return std::ranges::all_of(before.domains,
                             [&](const auto& entry) {
                               return is_the_same(entry, now) || may_be_forgotten(entry.first);
                             }) &&
         std::ranges::all_of(now.domains, [&](const auto& entry) {
           return is_the_same(entry, before) || may_be_forgotten(entry.first);
         });
}

// The published table is the register of who has what: in use, handed over, kept or reserved.
bool Checks::isFreeFor(const std::string& customer, std::string_view text) const {
  const plan::Table& table = world_.store.table();
  const auto did = identity::Did::fromText(text);
  if (!did) return false;
  const auto record = find(table.records, *did);
  const auto held = find(table.virtual_domains, *did);
  if (held) return (*held)->customer == customer || (record && record->customer == customer);
  if (!record) return true;
  const bool is_anyones = customer == discoveredName();
  const bool is_over = record->freed && WallTime(*record->freed) + world_.settings.did_keep <=
                                            world_.clock.now().wall;
  return record->customer == customer && !is_anyones && !is_over;
}

std::string Checks::discoveredName() const {
  const auto& discovered = world_.settings.discovered;
  return discovered ? world_.settings.customers[static_cast<std::size_t>(*discovered)].name : "";
}

// Its own name was not its customer's to have, once at least.
bool Checks::mayBeNumbered(const std::string& domain, const std::string& customer) const {
  const auto known = tenures_.find(domain);
  if (!tenures_known_ || customer == discoveredName()) return true;
  if (known == tenures_.end()) return false;
  return known->second.was_long_free ||
         std::ranges::any_of(known->second.customers,
                             [&](const std::string& other) { return other != customer; });
}

// The rules of DESIGN section 5 and of schema/TXT.md.
void Checks::checkSettledDid(const std::string& domain, const Finding& finding,
                             const identity::Did& did) {
  const plan::Table& table = world_.store.table();
  const std::string& customer = world_.settings.customers[finding.customer].name;
  const auto must = [&](const std::string& text, std::string_view why) {
    if (did.text() != text) {
      fail("identity: {} has DID {}, and should have {}: {}", domain, did.text(), text, why);
    }
  };
  const auto asked = didAsked(finding.claim);
  if (asked && reference().mayClaim(finding.customer, *asked) && isFreeFor(customer, *asked)) {
    return must(*asked, "it is claimed");
  }
  if (asked && !isFreeFor(customer, *asked)) {
    const LetIn let_in = letIn(domain, finding, *asked, table);
    if (let_in == LetIn::yes) return must(*asked, "both sides say so");
    if (let_in == LetIn::perhaps && did.text() == *asked) return;
  }
  if (!isFreeFor(customer, did.text())) {
    fail("identity: {} has another's DID {}", domain, did.text());
  }
  if (mayLeanOnUnknown(finding)) return;
  std::set<std::string> joined;
  const auto join = [&](const std::string& namer) {
    const auto entry = find(table.domains, derive::Domain::fromText(namer).value());
    if (entry && namer != domain) joined.emplace(entry->did.text());
  };
  if (!finding.names_others) {
    for (const std::string& namer : finding.named_by) join(namer);
  }
  const bool is_anyones = finding.customer == scene_->discovered;
  if (!hasAliases(finding.claim) && !is_anyones) {
    for (const auto& [other, found] : reference().findings()) {
      const bool is_own = found.customer == finding.customer && hasSay(found);
      if (is_own && hasAlias(found.claim, domain)) join(other);
    }
  }
  if (joined.size() == 1 && isFreeFor(customer, *joined.begin())) {
    return must(*joined.begin(), "all that name it have it");
  }
  const bool is_numbered = did.text().starts_with(domain + "~");
  if (!is_numbered) return must(domain, "nothing gives it another");
  if (!mayBeNumbered(domain, customer)) must(domain, "nobody else ever had it");
}

}  // namespace zonecast::sim
