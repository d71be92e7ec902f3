/*
 * Operations that wait behind another one in their chain are asked to end, each way there is: they
 * are not with the kernel yet, which answers as if they were over.
 * Failure: the request is lost (the operation starts later, never ends, and takes the bytes of
 * whoever reads next), a close of its descriptor that never ends, two ends for one operation, the
 * predecessor ended with it, or cancel_sync calls one gone that still writes its buffer.
 */
#include "tools.h"

enum { FIRST = 1, SECOND_OP = 2, CLOSES = 3, OTHER = 4 };
enum way { BY_TOKEN, BY_FD, BY_MANY, BY_ALL, BY_SYNC, BY_CLOSE, WAYS };

static ringline_ring *ring;
static int first_ends[2], second_ends[2];
static char first_byte, second_byte;
static uint64_t tokens[2];
static int finals[5], results[5];

static void reset(void) {
  memset(finals, 0, sizeof finals);
  first_byte = second_byte = 0;
  make_pipe(first_ends);
  make_pipe(second_ends);
}

static void take(uint32_t count) {
  uint32_t at;
  for (at = 0; at < count; at++) {
    const ringline_completion *record = record_at(ringline_shared_block(ring), at);
    CHECK(record->user_data < 5 && record->flags & RINGLINE_CF_FINAL);
    CHECK_EQ(finals[record->user_data]++, 0);
    results[record->user_data] = record->res;
  }
}

static void until(int which) {
  while (!finals[which]) {
    uint32_t count = turn_for(ring, 1, LIMIT);
    CHECK(count > 0);
    take(count);
  }
}

static void start_chain(uint8_t link, uint8_t flags) {
  ringline_op ops[2];
  ringline_prep_read(&ops[0], first_ends[0], &first_byte, 1, UINT64_MAX);
  ringline_prep_read(&ops[1], second_ends[0], &second_byte, 1, UINT64_MAX);
  ops[0].flags = (uint8_t)(link | flags);
  ops[0].user_data = FIRST;
  ops[1].user_data = SECOND_OP;
  CHECK_EQ(ringline_submit(ring, ops, 2, tokens, 0), 2);
  take(turn_for(ring, 0, 0));
}

static void ask(enum way way) {
  ringline_op op;
  switch (way) {
    case BY_TOKEN: CHECK_EQ(ringline_cancel(ring, tokens[1]), 0); break;
    case BY_FD: CHECK_EQ(ringline_cancel_fd(ring, second_ends[0]), 1); break;
    case BY_MANY: CHECK_EQ(ringline_cancel_many(ring, &tokens[1], 1), 1); break;
    case BY_ALL: CHECK_EQ(ringline_cancel_all(ring), 2); break;
    case BY_SYNC:
      CHECK_EQ(ringline_cancel_sync(ring, tokens[1], 0), -ETIME);
      CHECK_EQ(ringline_cancel_sync(ring, tokens[1], 20 * 1000000), -ETIME);
      break;
    default:
      ringline_prep_lib_close(&op, second_ends[0]);
      submit_one(ring, &op, CLOSES);
  }
}

