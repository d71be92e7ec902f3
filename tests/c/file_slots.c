/*
 * Registered files: a slot is not filled anew while an operation in flight names it, whatever the
 * way; files move with their ring to another thread.
 * Failure: a replace, remove, direct open or close that reaches a slot in use, an operation on an
 * empty slot accepted, a file that is another one after detach.
 */
#include "tools.h"

#include <signal.h>

enum { SLOTS = 8 };

static void on_slot(ringline_op *op, int slot) {
  op->fd = slot;
  op->flags |= RINGLINE_SQE_FIXED_FILE;
}

static int add_pipe(ringline_ring *ring, int *writer) {
  int ends[2], slot;
  make_pipe(ends);
  slot = ringline_file_add(ring, ends[0]);
  CHECK_OK(slot);
  CHECK_EQ(close(ends[0]), 0); /* the ring holds the file */
  *writer = ends[1];
  return slot;
}

static void check_busy(ringline_ring *ring) {
  char bytes[8];
  ringline_op op, other;
  uint64_t token;
  int writer, slot = add_pipe(ring, &writer);
  ringline_prep_read(&op, 0, bytes, sizeof bytes, UINT64_MAX);
  on_slot(&op, slot);
  CHECK(write(writer, "first", 5) == 5);
  CHECK_EQ(do_op(ring, &op).res, 5);
  token = submit_one(ring, &op, 1);
  CHECK_EQ(ringline_file_replace(ring, slot, writer), -EBUSY);
  CHECK_EQ(ringline_file_remove(ring, slot), -EBUSY);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_file_replace(ring, slot, writer), -EBUSY);
  CHECK_EQ(ringline_file_remove(ring, slot), -EBUSY);
  ringline_prep_openat(&other, AT_FDCWD, "/dev/null", O_RDONLY, 0);
  other.file_index = (uint32_t)slot + 1;
  CHECK_EQ(ringline_submit(ring, &other, 1, NULL, 0), -EBUSY);
  /* Closed under a read: the read stays on its file, and the slot is free when it is over. */
  ringline_prep_close(&other, 0);
  other.file_index = (uint32_t)slot + 1;
  CHECK_EQ(do_op(ring, &other).res, 0);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE);
  CHECK_EQ(ringline_file_remove(ring, slot), -EBUSY);
  CHECK(write(writer, "second", 6) == 6);
  CHECK_EQ(next_completion(ring).res, 6);
  CHECK_EQ(ringline_cancel(ring, token), RINGLINE_ESTALE);
  CHECK_EQ(ringline_file_remove(ring, slot), RINGLINE_ESTALE);
  CHECK_EQ(close(writer), 0);
}

/* open, read and close in one chain, all by a slot that is empty when they are submitted. */
static void check_chain(ringline_ring *ring) {
  ringline_op ops[3];
  char text[4];
  uint32_t at;
  int round;
  for (round = 0; round < 2; round++) {
    ringline_shared *shared = ringline_shared_block(ring);
    const char *path = round ? "/nowhere/at/all" : "/proc/self/comm";
    ringline_prep_openat(&ops[0], AT_FDCWD, path, O_RDONLY, 0);
    ops[0].file_index = 3 + 1;
    ringline_prep_read(&ops[1], 0, text, sizeof text, 0);
    on_slot(&ops[1], 3);
    ringline_prep_close(&ops[2], 0);
    ops[2].file_index = 3 + 1;
    ringline_prep_link(ops, 3);
    CHECK_EQ(ringline_submit(ring, ops, 3, NULL, 0), 3);
    CHECK_EQ(turn_for(ring, 3, LIMIT), 3);
    for (at = 0; at < 3; at++) {
      int expected = at == 1 ? (int)sizeof text : 0;
      if (round) expected = at == 0 ? -ENOENT : -ECANCELED;
      CHECK_EQ(record_at(shared, at)->res, expected);
    }
    CHECK_EQ(ringline_file_remove(ring, 3), RINGLINE_ESTALE);
  }
}

