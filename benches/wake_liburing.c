/*
 * What it costs to wake a thread that sleeps on its ring, three ways: the kernel sends a message
 * from the waker's ring, with the enter that it makes anyway (`message`); the waker writes an
 * eventfd that the sleeper's ring polls, as this library does (`poll`), or reads (`read`).
 * One thread wakes some others, and each of them wakes it, like workers with posts for each other.
 * All run on one processor and none is preempted: where a wake goes to another processor that
 * idles, the interrupt costs ten times as much as all else, the same for each way.
 * `wake_liburing message|poll|read OTHERS ROUNDS`
 */
#define _GNU_SOURCE
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST = 64 };

typedef struct node {
  struct io_uring ring;
  pthread_t thread;
  int event;
  uint64_t value;
  long posts; /* that wait for it */
  int asleep;
} node;

static node nodes[MOST + 1];
static pthread_barrier_t all_there;
static long rounds, others;
static char way;

static void watch(node *self) {
  struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
  if (way == 'r') io_uring_prep_read(sqe, self->event, &self->value, sizeof self->value, 0);
  else io_uring_prep_poll_multishot(sqe, self->event, POLLIN);
  io_uring_sqe_set_data64(sqe, 1);
}

static void begin(node *self) {
  struct io_uring_params params = {0};
  params.flags =
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
  self->event = eventfd(0, EFD_CLOEXEC | (way == 'r' ? 0 : EFD_NONBLOCK));
  if (self->event < 0 || io_uring_queue_init_params(256, &self->ring, &params) < 0) abort();
  io_uring_register_ring_fd(&self->ring);
  watch(self);
  io_uring_submit(&self->ring);
  pthread_barrier_wait(&all_there);
}

static void post(node *self, node *to) {
  const uint64_t one = 1;
  if (__atomic_fetch_add(&to->posts, 1, __ATOMIC_SEQ_CST) > 0) return;
  if (!__atomic_load_n(&to->asleep, __ATOMIC_SEQ_CST)) return;
  if (way == 'm') {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
    io_uring_prep_msg_ring(sqe, to->ring.ring_fd, 0, 2, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, 3);
  } else if (write(to->event, &one, sizeof one) < 0) {
    abort();
  }
}

static void wait_once(node *self) {
  struct io_uring_cqe *cqe;
  unsigned head, seen = 0;
  __atomic_store_n(&self->asleep, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&self->posts, __ATOMIC_SEQ_CST)) io_uring_submit_and_wait(&self->ring, 1);
  __atomic_store_n(&self->asleep, 0, __ATOMIC_SEQ_CST);
  io_uring_for_each_cqe(&self->ring, head, cqe) {
    seen++;
    if (io_uring_cqe_get_data64(cqe) == 3) abort();
    if (way == 'r' && io_uring_cqe_get_data64(cqe) == 1) watch(self);
  }
  io_uring_cq_advance(&self->ring, seen);
}

/* What was posted, and no entry stays behind: somebody may wait for it. */
static long take(node *self) {
  for (;;) {
    long got = __atomic_exchange_n(&self->posts, 0, __ATOMIC_SEQ_CST);
    if (got > 0) {
      if (way == 'm' && io_uring_sq_ready(&self->ring)) io_uring_submit(&self->ring);
      return got;
    }
    wait_once(self);
  }
}

static void *answer(void *ctx) {
  node *self = (node *)ctx;
  begin(self);
  for (long at = 0; at < rounds; at++) {
    take(self);
    post(self, &nodes[0]);
  }
  io_uring_submit(&self->ring);
  pthread_barrier_wait(&all_there);
  return NULL;
}

static double used(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv) {
  const struct sched_param param = {0};
  cpu_set_t here;
  if (argc < 4 || !strchr("mpr", argv[1][0])) return 2;
  way = argv[1][0];
  others = atol(argv[2]) < MOST ? atol(argv[2]) : MOST;
  rounds = atol(argv[3]);
  CPU_ZERO(&here);
  CPU_SET(sched_getcpu(), &here);
  if (sched_setaffinity(0, sizeof here, &here) < 0) return 1;
  if (sched_setscheduler(0, SCHED_BATCH, &param) < 0) return 1;
  pthread_barrier_init(&all_there, NULL, (unsigned)others + 1);
  for (long at = 1; at <= others; at++)
    if (pthread_create(&nodes[at].thread, NULL, answer, &nodes[at])) return 1;
  begin(&nodes[0]);
  double before = used();
  for (long round = 0; round < rounds; round++) {
    for (long at = 1; at <= others; at++) post(&nodes[0], &nodes[at]);
    for (long got = 0; got < others;) got += take(&nodes[0]);
  }
  printf("ns_per_wake=%.0f\n", (used() - before) * 1e3 / (2.0 * (double)(rounds * others)));
  pthread_barrier_wait(&all_there);
  for (long at = 1; at <= others; at++) pthread_join(nodes[at].thread, NULL);
  return 0;
}
