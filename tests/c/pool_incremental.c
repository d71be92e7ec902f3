/*
 * An incremental pool of few large buffers under small and large messages, its leases given back in
 * any order and by two threads.
 * Failure: a byte that is not the one sent, a buffer that the kernel gets while a piece of it is
 * leased, one that it never gets back, or an operation that would make the count wrong.
 */
#include "tools.h"

enum { BUFFERS = 8, SIZE = 256 * 1024, HELD = 4096 };

static uint64_t held[HELD];
static const unsigned char *pieces[HELD];
static int lengths[HELD];
static int count;
static unsigned long received;

static unsigned char byte_at(unsigned long at) { return (unsigned char)(at * 7 + at / 251); }

static void check_piece(int index, unsigned long start) {
  int at;
  for (at = 0; at < lengths[index]; at++)
    if (pieces[index][at] != byte_at(start + (unsigned long)at))
      HARNESS_FAIL("byte %lu is not what was sent", start + (unsigned long)at);
}

static void *release_half(void *ctx) {
  int at;
  (void)ctx;
  for (at = 0; at < count; at += 2) CHECK_EQ(ringline_lease_release(held[at]), 0);
  return NULL;
}

/* Every other lease by another thread, the rest by the owner, youngest first. */
static void release_all(void) {
  pthread_t thread;
  int at;
  CHECK(pthread_create(&thread, NULL, release_half, NULL) == 0);
  for (at = count - 1; at >= 0; at--)
    if (at % 2) CHECK_EQ(ringline_lease_release(held[at]), 0);
  pthread_join(thread, NULL);
  for (at = 0; at < count; at++) CHECK_EQ(ringline_lease_release(held[at]), RINGLINE_ESTALE);
  count = 0;
}

static unsigned long start_of(int index) {
  unsigned long start = received;
  int at;
  for (at = count - 1; at >= index; at--) start -= (unsigned long)lengths[at];
  return start;
}

/* One turn; pieces are kept. Returns whether the receive ended. */
static int take(ringline_ring *ring, int64_t limit) {
  ringline_shared *shared = ringline_shared_block(ring);
  uint32_t at, records = turn_for(ring, 1, limit);
  int ended = 0;
  for (at = 0; at < records; at++) {
    const ringline_completion *it = record_at(shared, at);
    if (it->flags & RINGLINE_CF_LEASE) {
      CHECK(it->res > 0 && count < HELD);
      held[count] = it->token;
      pieces[count] = (const unsigned char *)(uintptr_t)it->data;
      lengths[count++] = it->res;
      received += (unsigned long)it->res;
    } else {
      CHECK_EQ(it->res, -ENOBUFS);
    }
    if (it->flags & RINGLINE_CF_FINAL) ended = 1;
  }
  return ended;
}

/* Messages of `size` bytes, `messages` of them; what came is held until the pool is dry. */
static void stream(ringline_ring *ring, int pool, unsigned size, unsigned messages) {
  unsigned char *message = (unsigned char *)malloc(size);
  unsigned long sent = 0, total = (unsigned long)size * messages;
  ringline_op op;
  int ends[2], ended = 1, at;
  CHECK(message != NULL);
  make_pair(ends);
  CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  received = 0;
  while (received < total) {
    while (sent < total) {
      unsigned part = size - (unsigned)(sent % size);
      ssize_t done;
      for (at = 0; at < (int)part; at++) message[at] = byte_at(sent + (unsigned long)at);
      done = send(ends[1], message, part, 0);
      if (done < 0) break;
      sent += (unsigned long)done;
    }
    if (ended) {
      ringline_prep_recv_multishot(&op, ends[0], pool, 0);
      submit_one(ring, &op, 1);
    }
    ended = take(ring, LIMIT);
    if (ended || count > HELD - 2048) {
      /* The kernel had every chance to write into what is leased: only now is it looked at. */
      for (at = 0; at < count; at++) check_piece(at, start_of(at));
      release_all();
    }
  }
  for (at = 0; at < count; at++) check_piece(at, start_of(at));
  release_all();
  if (!ended) {
    CHECK_EQ(ringline_cancel_fd(ring, ends[0]), 1);
    CHECK_EQ(next_completion(ring).res, -ECANCELED);
  }
  CHECK_EQ(ringline_lease_count(ring), 0);
  close_both(ends);
  free(message);
}

