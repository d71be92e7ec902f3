/*
 * Whose rights an operation has when the program gave root up after it made the ring: with SQPOLL
 * those of who made it, as the header says, and without it those of the moment.
 * Failure: the header says something else than the kernel does.
 */
#include "tools.h"

#include <fcntl.h>

static char name[] = "/tmp/ringline-rights-XXXXXX";

/* What openat(2) of a file of root's says, after setuid(2). */
static int opened(void *flags) {
  ringline_info info = {.size = sizeof info};
  ringline_config config;
  ringline_ring *ring;
  ringline_shared *io;
  CHECK_OK(ringline_config_init(&config));
  config.flags = *(const uint32_t *)flags;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_OK(ringline_attach(ring));
  io = ringline_shared_block(ring);
  CHECK(setgid(65534) == 0 && setuid(65534) == 0);
  CHECK(open(name, O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES);
  ringline_prep_openat((ringline_op *)(uintptr_t)io->ops, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
  io->ops_len = io->wait_min = 1;
  io->timeout_ns = LIMIT;
  CHECK_EQ(ringline_turn(ring), 1);
  return ((const ringline_completion *)(uintptr_t)io->recs)->res == -EACCES ? 1 : 2;
}

int main(void) {
  uint32_t polled = RINGLINE_CONFIG_SQPOLL, plain = 0;
  int fd;
  if (geteuid() != 0) SKIP("only root can give up root");
  fd = mkstemp(name); /* 0600 */
  CHECK(fd >= 0);
  CHECK_EQ(in_child(opened, &plain), 1);
  CHECK_EQ(in_child(opened, &polled), 2);
  CHECK(unlink(name) == 0);
  close(fd);
  return 0;
}
