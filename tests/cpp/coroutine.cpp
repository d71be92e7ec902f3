/*
 * Coroutines of ringline.hpp: they go on with their completion, their exceptions come out of the
 * call that ran them, and their frames end, also when the ring ends first.
 * Failure: a frame that is leaked or destroyed twice, an exception that is lost or that runs
 * through C frames, or a coroutine that is never resumed.
 */
#include "tools.h"

#include "ringline.hpp"

#include <stdexcept>

#ifndef RINGLINE_HPP_COROUTINES
#error "compiled without coroutines"
#endif

using ringline::op;

static int alive;

struct counted {
  counted() { alive++; }
  counted(const counted &) { alive++; }
  ~counted() { alive--; }
};

static ringline::task chain(ringline::ring &ring, int rounds, int &sum, counted = counted()) {
  for (int at = 0; at < rounds; at++) {
    const ringline_completion end = co_await ring.async(op::timer(1));
    CHECK(end.flags & RINGLINE_CF_FINAL && end.res == 0);
    CHECK_EQ((co_await ring.async(op::nop())).res, 0);
    sum++;
  }
}

static ringline::task throws_at(ringline::ring &ring, int suspensions, counted = counted()) {
  while (suspensions-- > 0) co_await ring.async(op::nop());
  throw std::runtime_error("thrown on purpose");
}

static ringline::task catches_refusal(ringline::ring &ring, int &caught, counted = counted()) {
  try {
    co_await ring.async(op::recv(0, nullptr, 0));
  } catch (const std::system_error &error) {
    CHECK(error.code() == std::errc::invalid_argument);
    caught++;
  }
}

static ringline::task waits(ringline::ring &ring, int fd, int &result, counted = counted()) {
  char byte;
  result = (co_await ring.async(op::recv(fd, &byte, 1))).res;
  co_await ring.async(op::nop()); /* refused: the ring ends */
  result = 1;
}

static void check_results() {
  ringline::ring ring;
  int sum = 0, caught = 0;
  for (int at = 0; at < 100; at++) ring.spawn(chain(ring, 10, sum));
  ring.spawn(catches_refusal(ring, caught));
  CHECK_EQ(caught, 1);
  { ringline::task never = chain(ring, 1, sum); } /* destroyed without having run */
  CHECK_EQ(alive, 100);
  CHECK_EQ(ring.run(), 0);
  CHECK_EQ(sum, 1000);
  CHECK_EQ(alive, 0);
}

static bool is_ours(const std::exception &error) {
  return strcmp(error.what(), "thrown on purpose") == 0;
}

static void check_exceptions() {
  ringline::ring ring;
  int sum = 0, caught = 0;
  ring.spawn(chain(ring, 10, sum));
  try {
    ring.spawn(throws_at(ring, 0));
  } catch (const std::runtime_error &error) {
    caught += is_ours(error);
  }
  CHECK_EQ(caught, 1);
  CHECK_EQ(alive, 1);
  ring.spawn(throws_at(ring, 2));
  try {
    ring.run();
  } catch (const std::runtime_error &error) {
    caught += is_ours(error);
  }
  CHECK_EQ(caught, 2);
  CHECK_EQ(ring.run(), 0);
  CHECK_EQ(sum, 10);
  CHECK_EQ(alive, 0);
}

static void check_ring_ends_first() {
  int ends[2], result = 0;
  make_pair(ends);
  {
    ringline::ring ring;
    ring.attach();
    ring.spawn(waits(ring, ends[0], result));
    ring.run_once(0, 0);
    CHECK_EQ(alive, 1);
  }
  CHECK_EQ(result, -ECANCELED);
  CHECK_EQ(alive, 0);
  close_both(ends);
}

int main() {
  harness_baseline();
  check_results();
  check_exceptions();
  check_ring_ends_first();
  harness_check_baseline();
  return 0;
}
