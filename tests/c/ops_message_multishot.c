/*
 * A multishot RECVMSG, and what ringline_recvmsg_out makes of its buffers: name, control data and
 * payload, whole, cut and empty; a dry pool; a cancel; lengths that are not those of the op.
 * Failure: a byte, name or descriptor that is not the one sent, a cut that is not told, a lost
 * lease, or a read beyond the received bytes, which end at a page that may not be touched.
 */
#include "tools.h"

#include <sys/mman.h>

enum { BUFFERS = 4, SIZE = 256, NAME = sizeof(struct sockaddr_in) };
enum { CONTROL = CMSG_SPACE(sizeof(int)) };

static ringline_ring *ring;
static int pool;

static int make_udp(struct sockaddr_in *name) {
  socklen_t size = sizeof *name;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  memset(name, 0, sizeof *name);
  name->sin_family = AF_INET;
  name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(fd >= 0);
  CHECK(bind(fd, (struct sockaddr *)name, size) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)name, &size) == 0);
  return fd;
}

/* The op; its msghdr is gone when the turn is over, since it is copied. */
static uint64_t arm(int fd, uint32_t namelen, uint32_t controllen, uint32_t flags) {
  struct msghdr msg;
  ringline_op op;
  uint64_t token;
  memset(&msg, 0, sizeof msg);
  msg.msg_namelen = namelen;
  msg.msg_controllen = controllen;
  ringline_prep_recvmsg_multishot(&op, fd, &msg, pool, flags);
  token = submit_one(ring, &op, 1);
  CHECK_EQ(ringline_flush(ring), 0);
  memset(&msg, 0xa5, sizeof msg);
  return token;
}

static ringline_completion take(int more) {
  ringline_completion it = next_completion(ring);
  CHECK_EQ(it.user_data, 1);
  CHECK_EQ(!!(it.flags & RINGLINE_CF_MORE), more);
  CHECK_EQ(!(it.flags & RINGLINE_CF_FINAL), more);
  return it;
}

static void end(uint64_t token) {
  CHECK_EQ(ringline_cancel(ring, token), 0);
  CHECK_EQ(take(0).res, -ECANCELED);
  CHECK_EQ(ringline_lease_count(ring), 0);
}

static const void *at(uint64_t address) { return (const void *)(uintptr_t)address; }

/* Names, and payloads that are whole, cut and empty. */
static void check_payload(uint32_t flags) {
  struct sockaddr_in to, from;
  unsigned char bytes[2 * SIZE];
  const uint32_t room = SIZE - 16 - NAME;
  const uint32_t lengths[] = {1, 100, room, room + 1, 2 * SIZE, 7};
  int receiver = make_udp(&to), sender = make_udp(&from);
  uint64_t token = arm(receiver, NAME, 0, flags);
  ringline_completion it;
  ringline_message message;
  unsigned each;
  for (each = 0; each < sizeof bytes; each++) bytes[each] = (unsigned char)(each * 7 + 3);
  for (each = 0; each < sizeof lengths / sizeof *lengths; each++) {
    uint32_t len = lengths[each], kept = len < room ? len : room;
    CHECK(sendto(sender, bytes, len, 0, (struct sockaddr *)&to, NAME) == (ssize_t)len);
    it = take(1);
    CHECK_EQ(ringline_recvmsg_out(&it, NAME, 0, &message), kept);
    CHECK_EQ(message.payload_len, kept);
    CHECK_EQ(message.payload_full, flags & MSG_TRUNC ? len : kept);
    CHECK_EQ(!!(message.flags & MSG_TRUNC), len > room);
    CHECK(memcmp(at(message.payload), bytes, kept) == 0);
    CHECK_EQ(message.name_len, NAME);
    CHECK_EQ(message.name_full, NAME);
    CHECK(memcmp(at(message.name), &from, NAME) == 0);
    CHECK(message.control == 0 && message.control_len == 0);
    CHECK(message.payload + kept <= it.data + (uint32_t)it.res);
    CHECK_EQ(ringline_lease_release(it.token), 0);
  }
  /* An empty datagram is one: with a name, and no end of anything; it ends the op all the same. */
  CHECK(sendto(sender, "", 0, 0, (struct sockaddr *)&to, NAME) == 0);
  it = take(0);
  CHECK_EQ(ringline_recvmsg_out(&it, NAME, 0, &message), 0);
  CHECK(message.payload == 0 && message.payload_full == 0);
  CHECK(memcmp(at(message.name), &from, NAME) == 0);
  CHECK_EQ(ringline_lease_release(it.token), 0);
  token = arm(receiver, NAME, 0, flags);
  end(token);
  close(receiver);
  close(sender);
}

