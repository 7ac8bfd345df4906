#include "adapters/http/http_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

namespace zonecast::http {
namespace {

constexpr Duration kSlice = std::chrono::milliseconds{2};
constexpr Duration kKeepAliveInterval = std::chrono::seconds{15};
constexpr Duration kScarcity = std::chrono::seconds{1};  // until descriptors are looked for again
constexpr std::size_t kAcceptedPerTurn = 16;
constexpr std::size_t kBlock = 16 << 10;      // of a stream of events
constexpr std::size_t kReserveOctets = 8192;  // of a connection's memory, for the answer's header
// Those that are cut are libmicrohttpd's for a moment longer.
constexpr unsigned kConnectionsReserve = 64;

uv_handle_t* asHandle(uv_poll_t* poll) {
  return reinterpret_cast<uv_handle_t*>(poll);
}

std::string field(MHD_Connection* mhd, const char* name) {
  const char* value = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> hostFields(MHD_Connection* mhd) {
  std::vector<std::string> hosts;
  MHD_get_connection_values(
      mhd, MHD_HEADER_KIND,
      [](void* found, MHD_ValueKind, const char* key, const char* value) {
        if (::strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0)
          static_cast<std::vector<std::string>*>(found)->emplace_back(value ? value : "");
        return MHD_YES;
      },
      &hosts);
  return hosts;
}

bool hasContent(MHD_Connection* mhd) {
  const std::string length = field(mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return !field(mhd, MHD_HTTP_HEADER_TRANSFER_ENCODING).empty() ||
         !(length.empty() || length == "0");
}

MHD_Response* responseOf(std::string body) {
  auto* owned = new std::string(std::move(body));
  return MHD_create_response_from_buffer_with_free_callback_cls(
      owned->size(), owned->data(), [](void* text) { delete static_cast<std::string*>(text); },
      owned);
}

}  // namespace

struct HttpServer::Connection {
  enum class Stage { awaitsRequest, queued, answering, watching, cut };

  HttpServer& server;
  MHD_Connection* mhd;
  int descriptor;
  bool is_local;
  std::optional<Instant> due;  // then it is cut
  Stage stage = Stage::awaitsRequest;
  bool rests = false;  // suspended, in libmicrohttpd's words
  Request request;
  std::optional<Answer> answer;
  // Of a watcher: what it is being given, and what comes next.
  EventRing::Frame frame;
  std::size_t taken = 0;
  std::uint64_t place = 0;
  bool owed_sign_of_life = true;
};

struct HttpServer::Listener {
  HttpServer& server;
  ListeningSocket socket;
  uv::Handle<uv_poll_t> poll;
  std::optional<uv::Timer> scarcity;

  void start() {
    uv::must(uv_poll_start(poll.get(), UV_READABLE,
                           [](uv_poll_t* handle, int, int) {
                             auto& self = *static_cast<Listener*>(handle->data);
                             self.server.loop_.dispatch(uv::Callback::http,
                                                        [&] { self.server.accept(self); });
                           }),
             "uv_poll_start");
  }
};

HttpServer::HttpServer(uv::Loop& loop, HttpOptions options, control::ControlHandler& handler,
                       std::shared_ptr<prometheus::Registry> registry)
    : loop_(loop),
      options_(std::move(options)),
      site_(options_.site, handler, registry),
      events_(options_.events_kept),
      metrics_(*registry),
      timer_(
          loop, [this] { turn(); }, uv::Callback::http),
      keep_alive_(
          loop, [this] { keepAlive(); }, uv::Callback::http),
      soon_(
          loop, [this] { turn(); }, uv::Callback::http) {}

HttpServer::~HttpServer() {
  listeners_.clear();
  poll_.reset();
  if (daemon_ == nullptr) return;
  for (const auto& connection : connections_) {
    if (connection->rests) MHD_resume_connection(connection->mhd);
  }
  MHD_stop_daemon(daemon_);
}

HttpServer::Opened HttpServer::open(uv::Loop& loop, HttpOptions options,
                                    control::ControlHandler& handler,
                                    std::shared_ptr<prometheus::Registry> registry) {
  std::vector<ListeningSocket> sockets;
  const auto add = [&](ListeningSocket::Opened opened) -> tl::expected<void, std::string> {
    if (!opened) return tl::unexpected(std::move(opened.error()));
    sockets.push_back(std::move(*opened));
    return {};
  };
  tl::expected<void, std::string> ready;
  if (options.listener) ready = add(ListeningSocket::onPort(*options.listener));
  if (ready && !options.socket.empty()) ready = add(ListeningSocket::onPath(options.socket));
  if (!ready) return tl::unexpected(std::move(ready.error()));
  std::unique_ptr<HttpServer> server(
      new HttpServer(loop, std::move(options), handler, std::move(registry)));
  if (auto started = server->startDaemon(); !started)
    return tl::unexpected(std::move(started.error()));
  for (ListeningSocket& socket : sockets) server->listen(std::move(socket));
  return server;
}

tl::expected<void, std::string> HttpServer::startDaemon() {
  using std::chrono::ceil, std::chrono::seconds;
  const auto limit = static_cast<unsigned>(options_.connections_max) + kConnectionsReserve;
  const std::size_t memory = 2 * options_.site.header_octets_max + kReserveOctets;
  const MHD_OptionItem options[] = {
      {MHD_OPTION_CONNECTION_LIMIT, limit, nullptr},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, static_cast<intptr_t>(memory), nullptr},
      {MHD_OPTION_CONNECTION_TIMEOUT, ceil<seconds>(options_.request_timeout).count(), nullptr},
      {MHD_OPTION_STRICT_FOR_CLIENT, 1, nullptr},
      {MHD_OPTION_END, 0, nullptr}};
  const MHD_NotifyConnectionCallback on_connection = [](void* self, MHD_Connection* mhd,
                                                        void** context, auto what) {
    static_cast<HttpServer*>(self)->onConnection(mhd, context, what);
  };
  const MHD_RequestCompletedCallback on_completed = [](void* self, MHD_Connection* mhd, void**,
                                                       auto) {
    static_cast<HttpServer*>(self)->onCompleted(mhd);
  };
  using OnTarget = void* (*)(void*, const char*, MHD_Connection*);
  const OnTarget on_target = [](void* self, const char* target, MHD_Connection* mhd) -> void* {
    static_cast<HttpServer*>(self)->onTarget(mhd, target);
    return nullptr;
  };
  const MHD_AccessHandlerCallback on_request = [](void* self, MHD_Connection* mhd, const char*,
                                                  const char* method, const char*, const char*,
                                                  size_t*, void** seen) {
    const bool is_whole = std::exchange(*seen, mhd) != nullptr;
    return static_cast<HttpServer*>(self)->onRequest(mhd, method, is_whole);
  };
  daemon_ = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
                             nullptr, nullptr, on_request, this, MHD_OPTION_NOTIFY_CONNECTION,
                             on_connection, this, MHD_OPTION_NOTIFY_COMPLETED, on_completed, this,
                             MHD_OPTION_URI_LOG_CALLBACK, on_target, this, MHD_OPTION_ARRAY,
                             options, MHD_OPTION_END);
  const MHD_DaemonInfo* info =
      daemon_ ? MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD) : nullptr;
  if (info == nullptr)
    return tl::unexpected<std::string>("HTTP: the server does not start; raise the limit on files");
  poll_ = uv::mustOpenHandle<uv_poll_t>(this, "uv_poll_init", [&](uv_poll_t* poll) {
    return uv_poll_init(loop_.raw(), poll, info->epoll_fd);
  });
  uv::must(uv_poll_start(poll_.get(), UV_READABLE,
                         [](uv_poll_t* handle, int, int) {
                           auto& self = *static_cast<HttpServer*>(handle->data);
                           self.loop_.dispatch(uv::Callback::http, [&] { self.turn(); });
                         }),
           "uv_poll_start");
  uv_unref(asHandle(poll_.get()));
  keep_alive_.after(kKeepAliveInterval);
  return {};
}

