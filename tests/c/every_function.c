/*
 * One table that calls every function of the header with NULL, stale, garbage and wrong-kind
 * handles, from a wrong thread and from a forked child, and expects the documented code.
 * Failure: a crash, a success on a handle that is none, a function that the table lacks, or a code
 * of which the header does not tell.
 */
#include "tools.h"

#include "documented.h"

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
static ringline_message message;
static ringline_completion no_lease, short_lease;

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

/* Mailboxes: the handle is the row's; on another thread than the owner's they are all legal. */
static ringline_mailbox *mailbox;
static uint64_t ids[2];

CALL(mailbox_of, ring, &mailbox)
CALL(ring_fd, ring)
CALL(prepare, ring, NULL)
CALL(set_eventfd, ring, -1)

#define MAIL(name, ...)                                      \
  static int64_t call_mailbox_##name(ringline_ring *handle) { \
    ringline_mailbox *mail = (ringline_mailbox *)handle;     \
    return ringline_mailbox_##name(__VA_ARGS__);             \
  }
MAIL(wake, mail)
MAIL(post, mail, 1, 1)
MAIL(submit, mail, &op, 1, ids)
MAIL(submit_with, mail, &op, nothing, NULL)
MAIL(call, mail, nothing, NULL)
MAIL(cancel, mail, 1)
MAIL(close, mail)
MAIL(retain, mail)
MAIL(release, mail)

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
    ROW(mailbox_of, WRONG), ROW(ring_fd, WRONG), ROW(prepare, WRONG), ROW(set_eventfd, WRONG),
    ROW(shared_block, WRONG), ROW(abandon, 0), /* the last row: the ring is gone after it */
};
enum { HANDLE_ROWS = sizeof handle_rows / sizeof *handle_rows };

#define MAIL_ROW(name, gone) {"ringline_mailbox_" #name, call_mailbox_##name, gone}

/* `elsewhere` is the answer when the ring is gone. */
static const handle_row mail_rows[] = {
    MAIL_ROW(wake, RINGLINE_ECLOSED),   MAIL_ROW(post, RINGLINE_ECLOSED),
    MAIL_ROW(submit, RINGLINE_ECLOSED), MAIL_ROW(submit_with, RINGLINE_ECLOSED),
    MAIL_ROW(call, RINGLINE_ECLOSED),   MAIL_ROW(cancel, RINGLINE_ECLOSED),
    MAIL_ROW(close, RINGLINE_ECLOSED),  MAIL_ROW(retain, 0),
    MAIL_ROW(release, 0),               MAIL_ROW(release, 0),
};
enum { MAIL_ROWS = sizeof mail_rows / sizeof *mail_rows };

#include "every_runtime.inc"

/* Bad arguments on a good ring. */
typedef struct argument_row {
  const char *what;
  int64_t (*call)(ringline_ring *);
  int64_t expected;
} argument_row;

static ringline_config huge_config, odd_config;


#define JOIN(a, b) a##b
#define AT_LINE(line) JOIN(with_, line)
#define ARG(expected, name, ...)                        \
  static int64_t AT_LINE(__LINE__)(ringline_ring *ring) { \
    (void)ring;                                         \
    return ringline_##name(__VA_ARGS__);                \
  }
#include "every_argument.inc"
#undef ARG
#define ARG(expected, name, ...) {#name "(" #__VA_ARGS__ ")", AT_LINE(__LINE__), expected},
static const argument_row argument_rows[] = {
#include "every_argument.inc"
};
#undef ARG

#include "every_prep.inc"

/* In argument_rows, or with nothing that could be wrong: called in check_texts. */
static const char *const no_handle[] = {
    "ringline_lease_release_many",
    "ringline_lease_release",   "ringline_create",         "ringline_config_init",
    "ringline_check_abi",       "ringline_abi_layout",     "ringline_kernel_features",
    "ringline_has",             "ringline_op_supported",   "ringline_doctor",
    "ringline_to_errno",        "ringline_version",        "ringline_version_string",
    "ringline_abi",             "ringline_strerror",       "ringline_error_name",
    "ringline_error_detail",    "ringline_set_log",        "ringline_recvmsg_out",
    "ringline_runtime_create",  "ringline_runtime_config_init",
    "ringline_tls_server_create", "ringline_tls_client_create", "ringline_tls_free",
};
enum { NO_HANDLE = sizeof no_handle / sizeof *no_handle };

