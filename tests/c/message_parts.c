/*
 * Messages: multishot recvmsg out of a pool, taken apart by ringline_recvmsg_out(), with an IPv6
 * sender, control data, truncation of each part, empty datagrams, and a header that lies.
 * Failure: an address or length outside the received bytes, a truncation that nobody tells, a
 * payload that begins in the control data.
 */
#include "ops.h"

enum { BUFFERS = 8, BUFFER = 512 };

static ringline_op op;
static int pool;

/* A UDP socket over IPv6 loopback. */
static int datagram(struct sockaddr_in6 *address) {
  socklen_t size = sizeof *address;
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) SKIP("no IPv6 here");
  memset(address, 0, sizeof *address);
  address->sin6_family = AF_INET6;
  address->sin6_addr = in6addr_loopback;
  if (bind(fd, (struct sockaddr *)address, size)) SKIP("no IPv6 loopback here");
  CHECK(getsockname(fd, (struct sockaddr *)address, &size) == 0);
  return fd;
}

static uint64_t start(int fd, struct msghdr *header, uint32_t flags) {
  ringline_prep_recvmsg_multishot(&op, fd, header, pool, flags);
  ops_start(&op);
  return op.user_data;
}

/* The next message; whatever it says, it has to lie inside the received bytes. */
static ringline_message taken(uint64_t receiver, const struct msghdr *header,
                              ringline_completion *rec) {
  ringline_message message;
  uint64_t end;
  *rec = ops_wait(receiver);
  CHECK(rec->res > 0);
  CHECK(rec->flags & RINGLINE_CF_LEASE);
  memset(&message, 0xee, sizeof message);
  CHECK_OK(ringline_recvmsg_out(rec, header->msg_namelen, (uint32_t)header->msg_controllen,
                                &message));
  end = rec->data + (uint64_t)rec->res;
  CHECK(message.name + message.name_len <= end);
  CHECK(message.control + message.control_len <= end);
  CHECK(message.payload + message.payload_len <= end);
  return message;
}

static void stop(uint64_t receiver, uint64_t token) {
  ringline_completion last;
  CHECK_EQ(ringline_cancel(ops_ring, token), 0);
  last = ops_wait(receiver);
  CHECK_EQ(last.res, -ECANCELED);
  CHECK(last.flags & RINGLINE_CF_FINAL);
}

static void whole(int fd, const struct sockaddr_in6 *to, int from) {
  struct msghdr header;
  struct sockaddr_in6 sender;
  socklen_t size = sizeof sender;
  ringline_completion rec;
  uint64_t token;
  int round, on = 1;
  CHECK(getsockname(from, (struct sockaddr *)&sender, &size) == 0);
  CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0);
  memset(&header, 0, sizeof header);
  header.msg_namelen = sizeof sender;
  header.msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
  ringline_prep_recvmsg_multishot(&op, fd, &header, pool, 0);
  token = ops_start(&op);
  for (round = 0; round < 3 * BUFFERS; round++) {
    ringline_message got;
    const struct cmsghdr *control;
    CHECK(sendto(from, "payload", 7, 0, (const struct sockaddr *)to, sizeof *to) == 7);
    got = taken(op.user_data, &header, &rec);
    CHECK(rec.flags & RINGLINE_CF_MORE);
    CHECK_EQ(got.payload_len, 7);
    CHECK_EQ(got.payload_full, 7);
    CHECK(memcmp((const void *)(uintptr_t)got.payload, "payload", 7) == 0);
    CHECK_EQ(got.name_len, sizeof sender);
    CHECK(memcmp((const void *)(uintptr_t)got.name, &sender, sizeof sender) == 0);
    CHECK_EQ(got.control_len, CMSG_SPACE(sizeof(struct in6_pktinfo)));
    control = (const struct cmsghdr *)(uintptr_t)got.control;
    CHECK(control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO);
    CHECK_EQ(got.flags & (MSG_TRUNC | MSG_CTRUNC), 0);
    CHECK_EQ(ringline_lease_release(rec.token), 0);
  }
  stop(op.user_data, token);
}

/* Too little room for the name, the control data, the payload: each is cut and each says so. */
static void truncated(int fd, const struct sockaddr_in6 *to, int from) {
  static char large[2 * BUFFER];
  struct msghdr header;
  ringline_message got;
  ringline_completion rec;
  uint64_t token;
  memset(large, 'l', sizeof large);
  memset(&header, 0, sizeof header);
  header.msg_namelen = 8;
  header.msg_controllen = 16;
  ringline_prep_recvmsg_multishot(&op, fd, &header, pool, MSG_TRUNC);
  token = ops_start(&op);
  CHECK(sendto(from, large, sizeof large, 0, (const struct sockaddr *)to, sizeof *to) ==
        sizeof large);
  got = taken(op.user_data, &header, &rec);
  CHECK_EQ(got.name_len, 8);
  CHECK_EQ(got.name_full, sizeof *to);
  CHECK(got.flags & MSG_CTRUNC);
  CHECK(got.flags & MSG_TRUNC);
  CHECK_EQ(got.payload_len, BUFFER - 16 - 8 - 16);
  CHECK_EQ(got.payload_full, sizeof large);
  CHECK(((const char *)(uintptr_t)got.payload)[got.payload_len - 1] == 'l');
  CHECK_EQ(ringline_lease_release(rec.token), 0);
  stop(op.user_data, token);
}

