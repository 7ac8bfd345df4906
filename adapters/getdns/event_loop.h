// What getdns waits for, on our loop: its event loop extension.
//
// Of the extension that comes with getdns the shared library exports nothing, and the static one
// crashes where two TCP queries are under way. In this one an event is its descriptor in an epoll
// of our own and one timer, and a wake-up makes one call: more would reach what the first one
// freed. (A socket lives for one query, and a uv_poll takes five system calls for that.)
//
// getdns leaves its UDP sockets unconnected and compares nothing but the ID, so that anybody's
// datagram could be the reply. Each is therefore connected here, to the server that the query under
// submission is for: the kernel then drops what others send, and reports a port where nobody
// listens at once. The first write of such a socket needs no poll.
//
// Invariants: getdns is called back from the loop alone, never from inside one of its calls; an
// event that was cleared is not called back.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

#include <getdns/getdns.h>
#include <getdns/getdns_extra.h>
#include <sys/epoll.h>

#include "adapters/uv/handle.h"
#include "adapters/uv/loop.h"
#include "reconciler/xfr/endpoint.h"

namespace zonecast::getdns {

class EventLoop {
 public:
  explicit EventLoop(uv::Loop& loop);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  getdns_eventloop* raw() { return &extension_; }

  // Within a callback of getdns: it comes of an error at a socket, such as a refusal.
  bool isForSocketError() const { return socket_error_; }

  // While it exists, fresh UDP sockets are connected to `server`. A UDP socket that comes up
  // outside of every submission is never written to.
  class Submission {
   public:
    Submission(EventLoop& loop, const xfr::Endpoint& server) : loop_(loop) {
      loop_.server_ = &server;
      loop_.connect_error_ = 0;
    }
    ~Submission() { loop_.server_ = nullptr; }
    Submission(const Submission&) = delete;
    Submission& operator=(const Submission&) = delete;
    int connectError() const { return loop_.connect_error_; }  // errno, or 0

   private:
    EventLoop& loop_;
  };

 private:
  struct Extension : getdns_eventloop {
    EventLoop* owner = nullptr;
  };
  // Belongs to the getdns event that points to it, until that is cleared.
  struct Event {
    EventLoop& loop;
    getdns_eventloop_event& getdns;
    int polled = -1;  // its descriptor, where that is in the epoll
    uv::Handle<uv_timer_t> timer;
    bool is_ready = false;  // is among ready_
  };

  static EventLoop& ownerOf(getdns_eventloop* extension) {
    return *static_cast<Extension*>(extension)->owner;
  }
  void schedule(int fd, std::uint64_t timeout_ms, getdns_eventloop_event& getdns);
  void clear(getdns_eventloop_event& getdns);
  void startTimer(Event& event, std::uint64_t timeout_ms);
  bool startPoll(Event& event, int fd);
  void endPoll(const Event& event);
  bool connectFresh(int fd);
  void pollSome();
  void onPoll(Event& event, std::uint32_t happened);
  void callReady();
  void call(uv::Callback kind, getdns_eventloop_callback callback, void* argument);

  uv::Loop& loop_;
  Extension extension_;
  const xfr::Endpoint* server_ = nullptr;
  int connect_error_ = 0;
  bool socket_error_ = false;
  std::deque<Event*> ready_;  // to write, without a poll
  uv::Soon call_ready_;
  const int epoll_;
  uv::Handle<uv_poll_t> poll_;            // of the epoll
  std::array<epoll_event, 64> happened_;  // what one look at it has brought,
  std::size_t happened_count_ = 0;        // as long as that is worked off
};

}  // namespace zonecast::getdns
