/*
 * One table that calls every function of the header with NULL, stale, garbage and wrong-kind
 * handles, from a wrong thread and from a forked child, and expects the documented code.
 * Failure: a crash, a success on a handle that is none, or a function that the table lacks.
 */
#include "tools.h"

/* What the table calls functions with; valid apart from what a row is about. */
static ringline_ring *other_thread_ring;
static ringline_op op, ops[2];
static uint64_t tokens[2], number;
static ringline_info info;
static ringline_stats stats;
static ringline_pool_info pool_info;
static uint32_t workers[2];
static int null_fd;
static ringline_region_info region_info;
static unsigned char memory[4096];
static void *address;
static int32_t fds[2];
static uint32_t slots[2];

static void nothing(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring, (void)completion;
}

typedef struct handle_row {
  const char *name;
  int64_t (*call)(ringline_ring *);
  int64_t elsewhere; /* answer on another thread than the owner's */
} handle_row;

#define CALL(name, ...) \
  static int64_t call_##name(ringline_ring *ring) { return ringline_##name(__VA_ARGS__); }

CALL(attach, ring)
CALL(detach, ring)
CALL(info_of, ring, &info)
CALL(close, ring, 0)
CALL(free, ring)
CALL(abandon, ring)
CALL(state, ring)
CALL(inflight, ring)
CALL(set_user, ring, 1)
CALL(user, ring, &number)
CALL(turn, ring)
CALL(submit, ring, &op, 1, tokens, 0)
CALL(submit_with, ring, &op, nothing, NULL)
CALL(flush, ring)
CALL(sq_space, ring)
CALL(pending, ring)
CALL(run_once, ring, 0, 0)
CALL(run, ring)
CALL(stop, ring)
CALL(cancel, ring, 1)
CALL(cancel_many, ring, tokens, 1)
CALL(cancel_fd, ring, 0)
CALL(cancel_all, ring)
CALL(cancel_sync, ring, 1, 0)
CALL(pool_create, ring, 2, 64, 0)
CALL(pool_destroy, ring, 0)
CALL(pool_info_of, ring, 0, &pool_info)
CALL(stats_of, ring, &stats)
CALL(dump, ring, null_fd)
CALL(napi, ring, 0, 0)
CALL(iowq_workers, ring, &workers[0], &workers[1])
CALL(iowq_affinity, ring, NULL, 0)
CALL(spin_us, ring, 0)

/* Any thread may: a length, which the rows compare as 1. */
#define PROMETHEUS_LENGTH 1

static int64_t call_stats_prometheus(ringline_ring *ring) {
  int32_t length = ringline_stats_prometheus(ring, NULL, 0);
  return length > 1000 ? PROMETHEUS_LENGTH : length;
}
CALL(pool_set_low_water, ring, 0, 1, 2)
CALL(lease_count, ring)
CALL(region_alloc, ring, 4096, 0, &address)
CALL(region_register, ring, memory, sizeof memory)
CALL(region_release, ring, 0)
CALL(region_info_of, ring, 0, &region_info)
CALL(region_cut, ring, 0, 64)
CALL(buf_take, ring, 0, &address)
CALL(buf_put, ring, 1)
CALL(files_reserve, ring, 4, 4, 0)
CALL(file_add, ring, 0)
CALL(file_add_many, ring, fds, 2, slots)
CALL(file_replace, ring, 0, 0)
CALL(file_remove, ring, 0)
CALL(file_install, ring, 0, 0, 1)

static int64_t call_shared_block(ringline_ring *ring) {
  if (ringline_shared_block(ring)) return 0;
  CHECK(strlen(ringline_error_detail()) > 0);
  return strstr(ringline_error_detail(), "thread") ? RINGLINE_EWRONGTHREAD
         : strstr(ringline_error_detail(), "fork") ? RINGLINE_EFORKED
                                                   : RINGLINE_ESTALE;
}

#define WRONG RINGLINE_EWRONGTHREAD
#define ROW(name, elsewhere) {"ringline_" #name, call_##name, elsewhere}

