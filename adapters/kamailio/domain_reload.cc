#include "adapters/kamailio/domain_reload.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace zonecast::kamailio {
namespace {

constexpr std::size_t kAnswerOctetsMax = 65'536;  // more than jsonrpcs sends
constexpr std::size_t kShownOctetsMax = 200;

// For people, in one line.
std::string shown(std::string_view text) {
  std::string line(text.substr(0, kShownOctetsMax));
  std::ranges::replace_if(
      line, [](char c) { return c >= 0 && c < ' '; }, ' ');
  return line;
}

}  // namespace

JudgedAnswer judgeAnswer(std::string_view json, std::uint32_t id) {
  google::protobuf::Struct message;
  if (!google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &message).ok())
    return {Answer::other, ""};
  const auto& fields = message.fields();
  const auto its_id = fields.find("id");
  if (its_id == fields.end() || its_id->second.number_value() != id) return {Answer::other, ""};
  if (fields.contains("result")) return {Answer::done, ""};
  const auto error = fields.find("error");
  if (error == fields.end()) return {Answer::other, ""};
  const auto& said = error->second.struct_value().fields();
  const auto words = said.find("message");
  return {Answer::refused, words == said.end() ? "" : shown(words->second.string_value())};
}

DomainReload::DomainReload(uv::Loop& loop, DomainReloadOptions options, Observer observer)
    : loop_(loop),
      options_(std::move(options)),
      observer_(std::move(observer)),
      retry_(options_.interval),
      id_(options_.first_id),
      call_timer_(loop, [this] { call(); }),
      answer_timer_(loop, [this] { onTimeout(); }) {}

DomainReload::~DomainReload() {
  close();
}

void DomainReload::request() {
  is_wanted_ = true;
  if (state_ != State::idle) return;
  state_ = State::due;
  call_timer_.startAt(not_before_);
}

void DomainReload::call() {
  is_wanted_ = false;
  state_ = State::asking;
  ++id_;
  answer_timer_.after(options_.timeout);
  if (auto sent = send(); !sent) conclude(sent.error());
}

// A socket for each call: what comes late on an old one is nobody's. It has a name that the kernel
// chooses, since Kamailio answers from another socket than it was asked on.
tl::expected<void, std::string> DomainReload::send() {
  const auto fail = [this](std::string_view why) {
    return tl::unexpected(fmt::format("socket {}: {}", options_.socket, why));
  };
  sockaddr_un there{};
  there.sun_family = AF_UNIX;
  if (options_.socket.size() >= sizeof(there.sun_path)) return fail("its path is too long");
  std::memcpy(there.sun_path, options_.socket.data(), options_.socket.size());
  sockaddr_un here{};
  here.sun_family = AF_UNIX;
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0 ||
      ::bind(socket_, reinterpret_cast<const sockaddr*>(&here), sizeof here.sun_family) != 0)
    return fail(std::strerror(errno));
  const std::string call =
      fmt::format(R"({{"jsonrpc":"2.0","method":"domain.reload","id":{}}})", id_);
  if (::sendto(socket_, call.data(), call.size(), 0, reinterpret_cast<const sockaddr*>(&there),
               sizeof there) < 0)
    return fail(std::strerror(errno));
  auto poll = uv::openHandle<uv_poll_t>(
      this, [&](uv_poll_t* handle) { return uv_poll_init(loop_.raw(), handle, socket_); });
  if (!poll) return fail(uv_strerror(poll.error()));
  poll_ = std::move(*poll);
  const int result = uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* owner = static_cast<DomainReload*>(handle->data))
      owner->loop_.dispatch(uv::Callback::datagram, [owner] { owner->onReadable(); });
  });
  if (result < 0) return fail(uv_strerror(result));
  return {};
}

void DomainReload::onReadable() {
  std::vector<char> octets(kAnswerOctetsMax);
  const ssize_t count = ::recv(socket_, octets.data(), octets.size(), 0);
  if (count < 0) return;
  const auto judged = judgeAnswer({octets.data(), static_cast<std::size_t>(count)}, id_);
  if (judged.answer == Answer::done) conclude("");
  if (judged.answer == Answer::refused)
    conclude(fmt::format("Kamailio refuses domain.reload: {}", judged.why));
}

void DomainReload::conclude(const std::string& trouble) {
  answer_timer_.stop();
  close();
  state_ = State::idle;
  const bool is_done = trouble.empty();
  retry_ = is_done ? options_.interval : std::min(options_.retry_max, retry_ * 2);
  not_before_ = loop_.now().mono + retry_;
  observer_(trouble);
  if (!is_done || is_wanted_) request();
}

void DomainReload::close() {
  poll_.reset();
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace zonecast::kamailio
