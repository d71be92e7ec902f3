/*
 * Rings without SINGLE_ISSUER, DEFER_TASKRUN, COOP_TASKRUN, TASKRUN_FLAG, SUBMIT_ALL, NO_SQARRAY,
 * one by one and all together.
 * Failure: create refuses, the feature is used anyway, or an operation hangs.
 */
#include "fallback.h"

int main(void) {
  uint64_t features[] = {
      RINGLINE_FEATURE_SINGLE_ISSUER, RINGLINE_FEATURE_DEFER_TASKRUN,
      RINGLINE_FEATURE_COOP_TASKRUN,  RINGLINE_FEATURE_TASKRUN_FLAG,
      RINGLINE_FEATURE_SUBMIT_ALL,    RINGLINE_FEATURE_NO_SQARRAY,
      RINGLINE_FEATURE_DEFER_TASKRUN | RINGLINE_FEATURE_COOP_TASKRUN,
      RINGLINE_FEATURE_DEFER_TASKRUN | RINGLINE_FEATURE_TASKRUN_FLAG,
      0,
  };
  size_t at, last = sizeof features / sizeof *features - 1;
  for (at = 0; at < 6; at++) features[last] |= features[at];
  harness_baseline();
  for (at = 0; at <= last; at++) fallback_run(fallback_ring(features[at]), 1);
  harness_check_baseline();
  return 0;
}
