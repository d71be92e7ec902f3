/*
 * Whoever was there when a stop, or the close of a listener, was called is served: clients that
 * had connected and written, over TCP and by a path, to one worker and to several; connections
 * with something unread, with something that their user left, or paused; datagrams. The worker is
 * held in a callback meanwhile, so that it saw nothing of them. A stop tells that it began, and
 * ends what has nothing more to say.
 * Failure: a client that is reset or gets no answer, a stop that takes its whole grace, a stop of
 * 0 that takes any, or stopping told twice, late or not at all.
 */
#include "datagrams.h"

#define CLIENTS 40
#define QUESTION 20000
#define GRACE (4 * SECOND)

static unsigned char question[QUESTION];
static char path[64];
static volatile long held, go, stopping, stopped, closed, wrong, shown, full, over[3];
static uint64_t talker;

/* Holds each worker until `go`. */
static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  (void)ctx, (void)res;
  if (user) {
    CHECK_EQ(ringline_conn_resume(runtime, user), 0);
    return;
  }
  count_up(&held);
  wait_for_least(&go, 1);
}

static void on_stopping(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx;
  CHECK_EQ(over[worker], 0);
  if (talker) CHECK_EQ(ringline_conn_send(runtime, talker, "bye", 3), 0);
  count_up(&stopping);
}

static void on_stop(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)runtime;
  count_up(&over[worker]);
  count_up(&stopped);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  if (reason != 0) count_up(&wrong);
  count_up(&closed);
}

/* "w": says who it is. "p": pauses, and leaves all. "l": leaves all that is not a whole line. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  if (length == 0) return 0;
  count_up(&shown);
  if (bytes[0] == 'w') talker = conn;
  if (bytes[0] == 'p' && user == 0) {
    talker = conn;
    CHECK_EQ(ringline_conn_set_user(runtime, conn, 1), 0);
    CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
    return 0;
  }
  if (bytes[0] == 'l' && !memchr(bytes, '\n', length)) return 0;
  return echo_data(ctx, runtime, conn, user, bytes, length);
}

static const ringline_runtime_handlers handlers = {
    .size = sizeof handlers, .data = on_data, .writable = echo_writable, .close = on_close,
    .notify = on_notify, .stopping = on_stopping, .stop = on_stop, .datagram = datagram_echo};

/* A runtime that listens on TCP, a path and UDP. */
static void begin(serving *server, uint32_t workers) {
  ringline_runtime_config config = {.size = sizeof config, .workers = workers};
  CHECK_OK(ringline_runtime_create(&config, &server->runtime));
  CHECK_OK(ringline_runtime_set_handlers(server->runtime, &handlers));
  snprintf(path, sizeof path, "unix:@ringline-serves-%d", (int)getpid());
  CHECK_EQ(ringline_runtime_listen(server->runtime, "127.0.0.1:0", 0), 1);
  CHECK_EQ(ringline_runtime_listen(server->runtime, path, 0), 2);
  CHECK_EQ(ringline_runtime_listen(server->runtime, "udp:127.0.0.1:0", 0), 3);
  memset(&server->address, 0, sizeof server->address);
  server->address.sin_family = AF_INET;
  server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->address.sin_port = htons((uint16_t)ringline_runtime_port(server->runtime, 1));
  held = go = stopping = stopped = closed = wrong = shown = over[0] = over[1] = over[2] = 0;
  talker = 0;
  CHECK_EQ(ringline_runtime_start(server->runtime), 0);
}

static void hold(const serving *server, uint32_t workers) {
  uint32_t each;
  for (each = 0; each < workers; each++)
    CHECK_EQ(ringline_runtime_post(server->runtime, each, 0, 0), 0);
  wait_for_count(&held, workers);
}

static void let_go(void) { count_up(&go); }

/* The stop is over long before its grace, and said once per worker that it began. */
static void ended(const serving *server, uint32_t workers, uint64_t since) {
  CHECK_EQ(ringline_runtime_join(server->runtime, LIMIT), 0);
  if (since) CHECK(harness_now_ns() - since < GRACE);
  CHECK_EQ(stopping, workers);
  CHECK_EQ(stopped, workers);
  CHECK_EQ(ringline_runtime_free(server->runtime), 0);
}

