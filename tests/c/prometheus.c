/*
 * ringline_stats_prometheus: every counter of ringline_stats, with its value, in the text format.
 * Failure: a counter that is missing or wrong, a line a scraper cannot read, or a byte written
 * beyond the buffer.
 */
#include "tools.h"

enum { COUNTERS = (sizeof(ringline_stats) - 8) / 8 };

static char text[16384];

/* Reads the next HELP, TYPE and value lines; the value. */
static unsigned long long next_metric(char **at) {
  char name[64], name_of_type[64], name_of_value[64], help[128];
  unsigned long long value;
  unsigned ring;
  int length = 0;
  CHECK(sscanf(*at, "# HELP %63s %127[^\n]\n# TYPE %63s counter\n%63[a-z_]{ring=\"%u\"} %llu%n",
               name, help, name_of_type, name_of_value, &ring, &value, &length) == 6);
  CHECK(strncmp(name, "ringline_", 9) == 0 && strcmp(name + strlen(name) - 6, "_total") == 0);
  CHECK(strcmp(name, name_of_type) == 0 && strcmp(name, name_of_value) == 0);
  CHECK((*at)[length] == '\n');
  *at += length + 1;
  return value;
}

int main(void) {
  ringline_ring *ring;
  ringline_stats stats;
  ringline_op op;
  const uint64_t *counters = &stats.submitted;
  char *at = text, small[100];
  int count, length, cap;
  harness_baseline();
  ring = make_ring();
  for (count = 0; count < 5; count++) {
    ringline_prep_nop(&op);
    CHECK_EQ(do_op(ring, &op).res, 0);
  }
  ringline_prep_timer(&op, 1, 0);
  do_op(ring, &op);
  length = ringline_stats_prometheus(ring, NULL, 0);
  CHECK(length > 0 && length < (int)sizeof text);
  CHECK_EQ(ringline_stats_prometheus(ring, text, sizeof text), length);
  CHECK_EQ(strlen(text), length);
  stats = stats_of(ring);
  CHECK(stats.submitted == 6 && stats.timers == 1);
  for (count = 0; count < COUNTERS; count++) CHECK_EQ(next_metric(&at), counters[count]);
  CHECK_EQ(*at, 0);
  for (cap = 1; cap < (int)sizeof small; cap++) {
    memset(small, '#', sizeof small);
    CHECK_EQ(ringline_stats_prometheus(ring, small, (size_t)cap), length);
    CHECK_EQ(strlen(small), cap - 1);
    CHECK(memcmp(small, text, (size_t)cap - 1) == 0 && small[cap] == '#');
  }
  CHECK_EQ(ringline_free(ring), 0);
  CHECK_EQ(ringline_stats_prometheus(ring, text, sizeof text), RINGLINE_ESTALE);
  harness_check_baseline();
  return 0;
}
