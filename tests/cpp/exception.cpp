/*
 * An exception out of a C++ callback surfaces from run(), and the ring still works.
 * Failure: the process aborts, the exception is lost, or a callback object leaks.
 */
#include <cstring>
#include <stdexcept>

#include "harness.h"
#include "ringline.hpp"

struct counted {
  static int &alive() {
    static int count = 0;
    return count;
  }
  counted() { alive()++; }
  counted(const counted &) { alive()++; }
  ~counted() { alive()--; }
};

int main() {
  harness_baseline();
  {
    ringline::ring ring;
    counted witness;
    bool caught = false;
    int calls = 0;
    ring.submit(ringline::op::nop(),
                [witness](const ringline_completion &) { throw std::runtime_error("mine"); });
    try {
      ring.run();
    } catch (const std::runtime_error &thrown) {
      caught = std::strcmp(thrown.what(), "mine") == 0;
    }
    CHECK(caught);
    CHECK_EQ(counted::alive(), 1);
    ring.submit(ringline::op::timer(1000),
                [witness, &calls](const ringline_completion &done) { calls += done.res == 0; });
    CHECK_EQ(ring.run(), 0);
    CHECK_EQ(calls, 1);
    CHECK_EQ(counted::alive(), 1);
    try {
      ring.submit(ringline::op::recv(0, nullptr, 0));
      CHECK(false);
    } catch (const ringline::error &refused) {
      CHECK_EQ(refused.code().value(), -EINVAL);
      CHECK(std::strstr(refused.what(), "length 0") != nullptr);
    }
    ringline::ring moved(std::move(ring));
    CHECK(ring.get() == nullptr);
    const std::uint64_t token = moved.submit(ringline::op::timer(1000000000000));
    CHECK(moved.cancel(token));
    moved.shared().wait_min = 1;
    CHECK_EQ(moved.turn(), 1);
    CHECK(!moved.cancel(token));
    CHECK_EQ(moved.inflight(), 0);
  }
  harness_check_baseline();
  return 0;
}