static const handle_row handle_rows[] = {
    ROW(attach, WRONG),       ROW(detach, WRONG),       ROW(info_of, WRONG),
    ROW(close, WRONG),        ROW(free, WRONG),         ROW(state, WRONG),
    ROW(inflight, WRONG),     ROW(set_user, WRONG),     ROW(user, WRONG),
    ROW(turn, WRONG),         ROW(submit, WRONG),       ROW(submit_with, WRONG),
    ROW(flush, WRONG),        ROW(sq_space, WRONG),     ROW(pending, WRONG),
    ROW(run_once, WRONG),     ROW(run, WRONG),          ROW(stop, 0),
    ROW(cancel, WRONG),       ROW(cancel_many, WRONG),  ROW(cancel_fd, WRONG),
    ROW(cancel_all, WRONG),   ROW(cancel_sync, WRONG),  ROW(pool_create, WRONG),
    ROW(pool_destroy, WRONG), ROW(pool_info_of, WRONG), ROW(stats_of, 0),
    ROW(dump, WRONG),         ROW(napi, WRONG),         ROW(iowq_workers, WRONG),
    ROW(spin_us, WRONG),      ROW(iowq_affinity, WRONG),
    ROW(stats_prometheus, PROMETHEUS_LENGTH),
    ROW(pool_set_low_water, WRONG), ROW(lease_count, WRONG),
    ROW(region_alloc, WRONG), ROW(region_register, WRONG), ROW(region_release, WRONG),
    ROW(region_info_of, WRONG), ROW(region_cut, WRONG), ROW(buf_take, WRONG),
    ROW(buf_put, WRONG), ROW(files_reserve, WRONG), ROW(file_add, WRONG),
    ROW(file_add_many, WRONG), ROW(file_replace, WRONG), ROW(file_remove, WRONG),
    ROW(file_install, WRONG),
    ROW(shared_block, WRONG), ROW(abandon, 0), /* the last row: the ring is gone after it */
};
enum { HANDLE_ROWS = sizeof handle_rows / sizeof *handle_rows };

/* Bad arguments on a good ring. */
typedef struct argument_row {
  const char *what;
  int64_t (*call)(ringline_ring *);
  int64_t expected;
} argument_row;

#define WITH(id, name, ...) \
  static int64_t with_##id(ringline_ring *ring) { (void)ring; return ringline_##name(__VA_ARGS__); }

static ringline_config huge_config, odd_config;

