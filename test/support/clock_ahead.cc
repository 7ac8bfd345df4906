// Preloaded into a server, it makes the server's wall clock wrong: ahead by CLOCK_AHEAD seconds.
// How fast time goes, and the monotonic clock, stay as they are. (Debian's libfaketime does not
// start with jemalloc, which named uses; this one allocates nothing.)
#include <cstdlib>
#include <ctime>

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {
long secondsAhead() {
  const char* text = getenv("CLOCK_AHEAD");
  return text == nullptr ? 0 : atol(text);
}
}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += secondsAhead();
  }
  return static_cast<int>(result);
}

int gettimeofday(timeval* __restrict now, void* __restrict) noexcept {
  timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* now) noexcept {
  timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != nullptr) *now = precise.tv_sec;
  return precise.tv_sec;
}

}  // extern "C"
