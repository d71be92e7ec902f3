/*
 * Certificates as people make them by `openssl req -x509`: one that is its own authority, trusted
 * by being given itself, by clients and by servers; PEM with the marks of Windows, or that is none;
 * keys of kinds that cannot be used. Each refusal names its rule: name, date, issuer, use,
 * algorithm.
 * Failure: what is trusted byte for byte refused, what only looks like it believed, a date, a name
 * or a use that is not checked; a refusal that does not say which rule and what to do.
 */
#include "tls.h"

static ringline_tls_config *client;
static const char *wanted_name;
static char wanted_address[64];

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  uint64_t conn;
  (void)ctx, (void)worker;
  CHECK_EQ(ringline_conn_connect(runtime, wanted_address, LIMIT, 1, &conn), 0);
}

static void on_connect(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       int32_t res) {
  (void)ctx;
  CHECK(res == 0 && user == 1);
  CHECK_EQ(ringline_conn_start_tls(runtime, conn, client, wanted_name), 0);
}

static void on_secured(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user) {
  (void)ctx;
  if (user != 1) return;
  count_up(&saw.secured);
  CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), 0);
}

/* The server's answer says that it accepts the client's certificate, too. */
static int64_t on_data(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  (void)ctx, (void)bytes;
  if (length == 0) return 0;
  if (user != 1) CHECK_EQ(ringline_conn_send(runtime, conn, bytes, length), 0);
  if (user == 1) saw.bytes += length;
  if (user == 1) CHECK_EQ(ringline_conn_close(runtime, conn, RINGLINE_CLOSE_GRACEFULLY), 0);
  return (int64_t)length;
}

static volatile long servers_closed;
static char servers_detail[256];

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  if (user == 1) return tls_on_close(ctx, runtime, conn, user, reason);
  snprintf(servers_detail, sizeof servers_detail, "%s", ringline_error_detail());
  count_up(&servers_closed);
}

static const ringline_runtime_handlers handlers = {
    .size = sizeof handlers, .start = on_start, .connect = on_connect, .secured = on_secured,
    .data = on_data, .close = on_close};

static ringline_tls_config *made(const char *certificate, const ringline_tls_options *more) {
  static char chain[64], key[64];
  ringline_tls_identity own = {.chain_file = chain, .key_file = key};
  ringline_tls_options options = more ? *more : (ringline_tls_options){.size = sizeof options};
  ringline_tls_config *tls = NULL;
  snprintf(chain, sizeof chain, "%s.pem", certificate);
  snprintf(key, sizeof key, "%s.key", certificate);
  options.identities = &own, options.identity_count = 1;
  if (more) CHECK_OK(ringline_tls_client_create(&options, &tls));
  else CHECK_OK(ringline_tls_server_create(&options, &tls));
  return tls;
}

/* A client that trusts `root` and, unless it is NULL, shows `own`. */
static void trust(const char *root, const char *own) {
  ringline_tls_options options = {.size = sizeof options, .roots_file = root};
  if (client) CHECK_EQ(ringline_tls_free(client), 0);
  if (own) client = made(own, &options);
  else CHECK_OK(ringline_tls_client_create(&options, &client));
}

/* A connection to a server with that config, or to another program at `port`. */
static void visit(ringline_tls_config *tls, int port, const char *name, const char *detail) {
  ringline_runtime_config one = {.size = sizeof one, .workers = 1};
  ringline_runtime *runtime;
  int listener;
  memset(&saw, 0, sizeof saw);
  servers_closed = 0;
  CHECK_OK(ringline_runtime_create(&one, &runtime));
  CHECK_OK(ringline_runtime_set_handlers(runtime, &handlers));
  if (tls) {
    listener = ringline_runtime_listen_tls(runtime, "127.0.0.1:0", 0, tls);
    CHECK_OK(listener);
    CHECK_EQ(ringline_tls_free(tls), 0);
    port = ringline_runtime_port(runtime, (uint32_t)listener);
  }
  snprintf(wanted_address, sizeof wanted_address, "127.0.0.1:%d", port);
  wanted_name = name;
  CHECK_OK(ringline_runtime_start(runtime));
  wait_for_count(&saw.closed, 1);
  if (tls) wait_for_count(&servers_closed, 1);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  CHECK_EQ(saw.bytes, detail ? 0 : 1);
  expect_close(detail ? RINGLINE_ETLS : 0, detail);
}

