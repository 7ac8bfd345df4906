#include "reconciler/loop/pass.h"

#include <utility>

namespace zonecast::loop {
namespace {

// A step is a name looked at or two records saved, up to a microsecond; this is what others cost.
constexpr std::size_t kStepsPerStage = 10;  // to begin with
constexpr std::size_t kStepsPerDomain = 10;

// Could a record at this owner ask for a domain to be tried?
bool isServiceOwner(dns::NameView owner) {
  const std::string_view first = owner.firstLabel();
  return first == "_sip" || first == "_sips" || first == identity::kClaimLabel;
}

}  // namespace

Pass::Pass(const PassTools& tools, PassSubject subject, plan::Cause cause, bool save_full_copy)
    : tools_(tools),
      subject_(std::move(subject)),
      cause_(std::move(cause)),
      save_full_copy_(save_full_copy) {}

std::optional<xfr::ZoneId> Pass::zone() const {
  if (const auto* installed = std::get_if<ZoneInstalled>(&subject_)) return installed->zone;
  if (const auto* replaced = std::get_if<ZoneReplaced>(&subject_)) return replaced->zone;
  if (const auto* edited = std::get_if<ZoneEdited>(&subject_)) return edited->zone;
  if (const auto* gone = std::get_if<ZoneGone>(&subject_)) return gone->zone;
  if (const auto* reading = std::get_if<CatalogReading>(&subject_)) return reading->zone;
  return std::nullopt;
}

std::size_t Pass::advance(std::size_t steps_max, const Now& now) {
  steps_ = 0;
  steps_max_ = std::max<std::size_t>(steps_max, 1);
  if (!at_) at_ = std::make_unique<Progress>();
  switch (stage_) {
    case Stage::searching:
      if (std::visit([this](const auto& subject) { return search(subject); }, subject_)) {
        stage_ = Stage::evaluating;
      }
      break;
    case Stage::evaluating:
      evaluateSome(now);
      // Of all that the pass takes away the brake decides at once.
      if (waiting() == 0) decideSome();
      if (waiting() == 0 && at_->undecided.empty()) stage_ = Stage::evaluated;
      break;
    case Stage::saving:
      saveSome(now);
      break;
    case Stage::evaluated:
    case Stage::done:
      break;
  }
  return steps_ + kStepsPerStage;
}

bool Pass::search(const ZoneInstalled& installed) {
  const view::Zone& zone = *tools_.view.zone(indexOf(installed.zone));
  if (!at_->subtree_done) {
    at_->subtree_done = searchSubtree(zone.apex());
    return false;
  }
  const std::size_t names_max = std::max<std::size_t>(stepsLeft(), 1);
  const auto next = zone.visitOwners(at_->owner_cursor, names_max,
                                     [this](dns::NameView owner, view::Zone::OwnerTypes types) {
                                       ++steps_;
                                       enqueueOwner(owner, types.naptr);
                                     });
  at_->owner_cursor = next.value_or(0);
  if (next) return false;
  enqueueAwaiting(tools_.view.owner(indexOf(installed.zone)));
  return true;
}

void Pass::enqueueAwaiting(view::CustomerId customer) {
  if (!tools_.view.hasAll(customer)) return;
  for (const DomainId id : tools_.book.takeAwaiting(customer)) enqueue(id);
}

bool Pass::search(const ZoneGone& gone) {
  if (!searchSubtree(gone.apex)) return false;
  enqueueAwaiting(gone.customer);
  return true;
}

bool Pass::search(const ZoneLeaving& leaving) {
  return searchSubtree(leaving.apex);
}

bool Pass::search(const ZoneExpiry& expiry) {
  return searchSubtree(expiry.apex);
}

bool Pass::search(const CatalogReading& reading) {
  if (at_->records_done) {
    const std::size_t nodes_max = std::max<std::size_t>(stepsLeft(), 1);
    steps_ = steps_max_;
    return reading.reader->settle(nodes_max);
  }
  const view::Zone& zone = *tools_.view.zone(indexOf(reading.zone));
  const auto next = zone.visitRecords(at_->owner_cursor, std::max<std::size_t>(stepsLeft(), 1),
                                      [&](const dns::RecordView& record) {
                                        ++steps_;
                                        reading.reader->add(record);
                                      });
  at_->owner_cursor = next.value_or(0);
  at_->records_done = !next;
  return false;
}

bool Pass::search(const ZonesKnown& known) {
  enqueueAwaiting(known.customer);
  return true;
}

bool Pass::search(const ZoneReplaced& replaced) {
  if (at_->difference) return searchChange(replaced.zone, *at_->difference);
  if (!at_->comparison) {
    at_->comparison = std::make_unique<view::ZoneComparison>(
        *replaced.before, *tools_.view.zone(indexOf(replaced.zone)));
  }
  steps_ = steps_max_;
  at_->difference = at_->comparison->advance(steps_max_);
  if (at_->difference) at_->comparison.reset();
  return false;
}

bool Pass::search(const ZoneEdited& edited) {
  return searchChange(edited.zone, edited.change);
}

bool Pass::search(const StoreReplaced&) {
  if (!at_->dids_done) {
    const std::size_t looked_at = tools_.dids.reconcile(std::max<std::size_t>(stepsLeft(), 1));
    steps_ += looked_at;
    at_->dids_done = looked_at == 0;
    return false;
  }
  if (at_->published_done) return touchEveryNode(true);
  const auto& published = tools_.published.domains;
  auto entry =
      at_->published_cursor ? published.upper_bound(*at_->published_cursor) : published.begin();
  for (; stepsLeft() > 0 && entry != published.end(); ++entry, ++steps_) {
    const DomainId id = tools_.book.ensure(entry->first);
    tools_.book.adoptPublished(id);
    enqueueAsItIs(id);
    at_->published_cursor = entry->first;
  }
  at_->published_done = entry == published.end();
  return false;
}

bool Pass::search(const AnswersChanged& answers) {
  for (; stepsLeft() > 0 && at_->change_cursor < answers.names.size();
       ++steps_, ++at_->change_cursor) {
    tools_.book.dependentsOfOwner(answers.names[at_->change_cursor],
                                  [this](DomainId id) { enqueue(id); });
  }
  return at_->change_cursor == answers.names.size();
}

bool Pass::search(const NamesConfigured&) {
  const std::vector<WatchedName>& watched = tools_.settings.watched;
  for (; stepsLeft() > 0 && at_->change_cursor < watched.size(); ++steps_, ++at_->change_cursor) {
    const auto id = tools_.book.ensure(watched[at_->change_cursor].name);
    if (!id) continue;
    tools_.book.watch(*id);
    enqueue(*id);
  }
  return at_->change_cursor >= watched.size() && searchStatic(watched.size());
}

// The cursor has passed so many names before.
bool Pass::searchStatic(std::size_t before) {
  const std::vector<derive::Domain>& domains = tools_.book.staticDomains();
  for (; stepsLeft() > 0 && at_->change_cursor - before < domains.size();
       ++steps_, ++at_->change_cursor) {
    enqueue(tools_.book.ensure(domains[at_->change_cursor - before]));
  }
  return at_->change_cursor - before >= domains.size();
}

// One that is watched again since then stays so.
bool Pass::search(const SettingsChanged& changed) {
  for (; stepsLeft() > 0 && at_->change_cursor < changed.unwatched.size();
       ++steps_, ++at_->change_cursor) {
    const dns::Name& name = changed.unwatched[at_->change_cursor];
    const auto id = tools_.book.find(name);
    if (id && !tools_.view.watcher(name)) tools_.book.unwatch(*id);
  }
  const std::vector<WatchedName>& watched = tools_.settings.watched;
  for (; stepsLeft() > 0 && at_->change_cursor - changed.unwatched.size() < watched.size();
       ++steps_, ++at_->change_cursor) {
    const auto id = tools_.book.ensure(watched[at_->change_cursor - changed.unwatched.size()].name);
    if (id) tools_.book.watch(*id);
  }
  const std::size_t before = changed.unwatched.size() + watched.size();
  if (at_->change_cursor < before || !searchStatic(before)) return false;
  return touchEveryNode(false);
}

bool Pass::search(const DomainsWanted& wanted) {
  for (; stepsLeft() > 0 && at_->change_cursor < wanted.domains.size();
       ++steps_, ++at_->change_cursor) {
    const DomainId id = tools_.book.ensure(wanted.domains[at_->change_cursor]);
    tools_.book.want(id);
    enqueue(id);
  }
  return at_->change_cursor == wanted.domains.size();
}

bool Pass::search(const DomainsDue& due) {
  for (; stepsLeft() > 0 && at_->change_cursor < due.domains.size();
       ++steps_, ++at_->change_cursor) {
    const DomainId id = due.domains[at_->change_cursor];
    if (tools_.book.exists(id)) enqueue(id);
  }
  return at_->change_cursor == due.domains.size();
}

void Pass::restart() {
  if (at_) {
    at_->published_cursor.reset();
    at_->node_cursor = {};
    at_->dids_done = at_->published_done = false;
  }
  stage_ = Stage::searching;
}

// A node that is made meanwhile has been told what is published.
bool Pass::touchEveryNode(bool as_it_is) {
  for (; stepsLeft() > 0 && at_->node_cursor < tools_.book.idsEnd(); ++steps_) {
    const DomainId id = at_->node_cursor;
    at_->node_cursor = DomainId{static_cast<std::uint32_t>(id) + 1};
    if (!tools_.book.exists(id)) continue;
    tools_.book.adoptPublished(id);
    at_->touched.push_back(tools_.book.node(id).domain);
    as_it_is ? enqueueAsItIs(id) : enqueue(id);
  }
  return at_->node_cursor == tools_.book.idsEnd();
}

bool Pass::searchChange(xfr::ZoneId zone, const view::ZoneChange& change) {
  const view::Zone& content = *tools_.view.zone(indexOf(zone));
  for (; stepsLeft() > 0 && at_->change_cursor < change.owners.size();
       ++steps_, ++at_->change_cursor) {
    const dns::Name& owner = change.owners[at_->change_cursor];
    enqueueOwner(owner,
                 content.lookup(owner, dns::RrType::naptr).kind == view::ZoneAnswer::Kind::data);
    tools_.book.dependentsOfOwner(owner, [this](DomainId id) { enqueue(id); });
  }
  for (; stepsLeft() > 0 && at_->change_cursor < change.owners.size() + change.subtrees.size();
       ++steps_) {
    if (!searchSubtree(change.subtrees[at_->change_cursor - change.owners.size()])) return false;
    at_->subtree_cursor = {};
    ++at_->change_cursor;
  }
  return at_->change_cursor == change.owners.size() + change.subtrees.size();
}

bool Pass::searchSubtree(dns::NameView top) {
  return tools_.book.dependentsOfSubtree(
      top, at_->subtree_cursor, std::max<std::size_t>(stepsLeft(), 1), [this](DomainId id) {
        ++steps_;
        enqueue(id);
      });
}

void Pass::enqueueOwner(dns::NameView owner, bool has_naptr) {
  if (!has_naptr && !isServiceOwner(owner)) return;
  const dns::NameView name = derive::ownDomainName(owner);
  if (at_->last_owner == name) return;  // a zone has a domain's owners side by side
  at_->last_owner = dns::Name(name);
  if (const auto id = tools_.book.ensure(name)) enqueue(*id);
}

void Pass::enqueue(DomainId id) {
  if (tools_.book.markChanged(id)) at_->queue.push_back(id);
}

void Pass::enqueueAsItIs(DomainId id) {
  if (tools_.book.markQueued(id)) at_->queue.push_back(id);
}

void Pass::evaluateSome(const Now& now) {
  for (; stepsLeft() > 0 && waiting() > 0; steps_ += kStepsPerDomain) {
    evaluate(at_->queue[at_->queue_begin++], now);
  }
  if (waiting() > 0) return;
  at_->queue.clear();
  at_->queue_begin = 0;
}

void Pass::evaluate(DomainId id, const Now& now) {
  DomainBook& book = tools_.book;
  DomainBook::Evaluation evaluation = book.evaluate(id, now);
  const DomainNode& node = book.node(id);
  // What is held may have waited for just this evaluation.
  const auto is_held = [this](const derive::Domain& domain) {
    return tools_.held.contains(domain);
  };
  if (evaluation.changed || is_held(node.domain)) at_->touched.push_back(node.domain);
  if (node.wanted) at_->wanted.push_back(id);
  for (const DomainId target : node.targets) {
    if (is_held(book.node(target).domain)) at_->touched.push_back(book.node(target).domain);
  }
  for (const DomainId other : evaluation.regrouped) at_->touched.push_back(book.node(other).domain);
  for (const DomainId other : evaluation.also) enqueue(other);
  at_->undecided.insert(at_->undecided.end(), evaluation.undecided.begin(),
                        evaluation.undecided.end());
  for (std::string& text : evaluation.warnings) {
    at_->warnings.push_back({node.domain, std::move(text)});
  }
  book.forgetIfIdle(id);
}

void Pass::decideSome() {
  for (; stepsLeft() > 0 && !at_->undecided.empty(); ++steps_) {
    const DomainId id = at_->undecided.back();
    at_->undecided.pop_back();
    if (tools_.book.decide(id)) enqueue(id);
  }
}

void Pass::saveSome(const Now& now) {
  const std::size_t records = tools_.view.zone(indexOf(*zone()))->recordCount();
  steps_ += std::min(records, ZoneIntake::kRecordsPerPiece) / 2;
  if (auto next = tools_.intake.savePiece(*zone(), at_->save_cursor, now.wall)) {
    at_->save_cursor = *next;
  } else {
    stage_ = Stage::done;
  }
}

}  // namespace zonecast::loop
