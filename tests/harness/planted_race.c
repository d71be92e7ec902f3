/* `planted_race right`: what is written before a post is read after it. `wrong`: it is written
 * after the post, so that nothing orders the two. For scripts/tsan.sh. */
#include "tools.h"

static ringline_mailbox *mailbox;
static int number, wrong;

static void *post(void *nothing) {
  if (!wrong) number = 1;
  CHECK_EQ(ringline_mailbox_post(mailbox, 1, 0), 0);
  if (wrong) number = 1;
  return nothing;
}

int main(int argc, char **argv) {
  pthread_t thread;
  ringline_ring *ring = make_ring();
  wrong = argc > 1 && strcmp(argv[1], "wrong") == 0;
  CHECK_OK(ringline_attach(ring));
  CHECK_OK(ringline_mailbox_of(ring, &mailbox));
  CHECK(pthread_create(&thread, NULL, post, NULL) == 0);
  CHECK_EQ(next_completion(ring).user_data, 1);
  printf("%d\n", number);
  pthread_join(thread, NULL);
  CHECK_EQ(ringline_mailbox_release(mailbox), 0);
  return ringline_free(ring) != 0;
}