// -- who comes and goes --------------------------------------------------------------------------

void HttpServer::listen(ListeningSocket socket) {
  auto listener = std::make_unique<Listener>(Listener{*this, std::move(socket), nullptr, {}});
  Listener& it = *listener;
  it.poll = uv::mustOpenHandle<uv_poll_t>(&it, "uv_poll_init", [&](uv_poll_t* poll) {
    return uv_poll_init(loop_.raw(), poll, it.socket.descriptor());
  });
  it.scarcity.emplace(
      loop_, [&it] { it.start(); }, uv::Callback::http);
  it.start();
  listeners_.push_back(std::move(listener));
}

void HttpServer::accept(Listener& listener) {
  for (std::size_t n = 0; n < kAcceptedPerTurn; ++n) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = ::accept4(listener.socket.descriptor(), reinterpret_cast<sockaddr*>(&peer),
                             &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
      uv_poll_stop(listener.poll.get());
      listener.scarcity->after(kScarcity);
    }
    if (fd < 0) break;
    if (!makeRoom()) {
      ::close(fd);
      continue;
    }
    // It closes the descriptor when it refuses it.
    MHD_add_connection(daemon_, fd, reinterpret_cast<sockaddr*>(&peer), size);
  }
  turn();
}

// False when all are busy.
bool HttpServer::makeRoom() {
  using Stage = Connection::Stage;
  const auto is = [](Stage stage) {
    return [stage](const auto& connection) { return connection->stage == stage; };
  };
  const auto cut_already = std::ranges::count_if(connections_, is(Stage::cut));
  if (connections_.size() - static_cast<std::size_t>(cut_already) < options_.connections_max)
    return true;
  const auto longest = std::ranges::min_element(connections_, {}, [](const auto& connection) {
    return connection->stage == Stage::awaitsRequest ? *connection->due : Instant::max();
  });
  if ((*longest)->stage != Stage::awaitsRequest) return false;
  cut(**longest, CutFor::crowd);
  return true;
}

