#include "adapters/getdns/event_loop.h"

#include <algorithm>
#include <cassert>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/uv/socket_address.h"

namespace zonecast::getdns {
namespace {

constexpr std::uint64_t kForever = ~std::uint64_t{0};

bool isUdp(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

}  // namespace

EventLoop::EventLoop(uv::Loop& loop)
    : loop_(loop),
      call_ready_(loop, [this] { callReady(); }),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  static getdns_eventloop_vmt functions = {
      .cleanup = [](getdns_eventloop*) {},
      .schedule =
          [](getdns_eventloop* loop_of_it, int fd, std::uint64_t timeout_ms,
             getdns_eventloop_event* event) {
            ownerOf(loop_of_it).schedule(fd, timeout_ms, *event);
            return GETDNS_RETURN_GOOD;
          },
      .clear =
          [](getdns_eventloop* loop_of_it, getdns_eventloop_event* event) {
            ownerOf(loop_of_it).clear(*event);
            return GETDNS_RETURN_GOOD;
          },
      .run = [](getdns_eventloop*) {},  // what is synchronous is not used
      .run_once = [](getdns_eventloop*, int) {},
  };
  extension_.vmt = &functions;
  extension_.owner = this;
  poll_ = uv::mustOpenHandle<uv_poll_t>(this, "uv_poll_init", [this](uv_poll_t* handle) {
    return uv_poll_init(loop_.raw(), handle, epoll_);
  });
  const auto on_poll = [](uv_poll_t* handle, int, int) {
    if (handle->data != nullptr) static_cast<EventLoop*>(handle->data)->pollSome();
  };
  uv::must(uv_poll_start(poll_.get(), UV_READABLE, on_poll), "uv_poll_start");
  uv_unref(uv::asHandle(poll_.get()));  // what waits for something has a timer
}

EventLoop::~EventLoop() {
  assert(ready_.empty());
  poll_.reset();
  ::close(epoll_);
}

void EventLoop::schedule(int fd, std::uint64_t timeout_ms, getdns_eventloop_event& getdns) {
  auto* const event = new Event{*this, getdns, -1, nullptr};
  getdns.ev = event;
  const bool first_write = fd >= 0 && getdns.write_cb != nullptr && isUdp(fd);
  if (first_write && connectFresh(fd)) {
    event->is_ready = true;
    ready_.push_back(event);
    call_ready_.schedule();
  } else if (first_write || (fd >= 0 && !startPoll(*event, fd))) {
    timeout_ms = 0;  // nothing can come of it
  }
  startTimer(*event, timeout_ms);
}

void EventLoop::clear(getdns_eventloop_event& getdns) {
  const std::unique_ptr<Event> event(static_cast<Event*>(getdns.ev));
  getdns.ev = nullptr;
  if (event->is_ready) std::erase(ready_, event.get());
  if (event->polled >= 0) endPoll(*event);
}

void EventLoop::startTimer(Event& event, std::uint64_t timeout_ms) {
  if (event.getdns.timeout_cb == nullptr || timeout_ms == kForever) return;
  event.timer = uv::mustOpenHandle<uv_timer_t>(&event, "uv_timer_init", [&](uv_timer_t* timer) {
    return uv_timer_init(loop_.raw(), timer);
  });
  const auto on_due = [](uv_timer_t* timer) {
    if (timer->data == nullptr) return;
    const Event& due = *static_cast<Event*>(timer->data);
    due.loop.call(uv::Callback::timer, due.getdns.timeout_cb, due.getdns.userarg);
  };
  uv::must(uv_timer_start(event.timer.get(), on_due, timeout_ms, 0), "uv_timer_start");
}

bool EventLoop::startPoll(Event& event, int fd) {
  const bool reads = event.getdns.read_cb != nullptr, writes = event.getdns.write_cb != nullptr;
  epoll_event wanted{};
  wanted.events = (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u);
  wanted.data.ptr = &event;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted) != 0) return false;
  event.polled = fd;
  return true;
}

// Its descriptor is still open: getdns clears an event before it closes.
void EventLoop::endPoll(const Event& event) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, event.polled, nullptr);
  for (std::size_t i = 0; i < happened_count_; ++i) {
    if (happened_[i].data.ptr == &event) happened_[i].data.ptr = nullptr;
  }
}

bool EventLoop::connectFresh(int fd) {
  if (server_ == nullptr) return false;
  const uv::SocketAddress address = uv::toSocketAddress(*server_);
  const socklen_t size =
      address.generic.sa_family == AF_INET6 ? sizeof address.v6 : sizeof address.v4;
  if (::connect(fd, &address.generic, size) == 0) return true;
  connect_error_ = errno;
  return false;
}

void EventLoop::pollSome() {
  const int count =
      epoll_wait(epoll_, happened_.data(), static_cast<int>(happened_.size()), /*timeout=*/0);
  happened_count_ = static_cast<std::size_t>(std::max(count, 0));
  for (std::size_t i = 0; i < happened_count_; ++i) {
    auto* const event = static_cast<Event*>(happened_[i].data.ptr);
    if (event != nullptr) onPoll(*event, happened_[i].events);
  }
  happened_count_ = 0;
}

// On an error, reading or writing tells getdns which.
void EventLoop::onPoll(Event& event, std::uint32_t happened) {
  const getdns_eventloop_event& getdns = event.getdns;
  const bool failed = (happened & EPOLLERR) != 0;
  const bool reads =
      getdns.read_cb != nullptr &&
      (getdns.write_cb == nullptr || (!failed && (happened & (EPOLLIN | EPOLLHUP)) != 0));
  socket_error_ = failed;
  call(uv::Callback::datagram, reads ? getdns.read_cb : getdns.write_cb, getdns.userarg);
  socket_error_ = false;
}

void EventLoop::callReady() {
  for (std::size_t left = ready_.size(); left > 0 && !ready_.empty(); --left) {
    Event& event = *ready_.front();
    ready_.pop_front();
    event.is_ready = false;
    event.getdns.write_cb(event.getdns.userarg);
  }
}

void EventLoop::call(uv::Callback kind, getdns_eventloop_callback callback, void* argument) {
  loop_.dispatch(kind, [&] { callback(argument); });
}

}  // namespace zonecast::getdns
