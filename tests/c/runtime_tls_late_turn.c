/*
 * Many clients send the first bytes of their handshakes while their worker is busy for longer than
 * handshake_timeout_ns; one turn brings only some of them. (They speak no TLS: that is answered.)
 * Failure: a client is ended for a handshake that took too long, because the server was late.
 */
#include "tls.h"

enum { CLIENTS = 300 };

static volatile long opened, released;

static void accepted(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)conn, (void)listener;
  count_up(&opened);
  if (opened > CLIENTS) wait_for_count(&released, 1);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = accepted};
  ringline_tls_options options = {.size = sizeof options, .handshake_timeout_ns = 2 * SECOND};
  serving server;
  int fds[CLIENTS], at, last;
  uint64_t spoken;
  unsigned char first;
  tls_begin();
  serving_baseline(NULL);
  serve_tls(&server, &handlers, tls_server(&options));
  for (at = 0; at < CLIENTS; at++) fds[at] = client_of(&server);
  last = client_of(&server);
  wait_for_count(&opened, CLIENTS + 1);
  for (at = 0; at < CLIENTS; at++) send_whole(fds[at], "GET / HTTP/1.1\r\n", 16);
  for (spoken = harness_now_ns(); harness_now_ns() < spoken + 5 * SECOND / 2;) usleep(1000);
  count_up(&released);
  for (at = 0; at < CLIENTS; at++) {
    CHECK(recv_some(fds[at], &first, 1) == 1); /* the alert */
    CHECK_EQ(first, 21);
    close(fds[at]);
  }
  close(last);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