/* Both of a chain whose second is to end; `together` = wait for all at once. */
static void check_way(enum way way, uint8_t link, uint8_t flags, int together) {
  int all = way == BY_ALL;
  reset();
  start_chain(link, flags);
  ask(way);
  take(turn_for(ring, 0, 0)); /* the kernel has answered */
  if (!all) {
    CHECK_EQ(finals[FIRST], 0);
    CHECK_EQ(finals[SECOND_OP], 0);
    CHECK_EQ(finals[CLOSES], 0);
    CHECK(write(first_ends[1], "f", 1) == 1);
  }
  if (together) take(turn_for(ring, (uint32_t)ringline_inflight(ring), LIMIT));
  until(FIRST);
  until(SECOND_OP);
  CHECK_EQ(results[SECOND_OP], -ECANCELED);
  CHECK_EQ(results[FIRST], all ? -ECANCELED : 1);
  CHECK_EQ(first_byte, all ? 0 : 'f');
  if (way == BY_CLOSE) {
    until(CLOSES);
    CHECK_EQ(results[CLOSES], 0);
    CHECK(fcntl(second_ends[0], F_GETFD) == -1 && errno == EBADF);
    second_ends[0] = first_ends[0];
    first_ends[0] = fcntl(second_ends[0], F_DUPFD_CLOEXEC, 0);
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(second_byte, 0);
  close_both(first_ends);
  close_both(second_ends);
}

/* cancel_sync waits for the start of what it cancels. */
static void *writes_soon(void *ctx) {
  (void)ctx;
  CHECK(write(first_ends[1], "f", 1) == 1);
  return NULL;
}

static void check_sync_waits(uint8_t link) {
  pthread_t thread;
  int32_t code;
  reset();
  start_chain(link, 0);
  CHECK_EQ(ringline_cancel_sync(ring, tokens[1], 0), -ETIME);
  CHECK(pthread_create(&thread, NULL, writes_soon, NULL) == 0);
  code = ringline_cancel_sync(ring, tokens[1], LIMIT);
  /* What was asked before may have ended it in the meantime. */
  CHECK(code == 0 || code == RINGLINE_ESTALE);
  pthread_join(thread, NULL);
  until(SECOND_OP);
  CHECK_EQ(results[SECOND_OP], -ECANCELED);
  until(FIRST);
  CHECK_EQ(results[FIRST], 1);
  CHECK_EQ(ringline_cancel_sync(ring, tokens[1], 0), RINGLINE_ESTALE);
  close_both(first_ends);
  close_both(second_ends);
}

/* The first is one that a thread of the kernel's works on, and others complete meanwhile. */
static void check_among_others(void) {
  int at;
  ringline_op op;
  reset();
  start_chain(RINGLINE_SQE_IO_HARDLINK, RINGLINE_SQE_ASYNC);
  ask(BY_TOKEN);
  for (at = 0; at < 200; at++) {
    ringline_prep_nop(&op);
    submit_one(ring, &op, OTHER);
    finals[OTHER] = 0;
    until(OTHER);
  }
  CHECK_EQ(finals[FIRST] + finals[SECOND_OP], 0);
  CHECK(write(first_ends[1], "f", 1) == 1);
  until(SECOND_OP);
  CHECK_EQ(results[SECOND_OP], -ECANCELED);
  until(FIRST);
  close_both(first_ends);
  close_both(second_ends);
}

/* In a loop that sleeps elsewhere. */
static void check_foreign(void) {
  struct pollfd entry;
  reset();
  entry.fd = ringline_ring_fd(ring);
  entry.events = POLLIN;
  CHECK_OK(entry.fd);
  start_chain(RINGLINE_SQE_IO_LINK, 0);
  ask(BY_TOKEN);
  CHECK(write(first_ends[1], "f", 1) == 1);
  while (!finals[SECOND_OP]) {
    int32_t ready = ringline_prepare(ring, NULL);
    CHECK_OK(ready);
    if (ready == 0) CHECK(poll(&entry, 1, 5000) == 1);
    take(turn_for(ring, 0, 0));
  }
  CHECK_EQ(results[SECOND_OP], -ECANCELED);
  CHECK_EQ(results[FIRST], 1);
  close_both(first_ends);
  close_both(second_ends);
}

/* A link timeout ends with what it limits, and says so. */
static void check_link_timeout(void) {
  struct timespec time = {100, 0};
  ringline_op ops[2];
  reset();
  ringline_prep_read(&ops[0], first_ends[0], &first_byte, 1, UINT64_MAX);
  ringline_prep_link_timeout(&ops[1], &time, 0);
  ops[0].flags = RINGLINE_SQE_IO_LINK;
  ops[0].user_data = FIRST;
  ops[1].user_data = SECOND_OP;
  CHECK_EQ(ringline_submit(ring, ops, 2, tokens, 0), 2);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_cancel(ring, tokens[1]), -EALREADY);
  CHECK_EQ(ringline_cancel_sync(ring, tokens[1], 0), -EALREADY);
  CHECK_EQ(ringline_cancel_many(ring, tokens, 2), 1);
  until(FIRST);
  until(SECOND_OP);
  CHECK_EQ(results[FIRST], -ECANCELED);
  close_both(first_ends);
  close_both(second_ends);
}

int main(void) {
  static const uint8_t links[] = {RINGLINE_SQE_IO_LINK, RINGLINE_SQE_IO_HARDLINK};
  int way, link, together;
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  for (way = 0; way < WAYS; way++)
    for (link = 0; link < 2; link++)
      for (together = 0; together < 2; together++)
        check_way((enum way)way, links[link], 0, together);
  check_sync_waits(RINGLINE_SQE_IO_LINK);
  check_sync_waits(RINGLINE_SQE_IO_HARDLINK);
  check_among_others();
  check_foreign();
  check_link_timeout();
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
