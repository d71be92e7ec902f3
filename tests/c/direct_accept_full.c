/*
 * A multishot direct accept under more clients than the table has slots: it is stopped with
 * -ENFILE, every client that was accepted has a slot, and the rest waits in the backlog.
 * Failure: a client that was accepted and dropped (it sees the end of the stream), an accept that
 * goes on with a full table, a slot filled anew while an operation on it is in flight.
 */
#include "tools.h"

enum { DIRECT = 16, CLIENTS = 100 };

static int listener;
static struct sockaddr_in address;
static int accepted[CLIENTS], count;

static uint64_t arm(ringline_ring *ring) {
  ringline_op op;
  ringline_prep_accept_multishot(&op, listener, NULL, NULL, 0);
  op.file_index = RINGLINE_FILE_INDEX_ALLOC;
  return submit_one(ring, &op, 1);
}

/* Takes slots until the accept ends; why it did. */
static int accept_all(ringline_ring *ring) {
  for (;;) {
    ringline_shared *shared = ringline_shared_block(ring);
    uint32_t at, records = turn_for(ring, 1, LIMIT);
    CHECK(records > 0);
    for (at = 0; at < records; at++) {
      const ringline_completion *it = record_at(shared, at);
      CHECK_EQ(it->user_data, 1);
      if (it->res >= 0) accepted[count++] = it->res;
      if (it->flags & RINGLINE_CF_FINAL) return it->res;
    }
  }
}

static void send_on(ringline_ring *ring, int slot, int number) {
  ringline_op op;
  ringline_prep_send(&op, slot, &number, sizeof number, 0);
  op.flags |= RINGLINE_SQE_FIXED_FILE;
  CHECK_EQ(do_op(ring, &op).res, (int)sizeof number);
}

static void close_slot(ringline_ring *ring, int slot) {
  ringline_op op;
  ringline_prep_close(&op, 0);
  op.file_index = (uint32_t)slot + 1;
  CHECK_EQ(do_op(ring, &op).res, 0);
}

static void check_in_use(ringline_ring *ring, int slot) {
  char byte;
  ringline_op op, closing;
  uint64_t token;
  ringline_prep_recv(&op, slot, &byte, 1, 0);
  op.flags |= RINGLINE_SQE_FIXED_FILE;
  token = submit_one(ring, &op, 2);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  ringline_prep_close(&closing, 0);
  closing.file_index = (uint32_t)slot + 1;
  CHECK_EQ(ringline_submit(ring, &closing, 1, NULL, 0), -EBUSY);
  CHECK_EQ(ringline_file_remove(ring, slot), -EBUSY);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  CHECK_EQ(next_completion(ring).res, -ECANCELED);
}

static int answered[CLIENTS];

/* How many more clients got a number. One whose stream ends without was accepted and dropped. */
static int served(const int clients[CLIENTS]) {
  int at, more = 0;
  for (at = 0; at < CLIENTS; at++) {
    int number;
    ssize_t got;
    if (answered[at]) continue;
    got = recv(clients[at], &number, sizeof number, MSG_DONTWAIT);
    if (got < 0) {
      CHECK_EQ(errno, EAGAIN);
    } else {
      CHECK_EQ(got, sizeof number);
      answered[at] = 1;
      more++;
    }
  }
  return more;
}

static void run(uint32_t sq, uint32_t cq) {
  ringline_ring *ring = make_ring_of(sq, cq, 0);
  ringline_op op;
  int clients[CLIENTS], at, total = 0, rounds = 0;
  memset(answered, 0, sizeof answered);
  listener = make_listener(&address);
  CHECK_EQ(ringline_files_reserve(ring, 0, DIRECT, 0), 0);
  for (at = 0; at < CLIENTS; at++) clients[at] = dial(&address);
  while (total < CLIENTS) {
    count = 0;
    arm(ring);
    if (CLIENTS - total < DIRECT) { /* the last ones do not fill the table */
      int going = 1;
      while (count < CLIENTS - total) {
        uint32_t record, records = turn_for(ring, 1, LIMIT);
        for (record = 0; record < records; record++) {
          const ringline_completion *it = record_at(ringline_shared_block(ring), record);
          if (it->res >= 0) accepted[count++] = it->res;
          if (it->flags & RINGLINE_CF_FINAL) going = 0;
        }
        if (!going && count < CLIENTS - total) arm(ring), going = 1;
      }
      CHECK_EQ(ringline_cancel_all(ring), going);
      if (going) CHECK_EQ(next_completion(ring).res, -ECANCELED);
    } else {
      int why = accept_all(ring);
      while (why != -ENFILE && count < DIRECT) { /* a full completion queue ends it too */
        arm(ring);
        why = accept_all(ring);
      }
      CHECK(count >= DIRECT);
      ringline_prep_accept_multishot(&op, listener, NULL, NULL, 0);
      op.file_index = RINGLINE_FILE_INDEX_ALLOC;
      CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -ENFILE);
      ringline_prep_accept(&op, listener, NULL, NULL, 0);
      op.file_index = RINGLINE_FILE_INDEX_ALLOC;
      CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -ENFILE);
    }
    total += count;
    if (rounds++ == 0) check_in_use(ring, accepted[0]);
    for (at = 0; at < count; at++) send_on(ring, accepted[at], total);
    CHECK_EQ(served(clients), count);
    for (at = 0; at < count; at++) close_slot(ring, accepted[at]);
  }
  CHECK_EQ(total, CLIENTS);
  CHECK_EQ(ringline_free(ring), 0);
  for (at = 0; at < CLIENTS; at++) close(clients[at]);
  close(listener);
}

int main(void) {
  if (ringline_has("file_table") != 1) SKIP("this kernel has no tables of files");
  harness_baseline();
  run(8, 8);
  run(64, 512);
  harness_check_baseline();
  return 0;
}
