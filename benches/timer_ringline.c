/* Timers that never fire: added and cancelled, 64 at a time. `timer_ringline PAIRS` */
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64 };

int main(int argc, char **argv) {
  long left = argc > 1 ? atol(argv[1]) : 1000000, ended = 0;
  ringline_ring *ring;
  ringline_op ops[BATCH];
  uint64_t tokens[BATCH];
  int32_t code = ringline_create(NULL, &ring);
  if (code < 0) return fprintf(stderr, "%s\n", ringline_strerror(code)), 1;
  ringline_shared *io = ringline_shared_block(ring);
  for (; left > 0; left -= BATCH) {
    for (int i = 0; i < BATCH; i++) ringline_prep_timer(&ops[i], 3600000000000ull + (uint64_t)i, 0);
    if (ringline_submit(ring, ops, BATCH, tokens, 0) != BATCH) return 2;
    if (ringline_cancel_many(ring, tokens, BATCH) != BATCH) return 3;
    io->wait_min = 0;
    for (int got = 0; got < BATCH; got += ringline_turn(ring)) {}
    ended += BATCH;
  }
  printf("%ld\n", ended);
  return ringline_free(ring) != 0;
}
