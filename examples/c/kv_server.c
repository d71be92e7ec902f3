/* A key-value server that speaks RESP, the protocol of Redis: PING, SET, GET and DEL, pipelined.
 * One worker, so the table needs no lock. What a client does not read holds back what it asks.
 *   cc -O2 -o kv_server kv_server.c $(pkg-config --cflags --libs ringline)
 *   run: ./kv_server 127.0.0.1:0 0
 * Arguments: [address [seconds]]. Ends after so many seconds (0: at once), at SIGINT or SIGTERM. */
#include <errno.h>
#include <ringline.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MOST_WORDS = 8, MOST_BYTES = 512 << 10, REPLY = 64 << 10 };

typedef struct { const char *bytes; size_t length; } word;
typedef struct { word key, value; } entry; /* both in memory of their own */
typedef struct { char *bytes; size_t length, room; } reply;

static ringline_runtime *runtime;
static void *table;

static int check(const char *what, int code) {
  if (code >= 0) return code;
  fprintf(stderr, "%s: %s (%s)\n", what, ringline_strerror(code), ringline_error_detail());
  exit(1);
}

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

/* Send what the client is owed. What the queue has no room for waits for writable. */
static int flush(ringline_runtime *rt, uint64_t conn, reply *owed) {
  int code = ringline_conn_send(rt, conn, owed->bytes, owed->length);
  if (code == 0) owed->length = 0;
  return code == -EAGAIN ? ringline_conn_pause(rt, conn) : code;
}

static void on_accept(void *ctx, ringline_runtime *rt, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  reply *owed = grown(NULL, sizeof *owed);
  *owed = (reply){ .bytes = grown(NULL, REPLY), .room = REPLY };
  ringline_conn_set_user(rt, conn, (uint64_t)(uintptr_t)owed);
}

static int64_t on_data(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user,
                       const uint8_t *bytes, size_t length) {
  reply *owed = (reply *)(uintptr_t)user;
  const char *at = (const char *)bytes, *end = at + length;
  word words[MOST_WORDS];
  size_t count = 0;
  int code = 1;
  (void)ctx;
  while (at < end && owed->length < REPLY && (code = parse(&at, end, words, &count)) == 1)
    run(words, count, owed);
  if (code < 0) say_text(owed, "-ERR Protocol error\r\n");
  int sent = flush(rt, conn, owed);
  if (sent < 0) return sent;
  if (code < 0) return ringline_conn_close(rt, conn, RINGLINE_CLOSE_GRACEFULLY), (int64_t)length;
  /* The answers are long: the others have their turn, and the rest is shown again. */
  if (code == 1 && at < end && owed->length == 0)
    ringline_conn_pause(rt, conn), ringline_conn_resume(rt, conn);
  return at - (const char *)bytes;
}

static void on_writable(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user) {
  (void)ctx;
  if (flush(rt, conn, (reply *)(uintptr_t)user) == 0 && ((reply *)(uintptr_t)user)->length == 0)
    ringline_conn_resume(rt, conn);
}

static void on_close(void *ctx, ringline_runtime *rt, uint64_t conn, uint64_t user, int reason) {
  (void)ctx, (void)rt, (void)conn, (void)reason;
  free(((reply *)(uintptr_t)user)->bytes), free((void *)(uintptr_t)user);
}

static void on_signal(int number) {
  (void)number;
  ringline_runtime_stop(runtime, 1000000000);
}

int main(int argc, char **argv) {
  ringline_runtime_config config = { .size = sizeof config, .workers = 1 };
  ringline_runtime_handlers handlers = { .size = sizeof handlers, .accept = on_accept,
                                         .data = on_data, .writable = on_writable,
                                         .close = on_close };
  check("create", ringline_runtime_create(&config, &runtime));
  check("set_handlers", ringline_runtime_set_handlers(runtime, &handlers));
  int listener = check("listen", ringline_runtime_listen(
                                     runtime, argc > 1 ? argv[1] : "127.0.0.1:6379", 0));
  signal(SIGINT, on_signal), signal(SIGTERM, on_signal), signal(SIGALRM, on_signal);
  check("start", ringline_runtime_start(runtime));
  printf("listening on port %d\n", ringline_runtime_port(runtime, (uint32_t)listener));
  fflush(stdout);
  if (argc > 2) atoi(argv[2]) > 0 ? (void)alarm((unsigned)atoi(argv[2])) : on_signal(0);
  check("join", ringline_runtime_join(runtime, -1));
  while (table) forget(*(entry **)table);
  return ringline_runtime_free(runtime) < 0;
}
