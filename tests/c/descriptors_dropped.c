/*
 * Completions that bring a descriptor and that nobody gets to see: the ring is freed, abandoned,
 * freed in a callback or left by its thread while they wait. And those that were seen.
 * Failure: a descriptor that stays open although no program knows its number, or one that is
 * closed under its user: what a record has shown is his, and a slot of the table of files is no
 * descriptor.
 */
#include "tools.h"

#include <linux/openat2.h>

enum end { FREED, IN_CALLBACK, ABANDONED, OWNER_GONE, CLOSED_FIRST, SMALL, ENDS };

static const struct sockaddr_in *where;
static int listener;
static int32_t pipe_ends[2];
static char room[16];

static ringline_ring *ring_for(enum end end) {
  ringline_ring *ring = NULL;
  ringline_config config;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  if (end == SMALL) config.recs_cap = 1;
  CHECK_OK(ringline_create(&config, &ring));
  return ring;
}

static void submit(ringline_ring *ring, ringline_op *op) {
  CHECK_EQ(ringline_submit(ring, op, 1, NULL, 0), 1);
}

/* One of each kind; four of them come from an accept that goes on. */
static void submit_all(ringline_ring *ring) {
  static const struct open_how how = {O_RDONLY | O_CLOEXEC, 0, 0};
  ringline_op op;
  ringline_prep_openat(&op, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
  submit(ring, &op);
  ringline_prep_openat2(&op, AT_FDCWD, "/dev/null", &how, sizeof how);
  submit(ring, &op);
  ringline_prep_socket(&op, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  submit(ring, &op);
  ringline_prep_pipe(&op, pipe_ends, O_CLOEXEC);
  submit(ring, &op);
  ringline_prep_accept_multishot(&op, listener, NULL, NULL, SOCK_CLOEXEC);
  submit(ring, &op);
  ringline_prep_openat(&op, AT_FDCWD, "/no/such/file", O_RDONLY | O_CLOEXEC, 0);
  submit(ring, &op);
  ringline_prep_read(&op, -1, room, 1, 0); /* its result is no descriptor */
  submit(ring, &op);
}

/* A slot of the table is a small number, and so is a descriptor of the program's. */
static void submit_direct(ringline_ring *ring) {
  ringline_op op;
  CHECK_EQ(ringline_files_reserve(ring, 8, 8, 0), 0);
  ringline_prep_socket(&op, AF_UNIX, SOCK_STREAM, 0);
  op.file_index = RINGLINE_FILE_INDEX_ALLOC;
  submit(ring, &op);
  submit(ring, &op);
}

static void frees(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx;
  (void)completion;
  CHECK_EQ(ringline_free(ring), 0);
}

static int open_now(void) {
  int count = 0, fd;
  for (fd = 0; fd < 256; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void *owner_that_leaves(void *ctx) {
  ringline_ring *ring = (ringline_ring *)ctx;
  CHECK_OK(ringline_attach(ring));
  submit_all(ring);
  CHECK_EQ(ringline_flush(ring), 0);
  /* What is done shows in the queue, and nobody takes it. */
  CHECK_OK(ringline_prepare(ring, NULL));
  return NULL;
}

static void finish(ringline_ring *ring, enum end end) {
  ringline_op op;
  switch (end) {
    case IN_CALLBACK:
      ringline_prep_nop(&op);
      CHECK_OK(ringline_submit_with(ring, &op, frees, NULL));
      ringline_shared_block(ring)->wait_min = 8;
      ringline_shared_block(ring)->timeout_ns = LIMIT;
      CHECK_EQ(ringline_turn(ring), RINGLINE_ECLOSED);
      return;
    case ABANDONED:
      CHECK_EQ(ringline_abandon(ring), 0);
      return;
    case CLOSED_FIRST:
      CHECK_EQ(ringline_close(ring, LIMIT), 0);
      break;
    default: break;
  }
  CHECK_EQ(ringline_free(ring), 0);
}

static void check_unseen(enum end end) {
  int peers[4], at, before = open_now();
  ringline_ring *ring = ring_for(end);
  for (at = 0; at < 4; at++) peers[at] = dial(where);
  if (end == OWNER_GONE) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, owner_that_leaves, ring) == 0);
    pthread_join(thread, NULL);
    CHECK_OK(ringline_free(ring));
  } else {
    submit_all(ring);
    submit_direct(ring);
    CHECK_EQ(ringline_flush(ring), 0);
    CHECK_OK(ringline_prepare(ring, NULL)); /* takes them out of the kernel's queue */
    finish(ring, end);
  }
  for (at = 0; at < 4; at++) CHECK(close(peers[at]) == 0);
  CHECK_EQ(open_now(), before);
}

/* What was shown is the user's: the end of the ring leaves it alone, and so does a turn that fails
 * before it began. */
static void check_seen(int refused) {
  ringline_completion shown[16];
  uint32_t count = 0, at;
  int peers[4];
  ringline_ring *ring = ring_for(FREED);
  for (at = 0; at < 4; at++) peers[at] = dial(where);
  submit_all(ring);
  while (count < 10) {
    uint32_t more = turn_for(ring, 1, LIMIT);
    CHECK(more > 0);
    for (at = 0; at < more; at++) shown[count++] = *record_at(ringline_shared_block(ring), at);
  }
  if (refused) {
    ringline_shared_block(ring)->flags = 1;
    CHECK_EQ(ringline_turn(ring), -EINVAL);
    CHECK_EQ(ringline_close(ring, LIMIT), 0);
  }
  CHECK_EQ(ringline_free(ring), 0);
  CHECK(close(pipe_ends[0]) == 0 && close(pipe_ends[1]) == 0);
  for (at = 0; at < count; at++)
    if (shown[at].res > 0) CHECK(close(shown[at].res) == 0);
  for (at = 0; at < 4; at++) CHECK(close(peers[at]) == 0);
}

/* Another thread abandons the ring while its owner sleeps in a turn, which then shows nothing. */
static void *abandons(void *ctx) {
  CHECK_EQ(ringline_abandon((ringline_ring *)ctx), 0);
  return NULL;
}

static void check_abandoned_asleep(void) {
  pthread_t thread;
  ringline_shared *shared;
  int32_t code;
  ringline_ring *ring = ring_for(FREED);
  CHECK_OK(ringline_attach(ring));
  submit_all(ring);
  shared = ringline_shared_block(ring);
  shared->wait_min = 100;
  shared->timeout_ns = LIMIT;
  CHECK(pthread_create(&thread, NULL, abandons, ring) == 0);
  code = ringline_turn(ring);
  CHECK_EQ(code, RINGLINE_ECLOSED);
  pthread_join(thread, NULL);
}

/* What came by mail, after the last reference to the mailbox. */
static void check_mail(void) {
  ringline_mailbox *mailbox = NULL;
  ringline_op op;
  ringline_ring *ring = ring_for(FREED);
  CHECK_OK(ringline_attach(ring));
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  ringline_prep_openat(&op, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
  CHECK_EQ(ringline_mailbox_submit(mailbox, &op, 1, NULL), 1);
  ringline_prep_pipe(&op, pipe_ends, O_CLOEXEC);
  CHECK_EQ(ringline_mailbox_submit(mailbox, &op, 1, NULL), 1);
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  CHECK_EQ(ringline_close(ring, LIMIT), 0);
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  struct sockaddr_in address;
  int end;
  harness_warm_threads(1);
  listener = make_listener(&address);
  where = &address;
  harness_baseline();
  for (end = 0; end < ENDS; end++) check_unseen((enum end)end);
  check_seen(0);
  check_seen(1);
  check_abandoned_asleep();
  check_mail();
  harness_check_baseline();
  close(listener);
  return 0;
}
