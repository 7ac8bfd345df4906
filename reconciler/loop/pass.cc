#include "reconciler/loop/pass.h"

#include <utility>

namespace zonecast::loop {
namespace {

// A slice is some 2 ms of work: an owner visited costs a few hundred nanoseconds, a domain derived
// some ten microseconds.
constexpr std::size_t kOwnersPerSlice = 2048;
constexpr std::size_t kDomainsPerSlice = 200;

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
  return std::nullopt;
}

void Pass::advance(const Now& now) {
  switch (stage_) {
    case Stage::searching:
      if (std::visit([this](const auto& subject) { return search(subject); }, subject_)) {
        stage_ = Stage::evaluating;
      }
      break;
    case Stage::evaluating:
      evaluateSome();
      if (queue_.empty()) stage_ = Stage::evaluated;
      break;
    case Stage::saving:
      if (auto next = tools_.intake.savePiece(*zone(), save_cursor_, now.wall)) {
        save_cursor_ = *next;
      } else {
        stage_ = Stage::done;
      }
      break;
    case Stage::evaluated:
    case Stage::done:
      break;
  }
}

bool Pass::search(const ZoneInstalled& installed) {
  const view::Zone& zone = *tools_.view.zone(indexOf(installed.zone));
  if (owner_cursor_ == 0) {
    tools_.book.dependentsOfSubtree(zone.apex(), [this](DomainId id) { enqueue(id); });
  }
  const auto next = zone.visitOwners(owner_cursor_, kOwnersPerSlice,
                                     [this](dns::NameView owner, view::Zone::OwnerTypes types) {
                                       enqueueOwner(owner, types.naptr);
                                     });
  owner_cursor_ = next.value_or(0);
  return !next.has_value();
}

bool Pass::search(const ZoneReplaced& replaced) {
  if (!comparison_) {
    comparison_ = std::make_unique<view::ZoneComparison>(*replaced.before,
                                                         *tools_.view.zone(indexOf(replaced.zone)));
  }
  const std::optional<view::ZoneChange> change = comparison_->advance(kOwnersPerSlice);
  if (!change) return false;
  comparison_.reset();
  enqueueChange(replaced.zone, *change);
  return true;
}

bool Pass::search(const ZoneEdited& edited) {
  enqueueChange(edited.zone, edited.change);
  return true;
}

bool Pass::search(const StoreReplaced&) {
  if (published_done_) return touchEveryNode();
  const auto& published = tools_.published.domains;
  auto entry = published_cursor_ ? published.upper_bound(*published_cursor_) : published.begin();
  for (std::size_t n = 0; n < kOwnersPerSlice && entry != published.end(); ++n, ++entry) {
    const DomainId id = tools_.book.ensure(entry->first);
    tools_.book.adoptPublished(id);
    enqueue(id);
    published_cursor_ = entry->first;
  }
  published_done_ = entry == published.end();
  return false;
}

void Pass::restart() {
  published_cursor_.reset();
  node_cursor_.reset();
  published_done_ = false;
  stage_ = Stage::searching;
}

bool Pass::touchEveryNode() {
  for (std::size_t n = 0; n < kOwnersPerSlice; ++n) {
    const auto id = tools_.book.next(node_cursor_ ? &*node_cursor_ : nullptr);
    if (!id) return true;
    tools_.book.adoptPublished(*id);
    touched_.push_back(tools_.book.node(*id).domain);
    enqueue(*id);
    node_cursor_ = tools_.book.node(*id).name;
  }
  return false;
}

void Pass::enqueueChange(xfr::ZoneId zone, const view::ZoneChange& change) {
  const view::Zone& content = *tools_.view.zone(indexOf(zone));
  for (const dns::Name& owner : change.owners) {
    enqueueOwner(owner,
                 content.lookup(owner, dns::RrType::naptr).kind == view::ZoneAnswer::Kind::data);
    tools_.book.dependentsOfOwner(owner, [this](DomainId id) { enqueue(id); });
  }
  for (const dns::Name& top : change.subtrees) {
    tools_.book.dependentsOfSubtree(top, [this](DomainId id) { enqueue(id); });
  }
}

void Pass::enqueueOwner(dns::NameView owner, bool has_naptr) {
  if (!has_naptr && !isServiceOwner(owner)) return;
  const auto domain = derive::Domain::fromName(derive::ownDomainName(owner));
  if (domain) enqueue(tools_.book.ensure(*domain));
}

void Pass::enqueue(DomainId id) {
  if (tools_.book.markQueued(id)) queue_.push_back(id);
}

void Pass::evaluateSome() {
  for (std::size_t n = 0; n < kDomainsPerSlice && !queue_.empty(); ++n) {
    const DomainId id = queue_.front();
    queue_.pop_front();
    evaluate(id);
  }
}

void Pass::evaluate(DomainId id) {
  DomainBook& book = tools_.book;
  DomainBook::Evaluation evaluation = book.evaluate(id);
  const DomainNode& node = book.node(id);
  // What is held may have waited for just this evaluation.
  const auto is_held = [this](const derive::Domain& domain) {
    return tools_.held.contains(domain);
  };
  if (evaluation.changed || is_held(node.domain)) touched_.push_back(node.domain);
  for (const DomainId target : node.targets) {
    if (is_held(book.node(target).domain)) touched_.push_back(book.node(target).domain);
  }
  for (const DomainId other : evaluation.regrouped) touched_.push_back(book.node(other).domain);
  for (const DomainId other : evaluation.also) enqueue(other);
  for (std::string& text : evaluation.warnings) {
    warnings_.push_back({node.domain, std::move(text)});
  }
  book.forgetIfIdle(id);
}

}  // namespace zonecast::loop
