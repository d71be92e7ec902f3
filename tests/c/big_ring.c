/*
 * A BIG ring: commands of 80 bytes, completions with a second half, and everything else as ever.
 * Failure: a command whose bytes are those of its neighbour or of an entry before it in the same
 * place, a second half that is lost or another's, 80 bytes accepted where there is no room for
 * them, or a plain ring where the kernel makes no BIG one.
 */
#include "tools.h"

enum { PLACES = 8 };

static ringline_ring *big_ring(uint32_t flags) {
  ringline_ring *ring = NULL;
  ringline_config config;
  ringline_info info;
  CHECK_OK(ringline_config_init(&config));
  config.flags = RINGLINE_CONFIG_BIG | flags;
  config.sq_entries = PLACES; /* so that the places are used again and again */
  config.cq_entries = 2 * PLACES;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_OK(ringline_attach(ring));
  memset(&info, 0, sizeof info);
  CHECK_OK(ringline_info_of(ring, &info));
  CHECK_EQ(info.setup_flags & 3072, 3072);
  return ring;
}

/* SETSOCKOPT, with the address of the value in the first of the 80 bytes alone. */
static void command_of_80(ringline_op *op, int fd, uint64_t *command, const int *value) {
  ringline_prep_cmd_sock(op, fd, RINGLINE_SOCKET_SETSOCKOPT, SOL_SOCKET, SO_RCVLOWAT, NULL, 4);
  memset(command, 0xff, 80);
  command[0] = (uint64_t)(uintptr_t)value;
  op->ext = (uint64_t)(uintptr_t)command;
}

/* Commands between NOPs, round after round: each sets its own socket to its own value. */
static void check_commands(ringline_ring *ring) {
  int ends[PLACES][2], values[PLACES], at, round;
  ringline_op ops[PLACES];
  uint64_t commands[PLACES][10];
  for (at = 0; at < PLACES; at++) make_tcp_pair(ends[at]);
  for (round = 0; round < 7; round++) {
    int came = 0;
    for (at = 0; at < PLACES; at++) {
      values[at] = 1000 + 10 * round + at;
      if ((at + round) % 3 == 0) ringline_prep_nop(&ops[at]);
      else command_of_80(&ops[at], ends[at][0], commands[at], &values[at]);
      ops[at].user_data = (uint64_t)at;
    }
    CHECK_EQ(ringline_submit(ring, ops, PLACES, NULL, 0), PLACES);
    memset(commands, 0, sizeof commands); /* copied at submit */
    while (came < PLACES) {
      uint32_t record, count = turn_for(ring, 1, LIMIT);
      CHECK(count > 0);
      for (record = 0; record < count; record++, came++) {
        const ringline_completion *got = record_at(ringline_shared_block(ring), record);
        int nop = (got->user_data + (unsigned)round) % 3 == 0;
        CHECK_EQ(got->res, 0);
        CHECK_EQ((got->flags & RINGLINE_CF_EXT) != 0, !nop);
        if (!nop) CHECK(got->data == 0 && got->token == 0);
      }
    }
    for (at = 0; at < PLACES; at++) {
      int set = 0;
      socklen_t size = sizeof set;
      CHECK(getsockopt(ends[at][0], SOL_SOCKET, SO_RCVLOWAT, &set, &size) == 0);
      if ((at + round) % 3 != 0) CHECK_EQ(set, values[at]);
    }
  }
  for (at = 0; at < PLACES; at++) close_both(ends[at]);
}

/* A command without ext has its third argument in the entry, as on any ring. */
static void check_short_command(ringline_ring *ring) {
  int ends[2], value = 0;
  ringline_op op;
  ringline_completion got;
  make_tcp_pair(ends);
  ringline_prep_cmd_sock(&op, ends[0], RINGLINE_SOCKET_GETSOCKOPT, SOL_SOCKET, SO_TYPE, &value, 4);
  got = do_op(ring, &op);
  CHECK_EQ(got.res, 4);
  CHECK_EQ(value, SOCK_STREAM);
  close_both(ends);
}

