/*
 * A worker on the program's own thread: the client wrote 100,000 bytes and went while nobody turned
 * it. It sends, or pauses, or leaves bytes at each record, whose answers come a turn later.
 * Failure: bytes without a record, out of order, or not shown again behind those that were left;
 * the close among the records of bytes, before them, twice or without its reason.
 */
#include "adopted.h"
#include "leaving.h"

enum { MESSAGE = 999 };

/* What was told of one client that goes at once; `keeps`: whole messages only are taken. */
static void one(adopted *own, int sends, int pauses, int keeps) {
  ringline_conn_info info = {.size = sizeof info};
  const size_t rest = keeps ? LEFT % MESSAGE : 0;
  int fd = client_of(&own->server), closed = 0;
  const uint64_t conn = told_of(own, RINGLINE_EVENT_ACCEPT)->conn;
  size_t shown = 0, shows = 0;
  CHECK_EQ(ringline_conn_info_of(own->server.runtime, conn, &info), 0);
  make_room(info.fd);
  if (pauses) {
    CHECK_EQ(ringline_conn_pause(own->server.runtime, conn), 0);
    nothing_told(own);
  }
  leave_bytes(fd, 0);
  vanish(fd);
  if (sends) CHECK_EQ(ringline_conn_send(own->server.runtime, conn, "hello", 5), 0);
  while (!closed) {
    int32_t count = told(own), at;
    size_t from = shown;
    for (at = 0; at < count; at++) {
      ringline_event *event = event_at(own->block, at);
      CHECK(event->conn == conn && !closed);
      closed = event->kind == RINGLINE_EVENT_CLOSE;
      if (closed) {
        CHECK(is_gone(event->res));
        continue;
      }
      CHECK_EQ(event->kind, RINGLINE_EVENT_DATA);
      CHECK(event->length > 0 && from + event->length <= LEFT);
      CHECK(memcmp((const void *)(uintptr_t)event->address, left_bytes + from, event->length) == 0);
      if (pauses) {
        CHECK_EQ(ringline_conn_info_of(own->server.runtime, conn, &info), 0);
        CHECK_EQ(info.state, RINGLINE_CONN_OPEN);
        CHECK_EQ(info.flags, RINGLINE_CONN_GONE);
      }
      shows++;
      from += event->length;
      /* Where bytes are left, later records of the turn count as not seen. */
      if (shown + event->length < from) continue;
      if (keeps) event->consumed = (int64_t)(event->length / MESSAGE * MESSAGE);
      shown += (size_t)event->consumed;
    }
  }
  CHECK_EQ(shown, LEFT - rest);
  if (pauses) CHECK_EQ(shows, 1);
  nothing_told(own);
}

int main(void) {
  adopted own;
  int keeps;
  fill(left_bytes, LEFT, 1);
  harness_warm_threads(4);
  for (keeps = 0; keeps < 2; keeps++) {
    if (keeps) harness_baseline();
    adopt_worker(&own, NULL);
    one(&own, 1, 0, keeps);
    one(&own, 0, 1, keeps);
    one(&own, 0, 0, keeps);
    CHECK_EQ(ringline_runtime_stop(own.server.runtime, 0), 0);
    CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  }
  harness_check_baseline();
  return 0;
}
