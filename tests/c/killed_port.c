/*
 * A server that is killed while it accepts and receives: its port is free again, although not at
 * once, as README.md says.
 * Failure: the port is never free, or a client of the dead server waits for ever.
 */
#include "serving.h"

#include <signal.h>

/* The child: tells its port, and serves until it is killed. */
static void serve_for_ever(int out) {
  const ringline_runtime_handlers echo = {.size = sizeof echo, .data = echo_data};
  serving server;
  serve(&server, NULL, &echo);
  CHECK(write(out, &server.address, sizeof server.address) == sizeof server.address);
  for (;;) pause();
}

int main(void) {
  struct sockaddr_in address;
  uint64_t end;
  serving server;
  char byte;
  int ends[2], client, fd, on = 1, status;
  pid_t child;
  CHECK(pipe(ends) == 0);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) serve_for_ever(ends[1]);
  CHECK(read(ends[0], &address, sizeof address) == sizeof address);
  server.address = address;
  client = client_of(&server);
  send_whole(client, "x", 1);
  recv_whole(client, &byte, 1);
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
  CHECK(recv_some(client, &byte, 1) <= 0);
  for (end = harness_now_ns() + LIMIT;; sched_yield()) {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0) break;
    CHECK(errno == EADDRINUSE && harness_now_ns() < end);
    close(fd);
  }
  CHECK(listen(fd, 1) == 0);
  close(fd), close(client), close(ends[0]), close(ends[1]);
  return 0;
}
