/*
 * Codes that the state of a ring, a mailbox, a runtime or a connection gives: each provoked, and
 * looked up in the header. (Arguments are every_function.c's. What short memory and a broken kernel
 * give, -ENOMEM, -ENFILE and RINGLINE_EPANIC, is provoked by tests/torture, tests/poison.rs and
 * resource_limits.c.)
 * Failure: another code, or one of which the comment of the function does not tell.
 */
#include "adopted.h"

#include "documented.h"

#include <sys/eventfd.h>

#define GIVES(code, name, ...)                                                         \
  do {                                                                                 \
    int64_t got_ = ringline_##name(__VA_ARGS__);                                       \
    documented_check("ringline_" #name, got_);                                         \
    if (got_ != (code))                                                                \
      HARNESS_FAIL("line %d: %s is %lld (%s; %s), expected %s", __LINE__, #name,       \
                   (long long)got_, harness_name(got_), ringline_error_detail(), #code); \
  } while (0)

static ringline_op op;
static int called;

static ringline_ring *ring_without(uint64_t features, uint32_t inflight) {
  ringline_ring *ring = NULL;
  ringline_config config;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.disable = features;
  config.max_inflight = inflight;
  CHECK_OK(ringline_create(&config, &ring));
  return ring;
}

static void inside(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)completion;
  called++;
  GIVES(RINGLINE_EREENTRANT, turn, ring);
  GIVES(RINGLINE_EREENTRANT, run_once, ring, 0, 0);
  GIVES(RINGLINE_EREENTRANT, run, ring);
  GIVES(RINGLINE_EREENTRANT, prepare, ring, NULL);
  GIVES(RINGLINE_EREENTRANT, detach, ring);
  GIVES(RINGLINE_EREENTRANT, close, ring, 1);
  ringline_prep_timer(&op, 1000 * SECOND, 0);
  GIVES(RINGLINE_EREENTRANT, cancel_sync, ring, submit_one(ring, &op, 0), 0);
  GIVES(1, cancel_all, ring);
}

static void check_loop(void) {
  ringline_ring *ring = make_ring();
  ringline_prep_nop(&op);
  CHECK_OK(ringline_submit_with(ring, &op, inside, NULL));
  CHECK_EQ(ringline_run_once(ring, 1, LIMIT), 1);
  CHECK_EQ(called, 1);
  while (ringline_inflight(ring) > 0) turn_for(ring, 1, LIMIT);
  ringline_shared_block(ring)->flags = 1;
  GIVES(-EINVAL, turn, ring);
  ringline_shared_block(ring)->flags = 0;
  ringline_prep_timer(&op, 1000 * SECOND, 0);
  submit_one(ring, &op, 0);
  GIVES(-EBUSY, detach, ring);
  CHECK_EQ(ringline_free(ring), 0);
}

static void check_submit(void) {
  int ends[2], at;
  ringline_op chain[2];
  ringline_ring *ring = ring_without(RINGLINE_FEATURE_ACCEPT_MULTISHOT, 4);
  make_pair(ends);
  ringline_prep_accept_multishot(&op, ends[0], NULL, NULL, 0);
  GIVES(RINGLINE_ENOTSUP_KERNEL, submit, ring, &op, 1, NULL, 0);
  ringline_prep_lib_close(&op, -1);
  GIVES(-EBADF, submit, ring, &op, 1, NULL, 0);
  ringline_prep_nop(&chain[0]);
  chain[0].flags = RINGLINE_SQE_IO_LINK;
  GIVES(-EINVAL, submit, ring, chain, 1, NULL, 0);
  ringline_prep_cancel(&op, 12345);
  GIVES(RINGLINE_ESTALE, submit, ring, &op, 1, NULL, 0);
  ringline_prep_files_update(&op, NULL, 1, 0);
  GIVES(RINGLINE_ENULL, submit, ring, &op, 1, NULL, 0);
  ringline_prep_timer(&op, 1000 * SECOND, 0);
  for (at = 0; at < 4; at++) submit_one(ring, &op, 0);
  GIVES(RINGLINE_ENOSLOT, submit, ring, &op, 1, NULL, 0);
  GIVES(RINGLINE_ENOSLOT, submit_with, ring, &op, inside, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  ring = make_ring_of(4, 8, 0);
  ringline_prep_nop(&op);
  for (at = 0; ringline_submit(ring, &op, 1, NULL, 0) == 1; at++) CHECK(at < 64);
  GIVES(-EAGAIN, submit, ring, &op, 1, NULL, 0); /* no owner: nobody makes room */
  CHECK_EQ(ringline_free(ring), 0);
  ring = make_ring();
  ringline_prep_send_all(&op, ends[0], "x", 1, 0);
  submit_one(ring, &op, 0);
  GIVES(-EBUSY, submit, ring, &op, 1, NULL, 0);
  CHECK(turn_for(ring, 1, LIMIT) == 1);
  {
    static char byte;
    uint64_t token;
    ringline_prep_recv(&op, ends[0], &byte, 1, 0);
    submit_one(ring, &op, 1);
    ringline_prep_lib_close(&op, ends[0]);
    token = submit_one(ring, &op, 2);
    GIVES(-EALREADY, submit, ring, &op, 1, NULL, 0);
    GIVES(-EALREADY, cancel, ring, token);
    GIVES(-EALREADY, cancel_sync, ring, token, 0);
  }
  GIVES(2, close, ring, 0);
  GIVES(RINGLINE_ECLOSED, submit, ring, &op, 1, NULL, 0);
  GIVES(RINGLINE_ECLOSED, submit_with, ring, &op, inside, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  close(ends[1]);
}

static void check_create(void) {
  ringline_ring *ring = NULL;
  ringline_config config;
  struct {
    ringline_config config;
    uint64_t more;
  } longer;
  memset(&longer, 0, sizeof longer);
  longer.config.size = (uint32_t)sizeof longer;
  longer.more = 1;
  GIVES(-E2BIG, create, &longer.config, &ring);
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.flags = RINGLINE_CONFIG_BIG;
  config.disable = RINGLINE_FEATURE_BIG_RING;
  GIVES(RINGLINE_ENOTSUP_KERNEL, create, &config, &ring);
}

static void check_cancel(void) {
  static char byte;
  int ends[2];
  uint64_t token;
  ringline_ring *ring = ring_without(RINGLINE_FEATURE_CANCEL_SYNC, 0);
  make_pipe(ends);
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  token = submit_one(ring, &op, 0);
  GIVES(RINGLINE_ENOTSUP_KERNEL, cancel_sync, ring, token, 0);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

static void check_foreign(void) {
  int ends[2], event = eventfd(0, EFD_CLOEXEC);
  ringline_ring *ring = make_ring();
  CHECK(event >= 0);
  make_pipe(ends);
  GIVES(-ENXIO, set_eventfd, ring, -1);
  GIVES(-EBADF, set_eventfd, ring, 1000000);
  GIVES(-EINVAL, set_eventfd, ring, ends[0]);
  GIVES(0, set_eventfd, ring, event);
  GIVES(-EBUSY, set_eventfd, ring, event);
  GIVES(-EBUSY, ring_fd, ring);
  CHECK_EQ(ringline_free(ring), 0);
  close(event);
  close_both(ends);
}

static void check_files(void) {
  static char byte;
  int32_t ends[2], slot, slots[2] = {0, 0};
  ringline_ring *ring = make_ring();
  make_pipe(ends);
  GIVES(-ENXIO, file_add, ring, ends[0]);
  GIVES(0, files_reserve, ring, 2, 0, 0);
  GIVES(-EEXIST, files_reserve, ring, 2, 0, 0);
  GIVES(-EBADF, file_add, ring, 1000000);
  slot = ringline_file_add(ring, ends[0]);
  CHECK_OK(slot);
  CHECK_OK(ringline_file_add(ring, ends[1]));
  GIVES(-ENFILE, file_add, ring, ends[1]);
  GIVES(-ENFILE, file_add_many, ring, ends, 1, (uint32_t *)slots);
  GIVES(-EBADF, file_replace, ring, (uint32_t)slot, 1000000);
  ringline_prep_read(&op, slot, &byte, 1, UINT64_MAX);
  op.flags = RINGLINE_SQE_FIXED_FILE;
  submit_one(ring, &op, 0);
  GIVES(-EBUSY, file_replace, ring, (uint32_t)slot, ends[1]);
  GIVES(-EBUSY, file_remove, ring, (uint32_t)slot);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
  ring = ring_without(RINGLINE_FEATURE_FILE_TABLE, 0);
  GIVES(RINGLINE_ENOTSUP_KERNEL, files_reserve, ring, 2, 0, 0);
  CHECK_EQ(ringline_free(ring), 0);
}

static void check_memory(void) {
  static char byte[64];
  void *address;
  int ends[2];
  int32_t region, pool;
  int64_t buffer;
  ringline_ring *ring = make_ring();
  make_pair(ends);
  region = ringline_region_alloc(ring, 4096, 0, &address);
  CHECK_OK(region);
  GIVES(-EINVAL, buf_take, ring, region, &address);
  GIVES(1, region_cut, ring, region, 4096);
  buffer = ringline_buf_take(ring, region, &address);
  CHECK_OK(buffer);
  GIVES(-EAGAIN, buf_take, ring, region, &address);
  GIVES(-EBUSY, region_cut, ring, region, 64);
  GIVES(0, region_release, ring, region);
  GIVES(RINGLINE_ESTALE, buf_put, ring, buffer);
  GIVES(RINGLINE_ESTALE, buf_put, ring, buffer);
  GIVES(RINGLINE_ESTALE, region_release, ring, region);
  GIVES(RINGLINE_ESTALE, region_release, ring, region);
  pool = ringline_pool_create(ring, 2, 64, 0);
  CHECK_OK(pool);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  submit_one(ring, &op, 0);
  GIVES(-EBUSY, pool_destroy, ring, pool);
  ringline_prep_recv(&op, ends[0], byte, 1, 0);
  CHECK_EQ(ringline_free(ring), 0);
  ring = ring_without(RINGLINE_FEATURE_POOL, 0);
  GIVES(RINGLINE_ENOTSUP_KERNEL, pool_create, ring, 2, 64, 0);
  CHECK_EQ(ringline_free(ring), 0);
  ring = ring_without(RINGLINE_FEATURE_POOL_INCREMENTAL, 0);
  GIVES(RINGLINE_ENOTSUP_KERNEL, pool_create, ring, 2, 64, RINGLINE_POOL_INCREMENTAL);
  CHECK_EQ(ringline_free(ring), 0);
  close_both(ends);
}

static void check_mailbox(void) {
  ringline_mailbox *mailbox = NULL;
  ringline_ring *ring = make_ring();
  int at;
  uint64_t id = 0;
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  ringline_prep_nop(&op);
  op.flags = RINGLINE_SQE_IO_LINK;
  GIVES(-EINVAL, mailbox_submit, mailbox, &op, 1, &id);
  GIVES(-EINVAL, mailbox_submit_with, mailbox, &op, inside, NULL);
  op.flags = 0;
  GIVES(RINGLINE_ENULL, mailbox_submit, mailbox, NULL, 1, &id);
  GIVES(RINGLINE_ENULL, mailbox_submit_with, mailbox, &op, NULL, NULL);
  GIVES(RINGLINE_ENULL, mailbox_call, mailbox, NULL, NULL);
  GIVES(RINGLINE_ESTALE, mailbox_cancel, mailbox, 1);
  CHECK_EQ(ringline_mailbox_submit(mailbox, &op, 1, &id), 1);
  for (at = 0; ringline_mailbox_post(mailbox, 1, 0) == 0; at++) CHECK(at < 2000);
  GIVES(-EAGAIN, mailbox_post, mailbox, 1, 0);
  GIVES(-EAGAIN, mailbox_call, mailbox, inside, NULL);
  GIVES(-EAGAIN, mailbox_submit, mailbox, &op, 1, NULL);
  GIVES(-EAGAIN, mailbox_submit_with, mailbox, &op, inside, NULL);
  GIVES(-EAGAIN, mailbox_cancel, mailbox, id);
  CHECK_EQ(ringline_close(ring, 0), 0);
  GIVES(RINGLINE_ECLOSED, mailbox_submit, mailbox, &op, 1, NULL);
  GIVES(RINGLINE_ECLOSED, mailbox_submit_with, mailbox, &op, inside, NULL);
  CHECK_EQ(ringline_free(ring), 0);
  GIVES(RINGLINE_ECLOSED, mailbox_wake, mailbox);
  GIVES(RINGLINE_ECLOSED, mailbox_post, mailbox, 1, 0);
  GIVES(RINGLINE_ECLOSED, mailbox_call, mailbox, inside, NULL);
  GIVES(RINGLINE_ECLOSED, mailbox_close, mailbox);
  GIVES(0, mailbox_release, mailbox);
}

static void check_runtime(void) {
  ringline_runtime *runtime = NULL;
  ringline_worker_block *block = NULL;
  ringline_runtime_config config;
  ringline_runtime_handlers handlers = {.size = sizeof handlers};
  char address[64];
  int32_t listener;
  struct sockaddr_in taken;
  int holder = make_listener(&taken);
  ringline_runtime_config_init(&config);
  config.workers = 1;
  CHECK_OK(ringline_runtime_create(&config, &runtime));
  snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(taken.sin_port));
  GIVES(-EADDRINUSE, runtime_listen, runtime, address, 0);
  GIVES(-EINVAL, runtime_listen, runtime, "nowhere", 0);
  listener = ringline_runtime_listen(runtime, "127.0.0.1:0", 0);
  CHECK_OK(listener);
  GIVES(0, runtime_listener_close, runtime, (uint32_t)listener);
  GIVES(RINGLINE_ESTALE, runtime_listener_close, runtime, (uint32_t)listener);
  GIVES(RINGLINE_ESTALE, runtime_port, runtime, (uint32_t)listener);
  GIVES(-EINVAL, worker_adopt, runtime, 7, &block);
  GIVES(RINGLINE_EWRONGTHREAD, worker_turn, runtime);
  GIVES(0, worker_adopt, runtime, 0, &block);
  GIVES(-EBUSY, worker_adopt, runtime, 0, &block);
  GIVES(0, runtime_start, runtime);
  GIVES(-EALREADY, runtime_start, runtime);
  GIVES(-EALREADY, runtime_set_handlers, runtime, &handlers);
  GIVES(0, runtime_join, runtime, 0);
  GIVES(0, runtime_stop, runtime, 0);
  GIVES(RINGLINE_ECLOSED, runtime_listen, runtime, "127.0.0.1:0", 0);
  block->timeout_ns = LIMIT;
  while (ringline_worker_turn(runtime) >= 0) {
  }
  GIVES(RINGLINE_EWRONGTHREAD, worker_turn, runtime);
  GIVES(RINGLINE_ECLOSED, worker_adopt, runtime, 0, &block);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  close(holder);
}

static void check_connection(void) {
  static char large[2 << 20];
  adopted own;
  ringline_runtime *rt;
  ringline_lease lease, none;
  ringline_event *event;
  struct iovec slices[1] = {{large, 1}};
  ringline_conn_timeouts odd = {.size = 3};
  uint64_t conn, timer, dialed;
  int peer, at, ends[2];
  memset(&lease, 0, sizeof lease);
  memset(&none, 0, sizeof none);
  adopt_worker(&own, NULL);
  rt = own.server.runtime;
  make_pipe(ends);
  peer = dial(&own.server.address);
  conn = told_of(&own, RINGLINE_EVENT_ACCEPT)->conn;
  GIVES(-ENODATA, conn_take, rt, conn, &lease);
  CHECK(send(peer, "x", 1, 0) == 1);
  event = told_of(&own, RINGLINE_EVENT_DATA);
  lease.size = 3;
  GIVES(-EINVAL, conn_take, rt, conn, &lease);
  GIVES(-EINVAL, worker_take, rt, event, &lease);
  lease.size = 0;
  GIVES(0, worker_take, rt, event, &lease);
  GIVES(-ENODATA, worker_take, rt, event, &none);
  GIVES(-ENODATA, conn_take, rt, conn, &none);
  GIVES(-EINVAL, conn_send_lease, rt, conn, lease.lease, large, 1);
  GIVES(RINGLINE_ESTALE, conn_send_lease, rt, conn, lease.lease + 1, lease.bytes, 1);
  GIVES(0, lease_release, lease.lease);
  GIVES(RINGLINE_ESTALE, lease_release, lease.lease);
  GIVES(-EMSGSIZE, conn_send, rt, conn, large, (size_t)2 << 30);
  GIVES(-EMSGSIZE, conn_send_zc, rt, conn, large, (size_t)2 << 30, 1);
  GIVES(-EINVAL, conn_sendv, rt, conn, slices, 100000);
  GIVES(-EINVAL, conn_send_file, rt, conn, ends[0], 0, 1, 1);
  GIVES(-EBADF, conn_send_file, rt, conn, 1000000, 0, 1, 1);
  GIVES(-EINVAL, conn_set_timeouts, rt, conn, &odd);
  GIVES(-EINVAL, conn_connect, rt, "nowhere", 0, 0, &dialed);
  GIVES(-EINVAL, conn_connect, rt, "127.0.0.1:1", UINT64_MAX, 0, &dialed);
  GIVES(-EINVAL, conn_close, rt, conn, 77);
  for (at = 0; at < 64 && ringline_conn_send(rt, conn, large, sizeof large) == 0; at++) {
  }
  GIVES(-EAGAIN, conn_send, rt, conn, large, 1);
  GIVES(-EAGAIN, conn_send_zc, rt, conn, large, 1, 1);
  GIVES(-EAGAIN, conn_sendv, rt, conn, slices, 1);
  GIVES(0, conn_shutdown, rt, conn);
  GIVES(RINGLINE_ECLOSED, conn_send, rt, conn, large, 1);
  GIVES(RINGLINE_ECLOSED, conn_sendv, rt, conn, slices, 1);
  GIVES(RINGLINE_ECLOSED, conn_send_file, rt, conn, ends[0], 0, 1, 1);
  GIVES(0, timer_start, rt, (uint64_t)SECOND, 0, 0, &timer);
  GIVES(0, timer_stop, rt, timer);
  GIVES(RINGLINE_ESTALE, timer_stop, rt, timer);
  close(peer);
  close_both(ends);
  CHECK_EQ(ringline_runtime_free(rt), 0);
}

int main(void) {
  harness_warm_threads(1);
  check_create();
  check_loop();
  check_submit();
  check_cancel();
  check_foreign();
  check_files();
  check_memory();
  check_mailbox();
  check_runtime();
  check_connection();
  CHECK_EQ(documented_missing, 0);
  return 0;
}
