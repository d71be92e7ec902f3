/* Posts from one thread to a ring that another one turns all the time. `mailbox_posts MESSAGES` */
#define _GNU_SOURCE
#include <pthread.h>
#include <ringline.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static ringline_mailbox *mailbox;
static long messages;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *post(void *nothing) {
  for (long i = 0; i < messages; i++)
    while (ringline_mailbox_post(mailbox, (uint64_t)i, 0) < 0) sched_yield();
  return nothing;
}

int main(int argc, char **argv) {
  pthread_t thread;
  ringline_ring *ring;
  ringline_stats stats = {.size = sizeof stats};
  long taken = 0;
  messages = argc > 1 ? atol(argv[1]) : 2000000;
  if (ringline_create(NULL, &ring) < 0 || ringline_attach(ring) < 0) return 1;
  ringline_shared *io = ringline_shared_block(ring);
  if (ringline_mailbox_of(ring, &mailbox) < 0) return 1;
  double begin = seconds();
  pthread_create(&thread, NULL, post, NULL);
  for (io->wait_min = 0; taken < messages;) taken += ringline_turn(ring);
  double took = seconds() - begin;
  pthread_join(thread, NULL);
  ringline_stats_of(ring, &stats);
  printf("posts_per_second=%.0f wakes=%llu enters=%llu\n", (double)messages / took,
         (unsigned long long)stats.wakes, (unsigned long long)stats.enters);
  ringline_mailbox_release(mailbox);
  return ringline_free(ring) != 0;
}
