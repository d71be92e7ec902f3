/*
 * The smallest program: operations with a callback each, and a loop until nothing is left.
 *
 *   cc -O2 -o callbacks callbacks.c $(pkg-config --cflags --libs ringline)
 *   run: ./callbacks
 */
#include <ringline.h>
#include <stdio.h>

static int complain(const char *what, int64_t code) {
  fprintf(stderr, "callbacks: %s: %s (%s)\n", what, ringline_strerror((int32_t)code),
          ringline_error_detail());
  return 1;
}

/* Runs on this thread, inside ringline_run. The name is the context given with the operation. */
static void done(void *name, ringline_ring *ring, const ringline_completion *completion) {
  (void)ring;
  if (completion->res < 0)
    complain(name, completion->res);
  else
    printf("%s: done, result %d\n", (const char *)name, completion->res);
}

int main(void) {
  ringline_ring *ring;
  int32_t code = ringline_create(NULL, &ring);
  if (code < 0) return complain("create", code);

  ringline_op nop = { 0 }; /* all zero is a NOP */
  int64_t token = ringline_submit_with(ring, &nop, done, "nop");
  if (token < 0) return complain("nop", token);

  ringline_op timer;
  ringline_prep_timer(&timer, 50 * 1000 * 1000, 0); /* 50 ms, once */
  token = ringline_submit_with(ring, &timer, done, "timer");
  if (token < 0) return complain("timer", token);

  code = ringline_run(ring);
  if (code < 0) return complain("run", code);
  ringline_free(ring);
  return 0;
}
