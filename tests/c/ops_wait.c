/*
 * Ops that wait for something other than data: futexes, children, epoll sets. And for every op
 * that may wait for ever, each way to end it, a free while all of them wait included.
 * Failure: a wait that ends without its event or with another's, or a cancel that ends nothing.
 */
#include "tools.h"

#include <linux/futex.h>
#include <linux/time_types.h>
#include <sys/epoll.h>

#define FUTEX_SIZE (RINGLINE_FUTEX2_SIZE_U32 | RINGLINE_FUTEX2_PRIVATE)

static ringline_ring *ring;
static ringline_op op;

/* Collects `count` completions by user_data, which is below 32; nothing else may come. */
static void collect(ringline_completion *got, unsigned count) {
  unsigned seen = 0, came = 0;
  while (came < count) {
    uint32_t at, records = turn_for(ring, 1, LIMIT);
    CHECK(records > 0);
    for (at = 0; at < records; at++, came++) {
      const ringline_completion *record = record_at(ringline_shared_block(ring), at);
      CHECK(record->user_data < 32 && !(seen >> record->user_data & 1));
      seen |= 1u << record->user_data;
      got[record->user_data] = *record;
    }
  }
  CHECK_EQ(came, count);
}

static void futexes(void) {
  static uint32_t words[3];
  struct futex_waitv waits[3];
  ringline_completion got[32];
  int at;
  for (at = 0; at < 3; at++)
    waits[at] = (struct futex_waitv){0, (uintptr_t)&words[at], FUTEX_SIZE, 0};
  ringline_prep_futex_wait(&op, &words[0], 1, RINGLINE_FUTEX_ANY, FUTEX_SIZE);
  CHECK_EQ(do_op(ring, &op).res, -EAGAIN); /* it is not 1 */
  ringline_prep_futex_wake(&op, &words[0], 9, RINGLINE_FUTEX_ANY, FUTEX_SIZE);
  CHECK_EQ(do_op(ring, &op).res, 0); /* nobody waits */
  ringline_prep_futex_wait(&op, &words[0], 0, 1, FUTEX_SIZE);
  submit_one(ring, &op, 0);
  ringline_prep_futex_wait(&op, &words[0], 0, 2, FUTEX_SIZE);
  submit_one(ring, &op, 1);
  ringline_prep_futex_waitv(&op, waits, 3);
  submit_one(ring, &op, 2);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  ringline_prep_futex_wake(&op, &words[0], 9, 2, FUTEX_SIZE); /* the second, and the vector */
  submit_one(ring, &op, 3);
  collect(got, 3);
  CHECK_EQ(got[3].res, 2);
  CHECK_EQ(got[1].res, 0);
  CHECK_EQ(got[2].res, 0);
  CHECK_EQ(ringline_inflight(ring), 1);
  ringline_prep_futex_waitv(&op, waits, 3);
  submit_one(ring, &op, 2);
  ringline_prep_futex_wake(&op, &words[2], 1, RINGLINE_FUTEX_ANY, FUTEX_SIZE);
  submit_one(ring, &op, 3);
  collect(got, 2);
  CHECK_EQ(got[3].res, 1);
  CHECK_EQ(got[2].res, 2); /* which of the three it was */
  ringline_prep_futex_wake(&op, &words[0], 1, 1, FUTEX_SIZE);
  submit_one(ring, &op, 3);
  collect(got, 2);
  CHECK_EQ(got[3].res, 1);
  CHECK_EQ(got[0].res, 0);
}

/* A child that ends with `status` when its end of the pipe hangs up. */
static pid_t child_until(int ends[2], int status) {
  pid_t child;
  make_pipe(ends);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    char byte;
    close(ends[1]);
    _exit(read(ends[0], &byte, 1) == 0 ? status : 99);
  }
  close(ends[0]);
  return child;
}

