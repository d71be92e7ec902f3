/*
 * What every program in tests/c and tests/cpp starts from: checks, skips, and the count of what the
 * process holds (descriptors, threads, mappings) before and after. Header only, C99 and C++.
 *
 * A program prints nothing when it passes, exits 1 at the first failed CHECK, and exits 77 with a
 * reason when the machine cannot run it. The runner (tests/c_programs.rs) gives it 10 seconds.
 */
#ifndef RINGLINE_TEST_HARNESS_H
#define RINGLINE_TEST_HARNESS_H

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ringline.h"

#if defined(__GNUC__)
#define HARNESS_UNUSED __attribute__((unused))
#else
#define HARNESS_UNUSED
#endif

/* _exit, not exit: a failed check must not run destructors over a broken state. */
#define HARNESS_FAIL(...)                                           \
  do {                                                              \
    fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, __func__);   \
    fprintf(stderr, __VA_ARGS__);                                   \
    fputc('\n', stderr);                                            \
    fflush(NULL);                                                   \
    _exit(1);                                                       \
  } while (0)

#define CHECK(condition)                                            \
  do {                                                              \
    if (!(condition)) HARNESS_FAIL("CHECK(%s) failed", #condition); \
  } while (0)

/* Both sides as numbers; a negative one is also named, since it is most likely an error code. */
#define CHECK_EQ(left, right)                                                            \
  do {                                                                                   \
    long long left_ = (long long)(left), right_ = (long long)(right);                    \
    if (left_ != right_)                                                                 \
      HARNESS_FAIL("%s is %lld (%s), expected %s = %lld", #left, left_,                  \
                   harness_name(left_), #right, right_);                                 \
  } while (0)

/* A call that must succeed: >= 0. */
#define CHECK_OK(call)                                                                   \
  do {                                                                                   \
    long long result_ = (long long)(call);                                               \
    if (result_ < 0)                                                                     \
      HARNESS_FAIL("%s is %lld (%s; %s)", #call, result_, harness_name(result_),         \
                   ringline_error_detail() ? ringline_error_detail() : "");              \
  } while (0)

/* This machine cannot run the program; tests/harness/may_skip.txt has to allow it. */
#define SKIP(reason)                    \
  do {                                  \
    fprintf(stderr, "SKIP %s\n", reason); \
    fflush(NULL);                       \
    _exit(77);                          \
  } while (0)

static HARNESS_UNUSED const char *harness_name(long long code) {
  const char *name;
  if (code >= 0) return "a count";
  name = ringline_error_name((int32_t)code);
  return name ? name : "no name";
}

static HARNESS_UNUSED uint64_t harness_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What the process holds. */
/* A sanitizer maps memory as it likes: descriptors, threads and mappings of rings still count. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HARNESS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HARNESS_SANITIZED 1
#endif
#if __has_feature(thread_sanitizer)
#define HARNESS_TSAN 1 /* it starts a program that finds names, and keeps pipes to it */
#endif
#endif

typedef struct harness_counts {
  int fds;
  int threads;
  int mappings;
  int ring_mappings;
} harness_counts;

static harness_counts harness_before;

static HARNESS_UNUSED int harness_entries(const char *path) {
  int count = 0;
  DIR *folder = opendir(path);
  if (!folder) HARNESS_FAIL("cannot open %s", path);
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

static HARNESS_UNUSED harness_counts harness_count(void) {
  harness_counts counts;
  char line[512];
  FILE *maps;
  counts.fds = harness_entries("/proc/self/fd");
  counts.threads = harness_entries("/proc/self/task");
  counts.mappings = 0;
  counts.ring_mappings = 0;
  maps = fopen("/proc/self/maps", "r");
  if (!maps) HARNESS_FAIL("cannot open the list of mappings");
  while (fgets(line, (int)sizeof line, maps)) {
    counts.mappings++;
    if (strstr(line, "io_uring")) counts.ring_mappings++;
  }
  fclose(maps);
#ifdef HARNESS_SANITIZED
  counts.mappings = 0;
#endif
#ifdef HARNESS_TSAN
  counts.fds = 0;
#endif
  return counts;
}

static HARNESS_UNUSED void *harness_idle_thread(void *barrier) {
  free(malloc(64));
  pthread_barrier_wait((pthread_barrier_t *)barrier);
  return NULL;
}

/* glibc keeps the stacks of ended threads mapped: a program that starts up to `count` threads at a
 * time calls this before harness_baseline, so that those stacks are there already. */
static HARNESS_UNUSED void harness_warm_threads(int count) {
  pthread_t threads[64];
  pthread_barrier_t barrier;
  int i;
  mallopt(M_ARENA_MAX, 1);
  CHECK(count > 0 && count <= 64);
  pthread_barrier_init(&barrier, NULL, (unsigned)count);
  for (i = 0; i < count; i++)
    CHECK(pthread_create(&threads[i], NULL, harness_idle_thread, &barrier) == 0);
  for (i = 0; i < count; i++) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&barrier);
}

/* Takes the baseline. A ring is made and freed first: the library keeps one table per process,
 * and the first ring of a thread makes glibc map a few things of its own. */
static HARNESS_UNUSED void harness_baseline(void) {
  ringline_ring *ring = NULL;
  mallopt(M_ARENA_MAX, 1);
  harness_count();
  CHECK_OK(ringline_create(NULL, &ring));
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_free(ring), 0);
  harness_before = harness_count();
}

/* Back at the baseline? The kernel ends its worker threads and drops the files of cancelled
 * operations a little later, so this looks again for up to two seconds, and only then fails. A
 * thread that was joined may still be listed when the baseline is taken: fewer are no leak. */
static HARNESS_UNUSED void harness_check_baseline(void) {
  uint64_t deadline = harness_now_ns() + 2000000000u;
  const struct timespec pause = {0, 2000000};
  for (;;) {
    harness_counts now = harness_count();
    if (now.fds == harness_before.fds && now.threads <= harness_before.threads &&
        now.mappings <= harness_before.mappings &&
        now.ring_mappings == harness_before.ring_mappings)
      return;
    if (harness_now_ns() > deadline)
      HARNESS_FAIL("not back at the baseline: fds %d -> %d, threads %d -> %d, mappings %d -> %d, "
                   "ring mappings %d -> %d",
                   harness_before.fds, now.fds, harness_before.threads, now.threads,
                   harness_before.mappings, now.mappings, harness_before.ring_mappings,
                   now.ring_mappings);
    nanosleep(&pause, NULL);
  }
}

/* After ABANDONED operations memory stays by contract (C9): only descriptors and threads. */
static HARNESS_UNUSED void harness_check_baseline_abandoned(void) {
  uint64_t deadline = harness_now_ns() + 2000000000u;
  const struct timespec pause = {0, 2000000};
  for (;;) {
    harness_counts now = harness_count();
    if (now.fds == harness_before.fds && now.threads <= harness_before.threads) return;
    if (harness_now_ns() > deadline)
      HARNESS_FAIL("not back at the baseline: fds %d -> %d, threads %d -> %d",
                   harness_before.fds, now.fds, harness_before.threads, now.threads);
    nanosleep(&pause, NULL);
  }
}

#endif /* RINGLINE_TEST_HARNESS_H */
