/*
 * A user without rights and with little memory to lock: doctor says how many rings fit, so many
 * can be made, the next one is -ENOMEM with a text that names the limit.
 * Failure: a number that is wrong, a bare ENOMEM, a hang, or a doctor that blames seccomp.
 */
#include "tools.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* A user of its own: what rings lock is counted for all processes of a user. */
static void become_nobody(uint64_t memlock) {
  struct rlimit limit;
  uid_t user = 1000000 + (uid_t)getpid();
  limit.rlim_cur = limit.rlim_max = memlock;
  CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
  if (setresuid(user, user, user)) _exit(77);
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* or /proc/self belongs to root */
}

static char report[16384];

static void ask_doctor(void) {
  int32_t length = ringline_doctor(report, sizeof report);
  CHECK(length > 0 && length < (int)sizeof report);
}

static int with_room(void *ctx) {
  ringline_ring *rings[64], *one_more = NULL;
  const char *line;
  unsigned long long bytes = 0, many = 0;
  unsigned at;
  (void)ctx;
  become_nobody(512 << 10);
  ask_doctor();
  line = strstr(report, "\nmemlock");
  CHECK(line && sscanf(line, "\nmemlock ok %llu bytes for all rings of this user "
                             "(RLIMIT_MEMLOCK): %llu rings", &bytes, &many) == 2);
  CHECK_EQ(bytes, 512 << 10);
  CHECK(many >= 8 && many < 60);
  for (at = 0; at < many; at++) CHECK_OK(ringline_create(NULL, &rings[at]));
  CHECK_EQ(ringline_create(NULL, &one_more), -ENOMEM);
  CHECK(one_more == NULL);
  CHECK(strstr(ringline_error_detail(), "RLIMIT_MEMLOCK"));
  for (at = 0; at < many; at++) CHECK_EQ(ringline_free(rings[at]), 0);
  return 0;
}

static int without_room(void *ctx) {
  ringline_ring *ring = NULL;
  (void)ctx;
  become_nobody(4096);
  CHECK_EQ(ringline_create(NULL, &ring), -ENOMEM);
  CHECK(strstr(ringline_error_detail(), "RLIMIT_MEMLOCK"));
  ask_doctor();
  CHECK(strstr(report, "\nrings              missing  RLIMIT_MEMLOCK is used up; remedy"));
  CHECK(strstr(report, "\nmemlock            missing  4096 bytes"));
  return 0;
}

int main(void) {
  int status;
  if (geteuid() != 0) SKIP("only root can become another user");
  status = in_child(with_room, NULL);
  if (status == 77) SKIP("this user cannot become another one");
  CHECK_EQ(status, 0);
  CHECK_EQ(in_child(without_room, NULL), 0);
  return 0;
}
