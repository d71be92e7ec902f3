/*
 * TLS on a worker of the program's own thread, told by records: the runtime opens a connection to
 * itself and leaves bytes, which are shown again in front of what came behind them; then somebody
 * on the way who puts a command behind STARTTLS, and is told why that failed.
 * Failure: plaintext lost or out of order, a command shown that did not come by TLS, a failure
 * without its cause.
 */
#include "tls.h"

enum { WHOLE = 200000, CHUNK = 777, SERVER = 1, CLIENT = 2, CLEAR = 3 };

static unsigned char out[WHOLE], in[WHOLE + CHUNK];
static size_t taken;
static int secured, left, shown_again, closed;
static ringline_runtime *runtime;
static ringline_worker_block *block;
static ringline_tls_config *server_tls, *client_tls;
static int tls_listener, clear_listener;

static const char *text_at(uint64_t address) { return (const char *)(uintptr_t)address; }

static void send_all(uint64_t conn) {
  size_t at;
  for (at = 0; at < WHOLE; at += CHUNK) {
    size_t some = WHOLE - at < CHUNK ? WHOLE - at : CHUNK;
    CHECK_EQ(ringline_conn_send(runtime, conn, out + at, some), 0);
  }
}

/* Takes what is whole; what lies behind bytes that were left is not looked at. */
static void take(ringline_event *event) {
  uint64_t some = event->length;
  if (left) {
    return;
  }
  if (taken + some < WHOLE) some -= some % CHUNK;
  left = some < event->length;
  memcpy(in + taken, text_at(event->address), some);
  taken += some;
  event->consumed = (int64_t)some;
  if (taken == WHOLE)
    CHECK_EQ(ringline_conn_close(runtime, event->conn, RINGLINE_CLOSE_GRACEFULLY), 0);
}

static void upgrade(ringline_event *event) {
  CHECK(event->length > 10 && memcmp(text_at(event->address), "STARTTLS\r\n", 10) == 0);
  CHECK_EQ(ringline_conn_start_tls(runtime, event->conn, server_tls, NULL), 0);
  event->consumed = 10;
}

static void look_at(ringline_event *event) {
  ringline_tls_info info = {.size = sizeof info};
  if (event->kind == RINGLINE_EVENT_ACCEPT) {
    uint64_t user = (int)event->listener == tls_listener ? SERVER : CLEAR;
    CHECK_EQ(ringline_conn_set_user(runtime, event->conn, user), 0);
  } else if (event->kind == RINGLINE_EVENT_CONNECT) {
    CHECK(event->res == 0 && event->user == CLIENT);
    CHECK_EQ(ringline_conn_start_tls(runtime, event->conn, client_tls, "localhost"), 0);
  } else if (event->kind == RINGLINE_EVENT_SECURED) {
    CHECK_EQ(ringline_conn_tls_info_of(runtime, event->conn, &info), 0);
    CHECK_EQ(info.state, RINGLINE_TLS_DONE);
    CHECK(event->user == SERVER || event->user == CLIENT);
    if (event->user == CLIENT) send_all(event->conn);
    secured++;
  } else if (event->kind == RINGLINE_EVENT_DATA && event->length > 0) {
    if (event->user == SERVER) take(event);
    if (event->user == CLEAR) upgrade(event);
    CHECK(event->user != CLIENT);
  } else if (event->kind == RINGLINE_EVENT_CLOSE) {
    CHECK_EQ(event->res, event->user == CLEAR ? RINGLINE_ETLS : 0);
    if (event->user == CLEAR) {
      const char *text = text_at(event->address);
      CHECK(strcmp(text, "the other end does not speak TLS, or not as it should") == 0);
      CHECK_EQ(event->length, strlen(text));
    }
    closed++;
  }
}

static void turn(void) {
  int32_t told = ringline_worker_turn(runtime), at;
  CHECK_OK(told);
  shown_again += left;
  left = 0;
  for (at = 0; at < told; at++) look_at((ringline_event *)(uintptr_t)block->events + at);
}

static void turn_until_closed(int count) {
  uint64_t end = harness_now_ns() + LIMIT;
  while (closed < count) {
    turn();
    CHECK(harness_now_ns() < end);
  }
}

static void inject(const struct sockaddr_in *address) {
  static const char lines[] = "STARTTLS\r\nINJECTED\r\nINJECTED AGAIN\r\n";
  uint64_t end = harness_now_ns() + LIMIT;
  char byte;
  int fd = dial(address);
  send_whole(fd, lines, sizeof lines - 1);
  block->timeout_ns = SECOND / 1000;
  while (recv(fd, &byte, 1, MSG_DONTWAIT) != 1) {
    turn();
    CHECK(harness_now_ns() < end);
  }
  CHECK_EQ(byte, 21); /* an alert */
  close(fd);
  turn_until_closed(3);
}

int main(void) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1, .high_water = 1 << 20};
  ringline_tls_options options = {.size = sizeof options, .roots_file = "ca.pem"};
  struct sockaddr_in address = {.sin_family = AF_INET};
  char text[64];
  uint64_t conn;
  harness_baseline();
  tls_begin();
  fill(out, sizeof out, 5);
  server_tls = tls_server(NULL);
  CHECK_OK(ringline_tls_client_create(&options, &client_tls));
  CHECK_OK(ringline_runtime_create(&config, &runtime));
  CHECK_OK(tls_listener = ringline_runtime_listen_tls(runtime, "127.0.0.1:0", 0, server_tls));
  CHECK_OK(clear_listener = ringline_runtime_listen(runtime, "127.0.0.1:0", 0));
  CHECK_OK(ringline_worker_adopt(runtime, 0, &block));
  block->timeout_ns = LIMIT;
  snprintf(text, sizeof text, "127.0.0.1:%d",
           ringline_runtime_port(runtime, (uint32_t)tls_listener));
  CHECK_EQ(ringline_conn_connect(runtime, text, SECOND, CLIENT, &conn), 0);
  turn_until_closed(2);
  CHECK_EQ(secured, 2);
  CHECK(taken == WHOLE && memcmp(in, out, WHOLE) == 0);
  CHECK(shown_again > 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)ringline_runtime_port(runtime, (uint32_t)clear_listener));
  inject(&address);
  CHECK_EQ(secured, 2);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  CHECK_EQ(ringline_tls_free(server_tls), 0);
  CHECK_EQ(ringline_tls_free(client_tls), 0);
  harness_check_baseline();
  return 0;
}
