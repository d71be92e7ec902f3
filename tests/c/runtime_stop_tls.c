/*
 * TLS handshakes under way at a stop: whoever had connected goes through with it, says something
 * and is answered; one that says nothing is waited for no longer than a handshake may take.
 * Failure: a handshake that is broken off, a client that is closed before it could say anything, or
 * a stop that takes its whole grace.
 */
#include "tls.h"

#define CLIENTS 10
#define GRACE (8 * SECOND)
#define SILENT CLIENTS

static volatile long held, go, connected, secured, served, noted, said, wrong, ended, left;
static uint64_t ids[CLIENTS + 1];
static char address[64];
static ringline_tls_config *client_config;

/* The server. */
static void on_hold(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  (void)ctx, (void)runtime, (void)res;
  if (user) {
    count_up(&noted);
    return;
  }
  count_up(&held);
  wait_for_least(&go, 1);
}

static void on_served(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  count_up(&served);
}

static void on_left(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                    int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  if (reason != 0) count_up(&wrong);
  count_up(&left);
}

/* The clients: they connect, or say something, when they are told to. */
static void on_told(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  int each;
  (void)ctx, (void)res;
  for (each = 0; each <= CLIENTS; each++) {
    if (user == 0)
      CHECK_EQ(ringline_conn_connect(runtime, address, LIMIT, (uint64_t)each, &ids[each]), 0);
    else if (each != SILENT)
      CHECK_EQ(ringline_conn_send(runtime, ids[each], "question", 8), 0);
  }
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  (void)ctx, (void)user;
  CHECK_EQ(res, 0);
  CHECK_EQ(ringline_conn_start_tls(runtime, conn, client_config, "localhost"), 0);
  count_up(&connected);
}

static void on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  count_up(&secured);
}

static int64_t on_answer(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                         const uint8_t *bytes, size_t length) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  if (length == 0) return 0;
  if (length < 8) return 0;
  CHECK(length == 8 && memcmp(bytes, "question", 8) == 0);
  count_up(&said);
  return 8;
}

static void on_end(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                   int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  if (reason != 0) count_up(&wrong);
  count_up(&ended);
}

int main(void) {
  ringline_runtime_handlers serving_them = {.size = sizeof serving_them, .data = echo_data,
                                            .writable = echo_writable, .notify = on_hold,
                                            .secured = on_served, .close = on_left};
  ringline_runtime_handlers asking = {.size = sizeof asking, .data = on_answer,
                                      .notify = on_told, .connect = on_connect,
                                      .secured = on_secured, .close = on_end};
  ringline_tls_options options = {.size = sizeof options, .roots_file = "ca.pem"};
  ringline_tls_options limited = {.size = sizeof limited, .handshake_timeout_ns = 2 * SECOND};
  ringline_runtime_config one = {.size = sizeof one, .workers = 1};
  ringline_runtime *clients = NULL;
  serving server;
  uint64_t since;
  tls_begin();
  CHECK_OK(ringline_tls_client_create(&options, &client_config));
  serve_tls(&server, &serving_them, tls_server(&limited));
  snprintf(address, sizeof address, "127.0.0.1:%d", port_of(&server));
  CHECK_OK(ringline_runtime_create(&one, &clients));
  CHECK_OK(ringline_runtime_set_handlers(clients, &asking));
  CHECK_OK(ringline_runtime_start(clients));

  CHECK_EQ(ringline_runtime_post(server.runtime, 0, 0, 0), 0);
  wait_for_count(&held, 1);
  CHECK_EQ(ringline_runtime_post(clients, 0, 0, 0), 0);
  wait_for_count(&connected, CLIENTS + 1);
  since = harness_now_ns();
  CHECK_EQ(ringline_runtime_stop(server.runtime, GRACE), 0);
  count_up(&go);
  wait_for_count(&served, CLIENTS + 1);
  wait_for_count(&secured, CLIENTS + 1);
  /* It has looked at them all before they say anything. */
  CHECK_EQ(ringline_runtime_post(server.runtime, 0, 1, 0), 0);
  wait_for_count(&noted, 1);
  CHECK_EQ(ringline_runtime_post(server.runtime, 0, 1, 0), 0);
  wait_for_count(&noted, 2);
  CHECK_EQ(ringline_runtime_post(clients, 0, 1, 0), 0);
  wait_for_count(&said, CLIENTS);
  wait_for_count(&ended, CLIENTS + 1);
  CHECK_EQ(ringline_runtime_join(server.runtime, GRACE), 0);
  CHECK(harness_now_ns() - since < GRACE);
  CHECK(wrong == 0 && left == CLIENTS + 1);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK_EQ(ringline_runtime_free(clients), 0);
  CHECK_EQ(ringline_tls_free(client_config), 0);
  return 0;
}
