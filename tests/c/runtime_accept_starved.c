/*
 * While the process has no descriptor left, accepting rests instead of spinning: 20 turns a second
 * at most. When there are some again, clients that waited are served within a second.
 * Failure: a busy worker, a listener that never recovers, a client lost.
 */
#include "serving.h"

#define FILES 64

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data};
  ringline_runtime_stats before, after;
  struct rlimit files, tight;
  serving server;
  uint64_t start;
  int waiting, count = 0, taken[FILES];
  char byte = 0;
  serving_baseline(NULL);
  CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
  tight = files;
  tight.rlim_cur = FILES;
  /* Before it listens: the kernel takes the limit down when an accept is armed. */
  CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  serve(&server, NULL, &handlers);
  waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(waiting >= 0);
  while ((taken[count] = dup(waiting)) >= 0) count++;
  CHECK(errno == EMFILE);
  CHECK(connect(waiting, (struct sockaddr *)&server.address, sizeof server.address) == 0);
  do after = serving_stats(&server);
  while (after.accept_pauses == 0 && sched_yield() == 0);
  before = serving_stats(&server);
  start = harness_now_ns();
  do after = serving_stats(&server); /* ten more attempts take a second */
  while (after.accept_pauses < before.accept_pauses + 10 && sched_yield() == 0);
  CHECK(harness_now_ns() - start > SECOND * 8 / 10);
  CHECK(after.turns - before.turns <= 40);
  CHECK_EQ(after.accepted, 0);
  while (count > 0) CHECK(close(taken[--count]) == 0);
  start = harness_now_ns();
  send_whole(waiting, "e", 1);
  recv_whole(waiting, &byte, 1);
  CHECK(byte == 'e' && harness_now_ns() - start < SECOND);
  close(waiting);
  stop_serving(&server);
  CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
  harness_check_baseline();
  return 0;
}
