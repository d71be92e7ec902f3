/* The same with IORING_OP_TIMEOUT and TIMEOUT_REMOVE. `timer_liburing PAIRS` */
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64 };

int main(int argc, char **argv) {
  long left = argc > 1 ? atol(argv[1]) : 1000000, ended = 0;
  struct io_uring ring;
  struct __kernel_timespec hour = {3600, 0};
  struct io_uring_params params = {0};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  if (io_uring_queue_init_params(256, &ring, &params) < 0) return 1;
  for (; left > 0; left -= BATCH) {
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    for (int i = 0; i < BATCH; i++) {
      struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
      io_uring_prep_timeout(sqe, &hour, 0, 0);
      io_uring_sqe_set_data64(sqe, (unsigned)i + 1);
    }
    for (int i = 0; i < BATCH; i++) {
      struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
      io_uring_prep_timeout_remove(sqe, (unsigned)i + 1, 0);
      io_uring_sqe_set_data64(sqe, 0);
    }
    io_uring_submit_and_wait(&ring, 2 * BATCH);
    io_uring_for_each_cqe(&ring, head, cqe) seen++;
    io_uring_cq_advance(&ring, seen);
    ended += seen / 2;
  }
  printf("%ld\n", ended);
  io_uring_queue_exit(&ring);
  return 0;
}
