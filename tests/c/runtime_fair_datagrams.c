/*
 * A quiet listener for datagrams beside 4 and 16 that are flooded, in lock step: before each turn
 * all of them have more than their sockets hold. The quiet one's datagram is shown after a few
 * turns' worth of the others', whatever the pool has, also where no receive goes on; and the others
 * get as much as one another.
 * Failure: a listener that is passed over while others take what comes back to the pool.
 */
#include "datagrams.h"
#include "adopted.h"

enum { MOST = 16, ROUNDS = 12, FLOOD = 64, IN_A_ROW = 32 };

typedef struct plan {
  uint64_t disable;
  uint32_t buffers;
  int busy;
} plan;

static adopted own;
static uint32_t ids[MOST + 1];
static int fds[MOST + 1];
static uint64_t shown[MOST + 1];
static uint64_t others;
static int quiet_shown;

static void look_at(const ringline_event *event, int busy) {
  int at;
  if (event->kind != RINGLINE_EVENT_DATAGRAM) return;
  for (at = 0; at <= busy; at++)
    if (ids[at] == event->listener) shown[at]++;
  if (event->listener != ids[busy])
    others += !quiet_shown;
  else
    quiet_shown = 1;
}

static void turn(int busy) {
  int at, each;
  int32_t events;
  for (at = 0; at < busy; at++)
    for (each = 0; each < FLOOD; each++) send(fds[at], "flood", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
  events = ringline_worker_turn(own.server.runtime);
  CHECK_OK(events);
  for (at = 0; at < events; at++) look_at(event_at(own.block, at), busy);
}

static void listen_and_dial(int at) {
  any_address place;
  int32_t listener = ringline_runtime_listen(own.server.runtime, "udp:127.0.0.1:0", 0);
  CHECK_OK(listener);
  memset(&place, 0, sizeof place);
  place.v4.sin_family = AF_INET;
  place.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  place.v4.sin_port =
      htons((uint16_t)ringline_runtime_port(own.server.runtime, (uint32_t)listener));
  ids[at] = (uint32_t)listener;
  fds[at] = datagram_client(&place, sizeof place.v4);
}

static void run(const plan *how) {
  ringline_runtime_config config = {.size = sizeof config, .datagram_buffers = how->buffers,
                                    .datagram_size = 2048, .disable = how->disable};
  uint64_t least = UINT64_MAX, most = 0;
  uint64_t in_a_row = how->buffers < IN_A_ROW ? how->buffers : IN_A_ROW;
  int at, round, turns;
  adopt_worker(&own, &config);
  for (at = 0; at <= how->busy; at++) listen_and_dial(at);
  memset(shown, 0, sizeof shown);
  own.block->timeout_ns = 0;
  for (at = 0; at < 3; at++) CHECK_OK(ringline_worker_turn(own.server.runtime));
  for (round = 0; round < ROUNDS; round++) {
    for (turns = 0; turns <= round % 3; turns++) turn(how->busy);
    others = 0;
    quiet_shown = 0;
    CHECK_EQ(send_some(fds[how->busy], "q", 1), 1);
    for (turns = 0; !quiet_shown; turns++) {
      CHECK(turns < 1000);
      turn(how->busy);
    }
    if (others > 2 * in_a_row * (uint64_t)how->busy)
      printf("disable %lx, %u buffers, %d busy: %lu datagrams of others in %d turns\n",
             (unsigned long)how->disable, how->buffers, how->busy, (unsigned long)others, turns);
    CHECK(others <= 2 * in_a_row * (uint64_t)how->busy);
  }
  for (at = 0; at < how->busy; at++) {
    if (shown[at] < least) least = shown[at];
    if (shown[at] > most) most = shown[at];
  }
  if (most > 2 * least + 4 * in_a_row)
    printf("disable %lx, %u buffers, %d busy: from %lu to %lu\n", (unsigned long)how->disable,
           how->buffers, how->busy, (unsigned long)least, (unsigned long)most);
  CHECK(most <= 2 * least + 4 * in_a_row);
  for (at = 0; at <= how->busy; at++) close(fds[at]);
  CHECK_EQ(ringline_runtime_free(own.server.runtime), 0);
}

int main(void) {
  static const plan plans[] = {
      {.busy = 4, .buffers = 64}, {.busy = 16, .buffers = 64}, {.busy = 4, .buffers = 4},
      {.busy = 16, .buffers = 4}, {.busy = 16, .buffers = 1},  {.busy = 16, .buffers = 512},
      {.busy = 16, .buffers = 64, .disable = RINGLINE_FEATURE_RECV_MULTISHOT},
      {.busy = 16, .buffers = 4, .disable = RINGLINE_FEATURE_RECV_MULTISHOT},
  };
  size_t at;
  for (at = 0; at < sizeof plans / sizeof *plans; at++) run(&plans[at]);
  return 0;
}
