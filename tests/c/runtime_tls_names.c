/*
 * A TLS server, with openssl s_client as the client: certificates by name (SNI), application
 * protocols (ALPN), sessions that are resumed, and a certificate of the client's.
 * Failure: a wrong certificate or protocol, a session that is not resumed or not as the info says,
 * a client without a certificate let in.
 */
#include "tls.h"

static void names_and_protocols(void) {
  ringline_tls_identity all[] = {
      {.chain_file = "good.pem", .key_file = "good.key"},
      {.name = "Other.example", .chain_file = "other.pem", .key_file = "other.key"},
      {.name = "*.wild.example", .chain_file = "wild.pem", .key_file = "wild.key"}};
  ringline_tls_options options = {.size = sizeof options, .identities = all, .identity_count = 3,
                                  .alpn = "h2,http/1.1"};
  const char *names[][2] = {{"localhost", "localhost"}, {"other.example", "other.example"},
                            {"a.wild.example", "\\*.wild.example"},
                            {"a.b.wild.example", "localhost"}};
  serving server;
  size_t at;
  tls_certificate("other", "other.example", "ca", 2);
  tls_certificate("wild", "*.wild.example", "ca", 2);
  serve_tls(&server, &tls_echo, tls_server(&options));
  for (at = 0; at < sizeof names / sizeof *names; at++) {
    memset(&saw, 0, sizeof saw);
    CHECK_EQ(shell("timeout 9 openssl s_client -connect 127.0.0.1:%d -servername %s -alpn "
                   "spdy/1,http/1.1 </dev/null >out; grep -q 'subject=CN = %s$' out",
                   port_of(&server), names[at][0], names[at][1]), 0);
    wait_for_count(&saw.closed, 1);
    CHECK(strcmp(saw.info.server_name, names[at][0]) == 0);
    CHECK(strcmp(saw.info.alpn, "http/1.1") == 0);
    CHECK(saw.reason == 0 && saw.ends == 1);
  }
  memset(&saw, 0, sizeof saw);
  CHECK(shell("timeout 9 openssl s_client -connect 127.0.0.1:%d -alpn spdy/1 </dev/null >out",
              port_of(&server)) != 0);
  expect_close(RINGLINE_ETLS, "ALPN");
  stop_serving(&server);
}

static void resumed(void) {
  static const char *versions[] = {"-tls1_2", "-tls1_3"};
  serving server;
  size_t at;
  serve_tls(&server, &tls_echo, tls_server(NULL));
  CHECK_EQ(shell("echo hello >in"), 0);
  for (at = 0; at < 2; at++) {
    char how[64];
    snprintf(how, sizeof how, "%s -sess_out session", versions[at]);
    tls_echoed(port_of(&server), how, 6, at ? 0x0304 : 0x0303);
    CHECK_EQ(saw.info.flags, 0);
    snprintf(how, sizeof how, "%s -sess_in session", versions[at]);
    tls_echoed(port_of(&server), how, 6, at ? 0x0304 : 0x0303);
    CHECK_EQ(saw.info.flags, RINGLINE_TLS_RESUMED);
  }
  stop_serving(&server);
}

static void client_certificates(void) {
  ringline_tls_options options = {.size = sizeof options, .roots_file = "ca.pem",
                                  .flags = RINGLINE_TLS_CLIENT_CERTIFICATE_REQUIRED};
  serving server;
  serve_tls(&server, &tls_echo, tls_server(&options));
  CHECK_EQ(shell("echo hello >in"), 0);
  tls_echoed(port_of(&server), "-cert good.pem -key good.key", 6, 0x0304);
  CHECK(saw.info.peer_certificate != NULL && saw.info.peer_certificate_length > 200);
  memset(&saw, 0, sizeof saw);
  CHECK(shell(TLS_CLIENT "<in >out", port_of(&server)) != 0);
  CHECK_EQ(saw.secured, 0);
  expect_close(RINGLINE_ETLS, "showed no certificate");
  tls_authority("stranger");
  tls_certificate("spy", "localhost", "stranger", 2);
  CHECK(shell(TLS_CLIENT "-cert spy.pem -key spy.key <in >out", port_of(&server)) != 0);
  CHECK_EQ(saw.secured, 0);
  expect_close(RINGLINE_ETLS, "not trusted");
  stop_serving(&server);
  options.flags = RINGLINE_TLS_CLIENT_CERTIFICATE_WANTED;
  serve_tls(&server, &tls_echo, tls_server(&options));
  tls_echoed(port_of(&server), "", 6, 0x0304);
  CHECK(saw.info.peer_certificate == NULL);
  stop_serving(&server);
}

int main(void) {
  serving_baseline(NULL);
  tls_begin();
  names_and_protocols();
  resumed();
  client_certificates();
  harness_check_baseline();
  return 0;
}