/* An empty datagram is a message, not the end of a stream; behind it the op is submitted again. */
static void empty(int fd, const struct sockaddr_in6 *to, int from) {
  struct msghdr header;
  ringline_completion rec;
  ringline_message got;
  uint64_t receiver;
  memset(&header, 0, sizeof header);
  header.msg_namelen = sizeof *to;
  receiver = start(fd, &header, 0);
  CHECK(sendto(from, "", 0, 0, (const struct sockaddr *)to, sizeof *to) == 0);
  got = taken(receiver, &header, &rec);
  CHECK_EQ(got.payload_len, 0);
  CHECK_EQ(got.payload, 0);
  CHECK_EQ(got.name_len, sizeof *to);
  CHECK_EQ(ringline_lease_release(rec.token), 0);
  if (rec.flags & RINGLINE_CF_FINAL) receiver = start(fd, &header, 0);
  CHECK(sendto(from, "x", 1, 0, (const struct sockaddr *)to, sizeof *to) == 1);
  got = taken(receiver, &header, &rec);
  CHECK_EQ(got.payload_len, 1);
  CHECK_EQ(ringline_lease_release(rec.token), 0);
  CHECK_EQ(ringline_cancel_all(ops_ring), 1);
  CHECK_EQ(ops_wait(receiver).res, -ECANCELED);
}

/* recvmsg_out() with lengths that were not the op's, and over a header that lies. */
static void lies(int fd, const struct sockaddr_in6 *to, int from) {
  struct msghdr header;
  ringline_completion rec, other;
  ringline_message got;
  uint64_t receiver, token;
  uint32_t lie[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, 0};
  memset(&header, 0, sizeof header);
  header.msg_namelen = sizeof *to;
  ringline_prep_recvmsg_multishot(&op, fd, &header, pool, 0);
  token = ops_start(&op);
  receiver = op.user_data;
  CHECK(sendto(from, "four", 4, 0, (const struct sockaddr *)to, sizeof *to) == 4);
  taken(receiver, &header, &rec);
  CHECK_EQ(ringline_recvmsg_out(&rec, 4096, 0, &got), -EBADMSG);
  CHECK_EQ(ringline_recvmsg_out(&rec, 0, UINT32_MAX, &got), -EBADMSG);
  CHECK_EQ(ringline_recvmsg_out(&rec, UINT32_MAX, UINT32_MAX, &got), -EBADMSG);
  CHECK_EQ(ringline_recvmsg_out(NULL, 0, 0, &got), RINGLINE_ENULL);
  CHECK_EQ(ringline_recvmsg_out(&rec, 0, 0, NULL), RINGLINE_ENULL);
  memcpy((void *)(uintptr_t)rec.data, lie, sizeof lie);
  CHECK_EQ(ringline_recvmsg_out(&rec, sizeof *to, 0, &got), 4);
  CHECK_EQ(got.name_len, sizeof *to);
  CHECK_EQ(got.control_len, 0);
  CHECK_EQ(got.payload + got.payload_len, rec.data + (uint64_t)rec.res);
  other = rec;
  other.flags &= ~(uint32_t)RINGLINE_CF_LEASE;
  CHECK_EQ(ringline_recvmsg_out(&other, 28, 0, &got), RINGLINE_ESTALE);
  other = rec;
  other.res = -ENOBUFS;
  CHECK_EQ(ringline_recvmsg_out(&other, 28, 0, &got), RINGLINE_ESTALE);
  CHECK_EQ(ringline_lease_release(rec.token), 0);
  stop(receiver, token);
}

/* Once, into the caller's own memory, with a descriptor in the control data. */
static void passed_descriptor(void) {
  char byte = 'd', control[CMSG_SPACE(sizeof(int))];
  struct iovec vector = {&byte, 1};
  struct msghdr header;
  struct cmsghdr *part;
  int ends[2], pipe_ends[2], got;
  make_pair(ends);
  make_pipe(pipe_ends);
  memset(&header, 0, sizeof header);
  memset(control, 0, sizeof control);
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(part), &pipe_ends[1], sizeof(int));
  ringline_prep_sendmsg(&op, ends[0], &header, 0);
  CHECK_EQ(ops_do(&op), 1);
  memset(control, 0, sizeof control);
  byte = 0;
  ringline_prep_recvmsg(&op, ends[1], &header, MSG_CMSG_CLOEXEC);
  CHECK_EQ(ops_do(&op), 1);
  CHECK_EQ(byte, 'd');
  part = CMSG_FIRSTHDR(&header);
  CHECK(part && part->cmsg_type == SCM_RIGHTS);
  memcpy(&got, CMSG_DATA(part), sizeof got);
  CHECK(write(got, "w", 1) == 1);
  CHECK(read(pipe_ends[0], &byte, 1) == 1);
  CHECK_EQ(byte, 'w');
  close(got);
  close(ends[1]);
  ringline_prep_sendmsg(&op, ends[0], &header, 0);
  header.msg_controllen = 0;
  CHECK_EQ(ops_do(&op), -EPIPE); /* and no SIGPIPE */
  close(ends[0]);
  close_both(pipe_ends);
}

static void body(void) {
  struct sockaddr_in6 address, other;
  int fd = datagram(&address), from = datagram(&other);
  pool = ringline_pool_create(ops_ring, BUFFERS, BUFFER, 0);
  CHECK_OK(pool);
  whole(fd, &address, from);
  truncated(fd, &address, from);
  empty(fd, &address, from);
  lies(fd, &address, from);
  passed_descriptor();
  CHECK_EQ(ringline_lease_count(ops_ring), 0);
  CHECK_EQ(ringline_pool_destroy(ops_ring, pool), 0);
  close(fd);
  close(from);
}

int main(void) { return ops_main(body); }
