/*
 * A mailbox whose owner does not turn fills up: EAGAIN, nothing lost, nothing doubled; and where
 * completions fill the records of every turn, mail still gets through.
 * Failure: a post that was refused and came, or was accepted and did not; a 1025th message; mail
 * that starves behind a firehose of completions.
 */
#include "tools.h"

enum { MESSAGES = 1024, OPS = 4096, MOST = 600 };

static ringline_op nops[2 * MOST];

static int finals;

static void count(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  CHECK_EQ(completion->res, -ECANCELED);
  finals++;
}

static void fill(ringline_ring *ring, ringline_mailbox *mailbox, uint64_t first) {
  uint64_t sent = 0, came = 0;
  int32_t code;
  while ((code = ringline_mailbox_post(mailbox, first + sent, 0)) == 0) sent++;
  CHECK_EQ(code, -EAGAIN);
  CHECK_EQ(sent, MESSAGES);
  while (came < sent) {
    uint32_t at, records = turn_for(ring, 1, LIMIT);
    CHECK(records > 0);
    for (at = 0; at < records; at++, came++)
      CHECK_EQ(record_at(ringline_shared_block(ring), at)->user_data, first + came);
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
}

static void fill_with_ops(ringline_ring *ring, ringline_mailbox *mailbox) {
  ringline_op op;
  int64_t id = 0;
  int in_flight = 0;
  ringline_prep_timer(&op, UINT64_MAX, 0);
  for (;;) {
    id = ringline_mailbox_submit_with(mailbox, &op, count, NULL);
    if (id == -EAGAIN && in_flight == OPS) break;
    if (id == -EAGAIN) {
      turn_for(ring, 0, 0);
      continue;
    }
    CHECK_OK(id);
    in_flight++;
  }
  CHECK_EQ(in_flight, OPS);
  /* Numbers of ops are used up; messages go on. */
  while (ringline_inflight(ring) < OPS) turn_for(ring, 0, 0);
  CHECK_EQ(ringline_mailbox_submit_with(mailbox, &op, count, NULL), -EAGAIN);
  CHECK_EQ(ringline_mailbox_post(mailbox, 1, 1), 0);
  CHECK_EQ(next_completion(ring).user_data, 1);
  CHECK_EQ(ringline_cancel_all(ring), OPS);
  while (finals < OPS) turn_for(ring, 0, 0);
  CHECK_OK(id = ringline_mailbox_submit_with(mailbox, &op, count, NULL));
  CHECK_EQ(ringline_mailbox_cancel(mailbox, (uint64_t)id), 0);
  CHECK_EQ(ringline_mailbox_submit(mailbox, &op, 1, NULL), 1);
  while (finals < OPS + 1) turn_for(ring, 0, 0);
}

/* Every turn has as many completions as records, so none ever has to wait. */
static void fill_every_turn(void) {
  ringline_ring *ring = NULL;
  ringline_mailbox *mailbox;
  ringline_config config;
  ringline_shared *shared;
  int turns, come = 0;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.recs_cap = 16;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  shared = ringline_shared_block(ring);
  CHECK(shared->recs_cap <= MOST);
  CHECK_EQ(ringline_submit(ring, nops, 2 * shared->recs_cap, NULL, 0), 2 * shared->recs_cap);
  CHECK_EQ(ringline_flush(ring), 0);
  for (turns = 0; turns < 100 && !come; turns++) {
    uint32_t at, records;
    if (turns == 3) CHECK_EQ(ringline_mailbox_post(mailbox, 42, 0), 0);
    records = turn_for(ring, 1, -1);
    CHECK(records > 0);
    for (at = 0; at < records; at++) come |= record_at(shared, at)->user_data == 42;
    CHECK_EQ(ringline_submit(ring, nops, records, NULL, 0), records);
    CHECK_EQ(ringline_flush(ring), 0);
  }
  CHECK(come && turns < 10);
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  ringline_ring *ring;
  ringline_mailbox *mailbox;
  ringline_op link[2];
  harness_baseline();
  ring = make_ring_of(0, 0, 8192);
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  fill(ring, mailbox, 0);
  fill(ring, mailbox, 5000);
  fill_with_ops(ring, mailbox);
  memset(link, 0, sizeof link);
  ringline_prep_link(link, 2);
  CHECK_EQ(ringline_mailbox_submit(mailbox, link, 2, NULL), -EINVAL);
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  CHECK_EQ(ringline_free(ring), 0);
  fill_every_turn();
  harness_check_baseline();
  return 0;
}
