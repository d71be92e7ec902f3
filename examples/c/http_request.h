/* A minimal parser of HTTP/1.1 requests without a body (RFC 9112). What it does not know it
 * rejects: it is better to refuse a request than to take it for another one. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { HTTP_MOST_BYTES = 8192 };

typedef struct {
  const char *method, *target; /* in the bytes given, not terminated */
  size_t method_length, target_length;
  int keep_alive, has_host;
  int has_range;               /* one range "bytes=first-last"; -1 = not given */
  int64_t first, last;
} http_request;

static int http_is_token(char c) {
  return c > ' ' && c < 127 && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static int http_is(const char *text, size_t length, const char *name) {
  return length == strlen(name) && strncasecmp(text, name, length) == 0;
}

/* A number of at most 18 digits from `*at` on; -1 when there is none. */
static int64_t http_number(const char **at, const char *end) {
  const char *start = *at;
  int64_t value = 0;
  while (*at < end && **at >= '0' && **at <= '9' && *at - start < 18)
    value = value * 10 + (*(*at)++ - '0');
  return *at == start ? -1 : value;
}

/* One range; what is none, or several, is ignored, as RFC 9110, 14.2 allows. */
static void http_range(http_request *request, const char *at, const char *end) {
  if (end - at < 7 || strncasecmp(at, "bytes=", 6)) return;
  at += 6;
  request->first = http_number(&at, end);
  if (at == end || *at++ != '-') return;
  request->last = http_number(&at, end);
  request->has_range = at == end && (request->first >= 0 || request->last >= 0) &&
                       (request->last < 0 || request->first <= request->last);
}

/* One field. Returns 0, or the status that refuses it. */
static int http_field(http_request *request, const char *name, size_t length, const char *value,
                      const char *end) {
  size_t size = (size_t)(end - value);
  if (http_is(name, length, "host")) {
    if (request->has_host || size == 0) return 400;
    request->has_host = 1;
  } else if (http_is(name, length, "connection")) {
    if (http_is(value, size, "close")) request->keep_alive = 0;
  } else if (http_is(name, length, "content-length")) {
    if (!http_is(value, size, "0")) return 413;
  } else if (http_is(name, length, "transfer-encoding")) {
    return 501;
  } else if (http_is(name, length, "expect")) {
    return 417;
  } else if (http_is(name, length, "range")) {
    http_range(request, value, end);
  }
  return 0;
}

/* A line without its CR LF; 0 = its end is not there yet, -1 = it holds what no line may. */
static int http_line(const char **at, const char *end, const char **line, const char **line_end) {
  const char *feed = memchr(*at, '\n', (size_t)(end - *at));
  if (!feed) return 0;
  if (feed == *at || feed[-1] != '\r') return -1;
  for (const char *c = *at; c < feed - 1; c++)
    if ((unsigned char)*c < ' ' && *c != '\t') return -1;
  *line = *at;
  *line_end = feed - 1;
  *at = feed + 1;
  return 1;
}

/* METHOD SP /target SP HTTP/1.1. Returns 0, or the status that refuses it. */
static int http_first_line(http_request *request, const char *at, const char *end) {
  request->method = at;
  while (at < end && http_is_token(*at)) at++;
  request->method_length = (size_t)(at - request->method);
  if (request->method_length == 0 || at == end || *at++ != ' ') return 400;
  request->target = at;
  while (at < end && *at > ' ' && *at < 127) at++;
  request->target_length = (size_t)(at - request->target);
  if (request->target_length == 0 || *request->target != '/') return 400;
  if (end - at != 9 || *at != ' ' || strncmp(at + 1, "HTTP/", 5)) return 400;
  if (strncmp(at + 6, "1.1", 3)) return 505;
  return 0;
}

/* Parse a request at the front of `length` bytes. Returns its length; 0 = not all of it is there;
 * else the negative status that refuses it (400, 413, 417, 431, 501, 505). */
static int http_parse(http_request *request, const char *bytes, size_t length) {
  const char *at = bytes, *end = bytes + length, *line, *line_end;
  int code, first = 1;
  *request = (http_request){ .keep_alive = 1, .first = -1, .last = -1 };
  while ((code = http_line(&at, end, &line, &line_end)) == 1) {
    int status = 0;
    if (at - bytes > HTTP_MOST_BYTES) return -431;
    if (line == line_end && !first) return request->has_host ? (int)(at - bytes) : -400;
    if (first) {
      status = http_first_line(request, line, line_end);
      first = 0;
    } else {
      const char *colon = line;
      while (colon < line_end && http_is_token(*colon)) colon++;
      if (colon == line || colon == line_end || *colon != ':') return -400;
      const char *value = colon + 1;
      while (value < line_end && (*value == ' ' || *value == '\t')) value++;
      while (line_end > value && (line_end[-1] == ' ' || line_end[-1] == '\t')) line_end--;
      status = http_field(request, line, (size_t)(colon - line), value, line_end);
    }
    if (status) return -status;
  }
  if (code < 0) return -400;
  return length > HTTP_MOST_BYTES ? -431 : 0;
}

#endif
