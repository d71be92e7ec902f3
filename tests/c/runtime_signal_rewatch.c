/*
 * A signal callback that watches another signal and unwatches it, a hundred times, each of which
 * has the ring look at signals again. Failure: the ring has a poll more in flight each time, which
 * nobody counts and which all have to be looked at when the next signal comes; or one is lost.
 */
#include "serving.h"

#include <dirent.h>
#include <signal.h>

enum { ROUNDS = 100 };

static volatile long seen;

/* Polls that rings of this process have in flight, as the kernel tells it; -1 = not now. */
static int polls_of(const char *name) {
  char line[512];
  int polls = -1;
  FILE *file = fopen(name, "r");
  CHECK(file != NULL);
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "PollList:", 9) == 0) polls = 0;
    if (polls >= 0 && strstr(line, "op=")) polls++;
  }
  fclose(file);
  return polls;
}

static int polls(void) {
  uint64_t end = harness_now_ns() + LIMIT;
  int sum = 0, rings = 0;
  struct dirent *entry;
  DIR *all = opendir("/proc/self/fd");
  CHECK(all != NULL);
  while ((entry = readdir(all)) != NULL) {
    char name[300], target[300];
    ssize_t length;
    int count;
    snprintf(name, sizeof name, "/proc/self/fd/%s", entry->d_name);
    length = readlink(name, target, sizeof target - 1);
    target[length > 0 ? length : 0] = 0;
    if (strcmp(target, "anon_inode:[io_uring]") != 0) continue;
    snprintf(name, sizeof name, "/proc/self/fdinfo/%s", entry->d_name);
    while ((count = polls_of(name)) < 0) CHECK(harness_now_ns() < end); /* the ring is busy */
    sum += count;
    rings++;
  }
  closedir(all);
  CHECK_EQ(rings, 1);
  return sum;
}

static void on_signal(void *ctx, ringline_runtime *runtime, int32_t signo, int32_t sender) {
  (void)ctx;
  CHECK_EQ(signo, SIGUSR1);
  CHECK_EQ(sender, getpid());
  CHECK_EQ(ringline_signal_watch(runtime, SIGUSR2), 0);
  CHECK_EQ(ringline_signal_unwatch(runtime, SIGUSR2), 0);
  count_up(&seen);
}

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)worker;
  CHECK_EQ(ringline_signal_watch(runtime, SIGUSR1), 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .start = on_start,
                                        .signal = on_signal};
  serving server;
  sigset_t both;
  int round;
  sigemptyset(&both);
  sigaddset(&both, SIGUSR1);
  sigaddset(&both, SIGUSR2);
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &both, NULL), 0);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  for (round = 1; round <= ROUNDS; round++) {
    CHECK(kill(getpid(), SIGUSR1) == 0);
    wait_for_count(&seen, round);
  }
  CHECK(polls() < ROUNDS / 4);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
