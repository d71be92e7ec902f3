/*
 * A room: what a client says, everybody gets, on either of two workers, by posts from worker to
 * worker. Sixteen clients of four threads say a line each and go on when they have everybody's;
 * then each thread leaves and comes back while the others talk.
 * Failure: a line that is lost, doubled, mixed up or out of its speaker's order; a hang.
 */
#include "serving.h"

#ifdef HARNESS_SANITIZED
enum { ROUNDS = 40 };
#else
enum { ROUNDS = 400 };
#endif
enum { THREADS = 4, EACH = 4, CLIENTS = THREADS * EACH, VISITS = 20 };

typedef struct line {
  uint32_t speaker, number;
} line;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t room[2 * CLIENTS];
static int present;
static volatile long came, went;
static pthread_barrier_t all_there;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)listener;
  pthread_mutex_lock(&lock);
  CHECK(present < 2 * CLIENTS);
  room[present++] = conn;
  pthread_mutex_unlock(&lock);
  count_up(&came);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  int at;
  (void)ctx, (void)runtime, (void)user, (void)reason;
  pthread_mutex_lock(&lock);
  for (at = 0; room[at] != conn; at++) CHECK(at < present);
  room[at] = room[--present];
  pthread_mutex_unlock(&lock);
  count_up(&went);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  uint64_t others[2 * CLIENTS];
  size_t whole = length - length % sizeof(line);
  int count, at;
  (void)ctx, (void)user;
  if (whole == 0) return 0;
  pthread_mutex_lock(&lock);
  count = present;
  memcpy(others, room, sizeof room);
  pthread_mutex_unlock(&lock);
  for (at = 0; at < count; at++) {
    if (others[at] == conn) CHECK_EQ(ringline_conn_send(runtime, conn, bytes, whole), 0);
    else CHECK_EQ(ringline_conn_post(runtime, others[at], bytes, whole), 0);
  }
  return (int64_t)whole;
}

/* A line of everybody's, in any order of the speakers, and those of visitors between them. */
static void hear(int fd, uint32_t next[CLIENTS]) {
  int heard = 0;
  while (heard < CLIENTS) {
    line got;
    recv_whole(fd, &got, sizeof got);
    CHECK(got.speaker <= CLIENTS);
    if (got.speaker == CLIENTS) continue;
    CHECK_EQ(got.number, next[got.speaker]);
    next[got.speaker]++;
    heard++;
  }
}

/* Come, say something that nobody waits for, and leave, while others do the same. */
static void visit(const serving *server) {
  int at;
  for (at = 0; at < VISITS; at++) {
    line word = {CLIENTS, (uint32_t)at};
    int fd = client_of(server);
    send_whole(fd, &word, sizeof word);
    recv_whole(fd, &word, sizeof word);
    close(fd);
  }
}

typedef struct talker {
  const serving *server;
  uint32_t first;
} talker;

static void *talk(void *ctx) {
  const talker *self = (const talker *)ctx;
  uint32_t next[EACH][CLIENTS], round, at;
  int fds[EACH];
  memset(next, 0, sizeof next);
  for (at = 0; at < EACH; at++) fds[at] = client_of(self->server);
  wait_for_count(&came, CLIENTS);
  pthread_barrier_wait(&all_there);
  for (round = 0; round < ROUNDS; round++) {
    for (at = 0; at < EACH; at++) {
      line said = {self->first + at, round};
      send_whole(fds[at], &said, sizeof said);
    }
    for (at = 0; at < EACH; at++) hear(fds[at], next[at]);
  }
  for (at = 0; at < EACH * CLIENTS; at++) CHECK_EQ(next[at / CLIENTS][at % CLIENTS], ROUNDS);
  for (at = 0; at < EACH; at++) close(fds[at]);
  visit(self->server);
  return NULL;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 2};
  pthread_t threads[THREADS];
  talker talkers[THREADS];
  serving server;
  uint32_t at;
  harness_warm_threads(8);
  serving_baseline(&config);
  pthread_barrier_init(&all_there, NULL, THREADS);
  serve(&server, &config, &handlers);
  for (at = 0; at < THREADS; at++) {
    talkers[at] = (talker){&server, at * EACH};
    CHECK_EQ(pthread_create(&threads[at], NULL, talk, &talkers[at]), 0);
  }
  for (at = 0; at < THREADS; at++) CHECK_EQ(pthread_join(threads[at], NULL), 0);
  wait_for_count(&went, CLIENTS + THREADS * VISITS);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