/* A name that is cut, and none at all. */
static void check_cut_name(void) {
  struct sockaddr_in to, from;
  int receiver = make_udp(&to), sender = make_udp(&from);
  ringline_completion it;
  ringline_message message;
  uint32_t namelen;
  for (namelen = 0; namelen <= 4; namelen += 4) {
    uint64_t token = arm(receiver, namelen, 0, 0);
    CHECK(sendto(sender, "abc", 3, 0, (struct sockaddr *)&to, NAME) == 3);
    it = take(1);
    CHECK_EQ(ringline_recvmsg_out(&it, namelen, 0, &message), 3);
    CHECK_EQ(message.name_len, namelen);
    CHECK_EQ(!message.name, namelen == 0);
    CHECK(memcmp(at(message.name ? message.name : (uintptr_t)&from), &from, namelen) == 0);
    if (namelen != 0) CHECK_EQ(message.name_full, NAME);
    CHECK(memcmp(at(message.payload), "abc", 3) == 0);
    CHECK_EQ(ringline_lease_release(it.token), 0);
    end(token);
  }
  close(receiver);
  close(sender);
}

/* Name, control data and payload of a datagram over IPv6, whole; then each of them cut. */
static void check_all_parts(void) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  struct sockaddr_in6 from = to;
  const uint32_t control = CMSG_SPACE(sizeof(struct in6_pktinfo));
  int receiver = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), sender, cut, on = 1;
  socklen_t size = sizeof to;
  if (receiver < 0) return; /* a machine without IPv6 */
  sender = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bind(receiver, (struct sockaddr *)&to, size) == 0) {
    CHECK(bind(sender, (struct sockaddr *)&from, size) == 0);
    CHECK(getsockname(receiver, (struct sockaddr *)&to, &size) == 0);
    CHECK(getsockname(sender, (struct sockaddr *)&from, &size) == 0);
    CHECK(setsockopt(receiver, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0);
    for (cut = 0; cut < 2; cut++) {
      const uint32_t name = cut ? 8 : sizeof from, room = cut ? 16 : control;
      const uint32_t payload = SIZE - 16 - name - room;
      uint64_t token = arm(receiver, name, room, MSG_TRUNC);
      unsigned char bytes[2 * SIZE];
      ringline_completion it;
      ringline_message message;
      struct cmsghdr head;
      memset(bytes, 'p', sizeof bytes);
      CHECK(sendto(sender, bytes, payload + (unsigned)cut, 0, (struct sockaddr *)&to, size) > 0);
      it = take(1);
      CHECK_EQ(ringline_recvmsg_out(&it, name, room, &message), payload);
      CHECK_EQ(message.payload_full, payload + (unsigned)cut);
      CHECK(memcmp(at(message.payload), bytes, payload) == 0);
      CHECK(message.name_len == name && message.name_full == sizeof from);
      CHECK(memcmp(at(message.name), &from, name) == 0);
      CHECK_EQ(!!(message.flags & MSG_TRUNC), cut);
      CHECK_EQ(!!(message.flags & MSG_CTRUNC), cut);
      CHECK(cut ? message.control_len <= room : message.control_len == room);
      if (!cut) memcpy(&head, at(message.control), sizeof head);
      CHECK(cut || (head.cmsg_level == IPPROTO_IPV6 && head.cmsg_type == IPV6_PKTINFO));
      CHECK_EQ(ringline_lease_release(it.token), 0);
      end(token);
    }
  }
  close(receiver);
  close(sender);
}