static int client_at(const serving *server, int by_path) {
  const struct timeval limit = {5, 0};
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  const char *name = strchr(path, '@');
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
  int fd;
  if (!by_path) return client_of(server);
  memcpy(at.sun_path + 1, name + 1, strlen(name + 1));
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  CHECK(connect(fd, (struct sockaddr *)&at, length) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  return fd;
}

static void answered(int fd, size_t length) {
  static unsigned char in[QUESTION];
  recv_whole(fd, in, length);
  CHECK(memcmp(in, question, length) == 0);
}

static void ends(int fd) {
  char byte;
  CHECK_EQ(recv_some(fd, &byte, 1), 0);
  close(fd);
}

/* What this thread sent since stay_here(), datagrams too, has arrived: on one processor the
 * loopback device keeps the order, and of the last bytes we hear. */
static cpu_set_t everywhere;

static void stay_here(void) {
  cpu_set_t one;
  CHECK_EQ(sched_getaffinity(0, sizeof everywhere, &everywhere), 0);
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  CHECK_EQ(sched_setaffinity(0, sizeof one, &one), 0);
}

static void all_arrived(void) {
  int ends[2];
  make_tcp_pair(ends);
  send_arrived(ends[0], "x", 1);
  close_both(ends);
  CHECK_EQ(sched_setaffinity(0, sizeof everywhere, &everywhere), 0);
}

/* Clients that connected and wrote before the call; `stops`, or only the listeners close. */
static void crowd(uint32_t workers, int by_path, int stops) {
  int fds[CLIENTS], udp, each;
  uint64_t since;
  any_address at;
  serving server;
  begin(&server, workers);
  at.v4 = server.address;
  at.v4.sin_port = htons((uint16_t)ringline_runtime_port(server.runtime, 3));
  udp = datagram_client(&at, sizeof at.v4);
  hold(&server, workers);
  stay_here();
  for (each = 0; each < CLIENTS; each++) {
    fds[each] = client_at(&server, by_path);
    send_whole(fds[each], question, each % 2 ? QUESTION : 100);
    CHECK_EQ(send_some(udp, question, 10), 10);
  }
  all_arrived();
  since = harness_now_ns();
  if (stops) {
    CHECK_EQ(ringline_runtime_stop(server.runtime, GRACE), 0);
  } else {
    for (each = 1; each <= 3; each++)
      CHECK_EQ(ringline_runtime_listener_close(server.runtime, (uint32_t)each), 0);
  }
  let_go();
  for (each = 0; each < CLIENTS; each++) answered(fds[each], each % 2 ? QUESTION : 100);
  for (each = 0; each < CLIENTS; each++) {
    char bytes[16];
    CHECK_EQ(recv_some(udp, bytes, sizeof bytes), 10);
  }
  close(udp);
  if (!stops) {
    for (each = 0; each < CLIENTS; each++) {
      send_whole(fds[each], question, 100);
      answered(fds[each], 100);
    }
    CHECK_EQ(ringline_runtime_stop(server.runtime, GRACE), 0);
  }
  for (each = 0; each < CLIENTS; each++) ends(fds[each]);
  ended(&server, workers, stops ? since : 0);
  CHECK(closed == CLIENTS && wrong == 0);
}

/* The port is free when a listener was closed. */
static void closes(void) {
  serving server;
  struct sockaddr *at = (struct sockaddr *)&server.address;
  uint64_t end = harness_now_ns() + LIMIT;
  int fd, code = 0;
  begin(&server, 1);
  CHECK_EQ(ringline_runtime_listener_close(server.runtime, 1), 0);
  while (code == 0) {
    CHECK(harness_now_ns() < end);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    code = connect(fd, at, sizeof server.address);
    /* One that just came in between is reset. */
    if (code < 0) CHECK(errno == ECONNREFUSED || errno == ECONNRESET);
    close(fd);
  }
  CHECK_EQ(ringline_runtime_stop(server.runtime, GRACE), 0);
  ended(&server, 1, 0);
}

/* Connections of before: with something unread, with a part of a line, and with nothing. */
static void connected(void) {
  uint64_t since;
  serving server;
  int fds[3];
  begin(&server, 1);
  fds[0] = client_of(&server);
  fds[1] = client_of(&server);
  fds[2] = client_of(&server);
  send_whole(fds[0], "who", 3);
  send_whole(fds[1], "line", 4);
  recv_whole(fds[0], question, 3);
  fill(question, QUESTION, 5);
  question[0] = 'q';
  wait_for_count(&shown, 2);
  hold(&server, 1);
  stay_here();
  send_whole(fds[0], question, QUESTION);
  send_whole(fds[1], "\n", 1);
  all_arrived();
  since = harness_now_ns();
  CHECK_EQ(ringline_runtime_stop(server.runtime, GRACE), 0);
  let_go();
  {
    char bytes[8];
    recv_whole(fds[0], bytes, 3);
    CHECK(memcmp(bytes, "bye", 3) == 0);
    recv_whole(fds[1], bytes, 5);
    CHECK(memcmp(bytes, "line\n", 5) == 0);
  }
  answered(fds[0], QUESTION);
  ends(fds[0]);
  ends(fds[1]);
  ends(fds[2]);
  ended(&server, 1, since);
  CHECK(closed == 3 && wrong == 0);
}

/* A pause keeps what it left, and ends before the stop does: then it is shown. */
static void paused(void) {
  serving server;
  char bytes[8];
  int fd;
  begin(&server, 1);
  fd = client_of(&server);
  send_whole(fd, "pause", 5);
  wait_for_count(&shown, 1);
  CHECK_EQ(ringline_runtime_stop(server.runtime, GRACE), 0);
  wait_for_count(&stopping, 1);
  recv_whole(fd, bytes, 3);
  CHECK(memcmp(bytes, "bye", 3) == 0);
  CHECK_EQ(ringline_runtime_post(server.runtime, 0, talker, 0), 0);
  recv_whole(fd, bytes, 5);
  CHECK(memcmp(bytes, "pause", 5) == 0);
  ends(fd);
  ended(&server, 1, 0);
  CHECK(closed == 1 && wrong == 0);
}

/* One worker does not turn, and is the one that the kernel wakes for a client by the path: the
 * other one serves it. The first client may wake the other one; then the second does not. */
static void one_held(void) {
  struct pollfd answer = {.events = POLLIN};
  int fds[2], count = 0;
  serving server;
  begin(&server, 2);
  CHECK_EQ(ringline_runtime_post(server.runtime, 0, 0, 0), 0);
  wait_for_count(&held, 1);
  do {
    answer.fd = fds[count++] = client_at(&server, 1);
    send_whole(answer.fd, question, 100);
  } while (count < 2 && poll(&answer, 1, 200) > 0);
  CHECK_EQ(ringline_runtime_stop(server.runtime, GRACE), 0);
  while (count > 0) {
    answered(fds[--count], 100);
    ends(fds[count]);
  }
  let_go();
  ended(&server, 2, 0);
  CHECK(wrong == 0);
}

static int64_t on_much(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  int64_t used = echo_data(ctx, runtime, conn, user, bytes, length);
  if (used == 0) count_up(&full);
  return used;
}

/* So that the kernel holds little of what is sent. */
static void on_accept_small(void *ctx, ringline_runtime *runtime, uint64_t conn,
                            uint32_t listener) {
  ringline_conn_info info = {.size = sizeof info};
  const int little = 1 << 16;
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(setsockopt(info.fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little) == 0);
}

/* Without a limit a client that does not read has the time of a graceful close. */
static void reads_nothing(void) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .close_timeout_ns = SECOND / 5};
  ringline_runtime_handlers own = handlers;
  const int little = 1 << 16;
  serving server;
  int fd;
  stopping = stopped = closed = wrong = full = over[0] = 0;
  talker = 0;
  own.data = on_much;
  own.accept = on_accept_small;
  serve(&server, &config, &own);
  fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little) == 0);
  CHECK(connect(fd, (struct sockaddr *)&server.address, sizeof server.address) == 0);
  while (__atomic_load_n(&full, __ATOMIC_ACQUIRE) == 0)
    if (send(fd, question, QUESTION, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) sched_yield();
  CHECK_EQ(ringline_runtime_stop(server.runtime, -1), 0);
  ended(&server, 1, 0);
  CHECK_EQ(closed, 1);
  CHECK_EQ(wrong, 1);
  close(fd);
}

/* Without a grace all ends at once, whoever waits. */
static void at_once(void) {
  uint64_t since;
  serving server;
  int fds[2];
  begin(&server, 1);
  fds[0] = client_of(&server);
  send_whole(fds[0], "pause", 5);
  wait_for_count(&shown, 1);
  talker = 0;
  hold(&server, 1);
  fds[1] = client_of(&server);
  send_whole(fds[1], question, 100);
  since = harness_now_ns();
  CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
  let_go();
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK(harness_now_ns() - since < 2 * SECOND);
  ended(&server, 1, 0);
  CHECK_EQ(shown, 1);
  close(fds[0]);
  close(fds[1]);
}

int main(void) {
  uint32_t workers;
  int by_path;
  fill(question, QUESTION, 5);
  question[0] = 'q';
  for (workers = 1; workers <= 3; workers += 2) {
    for (by_path = 0; by_path <= 1; by_path++) {
      crowd(workers, by_path, 1);
      crowd(workers, by_path, 0);
    }
  }
  closes();
  connected();
  paused();
  one_held();
  reads_nothing();
  at_once();
  return 0;
}
