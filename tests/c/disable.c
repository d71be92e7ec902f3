/*
 * RINGLINE_DISABLE and config.disable: each feature by its name and by its bit, what is unknown is
 * reported by doctor or refused.
 * Failure: a feature that cannot be switched off, one that info does not tell, or a misspelt name
 * that nobody reports.
 */
#include "tools.h"

static const char *const names[] = {
    "single_issuer", "defer_taskrun", "coop_taskrun", "taskrun_flag", "submit_all", "no_sqarray",
    "ext_arg", "min_wait", "pool", "accept_multishot", "recv_multishot", "cancel_sync",
    "cancel_any", "registered_ring", "write_nosignal", "bind_listen", "cqe_skip",
    "pool_incremental", "fixed_buffers", "file_table", "fd_install", "big_ring", "recv_limit",
};
enum { NAMES = sizeof names / sizeof *names };

static char report[16384];

static ringline_info info_with(uint64_t disable) {
  ringline_ring *ring = NULL;
  ringline_config config;
  ringline_info info;
  memset(&config, 0, sizeof config);
  memset(&info, 0, sizeof info);
  config.size = (uint32_t)sizeof config;
  config.disable = disable;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_EQ(ringline_info_of(ring, &info), 0);
  CHECK_EQ(ringline_free(ring), 0);
  return info;
}

static void check_doctor(const char *line, int is_there) {
  int32_t length = ringline_doctor(report, sizeof report);
  CHECK(length > 0 && length < (int)sizeof report);
  if ((strstr(report, line) != NULL) != is_there)
    HARNESS_FAIL("doctor %s '%s':\n%s", is_there ? "does not say" : "says", line, report);
}

int main(void) {
  uint64_t bit, all = 0;
  char line[128];
  int at;
  unsetenv("RINGLINE_DISABLE");
  for (at = 0; at < NAMES; at++) {
    ringline_info info;
    bit = (uint64_t)1 << at;
    all |= bit;
    info = info_with(bit);
    CHECK(info.disabled == bit && !(info.features & bit));
    setenv("RINGLINE_DISABLE", names[at], 1);
    CHECK_EQ(ringline_has(names[at]), 0);
    info = info_with(0);
    CHECK(info.disabled == bit && !(info.features & bit));
    snprintf(line, sizeof line, "\n%-18s off      switched off by RINGLINE_DISABLE", names[at]);
    check_doctor(line, 1);
    unsetenv("RINGLINE_DISABLE");
    check_doctor(line, 0);
  }
  /* The list above is complete: the next bit is unknown, and so is no name that doctor prints. */
  CHECK_EQ(info_with(all).disabled, all);
  {
    ringline_ring *ring = NULL;
    ringline_config config;
    memset(&config, 0, sizeof config);
    config.size = (uint32_t)sizeof config;
    config.disable = (uint64_t)1 << NAMES;
    CHECK_EQ(ringline_create(&config, &ring), -EINVAL);
  }
  setenv("RINGLINE_DISABLE", " Pool, nonsense,EXT_ARG,min-wait", 1);
  CHECK_EQ(info_with(0).disabled, RINGLINE_FEATURE_POOL | RINGLINE_FEATURE_EXT_ARG);
  check_doctor("missing  no feature is called nonsense, min-wait; remedy", 1);
  return 0;
}
