/*
 * SENDMSG and RECVMSG, once: payload over several iovecs, names of both families, a passed
 * descriptor, cut payload and control data, the payload alone in a buffer of a pool.
 * Failure: a byte, name or descriptor that is not the one sent, or a cut that is not told.
 */
#include "tools.h"

typedef union control { /* aligned as a control message has to be */
  struct cmsghdr first;
  unsigned char bytes[CMSG_SPACE(sizeof(int))];
} control;

/* A datagram socket on a port of the loopback that the kernel chose. */
static int make_udp(int family, struct sockaddr_storage *name, socklen_t *len) {
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const void *at = family == AF_INET ? (const void *)&four : (const void *)&six;
  if (fd < 0 && errno == EAFNOSUPPORT) return -1;
  CHECK(fd >= 0);
  *len = family == AF_INET ? sizeof four : sizeof six;
  if (bind(fd, (const struct sockaddr *)at, *len) != 0) { /* a machine without ::1 */
    CHECK(family == AF_INET6 && errno == EADDRNOTAVAIL);
    close(fd);
    return -1;
  }
  CHECK(getsockname(fd, (struct sockaddr *)name, len) == 0);
  return fd;
}

/* From one socket to another, both ways of the name: to whom, and from whom. */
static void check_names(ringline_ring *ring, int family) {
  struct sockaddr_storage to, from, seen;
  socklen_t to_len, from_len;
  char left[8] = "", right[8] = "";
  struct iovec out[2] = {{(void *)"one ", 4}, {(void *)"two", 3}}, in[2] = {{left, 4}, {right, 8}};
  struct msghdr msg;
  ringline_op op;
  int receiver = make_udp(family, &to, &to_len), sender;
  if (receiver < 0) return;
  sender = make_udp(family, &from, &from_len);
  memset(&msg, 0, sizeof msg);
  msg.msg_name = &to;
  msg.msg_namelen = to_len;
  msg.msg_iov = out;
  msg.msg_iovlen = 2;
  ringline_prep_sendmsg(&op, sender, &msg, 0);
  CHECK_EQ(do_op(ring, &op).res, 7);
  memset(&seen, 0, sizeof seen);
  msg.msg_name = &seen;
  msg.msg_namelen = sizeof seen;
  msg.msg_iov = in;
  ringline_prep_recvmsg(&op, receiver, &msg, 0);
  CHECK_EQ(do_op(ring, &op).res, 7);
  CHECK_EQ(msg.msg_namelen, from_len);
  CHECK(memcmp(&seen, &from, from_len) == 0);
  CHECK(memcmp(left, "one ", 4) == 0 && memcmp(right, "two", 3) == 0);
  close(receiver);
  close(sender);
}

static void attach_fd(struct msghdr *msg, control *room, int fd) {
  memset(room, 0, sizeof *room);
  msg->msg_control = room;
  msg->msg_controllen = sizeof *room;
  if (fd < 0) return;
  room->first.cmsg_level = SOL_SOCKET;
  room->first.cmsg_type = SCM_RIGHTS;
  room->first.cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(&room->first), &fd, sizeof fd);
}

/* The passed descriptor is the other end of the pipe: a byte goes through it. */
static void check_passed(const struct cmsghdr *it, int pipe_end) {
  int fd;
  char byte = 0;
  CHECK_EQ(it->cmsg_type, SCM_RIGHTS);
  CHECK_EQ(it->cmsg_len, CMSG_LEN(sizeof fd));
  memcpy(&fd, CMSG_DATA(it), sizeof fd);
  CHECK(write(fd, "p", 1) == 1 && read(pipe_end, &byte, 1) == 1 && byte == 'p');
  CHECK(close(fd) == 0);
}

static void send_with_fd(ringline_ring *ring, int to, int fd) {
  struct iovec out = {(void *)"with", 4};
  struct msghdr msg;
  control room;
  ringline_op op;
  memset(&msg, 0, sizeof msg);
  msg.msg_iov = &out;
  msg.msg_iovlen = 1;
  attach_fd(&msg, &room, fd);
  ringline_prep_sendmsg(&op, to, &msg, 0);
  CHECK_EQ(do_op(ring, &op).res, 4);
}

static void check_rights(ringline_ring *ring) {
  int ends[2], passed[2];
  char text[8];
  struct iovec in = {text, sizeof text};
  struct msghdr msg;
  control room;
  ringline_op op;
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
  make_pipe(passed);
  send_with_fd(ring, ends[0], passed[1]);
  memset(&msg, 0, sizeof msg);
  msg.msg_iov = &in;
  msg.msg_iovlen = 1;
  attach_fd(&msg, &room, -1);
  ringline_prep_recvmsg(&op, ends[1], &msg, MSG_CMSG_CLOEXEC);
  CHECK_EQ(do_op(ring, &op).res, 4);
  check_passed(&room.first, passed[0]);
  /* No room for control data, and not for the payload either: both cuts are told. */
  send_with_fd(ring, ends[0], passed[1]);
  msg.msg_control = NULL;
  msg.msg_controllen = 0;
  msg.msg_flags = 0;
  in.iov_len = 2;
  ringline_prep_recvmsg(&op, ends[1], &msg, MSG_TRUNC);
  CHECK_EQ(do_op(ring, &op).res, 4); /* as long as it was, which is what MSG_TRUNC asks for */
  CHECK_EQ(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC), MSG_TRUNC | MSG_CTRUNC);
  close_both(passed);
  close_both(ends);
}

/* With a pool: the name goes where the msghdr says, the payload into a lease. */
static void check_pool(ringline_ring *ring) {
  struct sockaddr_storage to, from, seen;
  socklen_t to_len, from_len;
  struct msghdr msg;
  ringline_op op;
  ringline_completion it;
  int receiver = make_udp(AF_INET, &to, &to_len), sender = make_udp(AF_INET, &from, &from_len);
  int pool = ringline_pool_create(ring, 2, 64, 0), round;
  CHECK_OK(pool);
  for (round = 0; round < 8; round++) {
    size_t len = round % 2 ? 0 : 5; /* an empty datagram leaves its buffer with the pool */
    struct iovec room = {NULL, 64};
    memset(&msg, 0, sizeof msg);
    memset(&seen, 0, sizeof seen);
    CHECK(sendto(sender, "seven", len, 0, (struct sockaddr *)&to, to_len) == (ssize_t)len);
    msg.msg_name = &seen;
    msg.msg_namelen = sizeof seen;
    msg.msg_iov = &room;
    msg.msg_iovlen = 1;
    ringline_prep_recvmsg(&op, receiver, &msg, 0);
    ringline_prep_pool(&op, pool);
    it = do_op(ring, &op);
    CHECK_EQ(it.res, len);
    CHECK_EQ(!!(it.flags & RINGLINE_CF_LEASE), len != 0);
    CHECK(memcmp(&seen, &from, from_len) == 0);
    if (len == 0) continue;
    CHECK(memcmp((const void *)(uintptr_t)it.data, "seven", 5) == 0);
    CHECK_EQ(ringline_lease_release(it.token), 0);
  }
  CHECK_EQ(ringline_lease_count(ring), 0);
  CHECK_EQ(ringline_pool_destroy(ring, pool), 0);
  close(receiver);
  close(sender);
}

int main(void) {
  ringline_ring *ring;
  harness_baseline();
  ring = make_ring();
  check_names(ring, AF_INET);
  check_names(ring, AF_INET6);
  check_rights(ring);
  check_pool(ring);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