WITH(1, info_of, ring, NULL)
WITH(2, user, ring, NULL)
WITH(3, submit, ring, NULL, 1, NULL, 0)
WITH(4, submit, ring, &op, 1, NULL, 1)
WITH(5, submit, ring, NULL, 0, NULL, 0)
WITH(6, submit_with, ring, NULL, nothing, NULL)
WITH(7, submit_with, ring, &op, NULL, NULL)
WITH(8, cancel, ring, 0)
WITH(9, cancel, ring, UINT64_MAX)
WITH(10, cancel_many, ring, NULL, 1)
WITH(11, cancel_many, ring, NULL, 0)
WITH(12, cancel_fd, ring, -1)
WITH(13, cancel_sync, ring, 0xdeadbeef, 0)
WITH(14, pool_create, ring, 3, 64, 0)
WITH(15, pool_create, ring, 0, 64, 0)
WITH(16, pool_create, ring, 65536, 64, 0)
WITH(17, pool_create, ring, 2, 0, 0)
WITH(18, pool_create, ring, 2, 0xffffffff, 0)
WITH(19, pool_create, ring, 2, 64, 4)
WITH(20, pool_destroy, ring, -1)
WITH(21, pool_destroy, ring, 70000)
WITH(22, pool_info_of, ring, 0, NULL)
WITH(23, pool_info_of, ring, 5, &pool_info)
WITH(24, stats_of, ring, NULL)
WITH(25, lease_release, 0)
WITH(26, lease_release, UINT64_MAX)
WITH(27, lease_release, (uint64_t)(uintptr_t)ring)
WITH(28, create, NULL, NULL)
WITH(29, create, &huge_config, &other_thread_ring)
WITH(30, create, &odd_config, &other_thread_ring)
WITH(31, config_init, NULL)
WITH(32, check_abi, RINGLINE_ABI + 1, 64, 32, 128)
WITH(33, check_abi, RINGLINE_ABI, 60, 32, 128)
WITH(34, check_abi, RINGLINE_ABI, 64, 32, 128)
WITH(35, abi_layout, NULL, 1)
WITH(36, kernel_features, NULL)
WITH(37, has, NULL)
WITH(38, has, "no such feature")
WITH(39, op_supported, 255)
WITH(40, op_supported, RINGLINE_LIB_CLOSE)
WITH(41, doctor, NULL, 1)
WITH(42, to_errno, 12)
WITH(43, to_errno, -EPIPE)
WITH(44, to_errno, RINGLINE_ESTALE)
WITH(45, stats_prometheus, ring, NULL, 1)
WITH(46, dump, ring, -1)
WITH(47, iowq_workers, ring, NULL, &workers[0])
WITH(48, iowq_workers, ring, &workers[0], NULL)
WITH(49, iowq_affinity, ring, NULL, 8)
WITH(50, iowq_affinity, ring, (const uint8_t *)&op, 8193)
WITH(51, spin_us, ring, 0xffffffff)
WITH(52, set_log, NULL, NULL, 5)
WITH(53, set_log, NULL, NULL, 4)
WITH(54, pool_create, ring, 1024, 1 << 20, RINGLINE_POOL_INCREMENTAL)
WITH(55, pool_set_low_water, ring, 5, 1, 0)
WITH(56, pool_set_low_water, ring, 0, 5, 0)
WITH(57, lease_release_many, NULL, 1)
WITH(58, lease_release_many, NULL, 0)
WITH(59, region_alloc, ring, 0, 0, &address)
WITH(60, region_alloc, ring, UINT64_MAX, 0, &address)
WITH(61, region_alloc, ring, 4096, 2, &address)
WITH(62, region_alloc, ring, 4096, 0, NULL)
WITH(63, region_register, ring, NULL, 4096)
WITH(64, region_register, ring, memory, 0)
WITH(65, region_register, ring, (void *)(uintptr_t)4096, 4096)
WITH(66, region_release, ring, 0)
WITH(67, region_release, ring, -1)
WITH(68, region_info_of, ring, 70000, &region_info)
WITH(69, region_info_of, ring, 0, NULL)
WITH(70, region_cut, ring, 0, 64)
WITH(71, buf_take, ring, 0, NULL)
WITH(72, buf_take, ring, 0, &address)
WITH(73, buf_put, ring, -1)
WITH(74, buf_put, ring, 0)
WITH(75, file_add, ring, 0)
WITH(76, files_reserve, ring, 0, 0, 0)
WITH(77, files_reserve, ring, 0xffffffff, 0xffffffff, 0)
WITH(78, files_reserve, ring, 4, 0, 1)
WITH(79, files_reserve, ring, 1, 0, 0)
WITH(80, files_reserve, ring, 1, 0, 0)
WITH(81, file_add, ring, -1)
WITH(82, file_add, ring, 12345)
WITH(83, file_add_many, ring, NULL, 1, slots)
WITH(84, file_add_many, ring, fds, 1, NULL)
WITH(85, file_add_many, ring, NULL, 0, NULL)
WITH(86, file_add, ring, 0)
WITH(87, file_add, ring, 0)
WITH(88, file_replace, ring, 1, 0)
WITH(89, file_replace, ring, 0, -1)
WITH(90, file_replace, ring, 0, 12345)
WITH(91, file_remove, ring, -1)
WITH(92, file_remove, ring, 0)
WITH(93, file_remove, ring, 0)
WITH(94, file_install, ring, 0, 2, 0)
WITH(95, file_install, ring, 0, 0, 0)

#define BAD(id, expected) {"argument row " #id, with_##id, expected}

