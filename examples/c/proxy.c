/* A TCP proxy: every client gets a connection to the target, and bytes go both ways without a copy:
 * what arrives is taken as a lease and sent from there. A side that does not read holds back the
 * other one; an end of what one side sends is passed on, and the other direction goes on.
 *   cc -O2 -o proxy proxy.c $(pkg-config --cflags --libs ringline)
 *   run: ./proxy 127.0.0.1:0 127.0.0.1:1 0
 * Arguments: [address [target [seconds]]]. Ends after so many seconds (0: at once), at SIGINT or
 * SIGTERM. */
#include "serve.h"
#include <errno.h>

static const char *target = "127.0.0.1:80";

/* One of the two connections that belong together; its address is their user's number. */
typedef struct side {
  uint64_t conn;          /* 0 = closed */
  struct side *other;
  ringline_lease waiting; /* what came here and found the other side's queue full */
} side;

static side *side_of(uint64_t user) { return (side *)(uintptr_t)user; }

static void on_accept(void *ctx, ringline_runtime *rt, uint64_t client, uint32_t listener) {
  side *pair = calloc(2, sizeof *pair);
  (void)ctx, (void)listener;
  if (pair) {
    pair[0] = (side){ .conn = client, .other = &pair[1] };
    pair[1] = (side){ .other = &pair[0] };
    if (ringline_conn_connect(rt, target, 5000000000, (uint64_t)(uintptr_t)&pair[1],
                              &pair[1].conn) == 0) {
      ringline_conn_set_user(rt, client, (uint64_t)(uintptr_t)pair);
      ringline_conn_pause(rt, client);
      return;
    }
  }
  free(pair);
  ringline_conn_close(rt, client, RINGLINE_CLOSE_AT_ONCE);
}

/* The last one frees both. */
static void end(ringline_runtime *rt, side *self, int reason) {
  side *other = self->other;
  if (self->waiting.lease) ringline_lease_release(self->waiting.lease);
  self->conn = self->waiting.lease = 0;
  if (other->conn)
    ringline_conn_close(rt, other->conn,
                        reason ? RINGLINE_CLOSE_AT_ONCE : RINGLINE_CLOSE_GRACEFULLY);
  else
    free(self < other ? self : other);
}

static void on_connect(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user, int result) {
  (void)ctx, (void)conn;
  if (result < 0) fprintf(stderr, "%s: %s\n", target, ringline_strerror(result));
  if (result < 0) end(rt, side_of(user), result);
  else ringline_conn_resume(rt, side_of(user)->other->conn);
}

/* Send from where it was received. Where the other side is slow it waits there. */
static int pass_on(ringline_runtime *rt, side *self, const ringline_lease *taken) {
  int code = ringline_conn_send_lease(rt, self->other->conn, taken->lease, taken->bytes,
                                      taken->length);
  self->waiting.lease = 0;
  if (code == -EAGAIN) {
    self->waiting = *taken;
    return ringline_conn_pause(rt, self->conn);
  }
  if (code < 0) ringline_lease_release(taken->lease);
  return code;
}

static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_lease taken = { .size = sizeof taken };
  side *self = side_of(user);
  int code;
  (void)ctx;
  if (!self->other->conn) return -ECONNABORTED;
  if (length == 0) return ringline_conn_shutdown(rt, self->other->conn) < 0 ? 0 : 1;
  if (ringline_conn_take(rt, conn, &taken) == 0) {
    code = pass_on(rt, self, &taken);
  } else { /* few buffers are left, or these bytes were kept: as a copy */
    code = ringline_conn_send(rt, self->other->conn, bytes, length);
    if (code == -EAGAIN) return ringline_conn_pause(rt, conn), 0;
  }
  return code < 0 ? -ECONNABORTED : (int64_t)length;
}

/* There is room towards this side: the other one goes on. */
static void on_writable(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user) {
  side *other = side_of(user)->other;
  ringline_lease waiting = other->waiting;
  (void)ctx, (void)conn;
  if (!other->conn) return;
  if (waiting.lease && pass_on(rt, other, &waiting) < 0) return;
  if (!other->waiting.lease) ringline_conn_resume(rt, other->conn);
}

static void on_close(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user, int reason) {
  (void)ctx, (void)conn;
  if (user) end(rt, side_of(user), reason);
}

int main(int argc, char **argv) {
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .accept = on_accept,
                                         .data = on_data, .writable = on_writable,
                                         .close = on_close, .connect = on_connect };
  if (argc > 2) target = argv[2];
  return serve(NULL, &handlers, argc > 1 ? argv[1] : "127.0.0.1:8081", argc > 3 ? argv[3] : NULL);
}
