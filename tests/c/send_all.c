/*
 * SEND_ALL goes on after short sends: the stream arrives whole and in order, and a second one on
 * the same descriptor is refused while it runs.
 * Failure: a byte missing or out of order, a result below the length without an error, or bytes of
 * two sends that interleave.
 */
#include "tools.h"

enum { LENGTH = 4 << 20 };

static unsigned char out[LENGTH], in[65536];

static unsigned char byte_at(long at) { return (unsigned char)(at * 31 + (at >> 9)); }

static void *reader(void *fd) {
  long at = 0;
  while (at < LENGTH) {
    long got = recv(*(int *)fd, in, sizeof in, 0), each;
    CHECK(got > 0);
    for (each = 0; each < got; each++, at++) CHECK_EQ(in[each], byte_at(at));
  }
  return NULL;
}

static void check_whole(ringline_ring *ring) {
  int ends[2];
  pthread_t thread;
  ringline_op op;
  ringline_completion completion;
  make_pair(ends);
  CHECK(pthread_create(&thread, NULL, reader, &ends[1]) == 0);
  ringline_prep_send_all(&op, ends[0], out, LENGTH, 0);
  submit_one(ring, &op, 1);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EBUSY);
  completion = next_completion(ring);
  CHECK_EQ(completion.res, LENGTH);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  pthread_join(thread, NULL);
  ringline_prep_send_all(&op, ends[0], out, 16, 0);
  CHECK_EQ(do_op(ring, &op).res, 16); /* the descriptor is free again */
  close_both(ends);
}

/* Cancelled, or cut because the peer went away: an error, and how many bytes were accepted. */
static void check_cut(ringline_ring *ring, int by_peer) {
  int ends[2];
  ringline_op op;
  ringline_completion completion;
  uint64_t token;
  long got, received = 0;
  make_pair(ends);
  ringline_prep_send_all(&op, ends[0], out, LENGTH, 0);
  token = submit_one(ring, &op, 2);
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  CHECK_EQ(ringline_inflight(ring), 1);
  if (by_peer) close(ends[1]);
  else CHECK_EQ(ringline_cancel(ring, token), 0);
  completion = next_completion(ring);
  CHECK_EQ(completion.res, by_peer ? -EPIPE : -ECANCELED);
  CHECK(completion.flags & RINGLINE_CF_FINAL);
  CHECK(completion.data > 0 && completion.data < LENGTH);
  CHECK_EQ(ringline_inflight(ring), 0);
  while (!by_peer && received < (long)completion.data) {
    got = recv(ends[1], in, sizeof in, 0);
    CHECK(got > 0);
    received += got;
  }
  if (!by_peer) {
    CHECK_EQ(received, completion.data);
    CHECK(recv(ends[1], in, sizeof in, MSG_DONTWAIT) == -1);
    close(ends[1]);
  }
  close(ends[0]);
}

int main(void) {
  ringline_ring *ring;
  long at;
  harness_warm_threads(1);
  harness_baseline();
  for (at = 0; at < LENGTH; at++) out[at] = byte_at(at);
  ring = make_ring();
  check_whole(ring);
  check_cut(ring, 0);
  check_cut(ring, 1);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
