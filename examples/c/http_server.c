/* Serves the files below a folder over HTTP/1.1: keep-alive, pipelining, HEAD, ranges. A worker per
 * processor; files go out through ring reads, so that none is read into memory as a whole.
 *   cc -O2 -o http_server http_server.c $(pkg-config --cflags --libs ringline)
 *   run: ./http_server 127.0.0.1:0 . 0
 * Arguments: [address [folder [seconds]]]. Ends after so many seconds (0: at once), at SIGINT or
 * SIGTERM. */
#define _GNU_SOURCE
#include "http_answer.h"
#include "serve.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int folder;

static int answer(ringline_runtime *rt, uint64_t conn, int status, int keep_alive) {
  char text[256];
  int length = snprintf(text, sizeof text,
                        "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n%s%s\r\n", status,
                        reason_of(status), status == 405 ? "Allow: GET, HEAD\r\n" : "",
                        keep_alive ? "" : "Connection: close\r\n");
  return ringline_conn_send(rt, conn, text, (size_t)length);
}

/* Never outside of the folder: the kernel sees to it, whatever the path says. */
static int open_below(const char *path, struct stat *about) {
  struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                          .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
  int file = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
  if (file >= 0 && (fstat(file, about) || !S_ISREG(about->st_mode))) close(file), file = -1;
  return file;
}

/* Answer one request. -EAGAIN: the queue is full, and nothing of the answer was sent. */
static int reply(ringline_runtime *rt, uint64_t conn, const http_request *request) {
  char path[1024], head[512], range[96] = "";
  struct stat about;
  int64_t first, last;
  int is_get = http_is(request->method, request->method_length, "GET");
  if (!is_get && !http_is(request->method, request->method_length, "HEAD"))
    return answer(rt, conn, 405, request->keep_alive);
  if (!decode(request, path, sizeof path)) return answer(rt, conn, 400, request->keep_alive);
  int file = open_below(path, &about);
  if (file < 0) return answer(rt, conn, 404, request->keep_alive);
  int status = range_of(request, about.st_size, &first, &last);
  if (status == 206)
    snprintf(range, sizeof range, "Content-Range: bytes %lld-%lld/%lld\r\n", (long long)first,
             (long long)last, (long long)about.st_size);
  if (status == 416)
    snprintf(range, sizeof range, "Content-Range: bytes */%lld\r\n", (long long)about.st_size);
  int64_t length = status == 416 ? 0 : last + 1 - first;
  int head_length = snprintf(head, sizeof head,
                             "HTTP/1.1 %d %s\r\nContent-Length: %lld\r\nContent-Type: %s\r\n"
                             "Accept-Ranges: bytes\r\n%s%s\r\n",
                             status, reason_of(status), (long long)length, type_of(path), range,
                             request->keep_alive ? "" : "Connection: close\r\n");
  int code = ringline_conn_send(rt, conn, head, (size_t)head_length);
  if (code < 0 || !is_get || length == 0) return close(file), code;
  /* An error here ends the connection: the head promised the bytes. */
  code = ringline_conn_send_file(rt, conn, file, (uint64_t)first, (uint64_t)length,
                                 (uint64_t)file);
  return code < 0 ? close(file), -EPIPE : 0;
}

static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  size_t used = 0;
  http_request request;
  (void)ctx, (void)user;
  while (used < length) {
    int size = http_parse(&request, (const char *)bytes + used, length - used);
    if (size == 0) break;
    int code = size < 0 ? answer(rt, conn, -size, 0) : reply(rt, conn, &request);
    if (code == -EAGAIN) { /* What is not consumed is shown again when there is room. */
      ringline_conn_pause(rt, conn);
      break;
    }
    if (code < 0) return code;
    if (size < 0 || !request.keep_alive) {
      ringline_conn_close(rt, conn, RINGLINE_CLOSE_GRACEFULLY);
      return (int64_t)length;
    }
    used += (size_t)size;
  }
  return (int64_t)used;
}

static void on_writable(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user) {
  (void)ctx, (void)user;
  ringline_conn_resume(rt, conn);
}

static void on_released(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                        uint64_t cookie) {
  (void)ctx, (void)rt, (void)conn, (void)user;
  close((int)cookie);
}

static void on_accept(void *ctx, ringline_runtime *rt, uint64_t conn, uint32_t listener) {
  ringline_conn_timeouts limits = { .size = sizeof limits, .idle_ns = 60000000000 };
  (void)ctx, (void)listener;
  ringline_conn_set_timeouts(rt, conn, &limits);
}

int main(int argc, char **argv) {
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .accept = on_accept,
                                         .data = on_data, .writable = on_writable,
                                         .released = on_released };
  folder = open(argc > 2 ? argv[2] : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return perror(argc > 2 ? argv[2] : "."), 1;
  return serve(NULL, &handlers, argc > 1 ? argv[1] : "127.0.0.1:8080", argc > 3 ? argv[3] : NULL);
}