static void children(void) {
  siginfo_t info;
  int ends[2], status = 0;
  pid_t child = child_until(ends, 7);
  memset(&info, 0xff, sizeof info);
  ringline_prep_waitid(&op, P_PID, child, &info, WEXITED | WNOHANG, 0);
  CHECK_EQ(do_op(ring, &op).res, 0);
  CHECK_EQ(info.si_signo, 0); /* it lives */
  ringline_prep_waitid(&op, P_PID, child, &info, WEXITED | WNOWAIT, 0);
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK(close(ends[1]) == 0);
  CHECK_EQ(next_completion(ring).res, 0);
  CHECK_EQ(info.si_pid, child);
  CHECK_EQ(info.si_code, CLD_EXITED);
  CHECK_EQ(info.si_status, 7);
  CHECK(waitpid(child, &status, 0) == child); /* NOWAIT left it there */
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  ringline_prep_waitid(&op, P_PID, child, &info, WEXITED, 0);
  CHECK_EQ(do_op(ring, &op).res, -ECHILD);
}

static void epoll_sets(void) {
  int poller = epoll_create1(EPOLL_CLOEXEC), ends[2], others[2];
  struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = 11}}, seen[4];
  CHECK(poller >= 0);
  make_pipe(ends);
  make_pipe(others);
  ringline_prep_epoll_ctl(&op, poller, EPOLL_CTL_ADD, ends[0], &event);
  CHECK_EQ(do_op(ring, &op).res, 0);
  CHECK_EQ(do_op(ring, &op).res, -EEXIST);
  event.data.u64 = 22;
  ringline_prep_epoll_ctl(&op, poller, EPOLL_CTL_MOD, ends[0], &event);
  CHECK_EQ(do_op(ring, &op).res, 0);
  event.data.u64 = 33;
  ringline_prep_epoll_ctl(&op, poller, EPOLL_CTL_ADD, others[0], &event);
  CHECK_EQ(do_op(ring, &op).res, 0);
  ringline_prep_epoll_wait(&op, poller, seen, 4, 0);
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK(write(ends[1], "e", 1) == 1);
  CHECK_EQ(next_completion(ring).res, 1);
  CHECK_EQ(seen[0].events, EPOLLIN);
  CHECK_EQ(seen[0].data.u64, 22);
  CHECK(write(others[1], "e", 1) == 1);
  CHECK_EQ(do_op(ring, &op).res, 2);
  CHECK_EQ(seen[0].data.u64 + seen[1].data.u64, 55);
  ringline_prep_epoll_wait(&op, poller, seen, 1, 0); /* room for one alone */
  CHECK_EQ(do_op(ring, &op).res, 1);
  ringline_prep_epoll_ctl(&op, poller, EPOLL_CTL_DEL, ends[0], NULL);
  CHECK_EQ(do_op(ring, &op).res, 0);
  CHECK_EQ(do_op(ring, &op).res, -ENOENT);
  ringline_prep_epoll_wait(&op, poller, seen, 4, 0);
  CHECK_EQ(do_op(ring, &op).res, 1);
  CHECK_EQ(seen[0].data.u64, 33);
  ringline_prep_epoll_wait(&op, ends[0], seen, 4, 0);
  CHECK_EQ(do_op(ring, &op).res, -EINVAL); /* no epoll set */
  close_both(ends);
  close_both(others);
  CHECK(close(poller) == 0);
}

/* What waits for ever, each with memory and descriptors of its own. */
enum { POLL, POLL_AGAIN, TIMEOUT, TIMEOUT_AGAIN, FUTEX, FUTEXES, CHILD, EPOLL, READ, READ_AGAIN,
       RECEIVE, MESSAGE, ACCEPT, ACCEPT_AGAIN, CONNECTED_POLL, KINDS };

static int pipe_ends[2], pair_ends[2], poller, listener, pool, child_ends[2];
static pid_t child;

