/*
 * What a message costs in calls of malloc over TLS: 1,000 of 64 bytes there and back, after as many
 * that are not counted, with openssl s_client as the client. The library itself allocates nothing;
 * rustls keeps what a record said, and each record it makes, in memory of its own.
 * Not under a sanitizer, which has a malloc of its own.
 * Failure: a message costs more than those two calls of malloc.
 */
#include "allocations.h"
#include "tls.h"

enum { MESSAGES = 1000, MOST = 2 };

/* s_client with its input and output at a socket of ours. */
static pid_t peer(int port, int *fd) {
  char address[32];
  int ends[2];
  pid_t child;
  snprintf(address, sizeof address, "127.0.0.1:%d", port);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(ends[1], 0), dup2(ends[1], 1), dup2(nowhere, 2);
    execlp("timeout", "timeout", "9", "openssl", "s_client", "-connect", address, "-CAfile",
           "ca.pem", "-quiet", "-verify_quiet", "-servername", "localhost", (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  *fd = ends[0];
  return child;
}

static void rounds(int fd) {
  unsigned char out[64], in[64];
  int at;
  for (at = 0; at < MESSAGES; at++) {
    fill(out, sizeof out, (uint32_t)at);
    send_whole(fd, out, sizeof out);
    recv_whole(fd, in, sizeof in);
    CHECK(memcmp(in, out, sizeof in) == 0);
  }
}

int main(void) {
  serving server;
  long count;
  pid_t child;
  int fd, status;
  check_counting();
  tls_begin();
  serve_tls(&server, &tls_echo, tls_server(NULL));
  child = peer(port_of(&server), &fd);
  rounds(fd);
  begin_counting();
  rounds(fd);
  count = end_counting();
  if (count > MOST * MESSAGES)
    HARNESS_FAIL("%ld allocations for %d messages, %d each are known", count, MESSAGES, MOST);
  close(fd);
  CHECK(waitpid(child, &status, 0) == child);
  stop_serving(&server);
  return 0;
}
