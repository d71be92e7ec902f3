/* Connections without messages. `load_connections PORT hold COUNT` opens so many, says "held",
 * and keeps them until its input ends; `load_connections PORT churn COUNT` opens and ends so many,
 * 32 at a time, by a reset so that no port is left waiting. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 32 };

static struct sockaddr_in at;

static int open_one(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  /* A server may tell its port a little before it listens. */
  for (int tries = 0; fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at); tries++)
    if (errno != ECONNREFUSED || tries == 1000) perror("connect"), exit(1); else usleep(10000);
  return fd;
}

/* One byte there and back: the server has accepted it and is waiting for more. */
static void greet(int fd) {
  char byte = 'x';
  struct timeval limit = { 10, 0 };
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
    perror("load_connections: no echo"), exit(1);
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "load_connections PORT hold|churn COUNT\n"), 2;
  long count = atol(argv[3]);
  at.sin_family = AF_INET, at.sin_port = htons((unsigned short)atoi(argv[1]));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 20000, 20000 });
  if (strcmp(argv[2], "hold") == 0) {
    for (long i = 0; i < count; i++) greet(open_one());
    printf("held\n"), fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
  }
  for (long i = 0; i < count; i += BATCH) {
    int fds[BATCH];
    for (int j = 0; j < BATCH; j++) fds[j] = open_one();
    for (int j = 0; j < BATCH; j++) {
      setsockopt(fds[j], SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
      close(fds[j]);
    }
  }
  greet(open_one());
  return 0;
}
