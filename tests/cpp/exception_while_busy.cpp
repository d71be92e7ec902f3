/*
 * A callback throws while another operation of the ring stays in flight for ever.
 * Failure: run() goes on and the exception never comes out (the runner's time limit).
 */
#include "tools.h"

#include "ringline.hpp"

#include <stdexcept>

int main() {
  bool caught = false;
  harness_baseline();
  {
    ringline::ring ring;
    ring.submit(ringline::op::timer(UINT64_MAX), [](const ringline_completion &) {});
    ring.submit(ringline::op::nop(),
                [](const ringline_completion &) { throw std::runtime_error("now"); });
    try {
      ring.run();
    } catch (const std::runtime_error &) {
      caught = true;
    }
    CHECK(caught);
    CHECK_EQ(ring.inflight(), 1);
  }
  harness_check_baseline();
  return 0;
}
