/*
 * SEND_ZC and SENDMSG_ZC: FINAL only at the notification, MORE before it; sends on a descriptor
 * whose kernel copies become plain ones; a send that took nothing teaches nothing.
 * Failure: bytes changed after FINAL that reach the peer, a FINAL too early, twice or never, a
 * region given up under a send, or a copy told of a send that failed.
 */
#include "tools.h"

#include <netinet/tcp.h>

enum { LENGTH = 1 << 20, ROUNDS = 200, SENDS = 8 };

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

/* Two connected TCP sockets, the second with little room for what it does not read. */
static void make_slow_pair(int ends[2]) {
  int room = 131072;
  make_tcp_pair(ends);
  CHECK(setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0);
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
  ring = make_ring();
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
  CHECK_EQ(ringline_free(ring), 0);
}

/* What is refused or finds no room is no copy, and the next send goes as it was asked. */
static void check_errors(void) {
  int ends[2], round, full = 0;
  ringline_shared *shared;
  ringline_op refused;
  make_pair(ends);
  ring = make_ring();
  shared = ringline_shared_block(ring);
  for (round = 0; round < 3; round++) {
    outcome it = send_once(ends[0], 100, 0); /* a unix socket can not */
    CHECK_EQ(it.res, -EOPNOTSUPP);
    CHECK(!(it.flags & RINGLINE_CF_ZC_COPIED));
  }
  prep(&refused, ends[0], 100, 0);
  refused.ioprio = 2;
  CHECK_EQ(ringline_submit(ring, &refused, 1, NULL, 0), -EINVAL);
  close_both(ends);
  make_slow_pair(ends);
  while (full < 5) {
    ringline_op op;
    ringline_completion it;
    prep(&op, ends[0], LENGTH, MSG_DONTWAIT);
    submit_one(ring, &op, 1);
    CHECK(turn_for(ring, 1, LIMIT) >= 1);
    it = *record_at(shared, 0);
    CHECK(it.flags & RINGLINE_CF_MORE); /* as asked */
    if (it.res > 0) {
      CHECK_EQ(full, 0);
      continue; /* with the kernel until the peer reads, which it never does */
    }
    CHECK_EQ(it.res, -EAGAIN);
    it = shared->recs_len == 2 ? *record_at(shared, 1) : next_completion(ring);
    CHECK(it.flags & RINGLINE_CF_NOTIF && it.flags & RINGLINE_CF_FINAL);
    CHECK(!(it.flags & RINGLINE_CF_ZC_COPIED));
    full++;
  }
  close_both(ends);
  CHECK(ringline_inflight(ring) > 0);
  while (ringline_inflight(ring) > 0) CHECK(turn_for(ring, 1, LIMIT) > 0);
  CHECK_EQ(ringline_free(ring), 0);
}

/* A short count, memory that is the kernel's as long as the peer does not read, then FINAL. */
static void check_held(int message) {
  struct iovec part = {out, LENGTH};
  struct msghdr msg;
  int ends[2];
  ringline_op op;
  ringline_completion it;
  pthread_t thread;
  sink peer = {0, 0, 0};
  make_slow_pair(ends);
  ring = make_ring();
  fill(9);
  memset(&msg, 0, sizeof msg);
  msg.msg_iov = &part;
  msg.msg_iovlen = 1;
  if (message) ringline_prep_sendmsg_zc(&op, ends[0], &msg, MSG_DONTWAIT);
  else prep(&op, ends[0], LENGTH, MSG_DONTWAIT);
  it = do_op(ring, &op);
  CHECK(it.res > 65536 && it.flags & RINGLINE_CF_MORE);
  CHECK_EQ(it.flags & (RINGLINE_CF_NOTIF | RINGLINE_CF_ZC_COPIED), 0);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_inflight(ring), 1);
  CHECK(ringline_cancel(ring, it.token) == 0); /* asked, and of no use */
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  peer.fd = ends[1];
  peer.want = it.res;
  CHECK(pthread_create(&thread, NULL, drain, &peer) == 0);
  CHECK_EQ(next_completion(ring).flags,
           RINGLINE_CF_FINAL | RINGLINE_CF_NOTIF | RINGLINE_CF_ZC_COPIED);
  memset(out, 0xff, sizeof out);
  pthread_join(thread, NULL);
  fill(9);
  CHECK(peer.digest == digest(0, out, it.res));
  close_both(ends);
  CHECK_EQ(ringline_free(ring), 0);
}

static struct { int seen, finals, abandoned; int64_t bytes; } tally[SENDS];

static void count(void *ctx, ringline_ring *of, const ringline_completion *it) {
  CHECK(ctx == tally && of != NULL && it->user_data < SENDS);
  CHECK_EQ(tally[it->user_data].finals, 0);
  if (tally[it->user_data].seen++ == 0) {
    CHECK(it->res > 0 || it->res == -ECANCELED || it->res == -EPIPE);
    tally[it->user_data].bytes = it->res > 0 ? it->res : 0;
  }
  if (it->flags & RINGLINE_CF_FINAL) tally[it->user_data].finals++;
  if (it->flags & RINGLINE_CF_ABANDONED) tally[it->user_data].abandoned++;
}

