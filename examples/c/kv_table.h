/* The table of the key-value server, and its commands: PING, SET, GET, DEL. */
#ifndef KV_TABLE_H
#define KV_TABLE_H

#include "resp.h"
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

typedef struct { word key, value; } entry; /* both in memory of their own */
typedef struct { char *bytes; size_t length, room; } reply;

static void *table;

static void *grown(void *memory, size_t size) {
  void *bytes = realloc(memory, size);
  return bytes ? bytes : (perror("kv_server"), abort(), NULL);
}

static word copy_of(word from) {
  return (word){ memcpy(grown(NULL, from.length + 1), from.bytes, from.length), from.length };
}

static void say(reply *to, const void *bytes, size_t length) {
  if (to->length + length > to->room)
    to->bytes = grown(to->bytes, to->room = 2 * (to->length + length));
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
}

static void say_text(reply *to, const char *text) { say(to, text, strlen(text)); }

static int compare(const void *left, const void *right) {
  const word *a = &((const entry *)left)->key, *b = &((const entry *)right)->key;
  int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);
  return order ? order : (a->length > b->length) - (a->length < b->length);
}

static void forget(entry *old) {
  tdelete(old, &table, compare);
  free((void *)old->key.bytes), free((void *)old->value.bytes), free(old);
}

static int is(word given, const char *name) {
  return given.length == strlen(name) && strncasecmp(given.bytes, name, given.length) == 0;
}

static void run(const word *words, size_t count, reply *to) {
  entry wanted = { .key = count > 1 ? words[1] : (word){ "", 0 } };
  entry **found = tfind(&wanted, &table, compare);
  char head[32];
  if (count == 0) return;
  if (is(words[0], "PING") && count == 1) return say_text(to, "+PONG\r\n");
  if (is(words[0], "SET") && count == 3) {
    entry *fresh = found ? *found : grown(NULL, sizeof *fresh);
    if (found) free((void *)fresh->value.bytes);
    else fresh->key = copy_of(words[1]), tsearch(fresh, &table, compare);
    fresh->value = copy_of(words[2]);
    return say_text(to, "+OK\r\n");
  }
  if (is(words[0], "GET") && count == 2) {
    if (!found) return say_text(to, "$-1\r\n");
    say(to, head, (size_t)sprintf(head, "$%zu\r\n", (*found)->value.length));
    say(to, (*found)->value.bytes, (*found)->value.length);
    return say_text(to, "\r\n");
  }
  if (is(words[0], "DEL") && count == 2) {
    if (found) forget(*found);
    return say_text(to, found ? ":1\r\n" : ":0\r\n");
  }
  say_text(to, "-ERR unknown command, or wrong number of arguments\r\n");
}

#endif
