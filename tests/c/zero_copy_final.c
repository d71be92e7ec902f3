/*
 * Zero-copy sends: the memory is the caller's again at FINAL, which is the notification and not the
 * completion with the count; loopback copies, which the library tells and learns from.
 * Failure: FINAL while the kernel still reads (the peer then sees what was written after), none, or
 * two of them, also when the send is cancelled, its descriptor closed, or its ring freed.
 */
#include "ops.h"

enum { BIG = 1 << 20 };

static ringline_op op;
/* Static: what an ABANDONED op named is never given back. */
static unsigned char memory[BIG], seen[BIG];

static void fill(unsigned char with) { memset(memory, with, BIG); }

/* What the peer gets has to be all `with`. */
static void drain(int end, size_t length, unsigned char with) {
  size_t at;
  CHECK(recv(end, seen, length, MSG_WAITALL) == (ssize_t)length);
  for (at = 0; at < length; at++) CHECK_EQ(seen[at], with);
}

/* The sender under a number that no socket had before: what the ring learned of one stays. */
static void make_fresh_pair(int ends[2]) {
  static int fresh = 100;
  int under;
  make_tcp_pair(ends);
  under = fcntl(ends[0], F_DUPFD_CLOEXEC, fresh++);
  CHECK(under >= 0 && close(ends[0]) == 0);
  ends[0] = under;
}

/* What the peer does not take stays in the socket, as the caller's pages: no FINAL before that. */
static void once(int message) {
  struct iovec vector = {memory, BIG};
  struct msghdr header;
  ringline_completion count, notice;
  int ends[2];
  memset(&header, 0, sizeof header);
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  make_fresh_pair(ends);
  fill('1');
  if (message) ringline_prep_sendmsg_zc(&op, ends[0], &header, MSG_DONTWAIT);
  else ringline_prep_send_zc(&op, ends[0], memory, BIG, MSG_DONTWAIT, 0);
  ops_start(&op);
  count = ops_wait(op.user_data);
  CHECK(count.res > 65536);
  CHECK(count.flags & RINGLINE_CF_MORE);
  CHECK_EQ(count.flags & (RINGLINE_CF_FINAL | RINGLINE_CF_NOTIF | RINGLINE_CF_ZC_COPIED), 0);
  CHECK_EQ(turn_for(ops_ring, 1, 20000000), 0);
  CHECK_EQ(ringline_inflight(ops_ring), 1);
  drain(ends[1], (size_t)count.res, '1');
  notice = ops_wait(op.user_data);
  CHECK_EQ(notice.res, 0);
  CHECK_EQ(notice.token, count.token);
  CHECK_EQ(notice.flags, RINGLINE_CF_FINAL | RINGLINE_CF_NOTIF | RINGLINE_CF_ZC_COPIED);
  CHECK_EQ(ringline_inflight(ops_ring), 0);
  close_both(ends);
}

/* FINAL means that the memory may be filled anew, read by the peer or not. */
static void reused(void) {
  int ends[2];
  ringline_completion got;
  make_fresh_pair(ends);
  fill('4');
  ringline_prep_send_zc(&op, ends[0], memory, 4096, 0, 0);
  ops_start(&op);
  do got = ops_wait(op.user_data); while (!(got.flags & RINGLINE_CF_FINAL));
  fill('2');
  drain(ends[1], 4096, '4');
  close_both(ends);
}

/* From the second on the descriptor is known to copy: one completion that says it all. */
static void adaptive(void) {
  int round, asked = 0, ends[2];
  make_tcp_pair(ends);
  fill('2');
  for (round = 0; round < 200; round++) {
    ringline_completion got;
    ringline_prep_send_zc(&op, ends[0], memory, 64, 0, 0);
    ops_start(&op);
    got = ops_wait(op.user_data);
    CHECK_EQ(got.res, 64);
    drain(ends[1], 64, '2');
    if (got.flags == (RINGLINE_CF_FINAL | RINGLINE_CF_ZC_COPIED)) continue;
    CHECK(got.flags & RINGLINE_CF_MORE); /* now and then it goes as asked, to find out */
    CHECK(ops_wait(op.user_data).flags & RINGLINE_CF_FINAL);
    asked++;
  }
  CHECK(asked >= 2 && asked <= 5);
  close_both(ends);
}

