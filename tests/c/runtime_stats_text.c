/*
 * The counters of each worker, as records and as text for Prometheus: they sum up to those of the
 * runtime, the text has a line per counter and worker, and is cut and terminated at any room.
 * Failure: a counter without a line, a sum that differs, a byte written beyond the room.
 */
#include "serving.h"

enum { WORKERS = 3, CLIENTS = 60, COUNTERS = 19 };

static int lines_of(const char *text, const char *start) {
  int count = 0;
  for (; *text; text++) {
    count += strncmp(text, start, strlen(start)) == 0;
    if (!(text = strchr(text, '\n'))) break;
  }
  return count;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data};
  ringline_runtime_config config = {.size = sizeof config, .workers = WORKERS};
  ringline_runtime_stats all, one = {.size = sizeof one};
  uint64_t accepted = 0, received = 0;
  static char text[1 << 14], cut[1 << 14];
  char wanted[128], byte;
  int32_t length, room;
  uint32_t worker;
  serving server;
  int at, fd;
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  for (at = 0; at < CLIENTS; at++) {
    fd = client_of(&server);
    send_whole(fd, "p", 1);
    recv_whole(fd, &byte, 1);
    close(fd);
  }
  all = serving_stats(&server);
  CHECK(all.workers == WORKERS && all.accepted == CLIENTS && all.received == CLIENTS);
  length = ringline_runtime_stats_prometheus(server.runtime, text, sizeof text);
  CHECK(length > 0 && (size_t)length == strlen(text) && text[length - 1] == '\n');
  CHECK_EQ(lines_of(text, "# HELP "), COUNTERS);
  CHECK_EQ(lines_of(text, "# TYPE "), COUNTERS);
  CHECK_EQ(lines_of(text, "ringline_worker_"), COUNTERS * WORKERS);
  for (worker = 0; worker < WORKERS; worker++) {
    CHECK_EQ(ringline_worker_stats_of(server.runtime, worker, &one), 0);
    CHECK_EQ(one.workers, 1);
    accepted += one.accepted;
    received += one.received;
    snprintf(wanted, sizeof wanted, "\nringline_worker_accepted_total{worker=\"%u\"} %llu\n",
             worker, (unsigned long long)one.accepted);
    CHECK(strstr(text, wanted));
  }
  CHECK(accepted == CLIENTS && received == CLIENTS);
  CHECK_EQ(ringline_worker_stats_of(server.runtime, WORKERS, &one), -EINVAL);
  for (room = 1; room < 300; room += 13) {
    memset(cut, 'x', sizeof cut);
    CHECK(ringline_runtime_stats_prometheus(server.runtime, cut, (size_t)room) > 1000);
    CHECK(cut[room - 1] == 0 && cut[room] == 'x' && memcmp(cut, text, (size_t)room - 1) == 0);
  }
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
