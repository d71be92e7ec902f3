/* A key-value server that speaks RESP, the protocol of Redis: PING, SET, GET and DEL, pipelined.
 * One worker, so the table needs no lock. What a client does not read holds back what it asks.
 *   cc -O2 -o kv_server kv_server.c $(pkg-config --cflags --libs ringline)
 *   run: ./kv_server 127.0.0.1:0 0
 * Arguments: [address [seconds]]. Ends after so many seconds (0: at once), at SIGINT or SIGTERM. */
#include "kv_table.h"
#include "serve.h"
#include <errno.h>

enum { REPLY = 64 << 10 };

/* Send what the client is owed. What the queue has no room for waits for writable. */
static int flush(ringline_runtime *rt, uint64_t conn, reply *owed) {
  int code = ringline_conn_send(rt, conn, owed->bytes, owed->length);
  if (code == 0) owed->length = 0;
  return code == -EAGAIN ? ringline_conn_pause(rt, conn) : code;
}

static void on_accept(void *ctx, ringline_runtime *rt, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  reply *owed = grown(NULL, sizeof *owed);
  *owed = (reply){ .bytes = grown(NULL, REPLY), .room = REPLY };
  ringline_conn_set_user(rt, conn, (uint64_t)(uintptr_t)owed);
}

static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  reply *owed = (reply *)(uintptr_t)user;
  const char *at = (const char *)bytes, *end = at + length;
  word words[MOST_WORDS];
  size_t count = 0;
  int code = 1;
  (void)ctx;
  while (at < end && owed->length < REPLY && (code = parse(&at, end, words, &count)) == 1)
    run(words, count, owed);
  if (code < 0) say_text(owed, "-ERR Protocol error\r\n");
  int sent = flush(rt, conn, owed);
  if (sent < 0) return sent;
  if (code < 0) return ringline_conn_close(rt, conn, RINGLINE_CLOSE_GRACEFULLY), (int64_t)length;
  /* The answers are long: the others have their turn, and the rest is shown again. */
  if (code == 1 && at < end && owed->length == 0)
    ringline_conn_pause(rt, conn), ringline_conn_resume(rt, conn);
  return at - (const char *)bytes;
}

static void on_writable(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user) {
  (void)ctx;
  if (flush(rt, conn, (reply *)(uintptr_t)user) == 0 && ((reply *)(uintptr_t)user)->length == 0)
    ringline_conn_resume(rt, conn);
}

static void on_close(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user, int reason) {
  (void)ctx, (void)rt, (void)conn, (void)reason;
  free(((reply *)(uintptr_t)user)->bytes), free((void *)(uintptr_t)user);
}

int main(int argc, char **argv) {
  ringline_runtime_config config = { .size = sizeof config, .workers = 1 };
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .accept = on_accept,
                                         .data = on_data, .writable = on_writable,
                                         .close = on_close };
  int code = serve(&config, &handlers, argc > 1 ? argv[1] : "127.0.0.1:6379",
                   argc > 2 ? argv[2] : NULL);
  while (table) forget(*(entry **)table);
  return code;
}
