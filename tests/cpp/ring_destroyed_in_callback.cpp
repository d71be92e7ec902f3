/*
 * A callback destroys the very ring object whose run() is calling it, with and without throwing.
 * Failure: run() touches the destroyed object afterwards (its memory is overwritten here, so that
 * this shows), or an operation does not hear of its end.
 */
#include "tools.h"

#include "ringline.hpp"

#include <new>
#include <stdexcept>

alignas(ringline::ring) static unsigned char memory[sizeof(ringline::ring)];

static void run(bool throws) {
  ringline::ring *ring = new (memory) ringline::ring();
  int ended = 0, outcome = 0;
  ring->submit(ringline::op::timer(UINT64_MAX), [&](const ringline_completion &) { ended++; });
  ring->submit(ringline::op::nop(), [&](const ringline_completion &) {
    ring->~ring();
    memset(memory, 0xee, sizeof memory);
    if (throws) throw std::runtime_error("last words");
  });
  try {
    ring->run();
  } catch (const std::runtime_error &error) {
    /* std::system_error is one too: the ring was closed meanwhile. */
    const std::system_error *closed = dynamic_cast<const std::system_error *>(&error);
    outcome = closed ? closed->code().value() : 1;
  }
  CHECK_EQ(outcome, throws ? 1 : RINGLINE_ECLOSED);
  CHECK_EQ(ended, 1);
}

int main() {
  harness_baseline();
  run(false);
  run(true);
  harness_check_baseline();
  return 0;
}
