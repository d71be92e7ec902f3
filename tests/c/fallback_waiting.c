/*
 * Rings without EXT_ARG (the wait's timeout in the call), MIN_WAIT, CANCEL_ANY, REGISTERED_RING,
 * WRITE_NOSIGNAL, one by one and all together.
 * Failure: a wait that never ends or does not wait, or a cancel of everything that misses one.
 */
#include "fallback.h"

int main(void) {
  uint64_t features[] = {
      RINGLINE_FEATURE_EXT_ARG,         RINGLINE_FEATURE_MIN_WAIT,
      RINGLINE_FEATURE_CANCEL_ANY,      RINGLINE_FEATURE_REGISTERED_RING,
      RINGLINE_FEATURE_WRITE_NOSIGNAL,  0,
  };
  size_t at, last = sizeof features / sizeof *features - 1;
  for (at = 0; at < last; at++) features[last] |= features[at];
  harness_baseline();
  for (at = 0; at <= last; at++) fallback_run(fallback_ring(features[at]), 1);
  harness_check_baseline();
  return 0;
}
