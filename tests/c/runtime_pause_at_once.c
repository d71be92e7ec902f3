/*
 * A connection that pauses itself in its data callback while more of its data is in the records of
 * the same turn: buffers are small, and what comes at once fills several. It comes in rounds: who
 * had all that there was may receive several pieces in one turn (Rations::IN_STEP). Each resume
 * comes from another thread. Failure: data shown to a paused connection; a byte lost, doubled or
 * displaced.
 */
#include "serving.h"

enum { LENGTH = 256 * 1024, BUFFER = 4096, ROUND = 4 * BUFFER };

static unsigned char out[LENGTH], got[LENGTH];
static volatile long pauses, bytes_got, closed;
static int paused;
static uint64_t client;

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  if (length == 0) return 0;
  CHECK(!paused);
  CHECK(bytes_got + (long)length <= LENGTH);
  memcpy(got + bytes_got, bytes, length);
  client = conn;
  paused = 1;
  CHECK_EQ(ringline_conn_pause(runtime, conn), 0);
  __atomic_fetch_add(&bytes_got, (long)length, __ATOMIC_RELEASE);
  count_up(&pauses);
  return (int64_t)length;
}

static void on_notify(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res) {
  (void)ctx, (void)user, (void)res;
  paused = 0;
  if (closed) return; /* the last resume may have brought the end already */
  CHECK_EQ(ringline_conn_resume(runtime, client), 0);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  CHECK_EQ(reason, 0);
  count_up(&closed);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = on_data,
                                        .notify = on_notify, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .pool_buffers = 16,
                                    .pool_buffer_size = BUFFER, .keep_max = LENGTH};
  serving server;
  long seen = 0;
  int fd;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  fd = client_of(&server);
  fill(out, LENGTH, 3);
  for (int sent = 0; sent < LENGTH;) {
    send_whole(fd, out + sent, ROUND);
    sent += ROUND;
    while (__atomic_load_n(&bytes_got, __ATOMIC_ACQUIRE) < sent) {
      wait_for_least(&pauses, ++seen);
      CHECK_EQ(ringline_runtime_post(server.runtime, 0, 0, 0), 0);
    }
  }
  CHECK(memcmp(out, got, LENGTH) == 0);
  close(fd);
  CHECK_EQ(ringline_runtime_post(server.runtime, 0, 0, 0), 0);
  wait_for_count(&closed, 1);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
