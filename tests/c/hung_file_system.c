/*
 * An open on a file system that answers nothing: the kernel cannot let go of it. Close tells so
 * without burning a core although stop is up, free abandons it and keeps the ring's pool, and when
 * the file system is gone the next ring takes the pool's memory back.
 * Not under a sanitizer: mappings are counted.
 * Failure: a close that spins, a free that hangs, or memory that is freed too early or never.
 */
#include "tools.h"

#include <linux/fuse.h>
#include <sched.h>
#include <sys/mount.h>

enum { MEGABYTE = 1 << 20 };

static int device;
static char place[64] = "/tmp/ringline-hung-XXXXXX";

static void greet(void) {
  static char buffer[FUSE_MIN_READ_BUFFER];
  struct fuse_in_header request;
  struct {
    struct fuse_out_header header;
    struct fuse_init_out body;
  } answer;
  CHECK(read(device, buffer, sizeof buffer) >= (ssize_t)sizeof request);
  memcpy(&request, buffer, sizeof request);
  CHECK_EQ(request.opcode, FUSE_INIT);
  memset(&answer, 0, sizeof answer);
  answer.header.len = sizeof answer;
  answer.header.unique = request.unique;
  answer.body.major = FUSE_KERNEL_VERSION;
  answer.body.minor = FUSE_KERNEL_MINOR_VERSION;
  answer.body.max_write = 4096;
  CHECK(write(device, &answer, sizeof answer) == sizeof answer);
}

static void mount_hung(void) {
  char options[128];
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) SKIP("no /dev/fuse here");
  if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
    SKIP("no mount namespaces here");
  CHECK(mkdtemp(place) != NULL);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (mount("hung", place, "fuse", MS_NOSUID | MS_NODEV, options)) {
    rmdir(place);
    SKIP("FUSE cannot be mounted here");
  }
  greet();
}

static void wait_for_request(void) {
  struct pollfd entry = {device, POLLIN, 0};
  CHECK(poll(&entry, 1, 5000) == 1);
}

static int64_t abandoned;

static void opened(void *ctx, ringline_ring *ring, const ringline_completion *completion) {
  (void)ctx, (void)ring;
  CHECK(completion->flags & RINGLINE_CF_FINAL);
  if (completion->flags & RINGLINE_CF_ABANDONED) abandoned++;
}

static void wait_for_reclaim(int mappings) {
  uint64_t deadline = harness_now_ns() + 4 * (uint64_t)SECOND;
  for (;;) {
    CHECK_EQ(ringline_free(make_ring()), 0); /* each create looks after what was abandoned */
    if (harness_count().mappings < mappings) return;
    CHECK(harness_now_ns() < deadline);
  }
}

static void *owner(void *ctx) {
  ringline_op op;
  ringline_ring *ring = make_ring();
  uint64_t enters;
  int mappings, fds;
  CHECK_OK(ringline_attach(ring));
  CHECK_EQ(ringline_pool_create(ring, 4, MEGABYTE, 0), 0);
  mappings = harness_count().mappings;
  ringline_prep_openat(&op, AT_FDCWD, strcat(place, "/x"), O_RDONLY, 0);
  CHECK_OK(ringline_submit_with(ring, &op, opened, NULL));
  CHECK_EQ(turn_for(ring, 0, 0), 0);
  wait_for_request(); /* never read: a read one could not be killed either */
  enters = stats_of(ring).enters;
  CHECK_EQ(ringline_stop(ring), 0);
  CHECK_EQ(ringline_close(ring, SECOND / 4), 1);
  CHECK(stats_of(ring).enters - enters < 200);
  CHECK_EQ(ringline_free(ring), 1);
  CHECK_EQ(abandoned, 1);
  CHECK_EQ(ringline_free(make_ring()), 0);
  fds = harness_count().fds;
  mappings = harness_count().mappings;
  CHECK_EQ(ringline_free(make_ring()), 0);
  CHECK_EQ(harness_count().mappings, mappings); /* the pool: the kernel is not done */
  CHECK(close(device) == 0);
  wait_for_reclaim(mappings);
  CHECK_EQ(harness_count().fds, fds - 2); /* the device, and the tombstone */
  return ctx;
}

int main(void) {
  pthread_t thread;
  harness_warm_threads(1);
  mount_hung();
  harness_baseline();
  harness_before.fds--; /* the device */
  CHECK(pthread_create(&thread, NULL, owner, NULL) == 0);
  pthread_join(thread, NULL);
  place[strlen(place) - 2] = 0;
  CHECK(umount2(place, MNT_DETACH) == 0);
  CHECK(rmdir(place) == 0);
  harness_check_baseline();
  return 0;
}
