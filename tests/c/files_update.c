/*
 * FILES_UPDATE changes the table of registered files in the order of the ring, and the library has
 * to know what became of each slot: filled, emptied, replaced, left alone, or cut off by a bad
 * descriptor in the middle, which the kernel notices only after it took the old file out.
 * Failure: an op on a slot that is empty, or none on one that is not; a slot that is filled anew
 * under an op in flight; a change of slots that the kernel chooses; a count that reaches too far.
 */
#include "ops.h"

enum { SLOTS = 8, DIRECT = 2 };

static ringline_op op;
static int in[2], out[2]; /* two pipes */

/* Whether an op may name the slot, and the file in it is the read end of `pipe`. */
static int holds(int slot, const int *ends) {
  char byte = 0;
  CHECK(write(ends[1], "b", 1) == 1);
  ringline_prep_read(&op, slot, &byte, 1, UINT64_MAX);
  op.flags |= RINGLINE_SQE_FIXED_FILE;
  if (ringline_submit(ops_ring, &op, 1, NULL, 0) == RINGLINE_ESTALE) {
    CHECK(read(ends[0], &byte, 1) == 1);
    return 0;
  }
  CHECK_EQ(next_completion(ops_ring).res, 1);
  CHECK_EQ(byte, 'b');
  return 1;
}

static int32_t update(const int *fds, uint32_t count, uint32_t first) {
  ringline_prep_files_update(&op, fds, count, first);
  return ops_do(&op);
}

static void filled_and_emptied(void) {
  int first[4] = {in[0], out[0], -1, in[0]}, second[4] = {-1, in[0], -2, -2};
  CHECK_EQ(update(first, 4, 0), 4);
  CHECK(holds(0, in) && holds(1, out) && !holds(2, in) && holds(3, in));
  CHECK_EQ(ringline_file_add(ops_ring, out[0]), 2); /* the only gap so far */
  CHECK_EQ(update(second, 4, 0), 4);
  CHECK(!holds(0, in) && holds(1, in) && holds(2, out) && holds(3, in));
  CHECK_EQ(ringline_file_remove(ops_ring, 1), 0);
  CHECK_EQ(ringline_file_remove(ops_ring, 2), 0);
  CHECK_EQ(ringline_file_remove(ops_ring, 3), 0);
  CHECK_EQ(ringline_file_remove(ops_ring, 0), RINGLINE_ESTALE);
}

/* The second of three is no descriptor: what stood there is gone all the same. */
static void cut_off(void) {
  int good[3] = {in[0], in[0], in[0]}, bad[3] = {out[0], 1000000, out[0]};
  CHECK_EQ(update(good, 3, 0), 3);
  CHECK_EQ(update(bad, 3, 0), 1);
  CHECK(holds(0, out) && !holds(1, in) && holds(2, in));
  CHECK_EQ(update(&bad[1], 1, 2), -EBADF);
  CHECK(!holds(2, in));
  CHECK_EQ(update(bad, 3, 0), 1); /* onto an empty one */
  CHECK(holds(0, out) && !holds(1, out) && !holds(2, out));
  CHECK_EQ(ringline_file_add(ops_ring, in[0]), 2); /* the last gap found before */
  CHECK_EQ(ringline_file_add(ops_ring, in[0]), 3);
  CHECK_EQ(ringline_file_remove(ops_ring, 3), 0);
  bad[0] = bad[1] = bad[2] = -1;
  CHECK_EQ(update(bad, 3, 0), 3);
}

static void refusals(void) {
  int fds[3] = {in[0], in[0], in[0]};
  ringline_prep_files_update(&op, fds, DIRECT, SLOTS);
  ops_refused(&op, -EINVAL, "ringline_file_add");
  ringline_prep_files_update(&op, fds, 2, SLOTS - 1);
  ops_refused(&op, -EINVAL, "ringline_file_add");
  ringline_prep_files_update(&op, fds, UINT32_MAX, 1);
  ops_refused(&op, -EINVAL, "ringline_file_add");
  ringline_prep_files_update(&op, fds, 1, RINGLINE_FILE_INDEX_ALLOC);
  ops_refused(&op, -EINVAL, "ringline_file_add");
  ringline_prep_files_update(&op, fds, 1, 1);
  op.off |= 1ull << 32; /* the kernel looks at 32 bits */
  ops_refused(&op, -EINVAL, "ringline_file_add");
  ringline_prep_files_update(&op, fds, 0, 1);
  ops_refused(&op, -EINVAL, "ringline_file_add");
  ringline_prep_files_update(&op, NULL, 1, 1);
  ops_refused(&op, RINGLINE_ENULL, "fds");
}

