/* A TCP echo server: multishot accept, multishot receive from a pool of provided buffers, and each
 * send goes straight out of the buffer that was received. One system call per turn of the loop.
 *   cc -O2 -o tcp_echo tcp_echo.c $(pkg-config --cflags --libs ringline)
 *   run: ./tcp_echo 0 1
 * Arguments: [port [seconds]]. Ends after so many seconds, or at SIGINT or SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <ringline.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
enum { SEND, RECV, ACCEPT, CLOSE, RETRY }; /* low byte of user_data; above it: the descriptor */
enum { CONNECTIONS = 8192, BUFFERS = 256, BUFFER_SIZE = 16384, QUEUE = 64 };
enum { PARKED = 1, PAUSED = 2, ENDED = 4, CLOSING = 8 };
typedef struct { int flags, queued, head, tail; uint64_t recv; } connection; /* a list of leases */
typedef struct { uint64_t lease, address; uint32_t length; int next; } buffer;
static connection conns[CONNECTIONS]; /* by descriptor: CLOSE completes before it is used again */
static buffer buffers[BUFFERS];
static int parked, last, listener, pool;
static volatile sig_atomic_t stopped;
static ringline_ring *ring;
static ringline_shared *io;
static int check(const char *what, int64_t code) {
  if (code >= 0) return (int)code;
  fprintf(stderr, "%s: %s (%s)\n", what, ringline_strerror((int)code), ringline_error_detail());
  exit(1);
}
static void on_signal(int number) { (void)number; stopped = 1; ringline_stop(ring); }
static void arm(int kind, int fd) { /* everything but the sends: rare */
  ringline_op op;
  if (kind == ACCEPT) ringline_prep_accept_multishot(&op, fd, NULL, NULL, SOCK_CLOEXEC);
  else if (kind == RETRY) ringline_prep_timer(&op, 100000000, 0);
  else if (kind == CLOSE) ringline_prep_lib_close(&op, fd);
  else ringline_prep_recv_multishot(&op, fd, pool, 0);
  op.user_data = (uint64_t)fd << 8 | (uint64_t)kind;
  check("submit", ringline_submit(ring, &op, 1, kind == RECV ? &conns[fd].recv : NULL, 0));
}
static void drop(connection *c, int fd) { /* CLOSE cancels what is in flight and completes last */
  if (c->flags & CLOSING) return;
  if (c->flags & PARKED) parked--;
  c->flags = CLOSING, arm(CLOSE, fd);
}
static void send_first(connection *c, int fd) { /* the hot path: an op in the shared block */
  const buffer *b = &buffers[c->head];
  ringline_op *op = (ringline_op *)(uintptr_t)io->ops + io->ops_len++;
  *op = (ringline_op){ .opcode = RINGLINE_LIB_SEND_ALL, .fd = fd, .addr = b->address,
                       .len = b->length, .user_data = (uint64_t)fd << 8 | SEND };
}
static void release_first(connection *c) {
  ((uint64_t *)(uintptr_t)io->rel)[io->rel_len++] = buffers[c->head].lease;
  c->head = buffers[c->head].next, c->queued--;
}
static void on_recv(connection *c, int fd, const ringline_completion *r) {
  if (r->flags & RINGLINE_CF_LEASE) {
    int id = (int)(r->flags >> RINGLINE_CF_BUFFER_SHIFT), first = c->queued++ == 0;
    buffers[id] = (buffer){ r->token, r->data, (uint32_t)r->res, 0 };
    if (first) c->head = id; else buffers[c->tail].next = id;
    c->tail = id;
    if (first && !(c->flags & CLOSING)) send_first(c, fd);
    if (c->queued == QUEUE) ringline_cancel(ring, c->recv); /* its peer does not read: pause */
  }
  if (r->flags & RINGLINE_CF_MORE || c->flags & CLOSING) return;
  if (r->res == -ENOBUFS) { c->flags = PARKED; parked++; }
  else if (r->res > 0 || r->res == -ECANCELED) {
    if (c->queued < QUEUE) arm(RECV, fd); else c->flags = PAUSED; }
  else if (c->flags = ENDED, c->queued == 0) drop(c, fd); /* the end: what is queued goes first */
}
static void on_sent(connection *c, int fd, int res) {
  release_first(c);
  if (res < 0) drop(c, fd);
  if (c->flags & CLOSING) return;
  if (c->queued > 0) send_first(c, fd); else if (c->flags & ENDED) drop(c, fd);
  if (c->flags == PAUSED && c->queued <= QUEUE / 2) { c->flags = 0; arm(RECV, fd); }
}
static void unpark(int room) { /* as many receivers as there are free buffers, each in its turn */
  for (; parked > 0 && room > 0; last = (last + 1) % CONNECTIONS)
    if (conns[last].flags & PARKED) { conns[last].flags = 0; parked--, room--; arm(RECV, last); }
}
static void dispatch(const ringline_completion *r) {
  int fd = (int)(r->user_data >> 8), kind = (int)(r->user_data & 255); connection *c = &conns[fd];
  if (kind == SEND) on_sent(c, fd, r->res);
  else if (kind == RECV) on_recv(c, fd, r);
  else if (kind == CLOSE) { while (c->queued > 0) release_first(c); c->flags = 0; }
  else if (kind == RETRY) arm(ACCEPT, listener);
  else { /* ACCEPT; out of descriptors it waits a little: arming again at once would spin */
    if (r->res >= CONNECTIONS) close(r->res); else if (r->res >= 0) arm(RECV, r->res);
    if (!(r->flags & RINGLINE_CF_MORE)) arm(r->res >= 0 ? ACCEPT : RETRY, listener);
  }
}
int main(int argc, char **argv) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  ringline_stats stats = { .size = sizeof stats };
  socklen_t size = sizeof at;
  ringline_config config = { .size = sizeof config, .sq_entries = 1024, .recs_cap = 256 };
  at.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
  if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 4096) ||
      getsockname(listener, (struct sockaddr *)&at, &size)) return perror("tcp_echo"), 1;
  check("create", ringline_create(&config, &ring));
  pool = check("pool", ringline_pool_create(ring, BUFFERS, BUFFER_SIZE, 0));
  io = ringline_shared_block(ring);
  signal(SIGINT, on_signal), signal(SIGTERM, on_signal), signal(SIGALRM, on_signal);
  alarm(argc > 2 ? (unsigned)atoi(argv[2]) : 0);
  arm(ACCEPT, listener);
  printf("listening on port %d\n", ntohs(at.sin_port)), fflush(stdout);
  for (io->wait_min = 1; !stopped; unpark(BUFFERS - (int)(io->leases_out - io->rel_len))) {
    int code = ringline_turn(ring);
    if (code != -EINTR) check("turn", code), check("operation", io->op_error);
    const ringline_completion *r = (const ringline_completion *)(uintptr_t)io->recs;
    for (uint32_t i = 0; i < io->recs_len; i++) dispatch(r + i);
  }
  ringline_stats_of(ring, &stats);
  printf("stats: messages=%lu submitted=%lu completed=%lu syscalls=%lu\n", stats.leases,
         stats.submitted, stats.completed, stats.enters);
  return ringline_free(ring) < 0;
}
