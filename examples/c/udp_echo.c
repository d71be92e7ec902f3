/* A UDP echo server: one multishot recvmsg takes every datagram into a buffer of a pool, and the
 * answer is sent out of that buffer. A datagram that was cut is counted and not answered.
 *   cc -O2 -o udp_echo udp_echo.c $(pkg-config --cflags --libs ringline)
 *   run: ./udp_echo 0 1
 * Arguments: [port [seconds]]. Ends after so many seconds, or at SIGINT or SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <ringline.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFERS = 256, BUFFER_SIZE = 2048 };
enum { RECEIVE = BUFFERS }; /* user_data; below it: the buffer that is sent from */

typedef struct answer { /* what a send names: the library's until its FINAL */
  struct msghdr message;
  struct iovec vector;
  uint64_t lease;
} answer;

static answer answers[BUFFERS];
static struct msghdr shape = {.msg_namelen = sizeof(struct sockaddr_in)}; /* of each message */
static int fd, pool, starved; /* starved: no buffer was free, and none came back since */
static unsigned long answered, cut, lost;
static volatile sig_atomic_t stopped;
static ringline_ring *ring;
static ringline_shared *shared;

static int check(const char *what, int64_t code) {
  if (code >= 0) return (int)code;
  fprintf(stderr, "%s: %s (%s)\n", what, ringline_strerror((int)code), ringline_error_detail());
  exit(1);
}

static void on_signal(int number) {
  (void)number;
  stopped = 1;
  ringline_stop(ring);
}

static ringline_op *next_op(void) { /* there are as many as buffers, and one for the receive */
  return (ringline_op *)(uintptr_t)shared->ops + shared->ops_len++;
}

static void receive(void) {
  ringline_op *op = next_op();
  ringline_prep_recvmsg_multishot(op, fd, &shape, pool, 0);
  op->user_data = RECEIVE;
}

static void release(uint64_t lease) {
  ((uint64_t *)(uintptr_t)shared->rel)[shared->rel_len++] = lease;
  if (starved) starved = 0, receive();
}

static void on_message(const ringline_completion *rec) {
  ringline_message it;
  check("recvmsg_out", ringline_recvmsg_out(rec, sizeof(struct sockaddr_in), 0, &it));
  if (it.flags & MSG_TRUNC) { /* longer than the buffer: half an answer would be a wrong one */
    cut++;
    release(rec->token);
    return;
  }
  uint32_t buffer = rec->flags >> RINGLINE_CF_BUFFER_SHIFT;
  answer *to = &answers[buffer];
  to->lease = rec->token;
  to->vector = (struct iovec){(void *)(uintptr_t)it.payload, it.payload_len};
  to->message = (struct msghdr){.msg_name = (void *)(uintptr_t)it.name, .msg_namelen = it.name_len,
                                .msg_iov = &to->vector, .msg_iovlen = 1};
  ringline_op *op = next_op();
  ringline_prep_sendmsg(op, fd, &to->message, 0);
  op->user_data = buffer;
}

static void dispatch(const ringline_completion *rec) {
  if (rec->user_data < RECEIVE) {
    if (rec->res >= 0) answered++;
    else lost++; /* UDP may lose an answer, and the next message must not suffer from it */
    release(answers[rec->user_data].lease);
    return;
  }
  if (rec->flags & RINGLINE_CF_LEASE) on_message(rec);
  /* It ends after an empty datagram, and when no buffer is free: then a send gives one back. */
  if (rec->res == -ENOBUFS && shared->rel_len == 0) starved = 1;
  else if (rec->flags & RINGLINE_CF_FINAL) receive();
  if (rec->res < 0 && rec->res != -ENOBUFS && rec->res != -ECONNREFUSED) check("recvmsg", rec->res);
}

int main(int argc, char **argv) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  ringline_config config = {.size = sizeof config, .sq_entries = 2 * BUFFERS};
  socklen_t size = sizeof at;
  at.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
  fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&at, size) || getsockname(fd, (struct sockaddr *)&at, &size))
    return perror("udp_echo"), 1;
  check("create", ringline_create(&config, &ring));
  pool = check("pool", ringline_pool_create(ring, BUFFERS, BUFFER_SIZE, 0));
  shared = ringline_shared_block(ring);
  signal(SIGINT, on_signal), signal(SIGTERM, on_signal), signal(SIGALRM, on_signal);
  alarm(argc > 2 ? (unsigned)atoi(argv[2]) : 0);
  printf("receiving on port %d\n", ntohs(at.sin_port)), fflush(stdout);
  receive();
  for (shared->wait_min = 1; !stopped;) {
    int code = ringline_turn(ring);
    if (code != -EINTR) check("turn", code), check("operation", shared->op_error);
    const ringline_completion *recs = (const ringline_completion *)(uintptr_t)shared->recs;
    for (uint32_t i = 0; i < shared->recs_len; i++) dispatch(&recs[i]);
  }
  printf("stats: answered=%lu cut=%lu lost=%lu\n", answered, cut, lost);
  return ringline_free(ring) < 0;
}