static const argument_row argument_rows[] = {
    BAD(1, RINGLINE_ENULL),   BAD(2, RINGLINE_ENULL),   BAD(3, RINGLINE_ENULL),
    BAD(4, -EINVAL),          BAD(5, 0),                BAD(6, RINGLINE_ENULL),
    BAD(7, RINGLINE_ENULL),   BAD(8, RINGLINE_ESTALE),  BAD(9, RINGLINE_ESTALE),
    BAD(10, RINGLINE_ENULL),  BAD(11, 0),               BAD(12, 0),
    BAD(13, RINGLINE_ESTALE), BAD(14, -EINVAL),         BAD(15, -EINVAL),
    BAD(16, -EINVAL),         BAD(17, -EINVAL),         BAD(18, -EINVAL),
    BAD(19, -EINVAL),         BAD(20, RINGLINE_ESTALE), BAD(21, RINGLINE_ESTALE),
    BAD(22, RINGLINE_ENULL),  BAD(23, RINGLINE_ESTALE), BAD(24, RINGLINE_ENULL),
    BAD(25, RINGLINE_ESTALE), BAD(26, RINGLINE_ESTALE), BAD(27, RINGLINE_ESTALE),
    BAD(28, RINGLINE_ENULL),  BAD(29, -EINVAL),         BAD(30, -EINVAL),
    BAD(31, RINGLINE_ENULL),  BAD(32, RINGLINE_EABI),   BAD(33, RINGLINE_EABI),
    BAD(34, 0),               BAD(35, RINGLINE_ENULL),  BAD(36, RINGLINE_ENULL),
    BAD(37, RINGLINE_ENULL),  BAD(38, -EINVAL),         BAD(39, 0),
    BAD(40, 1),               BAD(41, RINGLINE_ENULL),  BAD(42, 0),
    BAD(43, EPIPE),           BAD(44, EBADF),           BAD(45, RINGLINE_ENULL),
    BAD(46, -EBADF),          BAD(47, RINGLINE_ENULL),  BAD(48, RINGLINE_ENULL),
    BAD(49, RINGLINE_ENULL),  BAD(50, -EINVAL),         BAD(51, -EINVAL),
    BAD(52, -EINVAL),         BAD(53, 0),
    BAD(54, -EINVAL),
    BAD(55, RINGLINE_ESTALE), BAD(56, -EINVAL),         BAD(57, RINGLINE_ENULL),
    BAD(58, 0),               BAD(59, -EINVAL),         BAD(60, -EINVAL),
    BAD(61, -EINVAL),         BAD(62, RINGLINE_ENULL),  BAD(63, RINGLINE_ENULL),
    BAD(64, -EINVAL),         BAD(65, -EFAULT),         BAD(66, RINGLINE_ESTALE),
    BAD(67, RINGLINE_ESTALE), BAD(68, RINGLINE_ESTALE), BAD(69, RINGLINE_ENULL),
    BAD(70, RINGLINE_ESTALE), BAD(71, RINGLINE_ENULL),  BAD(72, RINGLINE_ESTALE),
    BAD(73, RINGLINE_ESTALE), BAD(74, RINGLINE_ESTALE), BAD(75, -ENXIO),
    BAD(76, -EINVAL),         BAD(77, -EINVAL),         BAD(78, -EINVAL),
    BAD(79, 0),               BAD(80, -EEXIST),         BAD(81, -EBADF),
    BAD(82, -EBADF),          BAD(83, RINGLINE_ENULL),  BAD(84, RINGLINE_ENULL),
    BAD(85, 0),               BAD(86, 0),               BAD(87, -ENFILE),
    BAD(88, RINGLINE_ESTALE), BAD(89, -EBADF),          BAD(90, -EBADF),
    BAD(91, RINGLINE_ESTALE), BAD(92, 0),               BAD(93, RINGLINE_ESTALE),
    BAD(94, -EINVAL),         BAD(95, RINGLINE_ESTALE),
};

/* Prep helpers: void, a NULL op is ignored, a given one is overwritten whole. */
typedef struct prep_row {
  const char *name;
  void (*call)(ringline_op *);
  int opcode; /* -1: changes an op, does not fill it */
} prep_row;

