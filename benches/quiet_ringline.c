/* QUIET sends as an event loop's binding makes them: through the shared block of a ring that also
 * receives into a pool, with no completion to wait for. `quiet_ringline BATCH SENDS` */
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static char bytes[4096];

static int fail(const char *what, int32_t code) {
  fprintf(stderr, "%s: %s\n", what, ringline_strerror(code));
  return 1;
}

int main(int argc, char **argv) {
  uint32_t batch = argc > 2 ? (uint32_t)atoi(argv[1]) : 32;
  long left = argc > 2 ? atol(argv[2]) : 1000000, received = 0;
  ringline_ring *ring;
  ringline_op receive;
  int ends[2];
  if (batch * 64 > sizeof bytes || socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return 1;
  int32_t code = ringline_create(NULL, &ring);
  if (code < 0) return fail("create", code);
  int32_t pool = ringline_pool_create(ring, 8, 4096, 0);
  if (pool < 0) return fail("pool", pool);
  ringline_prep_recv_multishot(&receive, ends[0], pool, 0);
  code = ringline_submit(ring, &receive, 1, NULL, 0);
  if (code < 0) return fail("submit", code);
  ringline_shared *io = ringline_shared_block(ring);
  ringline_op *ops = (ringline_op *)(uintptr_t)io->ops;
  for (; left > 0; left -= batch) {
    for (uint32_t i = 0; i < batch; i++) {
      ops[i] = (ringline_op){
        .opcode = RINGLINE_OP_SEND, .fd = ends[0], .addr = (uintptr_t)bytes, .len = 64,
        .op_flags = MSG_DONTWAIT | MSG_WAITALL, .ext = RINGLINE_EXT_QUIET, .user_data = i,
      };
    }
    io->ops_len = batch;
    io->wait_min = 0;
    code = ringline_turn(ring);
    if (code != 0 || io->ops_done != batch) return fail("turn", code);
    received += recv(ends[1], bytes, batch * 64, MSG_WAITALL);
  }
  printf("%ld\n", received);
  close(ends[1]);
  return ringline_close(ring, -1) != 0 || ringline_free(ring) != 0;
}
