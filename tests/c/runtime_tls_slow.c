/*
 * TLS clients that are slow or many (Python's ssl): one that does not read gets 1,000 messages of
 * which no socket buffer holds many, and 200 at once echo a line each.
 * Failure: a byte lost or in the wrong place, a queue above the high water mark and one message, a
 * writable callback that never comes, sent bytes that are not the user's, a client of the 200 that
 * gets no answer or another's.
 */
#include "slow_reader.h"
#include "tls.h"

enum { CLIENTS = 200 };

static volatile long ended;
static uint64_t closed_well;

static void on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx, (void)user;
  send_more(runtime, conn);
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

static void one_that_does_not_read(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .secured = on_secured,
                                        .writable = slow_writable, .sent = slow_sent,
                                        .close = on_close};
  unsigned char got[LENGTH], expected[LENGTH];
  char line[1024];
  serving server;
  FILE *client, *out;
  int at;
  serve_tls_with(&server, &slow_config, &handlers, tls_server(NULL));
  snprintf(line, sizeof line, "exec timeout 9 python3 -c 'import os\n" CONNECT
           "s = client()\n"
           "sys.stdin.readline()\n"
           "with open(\"out\", \"wb\") as f:\n"
           "  while b := s.recv(65536): f.write(b)\n"
           "s.unwrap()' 2>>log", port_of(&server));
  client = popen(line, "we");
  CHECK(client != NULL);
  wait_for_least(&slow.refused, 1);
  fputs("go\n", client);
  CHECK_EQ(pclose(client), 0);
  wait_for_count(&ended, 1);
  CHECK(closed_well == 1 && slow.refused > 1);
  CHECK_EQ(slow.acknowledged, (uint64_t)MESSAGES * LENGTH);
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
  one_that_does_not_read();
  many();
  harness_check_baseline();
  return 0;
}
