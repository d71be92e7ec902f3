/*
 * A minimal instance of every operation of the kernel, through the C ABI: opcode by opcode it is
 * completed with the result that it must have, or is one of the three that are refused by design.
 * Failure: an opcode without a FINAL completion, another result, or a refusal without its text.
 */
#include "ops.h"

#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/time_types.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>

enum { OPS = 63 };

static char bytes[16];
static ringline_op op;

static void plain_files(void) {
  int fd = ops_file("plain");
  struct iovec vector = {bytes, sizeof bytes};
  ringline_prep_nop(&op);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_write(&op, fd, "0123456789abcdef", 16, 0);
  CHECK_EQ(ops_do(&op), 16);
  ringline_prep_read(&op, fd, bytes, 16, 0);
  CHECK_EQ(ops_do(&op), 16);
  CHECK(memcmp(bytes, "0123456789abcdef", 16) == 0);
  bytes[0] = 'V';
  ringline_prep_writev(&op, fd, &vector, 1, 16, 0);
  CHECK_EQ(ops_do(&op), 16);
  memset(bytes, 0, sizeof bytes);
  ringline_prep_readv(&op, fd, &vector, 1, 16, 0);
  CHECK_EQ(ops_do(&op), 16);
  CHECK_EQ(bytes[0], 'V');
  ringline_prep_fsync(&op, fd, RINGLINE_FSYNC_DATASYNC);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_sync_file_range(&op, fd, 0, 32, 2);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_fallocate(&op, fd, 0, 0, 8192);
  CHECK_EQ(ops_do(&op), 0);
  CHECK(lseek(fd, 0, SEEK_END) == 8192);
  ringline_prep_ftruncate(&op, fd, 5);
  CHECK_EQ(ops_do(&op), 0);
  CHECK(lseek(fd, 0, SEEK_END) == 5);
  ringline_prep_fadvise(&op, fd, 0, 0, POSIX_FADV_RANDOM);
  CHECK_EQ(ops_do(&op), 0);
  close(fd);
  CHECK(unlink(ops_path("plain")) == 0);
}

static void registered_memory(void) {
  void *address = NULL;
  int region = ringline_region_alloc(ops_ring, 4096, 0, &address), fd = ops_file("fixed");
  char *memory = (char *)address;
  struct iovec vector = {memory + 100, 8};
  CHECK_OK(region);
  memcpy(memory, "in the region", 13);
  ringline_prep_write_fixed(&op, fd, memory, 13, 0, (uint16_t)region);
  CHECK_EQ(ops_do(&op), 13);
  ringline_prep_read_fixed(&op, fd, memory + 100, 8, 0, (uint16_t)region);
  CHECK_EQ(ops_do(&op), 8);
  CHECK(memcmp(memory + 100, "in the r", 8) == 0);
  ringline_prep_writev_fixed(&op, fd, &vector, 1, 13, 0, (uint16_t)region);
  CHECK_EQ(ops_do(&op), 8);
  vector.iov_base = memory + 200;
  ringline_prep_readv_fixed(&op, fd, &vector, 1, 13, 0, (uint16_t)region);
  CHECK_EQ(ops_do(&op), 8);
  CHECK(memcmp(memory + 200, "in the r", 8) == 0);
  memory[4095] = 'x';
  ringline_prep_madvise(&op, memory, 4096, MADV_WILLNEED);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ringline_region_release(ops_ring, region), 0);
  close(fd);
  CHECK(unlink(ops_path("fixed")) == 0);
}