static int is_in_table(const char *name) {
  int at;
  for (at = 0; at < HANDLE_ROWS; at++)
    if (strcmp(handle_rows[at].name, name) == 0) return 1;
  for (at = 0; at < MAIL_ROWS; at++)
    if (strcmp(mail_rows[at].name, name) == 0) return 1;
  for (at = 0; at < RUN_ROWS; at++)
    if (strcmp(run_rows[at].name, name) == 0) return 1;
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
  /* release is there twice */
  CHECK_EQ(count, HANDLE_ROWS + MAIL_ROWS - 1 + RUN_ROWS + PREP_ROWS + NO_HANDLE);
}

/* `name` is that of a function, with or without its prefix and arguments. */
static void expect(const char *name, const char *how, int64_t got, int64_t expected) {
  char whole[64];
  int prefixed = strncmp(name, "ringline_", 9) == 0;
  snprintf(whole, sizeof whole, "%s%.*s", prefixed ? "" : "ringline_", (int)strcspn(name, "("),
           name);
  documented_check(whole, got);
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
  /* A mailbox is no ring, and a ring is no mailbox. */
  for (row = 0; row < HANDLE_ROWS; row++)
    expect(handle_rows[row].name, "a mailbox", handle_rows[row].call((ringline_ring *)mailbox),
           RINGLINE_ESTALE);
  for (row = 0; row < MAIL_ROWS; row++)
    expect(mail_rows[row].name, "a ring", mail_rows[row].call(ring), RINGLINE_ESTALE);
  for (row = 0; row < RUN_ROWS; row++) {
    expect(run_rows[row].name, "a ring", run_rows[row].call(ring), RINGLINE_ESTALE);
    expect(run_rows[row].name, "a mailbox", run_rows[row].call((ringline_ring *)mailbox),
           RINGLINE_ESTALE);
  }
  for (row = 0; row < HANDLE_ROWS; row++)
    expect(handle_rows[row].name, "a runtime", handle_rows[row].call((ringline_ring *)runtime),
           RINGLINE_ESTALE);
  for (row = 0; row < MAIL_ROWS; row++)
    expect(mail_rows[row].name, "a runtime", mail_rows[row].call((ringline_ring *)runtime),
           RINGLINE_ESTALE);
  for (at = 0; at < sizeof bad / sizeof *bad; at++)
    for (row = 0; row < RUN_ROWS; row++)
      expect(run_rows[row].name, bad[at].how,
             run_rows[row].call((ringline_ring *)(uintptr_t)bad[at].handle), RINGLINE_ESTALE);
  for (at = 0; at < sizeof bad / sizeof *bad; at++)
    for (row = 0; row < MAIL_ROWS; row++)
      expect(mail_rows[row].name, bad[at].how,
             mail_rows[row].call((ringline_ring *)(uintptr_t)bad[at].handle), RINGLINE_ESTALE);
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
  for (row = 0; row < MAIL_ROWS; row++)
    expect(mail_rows[row].name, "a parent's mailbox",
           mail_rows[row].call((ringline_ring *)mailbox), RINGLINE_EFORKED);
  for (row = 0; row < RUN_ROWS; row++)
    expect(run_rows[row].name, "a parent's runtime",
           run_rows[row].call((ringline_ring *)runtime), RINGLINE_EFORKED);
  return 0;
}

static void check_mail_of_a_freed_ring(void) {
  int row;
  for (row = 0; row < MAIL_ROWS; row++)
    expect(mail_rows[row].name, "a ring that is gone",
           mail_rows[row].call((ringline_ring *)mailbox), mail_rows[row].elsewhere);
  expect("ringline_mailbox_release", "a released mailbox", ringline_mailbox_release(mailbox),
         RINGLINE_ESTALE);
}

static void check_runtime(void) {
  int row;
  for (row = 0; row < RUN_ROWS; row++)
    expect(run_rows[row].name, "a thread that is no worker",
           run_rows[row].call((ringline_ring *)runtime), run_rows[row].elsewhere);
  for (row = 0; row < RUN_ROWS; row++)
    expect(run_rows[row].name, "a freed runtime", run_rows[row].call((ringline_ring *)runtime),
           RINGLINE_ESTALE);
}

