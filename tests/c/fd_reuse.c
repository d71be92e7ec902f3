/*
 * A descriptor is closed with close(2) behind a receive whose completion is not taken yet, and the
 * next accepted client gets the same number at once; 100,000 times.
 * Failure: the old completion is taken for the new receive's, or the other way round; an operation
 * without its one FINAL; a SEND_ALL on the new client refused because of the old one's.
 */
#include "tools.h"

#include <sys/un.h>

enum { ROUNDS = 100000 };

static ringline_ring *ring;
static ringline_shared *io;
static struct sockaddr_un address;
static socklen_t address_size;
static uint32_t value[2];
static uint64_t received; /* user_data of the last receive that ended + 1 */
static int client_fd = -1;
static uint64_t sent;

static int listener(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "fd-reuse-%d", (int)getpid());
  address_size = (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1;
  address_size += (socklen_t)strlen(address.sun_path + 1);
  CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, address_size) == 0);
  CHECK(listen(fd, 16) == 0);
  return fd;
}

static int connect_client(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, address_size) == 0);
  return fd;
}

enum { ACCEPT = 1, SEND = 2, RECV = 16 };

static void take(const ringline_completion *it) {
  if (it->user_data == ACCEPT) {
    CHECK(it->res >= 0 && !(it->flags & RINGLINE_CF_FINAL));
    CHECK_EQ(client_fd, -1);
    client_fd = it->res;
    return;
  }
  CHECK(it->flags & RINGLINE_CF_FINAL);
  if (it->user_data == SEND) {
    CHECK_EQ(it->res, 1);
    sent++;
    return;
  }
  /* In order, each once, and with the four bytes that its own client sent. */
  CHECK_EQ(it->user_data, RECV + received);
  CHECK_EQ(it->res, 4);
  CHECK_EQ(value[received % 2], (uint32_t)received);
  received++;
}

static void turn(uint32_t wait_min) {
  uint32_t at;
  io->wait_min = wait_min;
  io->timeout_ns = LIMIT;
  CHECK_OK(ringline_turn(ring));
  for (at = 0; at < io->recs_len; at++) take(record_at(io, at));
}

int main(void) {
  ringline_op *ops;
  uint32_t round;
  int here, server, first = -1;
  harness_baseline();
  ring = make_ring();
  io = ringline_shared_block(ring);
  ops = (ringline_op *)(uintptr_t)io->ops;
  server = listener();
  ringline_prep_accept_multishot(&ops[0], server, NULL, NULL, SOCK_CLOEXEC);
  ops[0].user_data = ACCEPT;
  io->ops_len = 1;
  turn(0);
  for (round = 0; round < ROUNDS; round++) {
    here = connect_client();
    while (client_fd < 0) turn(1);
    if (first < 0) first = client_fd;
    CHECK_EQ(client_fd, first); /* the number is always the same, or this shows nothing */
    ringline_prep_recv(&ops[0], client_fd, &value[round % 2], 4, MSG_WAITALL);
    ops[0].user_data = RECV + round;
    ringline_prep_send_all(&ops[1], client_fd, "s", 1, 0);
    ops[1].user_data = SEND;
    io->ops_len = 2;
    turn(0);
    CHECK_EQ(io->ops_done, 2);
    /* Its completion is made now, and taken only when the number belongs to the next client. */
    CHECK_EQ(write(here, &round, 4), 4);
    CHECK_EQ(close(client_fd), 0);
    client_fd = -1;
    CHECK_EQ(close(here), 0);
  }
  while (received < ROUNDS || sent < ROUNDS) turn(1);
  CHECK_EQ(io->inflight, 1);
  CHECK_EQ(ringline_free(ring), 0);
  CHECK_EQ(close(server), 0);
  harness_check_baseline();
  return 0;
}
