/* NOPs through ringline_turn(): the shared block is filled, turned and read.
 * `nop_ringline BATCH OPS` */
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  uint32_t batch = argc > 2 ? (uint32_t)atoi(argv[1]) : 32;
  long ops_left = argc > 2 ? atol(argv[2]) : 1000000, finals = 0;
  ringline_ring *ring;
  int32_t code = ringline_create(NULL, &ring);
  if (code < 0) return fprintf(stderr, "%s\n", ringline_strerror(code)), 1;
  ringline_shared *io = ringline_shared_block(ring);
  ringline_op *ops = (ringline_op *)(uintptr_t)io->ops;
  const ringline_completion *recs = (const ringline_completion *)(uintptr_t)io->recs;
  for (; ops_left > 0; ops_left -= batch) {
    for (uint32_t i = 0; i < batch; i++) ops[i] = (ringline_op){ .user_data = i };
    io->ops_len = io->wait_min = batch;
    int32_t count = ringline_turn(ring);
    for (int32_t i = 0; i < count; i++) finals += (recs[i].flags & RINGLINE_CF_FINAL) != 0;
  }
  printf("%ld\n", finals);
  return ringline_free(ring) != 0;
}
