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

Pass::Pass(PassTools tools, PassSubject subject, plan::Cause cause, bool save_full_copy)
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
  switch (stage_) {
    case Stage::searching:
      if (std::visit([this](const auto& subject) { return search(subject); }, subject_)) {
        stage_ = Stage::evaluating;
      }
      break;
    case Stage::evaluating:
      evaluateSome(now);
      // Of all that the pass takes away the brake decides at once.
      if (queue_.empty()) decideSome();
      if (queue_.empty() && undecided_.empty()) stage_ = Stage::evaluated;
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
  if (!subtree_done_) {
    subtree_done_ = searchSubtree(zone.apex());
    return false;
  }
  const std::size_t names_max = std::max<std::size_t>(stepsLeft(), 1);
  const auto next = zone.visitOwners(owner_cursor_, names_max,
                                     [this](dns::NameView owner, view::Zone::OwnerTypes types) {
                                       ++steps_;
                                       enqueueOwner(owner, types.naptr);
                                     });
  owner_cursor_ = next.value_or(0);
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
  if (records_done_) {
    const std::size_t nodes_max = std::max<std::size_t>(stepsLeft(), 1);
    steps_ = steps_max_;
    return reading.reader->settle(nodes_max);
  }
  const view::Zone& zone = *tools_.view.zone(indexOf(reading.zone));
  const auto next = zone.visitRecords(owner_cursor_, std::max<std::size_t>(stepsLeft(), 1),
                                      [&](const dns::RecordView& record) {
                                        ++steps_;
                                        reading.reader->add(record);
                                      });
  owner_cursor_ = next.value_or(0);
  records_done_ = !next;
  return false;
}

bool Pass::search(const ZonesKnown& known) {
  enqueueAwaiting(known.customer);
  return true;
}

bool Pass::search(const ZoneReplaced& replaced) {
  if (difference_) return searchChange(replaced.zone, *difference_);
  if (!comparison_) {
    comparison_ = std::make_unique<view::ZoneComparison>(*replaced.before,
                                                         *tools_.view.zone(indexOf(replaced.zone)));
  }
  steps_ = steps_max_;
  difference_ = comparison_->advance(steps_max_);
  if (difference_) comparison_.reset();
  return false;
}

bool Pass::search(const ZoneEdited& edited) {
  return searchChange(edited.zone, edited.change);
}

bool Pass::search(const StoreReplaced&) {
  if (!dids_done_) {
    const std::size_t looked_at = tools_.dids.reconcile(std::max<std::size_t>(stepsLeft(), 1));
    steps_ += looked_at;
    dids_done_ = looked_at == 0;
    return false;
  }
  if (published_done_) return touchEveryNode(true);
  const auto& published = tools_.published.domains;
  auto entry = published_cursor_ ? published.upper_bound(*published_cursor_) : published.begin();
  for (; stepsLeft() > 0 && entry != published.end(); ++entry, ++steps_) {
    const DomainId id = tools_.book.ensure(entry->first);
    tools_.book.adoptPublished(id);
    enqueueAsItIs(id);
    published_cursor_ = entry->first;
  }
  published_done_ = entry == published.end();
  return false;
}

bool Pass::search(const AnswersChanged& answers) {
  for (; stepsLeft() > 0 && change_cursor_ < answers.names.size(); ++steps_, ++change_cursor_) {
    tools_.book.dependentsOfOwner(answers.names[change_cursor_],
                                  [this](DomainId id) { enqueue(id); });
  }
  return change_cursor_ == answers.names.size();
}

bool Pass::search(const NamesConfigured&) {
  const std::vector<WatchedName>& watched = tools_.settings.watched;
  for (; stepsLeft() > 0 && change_cursor_ < watched.size(); ++steps_, ++change_cursor_) {
    const auto id = tools_.book.ensure(watched[change_cursor_].name);
    if (!id) continue;
    tools_.book.watch(*id);
    enqueue(*id);
  }
  return change_cursor_ >= watched.size() && searchStatic(watched.size());
}

// The cursor has passed so many names before.
bool Pass::searchStatic(std::size_t before) {
  const std::vector<derive::Domain>& domains = tools_.book.staticDomains();
  for (; stepsLeft() > 0 && change_cursor_ - before < domains.size(); ++steps_, ++change_cursor_) {
    enqueue(tools_.book.ensure(domains[change_cursor_ - before]));
  }
  return change_cursor_ - before >= domains.size();
}

// One that is watched again since then stays so.
bool Pass::search(const SettingsChanged& changed) {
  for (; stepsLeft() > 0 && change_cursor_ < changed.unwatched.size(); ++steps_, ++change_cursor_) {
    const dns::Name& name = changed.unwatched[change_cursor_];
    const auto id = tools_.book.find(name);
    if (id && !tools_.view.watcher(name)) tools_.book.unwatch(*id);
  }
  const std::vector<WatchedName>& watched = tools_.settings.watched;
  for (; stepsLeft() > 0 && change_cursor_ - changed.unwatched.size() < watched.size();
       ++steps_, ++change_cursor_) {
    const auto id = tools_.book.ensure(watched[change_cursor_ - changed.unwatched.size()].name);
    if (id) tools_.book.watch(*id);
  }
  const std::size_t before = changed.unwatched.size() + watched.size();
  if (change_cursor_ < before || !searchStatic(before)) return false;
  return touchEveryNode(false);
}

