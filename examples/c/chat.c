/* A chat: every line goes to everybody, whatever worker they are on. A thread of the program's own
 * says the time of day now and then, and a timer sends who says nothing for long away.
 *   cc -O2 -o chat chat.c $(pkg-config --cflags --libs ringline) -lpthread
 *   run: ./chat 127.0.0.1:0 0
 * Arguments: [address [seconds]]. Ends after so many seconds (0: at once), at SIGINT or SIGTERM. */
#define _GNU_SOURCE /* memrchr */
#include "serve.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { MOST_GUESTS = 1024, SILENT_S = 300 };

static atomic_int ends;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static uint64_t guests[MOST_GUESTS]; /* connections, 0 = a free place; of all workers */

/* Any thread: a post reaches a connection wherever it lives. Who cannot keep up misses lines. */
static void tell_all(const char *bytes, size_t length, uint64_t but) {
  pthread_mutex_lock(&door);
  for (int i = 0; i < MOST_GUESTS; i++)
    if (guests[i] && guests[i] != but) ringline_conn_post(runtime, guests[i], bytes, length);
  pthread_mutex_unlock(&door);
}

static int change(uint64_t from, uint64_t to) {
  int found = 0;
  pthread_mutex_lock(&door);
  for (int i = 0; i < MOST_GUESTS && !found; i++)
    if (guests[i] == from) guests[i] = to, found = 1;
  pthread_mutex_unlock(&door);
  return found;
}

/* The user's number of a connection is its timer, the timer's user its connection. */
static void watch(ringline_runtime *rt, uint64_t conn) {
  uint64_t timer;
  if (ringline_timer_start(rt, SILENT_S * 1000000000ull, 0, conn, &timer) == 0)
    ringline_conn_set_user(rt, conn, timer);
}

static void on_accept(void *ctx, ringline_runtime *rt, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  if (!change(0, conn)) {
    ringline_conn_send(rt, conn, "the room is full\n", 17);
    ringline_conn_close(rt, conn, RINGLINE_CLOSE_GRACEFULLY);
    return;
  }
  watch(rt, conn);
  ringline_conn_send(rt, conn, "welcome\n", 8);
}

/* Whole lines only: what is behind the last one is shown again, with more. */
static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t timer,
                       const uint8_t *bytes, size_t length) {
  const uint8_t *end = memrchr(bytes, '\n', length);
  (void)ctx;
  if (length == 0) return 0;
  if (!end) return length < 4096 ? 0 : -EMSGSIZE;
  ringline_timer_stop(rt, timer);
  watch(rt, conn);
  tell_all((const char *)bytes, (size_t)(end + 1 - bytes), conn);
  return end + 1 - bytes;
}

static void on_tick(void *ctx, ringline_runtime *rt, uint64_t timer, uint64_t conn,
                    uint32_t missed) {
  (void)ctx, (void)timer, (void)missed;
  ringline_conn_close(rt, conn, RINGLINE_CLOSE_GRACEFULLY);
}

static void on_close(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t timer, int reason) {
  (void)ctx, (void)reason;
  ringline_timer_stop(rt, timer);
  change(conn, 0);
}

static void *clock_thread(void *ctx) {
  char text[64];
  for (int second = 1; !ends; second++) {
    sleep(1);
    if (second % 60) continue;
    time_t now = time(NULL);
    struct tm parts;
    tell_all(text, strftime(text, sizeof text, "it is %H:%M\n", localtime_r(&now, &parts)), 0);
  }
  return ctx;
}

int main(int argc, char **argv) {
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .accept = on_accept,
                                         .data = on_data, .close = on_close, .tick = on_tick };
  pthread_t clock;
  if (pthread_create(&clock, NULL, clock_thread, NULL)) return perror("clock"), 1;
  int code = serve(NULL, &handlers, argc > 1 ? argv[1] : "127.0.0.1:7070",
                   argc > 2 ? argv[2] : NULL);
  ends = 1;
  pthread_join(clock, NULL);
  return code;
}