#define PREP(name, ...) \
  static void prep_##name(ringline_op *to) { ringline_prep_##name(__VA_ARGS__); }

PREP(nop, to)
PREP(read, to, 0, NULL, 0, 0)
PREP(write, to, 0, NULL, 0, 0)
PREP(openat, to, 0, NULL, 0, 0)
PREP(close, to, -1)
PREP(fsync, to, -1, 0)
PREP(poll_add, to, -1, 0)
PREP(poll_multishot, to, -1, 0)
PREP(poll_update, to, 0, 0, 0)
PREP(poll_remove, to, 0)
PREP(timeout, to, NULL, 0, 0)
PREP(timeout_update, to, 0, NULL, 0)
PREP(timeout_remove, to, 0)
PREP(cancel, to, 0)
PREP(timer, to, 0, 0)
PREP(lib_close, to, -1)
PREP(link, to, to ? 1 : 100)
PREP(socket, to, 0, 0, 0)
PREP(bind, to, -1, NULL, 0)
PREP(listen, to, -1, 0)
PREP(accept, to, -1, NULL, NULL, 0)
PREP(accept_multishot, to, -1, NULL, NULL, 0)
PREP(connect, to, -1, NULL, 0)
PREP(send, to, -1, NULL, 0, 0)
PREP(send_all, to, -1, NULL, 0, 0)
PREP(recv, to, -1, NULL, 0, 0)
PREP(recv_multishot, to, -1, -1, 0)
PREP(shutdown, to, -1, 0)
PREP(pool, to, -1)
PREP(quiet, to)

#define FILL(name, opcode) {"ringline_prep_" #name, prep_##name, opcode}

static const prep_row prep_rows[] = {
    FILL(nop, RINGLINE_OP_NOP), FILL(read, RINGLINE_OP_READ), FILL(write, RINGLINE_OP_WRITE),
    FILL(openat, RINGLINE_OP_OPENAT), FILL(close, RINGLINE_OP_CLOSE),
    FILL(fsync, RINGLINE_OP_FSYNC), FILL(poll_add, RINGLINE_OP_POLL_ADD),
    FILL(poll_multishot, RINGLINE_OP_POLL_ADD), FILL(poll_update, RINGLINE_OP_POLL_REMOVE),
    FILL(poll_remove, RINGLINE_OP_POLL_REMOVE), FILL(timeout, RINGLINE_OP_TIMEOUT),
    FILL(timeout_update, RINGLINE_OP_TIMEOUT_REMOVE),
    FILL(timeout_remove, RINGLINE_OP_TIMEOUT_REMOVE), FILL(cancel, RINGLINE_OP_ASYNC_CANCEL),
    FILL(timer, RINGLINE_LIB_TIMER), FILL(lib_close, RINGLINE_LIB_CLOSE), FILL(link, -1),
    FILL(socket, RINGLINE_OP_SOCKET), FILL(bind, RINGLINE_OP_BIND),
    FILL(listen, RINGLINE_OP_LISTEN), FILL(accept, RINGLINE_OP_ACCEPT),
    FILL(accept_multishot, RINGLINE_OP_ACCEPT), FILL(connect, RINGLINE_OP_CONNECT),
    FILL(send, RINGLINE_OP_SEND), FILL(send_all, RINGLINE_LIB_SEND_ALL),
    FILL(recv, RINGLINE_OP_RECV), FILL(recv_multishot, RINGLINE_OP_RECV),
    FILL(shutdown, RINGLINE_OP_SHUTDOWN), FILL(pool, -1), FILL(quiet, -1),
};
enum { PREP_ROWS = sizeof prep_rows / sizeof *prep_rows };

/* In argument_rows, or with nothing that could be wrong: called in check_texts. */
static const char *const no_handle[] = {
    "ringline_lease_release_many",
    "ringline_lease_release",   "ringline_create",         "ringline_config_init",
    "ringline_check_abi",       "ringline_abi_layout",     "ringline_kernel_features",
    "ringline_has",             "ringline_op_supported",   "ringline_doctor",
    "ringline_to_errno",        "ringline_version",        "ringline_version_string",
    "ringline_abi",             "ringline_strerror",       "ringline_error_name",
    "ringline_error_detail",    "ringline_set_log",
};
enum { NO_HANDLE = sizeof no_handle / sizeof *no_handle };