bool Pass::search(const DomainsWanted& wanted) {
  for (; stepsLeft() > 0 && change_cursor_ < wanted.domains.size(); ++steps_, ++change_cursor_) {
    const DomainId id = tools_.book.ensure(wanted.domains[change_cursor_]);
    tools_.book.want(id);
    enqueue(id);
  }
  return change_cursor_ == wanted.domains.size();
}

bool Pass::search(const DomainsDue& due) {
  for (; stepsLeft() > 0 && change_cursor_ < due.domains.size(); ++steps_, ++change_cursor_) {
    const DomainId id = due.domains[change_cursor_];
    if (tools_.book.exists(id)) enqueue(id);
  }
  return change_cursor_ == due.domains.size();
}

void Pass::restart() {
  published_cursor_.reset();
  node_cursor_ = {};
  dids_done_ = published_done_ = false;
  stage_ = Stage::searching;
}

// A node that is made meanwhile has been told what is published.
bool Pass::touchEveryNode(bool as_it_is) {
  for (; stepsLeft() > 0 && node_cursor_ < tools_.book.idsEnd(); ++steps_) {
    const DomainId id = node_cursor_;
    node_cursor_ = DomainId{static_cast<std::uint32_t>(id) + 1};
    if (!tools_.book.exists(id)) continue;
    tools_.book.adoptPublished(id);
    touched_.push_back(tools_.book.node(id).domain);
    as_it_is ? enqueueAsItIs(id) : enqueue(id);
  }
  return node_cursor_ == tools_.book.idsEnd();
}

bool Pass::searchChange(xfr::ZoneId zone, const view::ZoneChange& change) {
  const view::Zone& content = *tools_.view.zone(indexOf(zone));
  for (; stepsLeft() > 0 && change_cursor_ < change.owners.size(); ++steps_, ++change_cursor_) {
    const dns::Name& owner = change.owners[change_cursor_];
    enqueueOwner(owner,
                 content.lookup(owner, dns::RrType::naptr).kind == view::ZoneAnswer::Kind::data);
    tools_.book.dependentsOfOwner(owner, [this](DomainId id) { enqueue(id); });
  }
  for (; stepsLeft() > 0 && change_cursor_ < change.owners.size() + change.subtrees.size();
       ++steps_) {
    if (!searchSubtree(change.subtrees[change_cursor_ - change.owners.size()])) return false;
    subtree_cursor_ = {};
    ++change_cursor_;
  }
  return change_cursor_ == change.owners.size() + change.subtrees.size();
}

bool Pass::searchSubtree(dns::NameView top) {
  return tools_.book.dependentsOfSubtree(
      top, subtree_cursor_, std::max<std::size_t>(stepsLeft(), 1), [this](DomainId id) {
        ++steps_;
        enqueue(id);
      });
}

void Pass::enqueueOwner(dns::NameView owner, bool has_naptr) {
  if (!has_naptr && !isServiceOwner(owner)) return;
  const dns::NameView name = derive::ownDomainName(owner);
  if (last_owner_ == name) return;  // a zone has a domain's owners side by side
  last_owner_ = dns::Name(name);
  if (const auto id = tools_.book.ensure(name)) enqueue(*id);
}

void Pass::enqueue(DomainId id) {
  if (tools_.book.markChanged(id)) queue_.push_back(id);
}

void Pass::enqueueAsItIs(DomainId id) {
  if (tools_.book.markQueued(id)) queue_.push_back(id);
}

void Pass::evaluateSome(const Now& now) {
  for (; stepsLeft() > 0 && !queue_.empty(); steps_ += kStepsPerDomain) {
    const DomainId id = queue_.front();
    queue_.pop_front();
    evaluate(id, now);
  }
}

void Pass::evaluate(DomainId id, const Now& now) {
  DomainBook& book = tools_.book;
  DomainBook::Evaluation evaluation = book.evaluate(id, now);
  const DomainNode& node = book.node(id);
  // What is held may have waited for just this evaluation.
  const auto is_held = [this](const derive::Domain& domain) {
    return tools_.held.contains(domain);
  };
  if (evaluation.changed || is_held(node.domain)) touched_.push_back(node.domain);
  if (node.wanted) wanted_.push_back(id);
  for (const DomainId target : node.targets) {
    if (is_held(book.node(target).domain)) touched_.push_back(book.node(target).domain);
  }
  for (const DomainId other : evaluation.regrouped) touched_.push_back(book.node(other).domain);
  for (const DomainId other : evaluation.also) enqueue(other);
  undecided_.insert(undecided_.end(), evaluation.undecided.begin(), evaluation.undecided.end());
  for (std::string& text : evaluation.warnings) {
    warnings_.push_back({node.domain, std::move(text)});
  }
  book.forgetIfIdle(id);
}

void Pass::decideSome() {
  for (; stepsLeft() > 0 && !undecided_.empty(); ++steps_) {
    const DomainId id = undecided_.back();
    undecided_.pop_back();
    if (tools_.book.decide(id)) enqueue(id);
  }
}

void Pass::saveSome(const Now& now) {
  const std::size_t records = tools_.view.zone(indexOf(*zone()))->recordCount();
  steps_ += std::min(records, ZoneIntake::kRecordsPerPiece) / 2;
  if (auto next = tools_.intake.savePiece(*zone(), save_cursor_, now.wall)) {
    save_cursor_ = *next;
  } else {
    stage_ = Stage::done;
  }
}

}  // namespace zonecast::loop
