/*
 * What a TLS listener refuses, and what it says: a client that speaks no TLS, one that closes or
 * says nothing during the handshake, one that knows no version or name of ours, one that does not
 * trust us; and a connection that ends without ending its TLS, which may be cut short.
 * Failure: data shown that did not come by TLS, a connection that stays, another reason, an end
 * that is told as if all had come.
 */
#include "tls.h"

#include <sys/time.h>

static void no_tls(serving *server) {
  static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  char answer[64];
  int fd = client_of(server);
  send_whole(fd, request, sizeof request - 1);
  CHECK(recv_some(fd, answer, sizeof answer) > 0); /* the alert */
  CHECK_EQ(answer[0], 21);
  close(fd);
  CHECK(saw.shown == 0 && saw.secured == 0);
  expect_close(RINGLINE_ETLS, "does not speak TLS");
}

static void closes(serving *server) {
  int fd = client_of(server);
  send_whole(fd, "\x16\x03\x01", 3);
  close(fd);
  expect_close(RINGLINE_ETLS, "closed the connection during the handshake");
}

/* 100 ms are given; what ends it is the clock of the runtime, not ours. */
static void says_nothing(void) {
  ringline_tls_options options = {.size = sizeof options, .handshake_timeout_ns = 100000000};
  serving server;
  char byte;
  uint64_t begin = harness_now_ns();
  int fd;
  serve_tls(&server, &tls_echo, tls_server(&options));
  fd = client_of(&server);
  CHECK(recv_some(fd, &byte, 1) < 0 && errno == ECONNRESET);
  CHECK(harness_now_ns() - begin >= 100000000 && harness_now_ns() - begin < LIMIT);
  expect_close(RINGLINE_ETLS, "took too long");
  close(fd);
  stop_serving(&server);
}

static void other_versions(serving *server) {
  CHECK(shell("timeout 9 openssl s_client -connect 127.0.0.1:%d -tls1_1 -cipher ALL:@SECLEVEL=0 "
              "</dev/null >out", port_of(server)) != 0);
  expect_close(RINGLINE_ETLS, "no version");
}

static void no_trust(serving *server) {
  CHECK(shell("timeout 9 openssl s_client -connect 127.0.0.1:%d -CAfile stranger.pem -tls1_2 "
              "-verify_return_error </dev/null >out", port_of(server)) != 0);
  CHECK_EQ(saw.secured, 0);
  expect_close(RINGLINE_ETLS, "does not trust");
}

static void no_name(void) {
  ringline_tls_identity named = {.name = "localhost", .chain_file = "good.pem",
                                 .key_file = "good.key"};
  ringline_tls_options options = {.size = sizeof options, .identities = &named,
                                  .identity_count = 1};
  serving server;
  serve_tls(&server, &tls_echo, tls_server(&options));
  CHECK(shell("timeout 9 openssl s_client -connect 127.0.0.1:%d -servername elsewhere.example "
              "</dev/null >out", port_of(&server)) != 0);
  expect_close(RINGLINE_ETLS, "no certificate");
  stop_serving(&server);
}

/* Python's ssl can end a connection without ending its TLS, and tell which of both we did. */
static void cut_short(serving *server) {
  CHECK_EQ(shell("timeout 9 python3 -c 'import socket, ssl\n"
                 "c = ssl.create_default_context(cafile=\"ca.pem\")\n"
                 "s = c.wrap_socket(socket.create_connection((\"127.0.0.1\", %d)),\n"
                 "                  server_hostname=\"localhost\")\n"
                 "s.sendall(b\"half\")\n"
                 "assert s.recv(4) == b\"half\"\n"
                 "s.shutdown(socket.SHUT_WR)\n"
                 "s.close()'", port_of(server)), 0);
  wait_for_count(&saw.closed, 1);
  CHECK(saw.bytes == 4 && saw.ends == 0);
  expect_close(RINGLINE_ETRUNCATED, NULL);
}

/* suppress_ragged_eofs=False: an end without close_notify would be an exception. */
static void ended_well(serving *server) {
  saw.close_at = 4;
  CHECK_EQ(shell("timeout 9 python3 -c 'import socket, ssl\n"
                 "c = ssl.create_default_context(cafile=\"ca.pem\")\n"
                 "s = c.wrap_socket(socket.create_connection((\"127.0.0.1\", %d)),\n"
                 "                  server_hostname=\"localhost\", suppress_ragged_eofs=False)\n"
                 "s.sendall(b\"full\")\n"
                 "assert s.recv(4) == b\"full\"\n"
                 "assert s.recv(4) == b\"\"\n"
                 "s.unwrap()'", port_of(server)), 0);
  expect_close(0, NULL);
}

int main(void) {
  serving server;
  serving_baseline(NULL);
  tls_begin();
  tls_authority("stranger");
  serve_tls(&server, &tls_echo, tls_server(NULL));
  no_tls(&server);
  closes(&server);
  other_versions(&server);
  no_trust(&server);
  cut_short(&server);
  ended_well(&server);
  stop_serving(&server);
  says_nothing();
  no_name();
  harness_check_baseline();
  return 0;
}
