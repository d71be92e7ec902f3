/*
 * Children and signals of a worker, no handler installed: output and input by connections, codes
 * and signals of the end, environment and folder, a program that is not there, kill, a signal that
 * is not blocked, SIGCHLD, a stop that kills what runs.
 * Failure: a zombie, a descriptor left over, a lost or second exit, a signal lost or acted upon.
 */
#include "serving.h"

#include <malloc.h>
#include <signal.h>

static ringline_runtime *runtime;
static ringline_worker_block *block;

static uint64_t address_of(const void *what) { return (uint64_t)(uintptr_t)what; }

static const ringline_event *event_at(int32_t at) {
  return (const ringline_event *)(uintptr_t)block->events + at;
}

static void begin(void) {
  ringline_runtime_config config = {.size = sizeof config, .workers = 1,
                                    .blocking_threads = 2};
  CHECK_OK(ringline_runtime_create(&config, &runtime));
  CHECK_OK(ringline_worker_adopt(runtime, 0, &block));
  block->timeout_ns = LIMIT;
}

/* The end of a child may interrupt the wait, as any signal. */
static int32_t turn(void) {
  int32_t count;
  do count = ringline_worker_turn(runtime);
  while (count == -EINTR);
  return count;
}

/* What a child wrote and how it ended; what it is given is sent to it. */
typedef struct outcome {
  char text[256];
  size_t length;
  int32_t status, spawned;
  int closed, streams;
} outcome;

static outcome run(const char *const *argv, const char *const *env, const char *cwd,
                   const char *input, int signo) {
  ringline_process what = {.size = sizeof what, .cwd = address_of(cwd)};
  outcome got;
  uint64_t id = 0, in = 0;
  int over = 0;
  memset(&got, 0, sizeof got);
  what.argv = address_of(argv);
  what.env = address_of(env);
  what.stdin_is = input ? RINGLINE_STREAM_PIPED : RINGLINE_STREAM_NULL;
  what.stdout_is = RINGLINE_STREAM_PIPED;
  CHECK_EQ(ringline_process_spawn(runtime, &what, 5, &id), 0);
  CHECK_EQ(ringline_process_kill(runtime, id, SIGKILL), -EAGAIN);
  while (!over || got.closed < got.streams) {
    int32_t count = turn(), at;
    CHECK(count > 0);
    for (at = 0; at < count; at++) {
      const ringline_event *event = event_at(at);
      if (event->kind == RINGLINE_EVENT_SPAWN) {
        const uint64_t *streams = (const uint64_t *)(uintptr_t)event->address;
        CHECK(event->conn == id && event->user == 5);
        got.spawned = event->res;
        if (event->res < 0) return got;
        in = streams[0];
        CHECK((in != 0) == (input != NULL) && streams[1] != 0 && streams[2] == 0);
        got.streams = input ? 2 : 1;
        if (input) {
          CHECK_EQ(ringline_conn_send(runtime, in, input, strlen(input)), 0);
          CHECK_EQ(ringline_conn_shutdown(runtime, in), 0);
        }
        if (signo) CHECK_EQ(ringline_process_kill(runtime, id, signo), 0);
      } else if (event->kind == RINGLINE_EVENT_DATA) {
        CHECK(got.length + event->length < sizeof got.text);
        memcpy(got.text + got.length, (const void *)(uintptr_t)event->address, event->length);
        got.length += event->length;
      } else if (event->kind == RINGLINE_EVENT_CLOSE) {
        got.closed++;
      } else if (event->kind == RINGLINE_EVENT_EXIT) {
        CHECK(event->conn == id && event->user == 5 && !over);
        got.status = event->res;
        over = 1;
        CHECK_EQ(ringline_process_kill(runtime, id, SIGKILL), RINGLINE_ESTALE);
      }
    }
  }
  return got;
}

static void children(void) {
  const char *echo[] = {"cat", NULL}, *code[] = {"sh", "-c", "exit 42", NULL};
  const char *where[] = {"/bin/sh", "-c", "pwd; echo $GREETING", NULL};
  const char *env[] = {"GREETING=hello", "PATH=/usr/bin:/bin", NULL};
  const char *forever[] = {"sleep", "1000", NULL}, *missing[] = {"/no/such/program", NULL};
  /* No signal is blocked in it, and SIGPIPE ends it as everywhere. */
  const char *mask[] = {"grep", "^SigBlk:", "/proc/self/status", NULL};
  const char *by_name[] = {"sh", "-c", "exec 2>/dev/null; cat </dev/stdin || echo no input by name;"
                           " echo >/dev/stdout || echo no output by name; cat", NULL};
  outcome got = run(echo, NULL, NULL, "through two sockets", 0);
  CHECK(got.status == 0 && strcmp(got.text, "through two sockets") == 0);
  CHECK_EQ(run(code, NULL, NULL, NULL, 0).status, 42);
  got = run(where, env, "/usr", NULL, 0);
  CHECK(got.status == 0 && strcmp(got.text, "/usr\nhello\n") == 0);
  got = run(mask, NULL, NULL, NULL, 0);
  CHECK(got.status == 0 && strstr(got.text, "0000000000000000") != NULL);
  /* As the header says: a piped stream is there, and cannot be opened by name. */
  got = run(by_name, NULL, NULL, "in", 0);
  CHECK(got.status == 0 && strcmp(got.text, "no input by name\nno output by name\nin") == 0);
  CHECK_EQ(run(forever, NULL, NULL, NULL, SIGTERM).status, -SIGTERM);
  CHECK_EQ(run(missing, NULL, NULL, NULL, 0).spawned, -ENOENT);
  CHECK_EQ(run(code, NULL, "/no/such/folder", NULL, 0).spawned, -ENOENT);
}

