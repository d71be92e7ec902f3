/* A quiet client beside N that send as fast as they can and read what comes back: how long it waits
 * for the echo of one byte. `load_quiet PORT FIREHOSES ROUNDS`: prints median, p99 and the worst in
 * microseconds, and what the firehoses moved meanwhile. The quiet client is a thread that the
 * scheduler prefers, where that is allowed: what is measured is the server, not the load. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 256, CHUNK = 65536 };

static struct pollfd hoses[MOST];
static int count, over;
static unsigned long moved;

static void fail(const char *what) { perror(what), exit(1); }

static double now_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static int client(int port) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((unsigned short)port) };
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
  /* A server may tell its port a little before it listens. */
  for (int tries = 0; connect(fd, (void *)&at, sizeof at); tries++)
    if (errno != ECONNREFUSED || tries == 1000) fail("connect"); else usleep(10000);
  return fd;
}

static void *pump(void *ctx) {
  static char out[CHUNK], in[CHUNK];
  (void)ctx;
  while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
    if (poll(hoses, (nfds_t)count, 100) < 0) fail("poll");
    for (int i = 0; i < count; i++) {
      if (hoses[i].revents & POLLOUT) send(hoses[i].fd, out, CHUNK, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (!(hoses[i].revents & POLLIN)) continue;
      ssize_t some = recv(hoses[i].fd, in, CHUNK, MSG_DONTWAIT);
      if (some > 0) __atomic_add_fetch(&moved, (unsigned long)some, __ATOMIC_RELAXED);
    }
  }
  return NULL;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "load_quiet PORT FIREHOSES ROUNDS\n"), 2;
  int port = atoi(argv[1]), rounds = atoi(argv[3]), quiet = client(port);
  double *waits = calloc((size_t)rounds, sizeof *waits), began;
  pthread_t thread;
  count = atoi(argv[2]);
  if (count > MOST || !waits) return 2;
  for (int i = 0; i < count; i++)
    hoses[i] = (struct pollfd){ .fd = client(port), .events = POLLIN | POLLOUT };
  if (pthread_create(&thread, NULL, pump, NULL)) fail("pthread_create");
  sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 2 });
  usleep(300000);
  __atomic_store_n(&moved, 0, __ATOMIC_RELAXED);
  began = now_us();
  srand(1);
  for (int i = 0; i < rounds; i++) {
    char byte = 'q';
    /* Not in step with the server's rounds. */
    usleep((useconds_t)(rand() % 3000));
    double asked = now_us();
    if (send(quiet, &byte, 1, MSG_NOSIGNAL) != 1 || recv(quiet, &byte, 1, 0) != 1) fail("quiet");
    waits[i] = now_us() - asked;
  }
  double seconds = (now_us() - began) / 1e6;
  double moves = (double)__atomic_load_n(&moved, __ATOMIC_RELAXED) / seconds / 1e6;
  __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
  pthread_join(thread, NULL);
  qsort(waits, (size_t)rounds, sizeof *waits, by_size);
  printf("median=%.1f p99=%.1f worst=%.1f moved=%.0f\n", waits[rounds / 2],
         waits[(rounds - 1) * 99 / 100], waits[rounds - 1], moves);
  return 0;
}
