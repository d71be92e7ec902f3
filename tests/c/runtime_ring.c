/*
 * A worker's own ring: a file is read, a timer ticks and a mailbox is posted to, each with a
 * callback on the worker, which may use connections there; meanwhile the worker echoes. The ring is
 * freed in a callback and asked for again, and ends with operations in flight. Failure: a
 * completion that waits for something else to happen; a turn by anybody else; an operation without
 * its last callback; descriptors left over.
 */
#define _GNU_SOURCE
#include "serving.h"

#include <sys/mman.h>

enum { ROUNDS = 300 };

static volatile long reads, ticks, calls, ended, closed;
static ringline_mailbox *mailbox;
static ringline_ring *first;
static char text[16];
static int file;

typedef struct work {
  ringline_runtime *runtime;
  uint64_t conn;
} work;
static work at_hand;

static void on_read(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  work *job = (work *)ctx;
  ringline_shared *block = ringline_shared_block(ring);
  CHECK_EQ(completion->res, 5);
  CHECK_EQ(ringline_turn(ring), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_run_once(ring, 0, 0), RINGLINE_EREENTRANT);
  CHECK_EQ(ringline_detach(ring), RINGLINE_EREENTRANT);
  CHECK(block != NULL);
  CHECK_EQ(ringline_conn_send(job->runtime, job->conn, text, 5), 0);
  count_up(&reads);
}

static void on_tick(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  work *job = (work *)ctx;
  (void)ring;
  CHECK_EQ(completion->res, 0);
  CHECK_EQ(ringline_conn_send(job->runtime, job->conn, "tick!", 5), 0);
  count_up(&ticks);
}

static void on_end(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  CHECK_EQ(completion->res, -ECANCELED);
  count_up(&ended);
}

static void on_call(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring, (void)completion;
  count_up(&calls);
}

static void submit(ringline_ring *ring, ringline_op *op, ringline_callback callback) {
  CHECK(ringline_submit_with(ring, op, callback, &at_hand) > 0);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_ring *ring, *same;
  ringline_op op;
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_worker_ring(runtime, &ring), 0);
  CHECK_EQ(ringline_worker_ring(runtime, &same), 0);
  CHECK(ring == same);
  CHECK_EQ(ringline_worker_ring(runtime, NULL), RINGLINE_ENULL);
  at_hand = (work){runtime, conn};
  switch (bytes[0]) {
  case 'r':
    CHECK_EQ(ringline_turn(ring), RINGLINE_EREENTRANT);
    ringline_prep_read(&op, file, text, 5, 0);
    submit(ring, &op, on_read);
    break;
  case 't':
    ringline_prep_timer(&op, 3000000, 0);
    submit(ring, &op, on_tick);
    break;
  case 'd': /* nobody to tell: it is dropped, and nothing waits for it */
    ringline_prep_nop(&op);
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
    CHECK_EQ(ringline_conn_send(runtime, conn, "drop!", 5), 0);
    break;
  case 'm':
    CHECK_EQ(ringline_mailbox_of(ring, &mailbox), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "there", 5), 0);
    break;
  case 'f':
    first = ring;
    CHECK_EQ(ringline_free(ring), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "freed", 5), 0);
    break;
  case 'n':
    CHECK(ring != first);
    ringline_prep_timer(&op, 3600ull * 1000000000, 0);
    CHECK_EQ(ringline_submit_with(first, &op, on_end, NULL), RINGLINE_ESTALE);
    submit(ring, &op, on_end);
    CHECK_EQ(ringline_conn_send(runtime, conn, "again", 5), 0);
    break;
  default: CHECK_EQ(ringline_conn_send(runtime, conn, bytes, length), 0);
  }
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK(reason == 0 || reason == -ECANCELED);
  count_up(&closed);
}

static void ask(int fd, const char *kind, const char *answer) {
  char got[8];
  send_whole(fd, kind, strlen(kind));
  recv_whole(fd, got, strlen(answer));
  CHECK(memcmp(got, answer, strlen(answer)) == 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  serving server;
  int fd, round;
  serving_baseline(&config);
  file = memfd_create("runtime_ring", 0);
  CHECK(file >= 0 && write(file, "hello", 5) == 5);
  serve(&server, &config, &handlers);
  CHECK_EQ(ringline_worker_ring(server.runtime, &first), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_worker_ring(NULL, &first), RINGLINE_ESTALE);
  fd = client_of(&server);
  for (round = 0; round < ROUNDS; round++) {
    ask(fd, "r", "hello");
    ask(fd, "echo", "echo");
    ask(fd, "t", "tick!");
  }
  CHECK_EQ(reads, ROUNDS);
  CHECK_EQ(ticks, ROUNDS);
  ask(fd, "d", "drop!");
  ask(fd, "r", "hello");
  ask(fd, "m", "there");
  for (round = 0; round < ROUNDS; round++) {
    CHECK_EQ(ringline_mailbox_call(mailbox, on_call, NULL), 0);
    wait_for_count(&calls, round + 1);
  }
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  ask(fd, "f", "freed");
  ask(fd, "n", "again");
  stop_serving(&server);
  CHECK_EQ(ended, 1);
  close(fd);
  close(file);
  harness_check_baseline();
  return 0;
}
