/*
 * The kernel has no memory (EAGAIN, ENOMEM) at the moment when a worker submits a send without a
 * completion, and meanwhile something is put behind it: another send, or a close.
 * Failure: what is behind never happens, for the send brings nothing that ends the worker's wait;
 * bytes come twice; or the worker asks again and again without a rest.
 */
#include "refusing.h"

static refusing refuser;
static volatile long can_refuse;
static uint64_t asked_by;
static char wish;

/* How often the kernel refuses. */
static long times_of(char letter) { return letter == 'l' ? 10 : letter == 'm' ? 3 : 1; }

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)runtime, (void)worker;
  __atomic_store_n(&can_refuse, refusing_begin(&refuser) ? 1 : -1, __ATOMIC_RELEASE);
}

/* The answer is submitted next, and refused; a timer that is due ticks all the same. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  uint64_t timer;
  (void)ctx, (void)user;
  if (length == 0) return 0;
  wish = (char)bytes[0];
  asked_by = conn;
  CHECK_EQ(ringline_conn_send(runtime, conn, "first ", 6), 0);
  CHECK_EQ(ringline_timer_start(runtime, 0, 0, 0, &timer), 0);
  refusing_next(&refuser, times_of(wish));
  return (int64_t)length;
}

static void on_tick(void *ctx, ringline_runtime *runtime, uint64_t timer, uint64_t user,
                    uint32_t missed) {
  (void)ctx, (void)timer, (void)user, (void)missed;
  CHECK(refused_so_far(&refuser) > 0);
  if (wish == 'c')
    CHECK_EQ(ringline_conn_close(runtime, asked_by, RINGLINE_CLOSE_GRACEFULLY), 0);
  else
    CHECK_EQ(ringline_conn_send(runtime, asked_by, "second", 6), 0);
}

static void wishes(const serving *server, int code, const char *letters) {
  int fd = client_of(server);
  uint64_t before;
  long already;
  char got[12];
  __atomic_store_n(&refuser.code, code, __ATOMIC_RELEASE);
  for (; *letters; letters++) {
    already = refused_so_far(&refuser);
    before = harness_now_ns();
    send_whole(fd, letters, 1);
    recv_whole(fd, got, *letters == 'c' ? 6 : 12);
    CHECK(memcmp(got, "first second", *letters == 'c' ? 6 : 12) == 0);
    CHECK_EQ(refused_so_far(&refuser) - already, times_of(*letters));
    if (*letters == 'l') CHECK(harness_now_ns() - before >= SECOND / 10);
  }
  CHECK_EQ(recv_some(fd, got, 1), 0); /* the last letter closes */
  close(fd);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .start = on_start,
                                        .data = on_data, .tick = on_tick};
  serving server;
  serving_baseline(NULL);
  refusing_prepare(&refuser);
  serve(&server, NULL, &handlers);
  while (__atomic_load_n(&can_refuse, __ATOMIC_ACQUIRE) == 0) sched_yield();
  if (can_refuse < 0) SKIP("seccomp filters are not allowed here");
  wishes(&server, EAGAIN, "sslsmsc");
  wishes(&server, ENOMEM, "ssmslmc");
  CHECK(serving_stats(&server).backoffs > 0);
  stop_serving(&server);
  refusing_end(&refuser);
  harness_check_baseline();
  return 0;
}
