/* An echo server on libuv: a loop, a buffer per read, uv_try_write first as servers that care do.
 * `uv_echo [SIZE]`: prints its port; ends by a signal. SIZE is of a read's buffer. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static size_t size = 65536;
static char *buffer;

static void on_closed(uv_handle_t *client) { free(client); }

static void on_written(uv_write_t *request, int status) {
  (void)status;
  free(request->data), free(request);
}

static void lend(uv_handle_t *client, size_t suggested, uv_buf_t *out) {
  (void)client, (void)suggested;
  *out = uv_buf_init(buffer, (unsigned)size);
}

static void on_read(uv_stream_t *client, ssize_t got, const uv_buf_t *read) {
  if (got < 0) return uv_close((uv_handle_t *)client, on_closed);
  uv_buf_t out = uv_buf_init(read->base, (unsigned)got);
  int wrote = got > 0 ? uv_try_write(client, &out, 1) : 0;
  if (wrote == got) return;
  size_t left = (size_t)(got - (wrote > 0 ? wrote : 0));
  uv_write_t *request = malloc(sizeof *request);
  request->data = memcpy(malloc(left), read->base + ((size_t)got - left), left);
  out = uv_buf_init(request->data, (unsigned)left);
  uv_write(request, client, &out, 1, on_written);
}

static void on_connection(uv_stream_t *listener, int status) {
  uv_tcp_t *client = malloc(sizeof *client);
  uv_tcp_init(listener->loop, client);
  if (status < 0 || uv_accept(listener, (uv_stream_t *)client))
    return uv_close((uv_handle_t *)client, on_closed);
  uv_tcp_nodelay(client, 1);
  uv_read_start((uv_stream_t *)client, lend, on_read);
}

int main(int argc, char **argv) {
  struct sockaddr_in at;
  int length = sizeof at;
  uv_tcp_t listener;
  if (argc > 1) size = (size_t)atol(argv[1]);
  buffer = malloc(size);
  uv_ip4_addr("127.0.0.1", 0, &at);
  uv_tcp_init(uv_default_loop(), &listener);
  if (uv_tcp_bind(&listener, (struct sockaddr *)&at, 0) ||
      uv_listen((uv_stream_t *)&listener, 4096, on_connection) ||
      uv_tcp_getsockname(&listener, (struct sockaddr *)&at, &length))
    return fprintf(stderr, "uv_echo: cannot listen\n"), 1;
  printf("listening on port %d\n", ntohs(at.sin_port)), fflush(stdout);
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
