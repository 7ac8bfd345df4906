#include "adapters/mirror/wanted_relay.h"

#include <algorithm>
#include <utility>

#include "adapters/table/mapping.h"

namespace zonecast::mirror {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kWantedLength = 10'000;
constexpr std::size_t kOpenMax = 10'000;
constexpr milliseconds kFirstWait{100};
constexpr milliseconds kLastWait{3200};
// An answer without an end is asked for again.
constexpr std::int64_t kLifetimeMax_ms = 3'600'000;

}  // namespace

WantedRelay::WantedRelay(uv::Loop& loop, const schema::RedisKeys& keys, std::string worker_id,
                         WantedLimits limits, redis::SideLine& line, Replica& replica,
                         Listener& listener)
    : loop_(loop),
      keys_(keys),
      worker_id_(std::move(worker_id)),
      gate_(limits),
      line_(line),
      replica_(replica),
      listener_(listener),
      timer_(
          loop, [this] { lookForAnswers(); }, uv::Callback::store) {}

void WantedRelay::onDatagram(std::string_view datagram) {
  const auto domain = line_.isUp() ? gate_.admit(datagram, loop_.now().mono)
                                   : tl::unexpected(WantedGate::Refusal::tooMany);
  if (domain) {
    relay(*domain);
  } else {
    ++counts_.dropped;
  }
}

void WantedRelay::relay(const std::string& domain) {
  redis::Command command("XADD");
  command.subject(keys_.wanted()).add("MAXLEN").add("~").add(kWantedLength).add("*");
  command.add("domain").add(domain).add("worker").add(worker_id_);
  line_.send(command, [this](const redis::Reply& reply) {
    if (auto added = redis::errorIn("XADD wanted", reply); !added) tell(added.error());
  });
  ++counts_.relayed;
  if (open_.size() >= kOpenMax || !open_.insert(domain).second) return;
  due_.emplace(loop_.now().mono + kFirstWait, Question{domain, kFirstWait});
  schedule();
}

// Whether a reply ever comes or not, a question is looked at again when its time is there.
void WantedRelay::lookForAnswers() {
  const Instant now = loop_.now().mono;
  while (!due_.empty() && due_.begin()->first <= now) {
    Question question = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    if (!open_.contains(question.domain)) continue;
    lookForAnswer(question);
    question.wait *= 2;
    if (question.wait > kLastWait) {
      open_.erase(question.domain);
    } else {
      due_.emplace(now + question.wait, std::move(question));
    }
  }
  schedule();
}

void WantedRelay::lookForAnswer(const Question& question) {
  redis::Command command("GET");
  command.subject(keys_.answer(question.domain));
  line_.send(command, [this, domain = question.domain](const redis::Reply& reply) {
    if (auto got = redis::errorIn("GET answer", reply); !got) return tell(got.error());
    if (!reply.view().isNil()) readLifetime(domain);
  });
}

void WantedRelay::readLifetime(const std::string& domain) {
  redis::Command command("PTTL");
  command.subject(keys_.answer(domain));
  line_.send(command, [this, domain](const redis::Reply& reply) {
    if (auto got = redis::errorIn("PTTL answer", reply); !got) return tell(got.error());
    const std::int64_t lifetime_ms = reply.view().integer().value_or(0);
    if (lifetime_ms > 0) onAnswer(domain, lifetime_ms);
    if (lifetime_ms == -1) onAnswer(domain, kLifetimeMax_ms);
  });
}

void WantedRelay::onAnswer(const std::string& domain, std::int64_t lifetime_ms) {
  if (open_.erase(domain) > 0) ++counts_.answered;
  const std::int64_t lifetime_s = (std::min(lifetime_ms, kLifetimeMax_ms) + 999) / 1000;
  if (auto put = replica_.putForeign(domain, table::bootSeconds() + lifetime_s); !put)
    tell(put.error());
}

void WantedRelay::schedule() {
  if (!due_.empty()) timer_.startAt(due_.begin()->first);
}

void WantedRelay::tell(std::string trouble) {
  if (trouble == last_trouble_) return;
  last_trouble_ = std::move(trouble);
  listener_.onRelayTrouble(last_trouble_);
}

}  // namespace zonecast::mirror
