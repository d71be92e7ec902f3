/*
 * SEND_ZC and SENDMSG_ZC: FINAL only at the notification, MORE before it; sends on a descriptor
 * whose kernel copies become plain ones; a send that took nothing teaches nothing.
 * Failure: bytes changed after FINAL that reach the peer, a FINAL too early, twice or never, a
 * region given up under a send, or a copy told of a send that failed.
 */
#include "tools.h"

#include <netinet/tcp.h>

enum { LENGTH = 1 << 20, ROUNDS = 200 };

static ringline_ring *ring;
static unsigned char out[LENGTH];

typedef struct sink { /* the other side: how much it is to read, and what it read */
  int fd;
  long want;
  uint64_t digest;
} sink;

static uint64_t digest(uint64_t so_far, const unsigned char *bytes, long len) {
  long at;
  for (at = 0; at < len; at++) so_far = (so_far ^ bytes[at]) * 1099511628211u;
  return so_far;
}

static void *drain(void *ctx) {
  static unsigned char bytes[65536];
  sink *it = (sink *)ctx;
  while (it->want > 0) {
    long room = it->want < (long)sizeof bytes ? it->want : (long)sizeof bytes;
    long got = recv(it->fd, bytes, (size_t)room, 0);
    CHECK(got > 0);
    it->digest = digest(it->digest, bytes, got);
    it->want -= got;
  }
  return NULL;
}

static void fill(unsigned seed) {
  long at;
  for (at = 0; at < LENGTH; at++) out[at] = (unsigned char)(at * 31 + at / 257 + seed * 101);
}

/* Completions of one send up to FINAL: bytes or error, and how many completions there were. */
typedef struct outcome { int32_t res; int count; uint32_t flags; } outcome;

static outcome finish(void) {
  outcome it = {0, 0, 0};
  for (;;) {
    ringline_completion next;
    if (it.count > 0) CHECK_EQ(ringline_inflight(ring), 1);
    CHECK(turn_for(ring, 1, LIMIT) >= 1);
    for (uint32_t at = 0; at < ringline_shared_block(ring)->recs_len; at++) {
      next = *record_at(ringline_shared_block(ring), at);
      CHECK(!(it.flags & RINGLINE_CF_FINAL));
      CHECK_EQ(!(next.flags & RINGLINE_CF_MORE), !!(next.flags & RINGLINE_CF_FINAL));
      if (it.count++ == 0) it.res = next.res;
      else CHECK(next.flags & RINGLINE_CF_NOTIF && next.res == 0);
      it.flags = next.flags;
    }
    if (it.flags & RINGLINE_CF_FINAL) break;
  }
  CHECK_EQ(ringline_inflight(ring), 0);
  return it;
}

static void prep(ringline_op *op, int fd, uint32_t len, int flags) {
  ringline_prep_send_zc(op, fd, out, len, (uint32_t)flags, 0);
}

static outcome send_once(int fd, uint32_t len, int flags) {
  ringline_op op;
  prep(&op, fd, len, flags);
  submit_one(ring, &op, 1);
  return finish();
}

/* Many sends of memory that changes after each FINAL: the peer sees what was there before. */
static void check_stream(int message) {
  int ends[2], round, twice = 0, once = 0;
  uint64_t sent = 0;
  pthread_t thread;
  sink peer = {0, 0, 0};
  make_tcp_pair(ends);
  peer.fd = ends[1];
  peer.want = (long)ROUNDS * 30000;
  CHECK(pthread_create(&thread, NULL, drain, &peer) == 0);
  for (round = 0; round < ROUNDS; round++) {
    struct iovec parts[2] = {{out, 10000}, {out + 500000, 20000}};
    struct msghdr msg;
    ringline_op op;
    outcome it;
    fill((unsigned)round);
    memset(&msg, 0, sizeof msg);
    msg.msg_iov = parts;
    msg.msg_iovlen = 2;
    if (message) ringline_prep_sendmsg_zc(&op, ends[0], &msg, MSG_WAITALL);
    else prep(&op, ends[0], 30000, MSG_WAITALL);
    submit_one(ring, &op, 1);
    it = finish();
    CHECK_EQ(it.res, 30000);
    CHECK(it.flags & RINGLINE_CF_ZC_COPIED); /* the loopback does */
    CHECK_EQ(!(it.flags & RINGLINE_CF_NOTIF), it.count == 1);
    if (it.count == 1) once++;
    else twice++;
    sent = digest(sent, out, message ? 10000 : 30000);
    if (message) sent = digest(sent, out + 500000, 20000);
    memset(out, 0xff, 700000);
  }
  pthread_join(thread, NULL);
  CHECK(peer.digest == sent);
  if (message) CHECK_EQ(once, 0);
  else CHECK(once == ROUNDS - 1 - ROUNDS / 64 && twice == 1 + ROUNDS / 64);
  close_both(ends);
}

int main(void) {
  if (ringline_op_supported(RINGLINE_OP_SENDMSG_ZC) != 1) SKIP("no zero-copy sends");
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  check_stream(0);
  check_stream(1);
  printf("%d\n", send_once(0,1,0).res);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
