/* What an answer of the HTTP server says: reasons, types, the path of a target, ranges. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "http_request.h"
#include <stdlib.h>

static const char *reason_of(int status) {
  switch (status) {
  case 200: return "OK";
  case 206: return "Partial Content";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 413: return "Content Too Large";
  case 416: return "Range Not Satisfiable";
  case 417: return "Expectation Failed";
  case 431: return "Request Header Fields Too Large";
  case 501: return "Not Implemented";
  case 505: return "HTTP Version Not Supported";
  default: return "Bad Request";
  }
}

static const char *type_of(const char *path) {
  static const char *const types[][2] = { { ".html", "text/html; charset=utf-8" },
                                          { ".css", "text/css" },
                                          { ".js", "text/javascript" },
                                          { ".png", "image/png" },
                                          { ".txt", "text/plain; charset=utf-8" } };
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
    if (!strcmp(dot, types[i][0])) return types[i][1];
  return "application/octet-stream";
}

/* The path of a target, decoded, without the query. 0 when it is none. */
static int decode(const http_request *request, char *path, size_t room) {
  size_t length = 0;
  for (size_t at = 1; at < request->target_length && request->target[at] != '?'; at++) {
    char c = request->target[at];
    if (c == '%') {
      char digits[3] = { 0 }, *end;
      if (at + 2 >= request->target_length) return 0;
      memcpy(digits, request->target + at + 1, 2);
      c = (char)strtol(digits, &end, 16);
      if (end != digits + 2) return 0;
      at += 2;
    }
    if (c == 0 || length + 12 > room) return 0;
    path[length++] = c;
  }
  path[length] = 0;
  if (length == 0 || path[length - 1] == '/') strcpy(path + length, "index.html");
  return 1;
}

/* Which bytes are wanted, and the status of that: "first-last", "first-" or "-count". */
static int range_of(const http_request *request, int64_t size, int64_t *first, int64_t *last) {
  int64_t count = request->last;
  *first = 0, *last = size - 1;
  if (!request->has_range) return 200;
  if (request->first < 0) {
    *first = count < size ? size - count : 0;
    return count > 0 && size > 0 ? 206 : 416;
  }
  *first = request->first;
  if (request->last >= 0 && request->last < size) *last = request->last;
  return *first < size ? 206 : 416;
}

#endif
