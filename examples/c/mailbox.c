/*
 * mailbox: two threads, one ring. The other thread computes, and tells the owner by mail; it also
 * has the owner do I/O for it, and learns what came of it by its callback.
 *
 *   cc -std=c11 -pthread mailbox.c -o mailbox $(pkg-config --cflags --libs ringline)
 *   ./mailbox
 */
#include <pthread.h>
#include <ringline.h>
#include <stdio.h>
#include <string.h>

enum { NUMBERS = 10, DONE = 100 };

static ringline_mailbox *mailbox;
static char line[] = "written by the owner for the other thread\n";

/* Runs on the owner's thread. `line` was the library's until now. */
static void written(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ring;
  if (!(completion->flags & RINGLINE_CF_FINAL)) return;
  *(int32_t *)ctx = completion->res;
  ringline_mailbox_post(mailbox, DONE, 0);
}

static void *other_thread(void *ctx) {
  ringline_op op;
  for (uint64_t number = 0; number < NUMBERS; number++)
    while (ringline_mailbox_post(mailbox, number, (int32_t)(number * number)) < 0) {
      /* -EAGAIN: 1024 messages wait. A real program would do something else meanwhile. */
    }
  ringline_prep_write(&op, 1, line, sizeof line - 1, (uint64_t)-1);
  int64_t id = ringline_mailbox_submit_with(mailbox, &op, written, ctx);
  if (id < 0) fprintf(stderr, "submit: %s\n", ringline_strerror((int32_t)id));
  return NULL;
}

int main(void) {
  ringline_ring *ring;
  pthread_t thread;
  int32_t result = 0, code = ringline_create(NULL, &ring), done = 0;
  if (code < 0) return fprintf(stderr, "ring: %s\n", ringline_strerror(code)), 1;
  ringline_shared *io = ringline_shared_block(ring);
  const ringline_completion *recs = (const ringline_completion *)(uintptr_t)io->recs;
  if (ringline_mailbox_of(ring, &mailbox) < 0) return 1;
  if (pthread_create(&thread, NULL, other_thread, &result) != 0) return 1;
  io->wait_min = 1;
  io->timeout_ns = -1;
  while (!done) {
    /* Sleeps in the kernel; a post wakes it. */
    int32_t count = ringline_turn(ring);
    if (count < 0) return fprintf(stderr, "turn: %s\n", ringline_strerror(count)), 1;
    for (int32_t at = 0; at < count; at++) {
      if (recs[at].user_data == DONE) done = 1;
      else printf("%d x %d = %d\n", (int)recs[at].user_data, (int)recs[at].user_data, recs[at].res);
    }
    fflush(stdout);
  }
  pthread_join(thread, NULL);
  ringline_mailbox_release(mailbox);
  ringline_free(ring);
  return result == sizeof line - 1 ? 0 : 1;
}
