/*
 * The life of a runtime: never started, started twice, stopped before it starts, stopped with live
 * connections, freed while it runs, freed and stopped inside a callback, a port that is taken, a
 * listener closed under its connections, a thread that is no worker, a forked child.
 * Failure: a hang, a crash, a thread or descriptor left over, a wrong code.
 */
#include "serving.h"

static volatile long accepted, closed, stopped, wrong;
static int free_in_accept, stop_in_accept;
static uint64_t some_conn;

static void on_accept(void *ctx, ringline_runtime *runtime, uint64_t conn, uint32_t listener) {
  (void)ctx, (void)listener;
  some_conn = conn;
  CHECK_EQ(ringline_runtime_join(runtime, 0), RINGLINE_EREENTRANT);
  if (stop_in_accept) CHECK_EQ(ringline_runtime_stop(runtime, 0), 0);
  if (free_in_accept) {
    CHECK_EQ(ringline_runtime_free(runtime), 0);
    CHECK_EQ(ringline_conn_send(runtime, conn, "x", 1), RINGLINE_ESTALE);
    CHECK_EQ(ringline_runtime_free(runtime), RINGLINE_ESTALE);
  }
  count_up(&accepted);
}

static void on_close(void *ctx, ringline_runtime *runtime, uint64_t conn, uint64_t user,
                     int32_t reason) {
  (void)ctx, (void)runtime, (void)user, (void)conn;
  if (reason != -ECANCELED && reason != 0) count_up(&wrong);
  count_up(&closed);
}

static void on_stop(void *ctx, ringline_runtime *runtime, uint32_t worker) {
  (void)ctx, (void)runtime, (void)worker;
  count_up(&stopped);
}

static const ringline_runtime_handlers handlers = {.size = sizeof handlers, .accept = on_accept,
                                                   .data = echo_data, .close = on_close,
                                                   .stop = on_stop};

static int forked(void *ctx) {
  ringline_runtime *runtime = (ringline_runtime *)ctx;
  CHECK_EQ(ringline_runtime_stop(runtime, 0), RINGLINE_EFORKED);
  CHECK_EQ(ringline_runtime_join(runtime, 0), RINGLINE_EFORKED);
  CHECK_EQ(ringline_runtime_free(runtime), RINGLINE_EFORKED);
  CHECK_EQ(ringline_conn_send(runtime, some_conn, "x", 1), RINGLINE_EFORKED);
  return 0;
}

static void never_started(void) {
  ringline_runtime *runtime;
  CHECK_OK(ringline_runtime_create(NULL, &runtime));
  CHECK_OK(ringline_runtime_listen(runtime, "127.0.0.1:0", 0));
  CHECK_EQ(ringline_runtime_join(runtime, -1), 0);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
  CHECK_EQ(ringline_runtime_free(runtime), RINGLINE_ESTALE);
  CHECK_OK(ringline_runtime_create(NULL, &runtime));
  CHECK_EQ(ringline_runtime_stop(runtime, 0), 0);
  CHECK_EQ(ringline_runtime_start(runtime), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_runtime_listen(runtime, "127.0.0.1:0", 0), RINGLINE_ECLOSED);
  CHECK_EQ(ringline_runtime_free(runtime), 0);
}

static void ordinary(void) {
  char text[64];
  serving server;
  int fd;
  char byte;
  serve(&server, NULL, &handlers);
  CHECK_EQ(ringline_runtime_start(server.runtime), -EALREADY);
  CHECK_EQ(ringline_runtime_set_handlers(server.runtime, &handlers), -EALREADY);
  snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(server.address.sin_port));
  CHECK_EQ(ringline_runtime_listen(server.runtime, text, 0), -EADDRINUSE);
  fd = client_of(&server);
  wait_for_count(&accepted, 1);
  CHECK_EQ(ringline_conn_send(server.runtime, some_conn, "x", 1), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(ringline_conn_close(server.runtime, some_conn, 0), RINGLINE_EWRONGTHREAD);
  CHECK_EQ(in_child(forked, server.runtime), 0);
  CHECK_EQ(ringline_runtime_listener_close(server.runtime, 1), 0);
  CHECK_EQ(ringline_runtime_listener_close(server.runtime, 1), RINGLINE_ESTALE);
  CHECK_EQ(ringline_runtime_port(server.runtime, 1), RINGLINE_ESTALE);
  send_whole(fd, "y", 1); /* its connections stay */
  recv_whole(fd, &byte, 1);
  CHECK_EQ(byte, 'y');
  CHECK_EQ(ringline_runtime_join(server.runtime, 0), -ETIMEDOUT);
  CHECK_EQ(ringline_runtime_stop(server.runtime, 0), 0);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK(closed == 1 && stopped == 1 && wrong == 0);
  CHECK(recv_some(fd, &byte, 1) <= 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  close(fd);
}

static void by_path(void) {
  struct sockaddr_un {
    sa_family_t family;
    char path[108];
  } at = {AF_UNIX, "\0ringline-runtime-life"};
  ringline_runtime_config config = {.size = sizeof config, .workers = 2};
  char byte;
  serving server;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  serve(&server, &config, &handlers);
  CHECK_EQ(ringline_runtime_port(server.runtime, 1), ntohs(server.address.sin_port));
  CHECK_EQ(ringline_runtime_listen(server.runtime, "unix:@ringline-runtime-life", 0), 2);
  CHECK_EQ(ringline_runtime_port(server.runtime, 2), 0);
  while (connect(fd, (struct sockaddr *)&at, sizeof(sa_family_t) + 22) != 0)
    CHECK(errno == ECONNREFUSED && sched_yield() == 0); /* a worker listens at its next turn */
  send_whole(fd, "z", 1);
  recv_whole(fd, &byte, 1);
  close(fd);
  stop_serving(&server);
}

int main(void) {
  ringline_runtime_config two = {.size = sizeof two, .workers = 2};
  serving server;
  char byte;
  int fd;
  serving_baseline(&two);
  never_started();
  ordinary();
  by_path();
  accepted = stopped = 0;
  serve(&server, NULL, &handlers);
  fd = client_of(&server);
  wait_for_count(&accepted, 1);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0); /* running, with a connection */
  CHECK_EQ(stopped, 1);
  close(fd);
  accepted = stopped = 0;
  stop_in_accept = 1;
  serve(&server, NULL, &handlers);
  fd = client_of(&server);
  CHECK_EQ(ringline_runtime_join(server.runtime, LIMIT), 0);
  CHECK(recv_some(fd, &byte, 1) <= 0);
  CHECK_EQ(ringline_runtime_free(server.runtime), 0);
  close(fd);
  accepted = stopped = stop_in_accept = 0;
  free_in_accept = 1;
  serve(&server, NULL, &handlers);
  fd = client_of(&server);
  wait_for_count(&stopped, 1);
  CHECK_EQ(ringline_runtime_join(server.runtime, 0), RINGLINE_ESTALE);
  close(fd);
  harness_check_baseline();
  return 0;
}
