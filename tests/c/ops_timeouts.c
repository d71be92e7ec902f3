/*
 * Ops about other ops: LINK_TIMEOUT, and whatever names its target by a token (cancel, removal and
 * update of polls and timeouts).
 * Failure: a target that keeps its old time or events; a name that reaches the library's own
 * entries or half of a library operation; a LINK_TIMEOUT that limits nothing and is accepted.
 */
#include "ops.h"

#include <linux/time_types.h>

static struct __kernel_timespec soon = {0, 1000000}, late = {1000, 0};
static ringline_op op;

static int32_t remove_timeout(uint64_t token) {
  ringline_prep_timeout_remove(&op, token);
  return ops_do(&op);
}

static void updates(void) {
  ringline_op chain[2];
  uint64_t waiting, tokens[2], numbers[2];
  int ends[2];
  char byte;
  make_pipe(ends);
  ringline_prep_timeout(&op, &late, 0, 0);
  tokens[0] = ops_start(&op);
  waiting = op.user_data;
  ringline_prep_timeout_update(&op, tokens[0], &soon, 0);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(waiting).res, -ETIME);
  ringline_prep_timeout_update(&op, tokens[0], &soon, 0);
  ops_refused(&op, RINGLINE_ESTALE, "in flight");
  ringline_prep_read(&chain[0], ends[0], &byte, 1, UINT64_MAX);
  ringline_prep_link_timeout(&chain[1], &late, 0);
  ringline_prep_link(chain, 2);
  chain[0].user_data = numbers[0] = ops_next++;
  chain[1].user_data = numbers[1] = ops_next++;
  CHECK_EQ(ringline_submit(ops_ring, chain, 2, tokens, 0), 2);
  ringline_prep_timeout_update(&op, tokens[1], &soon, RINGLINE_LINK_TIMEOUT_UPDATE);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(numbers[0]).res, -ECANCELED);
  CHECK_EQ(ops_wait(numbers[1]).res, -ETIME);
  close_both(ends);
}

static void multishot(void) {
  uint64_t token, waiting;
  int round;
  ringline_completion got;
  ringline_prep_timeout(&op, &soon, 0, RINGLINE_TIMEOUT_MULTISHOT);
  token = ops_start(&op);
  waiting = op.user_data;
  for (round = 0; round < 3; round++) {
    got = ops_wait(waiting);
    CHECK_EQ(got.res, -ETIME);
    CHECK(got.flags & RINGLINE_CF_MORE && !(got.flags & RINGLINE_CF_FINAL));
  }
  ringline_prep_timeout_update(&op, token, &late, 0);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(remove_timeout(token), 0);
  while (!((got = ops_wait(waiting)).flags & RINGLINE_CF_FINAL)) CHECK_EQ(got.res, -ETIME);
  CHECK_EQ(got.res, -ECANCELED);
  ringline_prep_timeout(&op, &late, 1, 0); /* over at the next completion */
  ops_start(&op);
  waiting = op.user_data;
  ringline_prep_nop(&op);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(waiting).res, 0);
}

static void polls(void) {
  int ends[2], round;
  uint64_t token, waiting;
  ringline_completion got;
  char byte;
  make_pair(ends);
  ringline_prep_poll_add(&op, ends[0], POLLIN);
  token = ops_start(&op);
  waiting = op.user_data;
  ringline_prep_poll_update(&op, token, POLLOUT, 0);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(waiting).res, POLLOUT);
  ringline_prep_poll_add(&op, ends[0], POLLPRI);
  token = ops_start(&op);
  waiting = op.user_data;
  ringline_prep_poll_update(&op, token, POLLOUT, RINGLINE_POLL_ADD_MULTI);
  CHECK_EQ(ops_do(&op), 0);
  CHECK(ops_wait(waiting).flags & RINGLINE_CF_FINAL); /* the kernel keeps it a poll for once */
  ringline_prep_poll_multishot(&op, ends[0], POLLPRI);
  token = ops_start(&op);
  waiting = op.user_data;
  ringline_prep_poll_update(&op, token, POLLIN, 0);
  CHECK_EQ(ops_do(&op), 0);
  for (round = 0; round < 3; round++) {
    CHECK(send(ends[1], "p", 1, 0) == 1);
    got = ops_wait(waiting);
    CHECK_EQ(got.res & POLLIN, POLLIN);
    CHECK(got.flags & RINGLINE_CF_MORE && !(got.flags & RINGLINE_CF_FINAL));
    CHECK(recv(ends[0], &byte, 1, 0) == 1);
  }
  ringline_prep_poll_remove(&op, token);
  CHECK_EQ(ops_do(&op), 0);
  got = ops_wait(waiting);
  CHECK(got.flags & RINGLINE_CF_FINAL);
  CHECK_EQ(got.res, -ECANCELED);
  ringline_prep_poll_update(&op, token, POLLIN, 0);
  ops_refused(&op, RINGLINE_ESTALE, "in flight");
  op.len |= 4; /* another user_data */
  ops_refused(&op, -EINVAL, "user data");
  close_both(ends);
}

