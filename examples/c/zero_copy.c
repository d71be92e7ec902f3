/*
 * zero_copy: sends memory over TCP without copying it. The buffers are cut out of a region that is
 * registered once; each SEND_ZC completes twice, and only the second completion, the notification,
 * says that the kernel is done with the memory. (Over loopback the kernel copies all the same.)
 *
 *   cc -O2 -o zero_copy zero_copy.c $(pkg-config --cflags --libs ringline)
 *   run: ./zero_copy
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BUFFER = 65536, BUFFERS = 8, TOTAL = 16 << 20 };
static const uint64_t RECV = UINT64_MAX; /* user_data of the receiver; a sender's is its buffer */
static ringline_ring *ring;
static int region;

static int64_t check(const char *what, int64_t code) {
  if (code >= 0) return code;
  fprintf(stderr, "zero_copy: %s: %s (%s)\n", what, ringline_strerror((int32_t)code),
          ringline_error_detail());
  exit(1);
}

static void submit(ringline_op *op, uint64_t user_data) {
  op->user_data = user_data;
  check("submit", ringline_submit(ring, op, 1, NULL, 0));
}

static unsigned char byte_at(long at) { return (unsigned char)(at * 31 + at / 4096); }

/* Fills a free buffer and sends it; false when all are with the kernel. */
static int send_next(int fd, long sent) {
  ringline_op op;
  void *bytes;
  int64_t buffer = ringline_buf_take(ring, region, &bytes);
  if (buffer == -EAGAIN) return 0;
  check("take", buffer);
  for (int at = 0; at < BUFFER; at++) ((unsigned char *)bytes)[at] = byte_at(sent + at);
  memset(&op, 0, sizeof op);
  op.opcode = RINGLINE_OP_SEND_ZC;
  op.fd = fd;
  op.addr = (uintptr_t)bytes;
  op.len = BUFFER;
  op.op_flags = MSG_WAITALL; /* the kernel goes on after a part was sent */
  op.ioprio = RINGLINE_RECVSEND_FIXED_BUF;
  op.buf_index = (uint16_t)region;
  submit(&op, (uint64_t)buffer);
  return 1;
}

static void connect_both(int ends[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  ends[0] = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (void *)&address, size) || listen(listener, 1) ||
      getsockname(listener, (void *)&address, &size) ||
      connect(ends[0], (void *)&address, size) || (ends[1] = accept(listener, NULL, NULL)) < 0)
    check("connect", -errno);
}

int main(void) {
  static unsigned char received[BUFFER];
  long sent = 0, got = 0, notified = 0;
  int ends[2] = {-1, -1}, sending = 0;
  void *memory;
  ringline_op op;
  check("create", ringline_create(NULL, &ring));
  check("attach", ringline_attach(ring));
  ringline_shared *shared = ringline_shared_block(ring);
  region = (int)check("region", ringline_region_alloc(ring, BUFFERS * BUFFER, 0, &memory));
  check("cut", ringline_region_cut(ring, region, BUFFER));
  connect_both(ends);
  ringline_prep_recv(&op, ends[1], received, BUFFER, 0);
  submit(&op, RECV);
  while (got < TOTAL || notified * BUFFER < TOTAL) {
    /* One send at a time keeps the stream in order; the notifications come when they come. */
    if (!sending && sent < TOTAL && send_next(ends[0], sent)) sending = 1;
    shared->wait_min = 1;
    check("turn", ringline_turn(ring));
    const ringline_completion *it = (ringline_completion *)(uintptr_t)shared->recs;
    for (uint32_t at = 0; at < shared->recs_len; at++, it++) {
      check("completion", it->res);
      if (it->user_data == RECV) {
        for (int byte = 0; byte < it->res; byte++, got++)
          if (received[byte] != byte_at(got)) return fprintf(stderr, "byte %ld differs\n", got), 1;
        ringline_prep_recv(&op, ends[1], received, BUFFER, 0);
        if (got < TOTAL) submit(&op, RECV);
        continue;
      }
      if (!(it->flags & RINGLINE_CF_NOTIF)) sending = 0, sent += it->res;
      if (it->flags & RINGLINE_CF_FINAL) { /* the notification: the buffer is ours again */
        check("put", ringline_buf_put(ring, (int64_t)it->user_data));
        notified++;
      }
    }
  }
  printf("%ld bytes in %ld zero-copy sends of %d buffers\n", got, notified, BUFFERS);
  check("release", ringline_region_release(ring, region));
  return ringline_free(ring) != 0;
}
