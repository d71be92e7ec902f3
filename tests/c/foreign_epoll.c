/*
 * A foreign loop sleeps in epoll_wait on the ring's descriptor: it wakes for completions, posts and
 * timers, each in time, hardly ever for nothing, and with nothing to do it sleeps.
 * Failure: a sleep that nothing ends (five seconds), more returns of epoll_wait than reasons, CPU
 * time while idle.
 */
#include "foreign.h"

#include <sys/epoll.h>

static int epoll_fd;

static int foreign_sleep(foreign *loop, int64_t limit_ns) {
  struct epoll_event event;
  int ready;
  do ready = epoll_wait(epoll_fd, &event, 1, (int)(limit_ns / 1000000));
  while (ready < 0 && errno == EINTR && ++loop->interrupted);
  return ready;
}

int main(void) {
  foreign loop;
  struct epoll_event event;
  harness_warm_threads(1);
  harness_baseline();
  memset(&loop, 0, sizeof loop);
  loop.ring = make_ring();
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN;
  CHECK(ringline_ring_fd(loop.ring) >= 0);
  CHECK_EQ(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, ringline_ring_fd(loop.ring), &event), 0);
  foreign_all(&loop);
  if (loop.idle > loop.sleeps / 20 + 10)
    HARNESS_FAIL("%llu of %llu sleeps ended for nothing", (unsigned long long)loop.idle,
                 (unsigned long long)loop.sleeps);
  CHECK(loop.sleeps > POSTS / 10);
  CHECK_EQ(close(epoll_fd), 0);
  CHECK_EQ(ringline_free(loop.ring), 0);
  harness_check_baseline();
  return 0;
}
