/*
 * Workers on the program's own threads: echo by records, bytes left and shown again in front of
 * what came behind, half-close, a thread that stops turning, leaves, or exits early, free on the
 * worker's thread and on another, a mix with the library's threads, signals, a forked child.
 * Failure: bytes lost or out of order, a hang, a wrong code, a thread or descriptor left over.
 */
#include "adopted.h"

#include <signal.h>
#include <sys/time.h>

#define MESSAGE 1000
#define WHOLE (300 * MESSAGE)

static const void *at_address(uint64_t address) { return (const void *)(uintptr_t)address; }

/* A runtime that listens, whose worker 0 is this thread. */
static ringline_worker_block *adopt(serving *server, uint32_t workers) {
  ringline_runtime_config config = {.size = sizeof config, .workers = workers};
  ringline_worker_block *block = NULL;
  CHECK_OK(ringline_runtime_create(&config, &server->runtime));
  server->listener = ringline_runtime_listen(server->runtime, "127.0.0.1:0", 0);
  CHECK_OK(server->listener);
  memset(&server->address, 0, sizeof server->address);
  server->address.sin_family = AF_INET;
  server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->address.sin_port = htons((uint16_t)ringline_runtime_port(server->runtime, 1));
  CHECK_EQ(ringline_worker_turn(server->runtime), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_worker_adopt(server->runtime, workers, &block), -EINVAL);
  CHECK_OK(ringline_worker_adopt(server->runtime, 0, &block));
  CHECK(block->size == sizeof *block && block->abi == RINGLINE_ABI && block->worker == 0);
  CHECK(block->runtime == (uint64_t)(uintptr_t)server->runtime && block->timeout_ns == -1);
  CHECK(block->events_len == 1 && event_at(block, 0)->kind == RINGLINE_EVENT_START);
  return block;
}

/* Turns until an event of `kind` came, which is not the turn's only one perhaps. */
static ringline_event *turn_until(serving *server, ringline_worker_block *block, uint32_t kind) {
  int turns;
  for (turns = 0; turns < 1000; turns++) {
    int32_t count = ringline_worker_turn(server->runtime), at;
    CHECK_OK(count);
    CHECK_EQ((uint32_t)count, block->events_len);
    for (at = 0; at < count; at++) {
      ringline_event *event = event_at(block, at);
      if (event->kind == kind) return event;
    }
  }
  CHECK(!"the event never came");
  return NULL;
}

static void wait_for_stop(serving *server, ringline_worker_block *block) {
  turn_until(server, block, RINGLINE_EVENT_STOP);
  CHECK_EQ(ringline_worker_turn(server->runtime), RINGLINE_ECLOSED);
}

static void *echo_client(void *ctx) {
  static unsigned char out[WHOLE], in[WHOLE];
  int fd = client_of((const serving *)ctx);
  fill(out, sizeof out, 7);
  send_whole(fd, out, sizeof out);
  CHECK_EQ(shutdown(fd, SHUT_WR), 0);
  recv_whole(fd, in, sizeof in);
  CHECK(memcmp(in, out, sizeof in) == 0);
  CHECK_EQ(recv_some(fd, in, 1), 0);
  close(fd);
  return NULL;
}

