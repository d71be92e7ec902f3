/*
 * A listener of two workers on a link-local address, whose interface is given by its name, and
 * connections to it by name and by number; the same for datagrams. In a network of its own.
 * Failure: the interface is not known, or lost where the other worker's socket is bound.
 */
#include "serving.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

/* struct in6_ifreq of the kernel, whose header does not go with the C library's. */
struct address_of_interface {
  struct in6_addr address;
  uint32_t length;
  int index;
};

static volatile long accepted, connected, refused;
static char by_name[64], by_number[64];

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  uint64_t conn;
  (void)ctx;
  CHECK_EQ(ringline_conn_connect(runtime, worker ? by_name : by_number, LIMIT, 0, &conn), 0);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)runtime, (void)conn, (void)listener;
  count_up(&accepted);
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  count_up(res == 0 ? &connected : &refused);
}

/* The kernel may take a moment to find that nobody else has it. */
static void wait_for_address(const struct address_of_interface *local) {
  struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = local->address,
                            .sin6_scope_id = (uint32_t)local->index};
  uint64_t end = harness_now_ns() + LIMIT;
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  while (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
    CHECK(errno == EADDRNOTAVAIL && harness_now_ns() < end);
    sched_yield();
  }
  close(fd);
}

static int own_network(void) {
  struct address_of_interface local = {.length = 64};
  struct ifreq lo = {.ifr_name = "lo"};
  int fd, made = 0;
  if (unshare(CLONE_NEWNET) != 0) return 0;
  fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  lo.ifr_flags = IFF_UP;
  if (ioctl(fd, SIOCSIFFLAGS, &lo) == 0 && ioctl(fd, SIOCGIFINDEX, &lo) == 0) {
    CHECK(inet_pton(AF_INET6, "fe80::1", &local.address) == 1);
    local.index = lo.ifr_ifindex;
    made = ioctl(fd, SIOCSIFADDR, &local) == 0;
  }
  if (made) wait_for_address(&local);
  close(fd);
  return made;
}

int main(void) {
  const ringline_runtime_handlers handlers = {.size = sizeof handlers, .start = on_start,
                                              .accept = on_accept, .connect = on_connect};
  const ringline_runtime_config two = {.size = sizeof two, .workers = 2};
  ringline_runtime *runtime;
  int listener;
  if (!own_network()) SKIP("no network of one's own, or no IPv6");
  CHECK_OK(ringline_runtime_create(&two, &runtime));
  CHECK_OK(ringline_runtime_set_handlers(runtime, &handlers));
  CHECK_EQ(ringline_runtime_listen(runtime, "[fe80::1]:0", 0), -EINVAL);
  CHECK_EQ(ringline_runtime_listen(runtime, "[fe80::1%eth77]:0", 0), -ENODEV);
  listener = ringline_runtime_listen(runtime, "[fe80::1%lo]:0", 0);
  CHECK_OK(listener);
  CHECK_OK(ringline_runtime_listen(runtime, "udp:[fe80::1%lo]:0", 0));
  snprintf(by_name, sizeof by_name, "[fe80::1%%lo]:%d",
           ringline_runtime_port(runtime, (uint32_t)listener));
  snprintf(by_number, sizeof by_number, "[fe80::1%%%u]:%d", if_nametoindex("lo"),
           ringline_runtime_port(runtime, (uint32_t)listener));
  CHECK_OK(ringline_runtime_start(runtime));
  wait_for_count(&connected, 2);
  wait_for_count(&accepted, 2);
  CHECK_EQ(refused, 0);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  return 0;
}
