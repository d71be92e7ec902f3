/*
 * io_uring forbidden by seccomp, with EPERM and with ENOSYS, the whole of it or one of its three
 * calls alone: create says so, the detail and doctor name the call, the cause and the remedy. A
 * call that is forbidden only later is named by the turn that is refused.
 * Failure: a hang, a crash, a bare errno without a remedy, a ring that is made and cannot be used,
 * a text that blames another call, or a doctor that sees nothing wrong.
 */
#include "tools.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void forbid(int call, int with_errno) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)with_errno),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    SKIP("seccomp filters are not allowed here");
}

typedef struct {
  int call, with_errno;
  const char *name;
} forbidden;

static int child(void *which) {
  forbidden *this = (forbidden *)which;
  int expected = this->with_errno;
  static char report[16384];
  char answers[64];
  uint64_t features = 0;
  ringline_ring *ring = NULL;
  int32_t code;
  forbid(this->call, expected);
  code = ringline_create(NULL, &ring);
  CHECK_EQ(code, -expected);
  CHECK(ring == NULL);
  CHECK(strlen(ringline_error_detail()) > 20);
  if (expected == EPERM || this->call != SYS_io_uring_setup) {
    CHECK(strstr(ringline_error_detail(), this->name) != NULL);
    CHECK(strstr(ringline_error_detail(), "seccomp") != NULL);
  }
  CHECK_EQ(ringline_kernel_features(&features), -expected);
  CHECK_EQ(ringline_has("pool"), -expected);
  CHECK_EQ(ringline_op_supported(RINGLINE_OP_NOP), -expected);
  code = ringline_doctor(report, sizeof report);
  CHECK(code > 0 && code < (int)sizeof report);
  CHECK_EQ(strlen(report), code);
  CHECK(strstr(report, "\nrings              missing  ") != NULL);
  CHECK(strstr(report, "\nseccomp            missing  mode 2, ") != NULL);
  snprintf(answers, sizeof answers, "%s answers %s", this->name,
           expected == EPERM ? "EPERM" : "ENOSYS");
  CHECK(strstr(report, answers) != NULL);
  CHECK(strstr(report, "remedy: allow io_uring_setup") != NULL);
  return 0;
}

/* A filter that comes when the ring is there already. */
static int late(void *which) {
  forbidden *this = (forbidden *)which;
  ringline_ring *ring = NULL;
  CHECK_EQ(ringline_create(NULL, &ring), 0);
  forbid(this->call, this->with_errno);
  CHECK_EQ(ringline_shared_block(ring) != NULL, 1);
  ringline_shared_block(ring)->timeout_ns = 0;
  CHECK_EQ(ringline_turn(ring), -this->with_errno);
  CHECK(strstr(ringline_error_detail(), this->name) != NULL);
  CHECK(ringline_free(ring) >= 0);
  return 0;
}

int main(void) {
  int errors[] = {EPERM, ENOSYS}, at, call;
  forbidden calls[] = {{SYS_io_uring_setup, 0, "io_uring_setup(2)"},
                       {SYS_io_uring_enter, 0, "io_uring_enter(2)"},
                       {SYS_io_uring_register, 0, "io_uring_register(2)"}};
  for (at = 0; at < 2; at++) { /* no ring before the fork: nothing may be known from before */
    for (call = 0; call < 3; call++) {
      int status;
      calls[call].with_errno = errors[at];
      status = in_child(child, &calls[call]);
      if (status == 77) SKIP("seccomp filters are not allowed here");
      CHECK_EQ(status, 0);
      if (call > 0) CHECK_EQ(in_child(late, &calls[call]), 0);
    }
  }
  return 0;
}