static void prepare(ringline_op *one, int kind) {
  static struct __kernel_timespec late = {1000, 0};
  static uint32_t word;
  static struct futex_waitv wait;
  static struct epoll_event event;
  static siginfo_t info;
  static char bytes[8];
  static struct iovec vector = {bytes, sizeof bytes};
  static struct msghdr message;
  wait = (struct futex_waitv){0, (uintptr_t)&word, FUTEX_SIZE, 0};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  switch (kind) {
  case POLL: ringline_prep_poll_add(one, pipe_ends[0], POLLIN); return;
  case POLL_AGAIN: ringline_prep_poll_multishot(one, pipe_ends[0], POLLIN); return;
  case TIMEOUT: ringline_prep_timeout(one, &late, 0, 0); return;
  case TIMEOUT_AGAIN: ringline_prep_timeout(one, &late, 0, RINGLINE_TIMEOUT_MULTISHOT); return;
  case FUTEX: ringline_prep_futex_wait(one, &word, 0, RINGLINE_FUTEX_ANY, FUTEX_SIZE); return;
  case FUTEXES: ringline_prep_futex_waitv(one, &wait, 1); return;
  case CHILD: ringline_prep_waitid(one, P_PID, child, &info, WEXITED | WNOWAIT, 0); return;
  case EPOLL: ringline_prep_epoll_wait(one, poller, &event, 1, 0); return;
  case READ: ringline_prep_read(one, pipe_ends[0], bytes, 8, UINT64_MAX); return;
  case READ_AGAIN: ringline_prep_read_multishot(one, pipe_ends[0], pool); return;
  case RECEIVE: ringline_prep_recv(one, pair_ends[0], bytes, 8, 0); return;
  case MESSAGE: ringline_prep_recvmsg(one, pair_ends[0], &message, 0); return;
  case ACCEPT: ringline_prep_accept(one, listener, NULL, NULL, 0); return;
  case ACCEPT_AGAIN: ringline_prep_accept_multishot(one, listener, NULL, NULL, 0); return;
  default: ringline_prep_poll_add(one, pair_ends[0], POLLIN | POLLRDHUP); return;
  }
}

static void check_cancelled(const ringline_completion *got, uint64_t token) {
  CHECK_EQ(got->res, -ECANCELED);
  CHECK_EQ(got->flags & ~(uint32_t)RINGLINE_CF_SOCK_NONEMPTY, RINGLINE_CF_FINAL);
  CHECK_EQ(got->token, token);
}

static void cancels(int kind) {
  ringline_completion got[32];
  uint64_t token;
  int way, ways = kind <= TIMEOUT_AGAIN ? 5 : 4;
  for (way = 0; way < ways; way++) {
    unsigned more = 1;
    prepare(&op, kind);
    token = submit_one(ring, &op, 0);
    if (way % 2) CHECK_EQ(turn_for(ring, 0, 0), 0); /* else the kernel has not seen it */
    if (way == 0) CHECK_EQ(ringline_cancel(ring, token), 0);
    if (way == 1) CHECK_EQ(ringline_cancel_sync(ring, token, SECOND), 0);
    if (way == 2) CHECK_EQ(ringline_cancel_all(ring), 1);
    if (way == 3) ringline_prep_cancel(&op, token);
    if (way == 4 && kind <= POLL_AGAIN) ringline_prep_poll_remove(&op, token);
    if (way == 4 && kind >= TIMEOUT) ringline_prep_timeout_remove(&op, token);
    if (way >= 3) submit_one(ring, &op, more++);
    collect(got, more);
    check_cancelled(&got[0], token);
    if (way >= 3) CHECK(got[1].res == 0 || got[1].res == 1); /* some count, some do not */
    CHECK_EQ(ringline_inflight(ring), 0);
  }
}

static void open_all(void) {
  struct sockaddr_in address;
  make_pipe(pipe_ends);
  make_pair(pair_ends);
  listener = make_listener(&address);
  poller = epoll_create1(EPOLL_CLOEXEC);
  CHECK(poller >= 0);
  child = child_until(child_ends, 1);
  pool = ringline_pool_create(ring, 4, 64, 0);
  CHECK_OK(pool);
}

int main(void) {
  int kind;
  harness_baseline();
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  futexes();
  children();
  epoll_sets();
  open_all();
  for (kind = 0; kind < KINDS; kind++) cancels(kind);
  for (kind = 0; kind < KINDS; kind++) { /* and all of them at once: free waits for each */
    prepare(&op, kind);
    submit_one(ring, &op, (uint64_t)kind);
  }
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_inflight(ring), KINDS);
  CHECK_EQ(ringline_free(ring), 0);
  CHECK(close(child_ends[1]) == 0);
  CHECK(waitpid(child, NULL, 0) == child);
  close_both(pipe_ends);
  close_both(pair_ends);
  CHECK(close(listener) == 0);
  CHECK(close(poller) == 0);
  harness_check_baseline();
  return 0;
}
