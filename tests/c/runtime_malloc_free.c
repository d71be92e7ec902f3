/*
 * Once warm, a worker allocates nothing per message: 10,000 messages of 64 bytes and 200 of 100,000
 * go through an echo server, and malloc is not called. Not under a sanitizer, which has a malloc of
 * its own.
 * Failure: the count of malloc, calloc, realloc or aligned allocations is not 0.
 */
#include "serving.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static volatile int counting;
static volatile long allocations;

static void count(void) {
  if (counting) __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  count();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = memalign(alignment, size);
  return *out ? 0 : ENOMEM;
}

enum { LARGE = 100000 };

static unsigned char out[LARGE], in[LARGE];

static void rounds(int fd, int small, int large) {
  int at;
  for (at = 0; at < small; at++) {
    send_whole(fd, out, 64);
    recv_whole(fd, in, 64);
  }
  for (at = 0; at < large; at++) {
    send_whole(fd, out, LARGE);
    recv_whole(fd, in, LARGE);
  }
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .data = echo_data,
                                        .writable = echo_writable};
  serving server;
  void *volatile probe;
  int fds[4], at;
  counting = 1; /* does the counting work at all? */
  probe = malloc(10);
  counting = 0;
  CHECK_EQ(allocations, 1);
  free(probe);
  allocations = 0;
  serve(&server, NULL, &handlers);
  for (at = 0; at < 4; at++) fds[at] = client_of(&server);
  for (at = 0; at < 4; at++) rounds(fds[at], 100, 20);
  counting = 1;
  for (at = 0; at < 4; at++) rounds(fds[at], 2500, 50);
  counting = 0;
  CHECK_EQ(allocations, 0);
  CHECK(memcmp(in, out, LARGE) == 0);
  for (at = 0; at < 4; at++) close(fds[at]);
  stop_serving(&server);
  return 0;
}
