/*
 * RINGLINE_SUBMIT_COPY_ARGS: every small input is overwritten and freed as soon as it is submitted,
 * and the kernel sees it as it was; also on a polled queue, and as often as one likes. Without the
 * flag the kernel reads what is there when it takes the op.
 * Failure: an op with the inputs of another one or with freed memory, copies that are never given
 * back, or a part of a chain accepted when the room for copies is full.
 */
#include "tools.h"

#include <linux/futex.h>
#include <linux/openat2.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define COPY RINGLINE_SUBMIT_COPY_ARGS

static ringline_ring *ring;
static ringline_op op;
static char folder[256];
static int at; /* the folder's descriptor */

static struct {
  void *memory;
  size_t size;
} inputs[16];
static unsigned input_count;

/* An input in memory of its own, until forget(). */
static void *input(const void *from, size_t size) {
  void *memory = malloc(size);
  CHECK(memory != NULL && input_count < 16);
  memcpy(memory, from, size);
  inputs[input_count].memory = memory;
  inputs[input_count++].size = size;
  return memory;
}

static char *text(const char *from) { return input(from, strlen(from) + 1); }

static void forget(void) {
  while (input_count > 0) {
    input_count--;
    memset(inputs[input_count].memory, 0xa5, inputs[input_count].size);
    free(inputs[input_count].memory);
  }
}

/* Completions one by one: a turn may bring several. */
static ringline_completion next(void) {
  static ringline_completion kept[80];
  static uint32_t count, taken;
  if (taken == count) {
    count = turn_for(ring, 1, LIMIT);
    CHECK(count > 0 && count <= 80);
    memcpy(kept, record_at(ringline_shared_block(ring), 0), count * sizeof kept[0]);
    taken = 0;
  }
  return kept[taken++];
}

/* The first result of the op under `data`, once it is over. */
static int32_t ended(uint64_t data) {
  int32_t res = 0;
  int first = 1;
  for (;;) {
    ringline_completion got = next();
    CHECK_EQ(got.user_data, data);
    if (first) res = got.res;
    first = 0;
    if (got.flags & RINGLINE_CF_FINAL) return res;
  }
}

/* Submits with copies, takes the inputs away, and expects the result that they would have had. A
   kernel without the operation is no failure; 0 is returned then. */
static int expect(int32_t result) {
  int32_t code;
  op.user_data = 7;
  code = ringline_submit(ring, &op, 1, NULL, COPY);
  forget();
  if (code == RINGLINE_ENOTSUP_KERNEL) return 0;
  CHECK_EQ(code, 1);
  CHECK_EQ(ended(7), result);
  return 1;
}

static int exists(const char *name) { return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

static void paths(void) {
  struct open_how how;
  struct statx info;
  char path[300];
  int fd;
  memset(&how, 0, sizeof how);
  how.flags = O_RDWR | O_CREAT | O_CLOEXEC;
  how.mode = 0600;
  ringline_prep_openat2(&op, at, text("one"), input(&how, sizeof how), sizeof how);
  op.user_data = 7;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, COPY), 1);
  forget();
  fd = ended(7);
  CHECK_OK(fd);
  CHECK(ftruncate(fd, 5) == 0 && close(fd) == 0 && exists("one"));
  ringline_prep_openat(&op, at, text("absent"), O_RDONLY, 0);
  expect(-ENOENT);
  memset(&info, 0, sizeof info);
  ringline_prep_statx(&op, at, text("one"), 0, STATX_SIZE, &info); /* the output is ours */
  if (expect(0)) CHECK_EQ(info.stx_size, 5);
  ringline_prep_mkdirat(&op, at, text("made"), 0700);
  if (expect(0)) CHECK(exists("made"));
  ringline_prep_renameat(&op, at, text("one"), at, text("two"), 0);
  if (expect(0)) CHECK(exists("two") && !exists("one"));
  ringline_prep_linkat(&op, at, text("two"), at, text("three"), 0);
  if (expect(0)) CHECK(exists("three"));
  ringline_prep_symlinkat(&op, text("two"), at, text("soft"));
  if (expect(0)) {
    CHECK_EQ(readlinkat(at, "soft", path, sizeof path), 3);
    CHECK(memcmp(path, "two", 3) == 0);
  }
  ringline_prep_unlinkat(&op, at, text("three"), 0);
  if (expect(0)) CHECK(!exists("three"));
  snprintf(path, sizeof path, "%s/two", folder);
  ringline_prep_setxattr(&op, text(path), text("user.a"), text("value"), 5, 0);
  if (exists("two") && setxattr(path, "user.b", "x", 1, 0) == 0 && expect(0)) {
    char value[8] = "";
    CHECK_EQ(getxattr(path, "user.a", value, sizeof value), 5);
    CHECK(memcmp(value, "value", 5) == 0);
    fd = openat(at, "two", O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    ringline_prep_fsetxattr(&op, fd, text("user.a"), text("other!"), 6, 0);
    expect(0);
    ringline_prep_getxattr(&op, text(path), text("user.a"), value, sizeof value);
    expect(6);
    CHECK(memcmp(value, "other!", 6) == 0);
    memset(value, 0, sizeof value);
    ringline_prep_fgetxattr(&op, fd, text("user.a"), value, sizeof value);
    expect(6);
    CHECK(memcmp(value, "other!", 6) == 0);
    CHECK(close(fd) == 0);
  }
  forget();
  CHECK(unlinkat(at, "soft", 0) == 0 && unlinkat(at, "two", 0) == 0);
  CHECK(unlinkat(at, "made", AT_REMOVEDIR) == 0);
}

