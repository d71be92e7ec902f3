/*
 * Four workers share a thousand connections evenly: the busiest has at most twice as many as the
 * idlest, over IPv4, IPv6 and a Unix name; the datagrams of a thousand senders too. A
 * connection's id is refused on every worker but its own, and so is one of another runtime.
 * Failure: a worker that does all the work, or one that touches another one's connection.
 */
#include "datagrams.h"

enum { CLIENTS = 1000, WORKERS = 4 };

static volatile long of_worker[WORKERS], strangers;
static volatile uint64_t seen[WORKERS];
static const ringline_runtime_config config = {.size = sizeof config, .workers = WORKERS};
static ringline_runtime *other;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  uint64_t worker = conn >> 52, at;
  (void)ctx, (void)listener;
  CHECK(worker < WORKERS);
  count_up(&of_worker[worker]);
  __atomic_store_n(&seen[worker], conn, __ATOMIC_RELEASE);
  CHECK_EQ(ringline_conn_set_user(runtime, conn, 1), 0);
  CHECK_EQ(ringline_conn_set_user(other, conn, 1), RINGLINE_EWRONGTHREAD);
  for (at = 0; at < WORKERS; at++) {
    uint64_t id = __atomic_load_n(&seen[at], __ATOMIC_ACQUIRE);
    if (at == worker || id == 0) continue;
    CHECK_EQ(ringline_conn_set_user(runtime, id, 2), RINGLINE_EWRONGTHREAD);
    CHECK_EQ(ringline_conn_send(runtime, id, "x", 1), RINGLINE_EWRONGTHREAD);
    CHECK_EQ(ringline_conn_close(runtime, id, 1), RINGLINE_EWRONGTHREAD);
    count_up(&strangers);
  }
}

static void check_even(ringline_runtime *runtime, int datagrams) {
  ringline_runtime_stats stats = {.size = sizeof stats};
  uint64_t least = UINT64_MAX, most = 0, sum = 0, count;
  uint32_t worker;
  for (worker = 0; worker < WORKERS; worker++) {
    CHECK_EQ(ringline_worker_stats_of(runtime, worker, &stats), 0);
    CHECK_EQ(stats.workers, 1);
    count = datagrams ? stats.datagrams : stats.accepted;
    least = count < least ? count : least;
    most = count > most ? count : most;
    sum += count;
  }
  if (getenv("RINGLINE_TEST_NUMBERS"))
    printf("%llu to %llu\n", (unsigned long long)least, (unsigned long long)most);
  CHECK_EQ(sum, CLIENTS);
  CHECK(most <= 2 * least);
}

static void connections(const char *address) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = echo_data};
  static int fds[CLIENTS];
  serving server;
  any_address place;
  socklen_t length;
  char byte;
  int at;
  memset((void *)of_worker, 0, sizeof of_worker);
  memset((void *)seen, 0, sizeof seen);
  strangers = 0;
  length = serve_at(&server, address, &config, &handlers, &place);
  for (at = 0; at < CLIENTS; at++) {
    fds[at] = socket(place.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fds[at] >= 0 && connect(fds[at], &place.any, length) == 0);
  }
  for (at = 0; at < CLIENTS; at++) send_whole(fds[at], "e", 1);
  for (at = 0; at < CLIENTS; at++) recv_whole(fds[at], &byte, 1);
  for (at = 0; at < CLIENTS; at++) close(fds[at]);
  check_even(server.runtime, 0);
  wait_for_least(&strangers, 1);
  stop_serving(&server);
}

static void datagrams(const char *address) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .datagram = datagram_echo};
  serving server;
  any_address place;
  socklen_t length = serve_at(&server, address, &config, &handlers, &place);
  int at, fd;
  for (at = 0; at < CLIENTS; at++) {
    fd = datagram_client(&place, length);
    datagram_echoed(fd, 10, (uint32_t)at);
    close(fd);
  }
  check_even(server.runtime, 1);
  stop_serving(&server);
}

int main(void) {
  struct rlimit files = {4096, 4096};
  CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
  serving_baseline(&config);
  CHECK_OK(ringline_runtime_create(NULL, &other));
  connections("127.0.0.1:0");
  connections("[::1]:0");
  connections("unix:@ringline-even");
  datagrams("udp:127.0.0.1:0");
  datagrams("udp:[::1]:0");
  CHECK_EQ(ringline_runtime_free(other), 0);
  harness_check_baseline();
  return 0;
}