static void send_fd(int to, int fd) {
  union { struct cmsghdr first; unsigned char bytes[CONTROL]; } room;
  struct iovec out = {(void *)"with", 4};
  struct msghdr msg;
  memset(&msg, 0, sizeof msg);
  memset(&room, 0, sizeof room);
  msg.msg_iov = &out;
  msg.msg_iovlen = 1;
  msg.msg_control = &room;
  msg.msg_controllen = sizeof room;
  room.first.cmsg_level = SOL_SOCKET;
  room.first.cmsg_type = SCM_RIGHTS;
  room.first.cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(&room.first), &fd, sizeof fd);
  CHECK(sendmsg(to, &msg, 0) == 4);
}

/* A passed descriptor, and one for which there is no room: it is told, and not left open. */
static void check_control(void) {
  int ends[2], passed[2], fd, before = harness_entries("/proc/self/fd");
  ringline_completion it;
  ringline_message message;
  struct cmsghdr head;
  uint64_t token;
  char byte = 0;
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
  make_pipe(passed);
  token = arm(ends[1], 0, CONTROL, MSG_CMSG_CLOEXEC);
  send_fd(ends[0], passed[1]);
  it = take(1);
  CHECK_EQ(ringline_recvmsg_out(&it, 0, CONTROL, &message), 4);
  CHECK(message.name == 0 && message.control_len >= CMSG_LEN(sizeof fd));
  CHECK(memcmp(at(message.payload), "with", 4) == 0);
  memcpy(&head, at(message.control), sizeof head);
  CHECK_EQ(head.cmsg_type, SCM_RIGHTS);
  memcpy(&fd, CMSG_DATA((struct cmsghdr *)(uintptr_t)message.control), sizeof fd);
  CHECK(write(fd, "p", 1) == 1 && read(passed[0], &byte, 1) == 1 && byte == 'p');
  CHECK(close(fd) == 0);
  CHECK_EQ(ringline_lease_release(it.token), 0);
  end(token);
  token = arm(ends[1], 0, 8, 0);
  send_fd(ends[0], passed[1]);
  it = take(1);
  CHECK_EQ(ringline_recvmsg_out(&it, 0, 8, &message), 4);
  CHECK(message.flags & MSG_CTRUNC);
  CHECK(message.control_len <= 8);
  CHECK(memcmp(at(message.payload), "with", 4) == 0);
  CHECK_EQ(ringline_lease_release(it.token), 0);
  end(token);
  close_both(passed);
  close_both(ends);
  CHECK_EQ(harness_entries("/proc/self/fd"), before);
}

/* The pool runs dry: the op ends, and what waits in the socket comes to the next one. */
static void check_dry(void) {
  struct sockaddr_in to, from;
  int receiver = make_udp(&to), sender = make_udp(&from), each;
  uint64_t leases[BUFFERS], before = stats_of(ring).nobufs;
  ringline_completion it;
  ringline_message message;
  unsigned char byte;
  arm(receiver, NAME, 0, 0);
  for (byte = 0; byte <= BUFFERS; byte++)
    CHECK(sendto(sender, &byte, 1, 0, (struct sockaddr *)&to, NAME) == 1);
  for (each = 0; each <= BUFFERS;) {
    ringline_shared *shared = ringline_shared_block(ring);
    uint32_t records = turn_for(ring, 1, LIMIT), record;
    CHECK(records > 0);
    for (record = 0; record < records; record++, each++) {
      it = *record_at(shared, record);
      if (each == BUFFERS) break;
      CHECK_EQ(ringline_recvmsg_out(&it, NAME, 0, &message), 1);
      CHECK_EQ(*(const unsigned char *)at(message.payload), each);
      leases[each] = it.token;
    }
    if (record < records) break;
  }
  CHECK_EQ(it.res, -ENOBUFS);
  CHECK(it.flags & RINGLINE_CF_FINAL && !(it.flags & RINGLINE_CF_LEASE));
  CHECK_EQ(ringline_recvmsg_out(&it, NAME, 0, &message), RINGLINE_ESTALE);
  CHECK(strcmp(ringline_strerror(it.res), strerror(ENOBUFS)) == 0);
  CHECK_EQ(stats_of(ring).nobufs, before + 1);
  for (each = 0; each < BUFFERS; each++) CHECK_EQ(ringline_lease_release(leases[each]), 0);
  arm(receiver, NAME, 0, 0);
  it = take(1);
  CHECK_EQ(ringline_recvmsg_out(&it, NAME, 0, &message), 1);
  CHECK_EQ(*(const unsigned char *)at(message.payload), BUFFERS);
  CHECK_EQ(ringline_lease_release(it.token), 0);
  CHECK_EQ(ringline_cancel_fd(ring, receiver), 1);
  CHECK_EQ(take(0).res, -ECANCELED);
  close(receiver);
  close(sender);
}

