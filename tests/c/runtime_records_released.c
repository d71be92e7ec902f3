/*
 * A worker on the program's own thread, and a connection that ends while far more memory is lent to
 * it than a turn has records: around each multiple of what one turn tells, with sends under way and
 * without, by a close, by a stop whose user looks late, and by a thread that just leaves.
 * Failure: a release that is lost, told twice or told behind the close; a worker that sleeps with
 * something to tell, that tells more than there is room for, or that ends without telling.
 */
#include "adopted.h"

enum { MOST = 20000, ROOM = 4096 };

static unsigned char seen[MOST], memory[MOST];
static int late;

static uint64_t lend(adopted *own, uint32_t count) {
  uint64_t conn = told_of(own, RINGLINE_EVENT_ACCEPT)->conn;
  uint32_t at;
  CHECK(count <= MOST);
  memset(seen, 0, sizeof seen);
  for (at = 0; at < count; at++)
    CHECK_EQ(ringline_conn_send_zc(own->server.runtime, conn, memory + at, 1, at), 0);
  return conn;
}

/* Takes records in until the connection is over, which is told behind all `count` releases. */
static void all_released(adopted *own, uint32_t released, uint32_t count, int32_t reason) {
  int closed = 0;
  while (!closed) {
    int32_t events = told(own), at;
    for (at = 0; at < events; at++) {
      const ringline_event *event = event_at(own->block, at);
      CHECK(!closed);
      if (event->kind == RINGLINE_EVENT_SENT || event->kind == RINGLINE_EVENT_STOPPING) continue;
      if (event->kind == RINGLINE_EVENT_CLOSE) {
        CHECK_EQ(event->res, reason);
        closed = 1;
        continue;
      }
      CHECK_EQ(event->kind, RINGLINE_EVENT_RELEASED);
      CHECK(event->extra < count);
      CHECK_EQ(seen[event->extra], 0);
      seen[event->extra] = 1;
      released++;
    }
    if (late) CHECK(poll(NULL, 0, 1100) == 0);
    late = 0;
  }
  CHECK_EQ(released, count);
}

static void closed_with(adopted *own, uint32_t count, int turns) {
  int fd = client_of(&own->server);
  uint64_t conn = lend(own, count);
  uint32_t released = 0;
  while (turns-- > 0) {
    int32_t events = told(own), at;
    for (at = 0; at < events; at++) {
      const ringline_event *event = event_at(own->block, at);
      if (event->kind == RINGLINE_EVENT_RELEASED) released++, seen[event->extra] = 1;
    }
  }
  CHECK_EQ(ringline_conn_close(own->server.runtime, conn, RINGLINE_CLOSE_AT_ONCE), 0);
  all_released(own, released, count, -ECONNABORTED);
  nothing_told(own);
  close(fd);
}

/* A user who looks at the records for longer than the end of a worker waits for what hangs. */
static void stopped_and_looked_at_late(void) {
  adopted own;
  int fd;
  adopt_worker(&own, NULL);
  fd = client_of(&own.server);
  lend(&own, MOST);
  CHECK_EQ(ringline_runtime_stop(own.server.runtime, 0), 0);
  all_released(&own, 0, MOST, -ECANCELED);
  told_of(&own, RINGLINE_EVENT_STOP);
  CHECK_EQ(ringline_worker_turn(own.server.runtime), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  close(fd);
}

static void left_with(uint32_t count) {
  adopted own;
  int fd;
  adopt_worker(&own, NULL);
  fd = client_of(&own.server);
  lend(&own, count);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  close(fd);
}

int main(void) {
  adopted own;
  uint32_t near;
  serving_baseline(NULL);
  adopt_worker(&own, NULL);
  for (near = ROOM - 2; near <= ROOM + 2; near++) {
    closed_with(&own, near, 0);
    closed_with(&own, near, 3);
    closed_with(&own, near + ROOM, 0);
  }
  closed_with(&own, MOST, 0);
  closed_with(&own, MOST, 1);
  closed_with(&own, MOST, 5);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  left_with(MOST);
  late = 1;
  stopped_and_looked_at_late();
  harness_check_baseline();
  return 0;
}
