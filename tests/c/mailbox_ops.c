/*
 * Ops, calls and cancels from another thread than the owner's: completions come to the poster's
 * callback, on the owner thread, or to the records with MSG; a cancel finds the op by its id; what
 * the ring rejects completes with an error; a call may do everything but run the loop.
 * Failure: a callback on the wrong thread or not exactly one FINAL, an id that cancels another op,
 * a timeout of the runner.
 */
#include "tools.h"

#include <stdatomic.h>

static ringline_ring *ring;
static ringline_mailbox *mailbox;
static pthread_t owner;
static int pipe_ends[2];

/* What the poster learns, through its callback. */
typedef struct answer {
  atomic_int finals;
  int32_t res;
  uint32_t flags;
} answer;

static void tell(void *ctx, ringline_ring *of, const ringline_completion *completion) {
  answer *to = (answer *)ctx;
  CHECK(pthread_equal(pthread_self(), owner));
  CHECK(of == ring);
  to->res = completion->res;
  to->flags = completion->flags;
  if (completion->flags & RINGLINE_CF_FINAL) atomic_fetch_add(&to->finals, 1);
}

static int32_t wait_for(answer *of) {
  while (!atomic_load(&of->finals)) sched_yield();
  CHECK_EQ(atomic_load(&of->finals), 1);
  CHECK_EQ(of->flags & (RINGLINE_CF_FINAL | RINGLINE_CF_MSG),
           RINGLINE_CF_FINAL | RINGLINE_CF_MSG);
  return of->res;
}

static void called(void *ctx, ringline_ring *of, const ringline_completion *completion) {
  ringline_mailbox *again = NULL;
  CHECK(pthread_equal(pthread_self(), owner));
  CHECK(of == ring && completion->flags == RINGLINE_CF_MSG && completion->res == 0);
  CHECK_EQ(ringline_turn(ring), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_run(ring), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_prepare(ring, NULL), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_mailbox_of(ring, &again), 0);
  CHECK(again == mailbox);
  CHECK_EQ(ringline_mailbox_release(again), 0);
  /* A call out of a call comes later, not inside of it. */
  if (ctx) CHECK_EQ(ringline_mailbox_call(mailbox, called, NULL), 0);
  if (!ctx) CHECK_EQ(ringline_mailbox_post(mailbox, 4711, -5), 0);
}

static void *poster(void *ctx) {
  char byte = 0;
  int64_t id, gone;
  int at;
  uint64_t ids[3] = {0, 0, 0};
  ringline_op op, three[3];
  answer nop = {0}, idle = {0}, timer = {0}, wrong = {0}, early[100];
  (void)ctx;
  memset(&op, 0, sizeof op);
  CHECK_OK(gone = ringline_mailbox_submit_with(mailbox, &op, tell, &nop));
  CHECK_EQ(wait_for(&nop), 0);
  CHECK_EQ(ringline_mailbox_cancel(mailbox, (uint64_t)gone), RINGLINE_ESTALE);
  ringline_prep_read(&op, pipe_ends[0], &byte, 1, (uint64_t)-1);
  CHECK_OK(id = ringline_mailbox_submit_with(mailbox, &op, tell, &idle));
  CHECK(id != gone);
  ringline_prep_timer(&op, UINT64_MAX, 0);
  CHECK_OK(gone = ringline_mailbox_submit_with(mailbox, &op, tell, &timer));
  CHECK_EQ(ringline_mailbox_cancel(mailbox, (uint64_t)gone), 0);
  CHECK_EQ(wait_for(&timer), -ECANCELED);
  CHECK_EQ(atomic_load(&idle.finals), 0);
  CHECK_EQ(ringline_mailbox_cancel(mailbox, (uint64_t)id), 0);
  CHECK_EQ(wait_for(&idle), -ECANCELED);
  /* Rejected by the owner: told as a completion. */
  ringline_prep_cancel(&op, 0xdeadbeef);
  CHECK_OK(ringline_mailbox_submit_with(mailbox, &op, tell, &wrong));
  CHECK_EQ(wait_for(&wrong), -EBADF);
  /* Cancelled before the owner may have seen it. */
  ringline_prep_timer(&op, UINT64_MAX, 0);
  memset(early, 0, sizeof early);
  for (at = 0; at < 100; at++) {
    CHECK_OK(id = ringline_mailbox_submit_with(mailbox, &op, tell, &early[at]));
    CHECK_EQ(ringline_mailbox_cancel(mailbox, (uint64_t)id), 0);
  }
  for (at = 0; at < 100; at++) CHECK_EQ(wait_for(&early[at]), -ECANCELED);
  memset(three, 0, sizeof three);
  for (at = 0; at < 3; at++) three[at].user_data = 100 + (uint64_t)at;
  CHECK_EQ(ringline_mailbox_submit(mailbox, three, 3, ids), 3);
  CHECK(ids[0] && ids[1] && ids[2] && ids[0] != ids[1] && ids[1] != ids[2]);
  CHECK_EQ(ringline_mailbox_call(mailbox, called, mailbox), 0);
  return NULL;
}

int main(void) {
  pthread_t thread;
  ringline_shared *shared;
  int posts = 0, nops = 0;
  harness_warm_threads(1);
  harness_baseline();
  owner = pthread_self();
  CHECK(pipe2(pipe_ends, O_CLOEXEC) == 0);
  ring = make_ring();
  shared = ringline_shared_block(ring);
  CHECK_OK(ringline_mailbox_of(ring, &mailbox)); /* before there is an owner */
  CHECK(pthread_create(&thread, NULL, poster, NULL) == 0);
  while (posts < 1) {
    uint32_t at;
    /* A mailbox that is held keeps the loop going with nothing in flight. */
    CHECK(ringline_run(ring) > 0);
    for (at = 0; at < shared->recs_len; at++) {
      const ringline_completion *record = record_at(shared, at);
      CHECK(record->flags & RINGLINE_CF_MSG);
      if (record->user_data == 4711) posts++;
      if (record->user_data == 4711) CHECK_EQ(record->res, -5);
      if (record->user_data >= 100 && record->user_data < 103) {
        CHECK_EQ(record->user_data, 100 + nops);
        CHECK_EQ(record->flags, RINGLINE_CF_MSG | RINGLINE_CF_FINAL);
        nops++;
      }
    }
  }
  CHECK_EQ(nops, 3);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  CHECK_EQ(ringline_run(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(pipe_ends);
  harness_check_baseline();
  return 0;
}
