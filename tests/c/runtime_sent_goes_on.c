/*
 * A server that sends the next piece when it hears that the last one went, although nothing else
 * happens; and one that closes behind what it sends. Failure: the stream stops, for a send without
 * a completion ends no wait.
 */
#include "serving.h"

#define PIECES 100

static int left;

static void next_piece(ringline_runtime *runtime, uint64_t conn) {
  if (left-- > 0)
    CHECK_EQ(ringline_conn_send(runtime, conn, "piece", 5), 0);
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
  CHECK_EQ(length, 5);
  next_piece(runtime, conn);
}

static void says_and_closes(void *ctx, ringline_runtime *runtime, uint64_t conn,
                            uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_send(runtime, conn, "piece", 5), 0);
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void receive(const ringline_runtime_handlers *handlers, int pieces) {
  char bytes[5 * PIECES], end;
  serving server;
  int client;
  serve(&server, NULL, handlers);
  client = client_of(&server);
  recv_whole(client, bytes, 5 * (size_t)pieces);
  CHECK_EQ(recv_some(client, &end, 1), 0);
  close(client);
  stop_serving(&server);
}

int main(void) {
  ringline_runtime_handlers one = {.size = sizeof one, .accept = accepted, .sent = sent};
  ringline_runtime_handlers other = {.size = sizeof other, .accept = says_and_closes};
  serving_baseline(NULL);
  left = PIECES;
  receive(&one, PIECES);
  receive(&other, 1);
  harness_check_baseline();
  return 0;
}
