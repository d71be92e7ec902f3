/*
 * A stop of a worker on the program's own thread that did not turn meanwhile: it is told that it
 * stops first, then shown everybody who had connected, and what they wrote; what it answers at the
 * next turn is sent, bytes that it left are shown again with what came behind them, and those that
 * a pause left when the pause is over.
 * Failure: a client that is reset or cut off before its answer, or no word of the stop.
 */
#include "adopted.h"

#define CLIENTS 40
#define MESSAGE 10000

static unsigned char message[MESSAGE], in[MESSAGE];

/* Turns until the worker is over; answers whole messages only. */
static void serve_the_rest(adopted *own) {
  int stopping = 0, accepted = 0, closed = 0, over = 0;
  while (!over) {
    int32_t count = told(own), at;
    for (at = 0; at < count; at++) {
      ringline_event *event = event_at(own->block, at);
      CHECK(stopping || event->kind == RINGLINE_EVENT_STOPPING);
      stopping += event->kind == RINGLINE_EVENT_STOPPING;
      accepted += event->kind == RINGLINE_EVENT_ACCEPT;
      over += event->kind == RINGLINE_EVENT_STOP;
      if (event->kind == RINGLINE_EVENT_CLOSE) {
        CHECK_EQ(event->res, 0);
        closed++;
      }
      if (event->kind != RINGLINE_EVENT_DATA || event->length == 0) continue;
      event->consumed = (int64_t)(event->length - event->length % MESSAGE);
      if (event->consumed)
        CHECK_EQ(ringline_conn_send(own->server.runtime, event->conn,
                                    (const void *)(uintptr_t)event->address,
                                    (size_t)event->consumed), 0);
    }
  }
  CHECK(stopping == 1 && accepted == CLIENTS && closed == CLIENTS);
}

/* A pause that ends when the worker stops already: what it left is shown, and the answer counts
 * that is given before the next turn. */
static void resumed(void) {
  ringline_event *event;
  adopted own;
  uint64_t conn;
  int fd;
  adopt_worker(&own, NULL);
  fd = client_of(&own.server);
  send_whole(fd, message, 100);
  event = told_of(&own, RINGLINE_EVENT_DATA);
  conn = event->conn;
  event->consumed = 0;
  CHECK_EQ(ringline_conn_pause(own.server.runtime, conn), 0);
  CHECK_EQ(ringline_runtime_stop(own.server.runtime, 4 * SECOND), 0);
  told_of(&own, RINGLINE_EVENT_STOPPING);
  CHECK_EQ(ringline_conn_resume(own.server.runtime, conn), 0);
  event = told_of(&own, RINGLINE_EVENT_DATA);
  CHECK_EQ(event->length, 100);
  CHECK_EQ(ringline_conn_send(own.server.runtime, conn, "answer", 6), 0);
  CHECK_EQ(ringline_worker_turn(own.server.runtime), 1);
  recv_whole(fd, in, 6);
  close(fd);
  CHECK_EQ(told_of(&own, RINGLINE_EVENT_CLOSE)->res, 0);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
}

/* Each gets its answer, then the end. */
static void *read_answers(void *ctx) {
  const int *fds = (const int *)ctx;
  int at;
  for (at = 0; at < CLIENTS; at++) {
    recv_whole(fds[at], in, MESSAGE);
    CHECK(memcmp(in, message, MESSAGE) == 0);
    CHECK_EQ(recv_some(fds[at], in, 1), 0);
    close(fds[at]);
  }
  return NULL;
}

int main(void) {
  int fds[CLIENTS], at;
  pthread_t clients;
  adopted own;
  fill(message, MESSAGE, 9);
  serving_baseline(NULL);
  resumed();
  adopt_worker(&own, NULL);
  nothing_told(&own);
  for (at = 0; at < CLIENTS; at++) {
    fds[at] = client_of(&own.server);
    send_arrived(fds[at], message, MESSAGE);
  }
  CHECK_EQ(ringline_runtime_stop(own.server.runtime, 4 * SECOND), 0);
  CHECK_EQ(pthread_create(&clients, NULL, read_answers, fds), 0);
  serve_the_rest(&own);
  CHECK_EQ(ringline_worker_turn(own.server.runtime), RINGLINE_ECLOSED);
  CHECK_EQ(pthread_join(clients, NULL), 0);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  harness_check_baseline();
  return 0;
}
