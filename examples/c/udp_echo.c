/* A UDP echo server: one multishot recvmsg takes the datagrams into a pool of provided buffers, and
 * each goes back out of the buffer it came in, several at a time. What was cut is told, not echoed.
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
#include <sys/uio.h>
#include <unistd.h>
enum { BUFFERS = 64, PAYLOAD = 2048, NAME = sizeof(struct sockaddr_in) };
static const uint64_t RECV = UINT64_MAX; /* user_data of the receiver; a send's is its buffer */
/* What a send names: the kernel reads the msghdr until it is over, if it cannot send at once. */
typedef struct { struct msghdr msg; struct iovec payload; uint64_t lease; } answer;
static answer answers[BUFFERS];
static struct { unsigned long echoed, cut, failed; } count;
static volatile sig_atomic_t stopped;
static ringline_ring *ring;
static int fd, pool, dry;

static int64_t check(const char *what, int64_t code) {
  if (code >= 0) return code;
  fprintf(stderr, "%s: %s (%s)\n", what, ringline_strerror((int)code), ringline_error_detail());
  exit(1);
}

static void on_signal(int number) {
  (void)number;
  stopped = 1;
  ringline_stop(ring);
}

static void submit(ringline_op *op, uint64_t user_data) {
  op->user_data = user_data;
  check("submit", ringline_submit(ring, op, 1, NULL, 0));
}

/* Of this msghdr only the lengths count: how much room each buffer keeps for name and control. */
static void receive(void) {
  struct msghdr room = { .msg_namelen = NAME };
  ringline_op op;
  ringline_prep_recvmsg_multishot(&op, fd, &room, pool, 0);
  submit(&op, RECV);
  check("flush", ringline_flush(ring)); /* now the msghdr is ours again */
  dry = 0;
}

static void on_datagram(const ringline_completion *it) {
  uint32_t id = it->flags >> RINGLINE_CF_BUFFER_SHIFT;
  answer *out = &answers[id];
  ringline_message in;
  ringline_op op;
  check("recvmsg_out", ringline_recvmsg_out(it, NAME, 0, &in));
  if (in.flags & MSG_TRUNC) {
    count.cut++;
    fprintf(stderr, "a datagram of more than %u bytes was cut, no answer\n", in.payload_len);
    check("release", ringline_lease_release(it->token));
    return;
  }
  out->lease = it->token;
  out->payload = (struct iovec){ (void *)(uintptr_t)in.payload, in.payload_len };
  out->msg = (struct msghdr){ .msg_name = (void *)(uintptr_t)in.name, .msg_namelen = in.name_len,
                              .msg_iov = &out->payload, .msg_iovlen = 1 };
  ringline_prep_sendmsg(&op, fd, &out->msg, 0);
  submit(&op, id);
}

static void dispatch(const ringline_completion *it) {
  if (it->user_data == RECV) {
    if (it->flags & RINGLINE_CF_LEASE) on_datagram(it);
    if (it->flags & RINGLINE_CF_MORE) return;
    /* An empty datagram ends it, and a pool that is dry: all its buffers wait to be sent. */
    if (it->res > 0) receive();
    else if (it->res == -ENOBUFS) dry = 1;
    else check("recvmsg", it->res); /* what is not expected on a bound socket */
  } else {
    if (it->res >= 0) count.echoed++;
    else count.failed++; /* the network's answer to an earlier one, for instance */
    check("release", ringline_lease_release(answers[it->user_data].lease));
  }
}

int main(int argc, char **argv) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t size = sizeof at;
  ringline_shared *io;
  at.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
  fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) ||
      getsockname(fd, (struct sockaddr *)&at, &size)) return perror("udp_echo"), 1;
  check("create", ringline_create(NULL, &ring));
  pool = (int)check("pool", ringline_pool_create(ring, BUFFERS, 16 + NAME + PAYLOAD, 0));
  io = ringline_shared_block(ring);
  signal(SIGINT, on_signal), signal(SIGTERM, on_signal), signal(SIGALRM, on_signal);
  alarm(argc > 2 ? (unsigned)atoi(argv[2]) : 0);
  receive();
  printf("listening on port %d\n", ntohs(at.sin_port)), fflush(stdout);
  for (io->wait_min = 1; !stopped;) {
    int32_t code = ringline_turn(ring);
    if (code != -EINTR) check("turn", code);
    const ringline_completion *it = (const ringline_completion *)(uintptr_t)io->recs;
    for (uint32_t i = 0; i < io->recs_len; i++) dispatch(it + i);
    if (dry && ringline_lease_count(ring) < BUFFERS) receive();
  }
  printf("echoed=%lu cut=%lu failed=%lu\n", count.echoed, count.cut, count.failed);
  return ringline_free(ring) < 0;
}
