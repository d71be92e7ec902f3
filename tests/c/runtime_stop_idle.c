/*
 * A runtime that listens, has no connections and is stopped without a limit of time.
 * Failure: its workers sleep on, although there is nothing left to wait for.
 */
#include "serving.h"

int main(void) {
  ringline_runtime_handlers none = {.size = sizeof none};
  serving server;
  serving_baseline(NULL);
  serve(&server, NULL, &none);
  CHECK_EQ(ringline_runtime_stop(server.runtime, -1), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  harness_check_baseline();
  return 0;
}
