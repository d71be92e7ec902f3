/*
 * The knobs of the kernel's worker threads and of NAPI reach the kernel: what was set is read back,
 * and what cannot be is an error code.
 * Failure: a setting without effect, or a kernel error under another name.
 */
#include "tools.h"

#include <sched.h>

static void check_workers(ringline_ring *ring) {
  uint32_t files = 3, others = 5;
  CHECK_EQ(ringline_iowq_workers(ring, &files, &others), 0);
  CHECK(files > 0 && others > 5); /* the kernel's defaults */
  files = others = 0;
  CHECK_EQ(ringline_iowq_workers(ring, &files, &others), 0);
  CHECK(files == 3 && others == 5);
  files = 7, others = 0; /* 0 keeps */
  CHECK_EQ(ringline_iowq_workers(ring, &files, &others), 0);
  files = others = 0;
  CHECK_EQ(ringline_iowq_workers(ring, &files, &others), 0);
  CHECK(files == 7 && others == 5);
}

/* Threads of this process whose CPUs are exactly `cpu`. */
static int threads_on(int cpu) {
  DIR *folder = opendir("/proc/self/task");
  struct dirent *entry;
  int count = 0;
  CHECK(folder != NULL);
  while ((entry = readdir(folder))) {
    cpu_set_t set;
    int id = atoi(entry->d_name);
    if (id <= 0 || sched_getaffinity(id, sizeof set, &set)) continue;
    count += CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set);
  }
  closedir(folder);
  return count;
}

static void check_affinity(ringline_ring *ring) {
  cpu_set_t own, one;
  ringline_op op;
  char byte;
  int ends[2], cpu = 0;
  uint64_t deadline = harness_now_ns() + 5000000000u;
  CHECK(sched_getaffinity(0, sizeof own, &own) == 0);
  while (!CPU_ISSET(cpu, &own)) cpu++;
  CPU_ZERO(&one);
  CHECK_EQ(ringline_iowq_affinity(ring, (const uint8_t *)&one, sizeof one), -EINVAL);
  CPU_SET(cpu, &one);
  CHECK_EQ(ringline_iowq_affinity(ring, (const uint8_t *)&one, sizeof one), 0);
  CHECK(CPU_COUNT(&own) < 2 || threads_on(cpu) == 0);
  make_pipe(ends);
  ringline_prep_read(&op, ends[0], &byte, 1, UINT64_MAX);
  op.flags |= RINGLINE_SQE_ASYNC; /* a worker thread blocks in it */
  submit_one(ring, &op, 1);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  while (CPU_COUNT(&own) >= 2 && threads_on(cpu) == 0) {
    CHECK(harness_now_ns() < deadline);
    sched_yield();
  }
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK_EQ(next_completion(ring).res, 1);
  CHECK_EQ(ringline_iowq_affinity(ring, NULL, 0), 0);
  close_both(ends);
}

static void check_napi(ringline_ring *ring) {
  int32_t code = ringline_napi(ring, 50, 1);
  if (code < 0) CHECK_EQ(code, RINGLINE_ENOTSUP_KERNEL);
  else CHECK_EQ(ringline_napi(ring, 0, 0), 0);
  if (code < 0) CHECK(strstr(ringline_error_detail(), "napi"));
}

int main(void) {
  ringline_ring *ring = make_ring();
  check_workers(ring);
  check_affinity(ring);
  check_napi(ring);
  CHECK_EQ(ringline_spin_us(ring, 1000001), -EINVAL);
  CHECK_EQ(ringline_free(ring), 0);
  return 0;
}