/* Lengths that are not those of the op: refused, or at least nothing outside is named. */
static void check_lengths(void) {
  struct sockaddr_in to;
  int receiver = make_udp(&to), sender = make_udp(&to);
  ringline_completion it;
  ringline_message message, before;
  uint64_t token;
  socklen_t size = sizeof to;
  CHECK(getsockname(receiver, (struct sockaddr *)&to, &size) == 0);
  token = arm(receiver, NAME, 0, 0);
  CHECK(sendto(sender, "abc", 3, 0, (struct sockaddr *)&to, NAME) == 3);
  it = take(1);
  CHECK_EQ(it.res, 16 + NAME + 3);
  memset(&message, 0x5a, sizeof message);
  before = message;
  CHECK_EQ(ringline_recvmsg_out(&it, NAME + 4, 0, &message), -EBADMSG);
  CHECK_EQ(ringline_recvmsg_out(&it, NAME, 4, &message), -EBADMSG);
  CHECK_EQ(ringline_recvmsg_out(&it, UINT32_MAX, UINT32_MAX, &message), -EBADMSG);
  CHECK_EQ(ringline_recvmsg_out(&it, 0x80000000u, 0x80000000u, &message), -EBADMSG);
  CHECK(memcmp(&message, &before, sizeof message) == 0);
  CHECK(strstr(ringline_error_detail(), "shorter than header, name and control") != NULL);
  CHECK_EQ(ringline_recvmsg_out(&it, NAME + 3, 0, &message), 0); /* fits, and is empty */
  CHECK_EQ(message.payload, 0);
  CHECK_EQ(ringline_recvmsg_out(&it, NAME, 0, &message), 3);
  CHECK_EQ(ringline_lease_release(it.token), 0);
  end(token);
  close(receiver);
  close(sender);
}

/* Received bytes that end at a page which must not be touched, with a header that claims more. */
static void check_forged(void) {
  const uint32_t claims[] = {0, 1, 16, 100, 0x7fffffff, 0xffffffff};
  long page = sysconf(_SC_PAGESIZE);
  unsigned char *map = (unsigned char *)mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ringline_completion it;
  ringline_message message;
  int res;
  unsigned claim;
  CHECK(map != MAP_FAILED && mprotect(map + page, (size_t)page, PROT_NONE) == 0);
  memset(&it, 0, sizeof it);
  it.flags = RINGLINE_CF_LEASE | RINGLINE_CF_MORE | RINGLINE_CF_BUFFER;
  for (res = 1; res <= 64; res++) {
    it.res = res;
    it.data = (uint64_t)(uintptr_t)(map + page - res);
    for (claim = 0; claim < sizeof claims / sizeof *claims; claim++) {
      uint64_t last = it.data + (uint64_t)res;
      uint32_t header[4];
      int32_t code;
      for (code = 0; code < 4; code++) header[code] = claims[claim];
      if (res >= 16) memcpy(map + page - res, header, sizeof header);
      code = ringline_recvmsg_out(&it, 8, 8, &message);
      CHECK_EQ(code, res < 32 ? -EBADMSG : (int32_t)message.payload_len);
      if (code < 0) continue;
      CHECK(message.name_len <= 8 && message.control_len <= 8);
      CHECK(message.name + message.name_len <= last);
      CHECK(message.control + message.control_len <= last);
      CHECK(message.payload + message.payload_len <= last);
      CHECK(!message.payload == !message.payload_len && !message.name == !message.name_len);
    }
  }
  it.res = 64;
  it.flags = RINGLINE_CF_MORE;
  CHECK_EQ(ringline_recvmsg_out(&it, 8, 8, &message), RINGLINE_ESTALE);
  it.flags = RINGLINE_CF_LEASE;
  it.res = -1;
  CHECK_EQ(ringline_recvmsg_out(&it, 8, 8, &message), RINGLINE_ESTALE);
  CHECK_EQ(ringline_recvmsg_out(NULL, 8, 8, &message), RINGLINE_ENULL);
  CHECK_EQ(ringline_recvmsg_out(&it, 8, 8, NULL), RINGLINE_ENULL);
  munmap(map, 2 * (size_t)page);
}

