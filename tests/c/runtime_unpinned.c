/*
 * Where sched_setaffinity(2) is forbidden the workers run unpinned: start succeeds, the log is told
 * once per worker, clients are served. With RINGLINE_RUNTIME_UNPINNED it is not even asked for.
 * Failure: a start that fails, or nobody who learns that the workers wander.
 */
#include "serving.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static volatile long lines;

static void on_log(void *ctx, uint32_t level, const char *message) {
  (void)ctx;
  if (!strstr(message, "any processor")) return;
  CHECK_EQ(level, RINGLINE_LOG_WARN);
  CHECK(strstr(message, "errno 1)"));
  count_up(&lines);
}

static void forbid(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) SKIP("no seccomp filters here");
}

static void serve_one(uint32_t flags) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data};
  ringline_runtime_config config = {.size = sizeof config, .workers = 3, .flags = flags};
  serving server;
  char byte;
  int fd;
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  send_whole(fd, "u", 1);
  recv_whole(fd, &byte, 1);
  close(fd);
  stop_serving(&server);
}

int main(void) {
  forbid();
  CHECK_EQ(ringline_set_log(on_log, NULL, RINGLINE_LOG_WARN), 0);
  serve_one(0);
  CHECK_EQ(lines, 3);
  serve_one(RINGLINE_RUNTIME_UNPINNED);
  CHECK_EQ(lines, 3);
  CHECK_EQ(ringline_set_log(NULL, NULL, 0), 0);
  return 0;
}
