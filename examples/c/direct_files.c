/*
 * direct_files: the sizes and first lines of files, without a descriptor number. Each file is one
 * chain of three operations (open, read, close) on a slot of the ring's own table, and all chains
 * go to the kernel with one system call.
 *
 *   cc -O2 -o direct_files direct_files.c $(pkg-config --cflags --libs ringline)
 *   run: ./direct_files README.md LICENSE CHANGELOG.md
 */
#include <fcntl.h>
#include <ringline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16, BLOCK = 65536 };
enum { OPEN, READ, CLOSE, STEPS }; /* user_data = file * STEPS + step */

static int check(const char *what, int64_t code) {
  if (code >= 0) return (int)code;
  fprintf(stderr, "direct_files: %s: %s (%s)\n", what, ringline_strerror((int32_t)code),
          ringline_error_detail());
  exit(1);
}

/* Nothing is open when these are submitted: the slot's number is known beforehand, so the read can
 * name it already. The close also runs after a read that failed or came short (HARDLINK). */
static void stage(ringline_op ops[STEPS], const char *path, int slot, char *block) {
  ringline_prep_openat(&ops[OPEN], AT_FDCWD, path, O_RDONLY, 0);
  ops[OPEN].file_index = (uint32_t)slot + 1;
  ops[OPEN].flags = RINGLINE_SQE_IO_LINK;
  ringline_prep_read(&ops[READ], slot, block, BLOCK, 0);
  ops[READ].flags = RINGLINE_SQE_FIXED_FILE | RINGLINE_SQE_IO_HARDLINK;
  ringline_prep_close(&ops[CLOSE], 0);
  ops[CLOSE].file_index = (uint32_t)slot + 1;
  for (int step = 0; step < STEPS; step++) ops[step].user_data = (uint64_t)(slot * STEPS + step);
}

static void show(const char *path, int result, char *block) {
  char *end;
  if (result < 0) {
    printf("%s: %s\n", path, ringline_strerror(result));
    return;
  }
  end = memchr(block, '\n', (size_t)result);
  printf("%s: %d bytes%s, \"%.*s\"\n", path, result, result == BLOCK ? " or more" : "",
         (int)(end ? end - block : result), block);
}

int main(int argc, char **argv) {
  static char blocks[SLOTS][BLOCK];
  ringline_ring *ring;
  ringline_shared *shared;
  int files = argc - 1;
  if (files < 1 || files > SLOTS) {
    fprintf(stderr, "usage: direct_files FILE... (%d at most)\n", SLOTS);
    return 2;
  }
  check("create", ringline_create(NULL, &ring));
  check("attach", ringline_attach(ring));
  check("files", ringline_files_reserve(ring, SLOTS, 0, 0));
  shared = ringline_shared_block(ring);
  for (int slot = 0; slot < files; slot++, shared->ops_len += STEPS)
    stage((ringline_op *)(uintptr_t)shared->ops + shared->ops_len, argv[slot + 1], slot,
          blocks[slot]);

  int results[SLOTS] = {0}, left = files * STEPS;
  while (left > 0) {
    shared->wait_min = (uint32_t)left;
    check("turn", ringline_turn(ring));
    if (shared->op_error) check("submit", shared->op_error);
    const ringline_completion *records = (ringline_completion *)(uintptr_t)shared->recs;
    for (uint32_t at = 0; at < shared->recs_len; at++, left--) {
      int file = (int)records[at].user_data / STEPS;
      int step = (int)records[at].user_data % STEPS;
      /* What failed first is told; the steps behind it only say that they were cancelled. */
      if (step == OPEN && records[at].res < 0) results[file] = records[at].res;
      if (step == READ && results[file] == 0) results[file] = records[at].res;
    }
  }
  for (int file = 0; file < files; file++) show(argv[file + 1], results[file], blocks[file]);
  return ringline_free(ring) != 0;
}
