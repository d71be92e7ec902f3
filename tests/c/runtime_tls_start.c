/*
 * TLS that begins in the middle of a connection: openssl s_client speaks SMTP until STARTTLS. And
 * somebody on the way who puts a command behind STARTTLS, in the same packet: it came before the
 * handshake, and must not count as if it had come by it.
 * Failure: an answer that overtakes the handshake, a command shown that did not come by TLS, a
 * pause that stops the handshake, bytes that are not counted as the user's.
 */
#include "tls.h"

static ringline_tls_config *tls;
static int injected;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_send(runtime, conn, "220 mail\r\n", 10), 0);
}

static void reply(ringline_runtime *runtime, uint64_t conn, const char *text) {
  CHECK_EQ(ringline_conn_send(runtime, conn, text, strlen(text)), 0);
}

/* One line at a time, as servers of such protocols do. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  const uint8_t *end = (const uint8_t *)memchr(bytes, '\n', length);
  ringline_tls_info info = {.size = sizeof info};
  ringline_conn_info facts = {.size = sizeof facts};
  (void)ctx, (void)user;
  if (!end) return 0;
  CHECK_EQ(ringline_conn_tls_info_of(runtime, conn, &info), 0);
  if (memcmp(bytes, "EHLO", 4) == 0) {
    CHECK_EQ(info.state, RINGLINE_TLS_NONE);
    reply(runtime, conn, "250-mail\r\n250 STARTTLS\r\n");
  } else if (memcmp(bytes, "STARTTLS", 8) == 0) {
    reply(runtime, conn, "220 go\r\n");
    CHECK_EQ(ringline_conn_start_tls(runtime, conn, tls, NULL), 0);
    CHECK_EQ(ringline_conn_start_tls(runtime, conn, tls, NULL), -EALREADY);
    CHECK_EQ(ringline_conn_tls_info_of(runtime, conn, &info), 0);
    CHECK_EQ(info.state, RINGLINE_TLS_SHAKING);
    reply(runtime, conn, "220 by TLS\r\n"); /* waits for the handshake */
    CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  } else if (memcmp(bytes, "INJECTED", 8) == 0) {
    injected++;
  } else {
    CHECK_EQ(info.state, RINGLINE_TLS_DONE);
    CHECK(length == 6 && memcmp(bytes, "hello\n", 6) == 0);
    CHECK_EQ(ringline_conn_info_of(runtime, conn, &facts), 0);
    CHECK(facts.received < 100); /* EHLO, STARTTLS, hello, and not the handshake */
    CHECK_EQ(ringline_conn_shutdown(runtime, conn), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), RINGLINE_ECLOSED);
    count_up(&saw.shown);
  }
  return (int64_t)(end - bytes) + 1;
}

static void on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  tls_on_secured(ctx, runtime, conn, user);
  CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
}

static void inject(const serving *server) {
  static const char lines[] = "STARTTLS\r\nINJECTED\r\nINJECTED AGAIN\r\n";
  char bytes[64];
  int fd = client_of(server);
  recv_whole(fd, bytes, 10);
  send_whole(fd, lines, sizeof lines - 1);
  recv_whole(fd, bytes, 8);
  CHECK(memcmp(bytes, "220 go\r\n", 8) == 0);
  CHECK(recv_some(fd, bytes, sizeof bytes) > 0);
  CHECK_EQ(bytes[0], 21); /* an alert, and nothing of what waits for TLS */
  close(fd);
  CHECK_EQ(injected, 0);
  expect_close(RINGLINE_ETLS, "does not speak TLS");
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = tls_on_close,
                                        .secured = on_secured};
  serving server;
  serving_baseline(NULL);
  tls_begin();
  tls = tls_server(NULL);
  serve(&server, NULL, &handlers);
  CHECK_EQ(shell("echo hello >in; timeout 9 openssl s_client -connect 127.0.0.1:%d -starttls smtp "
                 "-CAfile ca.pem -verify_return_error -servername localhost -quiet <in >out; "
                 "grep -q '^220 by TLS' out", port_of(&server)), 0);
  wait_for_count(&saw.shown, 1);
  CHECK_EQ(saw.secured, 1);
  expect_close(0, NULL);
  inject(&server);
  stop_serving(&server);
  CHECK_EQ(ringline_tls_free(tls), 0);
  CHECK_EQ(ringline_tls_free(tls), RINGLINE_ESTALE);
  harness_check_baseline();
  return 0;
}
