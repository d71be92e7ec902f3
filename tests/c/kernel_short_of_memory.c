/*
 * io_uring_enter(2) answers EAGAIN from some moment on, as when the kernel has no memory left.
 * Failure: close with a timeout, or free, asks millions of times instead of now and then.
 */
#include "tools.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void starve(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    SKIP("seccomp filters are not allowed here");
}

static int child(void *ctx) {
  int ends[2];
  static char byte;
  uint64_t enters, start;
  ringline_op op;
  ringline_ring *ring = make_ring();
  (void)ctx;
  make_pipe(ends);
  CHECK_OK(ringline_attach(ring));
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  starve();
  enters = stats_of(ring).enters;
  start = harness_now_ns();
  CHECK_EQ(ringline_close(ring, SECOND / 4), 1);
  CHECK(harness_now_ns() - start >= (uint64_t)SECOND / 4);
  CHECK(stats_of(ring).enters - enters < 2000);
  CHECK_EQ(ringline_free(ring), 1); /* abandoned: nobody could ask the kernel */
  return 0;
}

int main(void) {
  int status = in_child(child, NULL);
  if (status == 77) SKIP("seccomp filters are not allowed here");
  CHECK_EQ(status, 0);
  return 0;
}
