/*
 * A C++ exception that leaves a raw C callback ends the process with a message (C8).
 * Failure: the exception runs through the library's frames into main, or the process goes on.
 */
#include "tools.h"

#include <csignal>
#include <stdexcept>

static void throws(void *, ringline_ring *, const ringline_completion *) {
  throw std::runtime_error("not caught");
}

/* Every loop that runs callbacks. */
static void run(int how, ringline_ring *ring) {
  if (how == 0) ringline_run(ring);
  if (how == 1) ringline_run_once(ring, 1, SECOND);
  if (how == 2) ringline_turn(ring);
  if (how == 3) ringline_close(ring, SECOND);
  if (how == 4) ringline_free(ring);
}

static int child(void *how) {
  ringline_ring *ring = make_ring();
  ringline_op op;
  ringline_prep_nop(&op);
  CHECK_OK(ringline_attach(ring));
  CHECK_OK(ringline_submit_with(ring, &op, throws, nullptr));
  ringline_shared_block(ring)->wait_min = 1;
  try {
    run(*static_cast<int *>(how), ring);
  } catch (...) {
    return 3;
  }
  return 4;
}

int main() {
  for (int how = 0; how < 5; how++) {
    int ends[2], status = 0;
    char text[4096] = "";
    make_pipe(ends);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      dup2(ends[1], 2);
      _exit(child(&how));
    }
    close(ends[1]);
    long length = 0, got;
    while ((got = read(ends[0], text + length, sizeof text - 1 - static_cast<size_t>(length))) > 0)
      length += got;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
      HARNESS_FAIL("way %d: status %x, expected SIGABRT: %s", how, status, text);
    CHECK(length > 0);
    close(ends[0]);
  }
  return 0;
}