/* Wrong arguments of what only a worker may call. */
static void check_on_a_worker(void) {
  ringline_runtime *rt;
  CHECK_OK(ringline_runtime_create(NULL, &rt));
  CHECK_OK(ringline_worker_adopt(rt, 0, &worker_block));
  odd_process.size = 3;
  process.size = odd_stream.size = no_program.size = no_argv.size = sizeof process;
  process.argv = odd_stream.argv = (uint64_t)(uintptr_t)program;
  odd_stream.stdout_is = 3;
  no_program.argv = (uint64_t)(uintptr_t)nothing_to_run;
  expect("timer_start", "no out", ringline_timer_start(rt, 0, 0, 0, NULL), RINGLINE_ENULL);
  expect("timer_stop", "garbage", ringline_timer_stop(rt, ~0ull), RINGLINE_ESTALE);
  expect("resolve", "nothing", ringline_resolve(rt, NULL, NULL, 0), RINGLINE_ENULL);
  expect("process_spawn", "NULL", ringline_process_spawn(rt, NULL, 0, &number), RINGLINE_ENULL);
  expect("process_spawn", "no out", ringline_process_spawn(rt, &process, 0, NULL), RINGLINE_ENULL);
  expect("process_spawn", "odd", ringline_process_spawn(rt, &odd_process, 0, &number), -EINVAL);
  expect("process_spawn", "stream", ringline_process_spawn(rt, &odd_stream, 0, &number), -EINVAL);
  expect("process_spawn", "empty", ringline_process_spawn(rt, &no_program, 0, &number), -EINVAL);
  expect("process_spawn", "argv", ringline_process_spawn(rt, &no_argv, 0, &number),
         RINGLINE_ENULL);
  expect("process_kill", "garbage", ringline_process_kill(rt, ~0ull, 9), RINGLINE_ESTALE);
  expect("signal_watch", "0", ringline_signal_watch(rt, 0), -EINVAL);
  expect("signal_watch", "-1", ringline_signal_watch(rt, -1), -EINVAL);
  expect("signal_watch", "65", ringline_signal_watch(rt, 65), -EINVAL);
  expect("signal_watch", "SIGKILL", ringline_signal_watch(rt, 9), -EINVAL);
  expect("signal_unwatch", "10", ringline_signal_unwatch(rt, 10), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_free(rt), 0);
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
  ringline_abi_field fields[512];
  int32_t code, count = ringline_abi_layout(NULL, 0);
  char report[64];
  CHECK(ringline_version() == (RINGLINE_VERSION_MAJOR << 16 | RINGLINE_VERSION_MINOR << 8 |
                               RINGLINE_VERSION_PATCH));
  CHECK(strlen(ringline_version_string()) >= 5);
  CHECK_EQ(ringline_abi(), RINGLINE_ABI);
  CHECK(count > 0 && count <= 512);
  CHECK_EQ(ringline_abi_layout(fields, 512), count);
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
  documented_header(); /* stays mapped */
  harness_warm_threads(1);
  null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  CHECK_OK(ringline_runtime_create(NULL, &runtime)); /* the stacks of its threads stay mapped */
  CHECK_OK(ringline_runtime_start(runtime));
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  harness_baseline();
  check_texts();
  check_preps();
  huge_config.size = sizeof huge_config;
  huge_config.sq_entries = 0x80000000;
  odd_config.size = 3;
  short_lease.flags = RINGLINE_CF_LEASE;
  short_lease.data = 1;
  short_lease.res = 31;
  freed = make_ring();
  CHECK_EQ(ringline_free(freed), 0);
  ring = make_ring();
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_pool_create(ring, 4, 64, 0), 0);
  lease = take_lease(ring, 0);
  memset(&op, 0, sizeof op);
  tokens[0] = submit_one(ring, &op, 1);
  CHECK_EQ(next_completion(ring).user_data, 1);
  CHECK_EQ(ringline_mailbox_of(ring, &mailbox), 0);
  make_odd();
  CHECK_OK(ringline_runtime_create(NULL, &runtime));
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
  CHECK_EQ(documented_missing, 0);
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
  check_mail_of_a_freed_ring();
  check_on_a_worker();
  check_runtime();
  harness_check_baseline();
  return 0;
}
