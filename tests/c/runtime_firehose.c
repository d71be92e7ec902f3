/*
 * One client sends as fast as it can while a hundred others ask for an echo of one byte now and
 * then: they are answered in their turn, however much of the firehose there is.
 * Failure: a quiet client that waits until the firehose rests, or behind more of it than the
 * receive pool holds a few times over.
 */
#include "serving.h"

enum { QUIET = 100, ROUNDS = 20, LENGTH = 256 * 1024 };
#define MOST_BETWEEN (16ull << 20)

static volatile uint64_t flooded, answered_at;
static volatile int over;
static uint64_t between[QUIET * ROUNDS];

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  if (length == 1 && bytes[0] == 'q') {
    __atomic_store_n(&answered_at, flooded, __ATOMIC_RELEASE);
    return ringline_conn_send(runtime, conn, bytes, length) == 0 ? 1 : -EIO;
  }
  __atomic_add_fetch(&flooded, length, __ATOMIC_ACQ_REL);
  return (int64_t)length;
}

static void *firehose(void *ctx) {
  unsigned char *bytes = (unsigned char *)calloc(1, LENGTH);
  CHECK(bytes != NULL);
  while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) send_whole(*(int *)ctx, bytes, LENGTH);
  free(bytes);
  return NULL;
}

static int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data};
  int fds[QUIET], hose, at, round;
  pthread_t thread;
  serving server;
  harness_warm_threads(4);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  hose = client_of(&server);
  for (at = 0; at < QUIET; at++) fds[at] = client_of(&server);
  CHECK(pthread_create(&thread, NULL, firehose, &hose) == 0);
  while (__atomic_load_n(&flooded, __ATOMIC_ACQUIRE) < MOST_BETWEEN) sched_yield();
  for (round = 0; round < ROUNDS; round++) {
    for (at = 0; at < QUIET; at++) {
      uint64_t asked_at = __atomic_load_n(&flooded, __ATOMIC_ACQUIRE);
      char byte = 'q';
      send_whole(fds[at], &byte, 1);
      recv_whole(fds[at], &byte, 1);
      between[round * QUIET + at] = __atomic_load_n(&answered_at, __ATOMIC_ACQUIRE) - asked_at;
    }
  }
  __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
  pthread_join(thread, NULL);
  /* Whoever asks may be held up by the machine between looking and sending: not one of ten. */
  qsort(between, QUIET * ROUNDS, sizeof *between, by_size);
  CHECK(between[QUIET * ROUNDS * 9 / 10] < MOST_BETWEEN);
  for (at = 0; at < QUIET; at++) close(fds[at]);
  close(hose);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
