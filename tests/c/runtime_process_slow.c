/*
 * Children whose input is closed gracefully behind 1 MiB: one takes it steadily, over four times
 * close_timeout_ns, and counts it; one takes nothing.
 * Failure: input that is cut off though it is taken; an input that nobody takes and that is never
 * closed.
 */
#include "adopted.h"

enum { LENGTH = 1 << 20 };
static const uint64_t SPAN = 500000000; /* close_timeout_ns */
static unsigned char bytes[LENGTH];

static uint64_t address_of(const void *what) { return (uint64_t)(uintptr_t)what; }

/* A child; its id. */
static uint64_t child(adopted *own, const char *const *argv, uint64_t streams[3]) {
  ringline_process what = {.size = sizeof what, .argv = address_of(argv),
                           .stdin_is = RINGLINE_STREAM_PIPED, .stdout_is = RINGLINE_STREAM_PIPED};
  const ringline_event *event;
  uint64_t id;
  CHECK_EQ(ringline_process_spawn(own->server.runtime, &what, 0, &id), 0);
  event = told_of(own, RINGLINE_EVENT_SPAWN);
  CHECK(event->res > 0);
  memcpy(streams, (const void *)(uintptr_t)event->address, 3 * sizeof *streams);
  return id;
}

static void feed(adopted *own, uint64_t conn) {
  CHECK_EQ(ringline_conn_send(own->server.runtime, conn, bytes, LENGTH), 0);
  CHECK_EQ(ringline_conn_close(own->server.runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void steady(adopted *own) {
  const char *count[] = {"python3", "-c",
                         "import os, time\n"
                         "os.write(1, b'ready')\n"
                         "start, n = time.monotonic(), 0\n"
                         "while b := os.read(0, 20000):\n"
                         "  n += len(b)\n"
                         "  time.sleep(max(0, start + n / 524288 - time.monotonic()))\n"
                         "print(n)", NULL};
  uint64_t streams[3];
  int over = 0, closed = 0;
  char text[32] = "";
  size_t length = 0;
  child(own, count, streams);
  CHECK_EQ(told_of(own, RINGLINE_EVENT_DATA)->conn, streams[1]);
  feed(own, streams[0]);
  while (!over || closed < 2) {
    int32_t turned = told(own), at;
    for (at = 0; at < turned; at++) {
      const ringline_event *event = event_at(own->block, at);
      if (event->kind == RINGLINE_EVENT_EXIT) over = 1;
      if (event->kind == RINGLINE_EVENT_DATA) {
        CHECK(length + event->length < sizeof text);
        memcpy(text + length, (const void *)(uintptr_t)event->address, event->length);
        length += event->length;
      }
      if (event->kind != RINGLINE_EVENT_CLOSE) continue;
      CHECK(event->res == 0 && event->extra == 0);
      closed++;
    }
  }
  CHECK_EQ(atoi(text), LENGTH);
}

static void never(adopted *own) {
  const char *forever[] = {"sleep", "1000", NULL};
  uint64_t streams[3], start, took, id = child(own, forever, streams);
  const ringline_event *event;
  feed(own, streams[0]);
  start = harness_now_ns();
  event = told_of(own, RINGLINE_EVENT_CLOSE);
  took = harness_now_ns() - start;
  CHECK_EQ(event->conn, streams[0]);
  CHECK_EQ(event->res, -ETIMEDOUT);
  CHECK(event->extra > LENGTH / 2); /* what it did not take */
  CHECK(took >= SPAN && took < 4 * SPAN);
  CHECK_EQ(ringline_process_kill(own->server.runtime, id, SIGKILL), 0);
  told_of(own, RINGLINE_EVENT_EXIT);
}

int main(void) {
  ringline_runtime_config config = {.size = sizeof config, .close_timeout_ns = SPAN};
  adopted own;
  adopt_worker(&own, &config);
  steady(&own);
  never(&own);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  return 0;
}
