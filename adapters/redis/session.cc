#include "adapters/redis/session.h"

#include <fmt/format.h>

namespace zonecast::redis {
namespace {

constexpr std::size_t kUnsentOctetsMax = std::size_t{1} << 20;

}  // namespace

Outcome errorIn(std::string_view title, ReplyView reply) {
  if (!reply.isError()) return {};
  const std::string_view hint =
      reply.text().starts_with("NOPERM") ? " (grant it: see config/redis/users.acl)" : "";
  return tl::unexpected(fmt::format("{}: {}{}", title, reply.text(), hint));
}

Outcome refusalIn(std::string_view title, ReplyView reply) {
  if (auto error = errorIn(title, reply); !error) return error;
  const std::string_view word = reply[0].text();
  if (word == "ok") return {};
  const std::string_view detail = reply[1].text();
  if ((word == "fenced" || word == "moved") && !detail.empty()) {
    return tl::unexpected(std::string(detail));
  }
  if (word == "held") {
    return tl::unexpected(fmt::format("{} holds the lease: waiting for it", detail));
  }
  if (word == "denied") {
    return tl::unexpected(fmt::format("may not {} {} (grant it: see config/redis/users.acl)",
                                      detail, reply[2].text()));
  }
  if (word == "type") {
    return tl::unexpected(
        fmt::format("{} is a {}, which is not ours: remove it", detail, reply[2].text()));
  }
  return tl::unexpected(fmt::format("{}: an answer that our Function never gives", title));
}

Session::Session(uv::Loop& loop, const RedisOptions& options,
                 std::function<void(std::string)> on_down)
    : options_(options),
      connection_(loop, options,
                  {.onConnected = [this] { resume(); },
                   .onDown =
                       [this, on_down = std::move(on_down)](std::string why) {
                         close();
                         on_down(std::move(why));
                       }}),
      next_turn_(
          loop, [this] { resume(); }, uv::Callback::store),
      alarm_(
          loop, [this] { resume(); }, uv::Callback::store) {}

void Session::close() {
  connection_.close();
  next_turn_.cancel();
  alarm_.stop();
  suspended_ = std::noop_coroutine();
  posted_ = 0;
  posted_outcome_ = {};
  awaits_posted_ = false;
}

void Session::send(const Command& command, Connection::Handler handler) {
  connection_.send(command, std::move(handler));
}

Task<Expected<Reply>> Session::ask(Command command) {
  const std::string title = command.title();
  Reply reply = co_await answer(command);
  if (auto failed = errorIn(title, reply); !failed) co_return tl::unexpected(failed.error());
  co_return reply;
}

Task<Expected<Reply>> Session::invoke(Command command) {
  const std::string title = command.title();
  Reply reply = co_await answer(command);
  if (auto failed = refusalIn(title, reply); !failed) co_return tl::unexpected(failed.error());
  co_return reply;
}

Task<Outcome> Session::post(Command command, Judge judge) {
  ++posted_;
  connection_.send(command, [this, judge, title = command.title()](const Reply& reply) {
    onPosted(judge(title, reply));
  });
  while (!hasRoom()) {
    awaits_posted_ = true;
    co_await Suspended{*this};
  }
  co_return posted_outcome_;
}

Task<Outcome> Session::allDone() {
  while (posted_ > 0) {
    awaits_posted_ = true;
    co_await Suspended{*this};
  }
  co_return std::exchange(posted_outcome_, {});
}

void Session::onPosted(Outcome outcome) {
  --posted_;
  if (!outcome && posted_outcome_) posted_outcome_ = std::move(outcome);
  if (std::exchange(awaits_posted_, false)) resume();
}

bool Session::hasRoom() const {
  return posted_ < options_.in_flight_max &&
         (posted_ == 0 || connection_.unsentOctets() < kUnsentOctetsMax);
}

}  // namespace zonecast::redis
