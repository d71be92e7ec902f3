/*
 * What blocks: work from a worker and from another thread, more than there are threads, a queue
 * that is full, a stop that waits for what runs and cancels what did not begin, names looked up.
 * Failure: done not called exactly once or on another thread, a thread left over, a hang.
 */
#include "serving.h"

#include <malloc.h>
#include <netdb.h>

#define PIECES 1000

typedef struct piece {
  pthread_t made_by;
  int ran;
  int done;
  int32_t res;
} piece;

static piece pieces[PIECES], held[4200];
static volatile long done_count, running;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_t worker_thread;
static volatile long on_wrong_thread;

static int32_t quick(void *ctx) {
  piece *mine = (piece *)ctx;
  mine->ran++;
  if (pthread_equal(pthread_self(), worker_thread)) count_up(&on_wrong_thread);
  return (int32_t)(mine - pieces);
}

static int32_t blocked(void *ctx) {
  piece *mine = (piece *)ctx;
  mine->ran++;
  count_up(&running);
  pthread_mutex_lock(&gate);
  pthread_mutex_unlock(&gate);
  return 7;
}

static void done(void *ctx, ringline_runtime *runtime, int32_t res) {
  piece *mine = (piece *)ctx;
  (void)runtime;
  mine->done++;
  mine->res = res;
  if (!pthread_equal(pthread_self(), worker_thread)) count_up(&on_wrong_thread);
  count_up(&done_count);
}

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  int at;
  (void)ctx, (void)worker;
  worker_thread = pthread_self();
  for (at = 0; at < PIECES / 2; at++)
    CHECK_EQ(ringline_work(runtime, RINGLINE_WORKER_HERE, quick, &pieces[at], done), 0);
}

static void work_everywhere(const ringline_runtime_handlers *handlers) {
  serving server;
  int at;
  done_count = 0;
  memset(pieces, 0, sizeof pieces);
  serve(&server, NULL, handlers);
  CHECK_EQ(ringline_work(server.runtime, RINGLINE_WORKER_HERE, quick, pieces, done),
           RINGLINE_EWRONGTHREAD);
  for (at = PIECES / 2; at < PIECES; at++)
    CHECK_EQ(ringline_work(server.runtime, 0, quick, &pieces[at], done), 0);
  wait_for_count(&done_count, PIECES);
  for (at = 0; at < PIECES; at++)
    CHECK(pieces[at].ran == 1 && pieces[at].done == 1 && pieces[at].res == at);
  stop_serving(&server);
  CHECK_EQ(on_wrong_thread, 0);
}

static void *stopper(void *ctx) {
  CHECK_EQ(ringline_runtime_stop((ringline_runtime *)ctx, 0), 0);
  CHECK_EQ(ringline_runtime_join((ringline_runtime *)ctx, SECOND / 10), -ETIMEDOUT);
  pthread_mutex_unlock(&gate);
  return NULL;
}

/* Two threads, which wait; the rest of the queue is cancelled. */
static void stopped(const ringline_runtime_handlers *handlers) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .blocking_threads = 2};
  serving server;
  int at, cancelled = 0, ran = 0;
  done_count = running = 0;
  memset(pieces, 0, sizeof pieces);
  serve(&server, &config, handlers);
  wait_for_least(&done_count, PIECES / 2);
  done_count = 0;
  pthread_mutex_lock(&gate);
  CHECK_EQ(ringline_work(server.runtime, 0, blocked, &held[0], done), 0);
  CHECK_EQ(ringline_work(server.runtime, 0, blocked, &held[1], done), 0);
  wait_for_count(&running, 2);
  for (at = 2; at < 2 + 4096; at++)
    CHECK_EQ(ringline_work(server.runtime, 0, blocked, &held[at], done), 0);
  CHECK_EQ(ringline_work(server.runtime, 0, blocked, &held[at], done), -EAGAIN);
  stopper(server.runtime);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(done_count, 2 + 4096);
  for (at = 0; at < 2 + 4096; at++) {
    CHECK_EQ(held[at].done, 1);
    CHECK(held[at].ran ? held[at].res == 7 : held[at].res == -ECANCELED);
    cancelled += !held[at].ran;
    ran += held[at].ran;
  }
  CHECK(ran == 2 && cancelled == 4096);
  CHECK_EQ(ringline_work(server.runtime, 0, blocked, &held[0], done), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
}

static int32_t resolve_once(ringline_runtime *runtime, ringline_worker_block *block,
                            const char *host, const char *service, ringline_event *out) {
  CHECK_EQ(ringline_resolve(runtime, host, service, 99), 0);
  block->timeout_ns = LIMIT;
  CHECK_EQ(ringline_worker_turn(runtime), 1);
  *out = *(const ringline_event *)(uintptr_t)block->events;
  CHECK(out->kind == RINGLINE_EVENT_RESOLVE && out->user == 99);
  return out->res;
}

/* The same as getaddrinfo(3) says, in its order. */
static void resolve(void) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list, *next;
  const ringline_address *address;
  ringline_worker_block *block;
  ringline_runtime *runtime;
  ringline_event event;
  uint64_t count = 0;
  CHECK_OK(ringline_runtime_create(&config, &runtime));
  CHECK_EQ(ringline_work(runtime, 0, quick, pieces, done), -EAGAIN); /* nobody to tell yet */
  CHECK_OK(ringline_worker_adopt(runtime, 0, &block));
  CHECK_EQ(resolve_once(runtime, block, "127.0.0.1", "8080", &event), 0);
  address = (const ringline_address *)(uintptr_t)event.address;
  CHECK(event.length == 1 && address->family == AF_INET && address->port == 8080);
  CHECK(address->bytes[0] == 127 && address->bytes[3] == 1);
  CHECK_EQ(resolve_once(runtime, block, "::1", NULL, &event), 0);
  address = (const ringline_address *)(uintptr_t)event.address;
  CHECK(address->family == AF_INET6 && address->port == 0 && address->bytes[15] == 1);
  CHECK_EQ(resolve_once(runtime, block, "localhost", "80", &event), 0);
  address = (const ringline_address *)(uintptr_t)event.address;
  CHECK_EQ(getaddrinfo("localhost", "80", &hints, &list), 0);
  for (next = list; next != NULL; next = next->ai_next, count++) {
    CHECK(count < event.length && address[count].family == next->ai_family);
    CHECK_EQ(address[count].port, 80);
  }
  freeaddrinfo(list);
  CHECK_EQ(event.length, count);
  CHECK_EQ(resolve_once(runtime, block, "host.invalid.", "no-such-service", &event) < 0, 1);
  CHECK(strlen((const char *)(uintptr_t)event.address) == event.length && event.length > 0);
  /* Not waited for: the end does. */
  CHECK_EQ(ringline_resolve(runtime, "localhost", NULL, 1), 0);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .start = on_start};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1};
  mallopt(M_ARENA_MAX, 1); /* an arena per thread is no leak */
  serving_baseline(&config);
  resolve(); /* its libraries stay */
  work_everywhere(&handlers);
  harness_baseline();
  work_everywhere(&handlers);
  stopped(&handlers);
  resolve();
  harness_check_baseline();
  return 0;
}