/* Errors may or may not be followed by a notification: only FINAL counts, exactly one. */
static void errors(void) {
  int ends[2];
  ringline_completion got;
  make_pair(ends);
  ringline_prep_send_zc(&op, ends[0], memory, 64, 0, 0);
  ops_start(&op);
  got = ops_wait(op.user_data);
  if (got.res >= 0) SKIP("zero-copy over AF_UNIX");
  CHECK_EQ(got.res, -EOPNOTSUPP);
  while (!(got.flags & RINGLINE_CF_FINAL)) got = ops_wait(op.user_data);
  close_both(ends);
  make_tcp_pair(ends);
  CHECK(shutdown(ends[0], SHUT_WR) == 0);
  ringline_prep_send_zc(&op, ends[0], memory, 64, 0, 0);
  ops_start(&op);
  got = ops_wait(op.user_data);
  CHECK_EQ(got.res, -EPIPE); /* and no SIGPIPE */
  while (!(got.flags & RINGLINE_CF_FINAL)) got = ops_wait(op.user_data);
  CHECK_EQ(turn_for(ops_ring, 0, 0), 0);
  ringline_prep_send_zc(&op, ends[0], memory, 64, 0, 0);
  op.ioprio = 2;
  ops_refused(&op, -EINVAL, "ioprio");
  close_both(ends);
}

enum { CANCEL, CLOSE_FD };

/* Fills the socket by sends of which the last stays in flight, then ends that in one way. */
static void ended(int how) {
  int ends[2], final_count = 0, copies;
  unsigned flying = 0, at;
  uint64_t tokens[16], first = ops_next;
  ringline_completion got;
  make_fresh_pair(ends);
  fill('3');
  for (copies = 0; copies < 8; copies++, flying++) {
    ringline_prep_send_zc(&op, ends[0], memory, BIG, MSG_WAITALL, 0);
    tokens[flying] = ops_start(&op);
  }
  turn_for(ops_ring, 1, 10000000); /* some may be through; their counts are in the records */
  for (at = 0; at < ringline_shared_block(ops_ring)->recs_len; at++) {
    got = *record_at(ringline_shared_block(ops_ring), at);
    final_count += (got.flags & RINGLINE_CF_FINAL) != 0;
  }
  CHECK(ringline_inflight(ops_ring) > 0);
  if (how == CLOSE_FD) {
    ringline_prep_lib_close(&op, ends[0]);
    ops_start(&op);
    flying++;
  } else {
    for (at = 0; at < flying; at++) ringline_cancel(ops_ring, tokens[at]);
  }
  while (recv(ends[1], seen, BIG, MSG_DONTWAIT) > 0) {
  }
  while (ringline_inflight(ops_ring) > 0) {
    uint32_t count = turn_for(ops_ring, 1, 10000000);
    for (at = 0; at < count; at++) {
      got = *record_at(ringline_shared_block(ops_ring), at);
      CHECK(got.user_data >= first && got.user_data < ops_next);
      CHECK_EQ(got.flags & RINGLINE_CF_ABANDONED, 0);
      final_count += (got.flags & RINGLINE_CF_FINAL) != 0;
    }
    while (recv(ends[1], seen, BIG, MSG_DONTWAIT) > 0) { /* the kernel lets go as it is read */
    }
  }
  CHECK_EQ(final_count, flying);
  if (how != CLOSE_FD) CHECK(close(ends[0]) == 0);
  CHECK(close(ends[1]) == 0);
}

static int finals;
static int abandoned;

static void noted(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  if (!(completion->flags & RINGLINE_CF_FINAL)) return;
  finals++;
  abandoned = (completion->flags & RINGLINE_CF_ABANDONED) != 0;
}

/* The peer does not read: a free waits for nobody, so the memory may be gone for ever. */
static void freed(void) {
  int ends[2];
  ringline_ring *ring = make_ring();
  make_fresh_pair(ends);
  CHECK_OK(ringline_attach(ring));
  ringline_prep_send_zc(&op, ends[0], memory, BIG, MSG_WAITALL, 0);
  CHECK_OK(ringline_submit_with(ring, &op, noted, NULL));
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_OK(ringline_free(ring));
  CHECK_EQ(finals, 1); /* after close(2) only the peer's reading would end it */
  CHECK(abandoned);
  close_both(ends);
}

static void body(void) {
  once(1);
  once(0);
  reused();
  adaptive();
  errors();
  ended(CANCEL);
  ended(CLOSE_FD);
  freed();
}

int main(void) { return ops_main(body); }
