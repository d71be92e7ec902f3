/*
 * fork and exec with a live ring: the new program inherits no descriptor of the library.
 * Failure: a descriptor without CLOEXEC (the ring stays alive in a foreign program).
 */
#include "tools.h"

int main(int argc, char **argv) {
  ringline_ring *ring;
  ringline_op op;
  int status = 0, ends[2], pool;
  char byte;
  pid_t child;
  if (argc > 1) { /* the new program: 0, 1, 2 and what the parent had before, nothing else */
    CHECK_EQ(harness_entries("/proc/self/fd"), atoi(argv[1]));
    return 0;
  }
  harness_baseline();
  make_pipe(ends);
  ring = make_ring();
  pool = ringline_pool_create(ring, 4, 64, 0);
  CHECK_OK(pool);
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    char expected[16];
    snprintf(expected, sizeof expected, "%d", harness_before.fds);
    execl("/proc/self/exe", argv[0], expected, (char *)NULL);
    _exit(2);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  CHECK_EQ(ringline_inflight(ring), 1);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  harness_check_baseline();
  return 0;
}
