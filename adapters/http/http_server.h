// Serves the site (site.h) over HTTP, on the loop.
//
// HTTP is libmicrohttpd's, which runs inside of our loop on an epoll descriptor of its own, so that
// requests reach the core without a thread, a lock or a queue between threads. The other parsers
// that Debian has are civetweb, which brings threads, and http-parser, whose maintenance has ended.
//
//   accepted --> awaits a request --> queued --> answering --.--> watching --> cut, or closed
//                     ^                                      |
//                     '--------------------------------------'
//
// What has come in whole is queued, and answered in slices of some 2 ms. A request has
// request_timeout to come in, and its answer as long to be taken, however busy its octets keep us.
// Of connections there are so many: one more ends the one that has asked for nothing longest. A
// watcher that does not keep up is cut: it may come again, and say what it saw last. Who is cut
// costs nobody else anything. SIGPIPE must be ignored. Not thread-safe.
#pragma once

#include <deque>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <microhttpd.h>

#include "adapters/http/event_ring.h"
#include "adapters/http/http_metrics.h"
#include "adapters/http/listening_socket.h"
#include "adapters/http/site.h"
#include "adapters/uv/handle.h"
#include "adapters/uv/loop.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::http {

struct HttpOptions {
  std::optional<xfr::Endpoint> listener;
  std::filesystem::path socket;  // empty: none
  SiteOptions site;
  std::size_t connections_max = 64;
  std::size_t watchers_max = 16;  // fewer
  std::size_t events_kept = 100;
  Duration request_timeout = std::chrono::seconds{10};
};

class HttpServer {
 public:
  using Opened = tl::expected<std::unique_ptr<HttpServer>, std::string>;

  // Loop and handler must outlive the server. `registry` is what /metrics shows, its own figures
  // among it. The error is a sentence.
  static Opened open(uv::Loop& loop, HttpOptions options, control::ControlHandler& handler,
                     std::shared_ptr<prometheus::Registry> registry);
  ~HttpServer();

  // Kept for those who will watch, and told to those who do.
  void publish(const v1::WatchEvent& event);

 private:
  struct Connection;
  struct Listener;
  enum class CutFor { crowd, slowness, lag };

  HttpServer(uv::Loop& loop, HttpOptions options, control::ControlHandler& handler,
             std::shared_ptr<prometheus::Registry> registry);
  tl::expected<void, std::string> startDaemon();
  void listen(ListeningSocket socket);

  void accept(Listener& listener);
  bool makeRoom();
  void onConnection(MHD_Connection* mhd, void** context, MHD_ConnectionNotificationCode what);
  void onTarget(MHD_Connection* mhd, const char* target);
  MHD_Result onRequest(MHD_Connection* mhd, const char* method, bool is_whole);
  void onCompleted(MHD_Connection* mhd);
  ssize_t readFrames(Connection& watcher, char* to, std::size_t octets_max);

  void answerSome();
  Answer answerTo(Connection& connection);
  MHD_Result give(Connection& connection);
  void cut(Connection& connection, CutFor why);
  void wake(Connection& connection);
  void rest(Connection& connection);
  void wakeTheGone();
  std::size_t watchers() const;

  void turn();
  void planNextTurn();
  void cutWhoIsLate();
  void keepAlive();

  uv::Loop& loop_;
  const HttpOptions options_;
  Site site_;
  EventRing events_;
  HttpMetrics metrics_;
  MHD_Daemon* daemon_ = nullptr;
  std::list<std::unique_ptr<Connection>> connections_;  // in the order in which they came
  std::deque<Connection*> queue_;                       // that are to be answered
  std::vector<std::unique_ptr<Listener>> listeners_;
  uv::Handle<uv_poll_t> poll_;
  uv::Timer timer_, keep_alive_;
  uv::Soon soon_;
};

}  // namespace zonecast::http
