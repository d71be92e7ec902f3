/*
 * ringline.hpp: pools and leases that give themselves back, socket() and stats().
 * Failure: a buffer that is given back twice or never, or a pool that outlives its object.
 */
#include "tools.h"

#include "ringline.hpp"

#include <vector>

static ringline::lease receive(ringline::ring &ring, const ringline::pool &pool, int ends[2]) {
  ringline::lease got;
  ringline::op take = ringline::op::recv(ends[0], nullptr, 0);
  ringline_prep_pool(&take, pool.id());
  CHECK(send(ends[1], "hello", 5, 0) == 5);
  ring.submit(take, [&got](const ringline_completion &what) {
    CHECK_EQ(what.res, 5);
    got = ringline::lease(what);
  });
  CHECK_EQ(ring.run(), 0);
  CHECK(got && got.size() == 5 && memcmp(got.data(), "hello", 5) == 0);
  return got;
}

static void check_leases() {
  int ends[2];
  make_pair(ends);
  ringline::lease outlives;
  {
    ringline::ring ring;
    ringline::pool pool(ring, 4, 64);
    CHECK_EQ(pool.info().count, 4);
    {
      ringline::lease first = receive(ring, pool, ends);
      CHECK_EQ(pool.info().leases, 1);
      ringline::lease second(std::move(first));
      CHECK(!first && second);
      first = std::move(second);
      CHECK(first && !second);
      CHECK_EQ(pool.info().leases, 1);
      first = receive(ring, pool, ends); /* the buffer it had goes back */
      CHECK_EQ(pool.info().leases, 1);
      const std::uint64_t id = first.detach();
      CHECK(!first);
      CHECK_EQ(ringline_lease_release(id), 0);
    }
    CHECK_EQ(pool.info().leases, 0);
    for (int round = 0; round < 20; round++) receive(ring, pool, ends);
    CHECK_EQ(pool.info().leases, 0);
    outlives = receive(ring, pool, ends);
    CHECK_EQ(ring.stats().leases, 23);
    CHECK(ringline::lease(ringline_completion()).size() == 0);
  }
  CHECK(memcmp(outlives.data(), "hello", 5) == 0);
  close_both(ends);
}

static void check_pools() {
  ringline::ring ring;
  {
    ringline::pool first(ring, 2, 64), second(std::move(first));
    CHECK_EQ(second.id(), 0);
    first = ringline::pool(ring, 2, 64);
    CHECK_EQ(first.id(), 1);
  }
  CHECK_EQ(ringline::pool(ring, 2, 64).id(), 0); /* both are gone */
  bool refused = false;
  try {
    ringline::pool odd(ring, 3, 64);
  } catch (const ringline::error &error) {
    refused = error.code() == std::errc::invalid_argument;
  }
  CHECK(refused);
}

static void check_socket() {
  ringline::ring ring;
  int fd = -1;
  ring.submit(ringline::op::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC),
              [&fd](const ringline_completion &what) { fd = what.res; });
  CHECK_EQ(ring.run(), 0);
  CHECK(fd >= 0 && close(fd) == 0);
  CHECK(ring.stats().submitted == 1 && ring.stats().enters > 0);
  CHECK(ring.info().sq_entries == 256);
}

int main() {
  harness_baseline();
  check_leases();
  check_pools();
  check_socket();
  harness_check_baseline();
  return 0;
}
