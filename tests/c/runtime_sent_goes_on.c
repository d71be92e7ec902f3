/*
 * A server that sends the next piece, a small or a long one, when it hears that the last one went,
 * although nothing else happens; and ones that end or close behind what they send, a small message
 * and one that takes the way of larger ones. The limit of a close is an hour: nothing looks at a
 * connection by the clock. Failure: the stream stops, for a send without a completion ends no wait.
 */
#include "serving.h"

#define PIECES 100

enum { LARGE = 6000, LONG = 20000 };

static int left, piece, says;
static char message[LONG];
static uint64_t gone;

static void next_piece(ringline_runtime *runtime, uint64_t conn) {
  gone = 0;
  if (left-- > 0)
    CHECK_EQ(ringline_conn_send(runtime, conn, message, (size_t)piece), 0);
  else
    CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void accepted(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  next_piece(runtime, conn);
}

static void sent(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                 uint64_t length) {
  (void)ctx, (void)user;
  gone += length;
  CHECK(gone <= (uint64_t)piece);
  if (gone == (uint64_t)piece) next_piece(runtime, conn);
}

static void says_and_closes(void *ctx, ringline_runtime *runtime, uint64_t conn,
                            uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_send(runtime, conn, message, (size_t)says), 0);
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void says_and_ends(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_send(runtime, conn, message, (size_t)says), 0);
  CHECK_EQ(ringline_conn_shutdown(runtime, conn), 0);
}

static void receive(const ringline_runtime_handlers *handlers, int bytes, int times) {
  ringline_runtime_config config = {.size = sizeof config,
                                    .close_timeout_ns = UINT64_C(3600000000000)};
  char got[LONG], end;
  serving server;
  int client;
  CHECK(bytes <= LONG);
  serve(&server, &config, handlers);
  client = client_of(&server);
  while (times-- > 0) recv_whole(client, got, (size_t)bytes);
  CHECK_EQ(recv_some(client, &end, 1), 0);
  close(client);
  stop_serving(&server);
}

int main(void) {
  ringline_runtime_handlers pieces = {.size = sizeof pieces, .accept = accepted, .sent = sent};
  ringline_runtime_handlers closes = {.size = sizeof closes, .accept = says_and_closes};
  ringline_runtime_handlers ends = {.size = sizeof ends, .accept = says_and_ends};
  /* What the memory allocator keeps of a worker that sends stays. */
  says = LARGE;
  receive(&closes, says, 1);
  serving_baseline(NULL);
  for (piece = 5; piece <= LONG; piece += LONG - 5) {
    left = PIECES;
    receive(&pieces, piece, PIECES);
  }
  for (says = 5; says <= LARGE; says += LARGE - 5) {
    receive(&closes, says, 1);
    receive(&ends, says, 1);
  }
  harness_check_baseline();
  return 0;
}
