/*
 * By TLS (Python's ssl): the client wrote 100,000 bytes and went, before the server's answer, or
 * while the server pauses; and it said its end by TLS (close_notify) and then went.
 * Failure: ciphertext that was received is not decrypted and shown, or more than once; the death
 * behind the end is not told until the server sends; a close before the bytes, or with no reason;
 * bytes that are no TLS are not told as what ended it.
 */
#include "leaving.h"
#include "tls.h"

static volatile long first, gone, ended, closed, reason;
static volatile int pauses;
static size_t shown, shows;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  make_room(info.fd);
}

static void on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx, (void)user;
  if (!pauses) return;
  CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  count_up(&first);
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) {
    count_up(&ended);
    return 1;
  }
  CHECK(shown + length <= LEFT && memcmp(bytes, left_bytes + shown, length) == 0);
  shown += length;
  shows++;
  if (pauses || shows > 1) return (int64_t)length;
  count_up(&first);
  wait_for_least(&gone, 1);
  CHECK_EQ(ringline_conn_send(runtime, conn, "hello", 5), 0);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t why) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  reason = why;
  count_up(&closed);
}

#define CLIENT "import fcntl, socket, ssl, struct, sys, termios\n" \
               "c = ssl.create_default_context(cafile=\"ca.pem\")\n" \
               "s = socket.create_connection((\"127.0.0.1\", %d))\n" \
               "s = c.wrap_socket(s, server_hostname=\"localhost\")\n" \
               "data = open(\"left\", \"rb\").read()\n" \
               "s.sendall(data[:%d])\n" \
               "sys.stdin.readline()\n"

#define VANISHES "left = bytearray(4)\n" \
                 "while fcntl.ioctl(s, termios.TIOCOUTQ, left) or any(left): pass\n" \
                 "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(\"ii\", 1, 0))\n" \
                 "s.close()"

/* What the client does when it is told to, and before it goes. */
static void one(const serving *server, int before, const char *then) {
  char line[2048];
  FILE *client;
  int length;
  first = gone = ended = closed = 0;
  shown = shows = 0;
  length = snprintf(line, sizeof line, "exec timeout 9 python3 -c '" CLIENT "%s" VANISHES
                    "' 2>>log", port_of(server), before, then);
  CHECK(length < (int)sizeof line);
  client = popen(line, "we");
  CHECK(client != NULL);
  if (before || pauses) wait_for_count(&first, 1);
  fputs("go\n", client);
  CHECK_EQ(pclose(client), 0);
  count_up(&gone);
  wait_for_count(&closed, 1);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close,
                                        .secured = on_secured};
  serving server;
  FILE *left;
  fill(left_bytes, LEFT, 1);
  serving_baseline(NULL);
  tls_begin();
  left = fopen("left", "wbe");
  CHECK(left != NULL && fwrite(left_bytes, 1, LEFT, left) == LEFT && fclose(left) == 0);
  serve_tls(&server, &handlers, tls_server(NULL));
  one(&server, 1, "s.sendall(data[1:])\n");
  CHECK(is_gone((int32_t)reason) && shown == LEFT && ended == 0);
  pauses = 1;
  one(&server, 0, "s.sendall(data)\n");
  CHECK(is_gone((int32_t)reason) && shown == LEFT && shows == 1 && ended == 0);
  /* No TLS: what was wrong with it is the reason, and not that the client went. */
  one(&server, 0, "import os; os.write(s.fileno(), b\"no TLS\" * 100)\n");
  CHECK(reason == RINGLINE_ETLS && shown == 0 && ended == 0);
  pauses = 0;
  one(&server, 0, "s.settimeout(0)\n"
                  "try: s.unwrap()\n"
                  "except ssl.SSLError: pass\n");
  CHECK(is_gone((int32_t)reason) && shown == 0 && ended == 1);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
