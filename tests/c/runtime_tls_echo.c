/*
 * A TLS server, with openssl s_client as the client: 10 MiB there and back under TLS 1.2 and 1.3,
 * and what was said and closed before the handshake began.
 * Failure: a byte lost or changed, another version or cipher suite than the info says.
 */
#include "tls.h"

static void both_versions(void) {
  serving server;
  serve_tls(&server, &tls_echo, tls_server(NULL));
  CHECK_EQ(shell("head -c 10485760 /dev/urandom >in"), 0);
  tls_echoed(port_of(&server), "-tls1_2", 10485760, 0x0303);
  CHECK(strstr(saw.info.cipher_name, "TLS_ECDHE_ECDSA_WITH") == saw.info.cipher_name);
  tls_echoed(port_of(&server), "-tls1_3", 10485760, 0x0304);
  CHECK(saw.info.cipher_suite >= 0x1301 && saw.info.cipher_suite <= 0x1303);
  CHECK(strcmp(saw.info.server_name, "localhost") == 0 && saw.info.alpn[0] == 0);
  CHECK(saw.info.peer_certificate == NULL);
  stop_serving(&server);
}

static void greet(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_send(runtime, conn, "good bye\n", 9), 0);
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

/* Said and closed before the handshake has begun. */
static void said_before(void) {
  ringline_runtime_handlers handlers = tls_echo;
  serving server;
  handlers.accept = greet;
  serve_tls(&server, &handlers, tls_server(NULL));
  CHECK_EQ(shell(TLS_CLIENT "</dev/null >out; grep -q '^good bye$' out", port_of(&server)), 0);
  expect_close(0, NULL);
  stop_serving(&server);
}

int main(void) {
  serving_baseline(NULL);
  tls_begin();
  both_versions();
  said_before();
  harness_check_baseline();
  return 0;
}
