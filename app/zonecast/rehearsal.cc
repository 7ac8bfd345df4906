#include "app/zonecast/rehearsal.h"

#include <limits>
#include <tuple>
#include <utility>

namespace zonecast {
namespace {

// Nothing is put off, so that the end is seen.
loop::Settings withoutDelay(loop::Settings settings) {
  settings.retire.absent = settings.retire.zone_gone = Duration::zero();
  settings.brake.customer_min = settings.brake.total_min =
      std::numeric_limits<std::uint32_t>::max();
  settings.history.per_domain = 0;
  return settings;
}

constexpr std::uint64_t kSeed = 1;  // of a lineage that nobody sees

}  // namespace

class Rehearsal::StillClock final : public ports::Clock {
 public:
  Now now() const override { return now_; }

 private:
  const Now now_{std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()),
                 std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())};
};

class Rehearsal::SilentTransport final : public ports::ZoneTransport {
 public:
  void connect(xfr::ConnectionId, const xfr::Endpoint&) override {}
  void send(xfr::ConnectionId, std::vector<std::uint8_t>) override {}
  void close(xfr::ConnectionId) override {}
  void answerNotify(ports::NotifySource, std::vector<std::uint8_t>) override {}
};

class Rehearsal::SilentResolver final : public ports::Resolver {
 public:
  void ask(query::AskId, query::Request) override {}
  void forget(query::AskId) override {}
};

class Rehearsal::SilentWorkers final : public ports::WorkerQuestions {
 public:
  void answerNotHosted(const derive::Domain&, Duration, std::string_view) override {}
};

class Rehearsal::NoDisk final : public ports::Disk {
 public:
  void saveZonePiece(const dns::Name&, ports::PackedRecords, bool,
                     const std::optional<xfr::HeldCopy>&) override {}
  void saveZoneDelta(const dns::Name&, std::vector<view::Delta>, const xfr::HeldCopy&) override {}
  void saveZoneTimers(const dns::Name&, const xfr::HeldCopy&) override {}
  void removeZone(const dns::Name&) override {}
  void saveBinding(const ports::SavedBinding&) override {}
  void removeBinding(const dns::Name&) override {}
  void saveDids(std::vector<ports::SavedDid>) override {}
  void savePublisher(const ports::SavedPublisher&) override {}
  void saveDirective(const derive::Domain&, const std::optional<plan::Directive>&) override {}
  void saveHold(const std::optional<plan::Deadline>&) override {}
  void saveHistory(std::vector<plan::DomainEvent>, const plan::HistoryPolicy&) override {}
};

// Takes everything; reports when it is asked to, as the port wants it.
class Rehearsal::MemoryStore final : public ports::StateStore {
 public:
  MemoryStore(plan::Table table, std::optional<plan::Position> position)
      : table_(std::move(table)), position_(std::move(position)) {}

  void open(plan::Term term_known, const std::optional<plan::Position>&) override {
    ports::StoredState state;
    state.term = term_known;
    state.position = position_;
    state.table = std::move(table_);
    if (position_) state.newest = position_->version;
    opened_ = std::move(state);
  }
  void publish(ports::Publication publication, const plan::Table&) override {
    published_ = {publication.expected.lineage, publication.version, publication.expected.chain};
  }
  void rebase(const std::optional<plan::Position>&, plan::Position next,
              const plan::Table&) override {
    published_ = std::move(next);
  }

  bool report(ports::StateStoreListener& listener) {
    if (opened_) {
      listener.onStoreOpened(*std::exchange(opened_, std::nullopt), false);
    } else if (published_) {
      listener.onPublished(*std::exchange(published_, std::nullopt));
    } else {
      return false;
    }
    return true;
  }

 private:
  plan::Table table_;
  std::optional<plan::Position> position_;
  std::optional<ports::StoredState> opened_;
  std::optional<plan::Position> published_;
};

class Rehearsal::Listener final : public ports::Journal {
 public:
  void record(const ports::Fact& fact) override {
    if (const auto* failure = std::get_if<xfr::ZoneFailure>(&fact)) trouble = failure->text;
    if (const auto* disk = std::get_if<ports::DiskTrouble>(&fact)) trouble = disk->why;
    if (std::holds_alternative<xfr::ZoneTransferred>(fact)) transferred = true;
  }

  std::string trouble;
  bool transferred = false;
};

Rehearsal::Rehearsal(loop::Settings settings, plan::Table table,
                     std::optional<plan::Position> position, std::optional<Outside> outside)
    : settings_(withoutDelay(std::move(settings))),
      position_(position),
      clock_(std::make_unique<StillClock>()),
      transport_(std::make_unique<SilentTransport>()),
      resolver_(std::make_unique<SilentResolver>()),
      workers_(std::make_unique<SilentWorkers>()),
      store_(std::make_unique<MemoryStore>(std::move(table), std::move(position))),
      disk_(std::make_unique<NoDisk>()),
      journal_(std::make_unique<Listener>()) {
  ports::Clock& clock = outside ? outside->clock : *clock_;
  ports::ZoneTransport& transport = outside ? outside->transport : *transport_;
  core_ = std::make_unique<loop::Reconciler>(
      settings_, loop::Ports{clock, transport, *resolver_, *workers_, *store_, *disk_, *journal_},
      kSeed);
  core_->trustCopies();
}

Rehearsal::~Rehearsal() = default;

void Rehearsal::begin() {
  core_->start({.term = plan::Term{1}, .position = position_});
}

void Rehearsal::workOff(const std::function<void()>& on_slice) {
  for (;;) {
    const bool reported = store_->report(*core_);
    if (core_->hasWork()) {
      core_->work();
      on_slice();
    } else if (!reported) {
      return;
    }
  }
}

// What is due at once may make something else due. It ends when a round changes nothing.
void Rehearsal::finish(const std::function<void()>& on_slice) {
  const auto standing = [this] {
    const loop::Overview overview = core_->overview();
    const auto version = overview.position ? overview.position->version : plan::Version{};
    return std::tuple(version, overview.zones, overview.zones_leaving, overview.domains_retiring);
  };
  for (;;) {
    workOff(on_slice);
    const auto before = standing();
    core_->onTimer();
    workOff(on_slice);
    if (standing() == before) return;
  }
}

const std::string& Rehearsal::trouble() const {
  return journal_->trouble;
}

bool Rehearsal::hasTransferred() const {
  return journal_->transferred;
}

}  // namespace zonecast
