/*
 * A thousand clients that never read, one that reads in the end, and a fast one: whatever the fast
 * one says goes to all. Each slow one has its queue filled up to the water mark and no further,
 * memory stands still then, and the fast one gets its answers without a turn for the others. The
 * reader gets all that was taken for it.
 * Not under a sanitizer, which keeps what is freed.
 * Failure: memory that grows with what nobody reads, turns for those who wait, a fast client
 * that waits, a byte lost.
 */
#include "crowd.h"

enum { CROWD = 1000, HIGH = 32 * 1024, LENGTH = 4000, FILL = 200, FURTHER = 1000 };
enum { BLOCK = 16 }; /* KiB */

static volatile long accepted, refused, closed;
static uint64_t everybody[CROWD + 2], fast, reader;
static unsigned char words[LENGTH];
static long taken_for_reader;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  narrow_sends(runtime, conn);
  everybody[accepted] = conn;
  count_up(&accepted);
}

/* What it says is a request to tell everybody; it gets the same back. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_conn_info info = {.size = sizeof info};
  int at;
  (void)ctx, (void)user;
  if (length == 0) return 0;
  for (at = 0; at <= CROWD; at++) {
    int32_t code = ringline_conn_send(runtime, everybody[at], words, sizeof words);
    CHECK(code == 0 || code == -EAGAIN);
    if (code) count_up(&refused);
    else if (everybody[at] == reader) taken_for_reader++;
    CHECK_EQ(ringline_conn_info_of(runtime, everybody[at], &info), 0);
    CHECK(info.queued < HIGH + LENGTH);
  }
  CHECK_EQ(ringline_conn_send(runtime, conn, bytes, length), 0);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user, (void)reason;
  count_up(&closed);
}

/* Resident memory of this process, KiB. */
static long resident(void) {
  long pages, kept;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%ld %ld", &pages, &kept) == 2);
  fclose(file);
  return kept * (sysconf(_SC_PAGESIZE) / 1024);
}

static void say(int fd, int times) {
  while (times-- > 0) {
    char byte = 'a';
    send_whole(fd, &byte, 1);
    recv_whole(fd, &byte, 1);
  }
}

static void read_all(int fd) {
  unsigned char got[LENGTH];
  long at;
  for (at = 0; at < taken_for_reader; at++) {
    recv_whole(fd, got, sizeof got);
    CHECK(memcmp(got, words, sizeof got) == 0);
  }
  CHECK(recv(fd, got, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .high_water = HIGH};
  long empty, full;
  uint64_t turns;
  serving server;
  crowd slow;
  int fd, reads;
  need_descriptors(4096);
  crowd_start(&slow, CROWD);
  fill(words, sizeof words, 1);
  serving_baseline(&config);
  serve(&server, &config, &handlers);
  crowd_do(&slow, 'n', &server);
  reads = narrow_client_of(&server);
  wait_for_count(&accepted, CROWD + 1);
  reader = everybody[CROWD];
  fd = client_of(&server);
  wait_for_count(&accepted, CROWD + 2);
  fast = everybody[CROWD + 1];
  empty = resident();
  say(fd, FILL);
  CHECK(refused > 0);
  full = resident();
  turns = serving_stats(&server).turns;
  say(fd, FURTHER);
  turns = serving_stats(&server).turns - turns;
  CHECK(full - empty <= 2L * CROWD * (HIGH + LENGTH) / 1024);
  /* A kernel that takes a little more of each late makes room for a block each. What is refused
   * meanwhile would be four gigabytes. */
  CHECK(resident() - full <= CROWD * BLOCK);
  CHECK(turns <= 2 * FURTHER);
  read_all(reads);
  close(fd), close(reads);
  crowd_do(&slow, 'r', &server);
  crowd_end(&slow, 0);
  wait_for_count(&closed, CROWD + 2);
  stop_serving(&server);
  harness_check_baseline();
  return 0;
}
