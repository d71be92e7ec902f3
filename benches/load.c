/* Loads an echo server on loopback and checks every byte. `load PORT CONNECTIONS SIZE MESSAGES`
 * Each connection sends a message, waits for its echo, and sends the next. Prints how many, and how
 * many microseconds half of them and 99 of 100 took. Pipelining is a larger message: a server that
 * echoes bytes sees no difference. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef struct { int fd, got; unsigned char seed; long began; } peer;

enum { TIMES = 1 << 16 };
static long times[TIMES];

static void fail(const char *what) { perror(what); exit(1); }

static long now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000l + at.tv_nsec;
}

static int by_length(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

static double microseconds(long count, int of_1000) {
  return count > 0 ? (double)times[count * of_1000 / 1000] / 1e3 : 0;
}

static void send_next(peer *p, char *buffer, int size) {
  memset(buffer, ++p->seed, (size_t)size);
  p->got = 0, p->began = now();
  if (send(p->fd, buffer, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "load PORT CONNECTIONS SIZE MESSAGES\n"), 2;
  int count = atoi(argv[2]), size = atoi(argv[3]), open = count, poll = epoll_create1(0);
  long left = atol(argv[4]), done = 0;
  peer *peers = calloc((size_t)count, sizeof *peers);
  char *out = malloc((size_t)size), *in = malloc((size_t)size);
  struct epoll_event events[256];
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 20000, 20000 });
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((unsigned short)atoi(argv[1])) };
  for (int i = 0; i < count; i++) {
    peers[i].fd = socket(AF_INET, SOCK_STREAM, 0), peers[i].seed = (unsigned char)i;
    /* A server may tell its port a little before it listens. */
    for (int tries = 0; connect(peers[i].fd, (struct sockaddr *)&at, sizeof at); tries++)
      if (errno != ECONNREFUSED || tries == 1000) fail("connect"); else usleep(10000);
    setsockopt(peers[i].fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = (unsigned)i };
    epoll_ctl(poll, EPOLL_CTL_ADD, peers[i].fd, &event);
  }
  for (int i = 0; i < count; i++) left--, send_next(&peers[i], out, size);
  while (open > 0) {
    int ready = epoll_wait(poll, events, 256, 10000);
    if (ready <= 0) return fprintf(stderr, "load: the server is silent\n"), 1;
    for (int i = 0; i < ready; i++) {
      peer *p = &peers[events[i].data.u32];
      ssize_t got = recv(p->fd, in, (size_t)(size - p->got), 0);
      if (got <= 0) fail("recv");
      for (ssize_t at_byte = 0; at_byte < got; at_byte++)
        if ((unsigned char)in[at_byte] != p->seed) return fprintf(stderr, "load: wrong byte\n"), 1;
      p->got += (int)got;
      if (p->got < size) continue;
      times[done++ % TIMES] = now() - p->began;
      if (left > 0) left--, send_next(p, out, size); else { close(p->fd); open--; }
    }
  }
  long kept = done < TIMES ? done : TIMES;
  qsort(times, (size_t)kept, sizeof *times, by_length);
  printf("%ld p50=%.1f p99=%.1f\n", done, microseconds(kept, 500), microseconds(kept, 990));
  return 0;
}
