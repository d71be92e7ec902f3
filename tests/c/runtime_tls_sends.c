/*
 * Copies, slices, leases, lent memory, files and posts on one connection with TLS, which the
 * runtime opens to itself, before the handshake and after it; then a file that is cut while it
 * goes, and a server that never shakes hands while all of that waits.
 * Failure: bytes out of order or wrong; a lease, memory or a descriptor released never, twice, or
 * while it is still needed; a short file that looks whole; a limit that TLS hides.
 */
#include "tls.h"

#include <sys/uio.h>

enum { LENT = 100000, FILE_LENGTH = 300000, LEASED = 3000, ROUNDS = 40, CUT = 90, DEAF = 91 };
enum { SERVER = 1, CLIENT = 2, TRIGGER = 3 };
enum { PART = 40 + 40 + LENT + LEASED + 40 + FILE_LENGTH + 40 + 40 };

static ringline_tls_config *client;
static char address[64], deaf_address[64];
static unsigned char lent[LENT], file_bytes[FILE_LENGTH], expected[PART], got[2 * PART];
static unsigned char small[2][40], message[LEASED];
static volatile long released[4], rounds, secured, connected, client_closed, server_closed;
static volatile size_t got_length;
static volatile int32_t reason_of_client;
static ringline_lease lease = {.size = sizeof lease};
static uint64_t there;
static int file, cut_file, tls_listener;

static void on_released(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)runtime;
  CHECK(conn == there && user == CLIENT && cookie < 4);
  if (cookie == 0) memset(lent, 0xee, LENT); /* whoever reads it now reads this */
  count_up(&released[cookie]);
}

/* The lease is of the bytes that are shown just now, or were when the connect began. */
static void send_round(ringline_runtime *runtime, uint64_t conn) {
  struct iovec slices[3] = {{small[0], 40}, {NULL, 0}, {small[1], 40}};
  long before = released[0] + released[1] + released[2];
  fill(lent, LENT, 5);
  CHECK_EQ(ringline_conn_sendv(runtime, conn, slices, 3), 0);
  CHECK_EQ(ringline_conn_send_zc(runtime, conn, lent, LENT, 0), 0);
  CHECK_EQ(ringline_conn_send_lease(runtime, conn, lease.lease, lease.bytes, LEASED), 0);
  CHECK_EQ(ringline_lease_release(lease.lease), RINGLINE_ESTALE);
  CHECK_EQ(ringline_conn_send_zc(runtime, conn, small[1], 40, 1), 0);
  CHECK_EQ(ringline_conn_send_file(runtime, conn, file, 0, 0, 2), 0);
  CHECK_EQ(ringline_conn_send(runtime, conn, small[0], 40), 0);
  CHECK_EQ(ringline_conn_post(runtime, conn, small[1], 40), 0);
  CHECK_EQ(released[0] + released[1] + released[2], before); /* always later */
}

static void expect_round(void) {
  unsigned char *at = expected;
  memcpy(at, small[0], 40), at += 40;
  memcpy(at, small[1], 40), at += 40;
  fill(at, LENT, 5), at += LENT;
  memcpy(at, message, LEASED), at += LEASED;
  memcpy(at, small[1], 40), at += 40;
  memcpy(at, file_bytes, FILE_LENGTH), at += FILE_LENGTH;
  memcpy(at, small[0], 40), at += 40;
  memcpy(at, small[1], 40), at += 40;
  CHECK_EQ(at - expected, PART);
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx;
  CHECK_EQ(ringline_conn_set_user(runtime, conn,
                                  (int)listener == tls_listener ? SERVER : TRIGGER), 0);
}

/* Before the handshake all of it waits, and goes behind it. */
static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  ringline_conn_info info = {.size = sizeof info};
  (void)ctx;
  CHECK(res == 0 && user == CLIENT);
  there = conn;
  CHECK_EQ(ringline_conn_start_tls(runtime, conn, client, "localhost"), 0);
  send_round(runtime, conn);
  CHECK_EQ(ringline_conn_info_of(runtime, conn, &info), 0);
  CHECK_EQ(info.queued, PART - 40); /* the post comes later */
  count_up(&connected);
}

static void on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  ringline_tls_info info = {.size = sizeof info};
  (void)ctx, (void)user;
  CHECK_EQ(ringline_conn_tls_info_of(runtime, conn, &info), 0);
  CHECK_EQ(info.state, RINGLINE_TLS_DONE);
  count_up(&secured);
}