void HttpServer::onConnection(MHD_Connection* mhd, void** context,
                              MHD_ConnectionNotificationCode what) {
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    auto* gone = static_cast<Connection*>(*context);
    std::erase(queue_, gone);
    std::erase_if(connections_, [&](const auto& one) { return one.get() == gone; });
  } else {
    const int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const sockaddr* peer =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    connections_.push_back(std::make_unique<Connection>(Connection{
        .server = *this,
        .mhd = mhd,
        .descriptor = fd,
        .is_local = peer->sa_family == AF_UNIX,
        .due = loop_.now().mono + options_.request_timeout,
        .request = {},
        .answer = {},
        .frame = {},
    }));
    *context = connections_.back().get();
  }
  metrics_.connections.Set(static_cast<double>(connections_.size()));
}

void HttpServer::cut(Connection& connection, CutFor why) {
  static constexpr std::array kWhy{"crowd", "slowness", "lag"};
  metrics_.cuts.Add({{"reason", kWhy[static_cast<std::size_t>(why)]}}).Increment();
  connection.stage = Connection::Stage::cut;
  connection.due.reset();
  ::shutdown(connection.descriptor, SHUT_RDWR);  // libmicrohttpd hears of it, and closes it
  wake(connection);
}

// -- requests and answers ------------------------------------------------------------------------

namespace {

template <typename Connection>
Connection& connectionOf(MHD_Connection* mhd) {
  return *static_cast<Connection*>(
      MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
}

}  // namespace

void HttpServer::onTarget(MHD_Connection* mhd, const char* target) {
  connectionOf<Connection>(mhd).request.target = target;
}

// Called when the header is in, when the request is, and when its answer is there.
MHD_Result HttpServer::onRequest(MHD_Connection* mhd, const char* method, bool is_whole) {
  using Stage = Connection::Stage;
  auto& connection = connectionOf<Connection>(mhd);
  if (connection.stage == Stage::cut) return MHD_NO;
  if (connection.answer) return give(connection);
  if (!is_whole) {
    Request& request = connection.request;
    request.method = method;
    request.is_local = connection.is_local;
    request.has_body = hasContent(mhd);
    request.header_octets =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    request.hosts = hostFields(mhd);
    request.authorization = field(mhd, MHD_HTTP_HEADER_AUTHORIZATION);
    request.last_event_id = field(mhd, "Last-Event-ID");
    if (!request.has_body) return MHD_YES;
    // What has content is refused without waiting for it.
    connection.answer = site_.answer(request);
    return give(connection);
  }
  connection.stage = Stage::queued;
  connection.due.reset();
  queue_.push_back(&connection);
  rest(connection);
  return MHD_YES;
}

void HttpServer::answerSome() {
  const std::uint64_t began = uv_hrtime();
  const auto slice = std::chrono::nanoseconds(kSlice).count();
  while (!queue_.empty() && uv_hrtime() - began < static_cast<std::uint64_t>(slice)) {
    Connection& connection = *queue_.front();
    queue_.pop_front();
    connection.answer = answerTo(connection);
    wake(connection);
  }
}

Answer HttpServer::answerTo(Connection& connection) {
  Answer answer = site_.answer(connection.request);
  if (!answer.watch_after || watchers() < options_.watchers_max) return answer;
  wakeTheGone();
  if (watchers() < options_.watchers_max) return answer;
  Answer full = Site::failure(
      503, fmt::format("{} watch already: close some, or raise http.watchers_max", watchers()));
  full.headers.emplace_back("Retry-After", "5");
  return full;
}

MHD_Result HttpServer::give(Connection& connection) {
  Answer answer = *std::exchange(connection.answer, std::nullopt);
  MHD_Response* response = nullptr;
  if (answer.watch_after) {
    connection.stage = Connection::Stage::watching;
    connection.due.reset();
    connection.place = events_.placeAfter(*answer.watch_after);
    const MHD_ContentReaderCallback read = [](void* watcher, uint64_t, char* to, size_t max) {
      auto& it = *static_cast<Connection*>(watcher);
      return it.server.readFrames(it, to, max);
    };
    response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kBlock, read, &connection, nullptr);
  } else {
    connection.stage = Connection::Stage::answering;
    connection.due = loop_.now().mono + options_.request_timeout;
    response = responseOf(std::move(answer.body));
  }
  if (response == nullptr) return MHD_NO;
  for (const auto& [name, value] : Site::headers()) MHD_add_response_header(response, name, value);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type.c_str());
  for (const auto& [name, value] : answer.headers)
    MHD_add_response_header(response, name.c_str(), value.c_str());
  const MHD_Result queued = MHD_queue_response(connection.mhd, answer.status, response);
  MHD_destroy_response(response);
  metrics_.requests.Add({{"status", std::to_string(answer.status)}}).Increment();
  metrics_.watchers.Set(static_cast<double>(watchers()));
  return queued;
}