/* Echoes whole messages; what is less is left for later. */
static void echo(void) {
  serving server;
  ringline_worker_block *block = adopt(&server, 1);
  pthread_t client;
  int closed = 0, shown_again = 0;
  uint64_t left = 0;
  CHECK_EQ(pthread_create(&client, NULL, echo_client, &server), 0);
  while (!closed) {
    int32_t count = ringline_worker_turn(server.runtime), at, skip = 0;
    CHECK(count > 0);
    for (at = 0; at < count; at++) {
      ringline_event *event = event_at(block, at);
      if (event->kind == RINGLINE_EVENT_ACCEPT) {
        CHECK_EQ(event->listener, (uint32_t)server.listener);
        CHECK_EQ(ringline_conn_set_user(server.runtime, event->conn, 77), 0);
      } else if (event->kind == RINGLINE_EVENT_DATA && event->length > 0) {
        CHECK(event->user == 77 && event->consumed == (int64_t)event->length);
        if (skip) continue; /* behind bytes that were left */
        CHECK(event->length > left);
        shown_again += left > 0;
        event->consumed -= event->consumed % MESSAGE;
        CHECK_EQ(ringline_conn_send(server.runtime, event->conn, at_address(event->address),
                                    (size_t)event->consumed), 0);
        left = event->length - (uint64_t)event->consumed;
        skip = left > 0;
      } else if (event->kind == RINGLINE_EVENT_DATA) {
        CHECK_EQ(event->consumed, 0);
      } else if (event->kind == RINGLINE_EVENT_CLOSE) {
        CHECK_EQ(event->res, 0);
        closed = 1;
      }
    }
  }
  CHECK(shown_again > 0);
  CHECK_EQ(pthread_join(client, NULL), 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
}

static void handler(int signo) { (void)signo; }

static int forked(void *ctx) {
  CHECK_EQ(ringline_worker_turn((ringline_runtime *)ctx), RINGLINE_EFORKED);
  return 0;
}

static void *stranger(void *ctx) {
  ringline_runtime *runtime = (ringline_runtime *)ctx;
  ringline_worker_block *block;
  CHECK_EQ(ringline_worker_turn(runtime), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_worker_adopt(runtime, 0, &block), -EALREADY);
  CHECK_EQ(ringline_worker_adopt(runtime, 1, NULL), RINGLINE_ENULL);
  CHECK_OK(ringline_worker_adopt(runtime, 1, &block)); /* and exits with it */
  return NULL;
}

static void *stopper(void *ctx) {
  CHECK_EQ(ringline_runtime_stop((ringline_runtime *)ctx, 0), 0);
  return NULL;
}

/* No wait longer than asked, one worker per thread, and what other threads may do. */
static void life(void) {
  serving server;
  ringline_worker_block *block = adopt(&server, 3), *other;
  struct sigaction action = {.sa_handler = handler};
  struct itimerval soon = {{0, 0}, {0, 20000}};
  pthread_t thread;
  uint64_t conn, before;
  int fd;
  CHECK_EQ(ringline_worker_adopt(server.runtime, 2, &other), -EBUSY);
  block->timeout_ns = 0;
  CHECK_EQ(ringline_worker_turn(server.runtime), 0);
  block->timeout_ns = SECOND / 50;
  before = harness_now_ns();
  CHECK_EQ(ringline_worker_turn(server.runtime), 0);
  CHECK(harness_now_ns() - before >= SECOND / 50);
  block->timeout_ns = LIMIT;
  CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
  CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
  CHECK_EQ(ringline_worker_turn(server.runtime), -EINTR);
  CHECK_EQ(in_child(forked, server.runtime), 0);
  CHECK_EQ(pthread_create(&thread, NULL, stranger, server.runtime), 0);
  CHECK_EQ(pthread_join(thread, NULL), 0);
  /* The library's thread is worker 2; joining waits for that one only. */
  CHECK_EQ(ringline_runtime_start(server.runtime), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, 0), -ETIMEDOUT);
  CHECK_EQ(ringline_runtime_listener_close(server.runtime, 1), 0);
  CHECK_EQ(ringline_runtime_stop(server.runtime, -1), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  wait_for_stop(&server, block);
  CHECK_EQ(ringline_worker_turn(server.runtime), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_worker_adopt(server.runtime, 0, &block), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);

  /* A stop from another thread ends the wait, and connections; then free on another thread. */
  block = adopt(&server, 1);
  fd = client_of(&server);
  conn = turn_until(&server, block, RINGLINE_EVENT_ACCEPT)->conn;
  CHECK_EQ(ringline_conn_send(server.runtime, conn, "x", 1), 0);
  CHECK_EQ(pthread_create(&thread, NULL, stopper, server.runtime), 0);
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_CLOSE)->conn, conn);
  CHECK_EQ(pthread_join(thread, NULL), 0);
  CHECK_EQ(ringline_conn_send(server.runtime, conn, "x", 1), RINGLINE_ESTALE);
  wait_for_stop(&server, block);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK_EQ(ringline_worker_turn(server.runtime), RINGLINE_ESTALE);
  close(fd);
}

