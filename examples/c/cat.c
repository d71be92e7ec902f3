/*
 * cat: copies files to standard output. Four reads of a file are in flight at a time; what comes
 * back out of order waits in its buffer until it is its turn to be written.
 *
 *   cc -O2 -o cat cat.c $(pkg-config --cflags --libs ringline)
 *   run: ./cat README.md
 */
#include <errno.h>
#include <fcntl.h>
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEPTH = 4, BLOCK = 65536 };
static ringline_ring *ring;
static char blocks[DEPTH][BLOCK];
static int results[DEPTH]; /* result of the read into a block; PENDING while it is under way */
enum { PENDING = -100000 };

static int check(const char *what, int64_t code) {
  if (code >= 0) return (int)code;
  fprintf(stderr, "cat: %s: %s\n", what, ringline_strerror((int32_t)code));
  exit(1);
}

static void done(void *result, ringline_ring *owner, const ringline_completion *completion) {
  (void)owner;
  *(int *)result = completion->res;
}

static void start(ringline_op *op, int *result) {
  *result = PENDING;
  check("submit", ringline_submit_with(ring, op, done, result));
}

/* Lets the ring run until this operation is over. The memory it names is ours again then. */
static int result_of(const char *what, int *result) {
  while (*result == PENDING) {
    int32_t code = ringline_run_once(ring, 1, -1);
    if (code != -EINTR) check("run", code);
  }
  return check(what, *result);
}

static int run(const char *what, ringline_op *op) {
  int result;
  start(op, &result);
  return result_of(what, &result);
}

static void write_all(const char *bytes, int length) {
  ringline_op op;
  while (length > 0) {
    ringline_prep_write(&op, STDOUT_FILENO, bytes, (uint32_t)length, UINT64_MAX);
    int written = run("standard output", &op);
    bytes += written;
    length -= written;
  }
}

/* A short read inside a file is possible; the rest of the block is read before the next one. */
static int fill(const char *path, int fd, int slot, uint64_t offset) {
  int length = result_of(path, &results[slot]);
  while (length > 0 && length < BLOCK) {
    ringline_op op;
    ringline_prep_read(&op, fd, blocks[slot] + length, (uint32_t)(BLOCK - length),
                       offset + (uint64_t)length);
    int more = run(path, &op);
    if (more == 0) break;
    length += more;
  }
  return length;
}

static void read_block(int fd, int slot, uint64_t offset) {
  ringline_op op;
  ringline_prep_read(&op, fd, blocks[slot], BLOCK, offset);
  start(&op, &results[slot]);
}

static void copy(const char *path) {
  ringline_op op;
  ringline_prep_openat(&op, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  int fd = run(path, &op);
  uint64_t offset = 0;
  for (int slot = 0; slot < DEPTH; slot++) read_block(fd, slot, (uint64_t)slot * BLOCK);
  for (int slot = 0;; slot = (slot + 1) % DEPTH) {
    int length = fill(path, fd, slot, offset);
    if (length == 0) break;
    write_all(blocks[slot], length);
    read_block(fd, slot, offset + (uint64_t)DEPTH * BLOCK);
    offset += BLOCK;
  }
  for (int slot = 0; slot < DEPTH; slot++) result_of(path, &results[slot]);
  ringline_prep_close(&op, fd);
  run(path, &op);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: cat FILE...\n");
    return 2;
  }
  if (ringline_create(NULL, &ring) < 0) { /* the detail says what forbids rings, and the remedy */
    fprintf(stderr, "cat: %s\n", ringline_error_detail());
    return 1;
  }
  for (int i = 1; i < argc; i++) copy(argv[i]);
  return ringline_free(ring) != 0;
}
