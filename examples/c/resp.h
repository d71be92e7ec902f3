/* A parser of RESP, the protocol of Redis: commands as arrays of words, or typed on one line. */
#ifndef RESP_H
#define RESP_H

#include <stddef.h>
#include <string.h>

enum { MOST_WORDS = 8, MOST_BYTES = 512 << 10 };

typedef struct { const char *bytes; size_t length; } word;

/* The number of a line "<mark><digits>\r\n": 0 = not all of it is there, -1 = it is none. */
static int number(const char **at, const char *end, char mark, size_t most, size_t *value) {
  const char *from = *at, *line = memchr(from, '\n', (size_t)(end - from));
  if (from < end && *from != mark) return -1;
  if (!line) return end - from > 24 ? -1 : 0;
  if (line - from < 3 || line - from > 12 || line[-1] != '\r') return -1;
  for (*value = 0, from++; from < line - 1; from++) {
    if (*from < '0' || *from > '9') return -1;
    *value = *value * 10 + (size_t)(*from - '0');
  }
  *at = line + 1;
  return *value <= most ? 1 : -1;
}

/* A command as a person types it: words with spaces between them, on one line. */
static int parse_line(const char **at, const char *end, word *words, size_t *count) {
  const char *from = *at, *line = memchr(from, '\n', (size_t)(end - from));
  if (!line) return end - from > 1024 ? -1 : 0;
  for (*count = 0; from < line; from++) {
    if (*from == ' ' || *from == '\r') continue;
    if (*count == MOST_WORDS) return -1;
    words[*count].bytes = from;
    while (from < line && *from != ' ' && *from != '\r') from++;
    words[*count].length = (size_t)(from - words[*count].bytes);
    ++*count;
  }
  *at = line + 1;
  return 1;
}

/* The words of one command: 1, or 0 = not all of it is there, -1 = it is none. */
static int parse(const char **at, const char *end, word *words, size_t *count) {
  const char *next = *at;
  if (*next != '*') return parse_line(at, end, words, count);
  int code = number(&next, end, '*', MOST_WORDS, count);
  if (code == 1 && *count == 0) return -1;
  for (size_t i = 0; code == 1 && i < *count; i++) {
    if ((code = number(&next, end, '$', MOST_BYTES, &words[i].length)) != 1) break;
    if ((size_t)(end - next) < words[i].length + 2) return 0;
    words[i].bytes = next;
    next += words[i].length;
    if (memcmp(next, "\r\n", 2)) return -1;
    next += 2;
  }
  if (code == 1) *at = next;
  return code;
}

#endif
