/*
 * A server that pauses in each of its data callbacks, as one does whose own other end is slow, or
 * pauses and resumes, and a client that wrote 100,000 bytes and went: by callbacks and by records,
 * paused since the accept or since the first byte.
 * Failure: what was left is shown again and again and the close never comes (the worker turns for
 * nothing); a byte that was received is not shown; the close without its reason.
 */
#include "adopted.h"
#include "leaving.h"

enum { PAUSES, RESUMES, WAYS };

static volatile long opened, shows, closed;
static volatile int way, paused_first;
static size_t shown;

static int is_over(ringline_runtime *runtime, uint64_t conn) {
  ringline_conn_info info = {.size = sizeof info};
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  return (info.flags & RINGLINE_CONN_GONE) != 0;
}

/* Takes half of what is shown, and is not ready for the rest. */
static int64_t hold_back(ringline_runtime *runtime, uint64_t conn, const void *bytes,
                         size_t length) {
  CHECK(length > 1 && shown + length <= LEFT);
  CHECK(memcmp(bytes, left_bytes + shown, length) == 0);
  CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  if (is_over(runtime, conn)) {
    CHECK_EQ(shown + length, LEFT);
    if (way == RESUMES) CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
  }
  shown += length / 2;
  count_up(&shows);
  CHECK(shows < 10);
  return (int64_t)(length / 2);
}

static void begins(ringline_runtime *runtime, uint64_t conn) {
  ringline_conn_info info = {.size = sizeof info};
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  make_room(info.fd);
  if (paused_first) CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  begins(runtime, conn);
  count_up(&opened);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  return hold_back(runtime, conn, bytes, length);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK(is_gone(reason));
  CHECK_EQ(shows, paused_first ? 1 : 2);
  count_up(&closed);
}

static void begin(int what, int first) {
  way = what;
  paused_first = first;
  opened = shows = closed = 0;
  shown = 0;
}

static void by_callbacks(const serving *server) {
  int fd = client_of(server);
  size_t early = paused_first ? 0 : 2;
  wait_for_count(&opened, 1);
  send_whole(fd, left_bytes, early);
  if (early) wait_for_count(&shows, 1);
  leave_bytes(fd, early);
  vanish(fd);
  wait_for_count(&closed, 1);
}

static void by_records(adopted *own) {
  int fd = client_of(&own->server);
  const uint64_t conn = told_of(own, RINGLINE_EVENT_ACCEPT)->conn;
  size_t early = paused_first ? 0 : 2;
  begins(own->server.runtime, conn);
  nothing_told(own);
  send_whole(fd, left_bytes, early);
  while (!closed) {
    int32_t count, at;
    if (shows == (early ? 1 : 0) && fd >= 0) {
      nothing_told(own);
      leave_bytes(fd, early);
      vanish(fd);
      fd = -1;
    }
    for (count = told(own), at = 0; at < count; at++) {
      ringline_event *event = event_at(own->block, at);
      CHECK(event->conn == conn && !closed);
      if (event->kind == RINGLINE_EVENT_CLOSE) {
        on_close(NULL, own->server.runtime, conn, 0, event->res);
        continue;
      }
      CHECK_EQ(event->kind, RINGLINE_EVENT_DATA);
      event->consumed = hold_back(own->server.runtime, conn,
                                  (const void *)(uintptr_t)event->address, event->length);
    }
  }
  nothing_told(own);
}

int main(void) {
  ringline_runtime_handlers handlers = {
      .size = sizeof handlers, .accept = on_accept, .data = on_data, .close = on_close};
  serving server;
  adopted own;
  int what, first;
  fill(left_bytes, LEFT, 1);
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  for (what = PAUSES; what < WAYS; what++)
    for (first = 0; first < 2; first++) {
      begin(what, first);
      by_callbacks(&server);
    }
  stop_serving(&server);
  harness_check_baseline();
  adopt_worker(&own, NULL);
  for (what = PAUSES; what < WAYS; what++)
    for (first = 0; first < 2; first++) {
      begin(what, first);
      by_records(&own);
    }
  CHECK_EQ(ringline_runtime_stop(own.server.runtime, 0), 0);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  harness_check_baseline();
  return 0;
}
