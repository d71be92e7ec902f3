/*
 * Ops on pipes: made by PIPE, moved between by SPLICE and TEE, with and without offsets and from a
 * registered file, and drained by READ_MULTISHOT.
 * Failure: bytes lost, doubled or out of order, an offset ignored, a wrong end or flag of a pipe, a
 * buffer that is shown twice, or an end of file that ends nothing.
 */
#include "tools.h"

#include <sys/ioctl.h>

static ringline_ring *ring;
static ringline_op op;

static int readable(int fd) {
  int bytes = 0;
  CHECK(ioctl(fd, FIONREAD, &bytes) == 0);
  return bytes;
}

static void expect(int fd, const char *text) {
  char bytes[64];
  size_t length = strlen(text);
  CHECK(read(fd, bytes, sizeof bytes) == (ssize_t)length);
  CHECK(memcmp(bytes, text, length) == 0);
}

static void pipes_made(int ends[2]) {
  int plain[2] = {-1, -1};
  ringline_prep_pipe(&op, ends, O_CLOEXEC | O_NONBLOCK);
  CHECK_EQ(do_op(ring, &op).res, 0);
  CHECK_EQ(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(ends[0], F_GETFL), O_RDONLY | O_NONBLOCK);
  CHECK_EQ(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK);
  CHECK(fcntl(ends[0], F_SETFL, 0) == 0 && fcntl(ends[1], F_SETFL, 0) == 0);
  ringline_prep_pipe(&op, plain, 0);
  CHECK_EQ(do_op(ring, &op).res, 0);
  CHECK_EQ(fcntl(plain[0], F_GETFD), 0);
  CHECK_EQ(fcntl(plain[0], F_GETFL), O_RDONLY);
  CHECK(write(plain[1], "made", 4) == 4);
  expect(plain[0], "made");
  close_both(plain);
  ringline_prep_pipe(&op, plain, 0);
  op.file_index = 1; /* the library would not know what is in its table of files */
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  CHECK(strstr(ringline_error_detail(), "pipe") != NULL);
  op.file_index = RINGLINE_FILE_INDEX_ALLOC;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_pipe(&op, plain, O_APPEND);
  CHECK_EQ(do_op(ring, &op).res, -EINVAL);
  ringline_prep_pipe(&op, (int32_t *)8, 0);
  CHECK_EQ(do_op(ring, &op).res, -EFAULT); /* and no descriptor left: the baseline tells */
}

static void teed_and_spliced(int from[2]) {
  int to[2];
  uint64_t waiting;
  ringline_completion got;
  make_pipe(to);
  CHECK(write(from[1], "twice", 5) == 5);
  ringline_prep_tee(&op, from[0], to[1], 3, 0);
  CHECK_EQ(do_op(ring, &op).res, 3);
  CHECK_EQ(readable(from[0]), 5); /* tee leaves them there */
  expect(to[0], "twi");
  ringline_prep_splice(&op, from[0], -1, to[1], -1, 2, 0);
  CHECK_EQ(do_op(ring, &op).res, 2);
  CHECK_EQ(readable(from[0]), 3);
  expect(to[0], "tw");
  ringline_prep_splice(&op, from[0], -1, to[1], -1, 64, 0);
  CHECK_EQ(do_op(ring, &op).res, 3); /* as many as there are */
  expect(to[0], "ice");
  ringline_prep_splice(&op, from[0], 0, to[1], -1, 1, 0);
  CHECK_EQ(do_op(ring, &op).res, -ESPIPE); /* a pipe has no offset */
  ringline_prep_splice(&op, to[0], -1, from[1], -1, 64, 0);
  waiting = submit_one(ring, &op, 5); /* on a worker, until something comes */
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK(write(to[1], "late", 4) == 4);
  got = next_completion(ring);
  CHECK_EQ(got.res, 4);
  CHECK_EQ(got.token, waiting);
  expect(from[0], "late");
  CHECK(close(to[1]) == 0);
  ringline_prep_splice(&op, to[0], -1, from[1], -1, 64, 0);
  CHECK_EQ(do_op(ring, &op).res, 0); /* no writer is left: the end */
  CHECK(close(to[0]) == 0);
}

