/* A TLS echo server on the runtime: certificates, application protocols, what a handshake agreed
 * upon, and why one failed. All else is as without TLS: the callbacks see plain bytes.
 *   cc -O2 -o tls_echo tls_echo.c $(pkg-config --cflags --libs ringline)
 *   run: ./tls_echo
 * Try it: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost
 *           -addext subjectAltName=DNS:localhost -keyout key.pem -out chain.pem
 *         ./tls_echo chain.pem key.pem 127.0.0.1:8443 60
 *         openssl s_client -connect 127.0.0.1:8443 -CAfile chain.pem -alpn echo
 * Arguments: chain key [address [seconds]]; ends after so many seconds (0: at once), at SIGINT or
 * SIGTERM. Without arguments it only says so. */
#include "serve.h"

#include <errno.h>

/* The handshake ended: now it is known with whom one speaks, and how. */
static void on_secured(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user) {
  ringline_tls_info info = { .size = sizeof info };
  (void)ctx, (void)user;
  if (ringline_conn_tls_info_of(rt, conn, &info) < 0) return;
  printf("%s, %s%s%s%s\n", info.version == 0x0304 ? "TLS 1.3" : "TLS 1.2", info.cipher_name,
         info.alpn[0] ? ", protocol " : "", info.alpn,
         info.flags & RINGLINE_TLS_RESUMED ? ", resumed" : "");
  fflush(stdout);
}

/* What is shown came by TLS, and what is sent goes by TLS. */
static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  int code;
  (void)ctx, (void)user;
  if (length == 0) return 0; /* the other end is done, and said so: close gracefully */
  code = ringline_conn_send(rt, conn, bytes, length);
  if (code != -EAGAIN) return code < 0 ? code : (int64_t)length;
  ringline_conn_pause(rt, conn); /* the client does not read: take no more from it */
  return 0;
}

static void on_writable(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user) {
  (void)ctx, (void)user;
  ringline_conn_resume(rt, conn);
}

static void on_close(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)rt, (void)conn, (void)user;
  if (reason == RINGLINE_ETLS) printf("failed: %s\n", ringline_error_detail());
  else if (reason == RINGLINE_ETRUNCATED) printf("cut short: the client did not end its TLS\n");
  else if (reason < 0) printf("closed: %s\n", ringline_strerror(reason));
  fflush(stdout);
}

int main(int count, char **words) {
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .data = on_data,
                                         .writable = on_writable, .close = on_close,
                                         .secured = on_secured };
  ringline_tls_identity own = { 0 };
  ringline_tls_options options = { .size = sizeof options, .identities = &own,
                                   .identity_count = 1, .alpn = "echo" };
  ringline_tls_config *tls;
  int listener;
  if (count < 3) {
    printf("tls_echo: say CHAIN KEY [ADDRESS [SECONDS]]\n");
    return 0;
  }
  own.chain_file = words[1], own.key_file = words[2];
  check("certificate", ringline_tls_server_create(&options, &tls));
  check("runtime", ringline_runtime_create(NULL, &runtime));
  check("handlers", ringline_runtime_set_handlers(runtime, &handlers));
  listener = check("listen", ringline_runtime_listen_tls(
                                 runtime, count > 3 ? words[3] : "127.0.0.1:8443", 0, tls));
  ringline_tls_free(tls); /* the listener keeps it */
  serve_on(listener, count > 4 ? words[4] : NULL);
  return check("free", ringline_runtime_free(runtime));
}
