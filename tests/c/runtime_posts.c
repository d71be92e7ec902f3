/*
 * Bytes and notes from other threads: in each thread's order and whole, at a worker that sleeps
 * (none may be lost), refused when too many wait, told after the end, never beyond what a slow
 * reader's queue may hold.
 * Failure: a note lost or out of order, bytes mixed up, a hang, a connection that is not closed.
 */
#include "serving.h"

#include <malloc.h>

#define THREADS 3
#define NOTES 20000
#define LINES 5000

static volatile long notes, wrong, accepted, closed;
static volatile int64_t reason;
static uint64_t the_conn;
static int next_of[THREADS];

static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  (void)ctx, (void)runtime;
  if (user >= THREADS || next_of[user]++ != res) count_up(&wrong);
  count_up(&notes);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)listener;
  the_conn = conn;
  count_up(&accepted);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t why) {
  (void)ctx, (void)runtime, (void)user, (void)conn;
  reason = why;
  count_up(&closed);
}

static const ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                                   .close = on_close, .notify = on_notify};

typedef struct poster {
  serving *server;
  uint64_t number;
} poster;

static void *post_notes(void *ctx) {
  const poster *mine = (const poster *)ctx;
  int at;
  for (at = 0; at < NOTES;) {
    int32_t code = ringline_runtime_post(mine->server->runtime, 0, mine->number, at);
    if (code == 0) at++;
    else CHECK(code == -EAGAIN && sched_yield() == 0);
  }
  return NULL;
}

/* Lines of a letter and a number, which say who sent them and in which order. */
static void *post_lines(void *ctx) {
  const poster *mine = (const poster *)ctx;
  int at;
  for (at = 0; at < LINES;) {
    char line[16];
    int length = snprintf(line, sizeof line, "%c%05d\n", 'a' + (int)mine->number, at);
    int32_t code =
        ringline_conn_post(mine->server->runtime, the_conn, line, (size_t)length);
    if (code == 0) at++;
    else CHECK(code == -EAGAIN && sched_yield() == 0);
  }
  return NULL;
}

static void from_all(serving *server, void *(*body)(void *)) {
  poster posters[THREADS];
  pthread_t threads[THREADS];
  uint64_t at;
  for (at = 0; at < THREADS; at++) {
    posters[at] = (poster){server, at};
    CHECK_EQ(pthread_create(&threads[at], NULL, body, &posters[at]), 0);
  }
  for (at = 0; at < THREADS; at++) CHECK_EQ(pthread_join(threads[at], NULL), 0);
}

/* One at a time, so that the worker sleeps before each. */
static void one_by_one(serving *server) {
  long at;
  memset(next_of, 0, sizeof next_of);
  notes = 0;
  for (at = 0; at < 2000; at++) {
    CHECK_EQ(ringline_runtime_post(server->runtime, 0, 0, (int32_t)at), 0);
    wait_for_least(&notes, at + 1);
  }
}

static void lines(serving *server) {
  int fd = client_of(server), next[THREADS] = {0};
  char line[7];
  long at;
  pthread_t thread;
  poster first = {server, 0};
  wait_for_count(&accepted, 1);
  CHECK_EQ(pthread_create(&thread, NULL, post_lines, &first), 0);
  for (at = 0; at < LINES; at++) {
    recv_whole(fd, line, sizeof line);
    CHECK(line[0] == 'a' && atoi(line + 1) == at);
  }
  CHECK_EQ(pthread_join(thread, NULL), 0);
  from_all(server, post_lines); /* 105,000 bytes: less than the queue holds */
  for (at = 0; at < THREADS * LINES; at++) {
    recv_whole(fd, line, sizeof line);
    CHECK(line[0] >= 'a' && line[0] < 'a' + THREADS && line[6] == '\n');
    CHECK_EQ(next[line[0] - 'a']++, atoi(line + 1));
  }
  close(fd);
  wait_for_count(&closed, 1);
  CHECK_EQ(ringline_conn_post(server->runtime, the_conn, "x", 1), 0); /* over: dropped */
}

/* Nobody reads: the queue is bounded, and the end is told. */
static void slow_reader(serving *server) {
  static char block[1 << 20];
  int fd = client_of(server);
  wait_for_count(&accepted, 2);
  while (closed < 2) {
    int32_t code = ringline_conn_post(server->runtime, the_conn, block, sizeof block);
    CHECK(code == 0 || (code == -EAGAIN && sched_yield() == 0));
  }
  CHECK_EQ(reason, -ENOBUFS);
  close(fd);
}

static void refused(serving *server) {
  static char block[(16 << 20) + 1];
  ringline_runtime *idle;
  int at;
  CHECK_EQ(ringline_conn_post(server->runtime, the_conn, block, sizeof block), -EMSGSIZE);
  CHECK_EQ(ringline_runtime_post(server->runtime, 1, 0, 0), RINGLINE_ESTALE);
  /* A worker that has not begun keeps them; there is room for 1024, or for 64 MiB. */
  CHECK_OK(ringline_runtime_create(NULL, &idle));
  for (at = 0; at < 4; at++)
    CHECK_EQ(ringline_conn_post(idle, 1 << 24, block, 16 << 20), 0);
  CHECK_EQ(ringline_conn_post(idle, 1 << 24, block, 1), -EAGAIN);
  for (at = 0; at < 1020; at++) CHECK_EQ(ringline_runtime_post(idle, 0, 0, at), 0);
  CHECK_EQ(ringline_runtime_post(idle, 0, 0, at), -EAGAIN);
  CHECK_EQ(ringline_runtime_free(idle), 0);
}

int main(void) {
  serving server;
  mallopt(M_ARENA_MAX, 1); /* an arena per thread is no leak */
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  from_all(&server, post_notes);
  wait_for_count(&notes, THREADS * NOTES);
  one_by_one(&server);
  lines(&server);
  slow_reader(&server);
  refused(&server);
  CHECK_EQ(wrong, 0);
  CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(ringline_runtime_post(server.runtime, 0, 0, 0), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_conn_post(server.runtime, the_conn, "x", 1), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  harness_check_baseline();
  return 0;
}
