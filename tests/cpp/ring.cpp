/*
 * ringline.hpp: rings that move and free themselves, and callbacks that hear of their end once.
 * Failure: a callback object leaked or destroyed twice, a ring freed twice, an exception out of a
 * destructor, or an error that does not compare with std::errc.
 */
#include "tools.h"

#include "ringline.hpp"

#include <type_traits>
#include <vector>

static int alive;

/* Counts its copies, so that a leaked or doubly destroyed callback shows. */
struct counted {
  counted() { alive++; }
  counted(const counted &) { alive++; }
  counted(counted &&) noexcept { alive++; }
  ~counted() { alive--; }
};

static void check_callbacks() {
  ringline::ring ring;
  int done = 0;
  for (int at = 0; at < 100; at++)
    ring.submit(ringline::op::nop(), [&done, kept = counted()](const ringline_completion &what) {
      (void)kept;
      CHECK(what.res == 0 && what.flags & RINGLINE_CF_FINAL);
      done++;
    });
  CHECK_EQ(ring.run(), 0);
  CHECK_EQ(done, 100);
  CHECK_EQ(alive, 0);
}

static void check_errors() {
  ringline::ring ring;
  bool caught = false;
  try { /* the callback object of a refused operation is destroyed here */
    ring.submit(ringline::op::recv(0, nullptr, 0),
                [kept = counted()](const ringline_completion &) {});
  } catch (const std::system_error &error) {
    CHECK(error.code() == std::errc::invalid_argument);
    CHECK(strlen(error.what()) > 20);
    caught = true;
  }
  CHECK(caught);
  CHECK_EQ(alive, 0);
}

/* The code that a call throws; 0 if it does not. */
template <class Call>
static int thrown_by(Call call) {
  try {
    call();
  } catch (const ringline::error &error) {
    return error.code().value();
  }
  return 0;
}

/* A ring that was moved from has no handle: each of its functions says so. */
static void check_moved_from(ringline::ring &gone) {
  const ringline::op nop = ringline::op::nop();
  CHECK_EQ(thrown_by([&] { gone.attach(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.shared(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.submit(nop); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.submit(nop, [](const ringline_completion &) {}); }),
           RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.turn(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.run(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.run_once(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.close(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.inflight(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.stats(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { gone.info(); }), RINGLINE_ESTALE);
  CHECK_EQ(thrown_by([&] { ringline::pool(gone, 2, 64); }), RINGLINE_ESTALE);
  gone.stop();
}

static void check_moves() {
  ringline::ring first;
  ringline_ring *handle = first.get();
  ringline::ring second(std::move(first));
  CHECK(first.get() == nullptr);
  check_moved_from(first);
  CHECK(second.get() == handle);
  CHECK_EQ(second.run(), 0);
  first = ringline::ring();
  first = std::move(second);
  CHECK(first.get() == handle);
  std::vector<ringline::ring> many;
  for (int at = 0; at < 10; at++) many.emplace_back();
}

/* What is in flight ends in the destructor; its callbacks hear of it and are destroyed. */
static void check_destructor() {
  int ends[2], cancelled = 0;
  char byte;
  make_pipe(ends);
  {
    ringline::ring ring;
    for (int at = 0; at < 10; at++)
      ring.submit(ringline::op::read(ends[0], &byte, 1, UINT64_MAX),
                  [&cancelled, kept = counted()](const ringline_completion &what) {
                    CHECK_EQ(what.res, -ECANCELED);
                    cancelled++;
                    throw 1; /* dropped: a destructor must not throw */
                  });
    ring.submit(ringline::op::timer(UINT64_MAX), [](const ringline_completion &) {});
    ring.run_once(0, 0);
    CHECK_EQ(ring.inflight(), 11);
  }
  CHECK_EQ(cancelled, 10);
  CHECK_EQ(alive, 0);
  close_both(ends);
}

int main() {
  harness_baseline();
  check_callbacks();
  check_errors();
  check_moves();
  check_destructor();
  static_assert(!std::is_copy_constructible<ringline::ring>::value, "a ring has one owner");
  static_assert(std::is_nothrow_move_constructible<ringline::ring>::value, "a ring moves");
  harness_check_baseline();
  return 0;
}
