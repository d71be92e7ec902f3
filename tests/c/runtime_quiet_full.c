/*
 * A client that writes small messages and reads nothing until the server can send no more, then
 * reads all. Failure: a byte is lost or doubled, or the connection ends, where a send that was
 * tried at once found no room, or not enough.
 */
#include "serving.h"
#include <stddef.h>
#include <sys/un.h>

#define MESSAGE 3001
#define TOTAL (8u << 20)

static void message(unsigned char *bytes, size_t from) {
  size_t at;
  for (at = 0; at < MESSAGE; at++) bytes[at] = (unsigned char)((from + at) * 2654435761u >> 13);
}

/* All of it, through a connected client. */
static void exchange(int client) {
  unsigned char out[MESSAGE], in[65536];
  uint64_t sent_hash = HASH_START, got_hash = HASH_START;
  size_t sent = 0, got = 0, left = 0;
  while (got < TOTAL / MESSAGE * MESSAGE) {
    /* As much as goes, then what has come back. */
    while (sent < TOTAL / MESSAGE * MESSAGE || left > 0) {
      ssize_t some;
      if (left == 0) {
        message(out, sent);
        sent_hash = hash_of(sent_hash, out, MESSAGE);
        left = MESSAGE;
        sent += MESSAGE;
      }
      some = send(client, out + MESSAGE - left, left, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (some < 0 && errno == EINTR) continue;
      if (some < 0) {
        CHECK(errno == EAGAIN);
        break;
      }
      left -= (size_t)some;
    }
    do {
      ssize_t some = recv_some(client, in, sizeof in);
      CHECK(some > 0);
      got_hash = hash_of(got_hash, in, (size_t)some);
      got += (size_t)some;
    } while (got + (1u << 20) < sent - left);
  }
  CHECK(got_hash == sent_hash);
  close(client);
}

/* A Unix socket takes a message or does not; TCP takes a part. */
static int unix_client(ringline_runtime *runtime) {
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  char address[64];
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  snprintf(address, sizeof address, "unix:@ringline-quiet-%d", (int)getpid());
  CHECK(ringline_runtime_listen(runtime, address, 0) > 0);
  snprintf(path.sun_path + 1, sizeof path.sun_path - 1, "%s", address + 6);
  while (connect(fd, (struct sockaddr *)&path,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address) - 5)))
    CHECK(errno == ECONNREFUSED); /* bound, and listening when its worker turns */
  return fd;
}

int main(void) {
  ringline_runtime_handlers handlers = {
      .size = sizeof handlers, .data = echo_data, .writable = echo_writable};
  serving server;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  exchange(client_of(&server));
  exchange(unix_client(server.runtime));
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
