/*
 * A quiet client beside 4, 16 and 64 that send as fast as they can, in lock step: before each turn
 * all of them have more to send than the kernel takes. Between the quiet one's byte being in its
 * socket and its being shown at most a few rations of each of the others are shown, whatever the
 * pool is like, however much of it a user keeps, and whatever of receiving the kernel can not do;
 * and the others get as much as one another. By TCP and by a unix socket.
 * Failure: a client that is passed over while others take what comes back to the pool.
 */
#include "adopted.h"

#include <fcntl.h>
#include <sys/un.h>

enum { MOST = 64, ROUNDS = 12, RATION = 64 << 10 };

typedef struct plan {
  uint64_t disable;
  uint32_t buffers, size; /* 0 = default */
  int busy, unix_too, keeps;
} plan;

typedef struct peer {
  int fd;
  uint64_t conn, shown;
} peer;

static peer busy[MOST], quiet;
static char chunk[256 << 10];
static adopted own;
static uint64_t others, kept[MOST];
static int quiet_shown, keeps_left, keeps_now;

static int dial_unix(const char *name) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  memcpy(at.sun_path + 1, name, strlen(name));
  CHECK(connect(fd, (struct sockaddr *)&at,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) == 0);
  return fd;
}

/* Another user of the pool: it keeps what it can get, which is not all. */
static void keep(uint64_t conn) {
  ringline_lease lease = {.size = sizeof lease};
  if (keeps_left == 0) return;
  if (ringline_conn_take(own.server.runtime, conn, &lease) != 0) return;
  keeps_left--;
  kept[keeps_now++] = lease.lease;
}

static void look_at(const ringline_event *event) {
  int at;
  if (event->kind != RINGLINE_EVENT_DATA) return;
  CHECK(event->length > 0);
  if (event->conn == quiet.conn) {
    CHECK_EQ(event->length, 1);
    quiet_shown = 1;
    return;
  }
  for (at = 0; at < MOST; at++)
    if (busy[at].conn == event->conn) busy[at].shown += event->length;
  if (!quiet_shown) others += event->length;
  keep(event->conn);
}

static void turn(int count) {
  int at;
  int32_t events;
  for (at = 0; at < count; at++)
    while (send(busy[at].fd, chunk, sizeof chunk, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {}
  events = ringline_worker_turn(own.server.runtime);
  CHECK_OK(events);
  for (at = 0; at < events; at++) look_at(event_at(own.block, at));
}

static void arrive(peer *who, const char *name) {
  who->fd = name ? dial_unix(name) : client_of(&own.server);
  who->conn = told_of(&own, RINGLINE_EVENT_ACCEPT)->conn;
  who->shown = 0;
}

static void check_even(int count, uint64_t ration) {
  uint64_t least = UINT64_MAX, most = 0;
  int at;
  for (at = 0; at < count; at++) {
    if (busy[at].shown < least) least = busy[at].shown;
    if (busy[at].shown > most) most = busy[at].shown;
  }
  /* The pool is a few of them ahead at first. */
  CHECK(most <= 2 * least + 8 * ration + (2 << 20));
}

static void run(const plan *how) {
  ringline_runtime_config config = {.size = sizeof config, .pool_buffers = how->buffers,
                                    .pool_buffer_size = how->size, .disable = how->disable};
  uint64_t most, ration = how->size && how->size < RATION ? how->size : RATION;
  char address[64], *name = NULL;
  int at, round, between;
  memset(busy, 0, sizeof busy);
  keeps_left = keeps_now = 0;
  adopt_worker(&own, &config);
  if (how->unix_too) {
    snprintf(address, sizeof address, "unix:@fair-%d", (int)getpid());
    name = address + 6;
    CHECK_OK(ringline_runtime_listen(own.server.runtime, address, 0));
    own.block->timeout_ns = 0;
    for (at = 0; at < 3; at++) CHECK_OK(ringline_worker_turn(own.server.runtime));
    own.block->timeout_ns = LIMIT;
  }
  arrive(&quiet, name);
  for (at = 0; at < how->busy; at++) arrive(&busy[at], name);
  own.block->timeout_ns = 0;
  keeps_left = how->keeps;
  for (round = 0; round < ROUNDS; round++) {
    for (between = 0; between <= round % 3; between++) turn(how->busy);
    others = 0;
    quiet_shown = 0;
    send_whole(quiet.fd, "q", 1);
    for (between = 0; !quiet_shown; between++) {
      CHECK(between < 2000);
      turn(how->busy);
    }
    /* Without a limit it is known only afterwards that somebody takes much. */
    if (round == 0) continue;
    most = (uint64_t)how->busy * ration * (how->disable & RINGLINE_FEATURE_RECV_LIMIT ? 8 : 2);
    if (others > most)
      printf("disable %lx, pool %u x %u, %d busy, round %d: %lu bytes of others\n",
             (unsigned long)how->disable, how->buffers, how->size, how->busy, round,
             (unsigned long)others);
    CHECK(others <= most);
  }
  check_even(how->busy, ration);
  for (at = 0; at < how->busy; at++) close(busy[at].fd);
  close(quiet.fd);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
  for (at = 0; at < keeps_now; at++) CHECK_EQ(ringline_lease_release(kept[at]), 0);
}

int main(void) {
  static const plan plans[] = {
      {.busy = 4},
      {.busy = 16},
      {.busy = 64},
      {.busy = 16, .unix_too = 1},
      {.busy = 16, .keeps = 5},
      {.busy = 16, .buffers = 2, .size = 4096},
      {.busy = 16, .buffers = 256, .size = 16384},
      {.busy = 16, .disable = RINGLINE_FEATURE_POOL_INCREMENTAL},
      {.busy = 16, .disable = RINGLINE_FEATURE_POOL_INCREMENTAL, .buffers = 2, .size = 4096},
      {.busy = 16, .disable = RINGLINE_FEATURE_RECV_LIMIT},
      {.busy = 16, .disable = RINGLINE_FEATURE_RECV_LIMIT | RINGLINE_FEATURE_POOL_INCREMENTAL},
      {.busy = 16, .disable = RINGLINE_FEATURE_RECV_MULTISHOT},
      {.busy = 16, .disable = RINGLINE_FEATURE_RECV_MULTISHOT | RINGLINE_FEATURE_POOL_INCREMENTAL},
  };
  size_t at;
  for (at = 0; at < sizeof plans / sizeof *plans; at++) run(&plans[at]);
  return 0;
}
