/*
 * Timers: one that fires once, one with a period, and one that is cancelled. They live in user
 * space: a timer costs no system call and pins no memory.
 *
 *   cc -O2 -o timer timer.c $(pkg-config --cflags --libs ringline)
 *   run: ./timer
 */
#include <errno.h>
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>

enum { MILLISECOND = 1000000 };
static int64_t ticking;

static int64_t check(const char *what, int64_t code) {
  if (code >= 0) return code;
  fprintf(stderr, "timer: %s: %s (%s)\n", what, ringline_strerror((int32_t)code),
          ringline_error_detail());
  exit(1);
}

static void on_once(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  printf("once: result %d\n", completion->res);
}

/* A periodic timer goes on until it is cancelled; its result is how many periods were missed. */
static void on_tick(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  int *count = ctx;
  if (completion->flags & RINGLINE_CF_FINAL) {
    printf("tick: ended with %s\n", ringline_strerror(completion->res));
    return;
  }
  printf("tick %d, missed %d\n", ++*count, completion->res);
  if (*count == 5) check("cancel", ringline_cancel(ring, (uint64_t)ticking));
}

static void on_never(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  printf("never: %s\n", completion->res == -ECANCELED ? "cancelled" : "fired?");
}

static int64_t start(ringline_ring *ring, uint64_t ns, uint64_t period_ns,
                     ringline_callback callback, void *ctx) {
  ringline_op op;
  ringline_prep_timer(&op, ns, period_ns);
  return check("timer", ringline_submit_with(ring, &op, callback, ctx));
}

int main(void) {
  ringline_ring *ring;
  int count = 0;
  check("create", ringline_create(NULL, &ring));
  start(ring, 30 * MILLISECOND, 0, on_once, NULL);
  ticking = start(ring, 10 * MILLISECOND, 20 * MILLISECOND, on_tick, &count);
  int64_t never = start(ring, 3600ull * 1000 * MILLISECOND, 0, on_never, NULL);
  check("cancel", ringline_cancel(ring, (uint64_t)never));
  check("run", ringline_run(ring)); /* returns when nothing is in flight any more */
  return ringline_free(ring) != 0;
}
