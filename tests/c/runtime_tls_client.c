/*
 * The runtime as a TLS client of openssl s_server (a bridge carries the bytes between both): 10 MiB
 * there and back, a session that is resumed, and servers that must not be believed: of another
 * name, expired, of an authority that nobody knows, signed by themselves.
 * Failure: a byte sent to a server that is not believed, another reason, a session that is not
 * resumed, a good server refused.
 */
#include "tls.h"

static ringline_tls_config *client;
static const char *wanted_name;

/* Carries bytes one way until they end. */
static void *carry(void *ctx) {
  const int *ends = (const int *)ctx;
  char bytes[65536];
  ssize_t some;
  while ((some = recv(ends[0], bytes, sizeof bytes, 0)) > 0)
    if (send(ends[1], bytes, (size_t)some, MSG_NOSIGNAL) != some) break;
  shutdown(ends[1], SHUT_WR);
  return NULL;
}

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  CHECK_EQ(ringline_conn_start_tls(runtime, conn, client, NULL), -EINVAL);
  CHECK_EQ(ringline_conn_start_tls(runtime, conn, client, "not a name"), -EINVAL);
  CHECK_EQ(ringline_conn_start_tls(runtime, conn, client, wanted_name), 0);
  CHECK_EQ(ringline_conn_start_tls(runtime, conn, client, wanted_name), -EALREADY);
  if (!saw.close_at) CHECK_EQ(ringline_conn_send(runtime, conn, "secret\n", 7), 0);
}

/* Without an echo: shows what came, and closes. */
static int64_t on_answer(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                         const uint8_t *bytes, size_t length) {
  (void)ctx, (void)user;
  if (length < 7) return 0;
  CHECK(memcmp(bytes, "terces\n", 7) == 0);
  saw.bytes = length;
  CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  return (int64_t)length;
}

static FILE *peer(struct sockaddr_in *address, const char *how) {
  char line[512];
  unsigned port = 0;
  FILE *out;
  snprintf(line, sizeof line, "exec timeout 9 openssl s_server -accept 127.0.0.1:0 %s 2>>log",
           how);
  out = popen(line, "re");
  CHECK(out != NULL);
  while (fgets(line, sizeof line, out))
    if (sscanf(line, "ACCEPT 127.0.0.1:%u", &port) == 1) break;
  CHECK(port > 0);
  memset(address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address->sin_port = htons((uint16_t)port);
  return out;
}

/* Each way by a thread of its own: s_server does not read while it writes. */
static void connect_to(const serving *server, const struct sockaddr_in *address) {
  int here = dial(&server->address), there = dial(address);
  int ways[2][2] = {{here, there}, {there, here}};
  pthread_t threads[2];
  int at;
  for (at = 0; at < 2; at++) CHECK(pthread_create(&threads[at], NULL, carry, ways[at]) == 0);
  for (at = 0; at < 2; at++) pthread_join(threads[at], NULL);
  close(here);
  close(there);
  wait_for_count(&saw.closed, 1);
}

static void use(const ringline_tls_options *options) {
  if (client) CHECK_EQ(ringline_tls_free(client), 0);
  client = NULL;
  if (options) CHECK_OK(ringline_tls_client_create(options, &client));
}

/* One connection to a server that shows `certificate`. */
static void visit(serving *server, const char *certificate, int32_t reason, const char *detail) {
  struct sockaddr_in address;
  char how[128];
  FILE *out;
  memset(&saw, 0, sizeof saw);
  snprintf(how, sizeof how, "-naccept 1 -rev -cert %s.pem -key %s.key", certificate, certificate);
  out = peer(&address, how);
  connect_to(server, &address);
  CHECK_EQ(saw.secured, reason == 0);
  CHECK_EQ(saw.bytes, reason == 0 ? 7 : 0);
  if (reason == 0) CHECK(saw.info.peer_certificate_length > 200);
  expect_close(reason, detail);
  pclose(out);
}

/* s_server takes letters at the beginning of a piece for commands: there are none in it. And it
 * ends when what it sends ends: `hold` has it wait until the answer has come. */
static void large(serving *server) {
  struct sockaddr_in address;
  FILE *out;
  memset(&saw, 0, sizeof saw);
  saw.close_at = 10485760;
  CHECK_EQ(shell("seq 1 2000000 | head -c 10485760 >in; mkfifo feed hold; "
                 "{ cat in; cat hold; } >feed &"), 0);
  out = peer(&address, "-naccept 1 -cert good.pem -key good.key <feed | tee out | "
                       "grep -a --line-buffered ^ACCEPT");
  connect_to(server, &address);
  CHECK_EQ(shell(": >hold"), 0);
  pclose(out);
  CHECK_EQ(saw.reason, 0);
  CHECK_EQ(saw.bytes, 10485760);
  CHECK_EQ(shell("python3 -c 'a, b = open(\"in\", \"rb\").read(), open(\"out\", \"rb\").read()\n"
                 "assert a in b'"), 0);
  expect_close(0, NULL);
}

static void resumed(serving *server) {
  struct sockaddr_in address;
  FILE *out = peer(&address, "-naccept 2 -rev -cert good.pem -key good.key");
  memset(&saw, 0, sizeof saw);
  connect_to(server, &address);
  CHECK_EQ(saw.info.flags, 0);
  memset(&saw, 0, sizeof saw);
  connect_to(server, &address);
  CHECK_EQ(saw.info.flags, RINGLINE_TLS_RESUMED);
  expect_close(0, NULL);
  pclose(out);
}

int main(void) {
  ringline_tls_options ca = {.size = sizeof ca, .roots_file = "ca.pem"};
  ringline_tls_options anybody = {.size = sizeof anybody,
                                  .flags = RINGLINE_TLS_DANGEROUS_BELIEVE_ANYBODY};
  ringline_runtime_handlers handlers = tls_echo;
  ringline_runtime_config roomy = {.size = sizeof roomy, .workers = 1, .high_water = 16 << 20};
  serving server;
  serving_baseline(NULL);
  tls_begin();
  tls_certificate("expired", "localhost", "ca", -1);
  tls_authority("stranger");
  tls_certificate("unknown", "localhost", "stranger", 2);
  handlers.accept = on_accept;
  handlers.data = on_answer;
  serve(&server, NULL, &handlers);
  use(&ca);
  wanted_name = "localhost";
  visit(&server, "good", 0, NULL);
  visit(&server, "expired", RINGLINE_ETLS, "expired");
  visit(&server, "unknown", RINGLINE_ETLS, "not trusted");
  visit(&server, "stranger", RINGLINE_ETLS, "certificate");
  wanted_name = "127.0.0.1";
  visit(&server, "good", 0, NULL);
  wanted_name = "elsewhere.example";
  visit(&server, "good", RINGLINE_ETLS, "another name");
  use(&anybody);
  visit(&server, "stranger", 0, NULL);
  use(&ca);
  wanted_name = "localhost";
  resumed(&server);
  stop_serving(&server);
  handlers.data = tls_on_data;
  serve(&server, &roomy, &handlers);
  large(&server);
  stop_serving(&server);
  use(NULL);
  harness_check_baseline();
  return 0;
}
