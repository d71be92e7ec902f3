/*
 * The program closes the eventfd that wakes the ring, by mistake.
 * Failure: the library polls it again and again, and a wait burns a core.
 */
#include "tools.h"

static int eventfds(int close_them) {
  char path[64], target[64];
  int fd, count = 0;
  for (fd = 3; fd < 64; fd++) {
    ssize_t length;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    length = readlink(path, target, sizeof target - 1);
    if (length < 0) continue;
    target[length] = 0;
    if (!strstr(target, "eventfd")) continue;
    count++;
    if (close_them) close(fd);
  }
  return count;
}

int main(void) {
  ringline_ring *ring;
  uint64_t enters;
  harness_baseline();
  CHECK_EQ(eventfds(0), 0);
  ring = make_ring();
  CHECK_EQ(eventfds(1), 1); /* gone before the ring polls it */
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  enters = stats_of(ring).enters;
  CHECK_EQ(turn_for(ring, 1, SECOND / 5), 0);
  CHECK(stats_of(ring).enters - enters < 20);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
