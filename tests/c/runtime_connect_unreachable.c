/*
 * Connects that get no answer, 200 of each kind at a time, in a network of the test's own: to a
 * host behind an interface from which nothing comes back: they end by their own time limit, by a
 * close of either kind, by one in the connect callback of another, or by a stop, with a grace and
 * without; and to where no way leads, and to where nobody listens.
 * Failure: a connect that is told never, twice or with the wrong result; a place, a descriptor or a
 * time limit that stays; a stop that waits for what will never come.
 */
#include "serving.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

enum { MANY = 200, MS = 1000000 };
enum kind { TIMED, CLOSED, DROPPED, CHAINED, STOPPED, NO_WAY, NO_WAY6, REFUSED, KINDS };

static volatile long told[KINDS], wrong;
static uint64_t ids[KINDS][MANY];
static char refused[64];

static int32_t expected(uint64_t kind) {
  switch (kind) {
    case TIMED: return -ETIMEDOUT;
    case DROPPED: return -ECONNABORTED;
    case NO_WAY: case NO_WAY6: return -ENETUNREACH;
    case REFUSED: return -ECONNREFUSED;
    default: return -ECANCELED;
  }
}

static void begin(ringline_runtime *runtime, enum kind kind, const char *address, uint64_t limit) {
  uint64_t at;
  for (at = 0; at < MANY; at++)
    CHECK_EQ(ringline_conn_connect(runtime, address, limit, at << 8 | kind, &ids[kind][at]), 0);
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  uint64_t kind = user & 255, at = user >> 8;
  (void)ctx;
  CHECK(kind < KINDS && at < MANY && ids[kind][at] == conn);
  ids[kind][at] = 0;
  if (res != expected(kind)) {
    fprintf(stderr, "kind %d: %d\n", (int)kind, res);
    count_up(&wrong);
  }
  CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), RINGLINE_ECLOSED);
  if (kind == REFUSED) /* another one is closed in the callback of this one */
    CHECK_EQ(ringline_conn_close(runtime, ids[CHAINED][at], RINGLINE_CLOSE_GRACEFULLY), 0);
  count_up(&told[kind]);
}

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  const char *silent = "10.99.0.2:9";
  int at;
  (void)ctx, (void)worker;
  begin(runtime, TIMED, silent, 50 * MS);
  begin(runtime, CLOSED, silent, LIMIT);
  begin(runtime, DROPPED, silent, 0);
  begin(runtime, CHAINED, silent, 0);
  begin(runtime, STOPPED, silent, 0);
  begin(runtime, NO_WAY, "192.0.2.1:9", LIMIT);
  begin(runtime, NO_WAY6, "[2001:db8::1]:9", LIMIT);
  begin(runtime, REFUSED, refused, LIMIT);
  for (at = 0; at < MANY; at++) {
    CHECK_EQ(ringline_conn_close(runtime, ids[CLOSED][at], RINGLINE_CLOSE_GRACEFULLY), 0);
    CHECK_EQ(ringline_conn_close(runtime, ids[DROPPED][at], RINGLINE_CLOSE_AT_ONCE), 0);
  }
}

static void life(int64_t grace) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .start = on_start,
                                        .connect = on_connect};
  serving server;
  int kind;
  memset((void *)told, 0, sizeof told);
  serve(&server, NULL, &handlers);
  for (kind = 0; kind < KINDS; kind++)
    if (kind != STOPPED) wait_for_count(&told[kind], MANY);
  CHECK_EQ(told[STOPPED], 0);
  CHECK_EQ(ringline_runtime_stop(server.runtime, grace), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  for (kind = 0; kind < KINDS; kind++) CHECK_EQ(told[kind], MANY);
  CHECK_EQ(serving_stats(&server).connected, 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK_EQ(wrong, 0);
}

/* A loop, and an interface whose other end is in nobody's hands: what is sent there is gone. */
static int own_network(void) {
  struct ifreq request = {.ifr_name = "lo"};
  struct sockaddr_in *at = (struct sockaddr_in *)&request.ifr_addr;
  int fd, nowhere;
  if (unshare(CLONE_NEWNET) != 0) SKIP("no network namespace of one's own");
  nowhere = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) SKIP("no /dev/net/tun");
  fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "nowhere");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  CHECK(ioctl(nowhere, TUNSETIFF, &request) == 0);
  memset(at, 0, sizeof *at);
  at->sin_family = AF_INET;
  at->sin_addr.s_addr = htonl(0x0a630001);
  CHECK(ioctl(fd, SIOCSIFADDR, &request) == 0);
  at->sin_addr.s_addr = htonl(0xffffff00);
  CHECK(ioctl(fd, SIOCSIFNETMASK, &request) == 0);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  close(fd);
  return nowhere;
}

int main(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  int nowhere = own_network(), bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(bind(bound, (struct sockaddr *)&at, sizeof at) == 0); /* and does not listen */
  CHECK(getsockname(bound, (struct sockaddr *)&at, &length) == 0);
  snprintf(refused, sizeof refused, "127.0.0.1:%u", ntohs(at.sin_port));
  serving_baseline(NULL);
  life(-1);
  harness_baseline();
  life(0);
  life(LIMIT);
  life(-1);
  harness_check_baseline();
  close(bound), close(nowhere);
  return 0;
}