static ringline_pool_info info_of(ringline_ring *ring, int pool) {
  ringline_pool_info info;
  memset(&info, 0, sizeof info);
  CHECK_OK(ringline_pool_info_of(ring, pool, &info));
  return info;
}

static ringline_completion receive(ringline_ring *ring, int pool, int ends[2], const char *text) {
  ringline_op op;
  ringline_completion it;
  CHECK(send(ends[1], text, strlen(text), 0) == (ssize_t)strlen(text));
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  it = do_op(ring, &op);
  CHECK_EQ(it.res, (int)strlen(text));
  CHECK(it.flags & RINGLINE_CF_LEASE);
  CHECK(memcmp((const void *)(uintptr_t)it.data, text, strlen(text)) == 0);
  return it;
}

/* One buffer of 8 bytes: two pieces fill it, and both have to come back. */
static void check_pieces(ringline_ring *ring) {
  int ends[2], pool = ringline_pool_create(ring, 1, 8, RINGLINE_POOL_INCREMENTAL);
  ringline_completion first, second, none;
  ringline_op op;
  CHECK_OK(pool);
  make_pair(ends);
  first = receive(ring, pool, ends, "abc");
  CHECK(first.flags & RINGLINE_CF_BUF_MORE);
  CHECK_EQ(ringline_lease_release(first.token), 0); /* the kernel goes on with the buffer */
  CHECK_EQ(info_of(ring, pool).free, 1);
  second = receive(ring, pool, ends, "def");
  CHECK_EQ(second.data, first.data + 3);
  first = receive(ring, pool, ends, "gh");
  CHECK_EQ(first.data, second.data + 3);
  CHECK(!(first.flags & RINGLINE_CF_BUF_MORE));
  CHECK_EQ(info_of(ring, pool).free, 0);
  CHECK_EQ(info_of(ring, pool).leases, 2);
  CHECK_EQ(ringline_lease_release(first.token), 0);
  CHECK_EQ(ringline_lease_release(first.token), RINGLINE_ESTALE);
  CHECK_EQ(info_of(ring, pool).free, 0); /* "def" is still leased */
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  CHECK(send(ends[1], "x", 1, 0) == 1);
  none = do_op(ring, &op);
  CHECK_EQ(none.res, -ENOBUFS);
  CHECK(memcmp((const void *)(uintptr_t)second.data, "def", 3) == 0);
  CHECK_EQ(ringline_lease_release(second.token), 0);
  CHECK_EQ(info_of(ring, pool).free, 1);
  first = do_op(ring, &op);
  CHECK_EQ(first.res, 1);
  CHECK_EQ(ringline_lease_release(first.token), 0);
  /* What would make the count wrong is refused. */
  op.flags |= RINGLINE_SQE_ASYNC;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_read(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  /* The end of the stream takes no piece. */
  CHECK(shutdown(ends[1], SHUT_WR) == 0);
  ringline_prep_recv(&op, ends[0], NULL, 0, 0);
  ringline_prep_pool(&op, pool);
  none = do_op(ring, &op);
  CHECK_EQ(none.res, 0);
  CHECK(!(none.flags & (RINGLINE_CF_LEASE | RINGLINE_CF_BUFFER | RINGLINE_CF_BUF_MORE)));
  CHECK_EQ(ringline_pool_destroy(ring, pool), 0);
  close_both(ends);
}

int main(void) {
  ringline_ring *ring;
  int pool;
  if (ringline_has("pool_incremental") != 1) SKIP("this kernel has no incremental pools");
  harness_warm_threads(1);
  harness_baseline();
  ring = make_ring();
  check_pieces(ring);
  pool = ringline_pool_create(ring, BUFFERS, SIZE, RINGLINE_POOL_INCREMENTAL | RINGLINE_POOL_HUGE);
  CHECK_OK(pool);
  CHECK(info_of(ring, pool).flags & RINGLINE_POOL_INCREMENTAL);
  stream(ring, pool, 64, 100000);
  stream(ring, pool, 65536, 400);
  stream(ring, pool, 64, 20000);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