static void edges(void) {
  static char longer[5000];
  memset(longer, 'x', sizeof longer - 1);
  ringline_prep_mkdirat(&op, at, text(longer), 0700);
  expect(-ENAMETOOLONG);
  ringline_prep_mkdirat(&op, at, NULL, 0700);
  expect(-EFAULT);
  ringline_prep_renameat(&op, at, text("gone"), at, NULL, 0);
  expect(-EFAULT);
  ringline_prep_sendmsg(&op, 0, NULL, 0);
  expect(-EFAULT);
  ringline_prep_nop(&op);
  expect(0);
}

static void vectors(void) {
  char out[4] = "abc", in[4] = "";
  struct iovec to[2], from[2];
  int fd = openat(at, "data", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  from[0].iov_base = out, from[0].iov_len = 1;
  from[1].iov_base = out + 1, from[1].iov_len = 2;
  to[0].iov_base = in, to[0].iov_len = 2;
  to[1].iov_base = in + 2, to[1].iov_len = 1;
  ringline_prep_writev(&op, fd, input(from, sizeof from), 2, 0, 0);
  expect(3);
  ringline_prep_readv(&op, fd, input(to, sizeof to), 2, 0, 0);
  expect(3);
  CHECK(memcmp(in, "abc", 3) == 0);
  ringline_prep_readv(&op, fd, input(to, sizeof to), 1025, 0, 0); /* not read: too many */
  expect(-EINVAL);
  CHECK(close(fd) == 0 && unlinkat(at, "data", 0) == 0);
}

/* A msghdr with everything in it; only the data and the control data stay. */
static void *message(struct sockaddr_in *to, char *data, size_t size, char *control, size_t room) {
  struct iovec parts[2];
  struct msghdr header;
  parts[0].iov_base = data, parts[0].iov_len = 1;
  parts[1].iov_base = data + 1, parts[1].iov_len = size - 1;
  memset(&header, 0, sizeof header);
  if (to) {
    header.msg_name = input(to, sizeof *to);
    header.msg_namelen = sizeof *to;
  }
  header.msg_iov = input(parts, sizeof parts);
  header.msg_iovlen = 2;
  header.msg_control = control;
  header.msg_controllen = room;
  return input(&header, sizeof header);
}

static void received(int fd, const char *what) {
  char in[16] = "";
  CHECK_EQ(recv(fd, in, sizeof in, MSG_DONTWAIT), (long)strlen(what));
  CHECK(memcmp(in, what, strlen(what)) == 0);
}

static void messages(void) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ends[2];
  int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(from >= 0 && to >= 0 && bind(to, (struct sockaddr *)&address, size) == 0);
  CHECK(getsockname(to, (struct sockaddr *)&address, &size) == 0);
  ringline_prep_send(&op, from, "one", 3, 0);
  op.off = (uint64_t)(uintptr_t)input(&address, sizeof address);
  op.file_index = sizeof address;
  expect(3);
  received(to, "one");
  ringline_prep_sendmsg(&op, from, message(&address, "two", 3, NULL, 0), 0);
  expect(3);
  received(to, "two");
  ringline_prep_sendmsg_zc(&op, from, message(&address, "three", 5, NULL, 0), 0);
  if (expect(5)) received(to, "three");
  CHECK(close(from) == 0 && close(to) == 0);
  make_pair(ends);
  memset(&control, 0, sizeof control);
  control.align.cmsg_len = CMSG_LEN(sizeof(int));
  control.align.cmsg_level = SOL_SOCKET;
  control.align.cmsg_type = SCM_RIGHTS;
  memcpy(CMSG_DATA(&control.align), &ends[0], sizeof(int));
  ringline_prep_sendmsg(&op, ends[0], message(NULL, "fd", 2, control.bytes, sizeof control), 0);
  expect(2);
  received(ends[1], "fd");
  close_both(ends);
}

