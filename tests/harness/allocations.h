/*
 * Counts calls of malloc and its kin in the whole process, the library's among them, while
 * `counting` is on. For one program each; not under a sanitizer, which has a malloc of its own.
 */
#ifndef RINGLINE_TEST_ALLOCATIONS_H
#define RINGLINE_TEST_ALLOCATIONS_H

#include "tools.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static int counting;
static long allocations;

static void count_allocation(void) {
  if (__atomic_load_n(&counting, __ATOMIC_RELAXED))
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) {
  count_allocation();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count_allocation();
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  count_allocation();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count_allocation();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = memalign(alignment, size);
  return *out ? 0 : ENOMEM;
}

static void begin_counting(void) {
  __atomic_store_n(&allocations, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&counting, 1, __ATOMIC_SEQ_CST);
}

/* How many there were since begin_counting(). */
static long end_counting(void) {
  __atomic_store_n(&counting, 0, __ATOMIC_SEQ_CST);
  return __atomic_load_n(&allocations, __ATOMIC_SEQ_CST);
}

/* Does the counting work at all? */
static void check_counting(void) {
  void *volatile probe;
  begin_counting();
  probe = malloc(10);
  CHECK_EQ(end_counting(), 1);
  free(probe);
}

#endif /* RINGLINE_TEST_ALLOCATIONS_H */
