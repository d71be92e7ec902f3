/*
 * TLS configs: what is wrong with certificates, keys and options is told when the config is made,
 * PEM from memory is as good as from files, and a config outlives its handle where it is used.
 * Failure: a wrong key or file taken, a good one refused, a handle of another kind or of the parent
 * of a fork taken for a config.
 */
#include "tls.h"

static char chain[8192], key[8192];

static uint64_t read_file(const char *name, char *text) {
  FILE *file = fopen(name, "re");
  size_t length;
  CHECK(file != NULL);
  length = fread(text, 1, 8192, file);
  fclose(file);
  return length;
}

static void expect_refusal(int32_t (*create)(const ringline_tls_options *, ringline_tls_config **),
                           ringline_tls_options options, int32_t code, const char *detail) {
  ringline_tls_config *tls = NULL;
  options.size = sizeof options;
  CHECK_EQ(create(&options, &tls), code);
  if (!strstr(ringline_error_detail(), detail)) HARNESS_FAIL("it is %s", ringline_error_detail());
  CHECK(tls == NULL);
}

static void servers(void) {
  const ringline_tls_identity none = {NULL, NULL, NULL, NULL, 0, NULL, 0};
  ringline_tls_identity one = {.chain_file = "good.pem", .key_file = "good.key"};
  ringline_tls_identity two[2] = {one, one};
  ringline_tls_options options = {.identities = &one, .identity_count = 1};
#define REFUSED(code, detail) expect_refusal(ringline_tls_server_create, options, code, detail)
  options.flags = 0x40;
  REFUSED(-EINVAL, "unknown bit");
  options.flags = RINGLINE_TLS_DANGEROUS_BELIEVE_ANYBODY;
  REFUSED(-EINVAL, "no server to believe");
  options.flags = RINGLINE_TLS_CLIENT_CERTIFICATE_WANTED;
  REFUSED(-EINVAL, "needs roots");
  options.flags = 0, options.resv = 1;
  REFUSED(-EINVAL, "resv");
  options.resv = 0, options.alpn = "h2,,x";
  REFUSED(-EINVAL, "alpn");
  options.alpn = NULL, one.key_file = "ca.key";
  REFUSED(-EINVAL, "does not belong");
  one.key_file = "good.pem";
  REFUSED(-EINVAL, "no private key");
  one.key_file = "nowhere";
  REFUSED(-ENOENT, "cannot be read");
  one.key_file = "/dev/zero";
  REFUSED(-EFBIG, "16 MiB");
  one.key_file = "good.key", one.chain_file = "good.key";
  REFUSED(-EINVAL, "holds none");
  one = none;
  REFUSED(RINGLINE_ENULL, "no chain or no key");
  options.identities = two, options.identity_count = 2;
  REFUSED(-EINVAL, "two identities");
  options.identity_count = 4097;
  REFUSED(-EINVAL, "4096");
  options.identities = NULL;
  options.identity_count = 1;
  REFUSED(RINGLINE_ENULL, "identities is NULL");
  options.identity_count = 0;
  REFUSED(-EINVAL, "needs a certificate");
#undef REFUSED
}

static void clients(void) {
  ringline_tls_identity two[2] = {{.chain_file = "good.pem", .key_file = "good.key"}, {0}};
  ringline_tls_options options = {.roots_file = "ca.pem"};
  ringline_tls_config *tls;
  two[1] = two[0];
#define REFUSED(code, detail) expect_refusal(ringline_tls_client_create, options, code, detail)
  options.flags = RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED;
  REFUSED(-EINVAL, "what a TLS server asks for");
  options.flags = 0, options.roots_file = "good.key";
  REFUSED(-EINVAL, "holds none");
  options.roots_file = NULL, options.identities = two, options.identity_count = 2;
  REFUSED(-EINVAL, "one certificate at most");
  options.identity_count = 1;
  CHECK(setenv("SSL_CERT_FILE", "nowhere", 1) == 0);
  REFUSED(-ENOENT, "cannot be read");
  CHECK(setenv("SSL_CERT_FILE", "ca.pem", 1) == 0); /* whom the machine trusts */
  options.size = sizeof options;
  CHECK_OK(ringline_tls_client_create(&options, &tls));
  CHECK_EQ(ringline_tls_free(tls), 0);
#undef REFUSED
}

static int forked(void *tls) {
  CHECK_EQ(ringline_tls_free((ringline_tls_config *)tls), RINGLINE_EFORKED);
  return 0;
}

static void handles(void) {
  ringline_tls_identity memory = {.chain = chain, .key = key};
  ringline_tls_options options = {.size = sizeof options, .identities = &memory,
                                  .identity_count = 1}, ca = {.size = sizeof ca,
                                  .roots = chain};
  ringline_runtime *runtime;
  ringline_tls_config *tls, *client;
  memory.chain_length = read_file("good.pem", chain);
  memory.key_length = read_file("good.key", key);
  CHECK_OK(ringline_tls_server_create(&options, &tls));
  ca.roots_length = read_file("ca.pem", chain);
  CHECK_OK(ringline_tls_client_create(&ca, &client));
  CHECK_OK(ringline_runtime_create(NULL, &runtime));
  CHECK_EQ(ringline_runtime_listen_tls(runtime, "127.0.0.1:0", 0, client), -EINVAL);
  CHECK_EQ(ringline_runtime_listen_tls(runtime, "127.0.0.1:0", 0, NULL), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_listen_tls(runtime, NULL, 0, tls), RINGLINE_ENULL);
  CHECK_EQ(ringline_runtime_listen_tls(runtime, "127.0.0.1", 0, tls), -EINVAL);
  CHECK_EQ(ringline_runtime_listen_tls(runtime, "127.0.0.1:0", 0, tls), 1);
  CHECK_EQ(in_child(forked, tls), 0);
  CHECK_EQ(ringline_tls_free((ringline_tls_config *)runtime), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_free((ringline_runtime *)tls), RINGLINE_ESTALE);
  CHECK_EQ(ringline_tls_free(tls), 0);
  CHECK_EQ(ringline_tls_free(tls), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_listen_tls(runtime, "127.0.0.1:0", 0, tls), RINGLINE_ESTALE);
  CHECK_EQ(ringline_tls_free(client), 0);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
}

int main(void) {
  tls_begin();
  harness_baseline();
  servers();
  clients();
  handles();
  harness_check_baseline();
  return 0;
}
