/* The same NOPs through liburing, inlined, with the flags ringline gets.
 * `nop_liburing BATCH OPS` */
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  unsigned batch = argc > 2 ? (unsigned)atoi(argv[1]) : 32;
  long ops_left = argc > 2 ? atol(argv[2]) : 1000000, done = 0;
  struct io_uring ring;
  struct io_uring_cqe *cqe;
  unsigned head;
  unsigned flags = IORING_SETUP_SINGLE_ISSUER | (1u << 13) /* DEFER_TASKRUN */ | (1u << 9);
  int code = io_uring_queue_init(256, &ring, flags);
  if (code < 0) return fprintf(stderr, "liburing: error %d\n", -code), 1;
  io_uring_register_ring_fd(&ring);
  for (; ops_left > 0; ops_left -= batch) {
    for (unsigned i = 0; i < batch; i++) {
      struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
      io_uring_prep_nop(sqe);
      sqe->user_data = i;
    }
    io_uring_submit_and_wait(&ring, batch);
    unsigned seen = 0;
    io_uring_for_each_cqe(&ring, head, cqe) seen += cqe->res == 0;
    io_uring_cq_advance(&ring, seen);
    done += seen;
  }
  printf("%ld\n", done);
  io_uring_queue_exit(&ring);
  return 0;
}
