/*
 * RLIMIT_NOFILE and RLIMIT_MEMLOCK are too small for tables and regions, and features are missing.
 * Failure: another code than the documented one, an error that does not name what is in the way, a
 * ring that no longer works, a multishot direct accept without the slots in reserve that it needs.
 */
#include "tools.h"

#include <sys/resource.h>

static void limit(int what, rlim_t to) {
  struct rlimit limits;
  limits.rlim_cur = limits.rlim_max = to;
  CHECK(setrlimit(what, &limits) == 0);
}

static void check_works(ringline_ring *ring) {
  ringline_op op;
  ringline_prep_nop(&op);
  CHECK_EQ(do_op(ring, &op).res, 0);
}

static int few_files(void *ctx) {
  ringline_ring *ring = make_ring();
  ringline_op op;
  (void)ctx;
  limit(RLIMIT_NOFILE, 64);
  CHECK_EQ(ringline_files_reserve(ring, 1000, 0, 0), -EMFILE);
  CHECK(strstr(ringline_error_detail(), "RLIMIT_NOFILE"));
  CHECK_EQ(ringline_files_reserve(ring, 8, 8, 0), 0);
  ringline_prep_accept_multishot(&op, 0, NULL, NULL, 0);
  op.file_index = RINGLINE_FILE_INDEX_ALLOC;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EMFILE);
  CHECK(strstr(ringline_error_detail(), "RLIMIT_NOFILE"));
  ringline_prep_openat(&op, AT_FDCWD, "/dev/null", O_RDONLY, 0);
  op.file_index = RINGLINE_FILE_INDEX_ALLOC;
  CHECK_EQ(do_op(ring, &op).res, 8);
  check_works(ring);
  CHECK_EQ(ringline_free(ring), 0);
  return 0;
}

static int little_memory(void *ctx) {
  static unsigned char mine[1 << 20];
  ringline_ring *ring;
  ringline_config config;
  void *address;
  int region;
  (void)ctx;
  limit(RLIMIT_MEMLOCK, 256 * 1024);
  if (setuid(65534) != 0) return 77;
  memset(&config, 0, sizeof config);
  config.sq_entries = 8;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_EQ(ringline_region_alloc(ring, 1 << 20, 0, &address), -ENOMEM);
  CHECK(strstr(ringline_error_detail(), "RLIMIT_MEMLOCK"));
  CHECK_EQ(ringline_region_register(ring, mine, sizeof mine), -ENOMEM);
  region = ringline_region_alloc(ring, 4096, 0, &address);
  CHECK_EQ(region, 0); /* the attempts took no place */
  check_works(ring);
  CHECK_EQ(ringline_free(ring), 0);
  return 0;
}

static HARNESS_UNUSED int no_address_space(void *ctx) {
  ringline_ring *ring = make_ring();
  (void)ctx;
  check_works(ring);
  limit(RLIMIT_AS, 1);
  CHECK_EQ(ringline_pool_create(ring, 1024, 1 << 16, 0), -ENOMEM);
  CHECK_EQ(ringline_pool_create(ring, 8, 1 << 18, RINGLINE_POOL_HUGE), -ENOMEM);
  CHECK_EQ(ringline_files_reserve(ring, 4096, 0, 0), -ENOMEM);
  check_works(ring);
  CHECK_EQ(ringline_free(ring), 0);
  return 0;
}

static void check_missing(uint64_t feature, const char *name) {
  ringline_config config;
  ringline_ring *ring;
  void *address;
  int32_t code = 0;
  memset(&config, 0, sizeof config);
  config.size = (uint32_t)sizeof config;
  config.disable = feature;
  CHECK_OK(ringline_create(&config, &ring));
  if (feature == RINGLINE_FEATURE_POOL_INCREMENTAL)
    code = ringline_pool_create(ring, 1, 64, RINGLINE_POOL_INCREMENTAL);
  if (feature == RINGLINE_FEATURE_FIXED_BUFFERS)
    code = ringline_region_alloc(ring, 4096, 0, &address);
  if (feature == RINGLINE_FEATURE_FILE_TABLE) code = ringline_files_reserve(ring, 1, 0, 0);
  if (feature == RINGLINE_FEATURE_FD_INSTALL) {
    CHECK_OK(ringline_attach(ring));
    CHECK_EQ(ringline_files_reserve(ring, 1, 0, 0), 0);
    CHECK_EQ(ringline_file_add(ring, 0), 0);
    CHECK_EQ(ringline_file_install(ring, 0, 0, 0), RINGLINE_ENOTSUP_KERNEL);
    CHECK(strstr(ringline_error_detail(), name));
    code = ringline_detach(ring);
    check_works(ring); /* it stays with its thread */
  }
  CHECK_EQ(code, RINGLINE_ENOTSUP_KERNEL);
  CHECK(strstr(ringline_error_detail(), name));
  CHECK_EQ(ringline_free(ring), 0);
}

int main(void) {
  int child;
  harness_baseline();
  CHECK_EQ(in_child(few_files, NULL), 0);
  child = in_child(little_memory, NULL);
  CHECK(child == 0 || child == 77);
#ifndef HARNESS_SANITIZED /* it needs address space of its own */
  CHECK_EQ(in_child(no_address_space, NULL), 0);
#endif
  check_missing(RINGLINE_FEATURE_POOL_INCREMENTAL, "pool_incremental");
  check_missing(RINGLINE_FEATURE_FIXED_BUFFERS, "fixed_buffers");
  check_missing(RINGLINE_FEATURE_FILE_TABLE, "file_table");
  check_missing(RINGLINE_FEATURE_FD_INSTALL, "fd_install");
  harness_check_baseline();
  return 0;
}