/* Shown by a server of ours, under `name`; NULL = it is believed. */
static void shown(const char *certificate, const char *name, const char *detail) {
  visit(made(certificate, NULL), 0, name, detail);
}

#define REQ "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
#define OUT(name) "-keyout " name ".key -out " name ".pem "
#define SAN "-addext subjectAltName=DNS:localhost "

static void make_all(void) {
  CHECK_EQ(shell("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost " SAN
                 OUT("self")), 0);
  CHECK_EQ(shell("openssl x509 -in self.pem -noout -text | grep -q CA:TRUE"), 0);
  CHECK_EQ(shell("openssl req -x509 -key self.key -days 3 -subj /CN=localhost " SAN
                 "-out twin.pem && cp self.key twin.key"), 0);
  CHECK_EQ(shell(REQ "-subj /CN=localhost " OUT("nameless")), 0);
  CHECK_EQ(shell(REQ "-subj /CN=localhost " SAN "-addext extendedKeyUsage=clientAuth "
                 OUT("client")), 0);
  CHECK_EQ(shell(REQ "-subj /CN=localhost " SAN
                 "-addext extendedKeyUsage=clientAuth,serverAuth " OUT("both")), 0);
  CHECK_EQ(shell("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                 "-subj /CN=localhost -keyout old.key -out old.csr && printf "
                 "'basicConstraints=CA:TRUE\\nsubjectAltName=DNS:localhost\\n' >old.ext && "
                 "openssl x509 -req -in old.csr -signkey old.key -days -1 -extfile old.ext "
                 "-out old.pem"), 0);
  CHECK_EQ(shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-521 -nodes -days 2 "
                 "-subj /CN=big " SAN OUT("big")), 0);
  tls_certificate("below", "localhost", "big", 2);
  tls_authority("stranger");
  tls_certificate("unknown", "localhost", "stranger", 2);
}

static void servers(void) {
  trust("self.pem", NULL);
  shown("self", "localhost", NULL);
  shown("self", "elsewhere.example", "(rule: name)");
  shown("twin", "localhost", "(rule: use)"); /* its key and name, but not its bytes */
  trust("ca.pem", NULL);
  shown("good", "localhost", NULL);
  shown("self", "localhost", "(rule: use): give that very one as a root");
  shown("unknown", "localhost", "(rule: issuer): give that issuer's");
  trust("nameless.pem", NULL);
  shown("nameless", "localhost", "(rule: name): those in its subjectAltName count, not its CN");
  trust("client.pem", NULL);
  shown("client", "localhost", "(rule: use): extendedKeyUsage");
  trust("both.pem", NULL);
  shown("both", "localhost", NULL);
  trust("old.pem", NULL);
  shown("old", "localhost", "(rule: date)");
  trust("big.pem", NULL);
  shown("below", "localhost", "(rule: algorithm)");
}

/* A server that checks the certificates of its clients: they are trusted in the same way. */
static ringline_tls_config *checking(const char *root) {
  ringline_tls_identity good = {.chain_file = "good.pem", .key_file = "good.key"};
  ringline_tls_options options = {.size = sizeof options, .roots_file = root,
                                  .flags = RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED,
                                  .identities = &good, .identity_count = 1};
  return tls_server(&options);
}

static void clients(void) {
  trust("ca.pem", "self");
  visit(checking("self.pem"), 0, "localhost", NULL);
  visit(checking("twin.pem"), 0, "localhost", "does not accept our certificate");
  CHECK(strstr(servers_detail, "(rule: use)"));
  trust("ca.pem", "client");
  visit(checking("client.pem"), 0, "localhost", NULL);
  CHECK_EQ(shell(REQ "-subj /CN=me -addext extendedKeyUsage=serverAuth " OUT("server")), 0);
  trust("ca.pem", "server");
  visit(checking("server.pem"), 0, "localhost", "");
  CHECK(strstr(servers_detail, "(rule: use): extendedKeyUsage"));
}

