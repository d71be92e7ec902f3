/*
 * NULL, unmapped and read-only memory where the kernel writes or reads, and lengths that run over
 * the end of what is mapped.
 * Failure: a crash, another result than -EFAULT (or the bytes before the end), an op that hangs, a
 * byte changed beyond what the result says.
 */
#include "tools.h"

#include <sys/mman.h>

static ringline_ring *ring;
static int pair[2];

static void expect(ringline_op *op, int32_t expected, const char *what) {
  ringline_completion it = do_op(ring, op);
  if (it.res != expected || !(it.flags & RINGLINE_CF_FINAL))
    HARNESS_FAIL("%s: %d (%s), expected %d", what, it.res, harness_name(it.res), expected);
}

static void bad_pointers(void *bad) {
  ringline_op op;
  char byte;
  int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  CHECK(zero >= 0);
  ringline_prep_read(&op, zero, bad, 8, 0);
  expect(&op, -EFAULT, "read");
  CHECK_EQ(write(pair[1], "x", 1), 1);
  ringline_prep_recv(&op, pair[0], bad, 8, 0);
  expect(&op, -EFAULT, "recv");
  CHECK_EQ(read(pair[0], &byte, 1), 1);
  ringline_prep_send(&op, pair[0], bad, 8, 0);
  expect(&op, -EFAULT, "send");
  ringline_prep_openat(&op, AT_FDCWD, bad, O_RDONLY, 0);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
  CHECK_EQ(next_completion(ring).res, -EFAULT);
  ringline_prep_connect(&op, pair[0], bad, 16);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
  CHECK_EQ(next_completion(ring).res, -EFAULT);
  ringline_prep_send_all(&op, pair[0], bad, 8, 0);
  expect(&op, -EFAULT, "send_all");
  close(zero);
}

/* Nothing beyond the result is touched. */
static void bleed(void) {
  ringline_op op;
  char memory[64];
  memset(memory, 'c', sizeof memory);
  CHECK_EQ(write(pair[1], "abc", 3), 3);
  ringline_prep_recv(&op, pair[0], memory, sizeof memory, 0);
  expect(&op, 3, "recv of three bytes");
  CHECK(memcmp(memory, "abc", 3) == 0);
  CHECK(memory[3] == 'c' && memcmp(memory + 3, memory + 4, 60) == 0);
}

static void over_the_end(void) {
  ringline_op op;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int ends[2];
  CHECK(memory != MAP_FAILED);
  CHECK(mprotect(memory + page, page, PROT_NONE) == 0);
  make_pipe(ends);
  ringline_prep_write(&op, ends[1], memory + page - 4, 8, UINT64_MAX);
  ringline_completion it = do_op(ring, &op);
  CHECK(it.res == 4 || it.res == -EFAULT);
  ringline_prep_read(&op, ends[0], memory, 8, UINT64_MAX);
  if (it.res == 4) expect(&op, 4, "what was written before the end");
  CHECK(munmap(memory, 2 * page) == 0);
  close_both(ends);
}

int main(void) {
  void *unmapped;
  harness_baseline();
  ring = make_ring();
  make_pair(pair);
  bad_pointers(NULL);
  /* Behind that: a ring's first SEND_ALL maps memory, and would take the place. */
  unmapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(munmap(unmapped, 4096) == 0);
  bad_pointers(unmapped);
  bleed();
  over_the_end();
  CHECK_EQ(ringline_free(ring), 0);
  close_both(pair);
  harness_check_baseline();
  return 0;
}