static void paths(void) {
  struct open_how how;
  struct statx info;
  int fd;
  memset(&how, 0, sizeof how);
  how.flags = O_RDONLY | O_CLOEXEC;
  ringline_prep_mkdirat(&op, AT_FDCWD, ops_path("d"), 0700);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_openat(&op, AT_FDCWD, ops_path("d/f"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  fd = ops_do(&op);
  CHECK_OK(fd);
  ringline_prep_close(&op, fd);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_linkat(&op, AT_FDCWD, ops_path("d/f"), AT_FDCWD, ops_path("d/g"), 0);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_statx(&op, AT_FDCWD, ops_path("d/g"), 0, STATX_NLINK, &info);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(info.stx_nlink, 2);
  ringline_prep_renameat(&op, AT_FDCWD, ops_path("d/g"), AT_FDCWD, ops_path("d/h"), 0);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_symlinkat(&op, "h", AT_FDCWD, ops_path("d/s"));
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_openat2(&op, AT_FDCWD, ops_path("d/s"), &how, sizeof how);
  fd = ops_do(&op);
  CHECK_OK(fd);
  close(fd);
  ringline_prep_unlinkat(&op, AT_FDCWD, ops_path("d/s"), 0);
  CHECK_EQ(ops_do(&op), 0);
  CHECK(unlink(ops_path("d/f")) == 0);
  CHECK(unlink(ops_path("d/h")) == 0);
  ringline_prep_unlinkat(&op, AT_FDCWD, ops_path("d"), AT_REMOVEDIR);
  CHECK_EQ(ops_do(&op), 0);
}

static void attributes(void) {
  int fd = ops_file("attr");
  if (fsetxattr(fd, "user.probe", "x", 1, 0)) SKIP("no extended attributes in the folder TMPDIR");
  ringline_prep_fsetxattr(&op, fd, "user.one", "1", 1, XATTR_CREATE);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_setxattr(&op, ops_path("attr"), "user.two", "22", 2, 0);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_fgetxattr(&op, fd, "user.two", bytes, sizeof bytes);
  CHECK_EQ(ops_do(&op), 2);
  ringline_prep_getxattr(&op, ops_path("attr"), "user.one", bytes, sizeof bytes);
  CHECK_EQ(ops_do(&op), 1);
  CHECK_EQ(bytes[0], '1');
  close(fd);
  CHECK(unlink(ops_path("attr")) == 0);
}

static void pipes(void) {
  int from[2], to[2], pool = ringline_pool_create(ops_ring, 4, 64, 0);
  ringline_completion got;
  uint64_t reader;
  CHECK_OK(pool);
  ringline_prep_pipe(&op, from, O_CLOEXEC);
  CHECK_EQ(ops_do(&op), 0);
  make_pipe(to);
  CHECK(write(from[1], "through", 7) == 7);
  ringline_prep_tee(&op, from[0], to[1], 7, 0);
  CHECK_EQ(ops_do(&op), 7);
  ringline_prep_splice(&op, from[0], -1, to[1], -1, 7, 0);
  CHECK_EQ(ops_do(&op), 7);
  CHECK(read(to[0], bytes, 14) == 14);
  CHECK(memcmp(bytes, "throughthrough", 14) == 0);
  ringline_prep_read_multishot(&op, from[0], pool);
  ops_start(&op);
  reader = op.user_data;
  CHECK(write(from[1], "shot", 4) == 4);
  got = ops_wait(reader);
  CHECK_EQ(got.res, 4);
  CHECK(got.flags & RINGLINE_CF_LEASE && got.flags & RINGLINE_CF_MORE);
  CHECK(memcmp((const void *)(uintptr_t)got.data, "shot", 4) == 0);
  CHECK_EQ(ringline_lease_release(got.token), 0);
  close(from[1]);
  got = ops_wait(reader);
  CHECK_EQ(got.res, 0);
  CHECK(got.flags & RINGLINE_CF_FINAL);
  CHECK_EQ(ringline_pool_destroy(ops_ring, pool), 0);
  close(from[0]);
  close_both(to);
}

/* A listener and a connection to it, made by operations alone; the two ends of it. */
static void streams(int ends[2]) {
  struct sockaddr_un address;
  uint64_t accepting, connecting;
  int listener;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "%s", ops_path("socket"));
  ringline_prep_socket(&op, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  listener = ops_do(&op);
  CHECK_OK(listener);
  ringline_prep_bind(&op, listener, &address, sizeof address);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_listen(&op, listener, 8);
  CHECK_EQ(ops_do(&op), 0);
  ringline_prep_socket(&op, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ends[0] = ops_do(&op);
  CHECK_OK(ends[0]);
  ringline_prep_accept(&op, listener, NULL, NULL, SOCK_CLOEXEC);
  ops_start(&op);
  accepting = op.user_data;
  ringline_prep_connect(&op, ends[0], &address, sizeof address);
  ops_start(&op);
  connecting = op.user_data;
  CHECK_EQ(ops_wait(connecting).res, 0);
  ends[1] = ops_wait(accepting).res;
  CHECK_OK(ends[1]);
  close(listener);
  CHECK(unlink(address.sun_path) == 0);
}

static void messages(void) {
  int ends[2];
  char in[8];
  struct iovec out_vector = {bytes, 4}, in_vector = {in, sizeof in};
  struct msghdr out_message, in_message;
  memset(&out_message, 0, sizeof out_message);
  out_message.msg_iov = &out_vector;
  out_message.msg_iovlen = 1;
  in_message = out_message;
  in_message.msg_iov = &in_vector;
  streams(ends);
  ringline_prep_send(&op, ends[0], "send", 4, 0);
  CHECK_EQ(ops_do(&op), 4);
  ringline_prep_recv(&op, ends[1], in, sizeof in, 0);
  CHECK_EQ(ops_do(&op), 4);
  memcpy(bytes, "mesg", 4);
  ringline_prep_sendmsg(&op, ends[0], &out_message, 0);
  CHECK_EQ(ops_do(&op), 4);
  ringline_prep_recvmsg(&op, ends[1], &in_message, 0);
  CHECK_EQ(ops_do(&op), 4);
  CHECK(memcmp(in, "mesg", 4) == 0);
  ringline_prep_cmd_sock(&op, ends[1], RINGLINE_SOCKET_GETSOCKOPT, SOL_SOCKET, SO_TYPE, in, 4);
  CHECK_EQ(ops_do(&op), 4);
  CHECK_EQ(*(int *)(void *)in, SOCK_STREAM);
  ringline_prep_shutdown(&op, ends[0], SHUT_WR);
  CHECK_EQ(ops_do(&op), 0);
  CHECK(recv(ends[1], in, 1, 0) == 0);
  close_both(ends);
}

/* What a zero-copy send sends and then says: the bytes with MORE, or all at once. */
static void zero_copy_of(ringline_op *send_op, int end) {
  char in[4];
  ringline_completion first;
  ops_start(send_op);
  first = ops_wait(send_op->user_data);
  CHECK_EQ(first.res, 4);
  if (!(first.flags & RINGLINE_CF_FINAL)) {
    ringline_completion notice;
    CHECK(recv(end, in, 4, MSG_WAITALL) == 4);
    notice = ops_wait(send_op->user_data);
    CHECK(notice.flags & RINGLINE_CF_FINAL && notice.flags & RINGLINE_CF_NOTIF);
    return;
  }
  CHECK(recv(end, in, 4, MSG_WAITALL) == 4);
}

static void zero_copy(void) {
  int ends[2];
  struct iovec vector = {bytes, 4};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  make_tcp_pair(ends);
  ringline_prep_send_zc(&op, ends[0], bytes, 4, 0, 0);
  zero_copy_of(&op, ends[1]);
  ringline_prep_sendmsg_zc(&op, ends[0], &message, 0);
  zero_copy_of(&op, ends[1]);
  close_both(ends);
}

static void polls_and_timeouts(void) {
  int ends[2];
  struct __kernel_timespec soon = {0, 1000000}, late = {100, 0};
  uint64_t token, waiting, linked;
  ringline_op chain[2];
  make_pipe(ends);
  ringline_prep_poll_add(&op, ends[1], POLLOUT);
  CHECK_EQ(ops_do(&op), POLLOUT);
  ringline_prep_poll_add(&op, ends[0], POLLIN);
  token = ops_start(&op);
  waiting = op.user_data;
  ringline_prep_poll_remove(&op, token);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(waiting).res, -ECANCELED);
  ringline_prep_timeout(&op, &soon, 0, 0);
  CHECK_EQ(ops_do(&op), -ETIME);
  ringline_prep_timeout(&op, &late, 0, 0);
  token = ops_start(&op);
  waiting = op.user_data;
  ringline_prep_timeout_remove(&op, token);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(waiting).res, -ECANCELED);
  ringline_prep_read(&op, ends[0], bytes, 1, UINT64_MAX);
  token = ops_start(&op);
  waiting = op.user_data;
  ringline_prep_cancel(&op, token);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(waiting).res, -ECANCELED);
  ringline_prep_read(&chain[0], ends[0], bytes, 1, UINT64_MAX);
  ringline_prep_link_timeout(&chain[1], &soon, 0);
  ringline_prep_link(chain, 2);
  chain[0].user_data = waiting = ops_next++;
  chain[1].user_data = linked = ops_next++;
  ops_opcode[waiting] = RINGLINE_OP_READ;
  ops_opcode[linked] = RINGLINE_OP_LINK_TIMEOUT;
  CHECK_EQ(ringline_submit(ops_ring, chain, 2, NULL, 0), 2);
  CHECK_EQ(ops_wait(waiting).res, -ECANCELED);
  CHECK_EQ(ops_wait(linked).res, -ETIME);
  close_both(ends);
}