void HttpServer::onCompleted(MHD_Connection* mhd) {
  auto& connection = connectionOf<Connection>(mhd);
  std::erase(queue_, &connection);
  connection.request = {};
  connection.answer.reset();
  connection.frame.reset();
  connection.taken = 0;
  connection.owed_sign_of_life = true;
  if (connection.stage != Connection::Stage::cut) {
    connection.stage = Connection::Stage::awaitsRequest;
    connection.due = loop_.now().mono + options_.request_timeout;
  }
  metrics_.watchers.Set(static_cast<double>(watchers()));
}

// -- watchers ------------------------------------------------------------------------------------

void HttpServer::publish(const v1::WatchEvent& event) {
  events_.add(event);
  for (const auto& connection : connections_) {
    if (connection->stage != Connection::Stage::watching) continue;
    connection->place < events_.begin() ? cut(*connection, CutFor::lag) : wake(*connection);
  }
}

ssize_t HttpServer::readFrames(Connection& watcher, char* to, std::size_t octets_max) {
  static const auto kSignOfLife = std::make_shared<const std::string>(":\n\n");
  if (watcher.stage == Connection::Stage::cut) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (!watcher.frame && std::exchange(watcher.owed_sign_of_life, false)) {
    watcher.frame = kSignOfLife;
  } else if (!watcher.frame && watcher.place < events_.end()) {
    watcher.frame = events_.at(watcher.place++);
  } else if (!watcher.frame) {
    rest(watcher);
    return 0;
  }
  const std::size_t octets = std::min(octets_max, watcher.frame->size() - watcher.taken);
  std::memcpy(to, watcher.frame->data() + watcher.taken, octets);
  watcher.taken += octets;
  if (watcher.taken == watcher.frame->size()) {
    watcher.frame.reset();
    watcher.taken = 0;
  }
  return static_cast<ssize_t>(octets);
}

// Nobody notices that a client has gone while its connection rests.
void HttpServer::wakeTheGone() {
  for (const auto& connection : connections_) {
    char octet = 0;
    if (connection->stage != Connection::Stage::watching || !connection->rests ||
        ::recv(connection->descriptor, &octet, 1, MSG_PEEK | MSG_DONTWAIT) != 0) {
      continue;
    }
    connection->stage = Connection::Stage::cut;
    wake(*connection);
  }
}

void HttpServer::keepAlive() {
  for (const auto& connection : connections_) {
    if (connection->stage != Connection::Stage::watching) continue;
    connection->owed_sign_of_life = true;
    wake(*connection);
  }
  keep_alive_.after(kKeepAliveInterval);
}

std::size_t HttpServer::watchers() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      connections_, [](const auto& one) { return one->stage == Connection::Stage::watching; }));
}

// -- turns ---------------------------------------------------------------------------------------

void HttpServer::rest(Connection& connection) {
  connection.rests = true;
  MHD_suspend_connection(connection.mhd);
  soon_.schedule();
}

void HttpServer::wake(Connection& connection) {
  if (std::exchange(connection.rests, false)) MHD_resume_connection(connection.mhd);
  soon_.schedule();
}

void HttpServer::turn() {
  cutWhoIsLate();
  answerSome();
  soon_.cancel();
  MHD_run(daemon_);
  planNextTurn();
}

void HttpServer::cutWhoIsLate() {
  const Instant now = loop_.now().mono;
  for (const auto& connection : connections_) {
    if (connection->due && *connection->due <= now) cut(*connection, CutFor::slowness);
  }
}

void HttpServer::planNextTurn() {
  std::optional<Instant> next;
  for (const auto& connection : connections_) {
    if (connection->due && (!next || *connection->due < *next)) next = connection->due;
  }
  MHD_UNSIGNED_LONG_LONG milliseconds = 0;
  if (MHD_get_timeout(daemon_, &milliseconds) == MHD_YES) {
    if (milliseconds == 0) soon_.schedule();
    const Instant at = loop_.now().mono + std::chrono::milliseconds(milliseconds);
    if (!next || at < *next) next = at;
  }
  if (!queue_.empty()) soon_.schedule();
  next ? timer_.startAt(*next) : timer_.stop();
}

}  // namespace zonecast::http