static void addresses(void) {
  struct sockaddr_in address, got;
  socklen_t size = sizeof got;
  int listener = make_listener(&address), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(client >= 0);
  ringline_prep_connect(&op, client, input(&address, sizeof address), sizeof address);
  expect(0);
  CHECK(getpeername(client, (struct sockaddr *)&got, &size) == 0);
  CHECK_EQ(got.sin_port, address.sin_port);
  CHECK(close(client) == 0 && close(listener) == 0);
  client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_port = 0;
  ringline_prep_bind(&op, client, input(&address, sizeof address), sizeof address);
  if (expect(0)) {
    CHECK(getsockname(client, (struct sockaddr *)&got, &size) == 0);
    CHECK_EQ(got.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  }
  CHECK(close(client) == 0);
}

static void times(void) {
  static const struct { int64_t seconds, ns; } soon = {0, 1000000}, late = {3600, 0};
  ringline_op chain[2];
  uint64_t tokens[2];
  char byte;
  int ends[2], seen = 0;
  ringline_prep_timeout(&op, input(&soon, sizeof soon), 0, 0);
  expect(-ETIME);
  make_pipe(ends);
  ringline_prep_read(&chain[0], ends[0], &byte, 1, 0);
  chain[0].flags |= 4; /* IOSQE_IO_LINK */
  ringline_prep_link_timeout(&chain[1], input(&soon, sizeof soon), 0);
  CHECK_EQ(ringline_submit(ring, chain, 2, tokens, COPY), 2);
  CHECK(tokens[0] != 0 && tokens[1] != 0 && tokens[0] != tokens[1]);
  forget();
  while (seen != 3) {
    ringline_completion got = next();
    CHECK_EQ(got.res, got.token == tokens[0] ? -ECANCELED : -ETIME);
    seen |= got.token == tokens[0] ? 1 : 2;
  }
  close_both(ends);
  ringline_prep_timeout(&op, input(&late, sizeof late), 0, 0);
  op.user_data = 8;
  CHECK_EQ(ringline_submit(ring, &op, 1, tokens, COPY), 1);
  forget();
  CHECK_EQ(ringline_flush(ring), 0);
  ringline_prep_timeout_update(&op, tokens[0], input(&soon, sizeof soon), 0);
  op.user_data = 7;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, COPY), 1);
  forget();
  for (seen = 0; seen != 3;) {
    ringline_completion got = next();
    CHECK_EQ(got.res, got.user_data == 8 ? -ETIME : 0);
    seen |= got.user_data == 8 ? 1 : 2;
  }
}

static void events(void) {
  struct epoll_event event;
  struct { uint64_t value, address; uint32_t flags, reserved; } waits[2];
  static uint32_t words[2] = {1, 2};
  int epoll = epoll_create1(EPOLL_CLOEXEC), fd = eventfd(1, EFD_CLOEXEC), place;
  CHECK(epoll >= 0 && fd >= 0);
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN;
  event.data.u64 = 42;
  ringline_prep_epoll_ctl(&op, epoll, EPOLL_CTL_ADD, fd, input(&event, sizeof event));
  expect(0);
  event.data.u64 = 0;
  CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
  CHECK_EQ(event.data.u64, 42);
  ringline_prep_epoll_ctl(&op, epoll, EPOLL_CTL_DEL, fd, (void *)16); /* nobody reads it */
  expect(0);
  CHECK(close(epoll) == 0 && close(fd) == 0);
  for (place = 0; place < 2; place++) {
    waits[place].value = 3; /* no word has it: the wait ends at once */
    waits[place].address = (uint64_t)(uintptr_t)&words[place];
    waits[place].flags = RINGLINE_FUTEX2_SIZE_U32 | RINGLINE_FUTEX2_PRIVATE;
    waits[place].reserved = 0;
  }
  ringline_prep_futex_waitv(&op, input(waits, sizeof waits), 2);
  expect(-EAGAIN);
}