static void waits(void) {
  int poller = epoll_create1(EPOLL_CLOEXEC), ends[2], status;
  struct epoll_event event = {.events = EPOLLOUT, .data = {.u64 = 5}};
  siginfo_t info;
  pid_t child;
  make_pipe(ends);
  CHECK(poller >= 0);
  ringline_prep_epoll_ctl(&op, poller, EPOLL_CTL_ADD, ends[1], &event);
  CHECK_EQ(ops_do(&op), 0);
  memset(&event, 0, sizeof event);
  ringline_prep_epoll_wait(&op, poller, &event, 1, 0);
  CHECK_EQ(ops_do(&op), 1);
  CHECK_EQ(event.data.u64, 5);
  close(poller);
  close_both(ends);
  child = fork();
  if (child == 0) _exit(3);
  CHECK(child > 0);
  memset(&info, 0, sizeof info);
  ringline_prep_waitid(&op, P_PID, child, &info, WEXITED, 0);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(info.si_status, 3);
  CHECK(waitpid(child, &status, 0) == -1 && errno == ECHILD);
}

static void futexes(void) {
  static uint32_t word;
  struct futex_waitv vector = {0, (uintptr_t)&word, RINGLINE_FUTEX2_SIZE_U32, 0};
  uint64_t waiting;
  int round;
  for (round = 0; round < 2; round++) {
    if (round == 0)
      ringline_prep_futex_wait(&op, &word, 0, RINGLINE_FUTEX_ANY, RINGLINE_FUTEX2_SIZE_U32);
    else
      ringline_prep_futex_waitv(&op, &vector, 1);
    ops_start(&op);
    waiting = op.user_data;
    ringline_prep_futex_wake(&op, &word, 1, RINGLINE_FUTEX_ANY, RINGLINE_FUTEX2_SIZE_U32);
    CHECK_EQ(ops_do(&op), 1);
    CHECK_EQ(ops_wait(waiting).res, 0);
  }
}

