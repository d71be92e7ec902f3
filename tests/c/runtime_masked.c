/*
 * Servers on kernels that lack something: each feature switched off alone, those that fall back on
 * one another together, and all of them, for every kind of server: TCP, a path, UDP, a path for
 * datagrams, TLS, connections that the worker opens, and a worker on the program's own thread.
 * Failure: a start that succeeds and a server that accepts nobody, reads nothing or answers
 * wrongly; or a refusal that does not name what is missing.
 */
#include "adopted.h"
#include "datagrams.h"
#include "tls.h"

#define BIG 150000
#define CLIENTS 4
#define CLIENT 1
#define ONE(name) RINGLINE_FEATURE_##name

enum kind { TCP, PATH, UDP, PATH_DATAGRAM, TLS, CONNECT, ADOPTED, KINDS };

/* Beside each alone: what stands in for another, and what falls back together. */
static const uint64_t together[] = {
    ONE(ACCEPT_MULTISHOT) | ONE(CQE_SKIP),
    ONE(ACCEPT_MULTISHOT) | ONE(RECV_MULTISHOT),
    ONE(RECV_MULTISHOT) | ONE(POOL_INCREMENTAL),
    ONE(RECV_MULTISHOT) | ONE(CQE_SKIP),
    ONE(POOL) | ONE(RECV_MULTISHOT),
    ONE(POOL_INCREMENTAL) | ONE(CQE_SKIP),
    ONE(CANCEL_ANY) | ONE(CANCEL_SYNC),
    ONE(EXT_ARG) | ONE(MIN_WAIT),
    ONE(EXT_ARG) | ONE(ACCEPT_MULTISHOT),
    ONE(DEFER_TASKRUN) | ONE(COOP_TASKRUN),
    ONE(DEFER_TASKRUN) | ONE(TASKRUN_FLAG),
    ONE(SINGLE_ISSUER) | ONE(DEFER_TASKRUN) | ONE(COOP_TASKRUN) | ONE(TASKRUN_FLAG),
    ONE(SUBMIT_ALL) | ONE(NO_SQARRAY) | ONE(REGISTERED_RING),
    ONE(POOL) - 1, /* every way of setting a ring up and of waiting */
};
enum { TOGETHER = sizeof together / sizeof *together, ALONE = 22 };

static unsigned char big[BIG];
static ringline_tls_config *tls_ends[2];
static char listens_at[64];
static volatile long back, over;

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  static unsigned char in[BIG];
  static size_t came;
  if (user != CLIENT) return echo_data(ctx, runtime, conn, user, bytes, length);
  if (length == 0) return 0;
  CHECK(came + length <= BIG);
  memcpy(in + came, bytes, length);
  came += length;
  if (came < BIG) return (int64_t)length;
  CHECK(memcmp(in, big, BIG) == 0);
  came = 0;
  count_up(&back);
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  return (int64_t)length;
}

/* On the worker: opens a connection to the runtime's own listener. */
static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  uint64_t conn;
  (void)ctx, (void)user, (void)res;
  CHECK_EQ(ringline_conn_connect(runtime, listens_at, LIMIT, CLIENT, &conn), 0);
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  (void)ctx, (void)user;
  CHECK_EQ(res, 0);
  if (tls_ends[1])
    CHECK_EQ(ringline_conn_start_tls(runtime, conn, tls_ends[1], "localhost"), 0);
  CHECK_EQ(ringline_conn_send(runtime, conn, big, BIG), 0);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&over);
}

static const ringline_runtime_handlers handlers = {
    .size = sizeof handlers, .data = on_data, .writable = echo_writable, .close = on_close,
    .connect = on_connect, .notify = on_notify, .datagram = datagram_echo};

static void address_of(enum kind kind, uint64_t disable) {
  const char *way = kind == PATH ? "unix" : "unixgram";
  if (kind == PATH || kind == PATH_DATAGRAM) {
    snprintf(listens_at, sizeof listens_at, "%s:@ringline-masked-%d-%llx", way, (int)getpid(),
             (unsigned long long)disable);
  } else {
    snprintf(listens_at, sizeof listens_at, "%s127.0.0.1:0", kind == UDP ? "udp:" : "");
  }
}

