/*
 * A data callback that consumes a part, pauses and resumes is shown the rest at once, although
 * nothing more comes. Failure: the rest is never shown.
 */
#include "serving.h"

#define PIECES 10

static int64_t piece_by_piece(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                              const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, 1), 0);
  CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  CHECK_EQ(ringline_conn_resume(runtime, conn), 0);
  return 1;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = piece_by_piece};
  serving server;
  char out[PIECES + 1] = "0123456789", in[PIECES] = {0};
  int client;
  serving_baseline(NULL);
  serve(&server, NULL, &handlers);
  client = client_of(&server);
  send_whole(client, out, PIECES);
  recv_whole(client, in, PIECES);
  CHECK(memcmp(out, in, PIECES) == 0);
  close(client);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
