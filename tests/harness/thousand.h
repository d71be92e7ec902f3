/*
 * A thousand operations in flight of five kinds (pipe reads, socket receives, polls, timers,
 * accepts), none of which completes by itself, and the count of how many FINALs each one got.
 */
#ifndef RINGLINE_TEST_THOUSAND_H
#define RINGLINE_TEST_THOUSAND_H

#include "tools.h"

enum { THOUSAND = 1000, KINDS = 5, SPECIMENS = 8 };

typedef struct thousand {
  int pipes[SPECIMENS][2];
  int pairs[SPECIMENS][2];
  int listener;
  uint64_t tokens[THOUSAND];
  unsigned char finals[THOUSAND];
  unsigned char memory[THOUSAND][64];
  uint32_t ended;
  uint32_t abandoned;
} thousand;

static thousand many;

static HARNESS_UNUSED void thousand_open(void) {
  struct sockaddr_in address;
  int at;
  for (at = 0; at < SPECIMENS; at++) {
    make_pipe(many.pipes[at]);
    make_pair(many.pairs[at]);
  }
  many.listener = make_listener(&address);
}

static HARNESS_UNUSED void thousand_close(void) {
  int at;
  for (at = 0; at < SPECIMENS; at++) {
    close_both(many.pipes[at]);
    close_both(many.pairs[at]);
  }
  CHECK(close(many.listener) == 0);
}

static HARNESS_UNUSED void thousand_prepare(ringline_op *op, int at) {
  int specimen = at / KINDS % SPECIMENS;
  switch (at % KINDS) {
    case 0:
      ringline_prep_read(op, many.pipes[specimen][0], many.memory[at], 64, UINT64_MAX);
      break;
    case 1:
      ringline_prep_recv(op, many.pairs[specimen][0], many.memory[at], 64, 0);
      break;
    case 2:
      ringline_prep_poll_add(op, many.pipes[specimen][0], POLLIN);
      break;
    case 3:
      ringline_prep_timer(op, 3600u * (uint64_t)SECOND, 0);
      break;
    default:
      ringline_prep_accept(op, many.listener, NULL, NULL, SOCK_CLOEXEC);
      break;
  }
  op->user_data = (uint64_t)at;
}

/* Counts one completion; the second FINAL of an operation, or one without FINAL, is a failure. */
static HARNESS_UNUSED void thousand_count(const ringline_completion *completion) {
  uint64_t at = completion->user_data;
  CHECK(at < THOUSAND);
  CHECK(completion->flags & RINGLINE_CF_FINAL);
  CHECK_EQ(completion->res, -ECANCELED);
  CHECK_EQ(many.finals[at], 0);
  CHECK_EQ(completion->token, many.tokens[at]);
  many.finals[at] = 1;
  many.ended++;
  if (completion->flags & RINGLINE_CF_ABANDONED) many.abandoned++;
}

static HARNESS_UNUSED void thousand_callback(void *ctx, ringline_ring *ring,
                                             const ringline_completion *completion) {
  CHECK(ctx == &many);
  CHECK(ring != NULL);
  thousand_count(completion);
}

/* Submits all of them; every `every`-th one with a callback, the others to the records. */
static HARNESS_UNUSED void thousand_submit(ringline_ring *ring, int every) {
  int at;
  CHECK_OK(ringline_attach(ring)); /* without an owner the queue cannot be flushed */
  for (at = 0; at < THOUSAND; at++) {
    ringline_op op;
    thousand_prepare(&op, at);
    if (at % every == 0) {
      int64_t token = ringline_submit_with(ring, &op, thousand_callback, &many);
      CHECK_OK(token);
      many.tokens[at] = (uint64_t)token;
    } else {
      CHECK_EQ(ringline_submit(ring, &op, 1, &many.tokens[at], 0), 1);
    }
  }
  CHECK_EQ(ringline_flush(ring), 0);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_inflight(ring), THOUSAND);
}

static HARNESS_UNUSED void thousand_take_records(ringline_shared *shared) {
  uint32_t at;
  for (at = 0; at < shared->recs_len; at++) thousand_count(record_at(shared, at));
}

/* Turns until all have ended, and then some more to see that no second FINAL comes. */
static HARNESS_UNUSED void thousand_collect(ringline_ring *ring) {
  ringline_shared *shared = ringline_shared_block(ring);
  int more;
  while (many.ended < THOUSAND) {
    uint32_t before = many.ended;
    CHECK_OK(ringline_run_once(ring, 1, LIMIT));
    thousand_take_records(shared);
    CHECK(many.ended > before);
  }
  for (more = 0; more < 20; more++) CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_inflight(ring), 0);
}

#endif /* RINGLINE_TEST_THOUSAND_H */