/* Clients that are there at once: a large message of each comes back, then the end. */
static void crowd(const any_address *at, socklen_t length) {
  static unsigned char in[BIG];
  const struct timeval limit = {5, 0};
  int fds[CLIENTS], each;
  for (each = 0; each < CLIENTS; each++) {
    fds[each] = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Before its time limits: see recv_some(). */
    CHECK_EQ(connect(fds[each], &at->any, length), 0);
    CHECK(setsockopt(fds[each], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK(setsockopt(fds[each], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
  }
  for (each = CLIENTS - 1; each >= 0; each--) {
    size_t size = each ? 1000 : BIG;
    send_whole(fds[each], big, size);
    recv_whole(fds[each], in, size);
    CHECK(memcmp(in, big, size) == 0);
    CHECK_EQ(shutdown(fds[each], SHUT_WR), 0);
    CHECK_EQ(recv_some(fds[each], in, 1), 0);
    close(fds[each]);
  }
  wait_for_count(&over, CLIENTS);
}

static void *adopted_client(void *ctx) {
  const serving *server = (const serving *)ctx;
  any_address at;
  over = CLIENTS;
  at.v4 = server->address;
  crowd(&at, sizeof at.v4);
  return NULL;
}

/* The echo by records: as many closes as there were clients. */
static void serve_by_records(serving *server, ringline_worker_block *block) {
  int closed = 0;
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, NULL, adopted_client, server), 0);
  block->timeout_ns = LIMIT;
  while (closed < CLIENTS) {
    int32_t count = ringline_worker_turn(server->runtime), at;
    CHECK(count > 0);
    for (at = 0; at < count; at++) {
      ringline_event *event = event_at(block, at);
      closed += event->kind == RINGLINE_EVENT_CLOSE;
      if (event->kind != RINGLINE_EVENT_DATA || event->length == 0) continue;
      CHECK_EQ(ringline_conn_send(server->runtime, event->conn,
                                  (const void *)(uintptr_t)event->address, event->length), 0);
    }
  }
  CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void use(serving *server, enum kind kind, ringline_worker_block *block) {
  uint16_t port = (uint16_t)ringline_runtime_port(server->runtime, (uint32_t)server->listener);
  socklen_t length = sizeof(struct sockaddr_in);
  any_address at;
  int fd;
  memset(&at, 0, sizeof at);
  if (kind == PATH || kind == PATH_DATAGRAM) {
    const char *name = strchr(listens_at, '@');
    at.path.sun_family = AF_UNIX;
    memcpy(at.path.sun_path + 1, name + 1, strlen(name + 1));
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
  } else {
    at.v4.sin_family = AF_INET;
    at.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.v4.sin_port = htons(port);
    server->address = at.v4;
  }
  over = back = 0;
  switch (kind) {
  case ADOPTED: serve_by_records(server, block); break;
  case TCP:
  case PATH: crowd(&at, length); break;
  case TLS:
  case CONNECT:
    snprintf(listens_at, sizeof listens_at, "127.0.0.1:%u", port);
    CHECK_EQ(ringline_runtime_post(server->runtime, 0, 0, 0), 0);
    wait_for_count(&back, 1);
    wait_for_least(&over, 2);
    break;
  default:
    fd = datagram_client(&at, length);
    datagram_echoed(fd, 1000, 1);
    datagram_echoed(fd, 1, 2);
    close(fd);
  }
}

/* What no server does without: the start says so. */
static int is_refused(int32_t code, uint64_t disable) {
  if (!(disable & ONE(POOL))) {
    CHECK_OK(code);
    return 0;
  }
  CHECK_EQ(code, RINGLINE_ENOTSUP_KERNEL);
  CHECK(strstr(ringline_error_detail(), "pool") != NULL);
  return 1;
}

static void masked(enum kind kind, uint64_t disable) {
  ringline_runtime_config config = {.size = sizeof config, .disable = disable,
                                    .workers = kind == TCP || kind == PATH ? 2 : 1};
  ringline_worker_block *block = NULL;
  serving server;
  ringline_tls_config *tls = kind == TLS ? tls_ends[0] : NULL;
  CHECK_OK(ringline_runtime_create(&config, &server.runtime));
  CHECK_OK(ringline_runtime_set_handlers(server.runtime, &handlers));
  address_of(kind, disable);
  server.listener = tls ? ringline_runtime_listen_tls(server.runtime, listens_at, 0, tls)
                        : ringline_runtime_listen(server.runtime, listens_at, 0);
  CHECK_OK(server.listener);
  if (!is_refused(kind == ADOPTED ? ringline_worker_adopt(server.runtime, 0, &block)
                                  : ringline_runtime_start(server.runtime), disable))
    use(&server, kind, block);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
}

static void all_kinds(uint64_t disable) {
  int kind;
  for (kind = 0; kind < KINDS; kind++) {
    ringline_tls_config *client = tls_ends[1];
    if (kind != TLS) tls_ends[1] = NULL;
    masked((enum kind)kind, disable);
    tls_ends[1] = client;
  }
}

int main(void) {
  ringline_tls_options options = {.size = sizeof options, .roots_file = "ca.pem"};
  int at;
  fill(big, BIG, 3);
  tls_begin();
  tls_ends[0] = tls_server(NULL);
  CHECK_OK(ringline_tls_client_create(&options, &tls_ends[1]));
  all_kinds(0);
  for (at = 0; at < ALONE; at++) all_kinds((uint64_t)1 << at);
  for (at = 0; at < TOGETHER; at++) all_kinds(together[at]);
  all_kinds(((uint64_t)1 << ALONE) - 1 - ONE(POOL));
  all_kinds(((uint64_t)1 << ALONE) - 1);
  CHECK_EQ(ringline_tls_free(tls_ends[0]), 0);
  CHECK_EQ(ringline_tls_free(tls_ends[1]), 0);
  return 0;
}
