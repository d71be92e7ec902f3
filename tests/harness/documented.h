/*
 * Whether the header says that a function returns a code: by its name, by the words that stand for
 * it in every function, or by pointing to another function ("as ringline_turn()").
 */
#ifndef RINGLINE_TEST_DOCUMENTED_H
#define RINGLINE_TEST_DOCUMENTED_H

#include "harness.h"

enum { DOCUMENTED_DEEP = 4 };

static char *documented_text;
static unsigned documented_missing;

static HARNESS_UNUSED const char *documented_header(void) {
  char path[4096];
  const char *slash = strrchr(__FILE__, '/');
  long size;
  FILE *file;
  if (documented_text) return documented_text;
  snprintf(path, sizeof path, "%.*s../../include/ringline.h",
           slash ? (int)(slash - __FILE__ + 1) : 0, __FILE__);
  file = fopen(path, "r");
  if (!file) HARNESS_FAIL("cannot open %s", path);
  fseek(file, 0, SEEK_END);
  size = ftell(file);
  rewind(file);
  documented_text = (char *)calloc(1, (size_t)size + 1);
  if (!documented_text || fread(documented_text, 1, (size_t)size, file) != (size_t)size)
    HARNESS_FAIL("cannot read %s", path);
  fclose(file);
  return documented_text;
}

/* The comment before the declaration of `name`, without its stars and line ends; to be freed. */
static HARNESS_UNUSED char *documented_comment(const char *name) {
  char call[128];
  const char *at = documented_header(), *end, *begin;
  char *text, *to;
  snprintf(call, sizeof call, "%s(", name);
  while ((at = strstr(at, call)) != NULL) {
    const char *line = at;
    while (line > documented_text && line[-1] != '\n') line--;
    /* A declaration begins its line with a type; the lines of a comment with a star. */
    if (line > documented_text + 4 && line[0] != ' ' && strncmp(line - 4, " */\n", 4) == 0) {
      end = line - 4;
      begin = end;
      while (strncmp(begin, "/**", 3) != 0) begin--;
      text = to = (char *)calloc(1, (size_t)(end - begin) + 2);
      CHECK(text != NULL);
      for (begin += 3; begin < end; begin++) {
        if (*begin == '\n') {
          *to++ = ' ';
          while (begin + 1 < end && (begin[1] == ' ' || begin[1] == '*')) begin++;
        } else {
          *to++ = *begin;
        }
      }
      return text;
    }
    at += strlen(call);
  }
  HARNESS_FAIL("the header has no %s with a comment", name);
  return NULL;
}

/* `word` in `text`, and not as a part of a longer one. */
static HARNESS_UNUSED int documented_word(const char *text, const char *word) {
  const char *at = text;
  size_t length = strlen(word);
  while ((at = strstr(at, word)) != NULL) {
    char next = at[length];
    if (!((next >= 'A' && next <= 'Z') || next == '_' || (next >= '0' && next <= '9'))) return 1;
    at += length;
  }
  return 0;
}

/* What the words about threads and handles mean in every function: see the head of the header. */
static HARNESS_UNUSED int documented_by_rule(const char *text, int64_t code) {
  switch (code) {
    case RINGLINE_ESTALE:
    case RINGLINE_EFORKED:
    case RINGLINE_EPANIC:
    case RINGLINE_EPOISONED: return 1;
    case RINGLINE_EWRONGTHREAD:
      return strstr(text, "wner thread") != NULL || strstr(text, "worker's callbacks") != NULL;
    default: return 0;
  }
}

static HARNESS_UNUSED int documented_in(const char *name, int64_t code, const char *word,
                                        int deep) {
  char *text = documented_comment(name), *at;
  int found = documented_by_rule(text, code) || documented_word(text, word);
  /* Behind "Returns" other functions stand for what they return. */
  at = strncmp(text, " As ", 4) == 0 ? text : strstr(text, "Returns");
  for (; !found && at && deep > 0;) {
    char other[128];
    size_t length;
    at = strstr(at, "ringline_");
    if (!at) break;
    length = strcspn(at, "( ,.;:");
    if (length < sizeof other && at[length] == '(' && at[length + 1] == ')') {
      snprintf(other, sizeof other, "%.*s", (int)length, at);
      if (strcmp(other, name) != 0) found = documented_in(other, code, word, deep - 1);
    }
    at += length;
  }
  free(text);
  return found;
}

/* Notes a code that `name` returned and the header does not tell of it. */
static HARNESS_UNUSED void documented_check(const char *name, int64_t code) {
  char word[64];
  if (code >= 0) return;
  snprintf(word, sizeof word, "%s%s", code >= -4095 ? "-" : "", harness_name(code));
  if (documented_in(name, code, word, DOCUMENTED_DEEP)) return;
  fprintf(stderr, "%s returns %s, of which its comment in ringline.h does not tell\n", name, word);
  documented_missing++;
}

#endif /* RINGLINE_TEST_DOCUMENTED_H */