static void check_install(ringline_ring *ring) {
  ringline_completion it;
  int writer, slot = add_pipe(ring, &writer);
  char byte = 0;
  CHECK_OK(ringline_file_install(ring, slot, 0, 9));
  it = next_completion(ring);
  CHECK_EQ(it.user_data, 9);
  CHECK_OK(it.res);
  CHECK_EQ(fcntl(it.res, F_GETFD), FD_CLOEXEC);
  CHECK(write(writer, "i", 1) == 1);
  CHECK(read(it.res, &byte, 1) == 1 && byte == 'i');
  CHECK_EQ(close(it.res), 0);
  CHECK_EQ(ringline_file_install(ring, slot + 1, 0, 9), RINGLINE_ESTALE);
  CHECK_EQ(ringline_file_remove(ring, slot), 0);
  CHECK(write(writer, "x", 1) < 0); /* nobody holds the read end any more */
  CHECK_EQ(close(writer), 0);
}

static int32_t read_slot(ringline_ring *ring, int slot, char *bytes) {
  ringline_op op;
  ringline_prep_read(&op, 0, bytes, 8, UINT64_MAX);
  on_slot(&op, slot);
  return do_op(ring, &op).res;
}

typedef struct moved {
  ringline_ring *ring;
  int slots[2], writers[2], region;
  unsigned char *bytes;
} moved;

static void *go_on(void *ctx) {
  moved *it = (moved *)ctx;
  char bytes[8];
  ringline_op op;
  int at;
  CHECK_EQ(ringline_attach(it->ring), 0);
  for (at = 0; at < 2; at++) {
    CHECK(write(it->writers[at], "ab", (size_t)at + 1) == at + 1);
    CHECK_EQ(read_slot(it->ring, it->slots[at], bytes), at + 1);
  }
  CHECK(write(it->writers[0], "region", 6) == 6);
  memset(&op, 0, sizeof op);
  op.opcode = RINGLINE_OP_READ_FIXED;
  op.off = UINT64_MAX;
  op.addr = (uintptr_t)it->bytes;
  op.len = 6;
  op.buf_index = (uint16_t)it->region;
  on_slot(&op, it->slots[0]);
  CHECK_EQ(do_op(it->ring, &op).res, 6);
  CHECK(memcmp(it->bytes, "region", 6) == 0);
  CHECK_EQ(ringline_free(it->ring), 0);
  return NULL;
}

static void check_detach(ringline_ring *ring) {
  moved it;
  void *address;
  pthread_t thread;
  int at;
  it.ring = ring;
  it.slots[0] = add_pipe(ring, &it.writers[0]);
  it.slots[1] = add_pipe(ring, &it.writers[1]);
  it.region = ringline_region_alloc(ring, 4096, 0, &address);
  CHECK_OK(it.region);
  it.bytes = (unsigned char *)address;
  CHECK_EQ(ringline_detach(ring), 0);
  CHECK(pthread_create(&thread, NULL, go_on, &it) == 0);
  pthread_join(thread, NULL);
  for (at = 0; at < 2; at++) { /* neither ring holds the read ends any more */
    struct pollfd entry = {it.writers[at], 0, 0};
    CHECK_EQ(poll(&entry, 1, 5000), 1);
    CHECK(entry.revents & POLLERR);
    CHECK_EQ(close(it.writers[at]), 0);
  }
}

int main(void) {
  ringline_ring *ring;
  ringline_op op;
  int32_t fds[SLOTS + 1];
  uint32_t slots[SLOTS + 1];
  int at, ends[2];
  if (ringline_has("file_table") != 1) SKIP("this kernel has no tables of files");
  if (ringline_has("fd_install") != 1) SKIP("this kernel makes no descriptors of slots");
  signal(SIGPIPE, SIG_IGN);
  harness_warm_threads(1);
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  ringline_prep_nop(&op);
  on_slot(&op, 0);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE); /* there is no table */
  CHECK_EQ(ringline_files_reserve(ring, SLOTS, 0, 0), 0);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE); /* the slot is empty */
  check_busy(ring);
  check_chain(ring);
  check_install(ring);
  for (at = 0; at <= SLOTS; at++) fds[at] = ends[at % 2];
  CHECK_EQ(ringline_file_add(ring, ends[0]), 0);
  CHECK_EQ(ringline_file_add_many(ring, fds, SLOTS + 1, slots), SLOTS - 1); /* all there are */
  CHECK_EQ(ringline_file_add_many(ring, fds, 1, slots), -ENFILE);
  CHECK_EQ(ringline_file_replace(ring, 0, ends[1]), 0);
  for (at = 0; at < SLOTS; at++) CHECK_EQ(ringline_file_remove(ring, at), 0);
  fds[2] = 12345;
  CHECK_EQ(ringline_file_add_many(ring, fds, 4, slots), 2);
  check_detach(ring);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
