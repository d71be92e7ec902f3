/*
 * What several programs of tests/c share: rings, pairs of connected descriptors, and collecting
 * completions by user_data with a deadline, so that nothing ever waits for a sleep.
 */
#ifndef RINGLINE_TEST_TOOLS_H
#define RINGLINE_TEST_TOOLS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "harness.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define SECOND 1000000000ll
#define LIMIT (5 * SECOND)

static HARNESS_UNUSED ringline_ring *make_ring(void) {
  ringline_ring *ring = NULL;
  CHECK_OK(ringline_create(NULL, &ring));
  CHECK(ring != NULL);
  return ring;
}

/* A ring of the given sizes; 0 = default. */
static HARNESS_UNUSED ringline_ring *make_ring_of(uint32_t sq, uint32_t cq, uint32_t inflight) {
  ringline_ring *ring = NULL;
  ringline_config config;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.sq_entries = sq;
  config.cq_entries = cq;
  config.max_inflight = inflight;
  CHECK_OK(ringline_create(&config, &ring));
  return ring;
}

static HARNESS_UNUSED ringline_stats stats_of(ringline_ring *ring) {
  ringline_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.size = (uint32_t)sizeof stats;
  CHECK_OK(ringline_stats_of(ring, &stats));
  return stats;
}

static HARNESS_UNUSED const ringline_completion *record_at(ringline_shared *shared, uint32_t at) {
  CHECK(at < shared->recs_len);
  return (const ringline_completion *)(uintptr_t)shared->recs + at;
}

/* One turn with at most `seconds` of waiting; a signal that interrupts it is no failure here. */
static HARNESS_UNUSED uint32_t turn_for(ringline_ring *ring, uint32_t wait_min, int64_t ns) {
  ringline_shared *shared = ringline_shared_block(ring);
  int32_t code;
  CHECK(shared != NULL);
  shared->wait_min = wait_min;
  shared->timeout_ns = ns;
  code = ringline_turn(ring);
  if (code != -EINTR) CHECK_OK(code);
  return shared->recs_len;
}

/* Turns until one completion came and returns it; exactly one is expected. */
static HARNESS_UNUSED ringline_completion next_completion(ringline_ring *ring) {
  CHECK_EQ(turn_for(ring, 1, LIMIT), 1);
  return *record_at(ringline_shared_block(ring), 0);
}

static HARNESS_UNUSED uint64_t submit_one(ringline_ring *ring, ringline_op *op, uint64_t data) {
  uint64_t token = 0;
  op->user_data = data;
  CHECK_EQ(ringline_submit(ring, op, 1, &token, 0), 1);
  CHECK(token != 0 && token >> 63 == 0);
  return token;
}

/* Submits, turns, and returns the completion: nothing else may be in flight that completes. */
static HARNESS_UNUSED ringline_completion do_op(ringline_ring *ring, ringline_op *op) {
  ringline_completion completion;
  submit_one(ring, op, 77);
  completion = next_completion(ring);
  CHECK_EQ(completion.user_data, 77);
  return completion;
}

static HARNESS_UNUSED void make_pipe(int ends[2]) { CHECK(pipe2(ends, O_CLOEXEC) == 0); }

static HARNESS_UNUSED void make_pair(int ends[2]) {
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
}

/* A TCP listener on a port that the kernel chose. */
static HARNESS_UNUSED int make_listener(struct sockaddr_in *address) {
  socklen_t size = sizeof *address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  memset(address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(fd >= 0);
  CHECK(bind(fd, (struct sockaddr *)address, size) == 0);
  CHECK(listen(fd, 128) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)address, &size) == 0);
  return fd;
}

static HARNESS_UNUSED int dial(const struct sockaddr_in *address) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  CHECK(connect(fd, (const struct sockaddr *)address, sizeof *address) == 0);
  return fd;
}

/* Two connected TCP sockets. */
static HARNESS_UNUSED void make_tcp_pair(int ends[2]) {
  struct sockaddr_in address;
  int listener = make_listener(&address);
  ends[0] = dial(&address);
  ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  CHECK(ends[1] >= 0);
  close(listener);
}

static HARNESS_UNUSED void close_both(int ends[2]) {
  CHECK(close(ends[0]) == 0);
  CHECK(close(ends[1]) == 0);
}

/* Runs `body` in a child process; its exit status, or -1 when a signal ended it. */
static HARNESS_UNUSED int in_child(int (*body)(void *), void *ctx) {
  int status = 0;
  pid_t child;
  fflush(NULL);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) _exit(body(ctx));
  CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif /* RINGLINE_TEST_TOOLS_H */