static void trigger(ringline_runtime *runtime, uint64_t conn, unsigned char what) {
  ringline_conn_timeouts limits = {.size = sizeof limits, .idle_ns = SECOND / 20};
  uint64_t dialed;
  CHECK_EQ(ringline_conn_take(runtime, conn, &lease), 0);
  CHECK(lease.length == LEASED);
  if (what == 0 || what == DEAF) {
    CHECK_EQ(ringline_conn_connect(runtime, what ? deaf_address : address, SECOND, CLIENT,
                                   &dialed), 0);
    if (what) CHECK_EQ(ringline_conn_set_timeouts(runtime, dialed, &limits), 0);
  } else if (what == CUT) {
    CHECK_EQ(ringline_lease_release(lease.lease), 0);
    CHECK_EQ(ringline_conn_send_file(runtime, there, cut_file, 0, 0, 3), 0);
    CHECK(ftruncate(cut_file, FILE_LENGTH / 2) == 0);
  } else {
    ringline_conn_info info = {.size = sizeof info};
    CHECK_EQ(ringline_conn_info_of(runtime, there, &info), 0);
    CHECK_EQ(info.queued, 0);
    CHECK_EQ(info.sent, rounds * PART);
    send_round(runtime, there);
  }
}

static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  ringline_lease none = {.size = sizeof none};
  (void)ctx;
  if (length == 0) return 0;
  if (user == TRIGGER) {
    if (length < LEASED) return 0;
    trigger(runtime, conn, bytes[0]);
    return 0;
  }
  CHECK_EQ(user, SERVER);
  CHECK_EQ(ringline_conn_take(runtime, conn, &none), -ENODATA);
  CHECK(got_length + length <= sizeof got);
  memcpy(got + got_length, bytes, length);
  got_length += length;
  if (got_length == PART) count_up(&rounds);
  return (int64_t)length;
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)conn;
  if (user == CLIENT) {
    reason_of_client = reason;
    count_up(&client_closed);
  } else if (user == SERVER) {
    count_up(&server_closed);
  }
}

static int temporary(void) {
  char name[] = "/tmp/ringline-sends-XXXXXX";
  int fd = mkstemp(name);
  CHECK(fd >= 0);
  CHECK(unlink(name) == 0);
  CHECK(write(fd, file_bytes, FILE_LENGTH) == FILE_LENGTH);
  return fd;
}

/* So many rounds that leases which are not given back would use the pool up. */
static void check_rounds(int fd) {
  long round;
  for (round = 0; round < ROUNDS; round++) {
    got_length = 0;
    message[0] = round > 0;
    expect_round();
    send_whole(fd, message, LEASED);
    wait_for_count(&rounds, round + 1);
    wait_for_count(&released[0], round + 1);
    wait_for_count(&released[1], round + 1);
    wait_for_count(&released[2], round + 1);
    CHECK(memcmp(got, expected, PART) == 0);
  }
  CHECK_EQ(secured, 2);
  CHECK_EQ(client_closed, 0);
}

static void check_broken(int fd) {
  message[0] = CUT;
  got_length = 0;
  send_whole(fd, message, LEASED);
  wait_for_count(&client_closed, 1);
  CHECK_EQ(reason_of_client, -ENODATA);
  CHECK_EQ(released[3], 1);
  wait_for_count(&server_closed, 1);
  CHECK(got_length < FILE_LENGTH);
}

/* All that waits for a handshake is the user's again when the connection's time is up. */
static void check_deaf(int fd) {
  message[0] = DEAF;
  send_whole(fd, message, LEASED);
  wait_for_count(&client_closed, 2);
  CHECK_EQ(reason_of_client, -ETIMEDOUT);
  CHECK_EQ(connected, 2);
  CHECK_EQ(secured, 2);
  CHECK(released[0] == ROUNDS + 1 && released[1] == ROUNDS + 1 && released[2] == ROUNDS + 1);
}

static int deaf_server(void) {
  struct sockaddr_in at = {.sin_family = AF_INET};
  socklen_t length = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
  snprintf(deaf_address, sizeof deaf_address, "127.0.0.1:%d", ntohs(at.sin_port));
  return fd;
}

int main(void) {
  ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                        .data = on_data, .close = on_close,
                                        .connect = on_connect, .released = on_released,
                                        .secured = on_secured};
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .high_water = 16 << 20,
                                    .pool_buffers = 32};
  ringline_tls_options options = {.size = sizeof options, .roots_file = "ca.pem"};
  ringline_tls_config *tls;
  serving server;
  int fd, deaf;
  serving_baseline(&config);
  tls_begin();
  fill(file_bytes, FILE_LENGTH, 77);
  fill((unsigned char *)small, sizeof small, 78);
  fill(message, sizeof message, 79);
  file = temporary(), cut_file = temporary(), deaf = deaf_server();
  tls = tls_server(NULL);
  CHECK_OK(ringline_tls_client_create(&options, &client));
  serve(&server, &config, &handlers);
  tls_listener = ringline_runtime_listen_tls(server.runtime, "127.0.0.1:0", 0, tls);
  CHECK_OK(tls_listener);
  snprintf(address, sizeof address, "127.0.0.1:%d",
           ringline_runtime_port(server.runtime, (uint32_t)tls_listener));
  fd = client_of(&server);
  check_rounds(fd);
  check_broken(fd);
  check_deaf(fd);
  close(fd);
  stop_serving(&server);
  close(file), close(cut_file), close(deaf);
  CHECK_EQ(ringline_tls_free(tls), 0);
  CHECK_EQ(ringline_tls_free(client), 0);
  harness_check_baseline();
  return 0;
}
