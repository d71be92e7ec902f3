/*
 * A thread that stops a runtime is held just before it writes the eventfd of a sleeping worker,
 * which ends meanwhile for another reason: the number may be another file's then, and eight bytes
 * would go into it. So the worker keeps its eventfd until the other one is through.
 * Not under a sanitizer, which has a write of its own.
 * Failure: the descriptor is closed while somebody is about to write it.
 */
#include "serving.h"

#include <sys/syscall.h>

static volatile long accepted, stopped;
static pthread_t stopper;
static int armed, client, held;

static int is_armed(void) { return __atomic_load_n(&armed, __ATOMIC_SEQ_CST); }

/* In place of the C library's, for the library too. */
ssize_t write(int fd, const void *bytes, size_t length) {
  if (is_armed() && pthread_equal(pthread_self(), stopper)) {
    uint64_t end;
    __atomic_store_n(&armed, 0, __ATOMIC_SEQ_CST);
    held = 1;
    CHECK_EQ(length, 8);
    /* This wakes it, and it sees the stop. */
    CHECK_EQ(syscall(SYS_sendto, client, "x", 1, 0, NULL, 0), 1);
    wait_for_count(&stopped, 1);
    /* What is not to happen has a fifth of a second for it. */
    for (end = harness_now_ns() + SECOND / 5; harness_now_ns() < end; sched_yield())
      CHECK(fcntl(fd, F_GETFD) >= 0);
  }
  return (ssize_t)syscall(SYS_write, fd, bytes, length);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)conn, (void)listener;
  count_up(&accepted);
}

static void on_stop(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)runtime, (void)worker;
  count_up(&stopped);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .stop = on_stop};
  serving server;
  int tries;
  serving_baseline(NULL);
  stopper = pthread_self();
  for (tries = 0; !held && tries < 100; tries++) { /* once it has to be asleep */
    accepted = stopped = 0;
    serve(&server, NULL, &handlers);
    client = client_of(&server);
    wait_for_count(&accepted, 1);
    __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
    CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
    __atomic_store_n(&armed, 0, __ATOMIC_SEQ_CST);
    CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
    CHECK_EQ(ringline_runtime_free(server.runtime), 0);
    close(client);
  }
  CHECK(held);
  harness_check_baseline();
  return 0;
}