static void spliced_files(int ends[2]) {
  const char *folder = getenv("TMPDIR");
  char path[300], bytes[9] = "";
  int slot, file;
  snprintf(path, sizeof path, "%s/ringline-XXXXXX", folder ? folder : P_tmpdir);
  file = mkstemp(path);
  CHECK(file >= 0);
  CHECK(unlink(path) == 0);
  CHECK(pwrite(file, "01234567", 8, 0) == 8);
  ringline_prep_splice(&op, file, 2, ends[1], -1, 3, 0);
  CHECK_EQ(do_op(ring, &op).res, 3);
  CHECK(lseek(file, 0, SEEK_CUR) == 0); /* a given offset leaves the position alone */
  expect(ends[0], "234");
  CHECK(lseek(file, 6, SEEK_SET) == 6);
  ringline_prep_splice(&op, file, -1, ends[1], -1, 9, 0);
  CHECK_EQ(do_op(ring, &op).res, 2);
  CHECK(lseek(file, 0, SEEK_CUR) == 8);
  ringline_prep_splice(&op, ends[0], -1, file, 4, 2, 0);
  CHECK_EQ(do_op(ring, &op).res, 2);
  CHECK(pread(file, bytes, 8, 0) == 8);
  CHECK(memcmp(bytes, "01236767", 8) == 0);
  CHECK_EQ(ringline_files_reserve(ring, 2, 0, 0), 0);
  slot = ringline_file_add(ring, file);
  CHECK_OK(slot);
  ringline_prep_splice(&op, slot, 0, ends[1], -1, 4, RINGLINE_SPLICE_FD_IN_FIXED);
  CHECK_EQ(do_op(ring, &op).res, 4);
  expect(ends[0], "0123");
  CHECK_EQ(ringline_file_remove(ring, (uint32_t)slot), 0);
  CHECK(close(file) == 0);
}

/* Reads again and again: each write is shown once, in order; buffers run out and come back. */
static void read_again_and_again(int ends[2]) {
  int pool = ringline_pool_create(ring, 2, 64, 0), round;
  uint64_t token, leases[2];
  ringline_completion got;
  CHECK_OK(pool);
  ringline_prep_read_multishot(&op, ends[0], pool);
  token = submit_one(ring, &op, 7);
  for (round = 0; round < 100; round++) {
    unsigned char byte = (unsigned char)round;
    CHECK(write(ends[1], &byte, 1) == 1);
    got = next_completion(ring);
    CHECK_EQ(got.res, 1);
    CHECK((got.flags & (RINGLINE_CF_LEASE | RINGLINE_CF_FINAL)) == RINGLINE_CF_LEASE);
    CHECK_EQ(*(const unsigned char *)(uintptr_t)got.data, round);
    leases[round % 2] = got.token;
    if (round > 0) CHECK_EQ(ringline_lease_release(leases[(round + 1) % 2]), 0);
  }
  CHECK(write(ends[1], "last", 4) == 4);
  got = next_completion(ring);
  CHECK(memcmp((const void *)(uintptr_t)got.data, "last", 4) == 0);
  leases[0] = got.token;
  CHECK(write(ends[1], "kept", 4) == 4); /* no buffer is left: it ends, and nothing is lost */
  got = next_completion(ring);
  CHECK_EQ(got.res, -ENOBUFS);
  CHECK(got.flags & RINGLINE_CF_FINAL);
  CHECK_EQ(got.token, token);
  CHECK_EQ(ringline_lease_release(leases[0]), 0);
  CHECK_EQ(ringline_lease_release(leases[1]), 0);
  ringline_prep_read_multishot(&op, ends[0], pool);
  submit_one(ring, &op, 7);
  got = next_completion(ring);
  CHECK_EQ(got.res, 4);
  CHECK(memcmp((const void *)(uintptr_t)got.data, "kept", 4) == 0);
  CHECK_EQ(ringline_lease_release(got.token), 0);
  CHECK(close(ends[1]) == 0);
  got = next_completion(ring);
  CHECK_EQ(got.res, 0);
  CHECK(got.flags & RINGLINE_CF_FINAL);
  CHECK_EQ(got.flags & RINGLINE_CF_LEASE, 0);
  CHECK_EQ(ringline_pool_destroy(ring, pool), 0);
  CHECK(close(ends[0]) == 0);
}

/* In a thread of its own: the kernel's workers for splice end with it. */
static void *body(void *unused) {
  int ends[2] = {-1, -1};
  ring = make_ring();
  pipes_made(ends);
  teed_and_spliced(ends);
  spliced_files(ends);
  read_again_and_again(ends);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  return unused;
}

int main(void) {
  pthread_t thread;
  harness_warm_threads(1);
  harness_baseline();
  CHECK(pthread_create(&thread, NULL, body, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  harness_check_baseline();
  return 0;
}
