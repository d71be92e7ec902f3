/*
 * A worker on the program's own thread with 8,300 connections, each of which left a byte, paused at
 * its end, and is resumed in the same pause between two turns: 16,600 records are to be shown
 * again, more than a turn has. Failure: a byte or an end is lost, told twice or told before the
 * byte; or the worker ends by an internal error.
 */
#include "adopted.h"

#include <stdlib.h>

enum { CONNECTIONS = 8300, STEP = 50, BYTE = 1, END = 2 };

static int fds[CONNECTIONS];
static uint64_t conns[CONNECTIONS];

static void need_descriptors(void) {
  struct rlimit files;
  CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = 2 * CONNECTIONS + 200;
  if (files.rlim_max < files.rlim_cur) files.rlim_max = files.rlim_cur;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) SKIP("the limit of descriptors is too low");
}

/* Some more clients, each of which says a byte and its end, which are left where they are. */
static void come(adopted *own, int from) {
  int at, accepted = from, ended = 0;
  for (at = from; at < from + STEP; at++) {
    fds[at] = client_of(&own->server);
    send_whole(fds[at], "x", 1);
    CHECK(shutdown(fds[at], SHUT_WR) == 0);
  }
  while (ended < STEP) {
    int32_t count = told(own), place;
    for (place = 0; place < count; place++) {
      ringline_event *event = event_at(own->block, place);
      if (event->kind == RINGLINE_EVENT_ACCEPT) {
        CHECK_EQ(ringline_conn_set_user(own->server.runtime, event->conn, (uint64_t)accepted), 0);
        conns[accepted++] = event->conn;
      } else if (event->length > 0) {
        CHECK_EQ(event->kind, RINGLINE_EVENT_DATA);
        event->consumed = 0;
      } else {
        CHECK_EQ(event->kind, RINGLINE_EVENT_DATA);
        CHECK_EQ(ringline_conn_pause(own->server.runtime, event->conn), 0);
        ended++;
      }
    }
  }
}

static void crowd(void) {
  static unsigned char heard[CONNECTIONS];
  adopted own;
  int at, left = 2 * CONNECTIONS, closed = 0;
  memset(heard, 0, sizeof heard);
  adopt_worker(&own, NULL);
  for (at = 0; at < CONNECTIONS; at += STEP) come(&own, at);
  nothing_told(&own);
  for (at = 0; at < CONNECTIONS; at++)
    CHECK_EQ(ringline_conn_resume(own.server.runtime, conns[at]), 0);
  while (left > 0 || closed < CONNECTIONS) {
    int32_t count = told(&own), place;
    for (place = 0; place < count; place++) {
      const ringline_event *event = event_at(own.block, place);
      CHECK(event->user < CONNECTIONS);
      if (event->kind == RINGLINE_EVENT_CLOSE) {
        CHECK_EQ(event->res, 0);
        CHECK_EQ(heard[event->user], BYTE | END);
        closed++;
        continue;
      }
      CHECK_EQ(event->kind, RINGLINE_EVENT_DATA);
      CHECK_EQ(heard[event->user], event->length > 0 ? 0 : BYTE);
      heard[event->user] |= event->length > 0 ? BYTE : END;
      left--;
    }
  }
  nothing_told(&own);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  for (at = 0; at < CONNECTIONS; at++) close(fds[at]);
}

int main(void) {
  need_descriptors();
  serving_baseline(NULL);
  crowd();
  harness_check_baseline();
  return 0;
}