static void tables(void) {
  int ends[2], fds[1], copy;
  ringline_info info;
  memset(&info, 0, sizeof info);
  CHECK_OK(ringline_info_of(ops_ring, &info));
  ringline_prep_msg_ring(&op, info.ring_fd, 11, 12345, 0);
  CHECK_EQ(ops_do(&op), 0);
  CHECK_EQ(ops_wait(12345).res, 11);
  make_pipe(ends);
  CHECK_OK(ringline_files_reserve(ops_ring, 4, 0, 0));
  fds[0] = ends[0];
  ringline_prep_files_update(&op, fds, 1, 2);
  CHECK_EQ(ops_do(&op), 1);
  ringline_prep_fixed_fd_install(&op, 2, 0);
  copy = ops_do(&op);
  CHECK_OK(copy);
  CHECK(write(ends[1], "f", 1) == 1);
  CHECK(read(copy, bytes, 1) == 1);
  close(copy);
  close_both(ends);
}

static void refused(void) {
  memset(&op, 0, sizeof op);
  op.opcode = RINGLINE_OP_PROVIDE_BUFFERS;
  ops_refused(&op, -EINVAL, "ringline_pool_create");
  op.opcode = RINGLINE_OP_REMOVE_BUFFERS;
  ops_refused(&op, -EINVAL, "ringline_pool_create");
  ringline_prep_recv_zc(&op, 0, 0, 0);
  ops_refused(&op, RINGLINE_ENOTSUP_KERNEL, "recv_zc");
}

static void each(void) {
  int opcode;
  plain_files();
  registered_memory();
  paths();
  attributes();
  pipes();
  messages();
  zero_copy();
  polls_and_timeouts();
  waits();
  futexes();
  tables();
  refused();
  for (opcode = 0; opcode < OPS; opcode++) {
    int by_design = opcode == RINGLINE_OP_PROVIDE_BUFFERS || opcode == RINGLINE_OP_REMOVE_BUFFERS ||
                    opcode == RINGLINE_OP_RECV_ZC;
    if (by_design == (ops_final[opcode] > 0))
      HARNESS_FAIL("opcode %d has %d FINAL completions", opcode, ops_final[opcode]);
    CHECK_EQ(ringline_op_supported((uint8_t)opcode), !by_design);
  }
  memset(&op, 0, sizeof op);
  op.opcode = OPS; /* the first that this library does not know */
  ops_refused(&op, -EINVAL, "opcode");
}

int main(void) { return ops_main(each); }
