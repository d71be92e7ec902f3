/*
 * Regions: read and written as fixed buffers, not given up while an operation uses them, and
 * buffers cut out of them that are put back once.
 * Failure: a release that succeeds under an operation in flight, bytes outside the region accepted,
 * a buffer that is taken twice or put back twice, memory that stays after the ring.
 */
#include "tools.h"

enum { SIZE = 65536 };

static void fixed(ringline_op *op, int opcode, int fd, void *at, uint32_t len, int region) {
  memset(op, 0, sizeof *op);
  op->opcode = (uint8_t)opcode;
  op->fd = fd;
  op->addr = (uint64_t)(uintptr_t)at;
  op->len = len;
  op->off = UINT64_MAX;
  op->buf_index = (uint16_t)region;
}

static void check_use(ringline_ring *ring, int region, unsigned char *bytes) {
  ringline_op op;
  ringline_region_info info;
  uint64_t token;
  int ends[2];
  make_pipe(ends);
  memset(&info, 0, sizeof info);
  CHECK_EQ(ringline_region_info_of(ring, region, &info), 0);
  CHECK_EQ(info.address, (uintptr_t)bytes);
  CHECK_EQ(info.len, SIZE);
  memset(bytes, 7, 100);
  fixed(&op, RINGLINE_OP_WRITE_FIXED, ends[1], bytes, 100, region);
  CHECK_EQ(do_op(ring, &op).res, 100);
  fixed(&op, RINGLINE_OP_READ_FIXED, ends[0], bytes + SIZE - 100, 100, region);
  CHECK_EQ(do_op(ring, &op).res, 100);
  CHECK(memcmp(bytes, bytes + SIZE - 100, 100) == 0);
  fixed(&op, RINGLINE_OP_READ_FIXED, ends[0], bytes + SIZE - 99, 100, region);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EFAULT);
  fixed(&op, RINGLINE_OP_READ_FIXED, ends[0], bytes, 100, region + 1);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE);
  /* An operation that pends: staged, in the kernel, and cancelled but not yet over. */
  fixed(&op, RINGLINE_OP_READ_FIXED, ends[0], bytes, 100, region);
  token = submit_one(ring, &op, 5);
  CHECK_EQ(ringline_region_release(ring, region), -EBUSY);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_region_release(ring, region), -EBUSY);
  CHECK_EQ(ringline_region_info_of(ring, region, &info), 0);
  CHECK_EQ(info.users, 1);
  CHECK_EQ(ringline_cancel(ring, token), 0);
  CHECK_EQ(ringline_region_release(ring, region), -EBUSY);
  CHECK_EQ(next_completion(ring).user_data, 5);
  CHECK_EQ(ringline_region_release(ring, region), 0);
  CHECK_EQ(ringline_region_release(ring, region), RINGLINE_ESTALE);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE);
  close_both(ends);
}

static void check_buffers(ringline_ring *ring) {
  void *address, *buffers[4];
  int64_t ids[4], old;
  int at, region = ringline_region_alloc(ring, 4096, 0, &address);
  CHECK_OK(region);
  CHECK_EQ(ringline_buf_take(ring, region, &address), -EINVAL);
  CHECK_EQ(ringline_region_cut(ring, region, 4097), -EINVAL);
  CHECK_EQ(ringline_region_cut(ring, region, 0), -EINVAL);
  CHECK_EQ(ringline_region_cut(ring, region, 1024), 4);
  for (at = 0; at < 4; at++) {
    ids[at] = ringline_buf_take(ring, region, &buffers[at]);
    CHECK_OK(ids[at]);
    CHECK(buffers[at] == (char *)buffers[0] + 1024 * at);
  }
  CHECK_EQ(ringline_buf_take(ring, region, &address), -EAGAIN);
  CHECK_EQ(ringline_region_cut(ring, region, 512), -EBUSY);
  CHECK_EQ(ringline_buf_put(ring, ids[2]), 0);
  CHECK_EQ(ringline_buf_put(ring, ids[2]), RINGLINE_ESTALE);
  old = ids[2];
  ids[2] = ringline_buf_take(ring, region, &address);
  CHECK(address == buffers[2]);
  CHECK_EQ(ringline_buf_put(ring, old), RINGLINE_ESTALE); /* the same buffer, another taking */
  for (at = 0; at < 4; at++) CHECK_EQ(ringline_buf_put(ring, ids[at]), 0);
  CHECK_EQ(ringline_region_cut(ring, region, 2048), 2);
  CHECK_EQ(ringline_buf_put(ring, ids[0]), RINGLINE_ESTALE);
  CHECK_EQ(ringline_region_release(ring, region), 0);
  region = ringline_region_alloc(ring, 4096, 0, &address);
  CHECK_EQ(ringline_region_cut(ring, region, 1024), 4);
  CHECK_OK(ringline_buf_take(ring, region, &address));
  CHECK_EQ(ringline_buf_put(ring, ids[0]), RINGLINE_ESTALE); /* of a region that is gone */
}

static void *left;

/* The owner thread ends with a read in flight, which nobody can wait for: the region stays. */
static void *leave_behind(void *ctx) {
  ringline_ring **ring = (ringline_ring **)ctx;
  static int ends[2];
  ringline_op op;
  void *bytes;
  int region;
  *ring = make_ring();
  region = ringline_region_alloc(*ring, SIZE, 0, &bytes);
  CHECK_OK(region);
  left = bytes;
  make_pipe(ends);
  fixed(&op, RINGLINE_OP_READ_FIXED, ends[0], bytes, 100, region);
  submit_one(*ring, &op, 1);
  CHECK_EQ(turn_for(*ring, 0, 0), 0);
  CHECK_EQ(close(ends[0]), 0);
  CHECK_EQ(close(ends[1]), 0);
  return NULL;
}

int main(void) {
  static unsigned char mine[SIZE];
  ringline_ring *ring;
  pthread_t thread;
  void *address;
  int region;
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  region = ringline_region_alloc(ring, SIZE, 0, &address);
  CHECK_OK(region);
  check_use(ring, region, (unsigned char *)address);
  region = ringline_region_register(ring, mine, SIZE);
  CHECK_OK(region);
  check_use(ring, region, mine);
  region = ringline_region_alloc(ring, SIZE, RINGLINE_REGION_HUGE, &address);
  CHECK_OK(region);
  check_use(ring, region, (unsigned char *)address);
  check_buffers(ring);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  CHECK(pthread_create(&thread, NULL, leave_behind, &ring) == 0);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_free(ring), 1);
  memset(left, 1, SIZE);
  harness_check_baseline_abandoned();
  return 0;
}