static int is_in_table(const char *name) {
  int at;
  for (at = 0; at < HANDLE_ROWS; at++)
    if (strcmp(handle_rows[at].name, name) == 0) return 1;
  for (at = 0; at < PREP_ROWS; at++)
    if (strcmp(prep_rows[at].name, name) == 0) return 1;
  for (at = 0; at < NO_HANDLE; at++)
    if (strcmp(no_handle[at], name) == 0) return 1;
  return 0;
}

static void check_complete(void) {
  char path[4096], line[256];
  const char *slash = strrchr(__FILE__, '/');
  int count = 0;
  FILE *symbols;
  snprintf(path, sizeof path, "%.*s../../abi/symbols.txt",
           slash ? (int)(slash - __FILE__ + 1) : 0, __FILE__);
  symbols = fopen(path, "r");
  if (!symbols) HARNESS_FAIL("cannot open %s", path);
  while (fgets(line, sizeof line, symbols)) {
    line[strcspn(line, "\n")] = 0;
    if (!is_in_table(line)) HARNESS_FAIL("%s is not in the table", line);
    count++;
  }
  fclose(symbols);
  CHECK_EQ(count, HANDLE_ROWS + PREP_ROWS + NO_HANDLE);
}

static void expect(const char *name, const char *how, int64_t got, int64_t expected) {
  if (got != expected)
    HARNESS_FAIL("%s with %s is %lld (%s), expected %s", name, how, (long long)got,
                 harness_name(got), harness_name(expected));
}

static void check_bad_handles(ringline_ring *ring, ringline_ring *freed, uint64_t lease) {
  struct {
    const char *how;
    uint64_t handle;
  } bad[] = {
      {"NULL", 0},
      {"1", 1},
      {"0xdeadbeef", 0xdeadbeef},
      {"all ones", UINT64_MAX},
      {"a freed handle", (uint64_t)(uintptr_t)freed},
      {"another kind", (uint64_t)(uintptr_t)ring ^ 3ull << 56},
      {"another generation", (uint64_t)(uintptr_t)ring + (1ull << 16)},
      {"a token", tokens[0]},
      {"a lease", lease},
      {"an address", (uint64_t)(uintptr_t)ringline_shared_block(ring)},
  };
  size_t at;
  int row;
  for (at = 0; at < sizeof bad / sizeof *bad; at++)
    for (row = 0; row < HANDLE_ROWS; row++)
      expect(handle_rows[row].name, bad[at].how,
             handle_rows[row].call((ringline_ring *)(uintptr_t)bad[at].handle), RINGLINE_ESTALE);
}

static void *elsewhere(void *ctx) {
  int row;
  (void)ctx;
  for (row = 0; row < HANDLE_ROWS; row++)
    expect(handle_rows[row].name, "a wrong thread", handle_rows[row].call(other_thread_ring),
           handle_rows[row].elsewhere);
  return NULL;
}

static int forked(void *ring) {
  int row;
  for (row = 0; row < HANDLE_ROWS; row++)
    expect(handle_rows[row].name, "a parent's ring", handle_rows[row].call((ringline_ring *)ring),
           RINGLINE_EFORKED);
  return 0;
}

static void check_preps(void) {
  int row;
  for (row = 0; row < PREP_ROWS; row++) {
    ringline_op filled;
    prep_rows[row].call(NULL);
    memset(&filled, prep_rows[row].opcode < 0 ? 0 : 0xff, sizeof filled);
    prep_rows[row].call(&filled);
    if (prep_rows[row].opcode < 0) continue;
    expect(prep_rows[row].name, "its opcode", filled.opcode, prep_rows[row].opcode);
    expect(prep_rows[row].name, "user_data", (int64_t)filled.user_data, 0);
    expect(prep_rows[row].name, "addr3 and ext", (int64_t)(filled.addr3 | filled.ext), 0);
  }
}

