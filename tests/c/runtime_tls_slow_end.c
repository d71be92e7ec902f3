/*
 * TLS clients (Python's ssl) that need three times close_timeout_ns for what they get: one of a
 * graceful close, one whose session fails and that takes the alert behind what was encrypted.
 * Failure: a client that takes what it gets is cut off by a reset, or does not get the last word.
 */
#include "paced.h"
#include "tls.h"

enum { LENGTH = 1 << 20 };
static const uint64_t SPAN = 800000000; /* close_timeout_ns */

static unsigned char bytes[LENGTH];
static volatile long closed;
static int32_t reasons[256];

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *from, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_conn_set_user(runtime, conn, from[0]), 0);
  paced_kernel(runtime, conn, PACED_SEND);
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, LENGTH), 0);
  if (from[0] == 'g')
    CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn;
  reasons[user] = reason;
  count_up(&closed);
}

/* What the client does, by its first argument; the second is the port. */
static const char client[] =
    "import os, socket, ssl, sys, time\n"
    "c = ssl.create_default_context(cafile='ca.pem')\n"
    "s = socket.socket()\n"
    "s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)\n"
    "s.connect(('127.0.0.1', int(sys.argv[2])))\n"
    "s = c.wrap_socket(s, server_hostname='localhost', suppress_ragged_eofs=False)\n"
    "def pace(read, rate, until):\n"
    "  start, got = time.monotonic(), 0\n"
    "  while got < until:\n"
    "    due = int((time.monotonic() - start) * rate) - got\n"
    "    if due <= 0: time.sleep(0.002); continue\n"
    "    b = read(min(due, 16384))\n"
    "    if not b: break\n"
    "    got += len(b)\n"
    "  return got\n"
    "raw = lambda most: os.read(s.fileno(), most)\n"
    "if sys.argv[1] == 'whole':\n"
    "  s.sendall(b'g')\n"
    "  assert pace(s.recv, 2**20 / 2.4, 9**9) == 2**20\n"
    "  s.unwrap()\n"
    "else:\n"
    "  s.sendall(b'f')\n"
    "  got = pace(raw, 130000, 30000)\n"
    "  os.write(s.fileno(), b'this is no record' * 9)\n"
    "  got += pace(raw, 130000, 9**9)\n"
    "  assert 200000 < got < 2**20, got\n";

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .close_timeout_ns = SPAN};
  serving server;
  FILE *script;
  serving_baseline(&config);
  tls_begin();
  fill(bytes, LENGTH, 4);
  serve_tls_with(&server, &config, &handlers, tls_server(NULL));
  script = fopen("client.py", "we");
  CHECK(script != NULL && fputs(client, script) >= 0 && fclose(script) == 0);
  CHECK_EQ(shell("(timeout 9 python3 client.py whole %d) & "
                 "timeout 9 python3 client.py alert %d && wait $!",
                 port_of(&server), port_of(&server)), 0);
  wait_for_count(&closed, 2);
  CHECK_EQ(reasons['g'], 0);
  CHECK_EQ(reasons['f'], RINGLINE_ETLS);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
