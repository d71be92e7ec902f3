/*
 * foreign_epoll: an event loop of one's own sleeps in epoll_wait, and the ring is one of the things
 * it waits for: here a ring that ticks, beside a pipe that the loop reads itself.
 *
 *   cc -std=c11 foreign_epoll.c -o foreign_epoll $(pkg-config --cflags --libs ringline)
 *   ./foreign_epoll
 */
#define _GNU_SOURCE
#include <errno.h>
#include <ringline.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { TICK = 1, TICKS = 5, READ_END = 0, RING = 1 };

static int pipe_ends[2], ticks;

/* Every tick writes a byte, so that the other descriptor has something to say as well. */
static void take_records(ringline_ring *ring, ringline_shared *io) {
  const ringline_completion *recs = (const ringline_completion *)(uintptr_t)io->recs;
  io->wait_min = 0; /* the loop has waited */
  int32_t count = ringline_turn(ring);
  for (int32_t at = 0; at < count; at++) {
    if (recs[at].user_data != TICK) continue;
    ticks++;
    if (write(pipe_ends[1], "x", 1) != 1) perror("write");
  }
}

static int watch(int epoll, int fd, uint32_t name) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = name};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int returns = 0, bytes = 0, epoll = epoll_create1(EPOLL_CLOEXEC);
  int32_t code = ringline_create(NULL, &ring);
  if (code < 0) return fprintf(stderr, "ring: %s\n", ringline_strerror(code)), 1;
  ringline_shared *io = ringline_shared_block(ring);
  if (pipe(pipe_ends) != 0 || watch(epoll, pipe_ends[0], READ_END) != 0 ||
      watch(epoll, ringline_ring_fd(ring), RING) != 0)
    return perror("epoll"), 1;
  ringline_prep_timer(&op, 10 * 1000 * 1000, 10 * 1000 * 1000);
  op.user_data = TICK;
  if (ringline_submit(ring, &op, 1, NULL, 0) != 1) return 1;
  while (bytes < TICKS) {
    struct epoll_event events[2];
    /* Before every sleep; 1 = there is something already. */
    int32_t ready = ringline_prepare(ring, NULL);
    if (ready < 0) return fprintf(stderr, "prepare: %s\n", ringline_strerror(ready)), 1;
    int count = epoll_wait(epoll, events, 2, ready ? 0 : -1);
    if (count < 0 && errno != EINTR) return perror("epoll_wait"), 1;
    returns++;
    for (int at = 0; at < count; at++) {
      char byte;
      if (events[at].data.u32 == READ_END) bytes += (int)read(pipe_ends[0], &byte, 1);
    }
    take_records(ring, io); /* costs little when there is nothing */
  }
  printf("%d ticks, %d bytes, epoll_wait returned %d times\n", ticks, bytes, returns);
  ringline_free(ring);
  return returns <= 4 * TICKS ? 0 : 1;
}
