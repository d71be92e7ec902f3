/* A server for datagrams on the runtime: a worker per processor, each with a socket of its own on
 * the same port. It answers "time" with the time, "count N" with N datagrams, and everything else
 * with itself; what was cut off gets no answer. Answers to one client of one size leave together.
 *   cc -O2 -o udp_server udp_server.c $(pkg-config --cflags --libs ringline)
 *   run: ./udp_server udp:127.0.0.1:0 0
 * Arguments: [address [seconds]]; the address may be unixgram:/path as well. Ends after so many
 * seconds (0: at once), at SIGINT or SIGTERM. Ask it with: socat - UDP:127.0.0.1:7777 */
#include "serve.h"

#include <string.h>
#include <time.h>

enum { LONGEST_COUNT = 1000 };

/* Who is told to wait may ask again: datagrams may be lost anyway, and a server that remembers what
 * everybody wants can be filled by anybody. */
static void on_datagram(void *ctx, ringline_runtime *rt, uint32_t listener, uint32_t flags,
                        const void *from, uint32_t from_length, const uint8_t *bytes,
                        size_t length) {
  char text[64], request[32] = "";
  (void)ctx;
  if (flags & RINGLINE_DATAGRAM_TRUNCATED || !from) return;
  if (length < sizeof request) memcpy(request, bytes, length);
  if (strncmp(request, "count ", 6) == 0) {
    int count = atoi(request + 6), at;
    for (at = 0; at < count && at < LONGEST_COUNT; at++) {
      snprintf(text, sizeof text, "datagram %06d", at);
      if (ringline_udp_send(rt, listener, from, from_length, text, strlen(text)) < 0) return;
    }
    return;
  }
  if (strncmp(request, "time", 4) == 0) {
    time_t now = time(NULL);
    struct tm utc;
    length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    bytes = (const uint8_t *)text;
  }
  ringline_udp_send(rt, listener, from, from_length, bytes, length);
}

int main(int argc, char **argv) {
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .datagram = on_datagram };
  ringline_runtime_stats stats = { .size = sizeof stats };
  check("create", ringline_runtime_create(NULL, &runtime));
  check("set_handlers", ringline_runtime_set_handlers(runtime, &handlers));
  const char *address = argc > 1 ? argv[1] : "udp:127.0.0.1:7777";
  serve_on(check("listen", ringline_runtime_listen(runtime, address, 0)),
           argc > 2 ? argv[2] : NULL);
  check("stats", ringline_runtime_stats_of(runtime, &stats));
  printf("%lu datagrams in %lu receives, %lu answers in %lu sends, %lu lost\n", stats.datagrams,
         stats.datagram_receives, stats.datagrams_sent, stats.datagram_sends,
         stats.datagrams_lost);
  return ringline_runtime_free(runtime) < 0;
}
