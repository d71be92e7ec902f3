/*
 * TLS clients that are slow or many (Python's ssl): one that does not read gets 1,000 messages of
 * which no socket buffer holds many, and 200 at once echo a line each.
 * Failure: a byte lost or in the wrong place, a queue above the high water mark and one message, a
 * writable callback that never comes, sent bytes that are not the user's, a client of the 200 that
 * gets no answer or another's.
 */
#include "tls.h"

enum { MESSAGES = 1000, LENGTH = 10000, HIGH = 256 * 1024, CLIENTS = 200 };

static unsigned char message[LENGTH];
static volatile long refused, ended;
static int next_message;
static uint64_t acknowledged, closed_well;

static void send_more(ringline_runtime *runtime, uint64_t conn) {
  ringline_conn_info info = {.size = sizeof info};
  while (next_message < MESSAGES) {
    int32_t code;
    fill(message, LENGTH, (uint32_t)next_message);
    code = ringline_conn_send(runtime, conn, message, LENGTH);
    CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
    CHECK(info.queued < HIGH + LENGTH);
    if (code == -EAGAIN) {
      CHECK(info.queued >= HIGH);
      count_up(&refused);
      return;
    }
    CHECK_EQ(code, 0);
    next_message++;
  }
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx, (void)user;
  send_more(runtime, conn);
}

static void on_writable(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)user;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK(info.queued <= HIGH / 2);
  send_more(runtime, conn);
}

static void on_sent(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                    uint64_t length) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  acknowledged += length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  closed_well += reason == 0;
  count_up(&ended);
}

#define CONNECT "import socket, ssl, sys\n" \
                "c = ssl.create_default_context(cafile=\"ca.pem\")\n" \
                "def client():\n" \
                "  s = socket.create_connection((\"127.0.0.1\", %d))\n" \
                "  return c.wrap_socket(s, server_hostname=\"localhost\", " \
                "suppress_ragged_eofs=False)\n"

static void slow(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .secured = on_secured,
                                        .writable = on_writable, .sent = on_sent,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .high_water = HIGH};
  unsigned char got[LENGTH], expected[LENGTH];
  char line[1024];
  serving server;
  FILE *client, *out;
  int at;
  serve_tls_with(&server, &config, &handlers, tls_server(NULL));
  snprintf(line, sizeof line, "exec timeout 9 python3 -c 'import os\n" CONNECT
           "s = client()\n"
           "sys.stdin.readline()\n"
           "with open(\"out\", \"wb\") as f:\n"
           "  while b := s.recv(65536): f.write(b)\n"
           "s.unwrap()' 2>>log", port_of(&server));
  client = popen(line, "we");
  CHECK(client != NULL);
  wait_for_least(&refused, 1);
  fputs("go\n", client);
  CHECK_EQ(pclose(client), 0);
  wait_for_count(&ended, 1);
  CHECK(closed_well == 1 && refused > 1);
  CHECK_EQ(acknowledged, (uint64_t)MESSAGES * LENGTH);
  out = fopen("out", "re");
  CHECK(out != NULL);
  for (at = 0; at < MESSAGES; at++) {
    fill(expected, LENGTH, (uint32_t)at);
    CHECK(fread(got, 1, LENGTH, out) == LENGTH && memcmp(got, expected, LENGTH) == 0);
  }
  CHECK(fgetc(out) == EOF);
  fclose(out);
  stop_serving(&server);
}

static void many(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data,
                                        .secured = tls_on_secured, .close = on_close};
  serving server;
  ended = 0, closed_well = 0;
  serve_tls(&server, &handlers, tls_server(NULL));
  CHECK_EQ(shell("timeout 9 python3 -c '" CONNECT
                 "all = [client() for _ in range(%d)]\n"
                 "for i, s in enumerate(all): s.sendall(b\"%%d\\n\" %% i)\n"
                 "for i, s in enumerate(all): assert s.recv(64) == b\"%%d\\n\" %% i\n"
                 "for s in all: s.unwrap()'", port_of(&server), CLIENTS), 0);
  wait_for_count(&ended, CLIENTS);
  CHECK_EQ(saw.secured, CLIENTS);
  CHECK_EQ(closed_well, CLIENTS);
  stop_serving(&server);
}

int main(void) {
  serving_baseline(NULL);
  tls_begin();
  slow();
  many();
  harness_check_baseline();
  return 0;
}