static void check_texts(void) {
  ringline_abi_field fields[256];
  int32_t code, count = ringline_abi_layout(NULL, 0);
  char report[64];
  CHECK(ringline_version() == (RINGLINE_VERSION_MAJOR << 16 | RINGLINE_VERSION_MINOR << 8 |
                               RINGLINE_VERSION_PATCH));
  CHECK(strlen(ringline_version_string()) >= 5);
  CHECK_EQ(ringline_abi(), RINGLINE_ABI);
  CHECK(count > 0 && count <= 256);
  CHECK_EQ(ringline_abi_layout(fields, 256), count);
  CHECK(ringline_doctor(NULL, 0) > 0);
  memset(report, 'x', sizeof report);
  CHECK(ringline_doctor(report, 32) > 0);
  CHECK(strlen(report) == 31 && report[32] == 'x');
  for (code = -5000; code < 10; code++) {
    CHECK(ringline_strerror(code) && *ringline_strerror(code));
    CHECK(ringline_error_name(code) && *ringline_error_name(code));
    CHECK(ringline_to_errno(code) >= 0);
    CHECK_EQ(ringline_to_errno(code) == 0, code >= 0);
  }
  CHECK(strcmp(ringline_error_name(RINGLINE_ESTALE), "RINGLINE_ESTALE") == 0);
  CHECK(strcmp(ringline_error_name(-EAGAIN), "EAGAIN") == 0);
  CHECK(ringline_strerror(INT32_MIN) && ringline_strerror(INT32_MAX));
  CHECK(ringline_error_detail() != NULL);
}

static uint64_t take_lease(ringline_ring *ring, int pool) {
  int ends[2];
  ringline_completion completion;
  make_pair(ends);
  CHECK(send(ends[1], "x", 1, 0) == 1);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  completion = do_op(ring, &op);
  CHECK(completion.flags & RINGLINE_CF_LEASE);
  close_both(ends);
  return completion.token;
}

int main(void) {
  ringline_ring *ring, *freed;
  ringline_shared *shared;
  pthread_t thread;
  uint64_t lease;
  size_t row;
  check_complete();
  harness_warm_threads(1);
  null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  harness_baseline();
  check_texts();
  check_preps();
  huge_config.size = sizeof huge_config;
  huge_config.sq_entries = 0x80000000;
  odd_config.size = 3;
  freed = make_ring();
  CHECK_EQ(ringline_free(freed), 0);
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_pool_create(ring, 4, 64, 0), 0);
  lease = take_lease(ring, 0);
  memset(&op, 0, sizeof op);
  tokens[0] = submit_one(ring, &op, 1);
  CHECK_EQ(next_completion(ring).user_data, 1);
  check_bad_handles(ring, freed, lease);
  for (row = 0; row < sizeof argument_rows / sizeof *argument_rows; row++)
    expect(argument_rows[row].what, "a good ring", argument_rows[row].call(ring),
           argument_rows[row].expected);
  other_thread_ring = make_ring();
  CHECK_OK(ringline_attach(other_thread_ring));
  CHECK(pthread_create(&thread, NULL, elsewhere, NULL) == 0);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_turn(other_thread_ring), RINGLINE_ECLOSED); /* abandoned: freed by its owner */
  CHECK_EQ(ringline_turn(other_thread_ring), RINGLINE_ESTALE);
  CHECK_EQ(in_child(forked, ring), 0);
  /* Nothing of all that changed the good ring. */
  shared = ringline_shared_block(ring);
  CHECK_EQ(ringline_inflight(ring), 0);
  CHECK_EQ(ringline_pending(ring), 0);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(shared->leases_out, 1);
  CHECK_EQ(ringline_lease_release(lease), 0);
  CHECK_EQ(ringline_set_user(ring, 99), 0);
  CHECK_EQ(ringline_user(ring, &number), 0);
  CHECK_EQ(number, 99);
  memset(ops, 0, sizeof ops);
  CHECK_EQ(ringline_submit(ring, ops, 2, NULL, 0), 2);
  CHECK_EQ(turn_for(ring, 2, LIMIT), 2);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