/* Second halves come through, in order, between completions that have none. */
static void check_second_halves(ringline_ring *ring) {
  ringline_op ops[PLACES];
  uint64_t at, came = 0, round;
  for (round = 0; round < 7; round++, came = 0) {
    for (at = 0; at < PLACES; at++) {
      ringline_prep_nop(&ops[at]);
      ops[at].user_data = at;
      if ((at + round) % 3 == 0) continue;
      ops[at].op_flags = RINGLINE_NOP_CQE32;
      ops[at].off = 0xf000000000000000u + 100 * round + at;
      ops[at].addr = 0xe000000000000000u + 100 * round + at;
    }
    CHECK_EQ(ringline_submit(ring, ops, PLACES, NULL, 0), PLACES);
    while (came < PLACES) {
      uint32_t record, count = turn_for(ring, 1, LIMIT);
      CHECK(count > 0);
      for (record = 0; record < count; record++, came++) {
        const ringline_completion *got = record_at(ringline_shared_block(ring), record);
        if (got->res == -EINVAL) SKIP("no NOP with a second half before Linux 6.18");
        CHECK_EQ(got->res, 0);
        CHECK_EQ(got->user_data, came);
        CHECK(got->flags & RINGLINE_CF_FINAL);
        CHECK_EQ((got->flags & RINGLINE_CF_EXT) != 0, (came + round) % 3 != 0);
        if (!(got->flags & RINGLINE_CF_EXT)) continue;
        CHECK(got->data == 0xf000000000000000u + 100 * round + came);
        CHECK(got->token == 0xe000000000000000u + 100 * round + came);
      }
    }
  }
  CHECK_EQ(ringline_inflight(ring), 0);
}

/* The ordinary day of a ring: a pool, SEND_ALL, cancels, a timer, another thread's kernel ring. */
static void check_rest(ringline_ring *ring) {
  int ends[2], pool = ringline_pool_create(ring, 4, 64, 0), round;
  ringline_op op;
  ringline_completion got;
  uint64_t token;
  char byte;
  CHECK_OK(pool);
  make_pair(ends);
  for (round = 0; round < 50; round++) {
    ringline_prep_send_all(&op, ends[0], "big", 3, 0);
    CHECK_EQ(do_op(ring, &op).res, 3);
    ringline_prep_recv(&op, ends[1], NULL, 64, 0);
    ringline_prep_pool(&op, pool);
    got = do_op(ring, &op);
    CHECK_EQ(got.res, 3);
    CHECK(memcmp((const void *)(uintptr_t)got.data, "big", 3) == 0);
    CHECK_EQ(ringline_lease_release(got.token), 0);
    ringline_prep_recv(&op, ends[1], &byte, 1, 0);
    token = submit_one(ring, &op, 9);
    CHECK_EQ(ringline_cancel(ring, token), 0);
    CHECK_EQ(next_completion(ring).res, -ECANCELED);
  }
  CHECK_EQ(ringline_pool_destroy(ring, pool), 0);
  CHECK_EQ(ringline_detach(ring), 0);
  CHECK_OK(ringline_attach(ring));
  check_second_halves(ring);
  close_both(ends);
}

static void check_refused(void) {
  ringline_ring *ring = make_ring(), *none = NULL;
  ringline_config config;
  ringline_op op;
  uint64_t command[10];
  int ends[2], value = 5;
  make_tcp_pair(ends);
  command_of_80(&op, ends[0], command, &value);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  CHECK(strstr(ringline_error_detail(), "BIG") != NULL);
  CHECK_OK(ringline_config_init(&config));
  config.flags = RINGLINE_CONFIG_BIG;
  config.disable = RINGLINE_FEATURE_BIG_RING; /* as on a kernel that has none */
  CHECK_EQ(ringline_create(&config, &none), RINGLINE_ENOTSUP_KERNEL);
  CHECK(none == NULL && strstr(ringline_error_detail(), "big_ring") != NULL);
  config.flags = 4;
  CHECK_EQ(ringline_create(&config, &none), -EINVAL);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

int main(void) {
  ringline_ring *ring;
  harness_baseline();
  ring = big_ring(0);
  check_commands(ring);
  check_short_command(ring);
  check_second_halves(ring);
  check_rest(ring);
  CHECK_EQ(ringline_free(ring), 0);
  ring = big_ring(RINGLINE_CONFIG_SQPOLL);
  check_commands(ring);
  check_second_halves(ring);
  CHECK_EQ(ringline_free(ring), 0);
  check_refused();
  harness_check_baseline();
  return 0;
}
