/*
 * A foreign loop sleeps in poll(2) on an eventfd that the kernel writes for every completion: it
 * wakes for completions, posts and timers, and with nothing to do it sleeps. The eventfd is also
 * written for what a turn takes at once, so there are more returns, but never without end.
 * Failure: a sleep that nothing ends (five seconds), CPU time while idle, an eventfd that is still
 * written when it was taken back.
 */
#include "foreign.h"

#include <sys/eventfd.h>

static int event_fd;

static int foreign_sleep(foreign *loop, int64_t limit_ns) {
  struct pollfd entry = {event_fd, POLLIN, 0};
  uint64_t count;
  int ready = poll(&entry, 1, (int)(limit_ns / 1000000));
  (void)loop;
  if (ready > 0) CHECK(read(event_fd, &count, sizeof count) == sizeof count);
  return ready;
}

int main(void) {
  foreign loop;
  ringline_op op;
  harness_warm_threads(1);
  harness_baseline();
  memset(&loop, 0, sizeof loop);
  loop.ring = make_ring();
  event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK_EQ(ringline_set_eventfd(loop.ring, -1), -ENXIO);
  CHECK_EQ(ringline_set_eventfd(loop.ring, event_fd), 0);
  CHECK_EQ(ringline_set_eventfd(loop.ring, event_fd), -EBUSY);
  foreign_all(&loop);
  CHECK(loop.idle <= 2 * loop.sleeps);
  CHECK(loop.sleeps > POSTS / 10);
  CHECK_EQ(ringline_set_eventfd(loop.ring, -1), 0);
  foreign_sleep(&loop, 0); /* what was written before */
  memset(&op, 0, sizeof op);
  submit_one(loop.ring, &op, 1);
  CHECK_EQ(next_completion(loop.ring).res, 0);
  CHECK_EQ(foreign_sleep(&loop, 0), 0);
  CHECK_EQ(close(event_fd), 0);
  CHECK_EQ(ringline_free(loop.ring), 0);
  harness_check_baseline();
  return 0;
}