/* What openssl serves with a key that we do not check. */
static void large_key_of_another(void) {
  char line[256];
  unsigned port = 0;
  FILE *out = popen("exec timeout 9 openssl s_server -accept 127.0.0.1:0 -naccept 1 -rev "
                    "-cert big.pem -key big.key 2>>log", "re");
  CHECK(out != NULL);
  while (fgets(line, sizeof line, out))
    if (sscanf(line, "ACCEPT 127.0.0.1:%u", &port) == 1) break;
  CHECK(port > 0);
  trust("big.pem", NULL);
  visit(NULL, (int)port, "localhost", "(rule: algorithm)");
  pclose(out);
}

static void own(const char *chain, const char *key, const char *detail) {
  ringline_tls_identity one = {.chain_file = chain, .key_file = key};
  ringline_tls_options options = {.size = sizeof options, .identities = &one,
                                  .identity_count = 1};
  ringline_tls_config *tls = NULL;
  int32_t code = ringline_tls_server_create(&options, &tls);
  CHECK_EQ(code, detail ? -EINVAL : 0);
  if (!detail) CHECK_EQ(ringline_tls_free(tls), 0);
  else if (!strstr(ringline_error_detail(), detail))
    HARNESS_FAIL("%s %s: it is %s", chain, key, ringline_error_detail());
}

static void files(void) {
  CHECK_EQ(shell("for f in self.pem self.key; do printf '\\357\\273\\277' >bom-$f; "
                 "cat $f >>bom-$f; sed 's/$/\\r/' bom-$f >crlf-$f; "
                 "iconv -f ascii -t utf-16 $f >wide-$f; done; "
                 "cat bom-self.pem bom-self.pem >two.pem; "
                 "openssl x509 -in self.pem -outform der -out der.pem; "
                 "openssl pkey -in self.key -outform der -out der.key; "
                 "openssl x509 -in self.pem -trustout -out trusted.pem; "
                 "openssl pkey -in self.key -aes128 -passout pass:x -out locked.key; "
                 "openssl rsa -in self.key -traditional -aes128 -passout pass:x "
                 "-out old-locked.key"), 0);
  own("bom-self.pem", "bom-self.key", NULL);
  own("crlf-self.pem", "crlf-self.key", NULL);
  own("two.pem", "self.key", NULL);
  trust("two.pem", NULL);
  shown("bom-self", "localhost", NULL);
  own("wide-self.pem", "self.key", "UTF-16");
  own("self.pem", "wide-self.key", "UTF-16");
  own("der.pem", "self.key", "no PEM: openssl x509");
  own("self.pem", "der.key", "no PEM");
  own("trusted.pem", "self.key", "TRUSTED CERTIFICATE");
  own("self.pem", "locked.key", "has a password");
  own("self.pem", "old-locked.key", "has a password");
  own("self.key", "self.pem", "the wrong way round");
}

static void keys(void) {
  own("big.pem", "big.key", "a P-521 key cannot be used (rule: algorithm): make one of P-256");
  CHECK_EQ(shell("openssl ec -in big.key -out sec1.key"), 0);
  own("big.pem", "sec1.key", "a P-521 key");
  CHECK_EQ(shell("openssl req -x509 -newkey ed448 -nodes -subj /CN=x " OUT("ed448")), 0);
  own("ed448.pem", "ed448.key", "an Ed448 key cannot be used (rule: algorithm)");
  CHECK_EQ(shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes "
                 "-subj /CN=x " OUT("koblitz")), 0);
  own("koblitz.pem", "koblitz.key", "a secp256k1 key");
  CHECK_EQ(shell("openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=x " OUT("short")), 0);
  own("short.pem", "short.key", "2048 to 4096 bits");
  CHECK_EQ(shell("openssl rsa -in short.key -traditional -out pkcs1.key"), 0);
  own("short.pem", "pkcs1.key", "2048 to 4096 bits");
  CHECK_EQ(shell("openssl req -x509 -newkey ed25519 -nodes -subj /CN=x " OUT("ed25519")), 0);
  own("ed25519.pem", "ed25519.key", NULL);
  CHECK_EQ(shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes "
                 "-subj /CN=x " OUT("p384")), 0);
  own("p384.pem", "p384.key", NULL);
}

int main(void) {
  serving_baseline(NULL);
  tls_begin();
  make_all();
  servers();
  clients();
  files();
  keys();
  large_key_of_another();
  CHECK_EQ(ringline_tls_free(client), 0);
  harness_check_baseline();
  return 0;
}
