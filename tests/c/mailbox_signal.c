/*
 * ringline_mailbox_wake and ringline_stop out of a signal handler, which interrupts the owner while
 * it turns, sleeps and takes mail, and a poster while it posts: 20,000 signals.
 * Failure: a deadlock (the runner's time limit), a changed errno, a lost message.
 */
#include "tools.h"

#include <signal.h>
#include <stdatomic.h>

enum { MESSAGES = 200000, SIGNALS = 20000 };

static ringline_mailbox *mailbox;
static atomic_int over, handled;

static void handler(int number) {
  (void)number;
  errno = 4711;
  if (ringline_mailbox_wake(mailbox) != 0 || errno != 4711) _exit(3);
  atomic_fetch_add(&handled, 1);
}

static void *poster(void *ctx) {
  uint64_t at;
  for (at = 0; at < MESSAGES;) {
    int32_t code = ringline_mailbox_post(mailbox, at, 0);
    if (code == 0) at++;
    else CHECK_EQ(code, -EAGAIN);
  }
  return ctx;
}

static void *signaller(void *ctx) {
  pthread_t *threads = (pthread_t *)ctx;
  int at;
  for (at = 0; at < SIGNALS; at++) {
    int before = atomic_load(&handled);
    CHECK(pthread_kill(threads[at % 2], SIGUSR1) == 0);
    while (atomic_load(&handled) == before && !atomic_load(&over)) sched_yield();
  }
  return NULL;
}

int main(void) {
  struct sigaction action;
  pthread_t threads[2], signals;
  ringline_ring *ring;
  uint64_t next = 0;
  harness_warm_threads(2);
  harness_baseline();
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  threads[0] = pthread_self();
  CHECK(pthread_create(&threads[1], NULL, poster, NULL) == 0);
  CHECK(pthread_create(&signals, NULL, signaller, threads) == 0);
  while (next < MESSAGES) {
    uint32_t at, records = turn_for(ring, 1, LIMIT);
    for (at = 0; at < records; at++, next++)
      CHECK_EQ(record_at(ringline_shared_block(ring), at)->user_data, next);
  }
  /* The poster is there for the signals until the last one was sent. */
  atomic_store(&over, 1);
  pthread_join(signals, NULL);
  pthread_join(threads[1], NULL);
  CHECK(atomic_load(&handled) > 100);
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
