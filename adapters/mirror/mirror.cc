#include "adapters/mirror/mirror.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "adapters/table/mapping.h"

namespace zonecast::mirror {
namespace {

constexpr std::chrono::seconds kSecond{1};
// A report outlives a few that are late.
constexpr int kReportsMissed = 5;

}  // namespace

tl::expected<std::unique_ptr<Mirror>, std::string> Mirror::open(uv::Loop& loop,
                                                                MirrorOptions options,
                                                                Listener& listener) {
  auto writer = table::Writer::open(options.table);
  if (!writer) return tl::unexpected(writer.error());
  const std::string socket_path = options.table.path + ".wanted";
  const std::optional<unsigned> mode = options.wanted_mode;
  std::unique_ptr<Mirror> mirror(
      new Mirror(loop, std::move(options), std::move(*writer), listener));
  if (!mode) return mirror;
  auto socket = WantedSocket::open(
      loop, socket_path, *mode,
      [relay = &mirror->relay_](std::string_view datagram) { relay->onDatagram(datagram); });
  if (!socket) return tl::unexpected(socket.error());
  mirror->socket_ = std::move(*socket);
  return mirror;
}

Mirror::Mirror(uv::Loop& loop, MirrorOptions options, std::unique_ptr<table::Writer> writer,
               Listener& listener)
    : options_(std::move(options)),
      keys_(options_.redis.deployment),
      listener_(listener),
      writer_(std::move(writer)),
      replica_(*writer_),
      line_(loop, options_.primary),
      follower_(loop, options_.redis, replica_, listener),
      relay_(loop, keys_, options_.worker_id, options_.wanted, line_, replica_, listener),
      second_(loop, [this] { onSecond(); }),
      report_timer_(loop, [this] { report(); }) {}

void Mirror::start() {
  follower_.start();
  line_.start();
  onSecond();
  report_timer_.after(options_.report_interval);
}

void Mirror::onSecond() {
  writer_->collect(table::bootSeconds());
  second_.after(kSecond);
}

std::string Mirror::trouble() const {
  const auto& loading = follower_.loading();
  if (!loading) return follower_.trouble();
  return fmt::format("everything is being read: {} of {} entries", loading->entries,
                     loading->entries_in_all);
}

void Mirror::report() {
  report_timer_.after(options_.report_interval);
  const std::string key = keys_.worker(options_.worker_id);
  const table::Position& position = replica_.position();
  const auto milliseconds = [](auto duration) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  };
  redis::Command command("HSET");
  command.subject(key).add("lineage").add(position.lineage).add("version").add(position.version);
  command.add("commit").add(writer_->commits()).add("domains").add(replica_.domains());
  command.add("refused").add(replica_.refused()).add("refused_reason").add(replica_.lastRefusal());
  command.add("age")
      .add(fmt::format_int(replica_.age(table::bootSeconds())).str())
      .add("trouble")
      .add(trouble());
  command.add("updated").add(milliseconds(std::chrono::system_clock::now().time_since_epoch()));
  const auto onAnswer = [this](const redis::Reply& reply) {
    const auto reported = redis::errorIn("worker:*", reply);
    if (reported || reported.error() == last_report_trouble_) return;
    last_report_trouble_ = reported.error();
    listener_.onRelayTrouble(last_report_trouble_);
  };
  line_.send(command, onAnswer);
  redis::Command expiry("PEXPIRE");
  expiry.subject(key).add(milliseconds(options_.report_interval * kReportsMissed));
  line_.send(expiry, onAnswer);
}

}  // namespace zonecast::mirror