/* More sends than the kernel has room for, to a peer that does not read. */
static void start_sends(int ends[2]) {
  ringline_op op;
  int at;
  memset(tally, 0, sizeof tally);
  make_slow_pair(ends);
  ring = make_ring();
  for (at = 0; at < SENDS; at++) {
    prep(&op, ends[0], LENGTH, MSG_WAITALL);
    op.user_data = (uint64_t)at;
    CHECK_OK(ringline_submit_with(ring, &op, count, tally));
  }
  CHECK_OK(ringline_run_once(ring, 0, 0));
  CHECK(ringline_inflight(ring) == SENDS); /* none over, some with bytes: read_sent counts them */
}

/* The peer reads what was accepted, and no more. */
static void read_sent(int fd) {
  int64_t left = 0;
  int at;
  for (at = 0; at < SENDS; at++) left += tally[at].bytes;
  CHECK(left > 0);
  while (left > 0) {
    static char bytes[65536];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    CHECK(got > 0);
    left -= got;
  }
  CHECK_EQ(left, 0);
}

static int first_seen(void) {
  int at, seen = 0;
  for (at = 0; at < SENDS; at++) seen += tally[at].seen > 0;
  return seen;
}

/* A cancel ends what waits for room; what is queued ends when the peer has read it. */
static void check_cancel(int by_close) {
  int ends[2], at;
  ringline_op op;
  start_sends(ends);
  if (by_close) {
    ringline_prep_lib_close(&op, ends[0]);
    submit_one(ring, &op, 99);
  } else {
    CHECK_EQ(ringline_cancel_fd(ring, ends[0]), SENDS);
  }
  while (first_seen() < SENDS) CHECK_OK(ringline_run_once(ring, 1, LIMIT));
  CHECK(ringline_inflight(ring) > (uint32_t)by_close);
  read_sent(ends[1]);
  while (ringline_inflight(ring) > 0) CHECK_OK(ringline_run_once(ring, 1, LIMIT));
  for (at = 0; at < SENDS; at++) CHECK_EQ(tally[at].finals, 1);
  if (by_close) {
    CHECK_EQ(record_at(ringline_shared_block(ring), 0)->user_data, 99);
    CHECK_EQ(record_at(ringline_shared_block(ring), 0)->res, 0);
    CHECK(fcntl(ends[0], F_GETFD) == -1);
  } else {
    CHECK(close(ends[0]) == 0);
  }
  CHECK(recv(ends[1], &at, 1, 0) == 0);
  close(ends[1]);
  CHECK_EQ(ringline_free(ring), 0);
}

/* The ring is freed: one FINAL each, and what the kernel still sends is told as ABANDONED. */
static void check_free(void) {
  int ends[2], at, abandoned = 0;
  start_sends(ends);
  fill(3);
  at = ringline_free(ring);
  CHECK(at > 0);
  for (; at > 0; at--) abandoned++;
  for (at = 0; at < SENDS; at++) {
    CHECK_EQ(tally[at].finals, 1);
    abandoned -= tally[at].abandoned;
  }
  CHECK_EQ(abandoned, 0);
  close_both(ends);
}

/* Out of a region: never turned into a plain send, and the region is held until FINAL. */
static void check_region(void) {
  int ends[2], round, region;
  void *memory;
  ringline_op op;
  struct iovec part;
  struct msghdr msg;
  char bytes[4096];
  make_tcp_pair(ends);
  ring = make_ring();
  region = ringline_region_alloc(ring, 4096, 0, &memory);
  CHECK_OK(region);
  memset(&msg, 0, sizeof msg);
  msg.msg_iov = &part;
  msg.msg_iovlen = 1;
  part.iov_base = memory;
  part.iov_len = 4096;
  for (round = 0; round < 4; round++) {
    int message = round >= 2;
    if (message && ringline_op_supported(RINGLINE_OP_READV_FIXED) != 1) break; /* before 6.15 */
    memset(memory, 'a' + round, 4096);
    ringline_prep_send_zc(&op, ends[0], memory, 4096, 0, RINGLINE_RECVSEND_FIXED_BUF);
    if (message) ringline_prep_sendmsg_zc(&op, ends[0], &msg, 0);
    op.ioprio = RINGLINE_RECVSEND_FIXED_BUF;
    op.buf_index = (uint16_t)region;
    submit_one(ring, &op, 1);
    CHECK_EQ(ringline_region_release(ring, region), -EBUSY);
    CHECK_EQ(finish().count, 2);
    CHECK(recv(ends[1], bytes, sizeof bytes, MSG_WAITALL) == 4096);
    CHECK(bytes[0] == 'a' + round && memcmp(bytes, bytes + 1, 4095) == 0);
    op.addr += message ? 0 : 1; /* its end is outside */
    part.iov_base = (char *)memory + 1;
    if (message) {
      submit_one(ring, &op, 1);
      CHECK_EQ(finish().res, -EFAULT);
    } else {
      CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EFAULT);
    }
    part.iov_base = memory;
    op.buf_index++;
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE);
  }
  CHECK_EQ(ringline_region_release(ring, region), 0);
  close_both(ends);
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  if (ringline_op_supported(RINGLINE_OP_READ_MULTISHOT) != 1) SKIP("copies are told from 6.7");
  harness_warm_threads(1);
  harness_baseline();
  check_stream(0);
  check_stream(1);
  check_errors();
  check_held(0);
  check_held(1);
  check_cancel(0);
  check_cancel(1);
  check_region();
  harness_check_baseline();
  check_free();
  harness_check_baseline_abandoned();
  return 0;
}
