/*
 * A crowd of clients in a process of their own, so that both ends of 10,000 connections fit under
 * the limit of descriptors and so that they can be killed. The test tells it by letters what to do:
 *   o  open all connections          e  on each: send LENGTH bytes; then read and compare all
 *   s  on each: send LENGTH bytes    w  wait until each was ended by the server, and close it
 *   c  close all                     r  reset all
 *   n  as o, but of what is sent to them the kernel keeps some ten kilobytes only
 * and the crowd answers with the same letter when that is done. It is started before the first
 * thread, and ends with the test.
 */
#ifndef RINGLINE_TEST_CROWD_H
#define RINGLINE_TEST_CROWD_H

#include "serving.h"

#include <sys/prctl.h>

typedef struct crowd {
  pid_t child;
  int line;
} crowd;

enum { CROWD_LENGTH = 1000 };

/* How many times as long the test is: RINGLINE_LOAD, which `make load` sets, or 1. */
static HARNESS_UNUSED int load_factor(void) {
  const char *text = getenv("RINGLINE_LOAD");
  int factor = text ? atoi(text) : 1;
  return factor > 0 ? factor : 1;
}

/* As many descriptors as are asked for; a machine that does not give them cannot run the test. */
static HARNESS_UNUSED void need_descriptors(rlim_t count) {
  struct rlimit files;
  CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
  if (files.rlim_max < count) files.rlim_max = count;
  files.rlim_cur = count;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) SKIP("the limit of descriptors is too low");
}

/* Small segments make the other end's buffer small, too. */
static HARNESS_UNUSED int narrow_client_of(const serving *server) {
  const int few = 4096, segment = 536;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof few) == 0);
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment) == 0);
  CHECK(connect(fd, (const struct sockaddr *)&server->address, sizeof server->address) == 0);
  return fd;
}

static void crowd_open(const serving *server, int *fds, int count, int narrow) {
  int at;
  for (at = 0; at < count; at++) fds[at] = narrow ? narrow_client_of(server) : client_of(server);
}

static void crowd_send(const int *fds, int count) {
  unsigned char bytes[CROWD_LENGTH];
  int at;
  for (at = 0; at < count; at++) {
    fill(bytes, sizeof bytes, (uint32_t)at);
    send_whole(fds[at], bytes, sizeof bytes);
  }
}

static void crowd_compare(const int *fds, int count) {
  unsigned char bytes[CROWD_LENGTH], got[CROWD_LENGTH];
  int at;
  for (at = 0; at < count; at++) {
    fill(bytes, sizeof bytes, (uint32_t)at);
    recv_whole(fds[at], got, sizeof got);
    CHECK(memcmp(bytes, got, sizeof got) == 0);
  }
}

static void crowd_wait(const int *fds, int count) {
  char bytes[CROWD_LENGTH];
  int at;
  for (at = 0; at < count; at++) {
    ssize_t some;
    do some = recv_some(fds[at], bytes, sizeof bytes);
    while (some > 0);
    CHECK(some == 0 || errno == ECONNRESET);
    close(fds[at]);
  }
}

static void crowd_close(const int *fds, int count, int reset) {
  const struct linger at_once = {1, 0};
  int at;
  for (at = 0; at < count; at++) {
    if (reset) CHECK(setsockopt(fds[at], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    close(fds[at]);
  }
}

static void crowd_live(int line, int count) {
  int *fds = (int *)calloc((size_t)count, sizeof *fds);
  serving server;
  char letter;
  CHECK(fds != NULL);
  CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
  while (read(line, &letter, 1) == 1) {
    switch (letter) {
      case 'n':
      case 'o':
        CHECK(read(line, &server.address, sizeof server.address) == sizeof server.address);
        crowd_open(&server, fds, count, letter == 'n');
        break;
      case 'e': crowd_send(fds, count), crowd_compare(fds, count); break;
      case 's': crowd_send(fds, count); break;
      case 'w': crowd_wait(fds, count); break;
      default: crowd_close(fds, count, letter == 'r');
    }
    CHECK(write(line, &letter, 1) == 1);
  }
  _exit(0);
}

static HARNESS_UNUSED void crowd_start(crowd *clients, int count) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  clients->child = fork();
  CHECK(clients->child >= 0);
  if (clients->child == 0) {
    close(ends[0]);
    crowd_live(ends[1], count);
  }
  close(ends[1]);
  clients->line = ends[0];
}

/* Has the crowd begin; crowd_done() waits until it is through. */
static HARNESS_UNUSED void crowd_begin(const crowd *clients, char letter, const serving *server) {
  CHECK(write(clients->line, &letter, 1) == 1);
  if (letter == 'o' || letter == 'n') {
    ssize_t size = sizeof server->address;
    CHECK(write(clients->line, &server->address, (size_t)size) == size);
  }
}

static HARNESS_UNUSED void crowd_done(const crowd *clients, char letter) {
  char answer = 0;
  CHECK(read(clients->line, &answer, 1) == 1);
  CHECK_EQ(answer, letter);
}

static HARNESS_UNUSED void crowd_do(const crowd *clients, char letter, const serving *server) {
  crowd_begin(clients, letter, server);
  crowd_done(clients, letter);
}

/* Ends the crowd, by force where it is told so: whatever it has open, the kernel closes. */
static HARNESS_UNUSED void crowd_end(const crowd *clients, int by_force) {
  int status = 0;
  if (by_force) CHECK(kill(clients->child, SIGKILL) == 0);
  else CHECK(shutdown(clients->line, SHUT_RDWR) == 0);
  CHECK(waitpid(clients->child, &status, 0) == clients->child);
  CHECK(by_force ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif /* RINGLINE_TEST_CROWD_H */