static const ringline_event *next_of_kind(uint32_t kind) {
  int turns;
  for (turns = 0; turns < 100; turns++) {
    int32_t count = turn(), at;
    CHECK(count > 0);
    for (at = 0; at < count; at++)
      if (event_at(at)->kind == kind) return event_at(at);
  }
  CHECK(!"the event never came");
  return NULL;
}

static void block_signal(int how, int signo) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

static void signals(void) {
  struct sigaction action;
  const ringline_event *event;
  const char *nothing[] = {"true", NULL};
  ringline_process what = {.size = sizeof what};
  uint64_t id;
  block_signal(SIG_BLOCK, SIGUSR1);
  CHECK_EQ(ringline_signal_watch(runtime, SIGUSR2), -EPERM); /* it would end the program */
  CHECK_EQ(ringline_signal_watch(runtime, SIGUSR1), 0);
  CHECK_EQ(ringline_signal_watch(runtime, SIGUSR1), -EALREADY);
  CHECK_EQ(kill(getpid(), SIGUSR1), 0);
  event = next_of_kind(RINGLINE_EVENT_SIGNAL);
  CHECK(event->res == SIGUSR1 && event->extra == (uint64_t)getpid());
  CHECK_EQ(kill(getpid(), SIGUSR1), 0);
  CHECK_EQ(next_of_kind(RINGLINE_EVENT_SIGNAL)->res, SIGUSR1);
  block_signal(SIG_BLOCK, SIGCHLD);
  CHECK_EQ(ringline_signal_watch(runtime, SIGCHLD), 0);
  what.argv = address_of(nothing);
  CHECK_EQ(ringline_process_spawn(runtime, &what, 0, &id), 0);
  CHECK_EQ(next_of_kind(RINGLINE_EVENT_SIGNAL)->res, SIGCHLD);
  CHECK_EQ(sigaction(SIGCHLD, NULL, &action), 0);
  CHECK(action.sa_handler == SIG_DFL);
  CHECK_EQ(ringline_signal_unwatch(runtime, SIGCHLD), 0);
  CHECK_EQ(ringline_signal_unwatch(runtime, SIGCHLD), RINGLINE_ESTALE);
  CHECK_EQ(ringline_signal_unwatch(runtime, SIGUSR1), 0);
  CHECK_EQ(kill(getpid(), SIGUSR1), 0);
  block->timeout_ns = SECOND / 50;
  while (turn() > 0) {
    int32_t at;
    for (at = 0; at < (int32_t)block->events_len; at++)
      CHECK(event_at(at)->kind != RINGLINE_EVENT_SIGNAL);
  }
  block->timeout_ns = LIMIT;
}

/* Freed with children that run and that are being started: none is left, dead or alive. */
static void killed_at_the_end(void) {
  const char *forever[] = {"sleep", "1000", NULL};
  ringline_process what = {.size = sizeof what};
  uint64_t id;
  int at;
  begin();
  what.argv = address_of(forever);
  what.stdin_is = what.stdout_is = RINGLINE_STREAM_PIPED;
  CHECK_EQ(ringline_process_spawn(runtime, &what, 0, &id), 0);
  CHECK(next_of_kind(RINGLINE_EVENT_SPAWN)->res > 0);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
  begin();
  CHECK_EQ(ringline_process_spawn(runtime, &what, 0, &id), 0);
  CHECK(next_of_kind(RINGLINE_EVENT_SPAWN)->res > 0);
  for (at = 0; at < 8; at++) CHECK_EQ(ringline_process_spawn(runtime, &what, 0, &id), 0);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

int main(void) {
  mallopt(M_ARENA_MAX, 1); /* an arena per thread is no leak */
  serving_baseline(NULL);
  begin();
  children();
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  killed_at_the_end();
  harness_baseline();
  begin();
  children();
  signals();
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  killed_at_the_end();
  harness_check_baseline();
  return 0;
}