/* A slot with an op in flight stays as it is; so does one that an update in flight changes. */
static void in_flight(void) {
  static char byte;
  int fds[2] = {out[0], out[0]}, none[1] = {-1};
  uint64_t token, reading;
  CHECK_EQ(update(&in[0], 1, 0), 1);
  ringline_prep_read(&op, 0, &byte, 1, UINT64_MAX);
  op.flags |= RINGLINE_SQE_FIXED_FILE;
  token = ops_start(&op);
  reading = op.user_data;
  ringline_prep_files_update(&op, fds, 1, 0);
  ops_refused(&op, -EBUSY, "use this slot");
  ringline_prep_files_update(&op, fds, 2, 0);
  ops_refused(&op, -EBUSY, "use this slot");
  CHECK_EQ(ringline_cancel(ops_ring, token), 0);
  CHECK_EQ(ops_wait(reading).res, -ECANCELED);
  ringline_prep_files_update(&op, none, 1, 0);
  ops_start(&op);
  reading = op.user_data;
  CHECK_EQ(ringline_file_replace(ops_ring, 0, out[0]), -EBUSY);
  ringline_prep_files_update(&op, fds, 1, 0);
  ops_refused(&op, -EBUSY, "use this slot");
  ringline_prep_read(&op, 0, &byte, 1, UINT64_MAX);
  op.flags |= RINGLINE_SQE_FIXED_FILE;
  ops_refused(&op, RINGLINE_ESTALE, "no file");
  CHECK_EQ(ops_wait(reading).res, 1);
  CHECK(!holds(0, in));
}

static ringline_op chain[3];
static uint64_t numbers[3];

/* How many of `count` ops linked to a chain the library accepts. */
static int32_t submit_chain(uint32_t count) {
  uint32_t at;
  ringline_prep_link(chain, count);
  for (at = 0; at < count; at++) chain[at].user_data = numbers[at] = ops_next++;
  return ringline_submit(ops_ring, chain, count, NULL, 0);
}

/* In a chain: what is filled may be read at once, not closed; what never ran changed nothing. */
static void in_a_chain(void) {
  static char byte;
  int fds[2] = {in[0], in[0]}, none[1] = {-1};
  CHECK(write(in[1], "c", 1) == 1);
  ringline_prep_files_update(&chain[0], fds, 1, 5);
  ringline_prep_read(&chain[1], 5, &byte, 1, UINT64_MAX);
  chain[1].flags = RINGLINE_SQE_FIXED_FILE;
  CHECK_EQ(submit_chain(2), 2);
  CHECK_EQ(ops_wait(numbers[0]).res, 1);
  CHECK_EQ(ops_wait(numbers[1]).res, 1);
  CHECK_EQ(byte, 'c');
  ringline_prep_read(&chain[0], -1, &byte, 1, 0);
  ringline_prep_files_update(&chain[1], none, 1, 5);
  ringline_prep_files_update(&chain[2], fds, 2, 6);
  CHECK_EQ(submit_chain(3), 3);
  CHECK_EQ(ops_wait(numbers[0]).res, -EBADF);
  CHECK_EQ(ops_wait(numbers[1]).res, -ECANCELED);
  CHECK_EQ(ops_wait(numbers[2]).res, -ECANCELED);
  CHECK(holds(5, in) && !holds(6, in) && !holds(7, in));
  ringline_prep_files_update(&chain[0], fds, 1, 6);
  ringline_prep_close(&chain[1], 0);
  chain[1].file_index = 6 + 1;
  CHECK_EQ(submit_chain(2), -EBUSY);
  CHECK(!holds(6, in)); /* the accepted half was taken back */
  CHECK_EQ(ringline_file_remove(ops_ring, 5), 0);
}

/* A registered slot that a SPLICE or TEE reads from is in use as one in fd is. */
static void spliced(void) {
  uint64_t token, splicing;
  int round;
  CHECK_EQ(update(&in[0], 1, 6), 1);
  for (round = 0; round < 2; round++) {
    if (round == 0) ringline_prep_splice(&op, 6, -1, out[1], -1, 1, RINGLINE_SPLICE_FD_IN_FIXED);
    else ringline_prep_tee(&op, 6, out[1], 1, RINGLINE_SPLICE_FD_IN_FIXED);
    token = ops_start(&op);
    splicing = op.user_data;
    CHECK_EQ(ringline_file_remove(ops_ring, 6), -EBUSY);
    CHECK(write(in[1], "s", 1) == 1);
    CHECK_EQ(ops_wait(splicing).res, 1);
    CHECK_EQ(ringline_cancel(ops_ring, token), RINGLINE_ESTALE);
  }
  CHECK_EQ(ringline_file_remove(ops_ring, 6), 0);
  ringline_prep_splice(&op, 6, -1, out[1], -1, 1, RINGLINE_SPLICE_FD_IN_FIXED);
  ops_refused(&op, RINGLINE_ESTALE, "no file");
}

static void body(void) {
  int fds[2] = {0, 0};
  make_pipe(in);
  make_pipe(out);
  ringline_prep_files_update(&op, fds, 1, 0);
  ops_refused(&op, -ENXIO, "reserve");
  CHECK_OK(ringline_files_reserve(ops_ring, SLOTS, DIRECT, 0));
  filled_and_emptied();
  cut_off();
  refusals();
  in_flight();
  in_a_chain();
  spliced();
  close_both(in);
  close_both(out);
}

int main(void) { return ops_main(body); }
