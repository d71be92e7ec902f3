/*
 * What the programs about single operations share: a ring in a thread of its own, whose end takes
 * the kernel's worker threads with it, a folder that is gone afterwards, and collecting completions
 * by user_data while several operations are in flight.
 */
#ifndef RINGLINE_TEST_OPS_H
#define RINGLINE_TEST_OPS_H

#include "tools.h"

#include <sys/stat.h>

enum { OPS_KEPT = 64 };

static ringline_ring *ops_ring;
static char ops_folder[256];
static ringline_completion ops_kept[OPS_KEPT]; /* came while another one was waited for */
static unsigned ops_kept_count;
static unsigned char ops_final[256];     /* FINAL completions by opcode */
static unsigned char ops_opcode[65536];  /* by user_data: what was submitted under it */
static uint64_t ops_next = 1;

/* The path of `name` in the folder; valid for four more calls. */
static HARNESS_UNUSED const char *ops_path(const char *name) {
  static char paths[4][320];
  static unsigned turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", ops_folder, name);
  return path;
}

static HARNESS_UNUSED int ops_file(const char *name) {
  int fd = open(ops_path(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  return fd;
}

/* Submits; the number to wait for it by is in op->user_data afterwards. */
static HARNESS_UNUSED uint64_t ops_start(ringline_op *op) {
  op->user_data = ops_next++;
  CHECK(op->user_data < sizeof ops_opcode);
  ops_opcode[op->user_data] = op->opcode;
  return submit_one(ops_ring, op, op->user_data);
}

static HARNESS_UNUSED void ops_count(const ringline_completion *completion) {
  int message = (completion->flags & RINGLINE_CF_MSG) != 0;
  if (!message && completion->flags & RINGLINE_CF_FINAL)
    ops_final[ops_opcode[completion->user_data]]++;
}

/* Keeps what one turn brings. */
static HARNESS_UNUSED void ops_turn(void) {
  uint32_t at, count = turn_for(ops_ring, 1, LIMIT);
  CHECK(count > 0);
  CHECK(ops_kept_count + count <= OPS_KEPT);
  for (at = 0; at < count; at++) {
    ops_kept[ops_kept_count] = *record_at(ringline_shared_block(ops_ring), at);
    ops_count(&ops_kept[ops_kept_count++]);
  }
}

/* The next completion under `user_data`, in the order in which they came. */
static HARNESS_UNUSED ringline_completion ops_wait(uint64_t user_data) {
  for (;;) {
    unsigned at;
    for (at = 0; at < ops_kept_count; at++) {
      ringline_completion found = ops_kept[at];
      if (found.user_data != user_data) continue;
      memmove(&ops_kept[at], &ops_kept[at + 1], (--ops_kept_count - at) * sizeof found);
      return found;
    }
    ops_turn();
  }
}

/* Submits, waits for the one completion that it must have, and returns its res. */
static HARNESS_UNUSED int32_t ops_do(ringline_op *op) {
  ringline_completion completion;
  uint64_t token = ops_start(op);
  completion = ops_wait(op->user_data);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  CHECK_EQ(completion.flags & RINGLINE_CF_MORE, 0);
  if (!(completion.flags & RINGLINE_CF_LEASE)) CHECK_EQ(completion.token, token);
  return completion.res;
}

/* A submit that must be refused with `code` and a text that holds `word`. */
static HARNESS_UNUSED void ops_refused(const ringline_op *op, int32_t code, const char *word) {
  const char *detail;
  CHECK_EQ(ringline_submit(ops_ring, op, 1, NULL, 0), code);
  detail = ringline_error_detail();
  if (!detail || !strstr(detail, word))
    HARNESS_FAIL("the text of the refusal is \"%s\", without \"%s\"", detail ? detail : "", word);
}

static HARNESS_UNUSED void *ops_thread(void *body) {
  ops_ring = make_ring();
  CHECK_OK(ringline_attach(ops_ring));
  (*(void (**)(void))body)();
  CHECK_EQ(ops_kept_count, 0);
  CHECK_EQ(ringline_inflight(ops_ring), 0);
  CHECK_EQ(ringline_free(ops_ring), 0);
  return NULL;
}

/* The whole life of a program about operations: `body` has to leave nothing in flight. */
static HARNESS_UNUSED int ops_main(void (*body)(void)) {
  pthread_t thread;
  const char *parent = getenv("TMPDIR");
  harness_warm_threads(2);
  harness_baseline();
  snprintf(ops_folder, sizeof ops_folder, "%s/ringline-XXXXXX", parent ? parent : P_tmpdir);
  CHECK(mkdtemp(ops_folder) != NULL);
  CHECK(pthread_create(&thread, NULL, ops_thread, &body) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(rmdir(ops_folder) == 0);
  harness_check_baseline();
  return 0;
}

#endif /* RINGLINE_TEST_OPS_H */
