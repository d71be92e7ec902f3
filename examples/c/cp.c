/*
 * cp: copies a file. Sixteen blocks are under way at a time, each a read linked to a write: the
 * kernel starts the write when the read was whole, so a block costs no way back to the program. A
 * read or write that was cut breaks its link, and the block goes on where it stopped.
 *
 *   cc -O2 -o cp cp.c $(pkg-config --cflags --libs ringline)
 *   run: ./cp include/ringline.h /dev/null
 */
#include <errno.h>
#include <fcntl.h>
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 16, BLOCK = 256 * 1024, READ = 0, WRITE = 1 };

typedef struct block {
  uint64_t at, end; /* what of the file is this block's, and not copied yet */
  int results[2];   /* of the read and of the write */
  int open;         /* completions to come */
  char bytes[BLOCK];
} block;
static block blocks[DEPTH];
static uint64_t ends[DEPTH]; /* where each block ends as a whole */
static ringline_ring *ring;
static ringline_shared *shared;
static const char *from, *to;
static int in, out;

static void fail(const char *what, int code) {
  fprintf(stderr, "cp: %s: %s\n", what, ringline_strerror(code));
  exit(1);
}

static int opened(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC, 0666);
  if (fd < 0) fail(path, -errno);
  return fd;
}

/* Two ops for the next turn. The write names bytes that the read puts there first. */
static void start(block *one) {
  ringline_op *ops = (ringline_op *)(uintptr_t)shared->ops + shared->ops_len;
  uint32_t length = (uint32_t)(one->end - one->at);
  ringline_prep_read(&ops[READ], in, one->bytes, length, one->at);
  ringline_prep_write(&ops[WRITE], out, one->bytes, length, one->at);
  ringline_prep_link(ops, 2);
  ops[READ].user_data = (uint64_t)(one - blocks) * 2;
  ops[WRITE].user_data = ops[READ].user_data + WRITE;
  shared->ops_len += 2;
  one->open = 2;
}

/* Both ends of a block are in: how far did it come? What a cut read got is copied by itself. */
static void advance(block *one, uint64_t whole_end) {
  int got = one->results[READ], put = one->results[WRITE];
  if (got < 0 && got != -EINTR && got != -EAGAIN) fail(from, got);
  if (got == 0) fail(from, -ENODATA); /* it is shorter than it was */
  if (put < 0 && put != -ECANCELED && put != -EINTR && put != -EAGAIN) fail(to, put);
  if (put == 0) fail(to, -ENOSPC);
  if (put > 0) one->at += (uint64_t)put;
  one->end = put < 0 && got > 0 ? one->at + (uint64_t)got : whole_end;
}

static void turn(void) {
  int code = ringline_turn(ring);
  if (code < 0 && code != -EINTR) fail(ringline_error_detail(), code);
  if (shared->op_error < 0) fail("submit", shared->op_error);
}

static void copy(uint64_t size) {
  uint64_t next = 0;
  int busy = 0; /* blocks under way */
  for (int at = 0; at < DEPTH && next < size; at++, busy++, next = ends[at - 1]) {
    blocks[at].at = next;
    blocks[at].end = ends[at] = size - next < BLOCK ? size : next + BLOCK;
    start(&blocks[at]);
  }
  for (shared->wait_min = 1, shared->timeout_ns = -1; busy > 0;) {
    turn();
    const ringline_completion *records = (const ringline_completion *)(uintptr_t)shared->recs;
    for (uint32_t at = 0; at < shared->recs_len; at++) {
      uint64_t slot = records[at].user_data / 2, half = records[at].user_data % 2;
      block *one = &blocks[slot];
      one->results[half] = records[at].res;
      if (--one->open > 0) continue;
      advance(one, ends[slot]);
      if (one->at == ends[slot]) { /* copied whole: on to the next part of the file */
        one->at = next;
        one->end = ends[slot] = next = size - next < BLOCK ? size : next + BLOCK;
      }
      busy -= one->at == one->end;
      if (one->at < one->end) start(one);
    }
  }
}

int main(int argc, char **argv) {
  struct stat source, target;
  if (argc != 3) return fprintf(stderr, "usage: cp FROM TO\n"), 2;
  from = argv[1], to = argv[2];
  int code = ringline_create(NULL, &ring); /* the detail says what forbids rings, and the remedy */
  if (code < 0) return fprintf(stderr, "cp: %s\n", ringline_error_detail()), 1;
  shared = ringline_shared_block(ring);
  in = opened(from, O_RDONLY);
  if (fstat(in, &source) < 0 || !S_ISREG(source.st_mode)) fail(from, -EINVAL);
  if (source.st_size == 0 && pread(in, blocks[0].bytes, 1, 0) > 0) fail(from, -EOPNOTSUPP);
  if (fstat(out = opened(to, O_WRONLY | O_CREAT), &target) < 0) fail(to, -errno);
  if (source.st_dev == target.st_dev && source.st_ino == target.st_ino) fail(to, -EEXIST);
  if (S_ISREG(target.st_mode) && ftruncate(out, 0) < 0) fail(to, -errno);
  copy((uint64_t)source.st_size);
  ringline_prep_fsync((ringline_op *)(uintptr_t)shared->ops, out, 0);
  shared->ops_len = 1;
  do turn(); while (shared->recs_len == 0);
  code = ((const ringline_completion *)(uintptr_t)shared->recs)->res;
  if (code < 0 && code != -EINVAL) fail(to, code); /* EINVAL: not a kind of file that syncs */
  return close(out) < 0 ? fail(to, -errno), 1 : ringline_free(ring) != 0;
}