/* Everything that may stand in `addr`, under each op that names another one. */
static void name(uint64_t token, int32_t code, const char *word) {
  ringline_prep_cancel(&op, token);
  ops_refused(&op, code, word);
  ringline_prep_timeout_remove(&op, token);
  ops_refused(&op, code, word);
  ringline_prep_timeout_update(&op, token, &soon, 0);
  ops_refused(&op, code, word);
  ringline_prep_timeout_update(&op, token, &soon, RINGLINE_LINK_TIMEOUT_UPDATE);
  ops_refused(&op, code, word);
  ringline_prep_poll_remove(&op, token);
  ops_refused(&op, code, word);
  ringline_prep_poll_update(&op, token, POLLIN, 0);
  ops_refused(&op, code, word);
}

static void names(void) {
  uint64_t token, timer, sending, tag;
  int ends[2];
  static char much[1 << 20];
  make_tcp_pair(ends);
  name(0, RINGLINE_ESTALE, "token");
  name(UINT64_MAX, RINGLINE_ESTALE, "token");
  /* What the kernel knows the library's own entries by: the wake, cancels, messages. */
  for (tag = 1; tag < 8; tag++) name(tag << 61, RINGLINE_ESTALE, "token");
  ringline_prep_timer(&op, 1000000000000, 0);
  token = ops_start(&op);
  timer = op.user_data;
  name(token, -EINVAL, "ringline_cancel");
  CHECK_EQ(ringline_cancel(ops_ring, token), 0);
  CHECK_EQ(ops_wait(timer).res, -ECANCELED);
  ringline_prep_send_all(&op, ends[0], much, sizeof much, 0);
  for (;;) { /* until one stays behind: the socket is full then */
    token = ops_start(&op);
    sending = op.user_data;
    if (turn_for(ops_ring, 1, 10000000) == 0) break;
    CHECK_EQ(record_at(ringline_shared_block(ops_ring), 0)->res, sizeof much);
  }
  name(token, -EINVAL, "ringline_cancel");
  CHECK_EQ(ringline_cancel(ops_ring, token), 0);
  CHECK(ops_wait(sending).res < 0);
  close_both(ends);
}

static void lonely(void) {
  ringline_op chain[3];
  uint64_t numbers[3];
  int at;
  ringline_prep_link_timeout(&op, &soon, 0);
  ops_refused(&op, -EINVAL, "link_timeout");
  ringline_prep_nop(&chain[0]);
  ringline_prep_link_timeout(&chain[1], &soon, 0); /* behind an op, but not in its chain */
  CHECK_EQ(ringline_submit(ops_ring, chain, 2, NULL, 0), 1);
  CHECK_EQ(next_completion(ops_ring).res, 0);
  ringline_prep_link_timeout(&chain[0], &soon, 0);
  ringline_prep_nop(&chain[1]);
  ringline_prep_link(chain, 2);
  CHECK_EQ(ringline_submit(ops_ring, chain, 2, NULL, 0), -EINVAL);
  ringline_prep_nop(&chain[0]);
  ringline_prep_link_timeout(&chain[1], &soon, 0);
  ringline_prep_link_timeout(&chain[2], &soon, 0);
  ringline_prep_link(chain, 3);
  CHECK_EQ(ringline_submit(ops_ring, chain, 3, NULL, 0), -EINVAL);
  CHECK_EQ(ringline_inflight(ops_ring), 0);
  ringline_prep_nop(&chain[2]); /* the chain may go on behind it */
  for (at = 0; at < 3; at++) chain[at].user_data = numbers[at] = ops_next++;
  CHECK_EQ(ringline_submit(ops_ring, chain, 3, NULL, 0), 3);
  CHECK_EQ(ops_wait(numbers[0]).res, 0);
  CHECK_EQ(ops_wait(numbers[1]).res, -ECANCELED);
  CHECK_EQ(ops_wait(numbers[2]).res, 0);
}

static void body(void) {
  updates();
  multishot();
  polls();
  names();
  lonely();
}

int main(void) { return ops_main(body); }
