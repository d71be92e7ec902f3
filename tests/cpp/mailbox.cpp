/*
 * ringline.hpp: a mailbox in another thread's hands, copied, and longer there than its ring; an
 * exception out of a call comes from the owner's run().
 * Failure: a callback that is leaked (ASan), or runs twice, or on the wrong thread.
 */
#include "tools.h"

#include "ringline.hpp"

#include <memory>
#include <stdexcept>
#include <thread>

static void check_calls() {
  ringline::ring ring;
  ring.attach();
  const std::thread::id owner = std::this_thread::get_id();
  auto alive = std::make_shared<int>(0);
  int nops = 0;
  std::unique_ptr<ringline::mailbox> mine(new ringline::mailbox(ring));
  std::thread other([mail = *mine, alive, &nops, owner]() mutable {
    ringline_op op = ringline_op();
    for (int at = 0; at < 100; at++)
      mail.submit(op, [alive, &nops, owner](const ringline_completion &what) {
        CHECK(std::this_thread::get_id() == owner);
        CHECK_EQ(what.res, 0);
        nops++;
      });
    mail.call([alive](const ringline_completion &) { throw std::runtime_error("out of a call"); });
  });
  mine.reset();
  bool thrown = false;
  while (!thrown) {
    try {
      ring.run();
    } catch (const std::runtime_error &) {
      thrown = true;
    }
  }
  other.join();
  CHECK_EQ(ring.run(), 0);
  CHECK_EQ(nops, 100);
  CHECK_EQ(alive.use_count(), 1);
}

static void check_outlives() {
  auto alive = std::make_shared<int>(0);
  std::unique_ptr<ringline::mailbox> mail;
  int returned = 0;
  {
    ringline::ring ring;
    mail.reset(new ringline::mailbox(ring));
    CHECK(mail->post(1));
    mail->call([alive, &returned](const ringline_completion &what) {
      CHECK_EQ(what.res, -ESHUTDOWN);
      returned++;
    });
  }
  CHECK_EQ(returned, 1);
  CHECK_EQ(alive.use_count(), 1);
  try {
    mail->post(2);
    CHECK(false);
  } catch (const ringline::error &gone) {
    CHECK_EQ(gone.code().value(), RINGLINE_ECLOSED);
  }
}

int main() {
  harness_warm_threads(1);
  harness_baseline();
  check_calls();
  check_outlives();
  harness_check_baseline();
  return 0;
}