static void *freer(void *ctx) {
  CHECK_EQ(ringline_runtime_free((ringline_runtime *)ctx), 0);
  return NULL;
}

/* The handle goes while the thread still turns, with data that it has not looked at. */
static void freed_elsewhere(void) {
  serving server;
  ringline_worker_block *block = adopt(&server, 1);
  pthread_t thread;
  int fd = client_of(&server);
  uint64_t conn = turn_until(&server, block, RINGLINE_EVENT_ACCEPT)->conn;
  send_whole(fd, "abc", 3);
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_DATA)->length, 3);
  CHECK_EQ(pthread_create(&thread, NULL, freer, server.runtime), 0);
  CHECK_EQ(pthread_join(thread, NULL), 0);
  CHECK_EQ(ringline_conn_send(server.runtime, conn, "x", 1), RINGLINE_ESTALE);
  wait_for_stop(&server, block);
  close(fd);
}

/* Free on the worker's thread, with a connection and data that was never consumed. */
static void freed_here(void) {
  serving server;
  ringline_worker_block *block = adopt(&server, 1);
  int fd = client_of(&server);
  send_whole(fd, "abc", 3);
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_DATA)->length, 3);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK_EQ(ringline_worker_turn(server.runtime), RINGLINE_ESTALE);
  close(fd);
}

/* A negative answer closes at once; the end may be answered by going on sending. */
static void answers(void) {
  serving server;
  ringline_worker_block *block = adopt(&server, 1);
  ringline_event *event;
  char bytes[8];
  int fd = client_of(&server);
  uint64_t conn;
  CHECK_EQ(shutdown(fd, SHUT_WR), 0);
  event = turn_until(&server, block, RINGLINE_EVENT_DATA);
  CHECK_EQ(event->length, 0);
  event->consumed = 1;
  conn = event->conn;
  block->timeout_ns = 0;
  CHECK_EQ(ringline_worker_turn(server.runtime), 0);
  block->timeout_ns = LIMIT;
  CHECK_EQ(ringline_conn_send(server.runtime, conn, "after", 5), 0);
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_SENT)->length, 5);
  recv_whole(fd, bytes, 5);
  CHECK_EQ(ringline_conn_close(server.runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_CLOSE)->res, 0);
  close(fd);
  fd = client_of(&server);
  send_whole(fd, "abc", 3);
  turn_until(&server, block, RINGLINE_EVENT_DATA)->consumed = -EPROTO;
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_CLOSE)->res, -EPROTO);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  close(fd);
}

/* Who pauses, with bytes left, in the turn that tells the end: both come after the pause. */
static void pause_before_the_end(void) {
  serving server;
  ringline_worker_block *block = adopt(&server, 1);
  ringline_event *event;
  char byte;
  int fd = client_of(&server);
  send_whole(fd, "abc", 3);
  CHECK_EQ(shutdown(fd, SHUT_WR), 0);
  event = turn_until(&server, block, RINGLINE_EVENT_DATA);
  CHECK_EQ(event->length, 3);
  event->consumed = 0;
  CHECK_EQ(ringline_conn_pause(server.runtime, event->conn), 0);
  block->timeout_ns = 0;
  CHECK_EQ(ringline_worker_turn(server.runtime), 0);
  block->timeout_ns = SECOND / 100;
  CHECK_EQ(ringline_conn_resume(server.runtime, event->conn), 0);
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_DATA)->length, 3);
  CHECK_EQ(turn_until(&server, block, RINGLINE_EVENT_CLOSE)->res, 0);
  CHECK_EQ(recv_some(fd, &byte, 1), 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  close(fd);
}

static void *all_of_it(void *ctx) {
  (void)ctx;
  echo();
  answers();
  return NULL;
}

int main(void) {
  pthread_t thread;
  serving_baseline(NULL);
  harness_warm_threads(4);
  echo();
  freed_here();
  harness_baseline();
  echo();
  life();
  freed_elsewhere();
  freed_here();
  answers();
  pause_before_the_end();
  CHECK_EQ(pthread_create(&thread, NULL, all_of_it, NULL), 0);
  CHECK_EQ(pthread_join(thread, NULL), 0);
  harness_check_baseline();
  return 0;
}