/* Several ops wait at once: each keeps its own inputs until the kernel takes all of them. */
static void several(void) {
  int round, number;
  char name[32];
  for (round = 0; round < 100; round++) {
    for (number = 0; number < 8; number++) {
      snprintf(name, sizeof name, "dir%d", number);
      ringline_prep_mkdirat(&op, at, text(name), 0700);
      op.user_data = 9;
      CHECK_EQ(ringline_submit(ring, &op, 1, NULL, COPY), 1);
      forget();
      if (round % 2 && number == 4) CHECK_OK(ringline_flush(ring));
    }
    for (number = 0; number < 8; number++) CHECK_EQ(next().res, 0);
    for (number = 0; number < 8; number++) {
      snprintf(name, sizeof name, "dir%d", number);
      CHECK(unlinkat(at, name, AT_REMOVEDIR) == 0);
    }
  }
}

/* 128 KiB of copies: what does not fit is refused and leaves nothing behind. */
static void full(void) {
  enum { OPS = 40, LENGTH = 4000 };
  static ringline_op ops[OPS];
  static char path[LENGTH];
  int32_t accepted, round;
  int number;
  memset(path, '/', LENGTH - 1);
  path[LENGTH - 2] = 'x';
  for (number = 0; number < OPS; number++) {
    ringline_prep_unlinkat(&ops[number], at, path, 0);
    ops[number].user_data = 7;
  }
  for (round = 0; round < 3; round++) {
    accepted = ringline_submit(ring, ops, OPS, NULL, COPY);
    CHECK_EQ(accepted, (128 << 10) / LENGTH);
    CHECK_EQ(ringline_submit(ring, ops, 1, NULL, COPY), -EAGAIN);
    CHECK(strstr(ringline_error_detail(), "COPY_ARGS") != NULL);
    ringline_prep_nop(&op); /* an op without inputs needs no room */
    op.user_data = 7;
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, COPY), 1);
    CHECK_EQ(ringline_inflight(ring), accepted + 1);
    CHECK_EQ(ringline_flush(ring), 0);
    /* It waits for the kernel, so that no copy is forgotten by itself. */
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, COPY), 1);
    for (number = 0; number < OPS - 1; number++) ops[number].flags = 4; /* IOSQE_IO_LINK */
    CHECK_EQ(ringline_submit(ring, ops, OPS, NULL, COPY), -EAGAIN);
    CHECK_EQ(ringline_inflight(ring), accepted + 2);
    for (number = 0; number < OPS - 1; number++) ops[number].flags = 0;
    /* The refused chain has given its room back. */
    CHECK_EQ(ringline_submit(ring, ops, OPS, NULL, COPY), accepted);
    for (number = 0; number < 2 * accepted + 2; number++) {
      int32_t res = next().res;
      CHECK(res == 0 || res == -ENOENT);
    }
  }
}

/* Without the flag: the kernel reads the memory itself, and has read it after a flush. */
static void without(void) {
  char name[] = "first";
  ringline_prep_mkdirat(&op, at, name, 0700);
  op.user_data = 7;
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), 1);
  memcpy(name, "later", 5);
  CHECK_EQ(ringline_flush(ring), 0);
  memset(name, 0xa5, sizeof name);
  CHECK_EQ(ended(7), 0);
  CHECK(exists("later") && !exists("first"));
  CHECK(unlinkat(at, "later", AT_REMOVEDIR) == 0);
}

static void make(uint32_t flags) {
  ringline_config config;
  CHECK_OK(ringline_config_init(&config));
  config.flags = flags;
  config.sq_entries = 64;
  CHECK_OK(ringline_create(&config, &ring));
  CHECK_OK(ringline_attach(ring));
}

static void *all(void *ctx) {
  ringline_info info;
  (void)ctx;
  make(0);
  paths();
  edges();
  vectors();
  messages();
  addresses();
  times();
  events();
  several();
  full();
  without();
  CHECK_EQ(ringline_free(ring), 0);
  make(RINGLINE_CONFIG_SQPOLL);
  memset(&info, 0, sizeof info);
  CHECK_OK(ringline_info_of(ring, &info));
  if (info.setup_flags & 2) {
    paths();
    vectors();
    messages();
    several();
  }
  CHECK_EQ(ringline_free(ring), 0);
  return NULL;
}

int main(void) {
  pthread_t thread;
  const char *parent = getenv("TMPDIR");
  harness_warm_threads(2);
  harness_baseline();
  snprintf(folder, sizeof folder, "%s/ringline-XXXXXX", parent ? parent : P_tmpdir);
  CHECK(mkdtemp(folder) != NULL);
  at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(at >= 0);
  CHECK(pthread_create(&thread, NULL, all, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(close(at) == 0 && rmdir(folder) == 0);
  harness_check_baseline();
  return 0;
}
