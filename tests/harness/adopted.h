/*
 * What the programs share whose own thread is a worker: the worker, and its records.
 */
#ifndef RINGLINE_TEST_ADOPTED_H
#define RINGLINE_TEST_ADOPTED_H

#include "serving.h"

typedef struct adopted {
  serving server;
  ringline_worker_block *block;
} adopted;

static HARNESS_UNUSED ringline_event *event_at(const ringline_worker_block *block, int32_t at) {
  return (ringline_event *)(uintptr_t)block->events + at;
}

/* A runtime that listens on a port of 127.0.0.1, whose only worker is this thread. */
static HARNESS_UNUSED void adopt_worker(adopted *own, const ringline_runtime_config *config) {
  ringline_runtime_config one;
  ringline_runtime_config_init(&one);
  if (config) one = *config;
  one.workers = 1;
  CHECK_OK(ringline_runtime_create(&one, &own->server.runtime));
  own->server.listener = ringline_runtime_listen(own->server.runtime, "127.0.0.1:0", 0);
  CHECK_OK(own->server.listener);
  memset(&own->server.address, 0, sizeof own->server.address);
  own->server.address.sin_family = AF_INET;
  own->server.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  own->server.address.sin_port = htons((uint16_t)ringline_runtime_port(
      own->server.runtime, (uint32_t)own->server.listener));
  CHECK_OK(ringline_worker_adopt(own->server.runtime, 0, &own->block));
  CHECK(own->block->events_len == 1 && event_at(own->block, 0)->kind == RINGLINE_EVENT_START);
  own->block->timeout_ns = LIMIT;
}

/* One turn that told something; how many records there are. */
static HARNESS_UNUSED int32_t told(adopted *own) {
  int32_t count = ringline_worker_turn(own->server.runtime);
  CHECK(count > 0);
  CHECK_EQ((uint32_t)count, own->block->events_len);
  CHECK((uint32_t)count <= own->block->events_cap);
  return count;
}

/* A turn that does not wait tells nothing. */
static HARNESS_UNUSED void nothing_told(adopted *own) {
  int64_t before = own->block->timeout_ns;
  own->block->timeout_ns = 0;
  CHECK_EQ(ringline_worker_turn(own->server.runtime), 0);
  own->block->timeout_ns = before;
}

/* Turns until there is a record of `kind`, which need not be the turn's only one. */
static HARNESS_UNUSED ringline_event *told_of(adopted *own, uint32_t kind) {
  int32_t turns, count, at;
  for (turns = 0; turns < 1000; turns++) {
    for (count = told(own), at = 0; at < count; at++)
      if (event_at(own->block, at)->kind == kind) return event_at(own->block, at);
  }
  CHECK(!"the event never came");
  return NULL;
}

#endif /* RINGLINE_TEST_ADOPTED_H */
