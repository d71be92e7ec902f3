/*
 * io_uring forbidden by seccomp, with EPERM and with ENOSYS: create says so, the detail and doctor
 * name the cause and the remedy.
 * Failure: a hang, a crash, a bare errno without a remedy, or a doctor that sees nothing wrong.
 */
#include "tools.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void forbid(int with_errno) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)with_errno),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    SKIP("seccomp filters are not allowed here");
}

static int child(void *with_errno) {
  int expected = *(int *)with_errno;
  static char report[16384];
  uint64_t features = 0;
  ringline_ring *ring = NULL;
  int32_t code;
  forbid(expected);
  code = ringline_create(NULL, &ring);
  CHECK_EQ(code, -expected);
  CHECK(ring == NULL);
  CHECK(strlen(ringline_error_detail()) > 20);
  if (expected == EPERM)
    CHECK(strstr(ringline_error_detail(), "seccomp") || strstr(ringline_error_detail(), "sysctl"));
  CHECK_EQ(ringline_kernel_features(&features), -expected);
  CHECK_EQ(ringline_has("pool"), -expected);
  CHECK_EQ(ringline_op_supported(RINGLINE_OP_NOP), -expected);
  code = ringline_doctor(report, sizeof report);
  CHECK(code > 0 && code < (int)sizeof report);
  CHECK_EQ(strlen(report), code);
  CHECK(strstr(report, "\nrings              missing  ") != NULL);
  CHECK(strstr(report, "\nseccomp            missing  mode 2, ") != NULL);
  CHECK(strstr(report, expected == EPERM ? "answers EPERM" : "answers ENOSYS") != NULL);
  CHECK(strstr(report, "remedy: allow io_uring_setup") != NULL);
  return 0;
}

int main(void) {
  int errors[] = {EPERM, ENOSYS}, at;
  for (at = 0; at < 2; at++) { /* no ring before the fork: nothing may be known from before */
    int status = in_child(child, &errors[at]);
    if (status == 77) SKIP("seccomp filters are not allowed here");
    CHECK_EQ(status, 0);
  }
  return 0;
}
