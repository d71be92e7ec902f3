/*
 * More lookups than there are threads, none of which comes back, then the same with functions of
 * ringline_work() and with starts of children: what is of another kind goes on, and neither a stop
 * nor a free waits for a lookup or a start. getaddrinfo(3) and posix_spawnp(3) are the program's
 * own: they wait at a gate.
 * Failure: work, a lookup or a start that waits for one of another kind; a free that hangs; an
 * answer that is told twice, never, or after the free; a child that nobody has stays.
 * Not under a sanitizer, which has a getaddrinfo of its own.
 */
#include "serving.h"

#include <dlfcn.h>
#include <malloc.h>
#include <netdb.h>
#include <spawn.h>

enum { THREADS = 16, ASKED = 40, LOOKUPS, FUNCTIONS, STARTS, NOTHING };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static volatile long inside, resolved, cancelled, done_count, spawned, exited, refused, ended;
static volatile int hanging; /* which kind hangs at the gate */

static void stand_at_the_gate(int kind) {
  if (__atomic_load_n(&hanging, __ATOMIC_ACQUIRE) != kind) return;
  count_up(&inside);
  pthread_mutex_lock(&gate);
  pthread_mutex_unlock(&gate);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list) {
  (void)node, (void)service, (void)hints, (void)list;
  stand_at_the_gate(LOOKUPS);
  return EAI_FAIL;
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) {
  typedef int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                      const posix_spawnattr_t *, char *const *, char *const *);
  union {
    void *found;
    real call;
  } next = {dlsym(RTLD_NEXT, "posix_spawnp")};
  stand_at_the_gate(STARTS);
  return next.call(pid, file, actions, attributes, argv, envp);
}

static int32_t function(void *ctx) {
  (void)ctx;
  stand_at_the_gate(FUNCTIONS);
  return 7;
}

static void done(void *ctx, ringline_runtime *runtime, int32_t res) {
  (void)ctx, (void)runtime;
  CHECK(res == 7 || res == -ECANCELED);
  count_up(&done_count);
}

static void on_resolve(void *ctx, ringline_runtime *runtime, uint64_t user, int32_t res,
                       const ringline_address *addresses, size_t count, const char *error) {
  (void)ctx, (void)runtime, (void)user, (void)addresses;
  CHECK(count == 0 && error[0] != 0);
  CHECK(res == -EIO || res == -ECANCELED);
  count_up(res == -EIO ? &resolved : &cancelled);
}

static void on_spawn(void *ctx, ringline_runtime *runtime, uint64_t process, uint64_t user,
                     int32_t res, const uint64_t *streams) {
  (void)ctx, (void)runtime, (void)process, (void)user, (void)streams;
  CHECK(res > 0 || res == -ECANCELED);
  count_up(res > 0 ? &spawned : &refused);
}

static void on_exit_of(void *ctx, ringline_runtime *runtime, uint64_t process, uint64_t user,
                       int32_t status) {
  (void)ctx, (void)runtime, (void)process, (void)user, (void)status;
  count_up(&exited);
}

static void on_stop(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)runtime, (void)worker;
  count_up(&ended);
}

static void ask(ringline_runtime *runtime, int kind) {
  static const char *const forever[] = {"sleep", "1000", NULL}, *const once[] = {"true", NULL};
  ringline_process process = {.size = sizeof process};
  uint64_t id;
  if (kind == LOOKUPS) CHECK_EQ(ringline_resolve(runtime, "hangs.invalid", NULL, 1), 0);
  if (kind == FUNCTIONS)
    CHECK_EQ(ringline_work(runtime, RINGLINE_WORKER_HERE, function, NULL, done), 0);
  process.argv = (uint64_t)(uintptr_t)(hanging == STARTS ? forever : once);
  if (kind == STARTS) CHECK_EQ(ringline_process_spawn(runtime, &process, 1, &id), 0);
}

static void on_start(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  int at, kind;
  (void)ctx, (void)worker;
  for (at = 0; at < ASKED; at++) ask(runtime, hanging);
  for (kind = LOOKUPS; kind <= STARTS; kind++)
    if (kind != hanging) ask(runtime, kind);
}

static const ringline_runtime_handlers handlers = {
    .size = sizeof handlers, .start = on_start, .resolve = on_resolve, .spawn = on_spawn,
    .exit = on_exit_of, .stop = on_stop};

static void others_go_on(serving *server, int kind) {
  resolved = cancelled = done_count = spawned = exited = refused = ended = inside = 0;
  hanging = kind;
  CHECK_EQ(pthread_mutex_lock(&gate), 0);
  serve(server, NULL, &handlers);
  wait_for_count(&inside, THREADS);
  if (kind != LOOKUPS) wait_for_count(&resolved, 1);
  if (kind != FUNCTIONS) wait_for_count(&done_count, 1);
  if (kind != STARTS) wait_for_count(&exited, 1);
  CHECK_EQ(inside, THREADS);
}

/* As many as there are threads are in there still, and those behind them never began. */
static void leave(int kind, int by_stop) {
  serving server;
  others_go_on(&server, kind);
  if (by_stop) {
    CHECK_EQ(ringline_runtime_stop(server.runtime, by_stop), 0);
    CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
    CHECK_EQ(serving_stats(&server).left_behind, THREADS);
  }
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  CHECK_EQ(ended, 1);
  CHECK_EQ(kind == LOOKUPS ? cancelled : refused, ASKED);
  CHECK_EQ(pthread_mutex_unlock(&gate), 0);
  harness_check_baseline();
  CHECK_EQ(inside, THREADS);
  CHECK_EQ(cancelled + refused, ASKED);
  CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static void come_back(int kind) {
  serving server;
  others_go_on(&server, kind);
  CHECK_EQ(pthread_mutex_unlock(&gate), 0);
  if (kind == LOOKUPS) wait_for_count(&resolved, ASKED);
  if (kind == FUNCTIONS) wait_for_count(&done_count, ASKED);
  if (kind == STARTS) wait_for_count(&spawned, ASKED);
  stop_serving(&server);
  CHECK_EQ(cancelled + refused, 0);
}

int main(void) {
  int kind;
  mallopt(M_ARENA_MAX, 1); /* an arena per thread is no leak */
  for (kind = LOOKUPS; kind < NOTHING; kind++) come_back(kind);
  harness_baseline();
  for (kind = LOOKUPS; kind < NOTHING; kind++) come_back(kind);
  harness_check_baseline();
  leave(LOOKUPS, 0);
  leave(LOOKUPS, 1000000);
  leave(STARTS, 0);
  leave(STARTS, 1000000);
  return 0;
}