/* Buffers too small for the header and the name: an error, and no buffer is lost. */
static void check_small(void) {
  struct sockaddr_in to;
  int receiver = make_udp(&to), other, round;
  int small = ringline_pool_create(ring, 2, 24, 0), old = pool;
  ringline_pool_info info;
  CHECK_OK(small);
  for (round = 0; round < 5; round++) {
    pool = small;
    arm(receiver, NAME, 0, 0);
    pool = old;
    other = make_udp(&(struct sockaddr_in){0});
    CHECK(sendto(other, "abc", 3, 0, (struct sockaddr *)&to, NAME) == 3);
    CHECK_EQ(take(0).res, -EFAULT);
    close(other);
    memset(&info, 0, sizeof info);
    CHECK_OK(ringline_pool_info_of(ring, small, &info));
    CHECK_EQ(info.free, 2);
  }
  CHECK_EQ(ringline_pool_destroy(ring, small), 0);
  close(receiver);
}

/* A buffer that is used up in pieces cannot hold the header of a message at its end: refused. */
static void check_refused(void) {
  struct sockaddr_in to;
  struct msghdr msg;
  ringline_op op;
  int receiver = make_udp(&to), pieces;
  memset(&msg, 0, sizeof msg);
  ringline_prep_recvmsg_multishot(&op, receiver, &msg, pool, 0);
  op.flags = 0; /* no pool */
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_recvmsg_multishot(&op, receiver, &msg, pool, 0);
  op.ioprio |= 16; /* a bundle */
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
  ringline_prep_recvmsg_multishot(&op, receiver, &msg, pool + 9, 0);
  CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), RINGLINE_ESTALE);
  if (ringline_has("pool_incremental") == 1) {
    pieces = ringline_pool_create(ring, 2, 4096, RINGLINE_POOL_INCREMENTAL);
    CHECK_OK(pieces);
    ringline_prep_recvmsg_multishot(&op, receiver, &msg, pieces, 0);
    CHECK_EQ(ringline_submit(ring, &op, 1, NULL, 0), -EINVAL);
    CHECK_EQ(ringline_pool_destroy(ring, pieces), 0);
  }
  close(receiver);
}

int main(void) {
  if (ringline_has("recv_multishot") != 1) SKIP("this kernel has no multishot receives");
  harness_baseline();
  ring = make_ring();
  pool = ringline_pool_create(ring, BUFFERS, SIZE, 0);
  CHECK_OK(pool);
  check_payload(0);
  check_payload(MSG_TRUNC);
  check_cut_name();
  check_all_parts();
  check_control();
  check_dry();
  check_lengths();
  check_forged();
  check_small();
  check_refused();
  CHECK_EQ(ringline_lease_count(ring), 0);
  CHECK_EQ(ringline_free(ring), 0);
  harness_check_baseline();
  return 0;
}
