/*
 * What the programs of tests/c/runtime_tls*.c share: certificates made by openssl in a folder that
 * goes with the program, peers that openssl is (in the shell), and what the callbacks saw.
 */
#ifndef RINGLINE_TEST_TLS_H
#define RINGLINE_TEST_TLS_H

#include "serving.h"

#include <stdarg.h>

static char tls_folder[] = "/tmp/ringline-tls-XXXXXX";

static HARNESS_UNUSED void tls_clean(void) {
  char line[128];
  snprintf(line, sizeof line, "rm -rf %s", tls_folder);
  if (system(line) != 0) perror("rm");
}

/* Runs a line of the shell in the folder; its exit status. What it says is in `log`. */
static HARNESS_UNUSED int shell(const char *format, ...) {
  char line[1024];
  int used = snprintf(line, sizeof line, "exec 2>>log; "), status;
  va_list arguments;
  va_start(arguments, format);
  used += vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
  va_end(arguments);
  CHECK(used < (int)sizeof line);
  status = system(line);
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* An authority NAME: NAME.pem and NAME.key. */
static HARNESS_UNUSED void tls_authority(const char *name) {
  CHECK_EQ(shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                 "-subj /CN=%s -keyout %s.key -out %s.pem", name, name, name), 0);
}

/* NAME.pem and NAME.key for `host`, signed by `authority`, valid for `days` (or over). */
static HARNESS_UNUSED void tls_certificate(const char *name, const char *host,
                                           const char *authority, int days) {
  CHECK_EQ(shell("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s "
                 "-keyout %s.key -out %s.csr && echo subjectAltName=DNS:%s,IP:127.0.0.1 >ext && "
                 "openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days %d "
                 "-extfile ext -out %s.pem", host, name, name, host, name, authority, authority,
                 days, name), 0);
}

/* The folder, an authority `ca` and a certificate `good` for localhost. */
static HARNESS_UNUSED void tls_begin(void) {
  CHECK(mkdtemp(tls_folder) != NULL && chdir(tls_folder) == 0);
  atexit(tls_clean);
  tls_authority("ca");
  tls_certificate("good", "localhost", "ca", 2);
}

/* A server's config for good.pem, with the rest as `options` says (NULL = nothing). */
static HARNESS_UNUSED ringline_tls_config *tls_server(const ringline_tls_options *options) {
  ringline_tls_identity good = {.chain_file = "good.pem", .key_file = "good.key"};
  ringline_tls_options all = options ? *options : (ringline_tls_options){.size = sizeof all};
  ringline_tls_config *tls = NULL;
  if (!all.identities) all.identities = &good, all.identity_count = 1;
  CHECK_OK(ringline_tls_server_create(&all, &tls));
  return tls;
}

/* What the callbacks saw of the last connection. */
static struct {
  volatile long secured, closed, shown, ends;
  uint64_t bytes, close_at; /* close gracefully when so many bytes came */
  int32_t reason;
  ringline_tls_info info;
  char detail[256];
} saw;

static HARNESS_UNUSED void tls_on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn,
                                          uint64_t user) {
  (void)ctx, (void)user;
  saw.info.size = sizeof saw.info;
  CHECK_EQ(ringline_conn_tls_info_of(runtime, conn, &saw.info), 0);
  CHECK_EQ(saw.info.state, RINGLINE_TLS_DONE);
  count_up(&saw.secured);
}

static HARNESS_UNUSED int64_t tls_on_data(void *ctx, ringline_runtime *runtime, uint64_t conn,
                                          uint64_t user, const uint8_t *bytes, size_t length) {
  int64_t used;
  if (length == 0) {
    count_up(&saw.ends);
    return 0;
  }
  used = echo_data(ctx, runtime, conn, user, bytes, length);
  if (used > 0) saw.bytes += (uint64_t)used;
  if (saw.bytes == saw.close_at)
    CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  count_up(&saw.shown);
  return used;
}

static HARNESS_UNUSED void tls_on_close(void *ctx, ringline_runtime *runtime, uint64_t conn,
                                        uint64_t user, int32_t reason) {
  (void)ctx, (void)runtime, (void)conn, (void)user;
  saw.reason = reason;
  snprintf(saw.detail, sizeof saw.detail, "%s", ringline_error_detail());
  count_up(&saw.closed);
}

static const ringline_runtime_handlers tls_echo = {.size = sizeof tls_echo, .data = tls_on_data,
                                                   .writable = echo_writable,
                                                   .close = tls_on_close,
                                                   .secured = tls_on_secured};

/* As serve(), with a TLS listener; the config is given back at once. */
static HARNESS_UNUSED void serve_tls_with(serving *server, const ringline_runtime_config *config,
                                          const ringline_runtime_handlers *handlers,
                                          ringline_tls_config *tls) {
  ringline_runtime_config one = {.size = sizeof one, .workers = 1};
  memset(server, 0, sizeof *server);
  memset(&saw, 0, sizeof saw);
  CHECK_OK(ringline_runtime_create(config ? config : &one, &server->runtime));
  CHECK_OK(ringline_runtime_set_handlers(server->runtime, handlers));
  server->listener = ringline_runtime_listen_tls(server->runtime, "127.0.0.1:0", 0, tls);
  CHECK_OK(server->listener);
  CHECK_EQ(ringline_tls_free(tls), 0);
  server->address.sin_family = AF_INET;
  server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->address.sin_port =
      htons((uint16_t)ringline_runtime_port(server->runtime, (uint32_t)server->listener));
  CHECK_OK(ringline_runtime_start(server->runtime));
}

static HARNESS_UNUSED void serve_tls(serving *server, const ringline_runtime_handlers *handlers,
                                     ringline_tls_config *tls) {
  serve_tls_with(server, NULL, handlers, tls);
}

/* Against tls_echo: what openssl's client sends and gets back; its port, and more words. */
#define TLS_CLIENT "timeout 9 openssl s_client -connect 127.0.0.1:%d -CAfile ca.pem -quiet " \
                   "-verify_return_error -servername localhost "

static HARNESS_UNUSED void tls_echoed(int port, const char *how, uint64_t length, int version) {
  memset(&saw, 0, sizeof saw);
  saw.close_at = length;
  CHECK_EQ(shell(TLS_CLIENT "%s <in >out && cmp in out", port, how), 0);
  CHECK_EQ(saw.info.version, version);
  wait_for_count(&saw.closed, 1);
  CHECK(saw.reason == 0 && saw.secured == 1);
}

static HARNESS_UNUSED int port_of(const serving *server) {
  return ntohs(server->address.sin_port);
}

/* Waits for the close of the one connection, and expects why. */
static HARNESS_UNUSED void expect_close(int32_t reason, const char *detail) {
  wait_for_count(&saw.closed, 1);
  if (saw.reason != reason) fprintf(stderr, "detail: %s\n", saw.detail);
  CHECK_EQ(saw.reason, reason);
  if (detail && !strstr(saw.detail, detail)) HARNESS_FAIL("the detail is: %s", saw.detail);
  memset(&saw, 0, sizeof saw);
}

#endif /* RINGLINE_TEST_TLS_H */
